"""Whether this process has the installation's root key; without it, it answers only probes."""

import logging

from django.db import DatabaseError, InterfaceError, connection

from credentials.envelope import require_known_root_key
from foundation.errors import Unavailable
from vaultsite.startup_checks import UnsafeStart, close_database

log = logging.getLogger(__name__)


class RootKeyGate:
    """Closed under a wrong root key: leases would be given that nobody can redeem.

    The database says which root keys its keys are under, so this is known before anything is
    opened. A closed gate asks again at each request, because a restored database may open it.
    """

    def __init__(self) -> None:
        self.is_open = True

    def check(self) -> bool:
        """Ask the database; while it is out of reach the gate stays as it is."""
        try:
            require_known_root_key()
        except Unavailable:
            if self.is_open:
                log.critical("the root key is not the one of this installation; nothing is served")
            self.is_open = False
        except (DatabaseError, InterfaceError):
            pass
        else:
            self.is_open = True
        finally:
            connection.close()  # asked in threads whose connections nobody else gives back
        return self.is_open


gate = RootKeyGate()


def require_root_key() -> None:
    """Raise UnsafeStart under a wrong root key."""
    try:
        require_known_root_key()
    except Unavailable as error:
        raise UnsafeStart(f"vault: {error.detail}") from None
    finally:
        close_database()
