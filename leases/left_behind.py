"""What a person leaves behind by reading: the values that they know."""

from typing import Any
from uuid import UUID

from access.actor import Actor
from access.left_behind import LeftBehind
from credentials.left_behind import known_credentials
from credentials.models import Credential, VersionState
from leases.models import Lease


def report_left_behind(actor: Actor, person_id: UUID, **_: Any) -> list[LeftBehind]:
    """Receiver of `left_behind_requested`: the credentials whose current value they or their
    agents have read. A rotation takes a credential off the list.
    """
    read = Lease.objects.of(actor).filter(
        person_id=person_id, uses__gt=0, version__state=VersionState.CURRENT
    )
    rows = Credential.objects.of(actor).filter(pk__in=read.values("credential_id"))
    return list(known_credentials(rows))
