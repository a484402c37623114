"""Rows turned into shapes. A shape has listed members only, so no secret value gets in."""

from typing import Any

from access.levels import Level
from credentials.disclosures import effective_disclosure
from credentials.models import Credential, Rotation, State
from credentials.policies import usual_ttl
from credentials.shapes.credentials import CredentialOut
from credentials.shapes.rotations import RotationOut
from foundation.db.ids import public_id
from tenants.models import Tenant


def credential_fields(
    credential: Credential, version: int | None, level: Level, tenant: Tenant
) -> dict[str, Any]:
    """The members that every answer about a credential has."""
    return {
        "id": public_id("cred", credential.pk),
        "revision": credential.revision,
        "key": credential.key,
        "folder_path": credential.folder.path,
        "type": credential.type,
        "tags": list(credential.tags),
        "description": credential.description,
        "state": credential.state,
        "version": version,
        "access": level.word,
        "lease_ttl_seconds": usual_ttl(tenant, credential),
        "disclosure": effective_disclosure(tenant, credential),
    }


def credential_out(
    credential: Credential, version: int | None, level: Level, tenant: Tenant
) -> CredentialOut:
    """The credential as lists show it."""
    return CredentialOut.model_validate(credential_fields(credential, version, level, tenant))


def rotation_out(rotation: Rotation) -> RotationOut:
    """The rotation with its window; needs the rows that `with_versions` reads."""
    return RotationOut.model_validate(
        {
            "rotation_id": public_id("rot", rotation.pk),
            "key": rotation.credential.key,
            "previous_version": rotation.previous.number,
            "current_version": rotation.current.number,
            "opens_at": rotation.opened_at,
            "closes_at": rotation.closes_at,
            "state": rotation.state,
        }
    )


def search_text(credential: Credential) -> str:
    """What fuzzy search looks at, lower-cased: key, folder, type, tags, description.

    Empty for a deleted credential, so that its row displaces no other in a search.
    """
    if credential.state == State.DELETED:
        return ""
    parts = [
        credential.key,
        credential.folder.path,
        credential.type,
        *credential.tags,
        credential.description,
    ]
    return " ".join(part for part in parts if part).lower()
