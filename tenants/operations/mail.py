"""Mail that a tenant sends: what waits, and what did not arrive."""

from access.actions import Action
from access.actor import Actor
from audit.recording import read_only
from foundation.db.clock import database_now
from tenants.mail_queue import LIFETIME, MailState, mail_is_configured
from tenants.memberships import active_membership
from tenants.models import Notice
from tenants.shapes.tenants import MailOut, UndeliveredOut

MOST_SHOWN = 50


def show_mail(actor: Actor) -> MailOut:
    """Whether there is a mail server, how many mails of the tenant wait, and which were given up
    in the last week, the newest first. Mails to people about their own accounts are not among them.
    """
    with read_only(actor, Action.SHOW_MAIL):
        active_membership(actor).require(Action.SHOW_MAIL)
        rows = Notice.objects.of(actor)
        given_up = rows.filter(failed_at__gt=database_now() - LIFETIME).order_by("-failed_at")
        shown = given_up.select_related("person", "invitation")[:MOST_SHOWN]
        return MailOut(
            configured=mail_is_configured(),
            waiting=rows.filter(state=MailState.WAITING).count(),
            undelivered_count=given_up.count(),
            undelivered=[_undelivered(notice) for notice in shown],
        )


def _undelivered(notice: Notice) -> UndeliveredOut:
    to = notice.person or notice.invitation
    assert to is not None  # the table's constraint
    return UndeliveredOut.model_validate(
        {
            "email": to.email,
            "kind": notice.kind,
            "state": notice.state,
            "reason": notice.failure or None,
            "created_at": notice.created_at,
        }
    )
