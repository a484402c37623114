"""One case per operation: on what it is called, how, and what the log says when it works.

The contract tests run every case; an operation without one fails them.
"""

from collections.abc import Callable, Mapping
from dataclasses import dataclass
from typing import Any
from uuid import uuid4

from access.actor import Actor
from access.tenancy import tenant_transaction
from audit.events import Event
from credentials import operations as credentials
from credentials.operations.setup_progress import show_setup_progress
from credentials.shapes import access_requests as asking
from credentials.shapes import credentials as credential
from credentials.shapes import folders as shelf
from credentials.shapes import tenant_keys as keeping
from credentials.shapes.access_reports import ShowAccess, ShowMatrix, ShowReach
from credentials.shapes.imports import ImportCredentials
from foundation.db.ids import public_id
from identity import operations as identity
from identity import shapes as machine
from identity.oidc_client.shapes import ChangeSingleSignOn
from leases import operations as leases
from leases import shapes as lease
from tenants import agents
from tenants import operations as tenants
from tenants.models import Person
from tenants.operations.choices import list_admins, list_agent_choices, list_member_choices
from tenants.shapes import audit
from tenants.shapes import tenants as tenant
from tests.contracts.acme import DESK
from tests.machines import public_jwk
from tests.people import CANARY, PURPOSE

Things = Mapping[str, Any]


@dataclass(frozen=True, kw_only=True)
class Case:
    """`needs` are names of Acme's things. `adds` is all that the log gains when it works.

    `at_home`: it names nothing that could be somebody else's, so it works in one's own tenant.
    """

    call: Callable[[Actor, Things], Any]
    needs: tuple[str, ...] = ()
    adds: tuple[Event, ...] = ()
    at_home: bool = False


def _id(person: Person) -> str:
    return public_id("person", person.pk)


def _free_name() -> str:
    return f"name {uuid4().hex}"


def _connect_agent(actor: Actor, it: Things) -> object:
    """What consent does: the operation joins a transaction."""
    with tenant_transaction(actor.tenant_id):
        return agents.connect_agent(actor, it["client_id"], "Batch job").state


