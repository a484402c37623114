"""Where credentials and folders are, and what moving them may give (invariant I12).

Whatever moves an existing credential or folder first locks the new place and then calls
`require_no_gain`. How its locks meet those of grants is in docs/decisions/0007-locks.md.
"""

from django.db import connection

from access.actor import Actor
from access.levels import Level
from credentials.context import CredentialContext
from credentials.grant_terms import Terms, current_terms, is_covered
from credentials.models import Credential, Folder, Grant
from credentials.permissions import ancestors, in_force, path_of
from foundation.errors import Denied


def require_folder(actor: Actor, path: str) -> Folder:
    """The folder at `path`, created together with those above it when missing."""
    Folder.objects.bulk_create(
        [Folder(tenant_id=actor.tenant_id, path=folder) for folder in ancestors(path)],
        ignore_conflicts=True,
    )
    return Folder.objects.of(actor).get(path=path)


def hold_folder(actor: Actor, path: str) -> Folder:
    """The folder at `path`, created when missing, with a shared lock on it and those above it.

    Until the transaction ends, no grant on them is added or changed, and none of them moves.
    """
    _share(actor, path)
    folder = require_folder(actor, path)
    _share(actor, path)  # Another transaction may have created folders in the meantime.
    return folder


def _share(actor: Actor, path: str) -> None:
    with connection.cursor() as cursor:
        cursor.execute(
            "SELECT FROM folder WHERE tenant_id = %s AND path = ANY(%s) ORDER BY path FOR SHARE",
            [actor.tenant_id, ancestors(path)],
        )


def require_no_gain(context: CredentialContext, moved: Credential | Folder, target: str) -> None:
    """Refuse to move `moved` into the folder `target` when grants there give more than the actor.

    That is, when a grant on that folder or above it would give anybody, the actor included, more
    on `moved` than the actor has on it now: a higher level, a later end, or other agents. Who
    holds those grants makes no difference, nor what else they hold. For a folder this decides for
    everything below it too, because what the actor has on a folder applies below it as well.

    Call it before the move, with the target locked and with the actor's membership shared.
    """
    if context.membership.base_level is Level.ADMIN:
        return
    above = set(ancestors(target)) - set(ancestors(path_of(moved)))
    grants = Grant.objects.of(context.actor).filter(in_force(), folder__path__in=above)
    current = current_terms(context, moved)
    if not all(is_covered(Terms.of(grant), current) for grant in grants):
        kind = "folder" if isinstance(moved, Folder) else "credential"
        raise Denied(
            f"Grants on the target folder give somebody more than you hold on this {kind}: "
            "a higher level, a later end, or other agents.",
            hint=f"Somebody who holds admin on this {kind} without an end can move it there.",
        )
