"""Background work on the log: recording the end of processes that were killed."""

from celery import shared_task

from audit import processes


@shared_task(name="audit.record_dead_processes")
def record_dead_processes() -> None:
    """Record the end of every process that shows no life; safe to run twice."""
    processes.record_dead_processes()
