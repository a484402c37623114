"""Ties a child's life to its parent's, so that a killed launcher leaves nothing running."""

import ctypes
import os
import signal
import sys
from collections.abc import Callable

PR_SET_PDEATHSIG = 1


def die_with_parent(end: signal.Signals = signal.SIGTERM) -> Callable[[], None]:
    """What a child runs between fork and exec to be sent `end` when its parent is gone.

    Linux only (prctl(2)); elsewhere nothing happens. It has to run after a change of user, which
    clears the setting; `subprocess` keeps that order.
    """
    if sys.platform != "linux":
        return lambda: None
    libc = ctypes.CDLL(None)
    parent = os.getpid()

    def ask() -> None:
        libc.prctl(PR_SET_PDEATHSIG, int(end), 0, 0, 0)
        if os.getppid() != parent:
            os._exit(1)

    return ask
