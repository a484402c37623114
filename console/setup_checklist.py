"""The checklist of a new tenant, for its owners and admins; shown until everything is done."""

from dataclasses import dataclass

from django.http import HttpRequest
from django.urls import reverse

from access.actor import Actor
from credentials.operations.setup_progress import show_setup_progress
from identity.sign_in import first_run
from identity.sign_in.factors import has_second_factor


@dataclass(frozen=True, slots=True)
class Step:
    """One thing to do. `post`: it is a button, not a link."""

    title: str
    text: str
    address: str
    done: bool
    post: bool = False


def checklist(request: HttpRequest, actor: Actor) -> list[Step]:
    """The steps in order; empty once all are done."""
    assert request.user.is_authenticated
    done = has_second_factor(request.user)
    steps = [
        Step(
            "Protect your account",
            "Add a passkey or an authenticator app.",
            reverse("account"),
            done,
        ),
        *_in_tenant(actor),
        *_root_key(first_run.did_set_up(request.user)),
    ]
    return [] if all(step.done for step in steps) else steps


def _in_tenant(actor: Actor) -> list[Step]:
    progress = show_setup_progress(actor)
    return [
        Step(
            "Store a first credential",
            "Or import a file.",
            reverse("store_credential"),
            progress.has_credential,
        ),
        Step(
            "Connect an agent",
            "Such as Claude Code; one command.",
            reverse("connect"),
            progress.agent_called,
        ),
        Step(
            "Invite somebody",
            "A tenant should have two owners.",
            reverse("invitations"),
            progress.has_company,
        ),
    ]


def _root_key(did_set_up: bool) -> list[Step]:  # it is all that matters
    """For the person who set up the installation: other tenants' owners do not have its key."""
    if not did_set_up:
        return []
    return [
        Step(
            "Keep a copy of the root key",
            "Away from the database's backups. Without it every value is lost.",
            reverse("root_key_kept"),
            first_run.root_key_is_kept(),
            post=True,
        )
    ]
