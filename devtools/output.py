"""What the two commands print: one line per step, with seconds."""

import contextlib
import time
from collections.abc import Iterator


def say(text: str) -> None:
    """One line about what was done."""
    print(f"==> {text}", flush=True)


def hint(text: str) -> None:
    """One line that belongs to the line above."""
    print(f"    {text}", flush=True)


@contextlib.contextmanager
def timed(text: str) -> Iterator[None]:
    """Says `text` with the seconds it took, once it has succeeded."""
    started = time.monotonic()
    yield
    say(f"{text}, {time.monotonic() - started:.1f} s")
