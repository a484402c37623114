"""One line of progress with elapsed seconds, redrawn on a terminal and plain elsewhere."""

import sys
import time
from typing import TextIO

WIDTH = 16


class Progress:
    """Shows how far one long step is; `total` counts its pieces."""

    def __init__(self, what: str, total: int, stream: TextIO | None = None) -> None:
        self._what = what
        self._total = max(total, 1)
        self._stream = stream or sys.stdout
        self._terminal = self._stream.isatty()
        self._started = time.monotonic()
        if not self._terminal:
            self._write(f"==> {what} ...\n")

    def show(self, done: int, note: str = "") -> None:
        """Redraws the line; says nothing where there is no terminal."""
        if self._terminal:
            filled = WIDTH * min(done, self._total) // self._total
            bar = "#" * filled + "." * (WIDTH - filled)
            self._write(
                f"\r\x1b[K==> {self._what} {bar} {done}/{self._total} {note} {self._seconds()}"
            )

    def finish(self, outcome: str) -> None:
        """Ends the line with how it went and how long it took."""
        start = "\r\x1b[K" if self._terminal else ""
        self._write(f"{start}==> {self._what}: {outcome}, {self._seconds()}\n")

    def _seconds(self) -> str:
        return f"{time.monotonic() - self._started:.0f} s"

    def _write(self, text: str) -> None:
        self._stream.write(text)
        self._stream.flush()
