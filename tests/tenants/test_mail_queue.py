"""Outgoing mail: a refused message holds up no other, and sending holds no lock."""

import logging
from collections.abc import Callable
from dataclasses import dataclass
from datetime import timedelta
from typing import Any
from uuid import uuid4

import pytest
from django.conf import settings
from django.core.cache import cache
from django.db.transaction import atomic
from django.test import override_settings

from access.tenancy import tenant_transaction
from foundation.db.due_rows import due_rows
from identity.sign_in.security_emails import LetterKind, LetterQueue, letters_due, write_letter
from identity.tasks import send_letters
from tenants.agents import connect_agent
from tenants.mail_queue import LONGEST_RETRY, MOST_ATTEMPTS, Attempt, RowKey, delay_after
from tenants.notifications import NoticeQueue
from tenants.tasks import send_notices
from tests.people import Somebody
from tests.storage import owner_sql
from tests.tenants.mail_server import DROP, HANG, mail_server

OLIVIA, MARC = "olivia@example.org", "marc@example.org"


@dataclass(frozen=True)
class Queue:
    """A table, what puts a mail to both people there, and the task that delivers it."""

    table: str
    fill: Callable[[Somebody, Somebody], None]
    send: Callable[[], None]
    first_due: Callable[[], Attempt[Any]]

    def rows(self) -> dict[str, tuple[str, int, str]]:
        """State, attempts and failure by address."""
        return {
            row[0]: tuple(row[1:])
            for row in owner_sql(
                f"SELECT p.email, m.state, m.attempts, m.failure FROM {self.table} m "
                "JOIN person p ON p.id = m.person_id"
            )
        }

    def make_due(self) -> None:
        owner_sql(f"UPDATE {self.table} SET next_attempt_at = clock_timestamp()")

    def seconds_to_wait(self, address: str) -> float:
        ((seconds,),) = owner_sql(
            "SELECT extract(epoch FROM m.next_attempt_at - clock_timestamp())::float "
            f"FROM {self.table} m JOIN person p ON p.id = m.person_id WHERE p.email = %s",
            address,
        )
        return float(seconds)


def _notices(owner: Somebody, member: Somebody) -> None:
    with tenant_transaction(member.console.tenant_id):
        connect_agent(member.console, uuid4(), "Laptop")


def _letters(owner: Somebody, member: Somebody) -> None:
    with atomic():
        write_letter(owner.person, LetterKind.PASSWORD_CHANGED)
        write_letter(member.person, LetterKind.PASSWORD_CHANGED)


QUEUES = {
    "notices": Queue(
        "notice",
        _notices,
        send_notices,
        lambda: Attempt(NoticeQueue(), RowKey(*due_rows("notices_due", limit=1)[0])),
    ),
    "letters": Queue(
        "identity_letter",
        _letters,
        send_letters,
        lambda: Attempt(LetterQueue(), letters_due(1)[0]),
    ),
}


@pytest.fixture(params=QUEUES)
def queue(request: pytest.FixtureRequest, owner: Somebody, member: Somebody) -> Queue:
    """Each queue in turn, with one mail to each of two people."""
    found = QUEUES[request.param]
    owner_sql("DELETE FROM notice")
    found.fill(owner, member)
    return found


def test_a_refused_recipient_is_given_up_and_the_others_get_their_mail(queue: Queue) -> None:
    with mail_server(recipients={OLIVIA: "550 no such mailbox olivia@example.org"}) as server:
        queue.send()

    assert server.taken == [MARC]
    assert queue.rows() == {
        OLIVIA: ("failed", 1, "SMTPRecipientsRefused 550"),
        MARC: ("sent", 1, ""),
    }


@pytest.mark.parametrize(
    ("treatment", "failure"),
    [
        ("451 later", "SMTPRecipientsRefused 451"),
        (DROP, "SMTPServerDisconnected"),
        (HANG, "SMTPServerDisconnected"),
    ],
)
def test_a_passing_trouble_is_tried_again_later_and_holds_nobody_up(
    queue: Queue, treatment: str, failure: str
) -> None:
    with mail_server(recipients={OLIVIA: treatment}) as server:
        queue.send()
        queue.send()
        assert server.taken == [MARC]
        assert queue.rows()[OLIVIA] == ("waiting", 1, failure)
        assert queue.seconds_to_wait(OLIVIA) > 30
        server.recipients.clear()
        queue.make_due()
        queue.send()

    assert server.taken == [MARC, OLIVIA]
    assert queue.rows()[OLIVIA] == ("sent", 2, "")


def test_it_is_given_up_after_many_attempts(queue: Queue) -> None:
    owner_sql(f"UPDATE {queue.table} SET attempts = %s", MOST_ATTEMPTS - 2)
    with mail_server(recipients={OLIVIA: "451 later"}):
        for _ in range(3):
            queue.send()
            queue.make_due()

    assert queue.rows()[OLIVIA] == ("failed", MOST_ATTEMPTS, "SMTPRecipientsRefused 451")


def test_the_wait_doubles_up_to_a_bound() -> None:
    waits = [delay_after(number) for number in range(1, MOST_ATTEMPTS + 1)]

    assert [wait.total_seconds() for wait in waits[:4]] == [60, 120, 240, 480]
    assert waits[-1] == LONGEST_RETRY
    assert sum(waits[:-1], timedelta()) < timedelta(days=1)


