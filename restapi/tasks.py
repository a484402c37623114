"""Background task of the API: expired answers are removed."""

from celery import shared_task

from access.actor import system_actor
from foundation.db.due_rows import process_due
from restapi.idempotency import delete_response


@shared_task(name="restapi.forget_answers")
def forget_answers() -> None:
    """Remove every answer that is older than a day."""
    process_due(
        "kept_answers_due",
        lambda tenant, due: delete_response(system_actor("answers", tenant), due),
    )
