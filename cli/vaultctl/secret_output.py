"""Where a value may be written: a pipe or a file; a terminal only when the person asks for it."""

import os
import sys
from pathlib import Path

from vaultctl.configuration import write_private
from vaultctl.errors import VaultctlError
from vaultctl.exit_codes import Exit


def require_place(output: str | None, *, reveal: bool) -> None:
    """Refuse before the secret is fetched when it would appear on a terminal."""
    if output is None and sys.stdout.isatty() and not reveal:
        raise VaultctlError(
            "A secret is not shown on a terminal.",
            Exit.USAGE,
            hint="Send it to a pipe, write it to a file with --output FILE, or add --reveal.",
        )


def write_secret(text: str, output: str | None) -> None:
    """Write to the file (mode 0600) or to standard output, byte for byte."""
    if output is not None:
        write_private(Path(output), text)
        return
    try:
        sys.stdout.flush()
        data = text.encode()
        while data:
            data = data[os.write(sys.stdout.fileno(), data) :]
    except OSError as error:
        raise VaultctlError(
            f"Standard output cannot be written: {error.strerror}.", Exit.CANNOT_WRITE
        ) from None
