"""What an owner sees of the tenant's mail."""

from functools import partial

from django.test import override_settings

from tenants.operations import invite_member, show_mail
from tenants.shapes.invitations import InviteMember
from tenants.tasks import send_notices
from tests.console.pages import page_text, signed_in
from tests.people import Somebody
from tests.refusals import code_of
from tests.storage import owner_sql
from tests.tenants.mail_server import mail_server

NINA = "nina@example.org"


def invite(who: Somebody) -> None:
    invite_member(who.console, InviteMember.parse({"email": NINA, "role": "member"}))


def test_owners_see_which_mail_of_their_tenant_was_given_up(
    owner: Somebody, outsider: Somebody, member: Somebody
) -> None:
    invite(owner)
    with mail_server(recipients={NINA: "550 no such mailbox"}):
        send_notices()

    mail = show_mail(owner.console)
    (given_up,) = mail.undelivered
    assert (mail.configured, mail.waiting, mail.undelivered_count) == (True, 0, 1)
    assert (given_up.email, given_up.kind, given_up.state) == (NINA, "member_invited", "failed")
    assert given_up.reason == "SMTPRecipientsRefused 550"
    assert show_mail(outsider.console).undelivered == []
    assert code_of(partial(show_mail, member.console)) == "access/permission-denied"

    page = page_text(signed_in(owner).get("/admin/"))
    assert "1 e-mail could not be delivered in the last week" in page
    assert f"{NINA}: an invitation" in page
    assert "The mail server refused it (550)." in page

    owner_sql("UPDATE notice SET failed_at = failed_at - interval '8 days'")
    assert show_mail(owner.console).undelivered_count == 0


def test_owners_see_that_there_is_no_mail_server(owner: Somebody) -> None:
    browser = signed_in(owner)
    invite(owner)
    with override_settings(EMAIL_BACKEND="vaultsite.mail.NoMailServer"):
        send_notices()
        mail = show_mail(owner.console)
        page = page_text(browser.get("/admin/"))

    assert (mail.configured, mail.waiting, mail.undelivered) == (False, 1, [])
    assert "This installation has no mail server: 1 e-mail of this tenant waits" in page
    assert "no mail server" not in page_text(browser.get("/admin/"))
