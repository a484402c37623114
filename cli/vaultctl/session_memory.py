"""What one session of an agent has leased, in the memory of a process of its own.

Hooks are short-lived, and a value must not be on a disk. So the first hook that sees a value starts
this process, and later hooks ask it over a socket that only their user can open. It ends with the
session, or after hours without a question.
"""

import hashlib
import json
import os
import socket
import subprocess
import sys
import time
from pathlib import Path
from typing import Any

from vaultctl.configuration import create_directory

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
        short = Path("/tmp") / f".vaultctl-{os.getuid()}"  # noqa: S108  # private, checked below
        short.mkdir(mode=0o700, exist_ok=True)
        if short.stat().st_uid != os.getuid() or short.stat().st_mode & 0o077:
            raise OSError("not private")
        path = short / name
    return path


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
    """Let the session's process know more values; start it if there is none."""
    question = {"learn": values}
    if ask(session_id, question) is not None:
        return
    subprocess.Popen(  # noqa: S603  # this program itself
        [sys.executable, "-m", "vaultctl", "hook", "remember", "--session", session_id],
        stdin=subprocess.DEVNULL,
        stdout=subprocess.DEVNULL,
        stderr=subprocess.DEVNULL,
        start_new_session=True,
    )
    end = time.monotonic() + START_SECONDS
    while time.monotonic() < end and ask(session_id, question) is None:
        time.sleep(0.05)


def serve(session_id: str) -> None:
    """Be the session's process until the session ends."""
    from vaultctl.running.hardening import protect_memory

    protect_memory()
    path = socket_path(session_id)
    path.unlink(missing_ok=True)
    values: list[str] = []
    with socket.socket(socket.AF_UNIX) as listener:
        os.umask(0o177)
        listener.bind(str(path))
        listener.listen()
        listener.settimeout(IDLE_SECONDS)
        try:
            while _answered(listener, values):
                pass
        finally:
            path.unlink(missing_ok=True)


def _answered(listener: socket.socket, values: list[str]) -> bool:
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
        values += [value for value in question.get("learn", []) if value not in values]
        if question.get("end"):
            return False
        connection.sendall(json.dumps(_redacted(question, values)).encode())
    return True


def _redacted(question: dict[str, Any], values: list[str]) -> dict[str, Any]:
    from disclosure.redaction import Redactor

    if "output" not in question:
        return {}
    count, output = redact_strings(question["output"], Redactor(values))
    return {"redactions": count, "output": output}


def redact_strings(data: Any, redactor: Any) -> tuple[int, Any]:
    """The same data with every string redacted, and how often something was taken out."""
    if isinstance(data, str):
        text, count = redactor.redact_text(data)
        return count, text
    if isinstance(data, list):
        parts = [redact_strings(part, redactor) for part in data]
        return sum(count for count, _ in parts), [part for _, part in parts]
    if isinstance(data, dict):
        members = {name: redact_strings(part, redactor) for name, part in data.items()}
        return sum(c for c, _ in members.values()), {n: part for n, (_, part) in members.items()}
    return 0, data


def _receive(connection: socket.socket) -> bytes:
    data = b""
    while chunk := connection.recv(65536):
        data += chunk
        if len(data) > LONGEST:
            raise OSError("too long")
    return data
