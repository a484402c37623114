"""The type of an imported value. A guess: the importer can choose another, and the value is
examined as that type when it is stored.
"""

import re

from credentials.types.database_url import DRIVERS
from credentials.types.normalization import pem_blocks, unescape_pem

_DATABASE = re.compile(
    rf"(?:jdbc:)?(?:{'|'.join(map(re.escape, DRIVERS))})(?:\+[a-z0-9_]+)?:/", re.IGNORECASE
)
_SSH = re.compile(r"-----BEGIN (?:OPENSSH |RSA |EC )?PRIVATE KEY-----")
_MENTIONS_OAUTH = re.compile(r"\boauth|access[ _-]?token", re.IGNORECASE)
_NAMES_A_KEY = re.compile(r"(?:^|[_.-])(?:key|token|pat|apikey)s?(?:$|[_.-])", re.IGNORECASE)


def detect_type(value: str) -> str | None:
    """The type that the value itself shows, if any."""
    value = unescape_pem(value).strip()
    if _DATABASE.match(value):
        return "database-url"
    labels = [label for label, _ in pem_blocks(value)]
    if "CERTIFICATE" in labels and any(label.endswith("PRIVATE KEY") for label in labels):
        return "tls-certificate"
    if _SSH.match(value) and len(labels) == 1:
        return "ssh-key"
    return None


def detect_type_by_name(name: str) -> str:
    """The type that a variable's name suggests."""
    if _MENTIONS_OAUTH.search(name):
        return "oauth-token"
    return "api-key" if _NAMES_A_KEY.search(name) else "generic-secret"


def mentions_oauth(text: str) -> bool:
    """Whether a note mentions an OAuth token."""
    return bool(_MENTIONS_OAUTH.search(text))
