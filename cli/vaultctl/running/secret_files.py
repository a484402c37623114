"""Files of one run: private, gone with it, and in memory when they hold a value."""

import os
import shutil
import subprocess
import sys
import tempfile
from collections.abc import Iterator
from contextlib import contextmanager
from pathlib import Path

PREFIX = "vaultctl-"
_MEMORY = (Path("/dev/shm"), Path("/run/shm"))  # noqa: S108  # checked below, and private inside
# Waits until its input ends, which it does however vaultctl ends, and removes the directory.
_REMOVER = "import shutil, sys; sys.stdin.buffer.read(); shutil.rmtree(sys.argv[1], True)"


@contextmanager
def private_directory(*, in_memory: bool) -> Iterator[Path]:
    """A directory with mode 0700, removed at the end, also when this process is killed.

    In memory where the system has such a place; otherwise where sandboxes, which have a /dev of
    their own, can read it too.
    """
    place = Path(tempfile.mkdtemp(prefix=PREFIX, dir=_memory() if in_memory else None))
    remover = subprocess.Popen(  # noqa: S603  # our own interpreter and text
        [sys.executable, "-I", "-S", "-c", _REMOVER, str(place)],
        stdin=subprocess.PIPE,
        stdout=subprocess.DEVNULL,
        stderr=subprocess.DEVNULL,
        start_new_session=True,
    )
    try:
        yield place
    finally:
        shutil.rmtree(place, ignore_errors=True)
        assert remover.stdin is not None
        remover.stdin.close()
        remover.wait()


def write_file(directory: Path, name: str, text: str) -> Path:
    """A file with mode 0600."""
    path = directory / name
    descriptor = os.open(path, os.O_WRONLY | os.O_CREAT | os.O_EXCL, 0o600)
    with os.fdopen(descriptor, "wb") as file:
        file.write(text.encode())
    return path


def _memory() -> Path | None:
    runtime = os.environ.get("XDG_RUNTIME_DIR")
    places = [*([Path(runtime)] if runtime else []), *_MEMORY]
    return next((place for place in places if place.is_dir() and os.access(place, os.W_OK)), None)
