"""Whether entries are as they were written: their MACs, whose key is outside the database."""

import hmac

from audit.models import Entry
from audit.recording import entry_mac


def is_genuine(entry: Entry) -> bool:
    """Whether the entry's MAC verifies. False for a row that was changed or added by somebody with
    rights in the database, and for all rows when the audit key was replaced.
    """
    return hmac.compare_digest(bytes(entry.mac), entry_mac(entry))
