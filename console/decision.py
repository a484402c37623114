"""Deciding on a request: what requests for leases and for access share."""

from collections.abc import Callable
from functools import partial
from typing import Any, ClassVar

from django import forms
from django.contrib import messages
from django.http import HttpRequest, HttpResponse
from django.shortcuts import redirect, render

from console.fields import rule
from console.operation_form import OperationForm
from console.page_context import page_context
from console.pending_forms import restore_form
from foundation.errors import Conflict, Invalid, VaultError
from foundation.schema.safe_text import require_visible


def reason_field() -> forms.CharField:
    """Why somebody decides as they do."""
    return forms.CharField(
        label="Reason",
        required=False,
        max_length=500,
        widget=forms.Textarea({"rows": 2}),
        help_text="The person who asked reads it, and it is recorded in the audit log.",
        validators=[rule(partial(require_visible, field="reason"))],
    )


class DecisionForm(OperationForm):
    """A person's decision; `decision` is the button that was pressed."""

    shown: ClassVar[tuple[type[VaultError], ...]] = (Invalid, Conflict)  # beside the fields

    decision = forms.ChoiceField(
        choices=[("approve", "Approve"), ("deny", "Deny")],
        error_messages=dict.fromkeys(["required", "invalid_choice"], "Choose Approve or Deny."),
    )
    reason = reason_field()

    @property
    def approves(self) -> bool:
        """Whether Approve was pressed."""
        return bool(self.cleaned_data["decision"] == "approve")

    def members(self, request_id: str) -> dict[str, Any]:
        """What every decision's shape takes."""
        return {
            "requestId": request_id,
            "approve": self.approves,
            "reason": self.cleaned_data["reason"],
        }


def decide(
    request: HttpRequest,
    form: DecisionForm,
    operation: Callable[[], object],
    outcome: Callable[[bool], str],
    page: tuple[str, dict[str, Any]],
) -> HttpResponse:
    """Run the operation when the form was sent, and report the outcome (approved or not); else show
    the page: its template and context.
    """
    restore_form(request, form)
    if form.is_valid():
        with form.refusals(*form.shown):
            operation()
            messages.success(request, outcome(form.approves))
            return redirect("approvals")
    template, context = page
    context = {**page_context(request), **context, "form": form}
    return render(request, template, context, status=422 if form.errors else 200)
