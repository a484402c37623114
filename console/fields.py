"""Form fields that take their rules from the domain and never return a secret to the page."""

from collections.abc import Callable, Mapping
from typing import Any

from django import forms
from django.core.exceptions import ValidationError

from foundation.errors import Invalid, VaultError
from foundation.schema.shapes import Shape

Row = tuple[str, str]
SPARE_ROWS = 3


def plain(error: VaultError) -> str:
    """The error's text without the name of the field beside which it is shown."""
    field = error.extra.get("field", "")
    words = error.detail.removeprefix(f"{field}: ")
    return words[:1].upper() + words[1:]


def rule(check: Callable[[str], object]) -> Callable[[str], None]:
    """A validator that reports the error of the domain's `check`."""

    def validate(text: str) -> None:
        try:
            check(text)
        except Invalid as error:
            raise ValidationError(plain(error)) from None

    return validate


def member(shape: type[Shape], name: str, words: str = "") -> Callable[[Any], None]:
    """A validator for one member (by its outside name) of a shape whose members are optional.

    `words` replace the domain's text where that also describes what programs may send.
    """

    def validate(value: Any) -> None:
        try:
            shape.parse({name: value})
        except Invalid as error:
            raise ValidationError(words or plain(error)) from None

    return validate


class SecretField(forms.CharField):
    """A secret exactly as it was typed; CRLF, which browsers send, becomes LF."""

    def __init__(self, **options: Any) -> None:
        super().__init__(strip=False, **options)

    def to_python(self, value: Any) -> str:
        return line_ends(super().to_python(value) or "")

    def prepare_value(self, _value: Any) -> str:
        return ""


class RowsWidget(forms.Widget):
    """Pairs of inputs `<name>_name` and `<name>_value`, as many as the page has."""

    use_fieldset = True

    def value_from_datadict(self, data: Any, _files: Any, name: str) -> list[Row]:
        names, values = data.getlist(f"{name}_name"), data.getlist(f"{name}_value")
        return list(zip(names, values, strict=False))

    def id_for_label(self, id_: str) -> str:
        return f"{id_}_1"


class RowsField(forms.Field):
    """Names with values; rows without a name and a value are left out."""

    widget = RowsWidget

    def __init__(
        self, check: Callable[[Mapping[str, str]], object], *, secret: bool = False, **options: Any
    ) -> None:
        super().__init__(required=False, **options)
        self.check = check
        self.secret = secret

    def clean(self, value: Any) -> dict[str, str]:
        """The rows as one mapping; every rule on names and values is the domain's."""
        rows = _filled(value)
        names = [name for name, _ in rows]
        if not all(names):
            raise ValidationError("A value here has no name; give it a name.")
        if len(set(names)) < len(names):
            raise ValidationError("A name is used twice; each may be used once.")
        mapping = dict(rows)
        rule(lambda _: self.check(mapping))("")
        return mapping

    def prepare_value(self, value: Any) -> list[Row]:
        rows = [(name, "" if self.secret else text) for name, text in _filled(value)]
        return [*rows, *[("", "")] * SPARE_ROWS]


def _filled(rows: list[Row] | None) -> list[Row]:
    return [(name.strip(), line_ends(value)) for name, value in rows or [] if name.strip() or value]


def line_ends(text: str) -> str:
    """The text with LF, as it was typed before the browser sent it."""
    return text.replace("\r\n", "\n")
