"""What an address or a form names, or not found."""

from typing import Any

from access.actions import RULES
from access.actor import Actor
from access.levels import Level
from audit.operation import Operation
from credentials.operations import create_credential, describe_credential
from credentials.operations.choices import list_folder_choices
from credentials.permissions import insufficient_level, require_level
from credentials.shapes.choices import FolderChoicesOut
from credentials.shapes.credentials import CredentialDetailOut, DescribeCredential
from foundation.errors import CredentialNotFound, Invalid, NotFound

# The member of a shape for each kind of principal.
MEMBERS = {"person": "personId", "group": "groupId", "sa": "serviceAccountId"}


AnyOperation = Operation[Any, Any, Any]


def find_or_404(
    actor: Actor, key: str, operation: AnyOperation = describe_credential, audit_entries: int = 0
) -> CredentialDetailOut:
    """The credential of that key; a malformed key is not found either.

    Denied below the level that the operation needs, so that nobody fills in a form in vain.
    """
    try:
        query = DescribeCredential.parse({"key": key, "auditEntries": audit_entries})
    except Invalid:
        raise CredentialNotFound() from None
    credential = describe_credential(actor, query)
    require_level(Level.of(credential.access), level_of(operation), credential.key)
    return credential


def level_of(operation: AnyOperation) -> Level:
    """The level that an operation needs on its object."""
    return RULES[operation.action].level or Level.VIEWER


def folders_to_store_in(actor: Actor) -> FolderChoicesOut:
    """The folders to choose from; Denied for people who may store nowhere."""
    folders = list_folder_choices(actor)
    if not folders.managed:
        raise insufficient_level(level_of(create_credential), Level.NONE)
    return folders


def principal_out(subject_id: str) -> dict[str, str]:
    """The member of a shape that names the principal with that id."""
    member = MEMBERS.get(subject_id.partition("_")[0])
    if member is None:
        raise NotFound("There is no such member, group or service account.")
    return {member: subject_id}
