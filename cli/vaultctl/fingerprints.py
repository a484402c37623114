"""Finding values in text without knowing them: by keyed digests of what was read.

A redactor needs the value itself, because it looks for every encoding of it. Here it is the text
that is decoded – as base64, hex, escapes and so on, and what comes out once more – and every place
of what comes out is compared with the digests. The key is random and is nowhere but in memory.
"""

import base64
import binascii
import hashlib
import re
import secrets
from collections.abc import Callable, Iterator, Sequence
from dataclasses import dataclass
from functools import cache
from html import unescape
from typing import Any

from disclosure.redaction import MASK, unmaskable_reason

HEAD = 8  # bytes; no value that can be masked is shorter
SHORTEST_LINE = 16
DEPTH = 2  # base64 of base64 is found, and no more
_NOT_TEXT = re.compile(rb"[^\t\n\r -~]")
MASKED = MASK.decode()


@dataclass(frozen=True, slots=True)
class Fingerprint:
    """A value's length in bytes, the digest of its first 8 bytes, and the digest of all of it.

    `bucket` is one of 64, by the first two bytes: most places in a text are compared by it alone.
    """

    length: int
    bucket: int
    head: str
    whole: str


def new_key() -> str:
    """A key for digests."""
    return secrets.token_hex(32)


def fingerprints_of(value: str, key: str) -> list[Fingerprint]:
    """Of a value and, of one with several lines, of each long line. None of what is too common."""
    lines = [line.strip() for line in value.strip().splitlines()]
    long = [one for one in lines if len(one) >= SHORTEST_LINE and not one.startswith("-----")]
    texts = dict.fromkeys([value, value.strip(), *(long if len(lines) > 1 else [])])
    return [_fingerprint(text.encode(), key) for text in texts if not unmaskable_reason(text)]


def _fingerprint(data: bytes, key: str) -> Fingerprint:
    bucket = _buckets(key)[data[0] << 8 | data[1]]
    return Fingerprint(len(data), bucket, _digest(data[:HEAD], key), _digest(data, key))


@cache
def _buckets(key: str) -> bytes:
    """The bucket of each two bytes, known only with the key."""
    return bytes(byte & 63 for byte in hashlib.shake_256(bytes.fromhex(key)).digest(1 << 16))


def _digest(data: bytes, key: str) -> str:
    return hashlib.blake2b(data, key=bytes.fromhex(key), digest_size=16).hexdigest()


class Finder:
    """Takes out what has one of the fingerprints."""

    def __init__(self, known: list[Fingerprint], key: str) -> None:
        self._key = bytes.fromhex(key)
        self._by_head: dict[bytes, list[tuple[int, bytes]]] = {}
        self._buckets = _buckets(key)
        self._wanted = {one.bucket for one in known}
        for one in known:
            found = (one.length, bytes.fromhex(one.whole))
            self._by_head.setdefault(bytes.fromhex(one.head), []).append(found)

    def redact_text(self, text: str) -> tuple[str, int]:
        """The text without the values, and how often something was taken out."""
        spans = _merged(self._spans(text, DEPTH)) if self._by_head else []
        parts, position = [], 0
        for start, end in spans:
            parts += [text[position:start], MASKED]
            position = end
        return "".join([*parts, text[position:]]), len(spans)

    def _spans(self, text: str, depth: int) -> Iterator[tuple[int, int]]:
        """The parts of `text` that are a value, or that decode to something with one."""
        for plain, starts in _readings(text):
            characters = _characters(plain)
            for start, end in self._in_bytes(plain.encode(errors="surrogatepass")):
                yield starts[characters[start]], _end(starts, characters[end - 1])
        if not depth:
            return
        for pattern, decoders in _RUNS:
            for run in pattern.finditer(text):
                if any(self._is_in(decode(run.group()), depth - 1) for decode in decoders):
                    yield run.span()

    def _is_in(self, data: bytes, depth: int) -> bool:
        if next(self._in_bytes(data), None) is not None:
            return True
        # What decodes to other than text was no encoding of text, and is not decoded again.
        is_text = _NOT_TEXT.search(data) is None
        return is_text and next(self._spans(data.decode(), depth), None) is not None

    def _in_bytes(self, data: bytes) -> Iterator[tuple[int, int]]:
        buckets, wanted = self._buckets, self._wanted
        for start in range(len(data) - HEAD + 1):
            if buckets[data[start] << 8 | data[start + 1]] not in wanted:
                continue
            for length, whole in self._by_head.get(self._of(data[start : start + HEAD]), ()):
                if self._of(data[start : start + length]) == whole:
                    yield start, start + length

    def _of(self, data: bytes) -> bytes:
        return hashlib.blake2b(data, key=self._key, digest_size=16).digest()


