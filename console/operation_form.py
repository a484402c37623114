"""Forms that show an operation's refusal beside the field that it is about."""

from collections.abc import Iterator, Mapping
from contextlib import AbstractContextManager
from dataclasses import dataclass
from functools import partial
from types import TracebackType
from typing import Any, ClassVar

from django import forms
from pydantic.alias_generators import to_snake

from console.fields import plain, rule
from foundation.errors import Invalid, StepUpRequired, VaultError
from foundation.schema.safe_text import require_visible


class OperationForm(forms.Form):
    """Its fields are named like the members of the operation's shape, which errors name.

    `field_for` gives the field for other members, or for a kind of error: `{"expires_at":
    "ends_after"}`, `{CredentialNotFound: "key"}`. What is about none of its fields is shown beside
    `default_field`, or above the form. `words_for` replaces the words of a kind of error.
    """

    field_for: ClassVar[Mapping[str | type[VaultError], str]] = {}
    default_field: ClassVar[str | None] = None
    words_for: ClassVar[Mapping[type[VaultError], str]] = {}
    shows_hint: ClassVar[bool] = False
    refusal: VaultError | None = None

    @property
    def status(self) -> int:
        """200 until the form is sent; then the status of the refusal, else 422."""
        if self.refusal is not None:
            return self.refusal.status
        return Invalid.status if self.is_bound else 200

    def refusals(self, *kinds: type[VaultError]) -> "_Refusals":
        """Show these errors of the `with` block in the form; the view goes on after the block."""
        return _Refusals(self, kinds)

    def refuse(self, error: VaultError) -> None:
        """Show the refusal beside its field."""
        self.refusal = error
        words = next(self._known(self.words_for, error), plain(error))
        hint = error.hint if self.shows_hint else ""
        self.add_error(self._field_of(error), f"{words} {hint}".strip())

    def _field_of(self, error: VaultError) -> str | None:
        parts = str(error.extra.get("field", "")).split(".")
        names = [self.field_for.get(to_snake(part), to_snake(part)) for part in parts]
        for name in (*self._known(self.field_for, error), *names):
            if name in self.fields and not self[name].is_hidden:
                return name
        return self.default_field

    @staticmethod
    def _known(known: Mapping[Any, str], error: VaultError) -> Iterator[str]:
        """What is declared for the error's class, then for those that it derives from."""
        return (known[kind] for kind in type(error).__mro__ if kind in known)


@dataclass(frozen=True, slots=True)
class _Refusals(AbstractContextManager[None, bool]):
    form: OperationForm
    kinds: tuple[type[VaultError], ...]

    def __enter__(self) -> None:
        """Begin the block."""

    def __exit__(
        self,
        kind: type[BaseException] | None,
        error: BaseException | None,
        traceback: TracebackType | None,
    ) -> bool:
        """StepUpRequired, although it is a Denied, goes on: the page asks for a recent sign-in."""
        if isinstance(error, StepUpRequired) or not isinstance(error, self.kinds):
            return False
        self.form.refuse(error)
        return True


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
