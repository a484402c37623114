"""PEM files: a certificate with its key, or keys."""

from credentials.importers.rows import Row, Rows
from credentials.types.normalization import pem_blocks
from foundation.errors import Invalid


def read_pem(content: str) -> Rows:
    """One row for a certificate with its chain and key, else one for each block."""
    blocks = pem_blocks(content)
    if not blocks:
        raise Invalid("content: this file has no whole PEM block.", "content")
    keys = [label for label, _ in blocks if label.endswith("PRIVATE KEY")]
    if len(keys) == 1 and any(label == "CERTIFICATE" for label, _ in blocks):
        return [Row(number=1, name="certificate", value=content, kind="tls-certificate")]
    return [_row(number, *block) for number, block in enumerate(blocks, start=1)]


def _row(number: int, label: str, pem: str) -> Row:
    name = f"{label.lower()} {number}"
    if label.endswith("PRIVATE KEY"):
        return Row(number=number, name=name, value=pem, kind="ssh-key")
    if label == "CERTIFICATE":
        return Row(number=number, name=name, skip="A certificate without its key is no secret.")
    return Row(number=number, name=name, value=pem)