def redact_strings(data: Any, finder: Finder) -> tuple[int, Any]:
    """The same data with every string redacted, and how often something was taken out."""
    if isinstance(data, str):
        text, count = finder.redact_text(data)
        return count, text
    if isinstance(data, list):
        parts = [redact_strings(part, finder) for part in data]
        return sum(count for count, _ in parts), [part for _, part in parts]
    if isinstance(data, dict):
        members = {name: redact_strings(part, finder) for name, part in data.items()}
        return sum(c for c, _ in members.values()), {n: part for n, (_, part) in members.items()}
    return 0, data


# -- decoding --------------------------------------------------------------------------------------


def _of_bytes(introducer: str) -> Callable[[str], str]:
    """Of `%c3%b6` or `=C3=B6`."""
    return lambda escape: bytes.fromhex(escape.replace(introducer, "")).decode(errors="replace")


def _of_utf16(escape: str) -> str:
    units = "".join(re.findall(r"u([0-9a-fA-F]{4})", escape))
    return bytes.fromhex(units).decode("utf-16-be", errors="replace")


def _of_name(escape: str) -> str:
    letter = escape.lstrip("\\")
    return _NAMED.get(letter, letter or "\\")


_NAMED = {"n": "\n", "r": "\r", "t": "\t", "b": "\b", "f": "\f"}
Meaning = tuple[str, Callable[[str], str]]
_URL: Meaning = (r"(?:%[0-9a-fA-F]{2})+", _of_bytes("%"))
_URL_TWICE: Meaning = (r"(?:%25[0-9a-fA-F]{2})+", _of_bytes("%25"))
_UNICODE: Meaning = (r"(?:\\{1,2}u[0-9a-fA-F]{4})+", _of_utf16)
_HEX: Meaning = (r"\\{1,2}x[0-9a-fA-F]{2}", lambda escape: chr(int(escape[-2:], 16)))
_NAME: Meaning = (r"\\{1,3}[^\sux]", _of_name)
_ENTITY: Meaning = (r"&#?\w{1,12};", unescape)
_ENTITY_TWICE: Meaning = (r"&amp;#?\w{1,12};", lambda escape: unescape(unescape(escape)))
_SOFT_BREAK: Meaning = (r"=\r?\n|\0", lambda _: "")  # also the NULs of UTF-16
_QUOTED: Meaning = (r"(?:=[0-9a-fA-F]{2})+", _of_bytes("="))
# Each family by itself, because a value may contain what is an escape in another, and all at once.
_FAMILIES: tuple[tuple[Meaning, ...], ...] = (
    (_URL,),
    (_URL_TWICE,),
    (_UNICODE, _HEX, _NAME),
    (_ENTITY,),
    (_ENTITY_TWICE,),
    (_SOFT_BREAK, _QUOTED),
    (_URL_TWICE, _URL, _UNICODE, _HEX, _NAME, _ENTITY_TWICE, _ENTITY, _SOFT_BREAK, _QUOTED),
)
_COMPILED = tuple(
    (re.compile("|".join(f"({pattern})" for pattern, _ in family)), family) for family in _FAMILIES
)


def _readings(text: str) -> Iterator[tuple[str, Sequence[int]]]:
    """The text as it is, and with the escapes of each family resolved, where it has some.

    With where each character begins in `text`.
    """
    yield text, range(len(text) + 1)
    for pattern, family in _COMPILED:
        if pattern.search(text):
            yield _unescaped(text, pattern, family)


