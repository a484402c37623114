"""An audit entry in one sentence: who did what to which object, each noun with its id."""

from collections.abc import Callable, Iterator
from dataclasses import dataclass
from datetime import datetime
from string import Formatter
from typing import Any
from uuid import UUID

from audit.events import Event, Outcome
from audit.models import Entry
from foundation.db.ids import public_id
from foundation.schema.durations import format_duration
from tenants.audit_names import Names
from tenants.audit_sentences import REFUSED_ACTION, REFUSED_PAGE, SENTENCES
from tenants.shapes.audit import SummaryPartOut

Parts = Iterator[SummaryPartOut]


def summary_of(entry: Entry, names: Names) -> list[SummaryPartOut]:
    """The sentence, the actor first; the texts are joined without blanks."""
    return list(_Summary(entry, names).parts())


@dataclass(frozen=True)
class _Summary:
    entry: Entry
    names: Names

    def parts(self) -> Parts:
        yield from self._actor()
        yield _text(" ")
        sentence, outcome = self._sentence(), self.entry.outcome
        verb, bar, infinitive = sentence.partition("|")
        if not bar:
            yield from self._filled(sentence)
        elif outcome == Outcome.OK:
            yield SummaryPartOut(kind="verb", id=None, text=verb)
            yield from self._filled(infinitive.removeprefix(infinitive.split(" ")[0]))
        else:
            yield _text("was not allowed to " if outcome == Outcome.DENIED else "failed to ")
            yield from self._filled(infinitive)

    def _sentence(self) -> str:
        details = self.entry.details
        if self.entry.event == Event.ACCESS_DENIED and "requester" not in details:
            if "part" in details:
                return REFUSED_PAGE
            if "action" in details:
                return REFUSED_ACTION
        return SENTENCES[Event(self.entry.event)]

    def _filled(self, template: str) -> Parts:
        for text, noun, _, _ in Formatter().parse(template):
            if text:
                yield _text(text)
            if noun:
                yield from NOUNS[noun](self)

    def _actor(self) -> Parts:
        entry = self.entry
        if entry.agent_id and entry.agent_name:
            yield _noun("agent", public_id("agent", entry.agent_id), entry.agent_name)
            if entry.person_id:
                yield _text(" (")
                yield self.principal(entry.person_id)
                yield _text(")")
        elif entry.service_account_id or entry.person_id:
            yield self.principal(entry.service_account_id or entry.person_id)
        else:
            yield _text("Vault" if entry.machinery else "Somebody")

    def detail(self, name: str) -> Any:
        """A member of the details; None when the entry has none of that name."""
        return self.entry.details.get(name)

    def principal(self, given: object, kind: str = "person") -> SummaryPartOut:
        """A person, group or service account by its bare id, which may be missing."""
        if not given:
            return _text("somebody")
        kind, public, name = self.names.principal(UUID(str(given)), kind)
        return _noun(kind, public, name)

    def named(self, kind: str, prefix: str, detail: str = "") -> SummaryPartOut:
        """Something whose id, public or bare, is in the details under its kind, beside a name."""
        words, name = kind.replace("_", " "), str(self.detail("name") or "")
        given = str(self.detail(detail or kind) or "")
        if not given:
            return _text(f"the {words} {name}" if name else f"a {words}")
        public = given if given.startswith(f"{prefix}_") else public_id(prefix, UUID(given))
        return _noun(kind, public, name or self.names.of(public) or f"a removed {words}")

    def client(self) -> SummaryPartOut:
        """The client; an agent in entries from before agents had events of their own."""
        kind = "agent" if self.detail("agent") else "client"
        return self.named(kind, kind)

    def service_account(self) -> SummaryPartOut:
        """The service account, which its secrets' entries call account."""
        return self.named("service_account", "sa", "account" if self.detail("account") else "")

    def credential(self) -> SummaryPartOut:
        key = self.entry.credential_key
        return _noun("credential", key, key) if key else _text("a credential")

    def folder(self, name: str) -> SummaryPartOut:
        """A folder by the detail with its path; the top is everything."""
        path = self.detail(name)
        if path is None:
            return _text("a folder")
        return _noun("folder", path, path or "everything")

    def place(self) -> SummaryPartOut:
        """The credential, or the folder of the details."""
        return self.credential() if self.entry.credential_key else self.folder("folder")

    def in_folder(self) -> Parts:
        """Where something was stored; nothing for the top."""
        if self.detail("folder"):
            yield from (_text(" in "), self.folder("folder"))

    def wanted(self) -> Parts:
        """What a request is for: a level, a missing credential, or a lease."""
        if self.detail("level"):
            yield from (_text(str(self.detail("level"))), _text(" on "), self.place())
        elif str(self.detail("request") or "").startswith("creq_"):
            yield from (_text("the missing credential "), self.credential())
        else:
            yield from (_text("a lease on "), self.credential())

    def ending(self) -> Parts:
        """When a grant ends."""
        if self.detail("expires_at"):
            at = datetime.fromisoformat(str(self.detail("expires_at")))
            yield _text(", until ")
            yield SummaryPartOut(kind="time", id=None, text=at.isoformat())

    def time_to_live(self) -> Parts:
        """For how long a lease was given."""
        if isinstance(self.detail("ttl"), int):
            yield _text(f" for {format_duration(self.detail('ttl'))}")

    def phrase(self, words: str, name: str) -> Parts:
        """Words that are there only when the detail is."""
        if self.detail(name) not in (None, "", []):
            found = self.detail(name)
            yield _text(words.format(", ".join(found) if isinstance(found, list) else found))

    def subject(self) -> SummaryPartOut:
        """Whom a grant is for."""
        kinds = ("person", "group", "service_account")
        kind = next(filter(self.detail, kinds), "person")
        return self.principal(self.detail(kind), kind)


