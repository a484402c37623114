"""Steps that are asked about before they are done; what ends something is typed out first."""

from collections.abc import Sequence
from dataclasses import dataclass
from typing import Any

from django import forms
from django.core.exceptions import ValidationError
from django.http import HttpRequest, HttpResponse
from django.shortcuts import render

from console.credential_forms import machine_text
from console.fields import plain
from console.page_context import page_context
from foundation.errors import VaultError


class ConfirmForm(forms.Form):
    """Nothing to fill in, or the `phrase` to type, so that no click ends something by itself."""

    def __init__(self, data: Any, *, phrase: str = "") -> None:
        super().__init__(data)
        self.status = 200 if data is None else 422
        self.phrase = phrase
        if phrase:
            self.fields["typed"] = forms.CharField(
                label=f"Type {phrase} to confirm", widget=machine_text()
            )

    def clean(self) -> dict[str, Any]:
        typed = self.cleaned_data.get("typed", self.phrase)
        if "typed" in self.cleaned_data and typed != self.phrase:
            self.add_error("typed", ValidationError("This is not what has to be typed."))
        return self.cleaned_data

    def refuse(self, error: VaultError) -> None:
        """Say why it was not done."""
        self.status = error.status
        self.add_error(None, plain(error))


@dataclass(frozen=True, slots=True, kw_only=True)
class Question:
    """What is asked before a step: what it is called, what follows, and the way back."""

    section: str
    heading: str
    action: str
    lines: Sequence[str]
    cancel: str
    danger: bool = True


def confirm(request: HttpRequest, question: Question, form: ConfirmForm) -> HttpResponse:
    """The page that asks; with what was refused, when it was asked already."""
    shown = {**page_context(request, question.section), "form": form}
    for name in ("heading", "action", "lines", "cancel", "danger"):
        shown[name] = getattr(question, name)
    return render(request, "console/confirm.html", shown, status=form.status)
