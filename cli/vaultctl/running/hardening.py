"""Keeping values in this process away from other programs of the same user."""

import contextlib
import ctypes
import os
import resource
import sys

_PR_SET_DUMPABLE = 4  # prctl(2)


def protect_memory() -> None:
    """No core dumps, on Linux no reading of memory or environment through /proc (not by root), and
    no file with the keys of TLS connections, in which values are sent.
    """
    os.environ.pop("SSLKEYLOGFILE", None)
    with contextlib.suppress(OSError, ValueError):
        resource.setrlimit(resource.RLIMIT_CORE, (0, 0))
    if sys.platform == "linux":
        with contextlib.suppress(OSError, AttributeError):
            ctypes.CDLL(None).prctl(_PR_SET_DUMPABLE, 0, 0, 0, 0)
