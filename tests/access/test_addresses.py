"""Which address is trusted as the client's."""

import pytest

from foundation.web.client_ip import client_address

PEER, PROXY, CLIENT, LIE = "10.0.0.1", "10.0.0.2", "198.51.100.7", "203.0.113.9"


@pytest.mark.parametrize(
    ("forwarded", "proxies", "expected"),
    [
        ([], 0, PEER),
        ([f"{LIE}"], 0, PEER),
        ([f"{CLIENT}"], 1, CLIENT),
        ([f"{LIE}, {CLIENT}"], 1, CLIENT),
        ([f"{LIE}", f"{CLIENT}"], 1, CLIENT),
        ([f"{LIE}, {CLIENT}, {PROXY}"], 2, CLIENT),
        ([], 2, PEER),
        ([f"{CLIENT}"], 5, CLIENT),
        (["2001:DB8::1"], 1, "2001:db8::1"),
        (["'; DROP TABLE"], 1, ""),
        ([""], 1, ""),
    ],
)
def test_only_our_own_proxies_are_believed(
    forwarded: list[str], proxies: int, expected: str
) -> None:
    assert client_address(PEER, forwarded, proxies) == expected


def test_a_socket_without_an_address_has_none() -> None:
    assert client_address("", [], 0) == ""
