r"""How a text may appear in bytes: the forms that the redactor looks for.

An appearance is a sequence of units, one for each character of some encoding. A unit lists the
byte strings that may stand for it, so that mixed and partial escapes match too: `s`, `%73`,
`\\u0073` and `&#115;` are one unit. In base64 and base32, the characters that share bits with what
precedes or follows the text list everything that they can be.
"""

import base64
import re
from collections.abc import Iterable, Iterator
from dataclasses import dataclass
from functools import cache
from html.entities import codepoint2name
from urllib.parse import quote

BASE64 = "ABCDEFGHIJKLMNOPQRSTUVWXYZabcdefghijklmnopqrstuvwxyz0123456789+/"
BASE32 = "ABCDEFGHIJKLMNOPQRSTUVWXYZ234567"
_URL_SAFE = {"+": "-", "/": "_"}
_NAMED_ESCAPES = {"\n": "n", "\r": "r", "\t": "t", "\b": "b", "\f": "f"}


@dataclass(frozen=True, slots=True)
class Unit:
    """One character of an encoding: any of `exact`, or of `folded` in either case of its letters.

    `is_shared` when it shares bits with what is not the secret.
    """

    exact: frozenset[bytes]
    folded: frozenset[bytes]
    lengths: tuple[int, ...]
    is_shared: bool

    @property
    def source(self) -> bytes:
        """A pattern of everything that stands for it."""
        exact = [[re.escape(form[at : at + 1]) for at in range(len(form))] for form in self.exact]
        folded = [
            [_either_case(form[at : at + 1]) for at in range(len(form))] for form in self.folded
        ]
        return _alternatives([*exact, *folded])

    @property
    def first_bytes(self) -> bytes:
        """A pattern of the bytes that it begins with."""
        forms = self.exact | self.folded
        letters = {form[:1].lower() for form in forms} | {form[:1].upper() for form in forms}
        return b"[" + b"".join(re.escape(letter) for letter in sorted(letters)) + b"]"

    def ends(self, data: bytes, start: int) -> Iterator[int]:
        """Where the unit may end when it begins at `start`."""
        for length in self.lengths:
            piece = data[start : start + length]
            if len(piece) == length and (piece in self.exact or piece.lower() in self.folded):
                yield start + length

    def begins_with(self, rest: bytes) -> bool:
        """Whether more bytes after `rest` could complete the unit. Letter case is ignored."""
        lower = rest.lower()
        return any(
            len(form) > len(rest) and form.lower().startswith(lower)
            for forms in (self.exact, self.folded)
            for form in forms
        )


@dataclass(frozen=True, slots=True)
class Filler:
    """Bytes that may (or have to) stand between two units. `begun` matches unfinished ones.

    `is_rare`: there is at most one in any few units, as the end of a line.
    """

    pattern: re.Pattern[bytes]
    begun: re.Pattern[bytes]
    required: bool = False
    is_rare: bool = False


# A NUL of UTF-16, a soft line break of quoted-printable.
TEXT_FILLER = Filler(re.compile(rb"\0|=\r?\n"), re.compile(rb"=\r?"))
# Line breaks of MIME and PEM, also escaped.
BASE64_FILLER = Filler(
    re.compile(rb"(?:\r?\n|(?:\\r)?\\n|(?:%0[Dd])?%0[Aa])[ \t]?"),
    re.compile(rb"\r|\\(?:r\\?)?|%(?:0(?:[DdAa](?:%0?)?)?)?|\r?\n|(?:\\r)?\\n"),
    is_rare=True,
)
# `73:6b`, `73 6b`, `\x73\x6b`, `0x73, 0x6b`, and lines.
HEX_FILLER = Filler(
    re.compile(rb"[:,\-\s]{0,3}(?:0x|\\{1,2}x)|[:,\-\s]{1,3}"),
    re.compile(rb"[:,\-\s]{0,3}(?:0|\\{1,2})?"),
)
# `115, 107` as arrays of bytes are printed.
DECIMAL_FILLER = Filler(re.compile(rb"[\s,]{1,32}"), re.compile(rb"[\s,]{0,31}"), required=True)


@dataclass(frozen=True, slots=True)
class Appearance:
    """One encoding of one text."""

    units: tuple[Unit, ...]
    filler: Filler


def find_appearances(secret: str) -> Iterator[Appearance]:
    """Every form in which `secret` is looked for."""
    data = secret.encode()
    yield text_appearance(secret)
    yield from base64_appearances(data)
    yield from base32_appearances(data)
    yield hex_appearance(data)
    yield Appearance(tuple(_unit((str(byte).encode(),)) for byte in data), DECIMAL_FILLER)
    yield from twice_encoded_appearances(secret)


def twice_encoded_appearances(secret: str) -> Iterator[Appearance]:
    """Base64 and hex of other encodings: of a text that contains a secret, these are not found by
    looking for the secret itself.
    """
    for derived in _encoded_twice(secret):
        yield from base64_appearances(derived)
        yield hex_appearance(derived)


def text_appearance(text: str) -> Appearance:
    """As text, each character raw or escaped for URLs, JSON, HTML, C or quoted-printable."""
    return Appearance(tuple(_character(character) for character in text), TEXT_FILLER)


def hex_appearance(data: bytes) -> Appearance:
    """As hexadecimal digits of either case."""
    return Appearance(tuple(_unit(folded=(b"%02x" % byte,)) for byte in data), HEX_FILLER)


def base64_appearances(data: bytes) -> Iterator[Appearance]:
    """In either alphabet of base64, after 0, 1 or 2 other bytes."""
    for unknown in (0, 2, 4):
        groups = _groups(data, 6, unknown)
        units = tuple(_base64_unit("".join(BASE64[value] for value in group)) for group in groups)
        yield Appearance(units, BASE64_FILLER)


