"""Secrets that are recognised by their form, in what a person is about to send to a model."""

import re

# Providers' own prefixes, and forms that contain a secret by definition. What only looks random is
# not stopped: people paste hashes and ids all day.
_PATTERNS = {
    "a Stripe key": r"\b[rs]k_(?:live|test)_[A-Za-z0-9]{16,}",
    "a GitHub token": r"\b(?:gh[opusr]_[A-Za-z0-9]{30,}|github_pat_[A-Za-z0-9_]{40,})",
    "a GitLab token": r"\bglpat-[A-Za-z0-9_-]{20,}",
    "an Anthropic key": r"\bsk-ant-[A-Za-z0-9_-]{20,}",
    "an OpenAI key": r"\bsk-(?:proj-|svcacct-)?[A-Za-z0-9_-]{32,}",
    "an AWS access key": r"\b(?:AKIA|ASIA)[A-Z0-9]{16}\b",
    "a Google key": r"\bAIza[A-Za-z0-9_-]{35}\b",
    "a Slack token": r"\bxox[abeoprs]-[A-Za-z0-9-]{20,}",
    "an npm token": r"\bnpm_[A-Za-z0-9]{36}\b",
    "a PyPI token": r"\bpypi-[A-Za-z0-9_-]{50,}",
    "a token of Vault": r"\bvlt_(?:pat|sa|lease)_[A-Za-z0-9_.-]{16,}",
    "a private key": r"-----BEGIN (?:[A-Z0-9]+ )*PRIVATE KEY-----",
    "an address with a password": r"\b[a-z][a-z0-9+]{2,20}://[^\s:/@]{1,64}:[^\s/@]{4,}@[^\s/]+",
    "a signed token": r"\beyJ[A-Za-z0-9_-]{10,}\.eyJ[A-Za-z0-9_-]{10,}\.[A-Za-z0-9_-]{16,}",
}
_COMPILED = {kind: re.compile(pattern) for kind, pattern in _PATTERNS.items()}
_EXAMPLES = re.compile(r"placeholder|example|x{6}|\*{4}|your[-_]", re.IGNORECASE)


def find_secret(text: str) -> str | None:
    """What kind of secret the text contains, or None. Obvious examples do not count."""
    for kind, pattern in _COMPILED.items():
        for found in pattern.finditer(text):
            if not _EXAMPLES.search(found.group()):
                return kind
    return None
