"""Values that stand for something else: ciphertexts and references of other tools."""

import re

_REFUSED = (
    (re.compile(r"ENC\[AES256_GCM,.*\]", re.DOTALL),
     "This is a SOPS ciphertext; decrypt the file first: sops decrypt."),
    (re.compile(r"encrypted:[A-Za-z0-9+/=_-]{8,}"),
     "This is a dotenvx ciphertext; decrypt the file first: dotenvx decrypt."),
    (re.compile(r"op://\S+"),
     "This is a 1Password reference, not its value; resolve it first: op inject."),
    (re.compile(r"vault:[\w./-]+#[\w.-]+"),
     "This is a reference to a HashiCorp Vault, not its value; resolve it first."),
    (re.compile(r"\$ANSIBLE_VAULT;.*", re.DOTALL),
     "This is an Ansible Vault ciphertext; decrypt it first: ansible-vault decrypt."),
    (re.compile(r"-----BEGIN (?:AGE ENCRYPTED FILE|PGP MESSAGE)-----.*", re.DOTALL),
     "This is a ciphertext; decrypt it first."),
)  # fmt: skip
_VARIABLE = re.compile(r"\$\{[A-Za-z_][^}]*\}|\$[A-Za-z_]\w*$|\$\(.+\)")
REMARK = "Stored as it stands: it refers to a variable or command, which nothing here resolves."


def refuse_foreign(value: str) -> str:
    """Why the whole value is none of its own, or an empty text."""
    text = value.strip()
    return next((why for pattern, why in _REFUSED if pattern.fullmatch(text)), "")


def remark_on(value: str) -> str:
    """What to say beside a value that contains a reference to a variable, or an empty text."""
    return REMARK if _VARIABLE.search(value) else ""
