"""What an address or a form names, or not found."""

from typing import Any

from access.actions import RULES
from access.actor import Actor
from access.levels import Level
from audit.operation import Operation
from credentials.operations import describe_credential
from credentials.permissions import require_level
from credentials.shapes.credentials import CredentialDetailOut, DescribeCredential
from foundation.errors import CredentialNotFound, Invalid, NotFound

# The member of a shape for each kind of principal.
MEMBERS = {"person": "personId", "group": "groupId", "sa": "serviceAccountId"}


def find_or_404(
    actor: Actor, key: str, operation: Operation[Any, Any, Any] = describe_credential
) -> CredentialDetailOut:
    """The credential of that key; a malformed key is not found either.

    Denied below the level that the operation needs, so that nobody fills in a form in vain.
    """
    try:
        query = DescribeCredential.parse({"key": key, "auditEntries": 20})
    except Invalid:
        raise CredentialNotFound() from None
    credential = describe_credential(actor, query)
    needed = RULES[operation.action].level or Level.VIEWER
    require_level(Level.of(credential.access), needed, credential.key)
    return credential


def principal_out(subject_id: str) -> dict[str, str]:
    """The member of a shape that names the principal with that id."""
    member = MEMBERS.get(subject_id.partition("_")[0])
    if member is None:
        raise NotFound("There is no such member, group or service account.")
    return {member: subject_id}
