"""The program of a run: started, given signals, waited for."""

import os
import signal
import subprocess
from collections.abc import Callable, Iterator, Mapping, Sequence
from contextlib import contextmanager
from types import FrameType

from vaultctl.errors import VaultctlError
from vaultctl.exit_codes import Exit
from vaultctl.interruption import Interrupted

FORWARDED = (signal.SIGTERM, signal.SIGHUP, signal.SIGUSR1, signal.SIGUSR2)
KEYBOARD = (signal.SIGINT, signal.SIGQUIT)

Handler = Callable[[int, FrameType | None], None]


@contextmanager
def interruptible() -> Iterator[None]:
    """Turn signals that would end the process into Interrupted, so that leases are released."""

    def interrupt(number: int, _: FrameType | None) -> None:
        raise Interrupted(number)

    signals = (*FORWARDED[:2], signal.SIGINT)
    earlier = {number: signal.signal(number, interrupt) for number in signals}
    try:
        yield
    finally:
        for number, handler in earlier.items():
            signal.signal(number, handler)


def start(
    command: Sequence[str], environment: Mapping[str, str], **streams: int
) -> "subprocess.Popen[bytes]":
    """Start the program. Raises VaultctlError as a shell would exit."""
    try:
        return subprocess.Popen(list(command), env=dict(environment), **streams)  # type: ignore[call-overload,no-any-return]  # noqa: S603  # the person's own command
    except OSError as error:
        raise not_started(command[0], error) from None


def not_started(program: str, error: OSError) -> VaultctlError:
    """Why a program did not start."""
    if isinstance(error, FileNotFoundError):
        return VaultctlError(f"There is no program {program}.", Exit.NO_PROGRAM)
    return VaultctlError(f"{program} cannot be executed: {error.strerror}.", Exit.CANNOT_EXECUTE)


@contextmanager
def forwarding(pid: int) -> Iterator[None]:
    """Pass signals on to the program.

    What a person types at a terminal reaches the program by itself.
    """

    def forward(number: int, _: FrameType | None) -> None:
        try:
            os.kill(pid, number)
        except ProcessLookupError:
            return

    def ignore(_: int, __: FrameType | None) -> None:
        return

    typed: Handler = ignore if _in_foreground() else forward
    handlers = dict.fromkeys(FORWARDED, forward) | dict.fromkeys(KEYBOARD, typed)
    earlier = {number: signal.signal(number, handler) for number, handler in handlers.items()}
    try:
        yield
    finally:
        for number, was in earlier.items():
            signal.signal(number, was)


def exit_code(status: int) -> int:
    """A Popen's return code as a shell tells it: 128 and the signal's number."""
    return 128 - status if status < 0 else status


def _in_foreground() -> bool:
    """Whether this process is in a terminal's foreground group."""
    for descriptor in (0, 1, 2):
        try:
            return os.tcgetpgrp(descriptor) == os.getpgrp()
        except OSError:
            continue
    return False
