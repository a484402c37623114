"""A value that was just disclosed is not repeated in a text that others read.

A purpose, a reason or a description is kept in clear and shown to people and agents. This process
remembers, for a while and as keyed hashes only, the words of the values that it disclosed to
somebody, and refuses texts of theirs that contain one. It catches accidents of a model, not
intentions: another process, or another spelling of the value, is not noticed.
"""

import re
import secrets
import time
from collections.abc import Iterable, Iterator
from hashlib import blake2b
from threading import Lock
from uuid import UUID

from access.actor import Actor
from foundation.bounded_dict import BoundedDict
from foundation.errors import Invalid

KEPT_SECONDS = 3600.0
KEPT_HOLDERS = 10_000
KEPT_WORDS = 200  # of one holder
SHORTEST_VALUE = 8  # a value of one word
SHORTEST_WORD = 16  # a word of a longer value, which may also contain ordinary words
MARKS = "\"'`.,;:!?()[]{}<>"

_KEY = secrets.token_bytes(32)
_BREAKS = re.compile(r"[\s\"'`=,;]+")


class DisclosedValues:
    """Digests of words, with the time of their disclosure, for each person or service account."""

    def __init__(self) -> None:
        self._holders = BoundedDict[tuple[UUID, UUID], BoundedDict[bytes, float]](KEPT_HOLDERS)
        self._lock = Lock()

    def remember(self, actor: Actor, texts: Iterable[str]) -> None:
        """Remember values that are being disclosed to the actor."""
        digests = [_digest(word) for text in texts for word in _words_of_value(text)]
        now = time.monotonic()
        with self._lock:
            words = self._holders.get((actor.tenant_id, actor.subject))
            if words is None:
                words = BoundedDict[bytes, float](KEPT_WORDS)
            self._holders[actor.tenant_id, actor.subject] = words
            for digest in digests[:KEPT_WORDS]:
                words[digest] = now

    def contains(self, actor: Actor, text: str) -> bool:
        """Whether the text has a word of a value that was disclosed to the actor in this hour."""
        if actor.is_system:
            return False
        with self._lock:
            words = self._holders.get((actor.tenant_id, actor.subject))
            if words is None:
                return False
            since = time.monotonic() - KEPT_SECONDS
            return any(words.get(_digest(word), 0.0) > since for word in _words_of_text(text))

    def clear(self) -> None:
        """Forget everything, as in a new process."""
        with self._lock:
            self._holders.clear()


memory = DisclosedValues()


def refuse_disclosed(actor: Actor, **texts: str | None) -> None:
    """Refuse texts that repeat a value which the caller has just read; names the member only."""
    for name, text in texts.items():
        if text and memory.contains(actor, text):
            raise Invalid(f"{name}: it contains a value that you have read; leave it out.", name)


def _words_of_value(value: str) -> Iterator[str]:
    words = value.split()
    shortest = SHORTEST_VALUE if len(words) == 1 else SHORTEST_WORD
    return (word for word in words[:KEPT_WORDS] if len(word) >= shortest)


def _words_of_text(text: str) -> Iterator[str]:
    """The words as they are, without marks around them, and the parts between quotes and `=`."""
    seen = {*text.split(), *_BREAKS.split(text)}
    seen |= {word.strip(MARKS) for word in seen}
    return (word for word in seen if len(word) >= SHORTEST_VALUE)


def _digest(word: str) -> bytes:
    return blake2b(word.encode("utf-8", "surrogatepass"), key=_KEY, digest_size=16).digest()
