"""The Authorization header."""

import pytest

from foundation.errors import Unauthenticated
from identity.resource_server.bearer_token import MAXIMUM_TOKEN, NoToken, bearer_token, wider_scope


@pytest.mark.parametrize(
    "header", ["Bearer a.b-c_d~e+f/g==", "bearer   a", "BEARER a", "Bearer a "]
)
def test_a_token_is_read(header: str) -> None:
    assert bearer_token([header]).startswith("a")


def test_no_header_is_no_token() -> None:
    with pytest.raises(NoToken):
        bearer_token([])


@pytest.mark.parametrize(
    "headers",
    [
        [""],
        ["Bearer"],
        ["Bearera"],
        ["Bearer a b"],
        ["Bearer a,Bearer b"],
        ["Bearer =a"],
        ["Bearer é"],
        ["Bearer a\n"],
        ["Basic a"],
        ["Bearer a", "Bearer a"],
        ["Bearer " + "a" * (MAXIMUM_TOKEN + 1)],
    ],
)
def test_anything_else_does_not_hold_and_is_not_repeated(headers: list[str]) -> None:
    with pytest.raises(Unauthenticated) as caught:
        bearer_token(headers)
    assert not isinstance(caught.value, NoToken)
    assert "Bearer a" not in str(caught.value.as_problem())


@pytest.mark.parametrize(
    ("held", "required", "expected"),
    [
        ({"vault:read"}, "vault:write", "vault:read vault:write"),
        ({"vault:write"}, "vault:admin", "vault:write vault:admin"),
        ({"vault:read", "offline_access"}, "vault:write", "vault:read vault:write"),
        (set(), "vault:read", "vault:read"),
    ],
)
def test_a_challenge_names_what_was_held_and_what_is_missing(
    held: set[str], required: str, expected: str
) -> None:
    assert wider_scope(frozenset(held), required) == expected