def base32_appearances(data: bytes) -> Iterator[Appearance]:
    """In base32 of either case, after 0 to 4 other bytes."""
    for unknown in range(5):
        groups = _groups(data, 5, unknown)
        digits = (tuple(BASE32[value] for value in group) for group in groups)
        units = tuple(
            _unit(folded=tuple(digit.encode() for digit in group), is_shared=len(group) > 1)
            for group in digits
        )
        yield Appearance(units, BASE64_FILLER)


def _encoded_twice(secret: str) -> Iterator[bytes]:
    """Encodings of the secret that are looked for in base64 and hex once more."""
    data = secret.encode()
    escaped = quote(secret, safe="")
    if escaped != secret:
        yield escaped.encode()
    encoded = base64.b64encode(data)
    yield encoded
    url_safe = base64.urlsafe_b64encode(data)
    if url_safe != encoded:
        yield url_safe
    yield data.hex().encode()


def _groups(data: bytes, bits: int, unknown: int) -> Iterator[tuple[int, ...]]:
    """The values that each group of `bits` can have, with `unknown` free bits in front of the data
    and free bits after it where the last group is not full.
    """
    total = unknown + 8 * len(data)
    missing = -total % bits
    number = int.from_bytes(data, "big") << missing
    for index in range((total + missing) // bits):
        shift = total + missing - bits * (index + 1)
        known = (number >> shift) & ((1 << bits) - 1)
        free_high = unknown if index == 0 else 0
        free_low = missing if shift == 0 else 0
        yield tuple(
            known | (high << (bits - free_high)) | low
            for high in range(1 << free_high)
            for low in range(1 << free_low)
        )


@cache
def _base64_unit(characters: str) -> Unit:
    special = [character for character in characters if character in _URL_SAFE]
    exact = [*characters, *(_URL_SAFE[character] for character in special)]
    escapes = (form for character in special for form in _escapes(character))
    return _unit(tuple(form.encode() for form in exact), tuple(escapes), len(characters) > 1)


@cache
def _character(character: str) -> Unit:
    exact = [character.encode()]
    if not character.isascii():
        exact += [character.encode("utf-16-le"), character.encode("utf-16-be")]
    return _unit(tuple(exact), tuple(_escapes(character)))


def _escapes(character: str) -> Iterable[bytes]:
    code = ord(character)
    data = character.encode()
    utf16 = character.encode("utf-16-be")
    texts = [
        "".join(f"%{byte:02x}" for byte in data),
        "".join(f"%25{byte:02x}" for byte in data),
        *_quoted_printable(data),
        *(
            slashes + slashes.join(f"u{utf16[at : at + 2].hex()}" for at in range(0, len(utf16), 2))
            for slashes in ("\\", "\\\\")
        ),
        *_entities(code),
    ]
    if code < 256:
        texts += [f"\\x{code:02x}", f"\\\\x{code:02x}"]
    if character in _NAMED_ESCAPES:
        texts += ["\\" + _NAMED_ESCAPES[character], "\\\\" + _NAMED_ESCAPES[character]]
    elif not character.isalnum():
        texts += ["\\" + character, "\\\\\\" + character]
    texts += {" ": ["+"], "\n": ["\r\n", "\\r\\n", "%0d%0a", "\\\\r\\\\n"]}.get(character, [])
    return [text.encode() for text in texts]


def _quoted_printable(data: bytes) -> Iterator[str]:
    """The bytes of a character, and those with a soft line break between two of them."""
    quoted = [f"={byte:02x}" for byte in data]
    yield "".join(quoted)
    for at in range(1, len(quoted)):
        for ending in ("\n", "\r\n"):
            yield f"{''.join(quoted[:at])}={ending}{''.join(quoted[at:])}"


def _entities(code: int) -> Iterable[str]:
    bodies = [f"#{'0' * zeros}{code}" for zeros in range(4)]
    bodies += [f"#x{'0' * zeros}{code:x}" for zeros in range(4)]
    if code in codepoint2name:
        bodies.append(codepoint2name[code])
    if code == ord("'"):
        bodies.append("apos")
    return [f"{start}{body};" for start in ("&", "&amp;") for body in bodies]


@cache
def _unit(
    exact: tuple[bytes, ...] = (), folded: tuple[bytes, ...] = (), is_shared: bool = False
) -> Unit:
    """A unit of forms that count as they are, and of forms whose letters count in either case."""
    lengths = sorted({len(form) for form in (*exact, *folded)})
    lower = frozenset(form.lower() for form in folded)
    return Unit(frozenset(exact), lower, tuple(lengths), is_shared)


def _alternatives(forms: list[list[bytes]]) -> bytes:
    """A pattern of any of the forms, given as patterns of bytes; what they begin with alike is
    written once, because long lists of alternatives take long to compile.
    """
    by_first: dict[bytes, list[list[bytes]]] = {}
    for form in forms:
        by_first.setdefault(form[0], []).append(form[1:])
    sources = []
    for first, rests in by_first.items():
        longer = [rest for rest in rests if rest]
        source = first + (_alternatives(longer) if longer else b"")
        # Where a form ends and others go on, all of them are tried.
        sources += [source, first] if longer and len(longer) < len(rests) else [source]
    return sources[0] if len(sources) == 1 else b"(?:" + b"|".join(sources) + b")"


def _either_case(letter: bytes) -> bytes:
    lower, upper = letter.lower(), letter.upper()
    return re.escape(letter) if lower == upper else b"[" + lower + upper + b"]"
