"""Taking values out of what comes back.

A `Redactor` knows every form of its secrets and may be shared by threads; each body is a stream of
its own, to which the bytes go in chunks of any size, after decompression. What may be the beginning
of a secret is held back until the next chunk decides; everything else passes at once.

    redactor = Redactor([value, *injected.secrets])
    stream = redactor.stream()
    for chunk in body:
        send(stream.feed(chunk))
    send(stream.finish())

What is found: the secret raw, escaped for URLs, JSON, HTML, C and quoted-printable (wholly or in
part), in UTF-16, in base64 of both alphabets and base32 at every offset, in hex and as lists of
byte numbers, and base64 or hex of its base64, hex or URL form. An upstream that invents an encoding
of its own, compresses inside the body or answers parts of a secret is not stopped.
"""

from collections.abc import Iterable, Iterator

from disclosure.encodings import find_appearances, twice_encoded_appearances
from disclosure.matching import Beginning, Budget, Matcher, Span

MASK = b"[redacted]"
SHORTEST = 8  # characters
FEWEST_DIFFERENT = 4
HELD_UNITS = 3
SHORTEST_LINE = 16

# Long enough, but also found where no secret is meant.
_COMMON = frozenset(
    {
        "password",
        "password1",
        "password123",
        "passw0rd",
        "changeme",
        "changeit",
        "username",
        "postgres",
        "localhost",
        "undefined",
        "12345678",
        "123456789",
        "1234567890",
        "qwertyuiop",
        "administrator",
        "application",
        "application/json",
        "production",
        "development",
        "anonymous",
        "authorization",
    }
)


def unmaskable_reason(secret: str) -> str | None:
    """Why a secret cannot be taken out of answers without destroying them; None when it can."""
    text = secret.strip()
    if len(text) < SHORTEST:
        return f"it has fewer than {SHORTEST} characters"
    if len(set(text)) < FEWEST_DIFFERENT:
        return f"it has fewer than {FEWEST_DIFFERENT} different characters"
    if text.casefold() in _COMMON:
        return "it is a common word"
    return None


class Redactor:
    """Finds every form of some secrets. Immutable, so that threads and streams may share it.

    `unmaskable` has the reasons why secrets are not looked for (see `unmaskable_reason`).
    """

    def __init__(self, secrets: Iterable[str], mask: bytes = MASK) -> None:
        given = list(dict.fromkeys(secret for secret in secrets if secret))
        reasons = {secret: unmaskable_reason(secret) for secret in given}
        self.mask = mask
        self.unmaskable = tuple(reason for reason in reasons.values() if reason)
        masked = [secret for secret in given if not reasons[secret]]
        around = {text for text in masked if any(one != text and one in text for one in masked)}
        texts = [text for secret in masked if secret not in around for text in _texts(secret)]
        appearances = [one for text in dict.fromkeys(texts) for one in find_appearances(text)]
        appearances += [one for text in around for one in twice_encoded_appearances(text)]
        self._matchers = tuple(map(Matcher, appearances))

    def stream(self) -> "RedactionStream":
        """A new stream for one body, or one header."""
        return RedactionStream(self)

    def redact(self, data: bytes) -> tuple[bytes, int]:
        """A whole text without the secrets, and how often one was taken out."""
        stream = self.stream()
        return stream.feed(data) + stream.finish(), stream.redactions

    def redact_text(self, text: str) -> tuple[str, int]:
        """The same for a text; characters that are not UTF-8 come back replaced."""
        data, count = self.redact(text.encode(errors="surrogateescape"))
        return data.decode(errors="replace"), count

    def redact_headers(
        self, headers: Iterable[tuple[str, str]]
    ) -> tuple[list[tuple[str, str]], int]:
        """Headers or trailers without the secrets. One whose name contains a secret is dropped."""
        kept, redactions = [], 0
        for name, text in headers:
            _, in_name = self.redact(name.encode(errors="surrogateescape"))
            redacted, in_text = self.redact_text(text)
            redactions += in_name + in_text
            if not in_name:
                kept.append((name, redacted))
        return kept, redactions

    def find(self, data: bytes, budget: Budget) -> tuple[list[Span], list[Beginning]]:
        """The secrets in `data`, merged where they overlap, and what more bytes could make one."""
        spans: list[Span] = []
        beginnings: list[Beginning] = []
        for matcher in self._matchers:
            for found in matcher.find(data, budget):
                (spans if isinstance(found, Span) else beginnings).append(found)  # type: ignore[arg-type]
        return _merged(spans), beginnings


class RedactionStream:
    """One body on its way. `redactions` counts what was taken out so far.

    Only what agrees with a secret in HELD_UNITS characters is held back, so that ordinary text
    passes at once. The fewer characters before are remembered: when the secret does go on, they
    have passed, and the rest is taken out.
    """

    def __init__(self, redactor: Redactor) -> None:
        self._redactor = redactor
        self._passed = b""
        self._held = b""
        self._budget = Budget()
        self.redactions = 0

    def feed(self, chunk: bytes) -> bytes:
        """What may pass now. Raises RedactionError when the search would take too long."""
        self._budget.add(len(chunk))
        data = self._passed + self._held + chunk
        start = len(self._passed)
        spans, beginnings = self._redactor.find(data, self._budget)
        held = (one.start for one in beginnings if one.units >= HELD_UNITS)
        end = max(start, min(held, default=len(data)))
        for span in spans:
            if span.start < end < span.end:
                end = max(start, span.start)
        first = min((one.start for one in beginnings), default=end)
        self._passed, self._held = data[min(first, end) : end], data[end:]
        return self._without(data, start, end, spans)

    def finish(self, *, truncated: bool = False) -> bytes:
        """The rest. With `truncated`, when the sender cut the body off, what was held back is
        dropped: it may be the beginning of a secret.
        """
        data, start = self._passed + self._held, len(self._passed)
        self._passed = self._held = b""
        if truncated or len(data) == start:
            return b""
        spans, beginnings = self._redactor.find(data, self._budget)
        cut = [Span(one.start, len(data)) for one in beginnings if one.units >= SHORTEST]
        return self._without(data, start, len(data), _merged([*spans, *cut]))

    def _without(self, data: bytes, start: int, end: int, spans: list[Span]) -> bytes:
        """`data` from `start` to `end` without the spans that end there."""
        parts, position = [], start
        for span in spans:
            if start < span.end <= end:
                parts += [data[position : max(position, span.start)], self._redactor.mask]
                position = span.end
                self.redactions += 1
        return b"".join([*parts, data[position:end]])


def _texts(secret: str) -> Iterator[str]:
    """The secret and, of one with several lines, each long line: programs print them one by one."""
    yield secret
    stripped = secret.strip()
    if stripped != secret:
        yield stripped
    lines = [line.strip() for line in stripped.splitlines()]
    if len(lines) > 1:
        yield from (
            line for line in lines if len(line) >= SHORTEST_LINE and not line.startswith("-----")
        )


def _merged(spans: list[Span]) -> list[Span]:
    merged: list[Span] = []
    for span in sorted(spans, key=lambda one: one.start):
        if merged and span.start < merged[-1].end:
            merged[-1] = Span(merged[-1].start, max(merged[-1].end, span.end))
        else:
            merged.append(span)
    return merged
