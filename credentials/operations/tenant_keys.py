"""The tenant's keys: rotated, followed by the data keys that they wrap, and destroyed at last."""

import logging
from functools import lru_cache
from uuid import UUID

from django.db.models import Count, Max

from access.actions import Action
from access.actor import Actor
from access.tenancy import TenantQuerySet
from audit.events import Event
from audit.recording import EntryDraft, audited, read_only
from credentials.envelope import UnsealFailed, active_key, new_key, require_openable, rewrap
from credentials.models import KeyState, TenantKey, Version
from credentials.shapes.tenant_keys import KeyOut, KeyPageOut, ListKeys, RotateTenantKey
from foundation.db.ids import NO_ID, parse_public_id, public_id
from foundation.db.paging import page
from foundation.errors import Conflict, NotFound, PreconditionFailed
from tenants.memberships import active_membership

log = logging.getLogger(__name__)

BATCH = 200


def list_keys(actor: Actor, request: ListKeys) -> KeyPageOut:
    """The tenant's keys with how much each wraps; nothing of what they are."""
    with read_only(actor, Action.LIST_KEYS):
        active_membership(actor).require(Action.LIST_KEYS)
        shown, cursor = page(
            TenantKey.objects.of(actor),
            {"number": int},
            limit=request.limit,
            cursor=request.cursor,
            newest_first=True,
        )
        per_key = _wrapped(actor).values("tenant_key_id", "tenant_key__state")
        counts = list(per_key.annotate(count=Count("pk")))
        wraps = {one["tenant_key_id"]: one["count"] for one in counts}
        older = [one for one in counts if one["tenant_key__state"] != KeyState.ACTIVE]
        return KeyPageOut(
            keys=[_out(one, wraps.get(one.pk, 0)) for one in shown],
            waiting=sum(one["count"] for one in older),
            next_cursor=cursor,
        )


def show_key(actor: Actor, key_id: str) -> KeyOut:
    """One of the tenant's keys, a destroyed one too."""
    with read_only(actor, Action.SHOW_KEY):
        active_membership(actor).require(Action.SHOW_KEY)
        key = TenantKey.objects.of(actor).filter(pk=parse_public_id("kek", key_id)).first()
        if key is None:
            raise _no_key()
        return _out(key, _wrapped(actor, key).count())


def rotate_tenant_key(actor: Actor, request: RotateTenantKey) -> KeyOut:
    """A new active key; the one before only opens what it wraps, until nothing is left of that.

    Whatever is stored from now on is under the new key. What was stored before stays readable all
    the time, and is wrapped anew in the background. PreconditionFailed when the caller saw another
    active key than there is.
    """
    with audited(actor, Action.ROTATE_TENANT_KEY, Event.TENANT_KEK_ROTATED) as entry:
        active_membership(actor).require(Action.ROTATE_TENANT_KEY)
        old = TenantKey.objects.of(actor).locked().filter(state=KeyState.ACTIVE).first()
        _require_seen(old, request.active_key_id)
        if old is None:
            new = active_key(actor.tenant_id)
        else:
            new = _follow(old)
            entry.add_details(previous=old.number, versions=_wrapped(actor, old).count())
        _describe(entry, new)
        return _out(new, 0)


def _require_seen(active: TenantKey | None, seen: str | None) -> None:
    if seen is not None and (active is None or active.pk != parse_public_id("kek", seen)):
        raise PreconditionFailed("Another key is active by now; look at the keys again.")


def _follow(old: TenantKey) -> TenantKey:
    require_openable(old)  # under a wrong root key nothing begins
    old.state = KeyState.DECRYPT_ONLY
    old.save(update_fields=["state"])
    newest = TenantKey.objects.filter(tenant_id=old.tenant_id).aggregate(newest=Max("number"))
    new = new_key(old.tenant_id, newest["newest"] + 1)
    new.save(force_insert=True)
    new.refresh_from_db()
    return new


