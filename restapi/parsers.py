"""Request bodies, parsed strictly."""

from collections.abc import Mapping
from typing import IO, Any

from rest_framework.parsers import BaseParser

from access.strict_json import MAXIMUM_BODY, parse_strict_object


class StrictJSONParser(BaseParser):
    """One JSON object of at most 512 KiB; Malformed or TooLarge otherwise."""

    media_type = "application/json"

    def parse(
        self,
        stream: IO[Any],
        media_type: str | None = None,
        parser_context: Mapping[str, Any] | None = None,
    ) -> dict[str, Any]:
        del media_type, parser_context  # the framework passes them by name
        return parse_strict_object(stream.read(MAXIMUM_BODY + 1))
