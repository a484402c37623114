"""Bodies of the REST API go through the same strict parser as messages of agents."""

from io import BytesIO

import pytest

from foundation.errors import Malformed, TooLarge
from foundation.schema.strict_json import MAXIMUM_BODY
from restapi.parsers import StrictJSONParser


def parse(body: bytes) -> object:
    """What a view would get."""
    return StrictJSONParser().parse(BytesIO(body))


def test_an_object_is_read() -> None:
    assert parse(b'{"key": "a"}') == {"key": "a"}


@pytest.mark.parametrize("body", [b"", b"[]", b'{"a": 1, "a": 2}', b'{"a": NaN}', b"a=1"])
def test_anything_else_is_malformed(body: bytes) -> None:
    with pytest.raises(Malformed):
        parse(body)


def test_a_large_body_is_not_read_to_its_end() -> None:
    stream = BytesIO(b" " * (MAXIMUM_BODY * 2))
    with pytest.raises(TooLarge):
        StrictJSONParser().parse(stream)
    assert stream.tell() == MAXIMUM_BODY + 1
