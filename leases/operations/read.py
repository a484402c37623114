"""Redeeming a handle for the value: the one operation that discloses."""

from typing import Any

from pydantic import SecretStr

from access.actions import Action
from access.actor import Actor
from audit.events import Event
from audit.processes import this_process
from credentials.context import CredentialContext, operation
from credentials.disclosed_values import memory
from credentials.disclosures import require_disclosure
from credentials.envelope import Secret
from credentials.models import Version
from foundation.db.ids import public_id
from foundation.db.prepared import Statement
from leases.models import Lease
from leases.redemption import count_use, redeem, redemption_facts, unseal_or_alarm
from leases.shapes import ReadCredential, SecretOut


def _facts(actor: Actor, request: ReadCredential) -> tuple[Statement[Any], ...]:
    return redemption_facts(actor, request.lease_handle)


@operation(Action.READ_CREDENTIAL, Event.CREDENTIAL_READ, facts=_facts, on_loop=True)
def read_credential(
    context: CredentialContext,
    request: ReadCredential,  # noqa: ARG001  # `_facts` used its handle
) -> SecretOut:
    """Redeem a lease handle for the value and its secret fields.

    One transaction (L1): lock the lease, check everything by database time, count the use, unseal
    in memory, write the entry, commit; then answer. Raises InvalidHandle, LeaseExpired,
    LeaseRevoked, LeaseConsumed, Denied, DisclosureDenied; Unavailable when the value cannot be
    opened or the entry cannot be written.
    """
    lease, version = redeem(context)
    require_disclosure(context.actor, context.membership.tenant, version.credential)
    secret = unseal_or_alarm(version)
    count_use(context.entry, lease)
    context.entry.add_details(process=this_process.id)
    memory.remember(context.actor, (secret.value, *secret.fields.values()))
    return _secret_out(lease, version, secret)


def _secret_out(lease: Lease, version: Version, secret: Secret) -> SecretOut:
    return SecretOut.model_validate(
        {
            "lease_id": public_id("lease", lease.pk),
            "key": version.credential.key,
            "type": version.credential.type,
            "value": SecretStr(secret.value),
            "secret_fields": {name: SecretStr(text) for name, text in secret.fields.items()},
            "version": version.number,
            "expires_at": lease.times.expires_at,
            "uses_left": lease.uses_left,
        }
    )
