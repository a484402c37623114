"""The first run of an installation: the operator's link and the first account and tenant.

The link is signed, not stored, and is valid for a day. It creates one account, which creates the
first tenant. After that, setup is closed for good.
"""

import secrets
from datetime import timedelta

from django.conf import settings
from django.core import signing
from django.db import IntegrityError
from django.db.transaction import atomic
from django.urls import reverse
from django.utils.text import slugify

from foundation.errors import Conflict, NotFound
from identity.models import Milestone
from tenants.models import Membership, Person
from tenants.operations import create_tenant

LINK_LIFETIME = timedelta(days=1)
SALT = "identity.sign_in.first_run"
SET_UP = "set up"
ROOT_KEY_KEPT = "root key kept"


def is_open() -> bool:
    """Whether there is no membership yet and setup was never completed."""
    return not (_reached(SET_UP) or Membership.objects.exists())


def setup_link() -> str:
    """A new link. Raises Conflict once the installation is set up."""
    if not is_open():
        raise Conflict("This installation is set up already.")
    token = signing.dumps(secrets.token_hex(16), salt=SALT)
    return settings.PUBLIC_URL + reverse("setup_link", kwargs={"token": token})


def read_link(token: str) -> str:
    """The nonce of a valid link; NotFound for any other."""
    try:
        nonce = str(signing.loads(token, salt=SALT, max_age=LINK_LIFETIME))
    except signing.BadSignature:
        raise NotFound("This link does not work.") from None
    if not is_open() or _reached(_used(nonce)):
        raise NotFound("This link does not work.")
    return nonce


def make_first_person(nonce: str, email: str, name: str, password: str) -> Person:
    """Create the account of the link's holder and use up the link."""
    try:
        with atomic():
            if not is_open():
                raise NotFound("This installation is set up already.")
            Milestone.objects.create(name=_used(nonce))
            return Person.objects.create_user(email, password, name=name)
    except IntegrityError:
        raise Conflict("There is an account with this address, or the link was used.") from None


def make_first_tenant(owner: Person, name: str) -> None:
    """Create the first tenant; of simultaneous attempts one succeeds. Conflict if it exists."""
    slug = slugify(name)[:63] or "vault"
    try:
        with atomic():
            if not is_open():
                raise Conflict("This installation is set up already.")
            Milestone.objects.create(name=SET_UP, person=owner)
    except IntegrityError:
        raise Conflict("This installation is set up already.") from None
    try:
        create_tenant(slug, name, owner)
    except Exception:
        Milestone.objects.filter(name=SET_UP).delete()
        raise


def did_set_up(person: Person) -> bool:
    """Whether this person set up the installation, and so is asked to keep its root key."""
    return Milestone.objects.filter(name=SET_UP, person=person).exists()


def root_key_is_kept() -> bool:
    """Whether somebody confirmed that they keep a copy of the root key."""
    return _reached(ROOT_KEY_KEPT)


def note_root_key_kept(person: Person) -> None:
    """Record the confirmation; repeating it changes nothing."""
    Milestone.objects.get_or_create(name=ROOT_KEY_KEPT, defaults={"person": person})


def _reached(name: str) -> bool:
    return Milestone.objects.filter(name=name).exists()


def _used(nonce: str) -> str:
    return f"link {nonce}"
