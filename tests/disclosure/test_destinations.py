"""Destinations and injections: their wire form, what matches, and what a request gets."""

from typing import Any

import pytest

from disclosure import (
    PROVIDERS,
    Basic,
    Bearer,
    Destination,
    DestinationError,
    Header,
    InjectionError,
    Query,
    find_destination,
    find_provider,
    forwardable_headers,
    inject,
    parse_destination,
    parse_destinations,
    parse_url,
    require_method,
    unmaskable_reason,
    without_parameter,
)
from disclosure.header_rules import is_reserved
from tests.disclosure.cases import HEADER_TRICKS, HOSTILE_DESTINATIONS

ALLOWED = parse_destinations(
    [
        {"host": "api.example.com"},
        {"host": "*.example.org", "inject": {"type": "header", "name": "X-Api-Key"}},
        {"host": "v1.example.org", "inject": {"type": "query", "parameter": "key"}},
        {"host": "alias.example.net:8443"},
        {"host": "localhost:8080"},
    ]
)

WRONG: list[Any] = [
    *({"host": host} for host in (
        "", "https://a.example", "a.example/", "a b.example", "a..example", ".example",
        "-a.example", "a-.example", "*", "*.com", "a.*.example", "*.*.example.com",
        "**.example.com", "a.example:0", "a.example:65536", "a.example:https", "a.example:",
        "a.example.", "127.1", "0x7f.1", "1.2.3", "[::1]", "*.1.2.3.4", "ä.example", "a.example\n",
        "a" * 64 + ".example", "user@a.b",
    )),
    {},
    {"host": 1},
    {"host": "a.example", "more": 1},
    {"host": "a.example", "inject": "bearer"},
    *({"host": "a.example", "inject": inject} for inject in (
        {}, {"type": "cookie"}, {"type": "bearer", "user": "a"}, {"type": "header"},
        {"type": "header", "name": "Host"}, {"type": "header", "name": "Transfer_Encoding"},
        {"type": "header", "name": "Proxy-Authorization"}, {"type": "header", "name": "a b"},
        {"type": "header", "name": "X-A", "format": "no field"},
        {"type": "header", "name": "X-A", "format": "{value}{value}"},
        {"type": "header", "name": "X-A", "format": "{value}\r\nHost: b"},
        {"type": "header", "name": "X-A", "format": "{value} "},
        {"type": "basic", "user": "a:b"}, {"type": "basic", "user": ""},
        {"type": "basic", "user": "a\nb"}, {"type": "query"},
        {"type": "query", "parameter": "a&b"}, {"type": "query", "parameter": ""},
    )),
]  # fmt: skip


@pytest.mark.parametrize("wire", WRONG, ids=str)
def test_a_destination_of_the_wrong_form(wire: dict[str, Any]) -> None:
    with pytest.raises(DestinationError):
        parse_destination(wire)


def test_the_wire_form_has_one_spelling() -> None:
    wire = [
        {"host": "API.Example.com:443", "inject": {"type": "bearer"}},
        {"host": "*.example.org:8443", "inject": {"type": "basic"}},
    ]
    again = [one.to_wire() for one in parse_destinations(wire)]

    assert again == [{**wire[0], "host": "api.example.com"}, wire[1]]
    assert [one.to_wire() for one in parse_destinations(again)] == again
    assert parse_destinations(None) == ()
    seventeen = [{"host": f"a{number}.example"} for number in range(17)]
    refused: list[Any] = [wire + wire, seventeen, "text", {}]
    for many in refused:
        with pytest.raises(DestinationError):
            parse_destinations(many)


@pytest.mark.parametrize(
    ("url", "host", "inject"),
    [
        ("https://api.example.com", "api.example.com", Bearer()),
        ("https://API.EXAMPLE.COM:443/v1?a=b", "api.example.com", Bearer()),
        ("https://a.example.org/", "*.example.org", Header("X-Api-Key")),
        ("https://v1.example.org/", "v1.example.org", Query("key")),
        ("https://alias.example.net:8443/", "alias.example.net", Bearer()),
        ("http://localhost:8080/", "localhost", Bearer()),
    ],
)
def test_what_matches(url: str, host: str, inject: Any) -> None:
    found = find_destination(ALLOWED, url, {"localhost:8080"})
    assert found
    assert (found[0].host, found[0].inject) == (host, inject)


