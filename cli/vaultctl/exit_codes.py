"""Exit codes, those of sysexits(3) where it has one. docs/vaultctl.md lists them."""

from enum import IntEnum


class Exit(IntEnum):
    """How a command of vaultctl ended; `run` passes its program's own code on."""

    OK = 0
    FAILED = 1
    USAGE = 2
    REJECTED = 65  # the server found the input invalid, or in conflict with the state
    NOT_FOUND = 66
    NOT_SIGNED_IN = 67
    UNAVAILABLE = 69  # the server cannot be reached, or does not work
    INTERNAL = 70
    LEASE_OVER = 72
    CANNOT_WRITE = 73
    LATER = 75  # waits for approval, or a limit is reached
    DENIED = 77
    CONFIGURATION = 78
    CANNOT_EXECUTE = 126
    NO_PROGRAM = 127
    INTERRUPTED = 130


MEANINGS = {
    Exit.OK: "done",
    Exit.FAILED: "`doctor` found a problem",
    Exit.USAGE: "the command line is wrong",
    Exit.REJECTED: "the server refused the input, or it conflicts with the present state",
    Exit.NOT_FOUND: "there is no such credential, lease or request",
    Exit.NOT_SIGNED_IN: "not signed in, or the sign-in is over",
    Exit.UNAVAILABLE: "the server cannot be reached or does not work",
    Exit.INTERNAL: "an error in vaultctl or the server",
    Exit.LEASE_OVER: "the lease ended",
    Exit.CANNOT_WRITE: "a file cannot be written",
    Exit.LATER: "waits for approval, or a limit is reached: repeat it later",
    Exit.DENIED: "not allowed, by the server or by the credential's policy",
    Exit.CONFIGURATION: "a setting of vaultctl is missing or wrong",
    Exit.CANNOT_EXECUTE: "`run`: the program cannot be executed",
    Exit.NO_PROGRAM: "`run`: there is no such program",
    Exit.INTERRUPTED: "interrupted by Ctrl-C",
}
