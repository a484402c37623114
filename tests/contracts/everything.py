"""All that anybody is told, searched for marked secrets in every spelling."""

import base64
import logging
import secrets
import traceback
from collections.abc import Callable, Iterator
from dataclasses import dataclass, field
from typing import Any


@dataclass
class Everything:
    """All that was told to anybody, and the marks that must not be in it."""

    marks: dict[str, str] = field(default_factory=dict)
    told: list[str] = field(default_factory=list)
    failures: int = 0

    def mark(self, name: str) -> str:
        """A new secret of that name."""
        return self.marks.setdefault(name, f"canary-{secrets.token_urlsafe(18)}")

    def tell(self, *facts: object) -> None:
        """Remember what somebody saw, as text and as a debugger would print it."""
        self.told += [f"{fact}\n{fact!r}" for fact in facts]

    def run(self, call: Callable[[], Any]) -> Any:
        """The call's answer, not searched; an error's text, repr and traceback are."""
        try:
            return call()
        except Exception as error:  # noqa: BLE001  # whatever it is, it must not tell
            self.failures += 1
            self.tell(error, error.args, *traceback.format_exception(error))
            self.tell(getattr(error, "as_problem", dict)())
            return None

    def require_silence(self, *more: str) -> None:
        """No mark in any of its spellings anywhere."""
        texts = "\n".join([*self.told, *more])
        for name, mark in self.marks.items():
            assert not any(spelling in texts for spelling in spellings(mark)), f"{name} was told"


def spellings(mark: str) -> Iterator[str]:
    """As it is, reversed, in hex as the database prints bytes, and in base64 at any offset."""
    yield mark
    yield mark[::-1]
    yield mark.encode().hex()
    for offset in range(3):
        encoded = base64.b64encode(b"x" * offset + mark.encode()).decode()
        yield encoded[4:-4]


class Listening(logging.Handler):
    """Every record, as written and as a debugger would show it."""

    def __init__(self, seen: Everything) -> None:
        super().__init__(logging.DEBUG)
        self._seen = seen

    def emit(self, record: logging.LogRecord) -> None:
        self._seen.told += [self.format(record), repr(record.__dict__)]
