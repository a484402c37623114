"""One case per operation: on what it is called, with what, and what the log gains when it works.

The contract tests run every case; an operation without one fails them.
"""

from collections.abc import Callable, Iterator, Mapping
from dataclasses import dataclass
from string import Template
from typing import Any, get_type_hints
from uuid import UUID, uuid4

from access.actor import Actor
from access.tenancy import tenant_transaction
from audit.events import Event
from credentials import operations as credentials
from credentials.operations.choices import list_folder_choices, list_principal_choices
from credentials.operations.setup_progress import show_setup_progress
from credentials.shapes.credential_requests import RequestCredential
from foundation.db.ids import parse_public_id, public_id
from foundation.errors import ApprovalPending
from foundation.schema.shapes import Shape
from identity import operations as identity
from leases import operations as leases
from leases.shapes import UseCredential, UsedOut
from tenants import agents
from tenants import operations as tenants
from tenants.models import Person
from tenants.operations.choices import list_admins, list_agent_choices
from tests.contracts.acme import DESK
from tests.disclosure.echo_upstream import SENDABLE, SENDABLE_PORT, EchoUpstream
from tests.disclosure.sending import listed
from tests.machines import public_jwk
from tests.people import CANARY, PURPOSE
from tests.storage import owner_sql

Things = Mapping[str, Any]


@dataclass(frozen=True)
class Case:
    """An operation with its input: the members of its shape, or its plain arguments.

    `$name` in the input is one of Acme's things; `also_needs` names those that only have to be
    there. A function in it is called with the actor and the things. `adds` is all that the log
    gains when the call works. `at_home`: the input names nothing that could be somebody else's,
    so the call works in one's own tenant.
    """

    operation: Callable[..., Any]
    given: Any = ()
    also_needs: tuple[str, ...] = ()
    adds: tuple[Event, ...] = ()
    at_home: bool = False

    @property
    def needs(self) -> tuple[str, ...]:
        """The names of Acme's things without which the call cannot be made."""
        return (*dict.fromkeys(_names(self.given)), *self.also_needs)

    def call(self, actor: Actor, things: Things) -> Any:
        """The operation's answer, read to its end."""
        given = _filled(self.given, actor, things)
        shape = _shape_of(self.operation)
        arguments = given if isinstance(given, tuple) else (given,)
        if shape is not None:
            arguments = (shape.parse(given or {}),)
        answer = self.operation(actor, *arguments)
        return list(answer) if isinstance(answer, Iterator) else answer


def _shape_of(operation: Callable[..., Any]) -> type[Shape] | None:
    hints = get_type_hints(getattr(operation, "function", operation))
    hints.pop("return", None)
    shapes = (hint for hint in hints.values() if isinstance(hint, type) and issubclass(hint, Shape))
    return next(shapes, None)


def _names(given: Any) -> Iterator[str]:
    if isinstance(given, str):
        yield from Template(given).get_identifiers()
    elif isinstance(given, dict):
        yield from _names(tuple(given.values()))
    elif isinstance(given, list | tuple):
        for part in given:
            yield from _names(part)


def _filled(given: Any, actor: Actor, things: Things) -> Any:
    if callable(given):
        return given(actor, things)
    if isinstance(given, dict):
        filled = {name: _filled(part, actor, things) for name, part in given.items()}
        return {name: _public(part) for name, part in filled.items()}
    if isinstance(given, list | tuple):
        return type(given)(_filled(part, actor, things) for part in given)
    if not isinstance(given, str):
        return given
    if given.startswith("$") and given[1:] in things:
        return things[given[1:]]
    return Template(given).substitute(things)


def _public(thing: Any) -> Any:
    return public_id("person", thing.pk) if isinstance(thing, Person) else thing


def _free_name(*_: object) -> str:
    return f"name {uuid4().hex}"


def connect_agent(actor: Actor, client_id: UUID) -> object:
    """What consent does: the operation joins a transaction."""
    with tenant_transaction(actor.tenant_id):
        return agents.connect_agent(actor, client_id, "Batch job").state


def use_credential(actor: Actor, request: UseCredential) -> UsedOut:
    """With a server that the operator lists."""
    with EchoUpstream(None, SENDABLE_PORT) as upstream, listed(upstream, None):
        return leases.use_credential(actor, request)


def _requested_key(_: Actor, things: Things) -> str:
    """The key that the request is for; some key when there is no such request."""
    request_id = parse_public_id("creq", things["credential_request"])
    rows = owner_sql("SELECT key FROM credential_request WHERE id = %s", request_id)
    return str(rows[0][0]) if rows else "some-key"


def request_credential(actor: Actor, request: RequestCredential) -> ApprovalPending:
    """A request for what does not exist is answered with the page on which it is stored."""
    try:
        credentials.request_credential(actor, request)
    except ApprovalPending as pending:
        return pending
    raise AssertionError("the key exists")


