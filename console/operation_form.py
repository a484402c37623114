"""Forms that say an operation's refusal beside the field that it is about."""

from functools import partial

from django import forms
from pydantic.alias_generators import to_snake

from console.fields import plain, rule
from foundation.errors import VaultError
from foundation.schema.safe_text import require_visible


class OperationForm(forms.Form):
    """Its fields are called like the members of the shape, which errors name."""

    def refuse(self, error: VaultError) -> None:
        """Say it beside its field, or above the form when it is about none."""
        name = to_snake(str(error.extra.get("field", "")))
        self.add_error(name if name in self.fields else None, self.words_for(error))

    def words_for(self, error: VaultError) -> str:
        """What the person is told."""
        return plain(error)


class HintingForm(OperationForm):
    """Also says what would help."""

    def words_for(self, error: VaultError) -> str:
        return f"{plain(error)} {error.hint}".strip()


class NamedForm(OperationForm):
    """A name and a description, of a group or a service account."""

    name = forms.CharField(
        label="Name",
        max_length=80,
        validators=[rule(partial(require_visible, field="name", least=1))],
    )
    description = forms.CharField(
        label="Description",
        required=False,
        max_length=500,
        validators=[rule(partial(require_visible, field="description"))],
    )
