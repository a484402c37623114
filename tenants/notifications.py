"""Mail about agents, requests and invitations; the worker delivers it (tenants/mail_queue.py)."""

from contextlib import AbstractContextManager
from enum import StrEnum
from uuid import UUID

from django.conf import settings
from django.core.mail import EmailMessage
from django.db import connection
from django.db.models import Q, QuerySet

from access.actor import Actor
from access.levels import Role
from access.tenancy import tenant_transaction, use_tenant
from tenants.invitation_links import invitation_link
from tenants.mail_queue import OVERDUE, RECENTLY, Outstanding, RowKey, message_from
from tenants.models import Invitation, InvitationState, Membership, Notice, Person


class NoticeKind(StrEnum):
    """The subjects of notices; each has a template of its name."""

    AGENT_CONNECTED = "agent_connected"
    TOKEN_REUSED = "token_reused"
    MEMBER_INVITED = "member_invited"
    ACCESS_REQUESTED = "access_requested"
    ACCESS_DECIDED = "access_decided"
    UNUSUAL_ACCESS = "unusual_access"
    NEW_PLACE = "new_place"
    ENDS_APPROACH = "ends_approach"


def notify(actor: Actor, kind: NoticeKind, **facts: str) -> None:
    """Write notices to the person who acts and to the tenant's owners and admins.

    Joins the running transaction, which must have named the tenant.
    """
    person = Person.objects.get(pk=actor.person)
    recipients = Q(person_id=actor.person) | Q(role__in=[Role.OWNER, Role.ADMIN])
    members = Membership.objects.filter(recipients, tenant_id=actor.tenant_id, suspended_at=None)
    all_facts = {**facts, "person": person.email}
    Notice.objects.bulk_create(
        Notice(tenant_id=actor.tenant_id, person_id=member.person_id, kind=kind, facts=all_facts)
        for member in members
    )


def notify_admins(actor: Actor, kind: NoticeKind, **facts: str) -> None:
    """Write notices to the tenant's owners and admins; joins the running transaction."""
    _notify_admins(actor.tenant_id, kind, facts)


def notify_of_place(person: Person, **facts: str) -> None:
    """Tell the owners and admins of all the person's tenants that they signed in from a new place;
    the person gets a letter. Joins the running transaction.
    """
    for membership in Membership.objects.filter(person=person, suspended_at=None).order_by("pk"):
        use_tenant(membership.tenant_id)
        named = {**facts, "person": person.email}
        _notify_admins(membership.tenant_id, NoticeKind.NEW_PLACE, named, without=person.pk)


def notify_of_request(actor: Actor, *, asker: str, wish: str, link: str) -> None:
    """Tell owners and admins that a request waits for a decision.

    The purpose or reason is left out: the requester, possibly an agent, writes it, and a mail from
    Vault should not repeat what somebody else put into it. The linked page shows it.
    """
    facts = {"asker": asker, "wish": wish, "link": link}
    _notify_admins(actor.tenant_id, NoticeKind.ACCESS_REQUESTED, facts, without=actor.person_id)


def _notify_admins(
    tenant_id: UUID, kind: NoticeKind, facts: dict[str, str], *, without: UUID | None = None
) -> None:
    """Notices to the owners and admins, but not to the person who caused them."""
    admins = Membership.objects.filter(
        tenant_id=tenant_id, role__in=[Role.OWNER, Role.ADMIN], suspended_at=None
    )
    if without is not None:
        admins = admins.exclude(person_id=without)
    Notice.objects.bulk_create(
        Notice(tenant_id=tenant_id, person_id=admin.person_id, kind=kind, facts=facts)
        for admin in admins
    )


def notify_of_decision(
    actor: Actor, asker_id: UUID, *, approved: bool, wish: str, link: str
) -> None:
    """Tell the requester what was decided."""
    Notice.objects.create(
        tenant_id=actor.tenant_id,
        person_id=asker_id,
        kind=NoticeKind.ACCESS_DECIDED,
        facts={"decision": "approved" if approved else "denied", "wish": wish, "link": link},
    )


def notify_invited(invitation: Invitation) -> None:
    """Write the mail to an invited address; the worker computes its link when it sends it."""
    by = invitation.invited_by
    Notice.objects.create(
        tenant_id=invitation.tenant_id,
        invitation=invitation,
        kind=NoticeKind.MEMBER_INVITED,
        facts={"invited_by": str(by.email) if by else "", "role": invitation.role},
    )


def notices_outstanding() -> Outstanding:
    """The outstanding notices of all tenants together."""
    with connection.cursor() as cursor:
        cursor.execute(
            "SELECT waiting, failed"
            " FROM notices_outstanding(make_interval(secs => %s), make_interval(secs => %s))",
            [OVERDUE.total_seconds(), RECENTLY.total_seconds()],
        )
        return Outstanding(*cursor.fetchone())


class NoticeQueue:
    """The notices of every tenant, for `tenants.mail_queue`."""

    name = "notices"
    model = Notice

    def transaction(self, key: RowKey) -> AbstractContextManager[None]:
        assert key.tenant_id is not None
        return tenant_transaction(key.tenant_id)

    def rows(self, key: RowKey) -> QuerySet[Notice]:
        assert key.tenant_id is not None
        rows = Notice.objects.filter(pk=key.row_id, tenant_id=key.tenant_id)
        return rows.select_related("tenant", "person", "invitation")

    def compose(self, row: Notice) -> EmailMessage | None:
        address = _address(row)
        return message_from(row, f"notices/{NoticeKind(row.kind)}.txt", _facts(row), address)


def _address(notice: Notice) -> str | None:
    """The recipient; none when the invitation was withdrawn in the meantime."""
    if notice.person is not None:
        return str(notice.person.email)
    asked = notice.invitation
    return asked.email if asked and asked.state == InvitationState.WAITING else None


def _facts(notice: Notice) -> dict[str, str]:
    shown = {**notice.facts, "tenant": notice.tenant.name, "site": settings.PUBLIC_URL}
    if notice.invitation is not None:
        shown["link"] = invitation_link(notice.invitation.pk)
    return shown
