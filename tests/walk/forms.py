"""The forms of a page with all that could be sent by them: every option, box and button."""

from dataclasses import dataclass, field, replace
from html.parser import HTMLParser

# No part of what a form is about: the guard against forgery, and the way back.
ASIDE = {"", "csrfmiddlewaretoken", "next"}


@dataclass(frozen=True)
class Choice:
    """One name with one value that the form can send."""

    name: str
    value: str
    # Hidden and chosen values go along with every other choice of the form.
    given: bool = True
    typed: bool = False

    def renamed(self, old: str, new: str) -> "Choice":
        """The same choice about another thing."""
        return replace(self, name=self.name.replace(old, new), value=self.value.replace(old, new))


@dataclass
class WholeForm:
    """A form with everything in it."""

    action: str
    method: str
    choices: list[Choice] = field(default_factory=list)

    @property
    def is_typed(self) -> bool:
        """Whether one can type into it."""
        return any(one.typed for one in self.choices)

    def mentions(self, name: str) -> bool:
        """Whether the thing of that name could be what the form is about."""
        return name in self.action or any(name in one.name + one.value for one in self.choices)

    def types_anew(self, name: str) -> bool:
        """Whether that name is only typed as a folder's: a folder of that name is made at home."""
        chosen = [one for one in self.choices if name in one.name + one.value]
        return name not in self.action and all(
            one.typed and one.name == "folder_path" for one in chosen
        )

    def about(self, old: str, new: str) -> tuple[str, dict[str, list[str]]]:
        """Address and body after `old` was chosen wherever it can be, and replaced by `new`."""
        chosen = [one for one in self.choices if old in one.name + one.value]
        names = {one.name for one in chosen}
        rest = [one for one in self.choices if one.given and one.name not in names]
        body: dict[str, list[str]] = {}
        for one in [*rest, *chosen]:
            renamed = one.renamed(old, new)
            body.setdefault(renamed.name, []).append(renamed.value)
        return self.action.replace(old, new), body

    def filled(self, text: str) -> dict[str, list[str]]:
        """The body after `text` was typed wherever one can type."""
        body: dict[str, list[str]] = {}
        for one in self.choices:
            if one.given:
                body.setdefault(one.name, []).append(text if one.typed else one.value)
        return body


class _Reader(HTMLParser):
    def __init__(self) -> None:
        super().__init__()
        self.forms: list[WholeForm] = []
        self._by_id: dict[str, WholeForm] = {}
        self._form: WholeForm | None = None
        self._select: tuple[str, str | None] | None = None
        self._area: tuple[str, str | None] | None = None
        self._text = ""

    def handle_starttag(self, tag: str, attrs: list[tuple[str, str | None]]) -> None:
        given = {name: value or "" for name, value in attrs}
        if tag == "form":
            self._form = self._by_id.setdefault(
                given.get("id", f"form {len(self.forms)}"), WholeForm("", "")
            )
            self._form.action = given.get("action", "")
            self._form.method = given.get("method", "get").lower()
            self.forms.append(self._form)
        elif tag == "select":
            self._select = (given.get("name", ""), given.get("form"))
        elif tag == "option" and self._select:
            name, form = self._select
            # Without a value the text would be sent, which is not read here.
            self._add(Choice(name, given["value"], "selected" in given), form)
        elif tag == "textarea":
            self._area, self._text = (given.get("name", ""), given.get("form")), ""
        elif tag in {"input", "button"}:
            self._control(tag, given)

    def handle_data(self, data: str) -> None:
        self._text += data

    def handle_endtag(self, tag: str) -> None:
        if tag == "form":
            self._form = None
        elif tag == "select" and self._select:
            self._choose_first(*self._select)
            self._select = None
        elif tag == "textarea" and self._area:
            name, form = self._area
            text = self._text.removeprefix("\n")  # HTML: a newline at the start counts for nothing
            self._add(Choice(name, text, typed=True), form)
            self._area = None

    def _choose_first(self, name: str, form_id: str | None) -> None:
        """A browser sends the first option when none is marked."""
        form = self._by_id.get(form_id) if form_id else self._form
        mine = [one for one in form.choices if one.name == name] if form else []
        if form and mine and not any(one.given for one in mine):
            form.choices[form.choices.index(mine[0])] = replace(mine[0], given=True)

    def _control(self, tag: str, given: dict[str, str]) -> None:
        kind = given.get("type", "submit" if tag == "button" else "text").lower()
        if kind in {"image", "reset", "file"} or given.get("name", "") in ASIDE:
            return
        ticked = kind not in {"checkbox", "radio", "submit", "button"} or "checked" in given
        typed = kind in {"text", "search", "email", "url"}
        unnamed = "on" if kind in {"checkbox", "radio"} else ""
        choice = Choice(given["name"], given.get("value", unnamed), ticked, typed)
        self._add(choice, given.get("form"))

    def _add(self, choice: Choice, form_id: str | None) -> None:
        form = self._by_id.setdefault(form_id, WholeForm("", "")) if form_id else self._form
        if form is not None and choice.name:
            form.choices.append(choice)


def forms_of(html: str) -> list[WholeForm]:
    """All forms of a page; controls outside belong to the form that they name."""
    reader = _Reader()
    reader.feed(html)
    return [form for form in reader.forms if form.method]
