"""The tenant's keys: rotated, replaced as wraps of data keys, and finally destroyed."""

import logging
from functools import lru_cache
from uuid import UUID

from django.db.models import Count, Max

from access.actions import Action
from access.actor import Actor
from access.tenancy import TenantQuerySet
from audit.events import Event
from audit.recording import EntryDraft
from credentials.context import CredentialContext, operation
from credentials.envelope import UnsealFailed, active_key, new_key, require_openable, rewrap
from credentials.models import KeyState, TenantKey, Version
from credentials.shapes.tenant_keys import KeyOut, KeyPageOut, ListKeys, RotateTenantKey
from foundation.db.ids import NO_ID, parse_public_id, public_id
from foundation.db.paging import page
from foundation.errors import Conflict, NotFound, PreconditionFailed

log = logging.getLogger(__name__)

BATCH = 200


@operation(Action.LIST_KEYS)
def list_keys(context: CredentialContext, request: ListKeys) -> KeyPageOut:
    """The tenant's keys with how many versions each wraps; nothing of the keys themselves."""
    shown, cursor = page(
        TenantKey.objects.of(context.actor),
        {"number": int},
        limit=request.limit,
        cursor=request.cursor,
        newest_first=True,
    )
    per_key = _wrapped(context.actor).values("tenant_key_id", "tenant_key__state")
    counts = list(per_key.annotate(count=Count("pk")))
    wraps = {row["tenant_key_id"]: row["count"] for row in counts}
    older = [row for row in counts if row["tenant_key__state"] != KeyState.ACTIVE]
    return KeyPageOut(
        keys=[_key_out(key, wraps.get(key.pk, 0)) for key in shown],
        waiting=sum(row["count"] for row in older),
        next_cursor=cursor,
    )


@operation(Action.SHOW_KEY)
def show_key(context: CredentialContext, key_id: str) -> KeyOut:
    """One of the tenant's keys, even a destroyed one."""
    key = _find(TenantKey.objects.of(context.actor), key_id)
    return _key_out(key, _wrapped(context.actor, key).count())


def _find(rows: TenantQuerySet[TenantKey], key_id: str) -> TenantKey:
    key = rows.filter(pk=parse_public_id("kek", key_id)).first()
    if key is None:
        raise NotFound("There is no such key.")
    return key


@operation(Action.ROTATE_TENANT_KEY, Event.TENANT_KEK_ROTATED)
def rotate_tenant_key(context: CredentialContext, request: RotateTenantKey) -> KeyOut:
    """Make a new active key; the previous one only opens what it wraps, until that is nothing.

    From now on everything is stored under the new key. What was stored before stays readable and
    is rewrapped in the background. PreconditionFailed when the caller saw another active key.
    """
    actor = context.actor
    old = TenantKey.objects.of(actor).locked().filter(state=KeyState.ACTIVE).first()
    seen = request.active_key_id
    if seen is not None and (old is None or old.pk != parse_public_id("kek", seen)):
        raise PreconditionFailed("Another key is active by now; look at the keys again.")
    if old is None:
        new = active_key(actor.tenant_id)
    else:
        new = _succeed(old)
        context.entry.add_details(previous=old.number, versions=_wrapped(actor, old).count())
    _describe(context.entry, new)
    return _key_out(new, 0)


def _succeed(old: TenantKey) -> TenantKey:
    """The next active key, saved; the old one only decrypts from now on."""
    require_openable(old)  # Nothing may begin under a wrong root key.
    old.state = KeyState.DECRYPT_ONLY
    old.save(update_fields=["state"])
    newest = TenantKey.objects.filter(tenant_id=old.tenant_id).aggregate(newest=Max("number"))
    new = new_key(old.tenant_id, newest["newest"] + 1)
    new.save(force_insert=True)
    new.refresh_from_db()
    return new


