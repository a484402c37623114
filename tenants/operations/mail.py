"""The mail that a tenant sends: what waits, and what could not be delivered."""

from access.actions import Action
from foundation.db.clock import database_now
from tenants.context import TenantContext, operation
from tenants.mail_queue import LIFETIME, MailState, mail_is_configured
from tenants.models import Notice
from tenants.shapes.mail import MailOut, UndeliveredOut

MOST_SHOWN = 50


@operation(Action.SHOW_MAIL)
def show_mail(context: TenantContext) -> MailOut:
    """Whether a mail server is configured, how many of the tenant's mails wait, and which were
    given up in the last week, the newest first.

    Mail to people about their own accounts is not included.
    """
    rows = Notice.objects.of(context.actor)
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
