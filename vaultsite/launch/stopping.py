"""The two ways a command ends early: a problem told in one plain line, or a signal."""

import signal


class CannotContinue(Exception):
    """Ends the command with exit code 1 and this text; it names no secret."""


def stop_on_signals() -> None:
    """Makes the usual ending signals raise KeyboardInterrupt.

    SIGINT too: a shell starts background jobs with it ignored. An ignored SIGHUP is a wish (nohup).
    """
    for name in (signal.SIGINT, signal.SIGTERM, signal.SIGHUP):
        if name != signal.SIGHUP or signal.getsignal(name) != signal.SIG_IGN:
            signal.signal(name, signal.default_int_handler)
