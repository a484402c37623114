"""From what stands in an address to the thing itself, or to not found."""

from access.actor import Actor
from access.errors import CredentialNotFound, Invalid
from credentials.operations import describe_credential
from credentials.shapes import CredentialDetail, DescribeCredential


def found(actor: Actor, key: str) -> CredentialDetail:
    """The credential of that key; a key that cannot be one is not found either."""
    try:
        wish = DescribeCredential.parse({"key": key})
    except Invalid:
        raise CredentialNotFound() from None
    return describe_credential(actor, wish)
