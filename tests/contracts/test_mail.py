"""Every mail goes through a queue that skips, retries and gives up (tenants/mail_queue.py)."""

import ast
from pathlib import Path
from typing import Any

from django.apps import apps
from django.conf import settings

from identity.sign_in.security_emails import LetterQueue
from tenants.mail_queue import OutgoingMail
from tenants.notifications import NoticeQueue
from tests.contracts.test_layers import APPS
from tests.tenants.test_mail_queue import QUEUES
from vaultsite.celery import app
from vaultsite.due_scheduler import DUE

TASKS: dict[Any, str] = {NoticeQueue: "tenants.send_notices", LetterQueue: "identity.send_letters"}
SENDING = {"send_mail", "send_mass_mail", "mail_admins", "mail_managers", "get_connection"}
SENDERS = {"tenants/mail_queue.py"}


def test_every_table_of_outgoing_mail_has_a_queue_a_task_and_the_tests_of_queues() -> None:
    tables = {model for model in apps.get_models() if issubclass(model, OutgoingMail)}
    scheduled = {row["task"] for row in settings.CELERY_BEAT_SCHEDULE.values()} | set(DUE)

    assert {queue.model for queue in TASKS} == tables
    assert set(TASKS.values()) <= scheduled & set(app.tasks)
    assert {queue.table for queue in QUEUES.values()} == {one._meta.db_table for one in tables}


def test_nothing_else_sends_mail() -> None:
    base = Path(settings.BASE_DIR)
    found = {
        str(path.relative_to(base))
        for name in APPS
        for path in (base / name).rglob("*.py")
        if SENDING & _imported(ast.parse(path.read_text()))
    }

    assert found == SENDERS


def _imported(tree: ast.Module) -> set[str]:
    return {
        alias.name
        for node in ast.walk(tree)
        if isinstance(node, ast.ImportFrom) and node.module == "django.core.mail"
        for alias in node.names
    }
