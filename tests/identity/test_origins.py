"""Which attempts are counted together."""

import pytest
from django.test import RequestFactory

from identity.web.request_context import network_of


@pytest.mark.parametrize(
    ("address", "network"),
    [
        ("192.0.2.7", "192.0.2.7"),
        ("2001:db8:1:2:3:4:5:6", "2001:db8:1:2::/64"),
        ("2001:db8:1:2:ffff::1", "2001:db8:1:2::/64"),
    ],
)
def test_a_home_network_counts_as_one(address: str, network: str) -> None:
    assert network_of(RequestFactory(REMOTE_ADDR=address).get("/")) == network


def test_a_forwarded_address_is_not_believed() -> None:
    request = RequestFactory(REMOTE_ADDR="192.0.2.7").get(
        "/", headers={"X-Forwarded-For": "203.0.113.9"}
    )
    assert network_of(request) == "192.0.2.7"