def _text(text: str) -> SummaryPartOut:
    return SummaryPartOut(kind="text", id=None, text=text)


def _noun(kind: str, public: str, name: str) -> SummaryPartOut:
    return SummaryPartOut.model_validate({"kind": kind, "id": public, "text": name})


def _word(name: str, otherwise: str) -> Callable[[_Summary], Parts]:
    return lambda summary: iter([_text(str(summary.detail(name) or otherwise).replace("_", " "))])


def _one(part: Callable[[_Summary], SummaryPartOut]) -> Callable[[_Summary], Parts]:
    return lambda summary: iter([part(summary)])


def _after(words: str, name: str) -> Callable[[_Summary], Parts]:
    return lambda summary: summary.phrase(words, name)


NOUNS: dict[str, Callable[[_Summary], Parts]] = {
    "action": _word("action", "do this"),
    "agent": _one(lambda summary: summary.named("agent", "agent")),
    "before": _after(", formerly {}", "before"),
    "changed": _after("{} of ", "changed"),
    "changes": _word("changes", "several"),
    "client": _one(_Summary.client),
    "created": _word("created", "no"),
    "credential": _one(_Summary.credential),
    "credentials": _word("credentials", "many"),
    "folder": _one(lambda summary: summary.folder("folder")),
    "group": _one(lambda summary: summary.named("group", "group")),
    "holder": _one(lambda summary: summary.principal(summary.detail("holder"))),
    "host": _word("host", "a host"),
    "in_folder": _Summary.in_folder,
    "level": _word("level", "a level"),
    "name": _word("name", "without a name"),
    "person": _one(lambda summary: summary.principal(summary.detail("person"))),
    "place": _one(_Summary.place),
    "reason": _after(" ({})", "reason"),
    "requester": _one(lambda summary: summary.principal(summary.detail("requester"))),
    "role": _word("role", "member"),
    "service_account": _one(_Summary.service_account),
    "source": _one(lambda summary: summary.folder("source")),
    "subject": _one(_Summary.subject),
    "target": _one(lambda summary: summary.folder("target")),
    "ttl": _Summary.time_to_live,
    "until": _Summary.ending,
    "wanted": _Summary.wanted,
}
