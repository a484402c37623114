"""The two ways a command ends early: an error in one plain line, or a signal."""

import signal
import sys
from collections.abc import Callable


class LaunchError(Exception):
    """Ends the command with exit code 1 and this text; it names no secret."""


def stop_on_signals() -> None:
    """Makes the usual ending signals raise KeyboardInterrupt.

    SIGINT too: a shell starts background jobs with it ignored. An ignored SIGHUP is kept (nohup).
    """
    for name in (signal.SIGINT, signal.SIGTERM, signal.SIGHUP):
        if name != signal.SIGHUP or signal.getsignal(name) != signal.SIG_IGN:
            signal.signal(name, signal.default_int_handler)


def exit_code(run: Callable[[], int]) -> int:
    """The result of `run`, 1 after a LaunchError, which is printed, 130 after a signal."""
    stop_on_signals()
    try:
        return run()
    except LaunchError as problem:
        print(f"vault: {problem}", file=sys.stderr, flush=True)
        return 1
    except KeyboardInterrupt:
        return 130
