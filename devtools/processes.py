"""Child processes that are started together, watched together and always stopped."""

import contextlib
import os
import signal
import subprocess
import time
from collections.abc import Iterator, Mapping, Sequence
from dataclasses import dataclass, field
from pathlib import Path
from typing import Self

from devtools.exit_codes import LaunchError
from devtools.os_accounts import Account
from devtools.process_lifetime import die_with_parent

STOP_SECONDS = 10
LAST_LINES = 12
INTERRUPTIONS = (signal.SIGINT, signal.SIGTERM, signal.SIGHUP)


@dataclass(frozen=True)
class Program:
    """What to start: `end` is the signal that stops it; `stdin` is its whole input."""

    name: str
    arguments: Sequence[str]
    environment: Mapping[str, str]
    account: Account | None = None
    end: signal.Signals = signal.SIGTERM
    stdin: bytes = b""
    descriptors: tuple[int, ...] = ()
    directory: Path | None = None


@dataclass(frozen=True)
class Child:
    """A started program and its log."""

    program: Program
    process: subprocess.Popen[bytes]
    log: Path

    def is_running(self) -> bool:
        """Whether it has not ended."""
        return self.process.poll() is None

    def ending(self) -> str:
        """One line on how it ended, its log and the log's last lines."""
        lines = self.log.read_text(encoding="utf-8", errors="replace").splitlines()[-LAST_LINES:]
        code = self.process.poll()
        return "\n    ".join(
            [f"{self.program.name} ended (exit code {code}); its log is {self.log}", *lines]
        )


@dataclass
class ProcessGroup:
    """Programs of one layer; leaving the context stops them all."""

    logs: Path
    children: list[Child] = field(default_factory=list)

    def __enter__(self) -> Self:
        return self

    def __exit__(self, *_: object) -> None:
        with _undisturbed():
            self.stop()

    def start(self, program: Program) -> Child:
        """Starts a program in a process group of its own. Raises LaunchError."""
        log = self.logs / f"{program.name}.log"
        with _fresh_log(log) as output:
            try:
                process = _spawn(program, output)
            except OSError as error:
                raise LaunchError(f"cannot start {program.name}: {error.strerror}") from None
        child = Child(program, process, log)
        self.children.append(child)
        _feed(process, program.stdin)
        return child

    def run(self, program: Program) -> None:
        """Runs a program to its end. Raises LaunchError when it fails."""
        child = self.start(program)
        code = child.process.wait()
        self.children.remove(child)
        if code:
            raise LaunchError(child.ending())

    def require_running(self) -> None:
        """Raises LaunchError when one of the programs has ended."""
        for child in self.children:
            if not child.is_running():
                raise LaunchError(child.ending())

    def progress(self) -> object:
        """Something that changes while the programs work: their processor time and logs."""
        return [(_processor_time(child), child.log.stat().st_size) for child in self.children]

    def stop(self) -> None:
        """Asks all to end, waits, and kills what is left of their groups."""
        for child in self.children:
            _signal(child, child.program.end)
        deadline = time.monotonic() + STOP_SECONDS
        for child in self.children:
            with contextlib.suppress(subprocess.TimeoutExpired):
                child.process.wait(max(0.0, deadline - time.monotonic()))
            _end_group(child)
        self.children.clear()


@contextlib.contextmanager
def _undisturbed() -> Iterator[None]:
    """Ignores signals while the processes are stopped."""
    before = {name: signal.signal(name, signal.SIG_IGN) for name in INTERRUPTIONS}
    try:
        yield
    finally:
        for name, handler in before.items():
            signal.signal(name, handler)


def _spawn(program: Program, output: int) -> subprocess.Popen[bytes]:
    account = program.account
    return subprocess.Popen(
        program.arguments,
        env=dict(program.environment),
        cwd=program.directory,
        stdin=subprocess.PIPE if program.stdin else subprocess.DEVNULL,
        stdout=output,
        stderr=subprocess.STDOUT,
        user=account.uid if account else None,
        group=account.gid if account else None,
        extra_groups=[] if account else None,
        pass_fds=program.descriptors,
        process_group=0,
        preexec_fn=die_with_parent(program.end),  # noqa: PLW1509 - the launcher has no threads
    )


def _feed(process: subprocess.Popen[bytes], text: bytes) -> None:
    if process.stdin is not None:
        with contextlib.suppress(BrokenPipeError), process.stdin:
            process.stdin.write(text)


@contextlib.contextmanager
def _fresh_log(path: Path) -> Iterator[int]:
    """A new private log; the one of the run before is kept beside it."""
    with contextlib.suppress(FileNotFoundError):
        path.replace(path.with_suffix(".log.before"))
    log = os.open(path, os.O_WRONLY | os.O_CREAT | os.O_APPEND | os.O_CLOEXEC, 0o600)
    try:
        yield log
    finally:
        os.close(log)


def _processor_time(child: Child) -> str:
    """Ticks in user and kernel mode, fields 14 and 15 of proc(5); empty where there is no /proc."""
    try:
        status = Path(f"/proc/{child.process.pid}/stat").read_text(encoding="utf-8")
    except OSError:
        return ""
    # The name before the last parenthesis may contain blanks.
    return " ".join(status.rpartition(")")[2].split()[11:13])


def _signal(child: Child, end: signal.Signals) -> None:
    if child.is_running():
        child.process.send_signal(end)


def _end_group(child: Child) -> None:
    with contextlib.suppress(ProcessLookupError, PermissionError):
        os.killpg(child.process.pid, signal.SIGKILL)
    child.process.wait()
