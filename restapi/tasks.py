"""Background work of the API: answers that were kept for a day are forgotten."""

from celery import shared_task

from access.actor import machinery
from access.due import work_off
from restapi.repeating import forget_answer


@shared_task(name="restapi.forget_answers")
def forget_answers() -> None:
    """Remove every answer older than a day, which no repetition finds any more."""
    work_off(
        "kept_answers_due",
        lambda tenant, due: forget_answer(machinery("answers", tenant), due),
    )
