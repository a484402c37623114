"""Strict JSON: what two readers could understand differently is refused."""

import json

import pytest
from hypothesis import given
from hypothesis import strategies as st

from foundation.errors import Malformed, TooLarge
from foundation.schema.strict_json import (
    MAXIMUM_BODY,
    MAXIMUM_DEPTH,
    parse_strict,
    parse_strict_object,
)


def nested(levels: int) -> bytes:
    return b"[" * levels + b"]" * levels


def test_plain_json_is_read() -> None:
    body = '{"a": [1, -2.5, true, null, "grüße 🗝"], "b": {}}'.encode()
    assert parse_strict(body) == {"a": [1, -2.5, True, None, "grüße 🗝"], "b": {}}


@pytest.mark.parametrize(
    "body",
    [
        b"",
        b" ",
        b"{",
        b"{} {}",
        b"{'a': 1}",
        b'{"a": 1,}',
        b'{"a": 1 /* no */}',
        b'{"a": 1, "a": 2}',
        b'{"a": 1, "\\u0061": 2}',
        b'{"a": [{"b": 1, "b": 1}]}',
        b"NaN",
        b'{"a": NaN}',
        b"[Infinity, -Infinity]",
        b"-Infinity",
        b"01",
        b'"a\x00b"',
        b'"\xff"',
        b'"\xed\xa0\x80"',
        b"\xef\xbb\xbf{}",
        "{}".encode("utf-16"),
        b'"\\ud800"',
        b'{"\\uDC00": 1}',
        b'["ok", {"a": "\\udfff"}]',
        b"1" * 5000,
        nested(MAXIMUM_DEPTH + 1),
        nested(100_000),
        b'{"a":' * 33 + b"1" + b"}" * 33,
    ],
)
def test_what_is_ambiguous_or_broken_is_refused(body: bytes) -> None:
    with pytest.raises(Malformed) as caught:
        parse_strict(body)
    assert caught.value.code == "input/malformed"


def test_the_deepest_allowed_nesting_is_read() -> None:
    assert parse_strict(nested(MAXIMUM_DEPTH)) == json.loads(nested(MAXIMUM_DEPTH))
    filled = nested(MAXIMUM_DEPTH).replace(b"[]", b"[1]")
    assert parse_strict(filled) == json.loads(filled)


def test_many_containers_side_by_side_are_not_deep() -> None:
    assert parse_strict(b"[" + b"{}," * 1000 + b"{}]") == [{}] * 1001


def test_a_whole_surrogate_pair_is_one_character() -> None:
    assert parse_strict(b'"\\ud83d\\udddd"') == "\U0001f5dd"


def test_the_largest_allowed_body_is_read_and_one_byte_more_is_not() -> None:
    body = b'"' + b"x" * (MAXIMUM_BODY - 2) + b'"'
    assert len(parse_strict(body)) == MAXIMUM_BODY - 2
    with pytest.raises(TooLarge):
        parse_strict(body + b" ")


@pytest.mark.parametrize("body", [b"[]", b"1", b'"{}"', b"null"])
def test_an_object_is_demanded_where_one_is_needed(body: bytes) -> None:
    with pytest.raises(Malformed):
        parse_strict_object(body)


@pytest.mark.parametrize(
    "body", [b'{"hunter2": 1, "hunter2": 2}', b'{"hunter2', b'"hunter2\\ud800"', b"[hunter2]"]
)
def test_the_refusal_does_not_quote_the_body(body: bytes) -> None:
    with pytest.raises(Malformed) as caught:
        parse_strict(body)
    assert "hunter2" not in f"{caught.value.as_problem()} {caught.value!r}"


values = st.recursive(
    st.none()
    | st.booleans()
    | st.integers()
    | st.floats(allow_nan=False, allow_infinity=False)
    | st.text(),
    lambda inner: st.lists(inner, max_size=4) | st.dictionaries(st.text(), inner, max_size=4),
    max_leaves=12,
)


@given(values)
def test_whatever_json_can_write_is_read_back(value: object) -> None:
    assert parse_strict(json.dumps(value).encode()) == value


@given(st.binary(max_size=200))
def test_any_bytes_are_read_or_refused(body: bytes) -> None:
    try:
        value = parse_strict(body)
    except Malformed:
        return
    assert value == json.loads(body)
