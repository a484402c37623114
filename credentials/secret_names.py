"""Which metadata names look as if their value were secret; metadata is shown to every viewer.

A name is read word by word (camelCase, snake_case, kebab-case, dots): `refreshToken` names a
secret. Two forms only speak about one and are allowed: names that begin as a question
(`hasPassphrase`) and names that end in a property (`tokenExpiresAt`, `secretRotation`,
`accessKeyId`). Run together and in one case (`refreshtoken`), the end of the word decides.
"""

import re
from itertools import pairwise

_WORD = re.compile(r"[A-Z]+(?![a-z])|[A-Z]?[a-z]+")
_SECRET = re.compile(
    r".*(?:password|passwd|passphrase|passcode|secret|token|credential"
    r"|(?:private|api|access|secret|signing|encryption|master)key)s?"
    r"|pass|pwd|pw|creds?"
)
_QUESTION = re.compile(r"has|is|needs|requires|supports|uses")
_PROPERTY = re.compile(
    r"age|algorithm|arn|at|audience|count|date|enabled|endpoint|expiration|expires|expiry"
    r"|fingerprint|format|id|issuer|kind|length|lifetime|location|name|on|owner|path|policy"
    r"|prefix|ref|required|rotated|rotation|scopes?|state|status|team|ttl|type|uri|url|version"
)


def looks_secret(name: str) -> bool:
    """Whether a value under this metadata name would rather belong into the secret fields."""
    words = [word.lower() for word in _WORD.findall(name)]
    if not words or _QUESTION.fullmatch(words[0]) or _PROPERTY.fullmatch(words[-1]):
        return False
    pairs = (first + second for first, second in pairwise(words))
    return any(map(_SECRET.fullmatch, [*words, *pairs]))
