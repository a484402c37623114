"""Where things are, and what a change of place may give (invariant I12).

Whatever puts an existing credential or folder elsewhere holds the new place first and then asks
`require_no_gain`. How its locks meet those of grants is in docs/decisions/0007-locks.md.
"""

from django.db import connection

from access.actor import Actor
from access.levels import Level
from credentials.folders import require_folder
from credentials.grant_terms import is_covered, terms_held, terms_of
from credentials.models import Credential, Folder, Grant
from credentials.permissions import ancestors, in_force, path_of
from foundation.errors import Denied
from tenants.memberships import ActiveMembership


def hold_folder(actor: Actor, path: str) -> Folder:
    """The folder at `path`, made when it is missing; until the transaction ends, no grant on it or
    on a folder above it is added or changed, and none of them moves.
    """
    _share(actor, path)
    folder = require_folder(actor, path)
    _share(actor, path)  # what somebody else made meanwhile
    return folder


def _share(actor: Actor, path: str) -> None:
    with connection.cursor() as cursor:
        cursor.execute(
            "SELECT FROM folder WHERE tenant_id = %s AND path = ANY(%s) ORDER BY path FOR SHARE",
            [actor.tenant_id, ancestors(path)],
        )


def require_no_gain(
    actor: Actor, stands: ActiveMembership, moved: Credential | Folder, target: str
) -> None:
    """Refuse to put `moved` into the folder `target` when a grant on that folder or above it would
    give anybody, the actor included, more on `moved` than the actor holds on it now.

    More is a higher level, a later end, or other agents. Whether people, groups or service accounts
    hold those grants makes no difference, nor what else they hold. For a folder this decides for
    everything below it too: what the actor holds on a folder holds below it as well.

    Call it before the move, with the target held and with the actor's standing kept.
    """
    if stands.base_level is Level.ADMIN:
        return
    above = set(ancestors(target)) - set(ancestors(path_of(moved)))
    grants = Grant.objects.of(actor).filter(in_force(), folder__path__in=above)
    held = terms_held(actor, stands, moved)
    if not all(is_covered(terms_of(grant), held) for grant in grants):
        kind = "folder" if isinstance(moved, Folder) else "credential"
        raise Denied(
            f"Grants on the target folder give somebody more than you hold on this {kind}: "
            "a higher level, a later end, or other agents.",
            hint=f"Somebody who holds admin on this {kind} without an end can move it there.",
        )
