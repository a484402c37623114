"""What one session of an agent has read, as fingerprints in the memory of a process of its own.

Hooks are short-lived, and a value must not be on a disk. So the first hook that sees a value starts
this process, and later hooks ask it over a socket that only their user can open. The process makes
the key of the fingerprints and never receives a value. It ends with the session, or after hours
without a question.
"""

import hashlib
import json
import os
import socket
import subprocess
import sys
import time
from dataclasses import asdict, dataclass, field
from pathlib import Path
from stat import S_ISDIR
from typing import Any

from vaultctl.configuration import create_directory
from vaultctl.fingerprints import Finder, Fingerprint, fingerprints_of, new_key, redact_strings

IDLE_SECONDS = 6 * 3600
START_SECONDS = 10
LONGEST = 16 * 1024 * 1024
_SHORT_PATH = 100  # a socket's path has at most about 104 characters


def socket_path(session_id: str) -> Path:
    """Where the session's process listens."""
    name = f"session-{hashlib.sha256(session_id.encode()).hexdigest()[:16]}.sock"
    runtime = os.environ.get("XDG_RUNTIME_DIR")
    place = Path(runtime) if runtime and Path(runtime).is_dir() else create_directory()
    path = place / name
    if len(str(path)) > _SHORT_PATH:
        short = short_directory()
        short.mkdir(mode=0o700, exist_ok=True)
        found = short.lstat()  # a link could lead anywhere
        if not S_ISDIR(found.st_mode) or found.st_uid != os.getuid() or found.st_mode & 0o077:
            raise OSError("not private")
        path = short / name
    return path


def short_directory() -> Path:
    """A private directory with a short path; `socket_path` checks that it is."""
    return Path("/tmp") / f".vaultctl-{os.getuid()}"  # noqa: S108


def ask(session_id: str, question: dict[str, Any]) -> dict[str, Any] | None:
    """The answer of the session's process; None when there is none."""
    try:
        with socket.socket(socket.AF_UNIX) as connection:
            connection.settimeout(10)
            connection.connect(str(socket_path(session_id)))
            connection.sendall(json.dumps(question).encode())
            connection.shutdown(socket.SHUT_WR)
            answer = _receive(connection)
        found = json.loads(answer)
    except (OSError, ValueError):
        return None
    return found if isinstance(found, dict) else None


def learn(session_id: str, values: list[str]) -> None:
    """Let the session's process know the fingerprints of more values."""
    key = _key(session_id)
    if key is not None:
        found = [one for value in values for one in fingerprints_of(value, key)]
        ask(session_id, {"learn": [asdict(one) for one in found]})


def _key(session_id: str) -> str | None:
    """The key of the session's process, which is started if there is none; None if it fails."""
    _start_process(session_id)
    answer = ask(session_id, {}) or {}
    key = answer.get("key")
    return key if isinstance(key, str) else None


def _start_process(session_id: str) -> None:
    if ask(session_id, {}) is not None:
        return
    subprocess.Popen(  # noqa: S603  # this program itself
        [sys.executable, "-m", "vaultctl", "hook", "remember", "--session", session_id],
        stdin=subprocess.DEVNULL,
        stdout=subprocess.DEVNULL,
        stderr=subprocess.DEVNULL,
        start_new_session=True,
    )
    end = time.monotonic() + START_SECONDS
    while time.monotonic() < end and ask(session_id, {}) is None:
        time.sleep(0.05)


def serve(session_id: str) -> None:
    """Be the session's process until the session ends."""
    from vaultctl.running.hardening import protect_memory

    protect_memory()
    path = socket_path(session_id)
    path.unlink(missing_ok=True)
    memory = Memory()
    with socket.socket(socket.AF_UNIX) as listener:
        os.umask(0o177)
        listener.bind(str(path))
        listener.listen()
        listener.settimeout(IDLE_SECONDS)
        try:
            while _answered(listener, memory):
                pass
        finally:
            path.unlink(missing_ok=True)


@dataclass
class Memory:
    """The key of this session, and the fingerprints of what was read in it."""

    key: str = field(default_factory=new_key)
    known: list[Fingerprint] = field(default_factory=list)

    def answer(self, question: dict[str, Any]) -> dict[str, Any]:
        """Learn fingerprints, or redact an output; without either, the key."""
        new = (Fingerprint(**one) for one in question.get("learn", []))
        self.known += [one for one in new if one not in self.known]
        if "output" not in question:
            return {"key": self.key}
        count, output = redact_strings(question["output"], Finder(self.known, self.key))
        return {"redactions": count, "output": output}


def _answered(listener: socket.socket, memory: Memory) -> bool:
    """Answer one question; False at the session's end."""
    try:
        connection, _ = listener.accept()
    except TimeoutError:
        return False
    with connection:
        connection.settimeout(10)
        try:
            question = json.loads(_receive(connection))
        except (OSError, ValueError):
            return True
        if question.get("end"):
            return False
        connection.sendall(json.dumps(memory.answer(question)).encode())
    return True


def _receive(connection: socket.socket) -> bytes:
    data = b""
    while chunk := connection.recv(65536):
        data += chunk
        if len(data) > LONGEST:
            raise OSError("too long")
    return data
