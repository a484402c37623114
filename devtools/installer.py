"""Fills a new virtual environment from the lock: by uv where it is installed, else by pip."""

import os
import re
import select
import shutil
import subprocess
import sys
import time
from collections import deque
from collections.abc import Iterator, Sequence
from pathlib import Path
from typing import TextIO

from devtools.process_lifetime import die_with_parent

LOCKED = ("--require-hashes", "--only-binary", ":all:")
A_PIN = re.compile(r"^[A-Za-z0-9][\w.-]*==", re.MULTILINE)
LAST_LINES = 15
WIDTH = 16  # characters of the bar


class InstallError(Exception):
    """Why the requirements could not be installed, with the installer's last lines."""


class Progress:
    """One line of progress with elapsed seconds, redrawn on a terminal and plain elsewhere.

    `total` is the number of steps.
    """

    def __init__(self, what: str, total: int, stream: TextIO | None = None) -> None:
        self._what = what
        self._total = max(total, 1)
        self._stream = stream or sys.stdout
        self._terminal = self._stream.isatty()
        self._started = time.monotonic()
        if not self._terminal:
            self._write(f"==> {what} ...\n")

    def show(self, done: int, note: str = "") -> None:
        """Redraws the line; writes nothing where there is no terminal."""
        if self._terminal:
            filled = WIDTH * min(done, self._total) // self._total
            bar = "#" * filled + "." * (WIDTH - filled)
            self._write(
                f"\r\x1b[K==> {self._what} {bar} {done}/{self._total} {note} {self._seconds()}"
            )

    def finish(self, outcome: str) -> None:
        """Ends the line with the outcome and the seconds it took."""
        start = "\r\x1b[K" if self._terminal else ""
        self._write(f"{start}==> {self._what}: {outcome}, {self._seconds()}\n")

    def _seconds(self) -> str:
        return f"{time.monotonic() - self._started:.0f} s"

    def _write(self, text: str) -> None:
        self._stream.write(text)
        self._stream.flush()


def install(directory: Path, python: Path, locks: Sequence[Path], lock_file: int) -> None:
    """Makes `directory` a virtual environment, unless it is one, and installs `locks` in it.

    `lock_file` is an open file that the installers inherit, so that its lock outlasts this process.
    Raises InstallError.
    """
    total = sum(len(A_PIN.findall(lock.read_text(encoding="utf-8"))) for lock in locks)
    progress = Progress("setting up .venv", total)
    is_new = not python.exists()
    wanted = [*LOCKED, *(word for lock in locks for word in ("-r", str(lock)))]
    if not _by_uv(directory, python, wanted, lock_file, progress):
        if is_new:
            _run(_make_venv(directory, "--clear"), lock_file, progress)
        _by_pip(python, wanted, lock_file, progress)
    progress.finish(f"{total} locked packages")


def _by_uv(
    directory: Path, python: Path, wanted: list[str], lock_file: int, progress: Progress
) -> bool:
    uv = shutil.which("uv")
    if uv is None:
        return False
    try:
        if not python.exists():
            _run(_make_venv(directory, "--without-pip"), lock_file, progress)
        _run([uv, "pip", "install", "--python", str(python), *wanted], lock_file, progress)
    except InstallError:
        progress.show(0, "uv could not; trying pip")
        return False
    return True


def _by_pip(python: Path, wanted: list[str], lock_file: int, progress: Progress) -> None:
    if not any(python.parent.glob("pip*")):  # uv made this environment
        _run([str(python), "-m", "ensurepip"], lock_file, progress)
    pip = [str(python), "-m", "pip", "install", "--no-input", "--progress-bar", "off"]
    _run([*pip, *wanted], lock_file, progress)


def _make_venv(directory: Path, option: str) -> list[str]:
    # The base interpreter: one inside the environment would be replaced while it runs.
    base = getattr(sys, "_base_executable", None) or sys.executable
    return [base, "-m", "venv", option, str(directory)]


def _run(command: list[str], lock_file: int, progress: Progress) -> None:
    """Runs one installer and shows how many packages it has collected."""
    process = subprocess.Popen(
        command,
        stdin=subprocess.DEVNULL,
        stdout=subprocess.PIPE,
        stderr=subprocess.STDOUT,
        env=_surroundings(),
        pass_fds=(lock_file,),
        preexec_fn=die_with_parent(),  # noqa: PLW1509 - the launcher has no threads
    )
    last: deque[str] = deque(maxlen=LAST_LINES)
    seen = 0
    with process:
        for line in _lines(process):
            if line:
                last.append(line)
            seen += line.startswith("Collecting ")
            note = "installing" if line.startswith("Installing ") else ""
            progress.show(seen, note)
    if process.returncode:
        raise InstallError("the requirements cannot be installed\n" + "\n".join(last))


def _lines(process: subprocess.Popen[bytes]) -> Iterator[str]:
    """The process's lines as they come, and an empty one for every second of silence."""
    assert process.stdout is not None
    pipe = process.stdout.fileno()
    rest = b""
    while True:
        if not select.select([pipe], [], [], 1)[0]:
            yield ""
            continue
        piece = os.read(pipe, 65536)
        if not piece:
            return
        *whole, rest = (rest + piece).split(b"\n")
        yield from (line.decode(errors="replace").rstrip() for line in whole)


def _surroundings() -> dict[str, str]:
    dropped = ("PYTHONHOME", "PYTHONPATH", "VIRTUAL_ENV")
    kept = {name: value for name, value in os.environ.items() if name not in dropped}
    return kept | {
        "PIP_DISABLE_PIP_VERSION_CHECK": "1",
        "PYTHONUNBUFFERED": "1",
        "UV_SYSTEM_CERTS": "1",
        "UV_PYTHON_DOWNLOADS": "never",
    }
