"""Operations on tenants, people, service accounts and agents; one module per subject."""

from tenants.operations.agents import (
    change_agent,
    disconnect_agent,
    list_agents,
    merge_agents,
    rename_agent,
    show_agent,
)
from tenants.operations.audit_log import export_audit, query_audit, show_audit_entry
from tenants.operations.groups import (
    add_to_group,
    change_group,
    create_group,
    list_groups,
    remove_from_group,
    remove_group,
    show_group,
)
from tenants.operations.invitations import (
    accept_invitation,
    invite_member,
    list_invitations,
    open_invitation,
    show_invitation,
    show_invitation_link,
    withdraw_invitation,
)
from tenants.operations.mail import show_mail
from tenants.operations.member_suspension import resume_member, suspend_member
from tenants.operations.members import (
    add_member,
    change_role,
    list_members,
    remove_member,
    show_left_behind,
)
from tenants.operations.service_accounts import (
    change_service_account,
    create_service_account,
    list_service_accounts,
    show_service_account,
)
from tenants.operations.tenants import change_settings, create_tenant, show_settings

__all__ = [
    "accept_invitation",
    "add_member",
    "add_to_group",
    "change_agent",
    "change_group",
    "change_role",
    "change_service_account",
    "change_settings",
    "create_group",
    "create_service_account",
    "create_tenant",
    "disconnect_agent",
    "export_audit",
    "invite_member",
    "list_agents",
    "list_groups",
    "list_invitations",
    "list_members",
    "list_service_accounts",
    "merge_agents",
    "open_invitation",
    "query_audit",
    "remove_from_group",
    "remove_group",
    "remove_member",
    "rename_agent",
    "resume_member",
    "show_agent",
    "show_audit_entry",
    "show_group",
    "show_invitation",
    "show_invitation_link",
    "show_left_behind",
    "show_mail",
    "show_service_account",
    "show_settings",
    "suspend_member",
    "withdraw_invitation",
]