def rewrap_due_key(actor: Actor, key_id: UUID) -> bool:
    """Wrap one batch of what a decrypt-only key wraps by the active key; values stay as they are.

    False when there is nothing to do now: no such key, all of it done, or another worker is at it.
    What somebody else changes at this moment is left for the next time.
    """
    done = 0
    with audited(actor, Action.REWRAP_DUE_KEY, Event.TENANT_KEK_REWRAPPED) as entry:
        old = (
            TenantKey.objects.of(actor)
            .select_for_update(of=("self",), skip_locked=True, no_key=True)
            .filter(pk=key_id, state=KeyState.DECRYPT_ONLY)
            .first()
        )
        if old is not None:
            new = active_key(actor.tenant_id)
            done = _rewrap_some(actor, old, new)
            entry.add_details(previous=old.number, versions=done)
            _describe(entry, new)
        if not done:
            entry.discard()
    return done > 0


def _rewrap_some(actor: Actor, old: TenantKey, new: TenantKey) -> int:
    """The next versions that open; one whose wrap is damaged stands in nobody's way."""
    behind = NO_ID
    while batch := _batch(actor, old, behind):
        behind = batch[-1].pk
        good = [one for one in batch if _rewrapped(one, old, new)]
        if good:
            Version.objects.of(actor).bulk_update(good, ["tenant_key", "wrapped_key"])
            return len(good)
    return 0


def _batch(actor: Actor, old: TenantKey, behind: UUID) -> list[Version]:
    rows = _wrapped(actor, old).filter(pk__gt=behind).order_by("pk")
    # Not locked against whoever only refers to the version, such as a lease that is being issued.
    held = rows.select_for_update(of=("self",), skip_locked=True, no_key=True)
    return list(held.defer("sealed", "extracted")[:BATCH])


def _rewrapped(version: Version, old: TenantKey, new: TenantKey) -> bool:
    version.tenant_key = old
    try:
        rewrap(version, new)
    except UnsealFailed:
        _alarm(version.pk)
        return False
    return True


@lru_cache(maxsize=1000)
def _alarm(version_id: UUID) -> None:
    """Said once by each process: it comes by again with every sweep."""
    log.critical("version %s does not open: its wrapped data key is damaged", version_id)


def destroy_tenant_key(actor: Actor, key_id: str) -> None:
    """Destroy a key that wraps nothing any more, for good. Conflict while it is active or wraps
    something; nothing happens when it is destroyed already.
    """
    with audited(actor, Action.DESTROY_TENANT_KEY, Event.TENANT_KEK_DESTROYED) as entry:
        active_membership(actor).require(Action.DESTROY_TENANT_KEY)
        rows = TenantKey.objects.of(actor).locked()
        key = rows.filter(pk=parse_public_id("kek", key_id)).first()
        if key is None:
            raise _no_key()
        _describe(entry, key)
        if key.state == KeyState.DESTROYED:
            entry.discard()
            return
        _require_unused(actor, key)
        key.state, key.wrapped = KeyState.DESTROYED, None
        key.save(update_fields=["state", "wrapped"])


def _require_unused(actor: Actor, key: TenantKey) -> None:
    """Only an active key gains versions, so what is counted under the lock stays true."""
    if key.state == KeyState.ACTIVE:
        raise Conflict("This key is the active one; rotate it first.")
    count = _wrapped(actor, key).count()
    if count:
        raise Conflict(f"This key still wraps {count} version{'' if count == 1 else 's'}.")


def _no_key() -> NotFound:
    return NotFound("There is no such key.")


def _wrapped(actor: Actor, key: TenantKey | None = None) -> TenantQuerySet[Version]:
    rows = Version.objects.of(actor).filter(wrapped_key__isnull=False)
    return rows if key is None else rows.filter(tenant_key=key)


def _describe(entry: EntryDraft, key: TenantKey) -> None:
    entry.add_details(key=public_id("kek", key.pk), number=key.number)


def _out(key: TenantKey, wraps: int) -> KeyOut:
    return KeyOut.model_validate(
        {
            "key_id": public_id("kek", key.pk),
            "number": key.number,
            "state": key.state,
            "versions": wraps,
            "created_at": key.created_at,
        }
    )
