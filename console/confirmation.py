"""Confirming a step before it is done; for what cannot be undone, a phrase has to be typed."""

from collections.abc import Sequence
from dataclasses import dataclass
from typing import Any

from django import forms
from django.core.exceptions import ValidationError
from django.http import HttpRequest, HttpResponse
from django.shortcuts import render

from console.credential_forms import machine_text
from console.operation_form import OperationForm
from console.page_context import page_context


class ConfirmForm(OperationForm):
    """No field, or one for the `phrase`, so that one click alone cannot destroy something."""

    def __init__(self, data: Any, *, phrase: str = "") -> None:
        super().__init__(data)
        self.phrase = phrase
        if phrase:
            self.fields["typed"] = forms.CharField(
                label=f"Type {phrase} to confirm", widget=machine_text()
            )

    def clean(self) -> dict[str, Any]:
        typed = self.cleaned_data.get("typed", self.phrase)
        if "typed" in self.cleaned_data and typed != self.phrase:
            self.add_error("typed", ValidationError("This is not the required text."))
        return self.cleaned_data


@dataclass(frozen=True, slots=True, kw_only=True)
class Question:
    """The question before a step: its name, its consequences, and the way back."""

    heading: str
    action: str
    lines: Sequence[str]
    cancel: str
    danger: bool = True
    section: str = ""  # when it is not the page's own


def confirm(request: HttpRequest, question: Question, form: ConfirmForm) -> HttpResponse:
    """The page that asks, with the refusal if the step was refused."""
    shown = {**page_context(request, question.section), "form": form}
    for name in ("heading", "action", "lines", "cancel", "danger"):
        shown[name] = getattr(question, name)
    return render(request, "console/confirm.html", shown, status=form.status)
