"""People are reminded 30, 7 and 1 days before an end, once at each stage."""

from datetime import UTC, datetime, timedelta
from typing import Any

import pytest
from django.core import mail

from access.tenancy import tenant_transaction
from credentials.tasks import remind_of_credential_ends
from identity.tasks import remind_of_token_ends
from tenants import reminders
from tenants.models import Reminder
from tenants.operations import suspend_member
from tenants.shapes.members import SuspendMember
from tenants.tasks import send_notices
from tests.machines import new_account, new_secret, new_token
from tests.people import Somebody, grant, store
from tests.storage import owner_sql

Outbox = list[mail.EmailMessage]


def moment(days: float) -> datetime:
    """So many days from now, to the second."""
    return datetime.now(UTC).replace(microsecond=0) + timedelta(days=days)


def end_in(table: str, days: float) -> None:
    """What was set up a year ago ends in so many days."""
    statement = f"UPDATE {table} SET created_at = now() - interval '1 year', expires_at = %s"
    owner_sql(statement, moment(days))


def reminded(outbox: Outbox) -> list[str]:
    """Run the tasks; who got a mail."""
    outbox.clear()
    remind_of_credential_ends()
    remind_of_token_ends()
    send_notices()
    return sorted(message.to[0] for message in outbox)


def test_each_stage_of_a_grants_end_is_announced_once_to_its_person(
    owner: Somebody, member: Somebody, outsider: Somebody, mailoutbox: Outbox
) -> None:
    store(owner)
    grant(owner, member, "user", key="stripe-api-key", expiresAt=moment(40).isoformat())
    end_in("credential_grant", 30.5)
    assert reminded(mailoutbox) == []
    end = moment(29.9)
    for passed in (0, 23, 29):
        # The end stays, and the clock moves: seen from the rows, by moving their times.
        owner_sql("UPDATE credential_grant SET expires_at = %s", end - timedelta(days=passed))
        owner_sql("UPDATE reminder SET ends_at = %s", end - timedelta(days=passed))
        assert reminded(mailoutbox) == ["marc@example.org"]
        assert "your user access to stripe-api-key ends" in str(mailoutbox[0].body)
        assert reminded(mailoutbox) == []


def test_after_an_outage_only_the_nearest_stage_is_announced(
    owner: Somebody, member: Somebody, mailoutbox: Outbox
) -> None:
    store(owner)
    grant(owner, member, "user", key="stripe-api-key", expiresAt=moment(40).isoformat())
    end_in("credential_grant", 0.5)
    assert reminded(mailoutbox) == ["marc@example.org"]
    assert reminded(mailoutbox) == []


def test_what_ended_is_not_announced_and_its_reminders_are_deleted(
    owner: Somebody, member: Somebody, mailoutbox: Outbox
) -> None:
    store(owner)
    grant(owner, member, "user", key="stripe-api-key", expiresAt=moment(40).isoformat())
    end_in("credential_grant", 5)
    assert reminded(mailoutbox) == ["marc@example.org"]
    end_in("credential_grant", -1)
    owner_sql("UPDATE reminder SET ends_at = %s", moment(-1))
    assert reminded(mailoutbox) == []
    with tenant_transaction(owner.console.tenant_id):
        assert not Reminder.objects.of(owner.console).exists()


def test_what_was_set_up_within_a_stage_is_not_announced_at_it(
    owner: Somebody, member: Somebody, mailoutbox: Outbox
) -> None:
    store(owner)
    grant(owner, member, "user", key="stripe-api-key", expiresAt=moment(6).isoformat())
    assert reminded(mailoutbox) == []


def test_a_suspended_person_is_not_reminded_and_nobody_instead(
    owner: Somebody, member: Somebody, mailoutbox: Outbox
) -> None:
    new_token(member)
    end_in("identity_personaltoken", 5)
    suspend_member(owner.console, SuspendMember.parse({"personId": member.id}))
    send_notices()
    assert reminded(mailoutbox) == []


def test_a_run_that_read_before_another_one_wrote_writes_nothing(
    owner: Somebody, member: Somebody, mailoutbox: Outbox, monkeypatch: pytest.MonkeyPatch
) -> None:
    new_token(member)
    end_in("identity_personaltoken", 5)
    found: list[Any] = []
    due = reminders._due

    def keep(*arguments: Any) -> list[Any]:
        rows = due(*arguments)
        found.extend(rows)
        return rows

    monkeypatch.setattr(reminders, "_due", keep)
    assert reminded(mailoutbox) == ["marc@example.org"]
    assert len(found) == 1
    monkeypatch.setattr(reminders, "_due", lambda *_: found)
    assert reminded(mailoutbox) == []


@pytest.mark.parametrize("owned", [False, True], ids=["to-keepers", "to-owners"])
def test_a_due_rotation_is_announced_to_those_who_look_after_the_credential(
    owner: Somebody, member: Somebody, mailoutbox: Outbox, *, owned: bool
) -> None:
    store(owner, policy={"rotateEvery": "60d"})
    owner_sql("UPDATE credential SET owners = %s", [member.person.pk] if owned else [])
    owner_sql("UPDATE credential_version SET created_at = now() - interval '55 days'")
    expected = "marc@example.org" if owned else "olivia@example.org"
    assert reminded(mailoutbox) == [expected]
    assert "stripe-api-key is due for rotation" in str(mailoutbox[0].body)
    assert reminded(mailoutbox) == []


def test_a_holder_of_admin_is_a_keeper(
    owner: Somebody, member: Somebody, mailoutbox: Outbox
) -> None:
    store(owner, policy={"rotateEvery": "60d"})
    owner_sql("UPDATE credential SET owners = '{}'")
    grant(owner, member, "admin", folderPath="stripe")
    owner_sql("UPDATE credential_version SET created_at = now() - interval '55 days'")
    assert reminded(mailoutbox) == ["marc@example.org", "olivia@example.org"]


def test_an_expiring_value_is_announced_and_one_mail_has_it_all(
    owner: Somebody, mailoutbox: Outbox
) -> None:
    for name, end in (("one", moment(5)), ("two", moment(6)), ("later", moment(90))):
        store(owner, name, type="oauth-token", metadata={"tokenExpiresAt": end.isoformat()})
    owner_sql("UPDATE credential_version SET created_at = now() - interval '1 year'")
    assert reminded(mailoutbox) == ["olivia@example.org"]
    assert "2 things end soon" in str(mailoutbox[0].subject)
    body = str(mailoutbox[0].body)
    assert body.index("the token one expires") < body.index("the token two expires")
    assert "the token later" not in body


def test_ends_of_personal_tokens_and_service_accounts_are_announced(
    owner: Somebody, member: Somebody, outsider: Somebody, mailoutbox: Outbox
) -> None:
    new_token(member)
    new_secret(owner, new_account(owner))
    end_in("identity_personaltoken", 5)
    end_in("identity_accountproof", 5)
    assert reminded(mailoutbox) == ["marc@example.org", "olivia@example.org"]
    assert reminded(mailoutbox) == []
