"""Versions of a credential: examined, sealed, and numbered."""

from collections.abc import Mapping

from django.db.models import Max
from pydantic import SecretStr

from access.actor import Actor
from credentials.envelope import Secret, active_key, seal
from credentials.models import Credential, Version, VersionState
from credentials.types import examine
from credentials.validators import check_secret_fields


def open_secret(value: SecretStr, fields: Mapping[str, SecretStr]) -> Secret:
    """The secret that came in; Invalid when its secret fields break their limits."""
    opened = {name: field.get_secret_value() for name, field in fields.items()}
    return Secret(value.get_secret_value(), dict(check_secret_fields(opened)))


def examine_secret(kind: str, secret: Secret, metadata: Mapping[str, str]) -> dict[str, str]:
    """The metadata that a value of this type tells; Invalid when it is no such value."""
    return dict(examine(kind, secret.value, secret.fields, metadata))


def add_version(
    actor: Actor,
    credential: Credential,
    secret: Secret,
    extracted: Mapping[str, str],
) -> Version:
    """Seal `secret` as the credential's new current version; the caller demoted the old one."""
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
