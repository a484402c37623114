"""What an address names, or not found."""

from access.actor import Actor
from credentials.operations import describe_credential
from credentials.shapes.credentials import CredentialDetailOut, DescribeCredential
from foundation.errors import CredentialNotFound, Invalid


def find_or_404(actor: Actor, key: str) -> CredentialDetailOut:
    """The credential of that key; a malformed key is not found either."""
    try:
        query = DescribeCredential.parse({"key": key})
    except Invalid:
        raise CredentialNotFound() from None
    return describe_credential(actor, query)