def test_a_message_that_is_refused_for_good_is_given_up(queue: Queue) -> None:
    with mail_server(data="554 looks like spam"):
        queue.send()

    assert set(queue.rows().values()) == {("failed", 1, "SMTPDataError 554")}


@pytest.mark.parametrize(
    "treatment", [{"greeting": "421 too busy"}, {"sender": "530 authenticate first"}]
)
def test_a_server_that_takes_nothing_costs_no_mail_an_attempt(
    queue: Queue, treatment: dict[str, str]
) -> None:
    with mail_server(**treatment):
        queue.send()
    assert set(queue.rows().values()) == {("waiting", 0, "")}

    with mail_server() as server:
        queue.send()
        assert server.taken == []  # a pause
        cache.clear()
        queue.send()
    assert sorted(server.taken) == [MARC, OLIVIA]


def test_a_server_that_is_away_costs_no_mail_an_attempt(queue: Queue) -> None:
    with mail_server():
        pass  # its port is closed now
    with override_settings(
        EMAIL_BACKEND="django.core.mail.backends.smtp.EmailBackend",
        EMAIL_HOST="127.0.0.1",
        EMAIL_PORT=1,
    ):
        queue.send()

    assert set(queue.rows().values()) == {("waiting", 0, "")}


def test_nothing_is_held_while_the_server_is_talked_to(queue: Queue) -> None:
    """Every open transaction, idle or not, holds the lock on its own virtual id."""
    seen: list[object] = []

    def look() -> None:
        seen.extend(
            owner_sql(
                "SELECT pid FROM pg_locks JOIN pg_stat_activity USING (pid) "
                "WHERE locktype = 'virtualxid' AND datname = current_database() AND usename = %s",
                settings.DATABASES["default"]["USER"],
            )
        )
        owner_sql(f"SELECT id FROM {queue.table} FOR UPDATE NOWAIT")

    with mail_server(while_sending=look) as server:
        queue.send()

    assert sorted(server.taken) == [MARC, OLIVIA]
    assert seen == []


def test_the_claim_of_a_worker_that_died_ends_within_two_minutes(queue: Queue) -> None:
    assert queue.first_due()._claim()
    with mail_server() as server:
        queue.send()
        assert len(server.taken) == 1
        (dead,) = {OLIVIA, MARC} - set(server.taken)
        assert 0 < queue.seconds_to_wait(dead) < 120
        queue.make_due()
        queue.send()

    assert server.taken[1:] == [dead]
    assert queue.rows()[dead] == ("sent", 2, "")


def test_a_claim_that_was_lost_changes_nothing_but_what_was_sent(queue: Queue) -> None:
    first, second = queue.first_due(), queue.first_due()
    assert first._claim()
    queue.make_due()
    assert second._claim()

    first._record(state="failed", failure="late")
    assert {row[0] for row in queue.rows().values()} == {"waiting"}
    first._succeeded(sent=True)
    assert sorted(row[0] for row in queue.rows().values()) == ["sent", "waiting"]


def test_every_attempt_has_the_same_message_id(queue: Queue) -> None:
    with mail_server() as server:
        queue.send()
        owner_sql(f"UPDATE {queue.table} SET state = 'waiting', next_attempt_at = now()")
        queue.send()

    ids = [line for text in server.messages for line in text.splitlines() if "Message-ID" in line]
    assert len(ids) == 4
    assert len(set(ids)) == 2


def test_what_waited_for_a_week_is_no_news(queue: Queue) -> None:
    owner_sql(f"UPDATE {queue.table} SET created_at = now() - interval '8 days'")
    with mail_server() as server:
        queue.send()

    assert server.taken == []
    assert {row[0] for row in queue.rows().values()} == {"expired"}


def test_without_a_mail_server_everything_waits(queue: Queue) -> None:
    with override_settings(EMAIL_BACKEND="vaultsite.mail.NoMailServer"):
        queue.send()
    assert set(queue.rows().values()) == {("waiting", 0, "")}

    with mail_server() as server:
        queue.send()
    assert sorted(server.taken) == [MARC, OLIVIA]


def test_a_row_that_cannot_be_composed_holds_nobody_up(queue: Queue) -> None:
    owner_sql(
        f"UPDATE {queue.table} SET kind = 'unheard_of' "
        "WHERE person_id = (SELECT id FROM person WHERE email = %s)",
        OLIVIA,
    )
    with mail_server() as server:
        queue.send()

    assert server.taken == [MARC]
    assert queue.rows()[OLIVIA] == ("waiting", 1, "ValueError")


def test_the_log_has_one_line_for_a_cause_and_no_address(
    queue: Queue, caplog: pytest.LogCaptureFixture
) -> None:
    refusal = "550 nobody here is olivia@example.org"
    with caplog.at_level(logging.INFO), mail_server(recipients={OLIVIA: refusal, MARC: refusal}):
        queue.send()

    lines = [one.getMessage() for one in caplog.records if one.name == "tenants.mail_queue"]
    assert [line.rpartition(": ")[2] for line in lines] == ["SMTPRecipientsRefused 550"]
    assert "@" not in "".join(lines)
