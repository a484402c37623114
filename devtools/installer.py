"""Fills a new virtual environment from the lock: by uv where it is installed, else by pip."""

import os
import re
import select
import shutil
import subprocess
import sys
from collections import deque
from collections.abc import Iterator
from pathlib import Path

from devtools.process_lifetime import die_with_parent
from devtools.progress import Progress

LOCKED = ("--require-hashes", "--only-binary", ":all:")
A_PIN = re.compile(r"^[A-Za-z0-9][\w.-]*==", re.MULTILINE)
LAST_LINES = 15


class InstallError(Exception):
    """Why the requirements could not be installed, with the installer's last lines."""


def install(directory: Path, python: Path, lock: Path, held: int) -> None:
    """Makes `directory` a virtual environment holding exactly `lock`.

    `held` is an open file that the installers inherit, so that its lock lasts as long as they do.
    Raises InstallError.
    """
    total = len(A_PIN.findall(lock.read_text(encoding="utf-8")))
    progress = Progress("setting up .venv", total)
    if not _by_uv(directory, python, lock, held, progress):
        _by_pip(directory, python, lock, held, progress)
    progress.finish(f"{total} locked packages")


def _by_uv(directory: Path, python: Path, lock: Path, held: int, progress: Progress) -> bool:
    uv = shutil.which("uv")
    if uv is None:
        return False
    command = [uv, "pip", "install", "--python", str(python), *LOCKED, "-r", str(lock)]
    try:
        _run(_make_venv(directory, "--without-pip"), held, progress)
        _run(command, held, progress)
    except InstallError:
        progress.show(0, "uv could not; trying pip")
        return False
    return True


def _by_pip(directory: Path, python: Path, lock: Path, held: int, progress: Progress) -> None:
    _run(_make_venv(directory, "--clear"), held, progress)
    pip = [str(python), "-m", "pip", "install", "--no-input", "--progress-bar", "off"]
    _run([*pip, *LOCKED, "-r", str(lock)], held, progress)


def _make_venv(directory: Path, option: str) -> list[str]:
    # The base interpreter: one inside the environment would be replaced while it runs.
    base = getattr(sys, "_base_executable", None) or sys.executable
    return [base, "-m", "venv", option, str(directory)]


def _run(command: list[str], held: int, progress: Progress) -> None:
    """Runs one installer and shows how many packages it has come to."""
    process = subprocess.Popen(
        command,
        stdin=subprocess.DEVNULL,
        stdout=subprocess.PIPE,
        stderr=subprocess.STDOUT,
        env=_surroundings(),
        pass_fds=(held,),
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
