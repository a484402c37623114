"""The text of a file's bytes: UTF-8, UTF-16 with a byte order mark, or a zip archive in base64."""

import base64
import codecs

from foundation.errors import Invalid

ZIP = b"PK\x03\x04"
KDBX = b"\x03\xd9\xa2\x9a"
NOT_TEXT = (
    "The file is neither UTF-8 nor UTF-16 text. Convert it, for example: iconv -f latin1 -t utf-8."
)
IS_KDBX = "This is a KeePass database, which is not read; export it as XML or CSV in KeePass."
UTF16 = (codecs.BOM_UTF16_LE, codecs.BOM_UTF16_BE)


def file_text(data: bytes) -> str:
    """The text, or what the importers take instead; Invalid says how to mend the file.

    Other encodings are not guessed, because a wrong guess changes passwords unseen.
    """
    if data.startswith(ZIP):
        return base64.b64encode(data).decode()
    if data.startswith(KDBX):
        raise Invalid(IS_KDBX, "content")
    try:
        return data.decode("utf-16" if data.startswith(UTF16) else "utf-8-sig")
    except UnicodeDecodeError:
        raise Invalid(NOT_TEXT, "content") from None
