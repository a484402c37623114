"""The tools: one line of facts per tool, over the same operations as every other face."""

from collections.abc import Callable, Mapping
from dataclasses import dataclass
from types import MappingProxyType
from typing import Any

from access.actions import RULES, Action
from access.actor import Actor
from access.scopes import Scope
from credentials import operations as credentials
from credentials.shapes.access_requests import AccessRequestOut, RequestAccess
from credentials.shapes.credentials import (
    CredentialDetailOut,
    CredentialPageOut,
    DescribeCredential,
    FoundPageOut,
    ListCredentials,
    SearchCredentials,
)
from credentials.shapes.rotations import RotateCredential, RotationOut
from foundation.schema.shapes import Shape
from leases import operations as leases
from leases.shapes import (
    LeaseCredential,
    LeaseOut,
    LeaseStateOut,
    ReadCredential,
    ReleaseLease,
    SecretOut,
)


@dataclass(frozen=True, slots=True, kw_only=True)
class Tool:
    """A name for an operation, its words for the model, and hints for the client.

    `read_only` tools change nothing; `destructive` ones may end something; repeating an
    `idempotent` call changes no more than the first did.
    """

    name: str
    title: str
    description: str
    operation: Callable[[Actor, Any], Shape]
    action: Action
    takes: type[Shape]
    gives: type[Shape]
    read_only: bool = False
    destructive: bool = False
    idempotent: bool = False

    @property
    def scope(self) -> Scope:
        """What the token must allow at least."""
        return RULES[self.action].scope


TOOLS = (
    Tool(
        name="vault.list_credentials",
        title="List credentials",
        description="List the credentials you may see, by folder, type or tag. Metadata only, "
        "never a value. Without folderPath everything is listed.",
        operation=credentials.list_credentials,
        action=Action.LIST_CREDENTIALS,
        takes=ListCredentials,
        gives=CredentialPageOut,
        read_only=True,
        idempotent=True,
    ),
    Tool(
        name="vault.search_credentials",
        title="Search credentials",
        description="Find credentials by an inexact match on key, tag, type, folder or "
        "description, best match first. Metadata only, never a value.",
        operation=credentials.search_credentials,
        action=Action.SEARCH_CREDENTIALS,
        takes=SearchCredentials,
        gives=FoundPageOut,
        read_only=True,
        idempotent=True,
    ),
    Tool(
        name="vault.get_credential_metadata",
        title="Describe a credential",
        description="Everything about one credential but its value: owners, policy, versions, "
        "an open rotation window, living leases, recent audit entries. Leases nothing.",
        operation=credentials.describe_credential,
        action=Action.DESCRIBE_CREDENTIAL,
        takes=DescribeCredential,
        gives=CredentialDetailOut,
        read_only=True,
        idempotent=True,
    ),
    Tool(
        name="vault.lease_credential",
        title="Lease a credential",
        description="Ask for a credential for a limited time, with the purpose you need it for. "
        "Answers a lease handle; redeem it with vault.read_credential. The time may be capped "
        "(`capped`). An approval by a person may be needed first.",
        operation=leases.lease_credential,
        action=Action.LEASE_CREDENTIAL,
        takes=LeaseCredential,
        gives=LeaseOut,
    ),
    Tool(
        name="vault.read_credential",
        title="Read a leased credential",
        description="Redeem a lease handle for the value. Every read is counted and written to "
        "the audit log. Use the value for the declared purpose; do not print, store or repeat it.",
        operation=leases.read_credential,
        action=Action.READ_CREDENTIAL,
        takes=ReadCredential,
        gives=SecretOut,
    ),
    Tool(
        name="vault.rotate_credential",
        title="Rotate a credential",
        description="Give a credential a new value, either newValue or a generated one. Old and "
        "new value both work until the window closes, then the old one is destroyed. Never "
        "answers a value: lease and read the credential to get the new one.",
        operation=credentials.rotate_credential,
        action=Action.ROTATE_CREDENTIAL,
        takes=RotateCredential,
        gives=RotationOut,
        destructive=True,
    ),
    Tool(
        name="vault.release_lease",
        title="Release a lease",
        description="Give a lease back as soon as you no longer need it; its handle ends at once.",
        operation=leases.release_lease,
        action=Action.RELEASE_LEASE,
        takes=ReleaseLease,
        gives=LeaseStateOut,
        idempotent=True,
    ),
    Tool(
        name="vault.request_access",
        title="Request access",
        description="Ask for a level on one credential or folder that you see but may not use, "
        "for a time or without an end. A person decides on the approvals page; a request gives "
        "nothing by itself. Until somebody decided, the identical call answers the same request.",
        operation=credentials.request_access,
        action=Action.REQUEST_ACCESS,
        takes=RequestAccess,
        gives=AccessRequestOut,
        idempotent=True,
    ),
)

BY_NAME: Mapping[str, Tool] = MappingProxyType({tool.name: tool for tool in TOOLS})

# Some clients pass only `[A-Za-z0-9_-]` on to their model; they call by these names.
_ALIASES = {tool.name.replace(".", "_"): tool for tool in TOOLS}


def find_tool(name: str) -> Tool | None:
    """The tool called `name` or by its underscore alias."""
    return BY_NAME.get(name) or _ALIASES.get(name)
