"""A body over the limit is refused before anything of it is kept, on every address."""

from collections.abc import Iterator

import httpx2
import pytest

from foundation.schema.strict_json import MAXIMUM_BODY


def chunks(size: int) -> Iterator[bytes]:
    for _ in range(size // 4096 + 1):
        yield b"x" * 4096


@pytest.mark.parametrize("path", ["/oauth/token", "/oauth/register", "/account/login/", "/nowhere"])
def test_a_large_body_is_refused(server: str, database: None, path: str) -> None:
    answer = httpx2.post(f"{server}{path}", content=b"x" * (MAXIMUM_BODY + 1))
    assert answer.status_code == 413
    assert answer.json()["code"] == "input/too-large"


def test_a_large_body_without_a_length_is_refused(server: str, database: None) -> None:
    answer = httpx2.post(f"{server}/oauth/token", content=chunks(MAXIMUM_BODY))
    assert answer.status_code == 413


def test_a_body_of_the_limit_is_read(server: str, database: None) -> None:
    form = b"grant_type=x&pad=" + b"x" * (MAXIMUM_BODY - 17)
    headers = {"Content-Type": "application/x-www-form-urlencoded"}
    answer = httpx2.post(f"{server}/oauth/token", content=form, headers=headers)
    assert answer.status_code == 400
