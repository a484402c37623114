"""The checklist of a new tenant: what is left, until nothing is."""

from allauth.mfa.models import Authenticator
from django.test import RequestFactory

from console.setup_checklist import checklist
from identity.models import Milestone
from identity.sign_in import first_run
from tests.people import Somebody, join, new_person, store
from tests.storage import owner_sql


def left(who: Somebody) -> list[str]:
    """The titles of what is not done."""
    request = RequestFactory().get("/")
    request.user = who.person
    return [step.title for step in checklist(request, who.console) if not step.done]


def test_each_step_is_done_by_doing_it(owner: Somebody, outsider: Somebody) -> None:
    Milestone.objects.create(name=first_run.SET_UP, person=owner.person)
    assert len(left(owner)) == 5
    Authenticator.objects.create(user=owner.person, type="webauthn", data={})
    store(owner)
    join(owner, new_person("marc"))
    assert left(owner) == ["Connect an agent", "Keep a copy of the root key"]
    first_run.note_root_key_kept(owner.person)
    owner_sql("UPDATE agent SET first_call_at = now()")
    assert left(owner) == []
    request = RequestFactory().get("/")
    request.user = owner.person
    assert checklist(request, owner.console) == []


def test_only_who_set_it_up_is_asked_for_the_root_key(outsider: Somebody) -> None:
    assert "Keep a copy of the root key" not in left(outsider)