@operation(Action.REWRAP_DUE_KEY, Event.TENANT_KEK_REWRAPPED)
def rewrap_due_key(context: CredentialContext, key_id: UUID) -> bool:
    """Rewrap one batch of data keys from a decrypt-only key to the active key.

    Values stay as they are. False when there is nothing to do now: no such key, everything done,
    or another worker is at it. Rows that another transaction changes now are left for later.
    """
    actor, entry = context.actor, context.entry
    old = (
        TenantKey.objects.of(actor)
        .select_for_update(of=("self",), skip_locked=True, no_key=True)
        .filter(pk=key_id, state=KeyState.DECRYPT_ONLY)
        .first()
    )
    if old is None:
        entry.discard()
        return False
    new = active_key(actor.tenant_id)
    done = _rewrap_batch(actor, old, new)
    entry.add_details(previous=old.number, versions=done)
    _describe(entry, new)
    if not done:
        entry.discard()
    return done > 0


def _rewrap_batch(actor: Actor, old: TenantKey, new: TenantKey) -> int:
    """Rewrap the next versions that open; a damaged one does not stop those after it."""
    last = NO_ID
    while batch := _next_batch(actor, old, last):
        last = batch[-1].pk
        rewrapped = [version for version in batch if _rewrap(version, old, new)]
        if rewrapped:
            Version.objects.of(actor).bulk_update(rewrapped, ["tenant_key", "wrapped_key"])
            return len(rewrapped)
    return 0


def _next_batch(actor: Actor, old: TenantKey, last: UUID) -> list[Version]:
    rows = _wrapped(actor, old).filter(pk__gt=last).order_by("pk")
    # A key-sharing lock, so that a lease being issued may still refer to the version.
    locked = rows.select_for_update(of=("self",), skip_locked=True, no_key=True)
    return list(locked.defer("sealed", "extracted")[:BATCH])


def _rewrap(version: Version, old: TenantKey, new: TenantKey) -> bool:
    version.tenant_key = old
    try:
        rewrap(version, new)
    except UnsealFailed:
        _alarm(version.pk)
        return False
    return True


@lru_cache(maxsize=1000)
def _alarm(version_id: UUID) -> None:
    """Logged once per process, because every sweep meets the version again."""
    log.critical("version %s does not open: its wrapped data key is damaged", version_id)


@operation(Action.DESTROY_TENANT_KEY, Event.TENANT_KEK_DESTROYED)
def destroy_tenant_key(context: CredentialContext, key_id: str) -> None:
    """Destroy a key that wraps nothing any more, for good. Idempotent.

    Conflict while it is active or wraps something.
    """
    key = _find(TenantKey.objects.of(context.actor).locked(), key_id)
    _describe(context.entry, key)
    if key.state == KeyState.DESTROYED:
        context.entry.discard()
        return
    _require_unused(context.actor, key)
    key.state, key.wrapped = KeyState.DESTROYED, None
    key.save(update_fields=["state", "wrapped"])


def _require_unused(actor: Actor, key: TenantKey) -> None:
    # Only an active key gains versions, so the count stays true under the lock.
    if key.state == KeyState.ACTIVE:
        raise Conflict("This key is the active one; rotate it first.")
    count = _wrapped(actor, key).count()
    if count:
        raise Conflict(f"This key still wraps {count} version{'' if count == 1 else 's'}.")


def _wrapped(actor: Actor, key: TenantKey | None = None) -> TenantQuerySet[Version]:
    rows = Version.objects.of(actor).filter(wrapped_key__isnull=False)
    return rows if key is None else rows.filter(tenant_key=key)


def _describe(entry: EntryDraft, key: TenantKey) -> None:
    entry.add_details(key=public_id("kek", key.pk), number=key.number)


def _key_out(key: TenantKey, wraps: int) -> KeyOut:
    return KeyOut.model_validate(
        {
            "key_id": public_id("kek", key.pk),
            "number": key.number,
            "state": key.state,
            "versions": wraps,
            "created_at": key.created_at,
        }
    )
