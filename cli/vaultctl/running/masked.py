"""Running a program with its output masked, on pipes or, where a person sits, on a terminal."""

import fcntl
import os
import pty
import select
import signal
import struct
import subprocess
import sys
import termios
import threading
import tty
from collections.abc import Callable, Mapping, Sequence
from types import FrameType

from disclosure.matching import RedactionError
from disclosure.redaction import RedactionStream, Redactor
from vaultctl.running.child import exit_code, forwarding, not_started, start

CHUNK = 65536
QUIET_SECONDS = 0.5
LEFT_OUT = b"\nvaultctl: the rest of this output is left out: it takes too long to search it.\n"


def run_masked(command: Sequence[str], environment: Mapping[str, str], redactor: Redactor) -> int:
    """Run the program and pass its output on without the secrets; answers its exit code."""
    if os.isatty(0) and os.isatty(1):
        return _on_terminal(command, environment, redactor)
    return _on_pipes(command, environment, redactor)


def _on_pipes(
    command: Sequence[str],
    environment: Mapping[str, str],
    redactor: Redactor,
) -> int:
    child = start(command, environment, stdout=subprocess.PIPE, stderr=subprocess.PIPE)
    assert child.stdout is not None
    assert child.stderr is not None
    pairs = ((child.stdout.fileno(), 1), (child.stderr.fileno(), 2))
    threads = [
        threading.Thread(target=_copy, args=[source, target, redactor], daemon=True)
        for source, target in pairs
    ]
    with forwarding(child.pid):
        for thread in threads:
            thread.start()
        status = child.wait()
        for thread in threads:
            # A program that the child left behind may keep the pipe open for ever.
            thread.join(1)
    return exit_code(status)


def _copy(source: int, target: int, redactor: Redactor) -> None:
    output = Output(target, redactor)
    while chunk := os.read(source, CHUNK):
        if not output.pass_on(chunk):
            return
    output.finish()


class Output:
    """One stream of the program's output. What cannot be searched for values is left out, and the
    program goes on.
    """

    def __init__(self, target: int, redactor: Redactor) -> None:
        self._target = target
        self._stream: RedactionStream | None = redactor.stream()

    def pass_on(self, chunk: bytes) -> bool:
        """Write what may pass; False when nobody reads any more."""
        return self._written(lambda stream: stream.feed(chunk))

    def finish(self) -> None:
        """Write the rest."""
        self._written(lambda stream: stream.finish())

    def _written(self, part: Callable[[RedactionStream], bytes]) -> bool:
        if self._stream is None:
            return True
        try:
            return _write(self._target, part(self._stream))
        except RedactionError:
            self._stream = None
            return _write(self._target, LEFT_OUT)


def _write(target: int, data: bytes) -> bool:
    """Write everything; False when nobody reads any more."""
    try:
        while data:
            data = data[os.write(target, data) :]
    except OSError:
        return False
    return True


def _on_terminal(
    command: Sequence[str],
    environment: Mapping[str, str],
    redactor: Redactor,
) -> int:
    failure, report = os.pipe()
    os.set_inheritable(report, False)
    pid, terminal = pty.fork()
    if pid == 0:
        try:
            os.execvpe(command[0], list(command), dict(environment))  # noqa: S606  # the person's own command
        except OSError as error:
            os.write(report, str(error.errno).encode())
        finally:
            os._exit(127)
    os.close(report)
    if number := os.read(failure, 16):
        os.waitpid(pid, 0)
        raise not_started(command[0], OSError(int(number), os.strerror(int(number))))
    _follow_size(terminal)
    saved = termios.tcgetattr(0)
    tty.setraw(0)
    try:
        with forwarding(pid):
            _converse(pid, terminal, redactor)
            _, status = os.waitpid(pid, 0)
    finally:
        termios.tcsetattr(0, termios.TCSADRAIN, saved)
    return exit_code(os.waitstatus_to_exitcode(status))


def _converse(pid: int, terminal: int, redactor: Redactor) -> None:
    """Copy in both directions until the program closes its terminal, or has ended and left
    somebody behind who keeps it open.
    """
    output = Output(1, redactor)
    sources = [terminal, 0]
    while True:
        ready, _, _ = select.select(sources, [], [], QUIET_SECONDS)
        if not ready and _has_ended(pid):
            output.finish()
            return
        if 0 in ready:
            typed = os.read(0, CHUNK)
            if not typed or not _write(terminal, typed):
                sources = [terminal]
        if terminal in ready:
            try:
                chunk = os.read(terminal, CHUNK)
            except OSError:  # Linux says so when the program is gone
                chunk = b""
            if not chunk:
                output.finish()
                return
            output.pass_on(chunk)


def _has_ended(pid: int) -> bool:
    """Whether the program has ended; its exit code is still to be fetched."""
    return os.waitid(os.P_PID, pid, os.WEXITED | os.WNOHANG | os.WNOWAIT) is not None


def _follow_size(terminal: int) -> None:
    def follow(_: int = 0, __: FrameType | None = None) -> None:
        size = fcntl.ioctl(sys.stdout.fileno(), termios.TIOCGWINSZ, struct.pack("HHHH", 0, 0, 0, 0))
        fcntl.ioctl(terminal, termios.TIOCSWINSZ, size)

    follow()
    signal.signal(signal.SIGWINCH, follow)
