"""Archiving, restoring, revoking and deleting a credential; each page asks first."""

from dataclasses import dataclass
from typing import Any

from django.contrib import messages
from django.http import HttpRequest, HttpResponse
from django.shortcuts import redirect
from django.urls import reverse

from audit.operation import Operation
from console.confirmation import ConfirmForm, Question, confirm
from console.lookups import find_or_404
from console.page_context import actor_for
from credentials.operations import (
    archive_credential,
    delete_credential,
    restore_credential,
    revoke_credential,
)
from credentials.shapes.credentials import CredentialDetailOut, DescribeCredential
from foundation.errors import Conflict


@dataclass(frozen=True, slots=True)
class Step:
    """The question, its consequences and the operation; `typed`: the key has to be typed."""

    heading: str
    action: str
    done: str
    operation: Operation[Any, Any, None]
    consequences: tuple[str, ...]
    typed: bool = False
    ends_leases: bool = True


STEPS = {
    "archive": Step(
        "Archive {}",
        "Archive it",
        "{} is archived.",
        archive_credential,
        ("Nobody can lease it until it is restored.",),
    ),
    "restore": Step(
        "Restore {}",
        "Restore it",
        "{} is in use again.",
        restore_credential,
        ("It can be leased again. Leases that ended stay ended.",),
        ends_leases=False,
    ),
    "revoke": Step(
        "Revoke {} for good",
        "Revoke for good",
        "{} is revoked.",
        revoke_credential,
        ("Nobody can ever lease it again.", "Its history stays, and its key cannot be used again."),
        typed=True,
    ),
    "delete": Step(
        "Delete {}",
        "Delete it",
        "{} is deleted.",
        delete_credential,
        (
            "Every version's value is destroyed; no backup of Vault's keys brings it back.",
            "Grants on it are removed. The audit log keeps what happened.",
        ),
        typed=True,
    ),
}


def end(request: HttpRequest, key: str, step: str) -> HttpResponse:
    """Ask, then do one of the STEPS."""
    actor = actor_for(request)
    chosen = STEPS[step]
    credential = find_or_404(actor, key, chosen.operation)
    form = ConfirmForm(
        request.POST if request.method == "POST" else None, phrase=key if chosen.typed else ""
    )
    if form.is_valid():
        with form.refusals(Conflict):
            chosen.operation(actor, DescribeCredential(key=key))
            messages.success(request, chosen.done.format(key))
            return redirect("credentials" if step == "delete" else _page(key))
    question = Question(
        heading=chosen.heading.format(key),
        action=chosen.action,
        lines=[*_impact(chosen, credential), *chosen.consequences],
        cancel=_page(key),
        danger=step != "restore",
    )
    return confirm(request, question, form)


def _impact(step: Step, credential: CredentialDetailOut) -> list[str]:
    """How many leases end."""
    if not step.ends_leases:
        return []
    count = credential.active_leases
    if not count:
        return ["No lease is live on it."]
    return [
        f"{count} live lease{'' if count == 1 else 's'} end{'s' if count == 1 else ''} at once."
    ]


def _page(key: str) -> str:
    return reverse("credential", args=[key])
