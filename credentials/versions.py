"""Versions of a credential: examined, sealed, numbered, and destroyed."""

from collections.abc import Mapping

from django.db.models import Max
from pydantic import SecretStr

from access.actor import Actor
from credentials.envelope import Secret, active_key, seal, shred
from credentials.models import Credential, Version, VersionState
from credentials.types import examine_stored, stored_form
from credentials.validators import check_secret_fields
from foundation.db.clock import database_now


def open_secret(value: SecretStr, fields: Mapping[str, SecretStr]) -> Secret:
    """The submitted secret; Invalid when its secret fields break their limits."""
    opened = {name: field.get_secret_value() for name, field in fields.items()}
    return Secret(value.get_secret_value(), dict(check_secret_fields(opened)))


def examine_secret(
    kind: str, secret: Secret, metadata: Mapping[str, str]
) -> tuple[Secret, dict[str, str]]:
    """The secret in the form in which it is stored, and the metadata found in it.

    Invalid when it is no value of this type.
    """
    stored = Secret(stored_form(kind, secret.value), secret.fields)
    return stored, examine_stored(kind, stored.value, stored.fields, metadata)


def add_version(
    actor: Actor,
    credential: Credential,
    secret: Secret,
    extracted: Mapping[str, str],
) -> Version:
    """Seal `secret` as the credential's new current version; the caller demotes the old one."""
    newest = credential.versions.aggregate(newest=Max("number"))["newest"] or 0
    version = Version(
        tenant_id=actor.tenant_id,
        credential=credential,
        number=newest + 1,
        state=VersionState.CURRENT,
        extracted=dict(extracted),
        created_by_id=actor.person_id,
    )
    seal(version, secret, active_key(actor.tenant_id))
    version.save(force_insert=True)
    return version


def destroy(version: Version) -> None:
    """Shred a version's data key; the row stays as a number in the history."""
    if version.state == VersionState.DESTROYED:
        return
    shred(version)
    version.state = VersionState.DESTROYED
    version.destroyed_at = database_now()
    version.save(update_fields=["state", "sealed", "wrapped_key", "destroyed_at"])
