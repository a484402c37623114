"""From what stands in an address to the thing itself, or to not found."""

from access.actor import Actor
from credentials.operations import describe_credential
from credentials.shapes.credentials import CredentialDetailOut, DescribeCredential
from foundation.errors import CredentialNotFound, Invalid


def find_or_404(actor: Actor, key: str) -> CredentialDetailOut:
    """The credential of that key; a key that cannot be one is not found either."""
    try:
        wish = DescribeCredential.parse({"key": key})
    except Invalid:
        raise CredentialNotFound() from None
    return describe_credential(actor, wish)
