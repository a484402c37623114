"""Queries on the audit log, and its entries."""

from datetime import datetime
from typing import Annotated, Any, Literal

from pydantic import AfterValidator, AwareDatetime, Field

from audit.events import Event
from foundation.db.paging import MAXIMUM_PAGE
from foundation.errors import Invalid
from foundation.schema.datetimes import instant
from foundation.schema.safe_text import visible
from foundation.schema.shapes import Shape
from tenants.shapes.fields import PublicId

OutcomeWord = Literal["ok", "denied", "failed"]
FormatWord = Literal["ndjson", "csv"]
NOUNS = sorted({event.partition(".")[0] for event in Event})


def _event_or_noun(word: str) -> str:
    if word not in {*Event, *NOUNS}:
        raise Invalid("event: such as lease.created, or its noun, such as lease.", "event")
    return word


EventOrNoun = Annotated[str, Field(max_length=40), AfterValidator(_event_or_noun)]
KeyText = Annotated[str, Field(min_length=1, max_length=128), visible("key", least=1)]


class ChooseEntries(Shape):
    """A filter of entries; all given members must match.

    `event` is one event, or all of a noun. `key` is the credential's key at that time. `since` is
    inclusive, `until` exclusive.
    """

    event: EventOrNoun | None = None
    outcome: OutcomeWord | None = None
    key: KeyText | None = None
    person_id: PublicId | None = None
    agent_id: PublicId | None = None
    service_account_id: PublicId | None = None
    lease_id: PublicId | None = None
    since: Annotated[AwareDatetime | None, instant("since")] = None
    until: Annotated[AwareDatetime | None, instant("until")] = None


class QueryAudit(ChooseEntries):
    """A filter and a page."""

    limit: int = Field(default=50, ge=1, le=MAXIMUM_PAGE)
    cursor: str | None = Field(default=None, max_length=1024)


class ExportAudit(ChooseEntries):
    """The entries to export, one per line."""

    format: FormatWord = "ndjson"


class ActedOut(Shape):
    """Who acted. The log keeps only the id; the name is the present one."""

    kind: Literal["person", "service_account", "machinery", "nobody"]
    id: str | None
    name: str


class SummaryPartOut(Shape):
    """A piece of an entry's sentence. `kind` says what `id` names: a person, a credential by its
    key, a folder by its path; `time` is an instant; `verb` and `text` name nothing.
    """

    kind: Literal[
        "text",
        "verb",
        "time",
        "person",
        "group",
        "service_account",
        "agent",
        "client",
        "credential",
        "folder",
    ]
    id: str | None
    text: str


class EntryOut(Shape):
    """One entry; names of agents and keys are those at that time.

    `summary` tells it in one sentence with the present names: its texts, joined without blanks.

    `claimed` is what the client said of itself, unchecked. `genuine`: the entry's MAC verifies, so
    nobody changed or added it in the database.
    """

    entry_id: str
    at: datetime
    event: str
    outcome: OutcomeWord
    door: str
    role: str | None
    actor: ActedOut
    summary: list[SummaryPartOut]
    agent_id: str | None
    agent: str | None
    client_id: str | None
    token_id: str | None
    purpose: str | None
    credential_id: str | None
    key: str | None
    version: int | None
    lease_id: str | None
    address: str | None
    request_id: str | None
    claimed: dict[str, Any]
    details: dict[str, Any]
    genuine: bool


class EntryPageOut(Shape):
    """A page of entries, the newest first."""

    entries: list[EntryOut]
    next_cursor: str | None