_CASES = (
    # -- credentials ----------------------------------------------------------------------------
    Case(credentials.list_credentials, also_needs=("key",), at_home=True),
    Case(credentials.search_credentials, {"query": "$key"}, at_home=True),
    Case(credentials.describe_credential, {"key": "$key"}),
    Case(leases.show_readers, {"key": "$rotated"}),
    Case(
        credentials.create_credential,
        {"key": "$new_key", "type": "api-key", "value": CANARY, "folderPath": DESK},
        adds=(Event.CREDENTIAL_CREATED,),
        at_home=True,
    ),
    Case(
        credentials.import_credentials,
        {"format": "env", "content": f"$new_key={CANARY}", "folderPath": DESK},
        adds=(Event.CREDENTIAL_CREATED, Event.CREDENTIAL_IMPORTED),
        at_home=True,
    ),
    Case(
        credentials.update_credential,
        {"key": "$key", "description": "changed"},
        adds=(Event.CREDENTIAL_UPDATED,),
    ),
    Case(
        credentials.move_credential,
        {"key": "$key", "folderPath": f"{DESK}/drawer"},
        adds=(Event.CREDENTIAL_MOVED,),
    ),
    Case(credentials.archive_credential, {"key": "$key"}, adds=(Event.CREDENTIAL_ARCHIVED,)),
    Case(credentials.restore_credential, {"key": "$key"}, adds=(Event.CREDENTIAL_RESTORED,)),
    Case(credentials.revoke_credential, {"key": "$key"}, adds=(Event.CREDENTIAL_REVOKED,)),
    Case(credentials.delete_credential, {"key": "$key"}, adds=(Event.CREDENTIAL_DELETED,)),
    Case(
        credentials.rotate_credential,
        {"key": "$key", "newValue": CANARY},
        adds=(Event.CREDENTIAL_ROTATED,),
    ),
    Case(
        credentials.change_window,
        {"key": "$rotated", "window": 60},
        adds=(Event.CREDENTIAL_ROTATION_CHANGED,),
    ),
    Case(
        credentials.roll_back_rotation,
        {"key": "$rotated"},
        adds=(Event.CREDENTIAL_ROTATION_ROLLED_BACK,),
    ),
    Case(credentials.close_due_rotation, "$due_rotation", adds=(Event.CREDENTIAL_ROTATION_CLOSED,)),
    Case(credentials.list_folders, at_home=True),
    Case(
        credentials.create_folder,
        {"folderPath": f"{DESK}/$new_key"},
        adds=(Event.FOLDER_CREATED,),
        at_home=True,
    ),
    Case(
        credentials.move_folder,
        {"folderPath": "$folder", "newFolderPath": f"{DESK}/$new_key"},
        adds=(Event.FOLDER_MOVED,),
    ),
    Case(credentials.remove_folder, {"folderPath": "$folder"}, adds=(Event.FOLDER_REMOVED,)),
    Case(credentials.list_tags, at_home=True),
    Case(credentials.list_keys, at_home=True),
    Case(credentials.show_key, "$unused_key"),
    Case(credentials.rotate_tenant_key, adds=(Event.TENANT_KEK_ROTATED,), at_home=True),
    Case(credentials.rewrap_due_key, "$due_key", adds=(Event.TENANT_KEK_REWRAPPED,)),
    Case(credentials.destroy_tenant_key, "$unused_key", adds=(Event.TENANT_KEK_DESTROYED,)),
    Case(
        credentials.give_grant,
        {"personId": "$person", "level": "viewer", "key": "$key"},
        adds=(Event.GRANT_CREATED,),
    ),
    Case(credentials.remove_grant, "$grant_id", adds=(Event.GRANT_REMOVED,)),
    Case(
        credentials.change_grants,
        {"changes": [{"personId": "$person", "level": "viewer", "key": "$key"}]},
        adds=(Event.GRANT_CREATED, Event.GRANT_BULK_CHANGED),
    ),
    Case(credentials.list_grants, {"key": "$key"}),
    Case(credentials.show_access, {"key": "$key"}),
    Case(
        credentials.show_reach,
        {"personId": lambda actor, _: public_id("person", actor.person)},
        at_home=True,
    ),
    Case(credentials.show_matrix, at_home=True),
    Case(credentials.expire_due_grant, "$due_grant", adds=(Event.GRANT_EXPIRED,)),
    Case(
        credentials.request_access,
        {"key": "$key", "level": "user", "reason": PURPOSE},
        adds=(Event.ACCESS_REQUESTED,),
    ),
    Case(credentials.list_access_requests, at_home=True),
    Case(credentials.show_access_request, "$access_request"),
    Case(
        credentials.decide_access_request,
        {"requestId": "$access_request", "approve": True},
        adds=(Event.GRANT_CREATED, Event.ACCESS_APPROVED),
    ),
    Case(
        credentials.withdraw_access_request, "$own_access_request", adds=(Event.ACCESS_WITHDRAWN,)
    ),
    Case(
        request_credential,
        {"key": "$new_key", "type": "api-key", "purpose": PURPOSE, "folderPath": DESK},
        adds=(Event.ACCESS_REQUESTED,),
        at_home=True,
    ),
    Case(credentials.list_credential_requests, at_home=True),
    Case(credentials.show_credential_request, "$credential_request"),
    Case(
        credentials.store_requested_credential,
        {
            "requestId": "$credential_request",
            "key": _requested_key,
            "type": "api-key",
            "value": CANARY,
            "folderPath": DESK,
        },
        adds=(Event.CREDENTIAL_CREATED, Event.ACCESS_APPROVED),
    ),
    Case(
        credentials.decline_credential_request,
        {"requestId": "$credential_request", "reason": "not this week"},
        adds=(Event.ACCESS_DENIED,),
    ),
    Case(
        credentials.withdraw_credential_request,
        "$own_credential_request",
        adds=(Event.ACCESS_WITHDRAWN,),
    ),
    # -- leases ---------------------------------------------------------------------------------
    Case(leases.lease_credential, {"key": "$key", "purpose": PURPOSE}, adds=(Event.LEASE_CREATED,)),
    Case(leases.read_credential, {"leaseHandle": "$handle"}, adds=(Event.CREDENTIAL_READ,)),
    Case(
        use_credential,
        {"leaseHandle": "$sendable_handle", "method": "GET", "url": f"http://{SENDABLE}/"},
        adds=(Event.CREDENTIAL_USE_STARTED, Event.CREDENTIAL_USED),
    ),
    Case(leases.renew_lease, {"leaseHandle": "$handle"}, adds=(Event.LEASE_RENEWED,)),
    Case(leases.release_lease, {"leaseHandle": "$handle"}, adds=(Event.LEASE_REVOKED,)),
    Case(leases.revoke_lease, "$lease_id", adds=(Event.LEASE_REVOKED,)),
    Case(
        leases.decide_lease,
        {"requestId": "$request_id", "approve": True},
        adds=(Event.ACCESS_APPROVED,),
    ),
    Case(leases.withdraw_lease, "$own_request", adds=(Event.ACCESS_WITHDRAWN,)),
    Case(leases.list_approvals, at_home=True),
    Case(leases.show_approval, "$request_id"),
    Case(leases.list_leases, {"whose": "all", "key": "$leased"}),
    Case(leases.show_lease, "$lease_id"),
    Case(leases.revoke_leases, {"whose": "all", "key": "$leased"}, adds=(Event.LEASE_REVOKED,)),
    Case(leases.expire_due_lease, "$due_lease", adds=(Event.LEASE_EXPIRED,)),
    Case(leases.show_activity, {"key": "$key"}),
    Case(leases.show_overview, at_home=True),
    # -- tenants --------------------------------------------------------------------------------
    Case(
        tenants.change_settings,
        {"selfApproval": True},
        adds=(Event.TENANT_SETTINGS_UPDATED,),
        at_home=True,
    ),
    Case(tenants.show_settings, at_home=True),
    Case(tenants.list_members, at_home=True),
    Case(tenants.add_member, ("$stranger", "member"), adds=(Event.MEMBER_JOINED,), at_home=True),
    Case(
        tenants.change_role,
        {"personId": "$person", "role": "admin"},
        adds=(Event.MEMBER_ROLE_CHANGED,),
    ),
    Case(tenants.remove_member, {"personId": "$person"}, adds=(Event.MEMBER_REMOVED,)),
    Case(tenants.suspend_member, {"personId": "$person"}, adds=(Event.MEMBER_SUSPENDED,)),
    Case(tenants.resume_member, "$suspended_person", adds=(Event.MEMBER_RESUMED,)),
    Case(
        tenants.show_left_behind,
        lambda _, things: public_id("person", things["person"].pk),
        also_needs=("person",),
    ),
    Case(
        tenants.change_agent,
        {"agentId": lambda _, things: public_id("agent", things["agent_id"]), "state": "suspended"},
        also_needs=("agent_id",),
        adds=(Event.AGENT_SUSPENDED,),
    ),
    Case(tenants.list_agents, at_home=True),
    Case(tenants.show_agent, "$own_agent"),
    Case(
        tenants.rename_agent,
        {"agentId": "$own_agent", "name": "Night shift"},
        adds=(Event.AGENT_RENAMED,),
    ),
    Case(
        tenants.merge_agents,
        {"agentId": "$own_agent", "intoId": "$own_other_agent"},
        adds=(Event.AGENT_MERGED,),
    ),
    Case(tenants.disconnect_agent, "$own_agent", adds=(Event.AGENT_REMOVED,)),
    Case(tenants.query_audit, adds=(Event.AUDIT_READ,), at_home=True),
    Case(tenants.show_audit_entry, "$entry_id", adds=(Event.AUDIT_READ,)),
    Case(tenants.export_audit, adds=(Event.AUDIT_EXPORTED,), at_home=True),
    Case(connect_agent, "$client_id", adds=(Event.CLIENT_AUTHORIZED,), at_home=True),
    Case(tenants.list_invitations, at_home=True),
    Case(
        tenants.invite_member,
        {"email": f"{uuid4().hex}@example.org", "role": "member"},
        adds=(Event.MEMBER_INVITED,),
        at_home=True,
    ),
    Case(tenants.show_invitation, "$invitation"),
    Case(tenants.show_invitation_link, "$invitation", adds=(Event.MEMBER_INVITATION_LINK_SHOWN,)),
    Case(tenants.withdraw_invitation, "$invitation", adds=(Event.MEMBER_INVITATION_WITHDRAWN,)),
    Case(tenants.show_mail, at_home=True),
    Case(list_agent_choices, at_home=True),
    Case(list_principal_choices, at_home=True),
    Case(list_folder_choices, at_home=True),
    Case(list_admins, at_home=True),
    Case(show_setup_progress, at_home=True),
    Case(tenants.list_groups, at_home=True),
    Case(tenants.show_group, "$group_id"),
    Case(tenants.create_group, {"name": _free_name}, adds=(Event.GROUP_CREATED,), at_home=True),
    Case(
        tenants.change_group,
        {"groupId": "$group_id", "description": "changed"},
        adds=(Event.GROUP_CHANGED,),
    ),
    Case(tenants.remove_group, "$group_id", adds=(Event.GROUP_REMOVED,)),
    Case(
        tenants.add_to_group,
        {"groupId": "$group_id", "personId": "$person"},
        adds=(Event.GROUP_JOINED,),
    ),
    Case(
        tenants.remove_from_group,
        {"groupId": "$group_id", "personId": "$grouped"},
        adds=(Event.GROUP_LEFT,),
    ),
    Case(tenants.list_service_accounts, at_home=True),
    Case(tenants.show_service_account, "$service_account"),
    Case(
        tenants.create_service_account,
        {"name": _free_name},
        adds=(Event.SERVICE_ACCOUNT_CREATED,),
        at_home=True,
    ),
    Case(
        tenants.change_service_account,
        {"serviceAccountId": "$service_account", "state": "suspended"},
        adds=(Event.SERVICE_ACCOUNT_SUSPENDED,),
    ),
    # -- identity -------------------------------------------------------------------------------
    Case(identity.show_single_sign_on, at_home=True),
    Case(
        identity.change_single_sign_on,
        {
            "issuer": "https://login.example.org",
            "clientId": "vault",
            "clientSecret": CANARY,
            "domains": ["example.org"],
        },
        adds=(Event.TENANT_SSO_CHANGED,),
        at_home=True,
    ),
    Case(identity.list_clients, also_needs=("oauth_client",), at_home=True),
    Case(identity.show_client, "$oauth_client"),
    Case(
        identity.change_client_state,
        {"clientId": "$oauth_client", "state": "suspended"},
        adds=(Event.CLIENT_SUSPENDED,),
    ),
    Case(identity.remove_client, "$oauth_client", adds=(Event.CLIENT_REMOVED,)),
    Case(
        identity.add_account_secret,
        {"accountId": "$account_id", "name": "deploys"},
        adds=(Event.SERVICE_ACCOUNT_SECRET_ADDED,),
    ),
    Case(identity.list_account_secrets, "$account_id"),
    Case(
        identity.remove_account_secret, "$secret_id", adds=(Event.SERVICE_ACCOUNT_SECRET_REMOVED,)
    ),
    Case(
        identity.add_account_key,
        {"accountId": "$account_id", "name": "deploys", "jwk": lambda *_: public_jwk()},
        adds=(Event.SERVICE_ACCOUNT_KEY_ADDED,),
    ),
    Case(identity.list_account_keys, "$account_id"),
    Case(identity.remove_account_key, "$key_id", adds=(Event.SERVICE_ACCOUNT_KEY_REMOVED,)),
    Case(
        identity.create_personal_token,
        {"name": "nightly", "scopes": ["vault:read"], "expiresInDays": 7},
        adds=(Event.PERSONAL_TOKEN_CREATED,),
        at_home=True,
    ),
    Case(identity.list_personal_tokens, also_needs=("personal_token",), at_home=True),
    Case(identity.show_personal_token, "$personal_token"),
    Case(identity.revoke_personal_token, "$personal_token", adds=(Event.PERSONAL_TOKEN_REVOKED,)),
)

CASES = {case.operation.__name__: case for case in _CASES}
