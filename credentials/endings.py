"""What ends takes its grants with it: re-joining a tenant revives nothing (rule L6)."""

from typing import Any

from access.actor import Actor
from access.endings import Ended
from access.ids import public_id
from audit.events import Event
from audit.recording import Draft, record
from credentials.models import Grant


def end_grants(actor: Actor, ended: Ended, **_: Any) -> None:
    """Receiver of `access_ended`: a person who leaves the tenant loses every grant in it."""
    if not ended.leaves or ended.person_id is None:
        return
    for grant in Grant.objects.of(actor).filter(person_id=ended.person_id):
        entry = Draft(Event.GRANT_REMOVED)
        entry.about(credential_id=grant.credential_id)
        entry.detail(grant=public_id("grant", grant.pk), reason=ended.reason)
        record(actor, entry)
        grant.delete()
