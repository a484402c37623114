"""People, groups and service accounts by the ids in addresses and forms."""

from foundation.errors import NotFound

MEMBERS = {"person": "personId", "group": "groupId", "sa": "serviceAccountId"}


def principal_out(subject_id: str) -> dict[str, str]:
    """The member of a shape that names the principal with that id."""
    member = MEMBERS.get(subject_id.partition("_")[0])
    if member is None:
        raise NotFound("There is no such member, group or service account.")
    return {member: subject_id}