@pytest.mark.parametrize("url", HOSTILE_DESTINATIONS)
def test_what_does_not_match(url: str) -> None:
    try:
        assert find_destination(ALLOWED, url, {"localhost:8080"}) is None
    except DestinationError as error:
        assert url not in str(error)


VALUE = "sk_live_51Hq9x&Y="


@pytest.mark.parametrize(
    ("way", "headers", "url"),
    [
        (Bearer(), [("Authorization", f"Bearer {VALUE}")], "https://a.example/?q=1"),
        (Header("X-Key"), [("X-Key", VALUE)], "https://a.example/?q=1"),
        (
            Header("Authorization", "Token {value}"),
            [("Authorization", f"Token {VALUE}")],
            "https://a.example/?q=1",
        ),
        (
            Basic("api"),
            [("Authorization", "Basic YXBpOnNrX2xpdmVfNTFIcTl4Jlk9")],
            "https://a.example/?q=1",
        ),
        (
            Basic(),
            [("Authorization", "Basic c2tfbGl2ZV81MUhxOXgmWT06")],
            "https://a.example/?q=1",
        ),
        (Query("key"), [], "https://a.example/?q=1&key=sk_live_51Hq9x%26Y%3D"),
    ],
)
def test_where_the_value_goes(way: Any, headers: list[tuple[str, str]], url: str) -> None:
    sent = inject(way, VALUE, parse_url("https://a.example/?q=1"), {"Accept": "*/*"})

    assert sent.headers == (("Accept", "*/*"), *headers)
    assert sent.url == url
    assert sent.secrets[0] == VALUE
    assert VALUE not in repr(sent)


@pytest.mark.parametrize("value", ["", "a\nb", "a\rb", "a\0b", "ünicode", " padded", "a" * 8193])
def test_a_value_that_a_header_cannot_carry(value: str) -> None:
    with pytest.raises(InjectionError):
        inject(Bearer(), value, parse_url("https://a.example/"))


@pytest.mark.parametrize("headers", HEADER_TRICKS, ids=str)
def test_a_header_trick(headers: dict[str, str]) -> None:
    with pytest.raises(InjectionError):
        inject(Bearer(), VALUE, parse_url("https://a.example/"), headers, body_length=4)


def test_the_true_length_may_be_given() -> None:
    sent = inject(Bearer(), VALUE, parse_url("https://a.example/"), {"Content-Length": "4"}, 4)
    assert [name for name, _ in sent.headers] == ["Authorization"]


@pytest.mark.parametrize("method", ["TRACE", "CONNECT", "get", "GET ", "", "GET / HTTP/1.1\r\n"])
def test_a_method_that_is_not_sent(method: str) -> None:
    with pytest.raises(InjectionError):
        require_method(method)


def test_what_a_proxy_passes_on() -> None:
    given = [
        ("Host", "a.example"),
        ("authorization", "Bearer placeholder"),
        ("Accept", "text/html"),
        ("Accept", "*/*"),
        ("Proxy-Connection", "keep-alive"),
        ("Accept-Encoding", "br"),
        ("X-Bad", "a\nb"),
    ]
    assert forwardable_headers(given, Bearer()) == [("Accept", "text/html"), ("Accept", "*/*")]
    target = parse_url("https://a.example/p?key=placeholder&a=1&KEY=x&b=2")
    assert without_parameter(target, Query("key")).url == "https://a.example/p?a=1&b=2"
    assert without_parameter(target, Bearer()) == target


def test_every_provider_is_a_valid_policy() -> None:
    slugs = [provider.slug for provider in PROVIDERS]
    assert slugs == sorted(set(slugs))
    for provider in PROVIDERS:
        wire = [one.to_wire() for one in provider.destinations]
        assert parse_destinations(wire) == provider.destinations
        assert provider.source.startswith("https://")
        assert find_provider(provider.slug) is provider
        assert not (isinstance(provider.inject, Header) and is_reserved(provider.inject.name))
    assert find_provider("nobody") is None
    assert Destination("api.stripe.com") in PROVIDERS[slugs.index("stripe")].destinations


def test_reasons_say_nothing_of_the_value() -> None:
    for value in ("short", "aaaaaaaaaa", "changeme"):
        assert value not in str(unmaskable_reason(value))
