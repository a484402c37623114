"""Folders by their path; made on the way when something is put into them."""

from access.actor import Actor
from credentials.models import Folder
from credentials.permissions import ancestors


def require_folder(actor: Actor, path: str) -> Folder:
    """The folder at `path`, made together with those above it when missing."""
    paths = ancestors(path)
    Folder.objects.bulk_create(
        [Folder(tenant_id=actor.tenant_id, path=one) for one in paths], ignore_conflicts=True
    )
    return Folder.objects.of(actor).get(path=path)