def _unescaped(
    text: str, pattern: re.Pattern[str], family: tuple[Meaning, ...]
) -> tuple[str, list[int]]:
    characters: list[str] = []
    starts: list[int] = []
    position = 0
    for escape in pattern.finditer(text):
        characters += text[position : escape.start()]
        starts += range(position, escape.start())
        meant = family[(escape.lastindex or 1) - 1][1](escape.group())
        characters += meant
        starts += [escape.start()] * len(meant)
        position = escape.end()
    characters += text[position:]
    starts += range(position, len(text) + 1)
    return "".join(characters), starts


def _end(starts: Sequence[int], last: int) -> int:
    """Where the last character ends in the text; several may come of one escape."""
    following = last + 1
    while starts[following] == starts[last]:
        following += 1
    return starts[following]


def _characters(text: str) -> list[int]:
    """For each byte of the text in UTF-8 the index of its character."""
    return [
        index
        for index, character in enumerate(text)
        for _ in range(len(character.encode(errors="surrogatepass")))
    ]


def _merged(spans: Iterator[tuple[int, int]]) -> list[tuple[int, int]]:
    merged: list[tuple[int, int]] = []
    for start, end in sorted(spans):
        if merged and start < merged[-1][1]:
            merged[-1] = (merged[-1][0], max(merged[-1][1], end))
        else:
            merged.append((start, end))
    return merged


# The end of a line of MIME or PEM, also escaped.
_BREAK = r"(?:(?:\r?\n|(?:\\r)?\\n|(?:%0[Dd])?%0[Aa])[ \t]?)"


def _base64_from(offset: int) -> Callable[[str], bytes]:
    def decode(run: str) -> bytes:
        joined = re.sub(_BREAK, "", run).rstrip("=")
        digits = joined.replace("-", "+").replace("_", "/")[offset:]
        return base64.b64decode(digits[: len(digits) // 4 * 4] + _rest64(digits))

    return decode


def _rest64(digits: str) -> str:
    rest = digits[len(digits) // 4 * 4 :]
    return rest + "=" * (4 - len(rest)) if len(rest) > 1 else ""


def _base32_from(offset: int) -> Callable[[str], bytes]:
    def decode(run: str) -> bytes:
        digits = re.sub(_BREAK, "", run).rstrip("=").upper()[offset:]
        padded = digits + "A" * (-len(digits) % 8)
        return base64.b32decode(padded)

    return decode


def _hex_from(offset: int) -> Callable[[str], bytes]:
    def decode(run: str) -> bytes:
        digits = re.sub(r"[^0-9a-fA-F]", "", re.sub(r"0x|\\{1,2}x", "", run))[offset:]
        return binascii.unhexlify(digits[: len(digits) // 2 * 2])

    return decode


def _decimal(run: str) -> bytes:
    numbers = map(int, re.findall(r"\d+", run))
    return bytes(number if number < 256 else 0 for number in numbers)


_RUNS: tuple[tuple[re.Pattern[str], tuple[Callable[[str], bytes], ...]], ...] = (
    (
        re.compile(rf"[A-Za-z0-9+/_-](?:{_BREAK}?[A-Za-z0-9+/_-]){{9,}}={{0,2}}"),
        tuple(map(_base64_from, range(4))),
    ),
    (
        re.compile(rf"[A-Za-z2-7](?:{_BREAK}?[A-Za-z2-7]){{11,}}={{0,6}}"),
        tuple(map(_base32_from, range(8))),
    ),
    (
        re.compile(
            r"(?:0x|\\{1,2}x)?[0-9a-fA-F]{2}(?:[:,\-\s]{0,3}(?:0x|\\{1,2}x)?[0-9a-fA-F]{2}){7,}"
        ),
        (_hex_from(0), _hex_from(1)),
    ),
    (re.compile(r"\d{1,3}(?:[\s,]{1,32}\d{1,3}){7,}"), (_decimal,)),
)
