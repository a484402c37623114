"""What an address or a form names, or not found."""

from access.actor import Actor
from credentials.operations import describe_credential
from credentials.shapes.credentials import CredentialDetailOut, DescribeCredential
from foundation.errors import CredentialNotFound, Invalid, NotFound

# The member of a shape for each kind of principal.
MEMBERS = {"person": "personId", "group": "groupId", "sa": "serviceAccountId"}


def find_or_404(actor: Actor, key: str) -> CredentialDetailOut:
    """The credential of that key; a malformed key is not found either."""
    try:
        query = DescribeCredential.parse({"key": key, "auditEntries": 20})
    except Invalid:
        raise CredentialNotFound() from None
    return describe_credential(actor, query)


def principal_out(subject_id: str) -> dict[str, str]:
    """The member of a shape that names the principal with that id."""
    member = MEMBERS.get(subject_id.partition("_")[0])
    if member is None:
        raise NotFound("There is no such member, group or service account.")
    return {member: subject_id}
