"""Rotation with a window: until it closes, the old and the new value are both valid."""

import hmac
import json
from datetime import timedelta
from hashlib import sha256

from django.conf import settings

from access.actions import Action
from access.actor import Actor
from audit.events import Event
from audit.recording import EntryDraft
from credentials.context import CredentialContext, operation
from credentials.disclosed_values import refuse_disclosed
from credentials.envelope import Secret, UnsealFailed, unseal
from credentials.generation import GenerateSpec, can_generate, generate_value
from credentials.models import (
    Credential,
    Rotation,
    RotationState,
    State,
    Version,
    VersionState,
)
from credentials.operations.credentials import lock_credential
from credentials.operations.rotation_windows import (
    close_window,
    describe_rotation,
    require_no_window,
)
from credentials.serializers import rotation_out
from credentials.shapes.rotations import RotateCredential, RotationOut
from credentials.versions import add_version, examine_secret
from foundation.db.clock import database_now
from foundation.errors import Conflict, Invalid
from tenants.models import Tenant


def _check_source(request: RotateCredential) -> None:
    generates = request.generate is not None and request.generate is not False
    if generates == (request.new_value is not None):
        raise Invalid("Exactly one of newValue or generate must be given.", "newValue")


@operation(Action.ROTATE_CREDENTIAL, Event.CREDENTIAL_ROTATED, check=_check_source)
def rotate_credential(context: CredentialContext, request: RotateCredential) -> RotationOut:
    """Give a credential a new value and open the window in which the old one stays readable.

    Leases on the old version stay readable until their own end or the window's, whichever comes
    first; new leases get the new value. A window of 0 ends the old value and its leases at once
    (R6). WindowOpen names the open rotation when there is one (R4); the same idempotency key with
    the same request answers the same rotation.
    """
    refuse_disclosed(context.actor, reason=request.reason)
    credential, _ = lock_credential(context, request)
    rotation = _repeated(context.actor, credential, request)
    if rotation is None:
        window = _window(request, credential, context.membership.tenant)
        secret = _new_secret(context.entry, credential, request)
        rotation = _rotate(context.actor, credential, secret, window, request)
    else:
        context.entry.add_details(repeated=True)
    describe_rotation(context.entry, rotation)
    return rotation_out(rotation)


def _window(request: RotateCredential, credential: Credential, tenant: Tenant) -> timedelta:
    usual = tenant.default_window if credential.window is None else credential.window
    window: int = usual if request.window is None else request.window
    if window > tenant.max_window:
        raise Invalid(f"window: at most the tenant's {tenant.max_window} s.", "window")
    return timedelta(seconds=window)


def _new_secret(entry: EntryDraft, credential: Credential, request: RotateCredential) -> Secret:
    """The new value with the secret fields of the old one, which a rotation keeps."""
    fields = _kept_fields(entry, credential)
    if request.new_value is not None:
        value = request.new_value.get_secret_value()
        return Secret(value, _fitting_fields(credential, value, fields))
    if not can_generate(credential.type):
        raise Invalid(
            "generate: a value of this type cannot be generated; give newValue.", "generate"
        )
    spec = request.generate if isinstance(request.generate, GenerateSpec) else GenerateSpec()
    return Secret(generate_value(spec), fields)


def _kept_fields(entry: EntryDraft, credential: Credential) -> dict[str, str]:
    current = Version.objects.select_related("tenant_key").get(
        credential=credential, state=VersionState.CURRENT
    )
    try:
        return unseal(current).fields
    except UnsealFailed:
        # A damaged value must not prevent its replacement.
        entry.add_details(previous_unreadable=True)
        return {}


def _fitting_fields(credential: Credential, value: str, fields: dict[str, str]) -> dict[str, str]:
    """The old secret fields, without a passphrase that does not open the new key."""
    try:
        examine_secret(credential.type, Secret(value, fields), credential.metadata)
    except Invalid:
        return {name: text for name, text in fields.items() if name != "passphrase"}
    return fields


def _rotate(
    actor: Actor,
    credential: Credential,
    secret: Secret,
    window: timedelta,
    request: RotateCredential,
) -> Rotation:
    """Old current → previous, new version → current, window opened: one commit (R3)."""
    if credential.state != State.ACTIVE:
        raise Conflict(f"This credential is {credential.state}; only an active one rotates.")
    require_no_window(actor, credential)
    old, new = _promote(actor, credential, secret)
    now = database_now()
    rotation = Rotation(
        tenant_id=actor.tenant_id,
        credential=credential,
        previous=old,
        current=new,
        state=RotationState.OPEN,
        opened_at=now,
        closes_at=now + window,
        reason=request.reason,
        opened_by_id=actor.person_id,
        client_id=actor.client_id,
        idempotency_key=request.idempotency_key,
        request_digest=_digest(request) if request.idempotency_key else None,
    )
    rotation.save(force_insert=True)
    if not window:
        close_window(actor, rotation)
    return rotation


def _promote(actor: Actor, credential: Credential, secret: Secret) -> tuple[Version, Version]:
    """The previous version and the new current one."""
    stored, extracted = examine_secret(credential.type, secret, credential.metadata)
    old = Version.objects.locked().get(credential=credential, state=VersionState.CURRENT)
    old.state = VersionState.PREVIOUS
    old.save(update_fields=["state"])
    return old, add_version(actor, credential, stored, extracted)


def _repeated(actor: Actor, credential: Credential, request: RotateCredential) -> Rotation | None:
    """The rotation that an earlier call with the same idempotency key made."""
    if request.idempotency_key is None:
        return None
    earlier = (
        Rotation.objects.of(actor)
        .filter(
            opened_by_id=actor.person_id,
            client_id=actor.client_id,
            idempotency_key=request.idempotency_key,
        )
        .with_versions()
        .first()
    )
    if earlier is None:
        return None
    same = hmac.compare_digest(bytes(earlier.request_digest or b""), _digest(request))
    if not same or earlier.credential_id != credential.pk:
        raise Invalid(
            "idempotencyKey: it was used for another request; take a new one.", "idempotencyKey"
        )
    return earlier


def _digest(request: RotateCredential) -> bytes:
    """A keyed digest, so that nobody can test guesses of the value against what is stored."""
    plain = request.model_dump(mode="python", exclude={"idempotency_key"})
    plain["new_value"] = request.new_value.get_secret_value() if request.new_value else None
    key = settings.ENVIRONMENT.handle_key.get_secret_value().encode()
    text = json.dumps(plain, sort_keys=True, default=str).encode()
    return hmac.digest(key, b"idempotency\0" + text, sha256)