CASES: dict[str, Case] = {
    # -- credentials ----------------------------------------------------------------------------
    "list_credentials": Case(
        call=lambda actor, _: credentials.list_credentials(
            actor, credential.ListCredentials.parse({})
        ),
        needs=("key",),
        at_home=True,
    ),
    "search_credentials": Case(
        call=lambda actor, it: credentials.search_credentials(
            actor, credential.SearchCredentials.parse({"query": it["key"]})
        ),
        needs=("key",),
        at_home=True,
    ),
    "describe_credential": Case(
        call=lambda actor, it: credentials.describe_credential(
            actor, credential.DescribeCredential(key=it["key"])
        ),
        needs=("key",),
    ),
    "show_readers": Case(
        call=lambda actor, it: leases.show_readers(
            actor, credential.DescribeCredential(key=it["rotated"])
        ),
        needs=("rotated",),
    ),
    "create_credential": Case(
        call=lambda actor, it: credentials.create_credential(
            actor,
            credential.CreateCredential.parse(
                {"key": it["new_key"], "type": "api-key", "value": CANARY, "folderPath": DESK}
            ),
        ),
        needs=("new_key",),
        adds=(Event.CREDENTIAL_CREATED,),
        at_home=True,
    ),
    "import_credentials": Case(
        call=lambda actor, it: credentials.import_credentials(
            actor,
            ImportCredentials.parse(
                {"format": "env", "content": f"{it['new_key']}={CANARY}", "folderPath": DESK}
            ),
        ),
        needs=("new_key",),
        adds=(Event.CREDENTIAL_CREATED, Event.CREDENTIAL_IMPORTED),
        at_home=True,
    ),
    "update_credential": Case(
        call=lambda actor, it: credentials.update_credential(
            actor, credential.UpdateCredential(key=it["key"], description="changed")
        ),
        needs=("key",),
        adds=(Event.CREDENTIAL_UPDATED,),
    ),
    "move_credential": Case(
        call=lambda actor, it: credentials.move_credential(
            actor, credential.MoveCredential(key=it["key"], folder_path=f"{DESK}/drawer")
        ),
        needs=("key",),
        adds=(Event.CREDENTIAL_MOVED,),
    ),
    "archive_credential": Case(
        call=lambda actor, it: credentials.archive_credential(
            actor, credential.DescribeCredential(key=it["key"])
        ),
        needs=("key",),
        adds=(Event.CREDENTIAL_ARCHIVED,),
    ),
    "restore_credential": Case(
        call=lambda actor, it: credentials.restore_credential(
            actor, credential.DescribeCredential(key=it["key"])
        ),
        needs=("key",),
        adds=(Event.CREDENTIAL_RESTORED,),
    ),
    "revoke_credential": Case(
        call=lambda actor, it: credentials.revoke_credential(
            actor, credential.DescribeCredential(key=it["key"])
        ),
        needs=("key",),
        adds=(Event.CREDENTIAL_REVOKED,),
    ),
    "delete_credential": Case(
        call=lambda actor, it: credentials.delete_credential(
            actor, credential.DescribeCredential(key=it["key"])
        ),
        needs=("key",),
        adds=(Event.CREDENTIAL_DELETED,),
    ),
    "rotate_credential": Case(
        call=lambda actor, it: credentials.rotate_credential(
            actor, credential.RotateCredential.parse({"key": it["key"], "newValue": CANARY})
        ),
        needs=("key",),
        adds=(Event.CREDENTIAL_ROTATED,),
    ),
    "change_window": Case(
        call=lambda actor, it: credentials.change_window(
            actor, credential.ChangeWindow(key=it["rotated"], window=60)
        ),
        needs=("rotated",),
        adds=(Event.CREDENTIAL_ROTATION_CHANGED,),
    ),
    "roll_back_rotation": Case(
        call=lambda actor, it: credentials.roll_back_rotation(
            actor, credential.DescribeCredential(key=it["rotated"])
        ),
        needs=("rotated",),
        adds=(Event.CREDENTIAL_ROTATION_ROLLED_BACK,),
    ),
    "close_due_rotation": Case(
        call=lambda actor, it: credentials.close_due_rotation(actor, it["due_rotation"]),
        needs=("due_rotation",),
        adds=(Event.CREDENTIAL_ROTATION_CLOSED,),
    ),
    "list_folders": Case(
        call=lambda actor, _: credentials.list_folders(actor, shelf.ListFolders()), at_home=True
    ),
    "create_folder": Case(
        call=lambda actor, it: credentials.create_folder(
            actor, shelf.NameFolder(folder_path=f"{DESK}/{it['new_key']}")
        ),
        needs=("new_key",),
        adds=(Event.FOLDER_CREATED,),
        at_home=True,
    ),
    "move_folder": Case(
        call=lambda actor, it: credentials.move_folder(
            actor,
            shelf.MoveFolder(folder_path=it["folder"], new_folder_path=f"{DESK}/{it['new_key']}"),
        ),
        needs=("folder", "new_key"),
        adds=(Event.FOLDER_MOVED,),
    ),
    "remove_folder": Case(
        call=lambda actor, it: credentials.remove_folder(
            actor, shelf.NameFolder(folder_path=it["folder"])
        ),
        needs=("folder",),
        adds=(Event.FOLDER_REMOVED,),
    ),
    "list_tags": Case(call=lambda actor, _: credentials.list_tags(actor), at_home=True),
    "list_keys": Case(
        call=lambda actor, _: credentials.list_keys(actor, keeping.ListKeys()), at_home=True
    ),
    "show_key": Case(
        call=lambda actor, it: credentials.show_key(actor, it["unused_key"]),
        needs=("unused_key",),
    ),
    "rotate_tenant_key": Case(
        call=lambda actor, _: credentials.rotate_tenant_key(actor, keeping.RotateTenantKey()),
        adds=(Event.TENANT_KEK_ROTATED,),
        at_home=True,
    ),
    "rewrap_due_key": Case(
        call=lambda actor, it: credentials.rewrap_due_key(actor, it["due_key"]),
        needs=("due_key",),
        adds=(Event.TENANT_KEK_REWRAPPED,),
    ),
    "destroy_tenant_key": Case(
        call=lambda actor, it: credentials.destroy_tenant_key(actor, it["unused_key"]),
        needs=("unused_key",),
        adds=(Event.TENANT_KEK_DESTROYED,),
    ),
    "give_grant": Case(
        call=lambda actor, it: credentials.give_grant(
            actor,
            credential.GiveGrant.parse(
                {
                    "personId": public_id("person", it["person"].pk),
                    "level": "viewer",
                    "key": it["key"],
                }
            ),
        ),
        needs=("key", "person"),
        adds=(Event.GRANT_CREATED,),
    ),
    "remove_grant": Case(
        call=lambda actor, it: credentials.remove_grant(actor, it["grant_id"]),
        needs=("grant_id",),
        adds=(Event.GRANT_REMOVED,),
    ),
    "change_grants": Case(
        call=lambda actor, it: credentials.change_grants(
            actor,
            credential.ChangeGrants.parse(
                {
                    "changes": [
                        {
                            "personId": public_id("person", it["person"].pk),
                            "level": "viewer",
                            "key": it["key"],
                        }
                    ]
                }
            ),
        ),
        needs=("key", "person"),
        adds=(Event.GRANT_CREATED, Event.GRANT_BULK_CHANGED),
    ),
    "list_grants": Case(
        call=lambda actor, it: credentials.list_grants(actor, credential.ListGrants(key=it["key"])),
        needs=("key",),
    ),
    "show_access": Case(
        call=lambda actor, it: credentials.show_access(actor, ShowAccess(key=it["key"])),
        needs=("key",),
    ),
    "show_reach": Case(
        call=lambda actor, _: credentials.show_reach(
            actor, ShowReach(person_id=public_id("person", actor.person))
        ),
        at_home=True,
    ),
    "show_matrix": Case(
        call=lambda actor, _: credentials.show_matrix(actor, ShowMatrix()), at_home=True
    ),
    "expire_due_grant": Case(
        call=lambda actor, it: credentials.expire_due_grant(actor, it["due_grant"]),
        needs=("due_grant",),
        adds=(Event.GRANT_EXPIRED,),
    ),
    "request_access": Case(
        call=lambda actor, it: credentials.request_access(
            actor, asking.RequestAccess(key=it["key"], level="user", reason=PURPOSE)
        ),
        needs=("key",),
        adds=(Event.ACCESS_REQUESTED,),
    ),
    "list_access_requests": Case(
        call=lambda actor, _: credentials.list_access_requests(actor, asking.ListAccessRequests()),
        at_home=True,
    ),
    "show_access_request": Case(
        call=lambda actor, it: credentials.show_access_request(actor, it["access_request"]),
        needs=("access_request",),
    ),
    "decide_access_request": Case(
        call=lambda actor, it: credentials.decide_access_request(
            actor, asking.DecideAccessRequest(request_id=it["access_request"], approve=True)
        ),
        needs=("access_request",),
        adds=(Event.GRANT_CREATED, Event.ACCESS_APPROVED),
    ),
    "withdraw_access_request": Case(
        call=lambda actor, it: credentials.withdraw_access_request(actor, it["own_access_request"]),
        needs=("own_access_request",),
        adds=(Event.ACCESS_WITHDRAWN,),
    ),
    # -- leases ---------------------------------------------------------------------------------
    "lease_credential": Case(
        call=lambda actor, it: leases.lease_credential(
            actor, lease.LeaseCredential(key=it["key"], purpose=PURPOSE)
        ),
        needs=("key",),
        adds=(Event.LEASE_CREATED,),
    ),
    "read_credential": Case(
        call=lambda actor, it: leases.read_credential(
            actor, lease.ReadCredential(lease_handle=it["handle"])
        ),
        needs=("handle",),
        adds=(Event.CREDENTIAL_READ,),
    ),
    "renew_lease": Case(
        call=lambda actor, it: leases.renew_lease(
            actor, lease.RenewLease(lease_handle=it["handle"])
        ),
        needs=("handle",),
        adds=(Event.LEASE_RENEWED,),
    ),
    "release_lease": Case(
        call=lambda actor, it: leases.release_lease(
            actor, lease.ReleaseLease(lease_handle=it["handle"])
        ),
        needs=("handle",),
        adds=(Event.LEASE_REVOKED,),
    ),
    "revoke_lease": Case(
        call=lambda actor, it: leases.revoke_lease(actor, it["lease_id"]),
        needs=("lease_id",),
        adds=(Event.LEASE_REVOKED,),
    ),
    "decide_lease": Case(
        call=lambda actor, it: leases.decide_lease(
            actor, lease.DecideLease(request_id=it["request_id"], approve=True)
        ),
        needs=("request_id",),
        adds=(Event.ACCESS_APPROVED,),
    ),
    "withdraw_lease": Case(
        call=lambda actor, it: leases.withdraw_lease(actor, it["own_request"]),
        needs=("own_request",),
        adds=(Event.ACCESS_WITHDRAWN,),
    ),
    "list_approvals": Case(
        call=lambda actor, _: leases.list_approvals(actor, lease.ListApprovals()), at_home=True
    ),
    "show_approval": Case(
        call=lambda actor, it: leases.show_approval(actor, it["request_id"]),
        needs=("request_id",),
    ),
    "list_leases": Case(
        call=lambda actor, it: leases.list_leases(
            actor, lease.ListLeases(whose="all", key=it["leased"])
        ),
        needs=("leased",),
    ),
    "show_lease": Case(
        call=lambda actor, it: leases.show_lease(actor, it["lease_id"]),
        needs=("lease_id",),
    ),
    "revoke_leases": Case(
        call=lambda actor, it: leases.revoke_leases(
            actor, lease.RevokeLeases(whose="all", key=it["leased"])
        ),
        needs=("leased",),
        adds=(Event.LEASE_REVOKED,),
    ),
    "expire_due_lease": Case(
        call=lambda actor, it: leases.expire_due_lease(actor, it["due_lease"]),
        needs=("due_lease",),
        adds=(Event.LEASE_EXPIRED,),
    ),
    "show_overview": Case(call=lambda actor, _: leases.show_overview(actor), at_home=True),
    # -- tenants --------------------------------------------------------------------------------
    "change_settings": Case(
        call=lambda actor, _: tenants.change_settings(
            actor, tenant.ChangeSettings(self_approval=True)
        ),
        adds=(Event.TENANT_SETTINGS_UPDATED,),
        at_home=True,
    ),
    "show_settings": Case(call=lambda actor, _: tenants.show_settings(actor), at_home=True),
    "list_members": Case(
        call=lambda actor, _: tenants.list_members(actor, tenant.Listing()), at_home=True
    ),
    "add_member": Case(
        call=lambda actor, it: tenants.add_member(actor, it["stranger"], "member"),
        needs=("stranger",),
        adds=(Event.MEMBER_JOINED,),
        at_home=True,
    ),
    "change_role": Case(
        call=lambda actor, it: tenants.change_role(
            actor, tenant.ChangeRole(person_id=_id(it["person"]), role="admin")
        ),
        needs=("person",),
        adds=(Event.MEMBER_ROLE_CHANGED,),
    ),
    "remove_member": Case(
        call=lambda actor, it: tenants.remove_member(
            actor, tenant.RemoveMember(person_id=_id(it["person"]))
        ),
        needs=("person",),
        adds=(Event.MEMBER_REMOVED,),
    ),
    "change_agent": Case(
        call=lambda actor, it: tenants.change_agent(
            actor,
            tenant.ChangeAgent(agent_id=public_id("agent", it["agent_id"]), state="suspended"),
        ),
        needs=("agent_id",),
        adds=(Event.CLIENT_SUSPENDED,),
    ),
    "list_agents": Case(
        call=lambda actor, _: tenants.list_agents(actor, tenant.ListAgents()), at_home=True
    ),
    "show_agent": Case(
        call=lambda actor, it: tenants.show_agent(actor, it["own_agent"]), needs=("own_agent",)
    ),
    "rename_agent": Case(
        call=lambda actor, it: tenants.rename_agent(
            actor, tenant.RenameAgent(agent_id=it["own_agent"], name="Night shift")
        ),
        needs=("own_agent",),
        adds=(Event.CLIENT_RENAMED,),
    ),
    "merge_agents": Case(
        call=lambda actor, it: tenants.merge_agents(
            actor, tenant.MergeAgents(agent_id=it["own_agent"], into_id=it["own_other_agent"])
        ),
        needs=("own_agent", "own_other_agent"),
        adds=(Event.CLIENT_MERGED,),
    ),
    "disconnect_agent": Case(
        call=lambda actor, it: tenants.disconnect_agent(actor, it["own_agent"]),
        needs=("own_agent",),
        adds=(Event.CLIENT_REMOVED,),
    ),
    "query_audit": Case(
        call=lambda actor, _: tenants.query_audit(actor, audit.QueryAudit()),
        adds=(Event.AUDIT_READ,),
        at_home=True,
    ),
    "show_audit_entry": Case(
        call=lambda actor, it: tenants.show_audit_entry(actor, it["entry_id"]),
        needs=("entry_id",),
        adds=(Event.AUDIT_READ,),
    ),
    "export_audit": Case(
        call=lambda actor, _: list(tenants.export_audit(actor, audit.ExportAudit())),
        adds=(Event.AUDIT_EXPORTED,),
        at_home=True,
    ),
    "connect_agent": Case(
        call=_connect_agent,
        needs=("client_id",),
        adds=(Event.CLIENT_AUTHORIZED,),
        at_home=True,
    ),
    "list_invitations": Case(
        call=lambda actor, _: tenants.list_invitations(actor, tenant.Listing()), at_home=True
    ),
    "invite_member": Case(
        call=lambda actor, _: tenants.invite_member(
            actor, tenant.InviteMember(email=f"{uuid4().hex}@example.org", role="member")
        ),
        adds=(Event.MEMBER_INVITED,),
        at_home=True,
    ),
    "show_invitation_link": Case(
        call=lambda actor, it: tenants.show_invitation_link(actor, it["invitation"]),
        needs=("invitation",),
        adds=(Event.MEMBER_INVITATION_LINK_SHOWN,),
    ),
    "withdraw_invitation": Case(
        call=lambda actor, it: tenants.withdraw_invitation(actor, it["invitation"]),
        needs=("invitation",),
        adds=(Event.MEMBER_INVITATION_WITHDRAWN,),
    ),
    "show_mail": Case(call=lambda actor, _: tenants.show_mail(actor), at_home=True),
    "list_agent_choices": Case(call=lambda actor, _: list_agent_choices(actor), at_home=True),
    "list_member_choices": Case(call=lambda actor, _: list_member_choices(actor), at_home=True),
    "list_admins": Case(call=lambda actor, _: list_admins(actor), at_home=True),
    "show_setup_progress": Case(call=lambda actor, _: show_setup_progress(actor), at_home=True),
    "list_groups": Case(
        call=lambda actor, _: tenants.list_groups(actor, tenant.Listing()), at_home=True
    ),
    "show_group": Case(
        call=lambda actor, it: tenants.show_group(actor, it["group_id"]), needs=("group_id",)
    ),
    "create_group": Case(
        call=lambda actor, _: tenants.create_group(actor, tenant.CreateGroup(name=_free_name())),
        adds=(Event.GROUP_CREATED,),
        at_home=True,
    ),
    "change_group": Case(
        call=lambda actor, it: tenants.change_group(
            actor, tenant.ChangeGroup(group_id=it["group_id"], description="changed")
        ),
        needs=("group_id",),
        adds=(Event.GROUP_CHANGED,),
    ),
    "remove_group": Case(
        call=lambda actor, it: tenants.remove_group(actor, it["group_id"]),
        needs=("group_id",),
        adds=(Event.GROUP_REMOVED,),
    ),
    "add_to_group": Case(
        call=lambda actor, it: tenants.add_to_group(
            actor, tenant.GroupPlace(group_id=it["group_id"], person_id=_id(it["person"]))
        ),
        needs=("group_id", "person"),
        adds=(Event.GROUP_JOINED,),
    ),
    "remove_from_group": Case(
        call=lambda actor, it: tenants.remove_from_group(
            actor, tenant.GroupPlace(group_id=it["group_id"], person_id=it["grouped"])
        ),
        needs=("group_id", "grouped"),
        adds=(Event.GROUP_LEFT,),
    ),
    "list_service_accounts": Case(
        call=lambda actor, _: tenants.list_service_accounts(actor, tenant.ListServiceAccounts()),
        at_home=True,
    ),
    "show_service_account": Case(
        call=lambda actor, it: tenants.show_service_account(actor, it["service_account"]),
        needs=("service_account",),
    ),
    "create_service_account": Case(
        call=lambda actor, _: tenants.create_service_account(
            actor, tenant.CreateServiceAccount(name=_free_name())
        ),
        adds=(Event.SERVICE_ACCOUNT_CREATED,),
        at_home=True,
    ),
    "change_service_account": Case(
        call=lambda actor, it: tenants.change_service_account(
            actor,
            tenant.ChangeServiceAccount(
                service_account_id=it["service_account"], state="suspended"
            ),
        ),
        needs=("service_account",),
        adds=(Event.SERVICE_ACCOUNT_SUSPENDED,),
    ),
    # -- identity -------------------------------------------------------------------------------
    "show_single_sign_on": Case(
        call=lambda actor, _: identity.show_single_sign_on(actor), at_home=True
    ),
    "change_single_sign_on": Case(
        call=lambda actor, _: identity.change_single_sign_on(
            actor,
            ChangeSingleSignOn.parse(
                {
                    "issuer": "https://login.example.org",
                    "clientId": "vault",
                    "clientSecret": CANARY,
                    "domains": ["example.org"],
                }
            ),
        ),
        adds=(Event.TENANT_SSO_CHANGED,),
        at_home=True,
    ),
    "list_clients": Case(
        call=lambda actor, _: identity.list_clients(actor, machine.ListClients()),
        needs=("oauth_client",),
        at_home=True,
    ),
    "show_client": Case(
        call=lambda actor, it: identity.show_client(actor, it["oauth_client"]),
        needs=("oauth_client",),
    ),
    "change_client_state": Case(
        call=lambda actor, it: identity.change_client_state(
            actor, machine.ChangeClient(client_id=it["oauth_client"], state="suspended")
        ),
        needs=("oauth_client",),
        adds=(Event.CLIENT_SUSPENDED,),
    ),
    "remove_client": Case(
        call=lambda actor, it: identity.remove_client(actor, it["oauth_client"]),
        needs=("oauth_client",),
        adds=(Event.CLIENT_REMOVED,),
    ),
    "add_account_secret": Case(
        call=lambda actor, it: identity.add_account_secret(
            actor, machine.AddAccountSecret(account_id=it["account_id"], name="deploys")
        ),
        needs=("account_id",),
        adds=(Event.SERVICE_ACCOUNT_SECRET_ADDED,),
    ),
    "list_account_secrets": Case(
        call=lambda actor, it: identity.list_account_secrets(actor, it["account_id"]),
        needs=("account_id",),
    ),
    "remove_account_secret": Case(
        call=lambda actor, it: identity.remove_account_secret(actor, it["secret_id"]),
        needs=("secret_id",),
        adds=(Event.SERVICE_ACCOUNT_SECRET_REMOVED,),
    ),
    "add_account_key": Case(
        call=lambda actor, it: identity.add_account_key(
            actor,
            machine.AddAccountKey(account_id=it["account_id"], name="deploys", jwk=public_jwk()),
        ),
        needs=("account_id",),
        adds=(Event.SERVICE_ACCOUNT_KEY_ADDED,),
    ),
    "list_account_keys": Case(
        call=lambda actor, it: identity.list_account_keys(actor, it["account_id"]),
        needs=("account_id",),
    ),
    "remove_account_key": Case(
        call=lambda actor, it: identity.remove_account_key(actor, it["key_id"]),
        needs=("key_id",),
        adds=(Event.SERVICE_ACCOUNT_KEY_REMOVED,),
    ),
    "create_personal_token": Case(
        call=lambda actor, _: identity.create_personal_token(
            actor,
            machine.CreatePersonalToken(name="nightly", scopes=["vault:read"], expires_in_days=7),
        ),
        adds=(Event.PERSONAL_TOKEN_CREATED,),
        at_home=True,
    ),
    "list_personal_tokens": Case(
        call=lambda actor, _: identity.list_personal_tokens(actor, machine.ListPersonalTokens()),
        needs=("personal_token",),
        at_home=True,
    ),
    "show_personal_token": Case(
        call=lambda actor, it: identity.show_personal_token(actor, it["personal_token"]),
        needs=("personal_token",),
    ),
    "revoke_personal_token": Case(
        call=lambda actor, it: identity.revoke_personal_token(actor, it["personal_token"]),
        needs=("personal_token",),
        adds=(Event.PERSONAL_TOKEN_REVOKED,),
    ),
}
