"""Background work of the API: answers that were kept for a day are forgotten."""

from celery import shared_task

from access.actor import system_actor
from foundation.db.due_rows import process_due
from restapi.idempotency import delete_response


@shared_task(name="restapi.forget_answers")
def forget_answers() -> None:
    """Remove every answer older than a day, which no repetition finds any more."""
    process_due(
        "kept_answers_due",
        lambda tenant, due: delete_response(system_actor("answers", tenant), due),
    )
