"""What operations on requests for a missing credential take and answer."""

from datetime import datetime
from typing import Annotated, Literal

from pydantic import AfterValidator, Field

from credentials.fields import FolderPath, Key, KindWord
from credentials.shapes.credentials import CreateCredential, CredentialOut
from credentials.shapes.destinations import check_host
from credentials.shapes.grants import SubjectOut
from foundation.db.paging import MAXIMUM_PAGE
from foundation.schema.safe_text import visible
from foundation.schema.shapes import Shape


class RequestCredential(Shape):
    """A credential to store: its key, what it is for and where it belongs. Never its value."""

    key: Key
    type: KindWord
    purpose: Annotated[str, Field(min_length=3, max_length=500), visible("purpose", least=3)]
    folder_path: FolderPath = ""
    destination: Annotated[str, Field(max_length=260), AfterValidator(check_host)] | None = None


class StoreRequestedCredential(CreateCredential):
    """The credential that a request is for; its key is the requested one."""

    request_id: str


class DeclineCredentialRequest(Shape):
    """Refuse a request; whoever made it reads the reason."""

    request_id: str
    reason: Annotated[str, Field(max_length=500), visible("reason")] = ""


class ListCredentialRequests(Shape):
    """Requests that one made oneself or could fulfil, newest first."""

    state: Literal["waiting", "decided", "any"] = "waiting"
    limit: int = Field(default=50, ge=1, le=MAXIMUM_PAGE)
    cursor: str | None = Field(default=None, max_length=1024)


class CredentialRequestOut(Shape):
    """A request for a credential and its decision; `lapsed` when nobody decided in time."""

    request_id: str
    state: Literal["waiting", "stored", "denied", "withdrawn", "lapsed"]
    asker: SubjectOut
    agent_id: str | None
    agent: str | None
    key: str
    type: KindWord
    folder_path: str
    purpose: str
    destination: str | None
    requested_at: datetime
    expires_at: datetime
    decided_at: datetime | None
    decided_by: str | None
    decision_reason: str
    mine: bool
    may_decide: bool


class CredentialRequestPageOut(Shape):
    """A page of requests; `waitingForMe` counts all that the caller could fulfil now."""

    requests: list[CredentialRequestOut]
    waiting_for_me: int
    next_cursor: str | None


class RequestedCredentialOut(CredentialOut):
    """The requested credential, which exists; `nextStep` says how to use it."""

    next_step: str
