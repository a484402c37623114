"""The AWS command line's `credentials` file: a profile is a credential."""

import configparser

from credentials.importers.rows import Row, Rows, plain, sealed
from foundation.errors import Invalid

NOT_A_FILE = "content: this is no AWS credentials file, or a profile or name is repeated in it."
SECRET, KEY_ID = "aws_secret_access_key", "aws_access_key_id"  # names, no values


def read_aws_credentials(content: str) -> Rows:
    """A row for each profile: the secret key is the value, the key's id is metadata."""
    parser = configparser.RawConfigParser(default_section="\0", delimiters=("=",), strict=True)
    try:
        parser.read_string(content)
    except (configparser.Error, ValueError):
        raise Invalid(NOT_A_FILE, "content") from None
    sections = [(name, dict(parser.items(name))) for name in parser.sections()]
    if not any(option.startswith("aws_") for _, options in sections for option in options):
        raise Invalid(NOT_A_FILE, "content")
    return [_row(number, *section) for number, section in enumerate(sections, start=1)]


def _row(number: int, section: str, options: dict[str, str]) -> Row:
    name = f"aws-{section.removeprefix('profile ').strip()}"
    value = options.pop(SECRET, "")
    if not value and not options.get("aws_session_token"):
        return Row(number=number, name=name, skip="The profile has no secret key.")
    key_id = options.pop(KEY_ID, "")
    return Row(
        number=number,
        name=name,
        value=value or options.pop("aws_session_token"),
        kind="api-key",
        metadata=plain({"accessKeyId": key_id}),
        secret_fields=sealed(options),
    )
