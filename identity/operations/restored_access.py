"""Ending the access that a restored backup brings back.

A dump contains leases, tokens and sessions as they were: also those that were ended after it.
Nobody can tell them apart, so all of them are ended.
"""

from collections import Counter
from uuid import UUID

from django.db.transaction import atomic

from access.actions import Channel
from access.actor import Actor, system_actor
from access.tenancy import tenant_transaction
from audit.events import Event
from audit.recording import INSTALLATION, EntryDraft, record, record_in_transaction
from foundation.db.clock import database_now
from identity.models import (
    AccessToken,
    AuthorizationCode,
    AuthorizeRequest,
    BrowserSession,
    Consent,
)
from identity.service_accounts.models import PersonalToken
from leases.models import Lease
from leases.revocation import STATE_WHEN_ENDED, describe, end_lease
from tenants.models import Tenant

REASON = "restored"
BATCH = 200


def end_restored_access() -> Counter[str]:
    """End all leases, tokens and sessions, and return how many of each.

    An operator's command. Every tenant and the installation get an entry, every lease its own.
    Safe to run again after it was interrupted.
    """
    ended = _end_sessions()
    for tenant_id in Tenant.objects.order_by("pk").values_list("pk", flat=True):
        ended += _end_in_tenant(tenant_id)
    with atomic():
        record_in_transaction(_operator(INSTALLATION), Event.INSTALLATION_RESTORED, ended=ended)
    return ended


def _end_sessions() -> Counter[str]:
    with atomic():
        sessions, _ = BrowserSession.objects.all().delete()
        AuthorizeRequest.objects.all().delete()
    return Counter(sessions=sessions)


def _end_in_tenant(tenant_id: UUID) -> Counter[str]:
    ended = Counter[str]()
    actor = _operator(tenant_id)
    while batch := _end_leases(actor):
        ended["leases"] += batch
    with tenant_transaction(tenant_id):
        now = database_now()
        consents = Consent.objects.filter(tenant_id=tenant_id)
        AuthorizationCode.objects.filter(consent__in=consents).delete()
        mine = AccessToken.objects.filter(consent__in=consents)
        accounts = AccessToken.objects.filter(proof__client__tenant_id=tenant_id)
        ended["access_tokens"] += mine.delete()[0] + accounts.delete()[0]
        ended["consents"] += consents.filter(ended_at=None).update(
            ended_at=now, ended_reason=REASON
        )
        tokens = PersonalToken.objects.filter(tenant_id=tenant_id, revoked_at=None)
        ended["personal_tokens"] += tokens.update(revoked_at=now)
        record_in_transaction(actor, Event.TENANT_RESTORED, ended=dict(ended))
    return ended


def _end_leases(actor: Actor) -> int:
    with tenant_transaction(actor.tenant_id):
        rows = Lease.objects.of(actor).filter(state__in=list(STATE_WHEN_ENDED))
        batch = rows.locked().select_related("credential", "version").order_by("pk")[:BATCH]
        for lease in batch:
            entry = EntryDraft(Event.LEASE_REVOKED)
            end_lease(entry, lease, None, REASON)
            describe(entry, lease)
            record(actor, entry)
        return len(batch)


def _operator(tenant_id: UUID) -> Actor:
    return system_actor("end-restored-access", tenant_id, Channel.COMMAND)
