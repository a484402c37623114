"""What a person leaves behind by reading: the values that they know."""

from typing import Any
from uuid import UUID

from access.actor import Actor
from access.left_behind import MOST_OF_A_KIND, LeftBehind, LeftBehindKind
from credentials.models import Credential, State, VersionState
from foundation.db.ids import public_id
from leases.models import Lease


def report_left_behind(actor: Actor, person_id: UUID, **_: Any) -> list[LeftBehind]:
    """Receiver of `left_behind_requested`: the credentials whose current value they or their
    agents have read. A rotation takes a credential off the list.
    """
    read = Lease.objects.of(actor).filter(
        person_id=person_id, uses__gt=0, version__state=VersionState.CURRENT
    )
    rows = Credential.objects.of(actor).filter(
        pk__in=read.values("credential_id"), state__in=[State.ACTIVE, State.ARCHIVED]
    )
    return [
        LeftBehind(LeftBehindKind.CREDENTIAL, public_id("cred", row.pk), row.key)
        for row in rows.order_by("key")[:MOST_OF_A_KIND]
    ]
