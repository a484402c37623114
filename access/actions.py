"""What can be done at all: one table of action → scope, level and channels. Unlisted means no.

`level` is what the actor needs on the object itself; None means that there is no single object, or
that the operation narrows its answer to what is visible. `step_up` asks a person at the console to
have authenticated a short while ago. `auditors`: people with the role `auditor` may do it too, and
nothing else.
"""

from dataclasses import dataclass
from enum import StrEnum

from access.levels import Level
from access.scopes import Scope


class Channel(StrEnum):
    """The interface through which a request came."""

    MCP = "mcp"
    REST = "rest"
    CONSOLE = "console"
    WORKER = "worker"
    COMMAND = "command"


AGENTS = frozenset({Channel.MCP, Channel.REST})
PEOPLE = frozenset({Channel.CONSOLE})
OPERATORS = frozenset({Channel.COMMAND})
EVERYONE = AGENTS | PEOPLE | OPERATORS
SYSTEM = frozenset({Channel.WORKER})


class Action(StrEnum):
    """The name of every operation."""

    LIST_CREDENTIALS = "list_credentials"
    SEARCH_CREDENTIALS = "search_credentials"
    DESCRIBE_CREDENTIAL = "describe_credential"
    CREATE_CREDENTIAL = "create_credential"
    IMPORT_CREDENTIALS = "import_credentials"
    UPDATE_CREDENTIAL = "update_credential"
    MOVE_CREDENTIAL = "move_credential"
    ARCHIVE_CREDENTIAL = "archive_credential"
    RESTORE_CREDENTIAL = "restore_credential"
    REVOKE_CREDENTIAL = "revoke_credential"
    DELETE_CREDENTIAL = "delete_credential"
    ROTATE_CREDENTIAL = "rotate_credential"
    SHOW_READERS = "show_readers"
    CHANGE_WINDOW = "change_window"
    ROLL_BACK_ROTATION = "roll_back_rotation"
    CLOSE_DUE_ROTATION = "close_due_rotation"
    LIST_FOLDERS = "list_folders"
    CREATE_FOLDER = "create_folder"
    MOVE_FOLDER = "move_folder"
    REMOVE_FOLDER = "remove_folder"
    LIST_TAGS = "list_tags"
    LIST_KEYS = "list_keys"
    SHOW_KEY = "show_key"
    ROTATE_TENANT_KEY = "rotate_tenant_key"
    REWRAP_DUE_KEY = "rewrap_due_key"
    DESTROY_TENANT_KEY = "destroy_tenant_key"
    GIVE_GRANT = "give_grant"
    REMOVE_GRANT = "remove_grant"
    CHANGE_GRANTS = "change_grants"
    LIST_GRANTS = "list_grants"
    SHOW_ACCESS = "show_access"
    SHOW_REACH = "show_reach"
    SHOW_MATRIX = "show_matrix"
    EXPIRE_DUE_GRANT = "expire_due_grant"
    REQUEST_ACCESS = "request_access"
    LIST_ACCESS_REQUESTS = "list_access_requests"
    SHOW_ACCESS_REQUEST = "show_access_request"
    DECIDE_ACCESS_REQUEST = "decide_access_request"
    WITHDRAW_ACCESS_REQUEST = "withdraw_access_request"
    REQUEST_CREDENTIAL = "request_credential"
    LIST_CREDENTIAL_REQUESTS = "list_credential_requests"
    SHOW_CREDENTIAL_REQUEST = "show_credential_request"
    STORE_REQUESTED_CREDENTIAL = "store_requested_credential"
    DECLINE_CREDENTIAL_REQUEST = "decline_credential_request"
    WITHDRAW_CREDENTIAL_REQUEST = "withdraw_credential_request"
    LEASE_CREDENTIAL = "lease_credential"
    READ_CREDENTIAL = "read_credential"
    USE_CREDENTIAL = "use_credential"
    RENEW_LEASE = "renew_lease"
    RELEASE_LEASE = "release_lease"
    REVOKE_LEASE = "revoke_lease"
    REVOKE_LEASES = "revoke_leases"
    LIST_LEASES = "list_leases"
    SHOW_LEASE = "show_lease"
    LIST_APPROVALS = "list_approvals"
    SHOW_APPROVAL = "show_approval"
    DECIDE_LEASE = "decide_lease"
    WITHDRAW_LEASE = "withdraw_lease"
    EXPIRE_DUE_LEASE = "expire_due_lease"
    SHOW_ACTIVITY = "show_activity"
    SHOW_OVERVIEW = "show_overview"
    LIST_MEMBERS = "list_members"
    ADD_MEMBER = "add_member"
    CHANGE_MEMBER = "change_member"
    REMOVE_MEMBER = "remove_member"
    SHOW_LEFT_BEHIND = "show_left_behind"
    SUSPEND_MEMBER = "suspend_member"
    RESUME_MEMBER = "resume_member"
    LIST_INVITATIONS = "list_invitations"
    INVITE_MEMBER = "invite_member"
    SHOW_INVITATION = "show_invitation"
    WITHDRAW_INVITATION = "withdraw_invitation"
    SHOW_INVITATION_LINK = "show_invitation_link"
    SHOW_MAIL = "show_mail"
    LIST_GROUPS = "list_groups"
    SHOW_GROUP = "show_group"
    CREATE_GROUP = "create_group"
    CHANGE_GROUP = "change_group"
    REMOVE_GROUP = "remove_group"
    ADD_TO_GROUP = "add_to_group"
    REMOVE_FROM_GROUP = "remove_from_group"
    LIST_SERVICE_ACCOUNTS = "list_service_accounts"
    SHOW_SERVICE_ACCOUNT = "show_service_account"
    CREATE_SERVICE_ACCOUNT = "create_service_account"
    CHANGE_SERVICE_ACCOUNT = "change_service_account"
    SHOW_SETTINGS = "show_settings"
    CHANGE_SETTINGS = "change_settings"
    SHOW_SINGLE_SIGN_ON = "show_single_sign_on"
    CHANGE_SINGLE_SIGN_ON = "change_single_sign_on"
    QUERY_AUDIT = "query_audit"
    SHOW_AUDIT_ENTRY = "show_audit_entry"
    EXPORT_AUDIT = "export_audit"
    CONNECT_AGENT = "connect_agent"
    LIST_AGENTS = "list_agents"
    SHOW_AGENT = "show_agent"
    CHANGE_AGENT = "change_agent"
    RENAME_AGENT = "rename_agent"
    MERGE_AGENTS = "merge_agents"
    DISCONNECT_AGENT = "disconnect_agent"
    LIST_CLIENTS = "list_clients"
    SHOW_CLIENT = "show_client"
    CHANGE_CLIENT = "change_client"
    REMOVE_CLIENT = "remove_client"
    ADD_ACCOUNT_SECRET = "add_account_secret"
    LIST_ACCOUNT_SECRETS = "list_account_secrets"
    REMOVE_ACCOUNT_SECRET = "remove_account_secret"
    ADD_ACCOUNT_KEY = "add_account_key"
    LIST_ACCOUNT_KEYS = "list_account_keys"
    REMOVE_ACCOUNT_KEY = "remove_account_key"
    CREATE_PERSONAL_TOKEN = "create_personal_token"
    LIST_PERSONAL_TOKENS = "list_personal_tokens"
    SHOW_PERSONAL_TOKEN = "show_personal_token"
    REVOKE_PERSONAL_TOKEN = "revoke_personal_token"
    LIST_AGENT_CHOICES = "list_agent_choices"
    LIST_PRINCIPAL_CHOICES = "list_principal_choices"
    LIST_FOLDER_CHOICES = "list_folder_choices"
    LIST_ADMINS = "list_admins"
    SHOW_SETUP_PROGRESS = "show_setup_progress"


@dataclass(frozen=True, slots=True)
class Rule:
    """One row of the table."""

    scope: Scope
    level: Level | None = None
    channels: frozenset[Channel] = EVERYONE
    admins_only: bool = False
    owners_only: bool = False
    auditors: bool = False
    step_up: bool = False


RULES: dict[Action, Rule] = {
    Action.LIST_CREDENTIALS: Rule(Scope.READ),
    Action.SEARCH_CREDENTIALS: Rule(Scope.READ),
    Action.DESCRIBE_CREDENTIAL: Rule(Scope.READ, Level.VIEWER),
    Action.CREATE_CREDENTIAL: Rule(Scope.WRITE, Level.MANAGER),
    Action.IMPORT_CREDENTIALS: Rule(Scope.WRITE, Level.MANAGER),
    Action.UPDATE_CREDENTIAL: Rule(Scope.WRITE, Level.MANAGER),
    Action.MOVE_CREDENTIAL: Rule(Scope.WRITE, Level.MANAGER),
    Action.ARCHIVE_CREDENTIAL: Rule(Scope.WRITE, Level.MANAGER),
    Action.RESTORE_CREDENTIAL: Rule(Scope.WRITE, Level.MANAGER),
    Action.REVOKE_CREDENTIAL: Rule(Scope.ADMIN, Level.ADMIN),
    Action.DELETE_CREDENTIAL: Rule(Scope.ADMIN, Level.ADMIN),
    Action.ROTATE_CREDENTIAL: Rule(Scope.WRITE, Level.MANAGER),
    Action.SHOW_READERS: Rule(Scope.READ, Level.MANAGER),
    Action.CHANGE_WINDOW: Rule(Scope.WRITE, Level.MANAGER),
    Action.ROLL_BACK_ROTATION: Rule(Scope.WRITE, Level.MANAGER),
    Action.CLOSE_DUE_ROTATION: Rule(Scope.WRITE, channels=SYSTEM),
    Action.LIST_FOLDERS: Rule(Scope.READ),
    Action.CREATE_FOLDER: Rule(Scope.WRITE, Level.MANAGER),
    Action.MOVE_FOLDER: Rule(Scope.WRITE, Level.MANAGER),
    Action.REMOVE_FOLDER: Rule(Scope.WRITE, Level.MANAGER),
    Action.LIST_TAGS: Rule(Scope.READ),
    Action.LIST_KEYS: Rule(Scope.ADMIN, admins_only=True),
    Action.SHOW_KEY: Rule(Scope.ADMIN, admins_only=True),
    Action.ROTATE_TENANT_KEY: Rule(Scope.ADMIN, admins_only=True, step_up=True),
    Action.REWRAP_DUE_KEY: Rule(Scope.WRITE, channels=SYSTEM),
    Action.DESTROY_TENANT_KEY: Rule(Scope.ADMIN, admins_only=True, step_up=True),
    Action.GIVE_GRANT: Rule(Scope.ADMIN, Level.ADMIN, step_up=True),
    Action.REMOVE_GRANT: Rule(Scope.ADMIN, Level.ADMIN, step_up=True),
    Action.CHANGE_GRANTS: Rule(Scope.ADMIN, Level.ADMIN, step_up=True),
    Action.LIST_GRANTS: Rule(Scope.ADMIN, Level.ADMIN),
    Action.SHOW_ACCESS: Rule(Scope.ADMIN, Level.ADMIN),
    Action.SHOW_REACH: Rule(Scope.READ),
    Action.SHOW_MATRIX: Rule(Scope.ADMIN, admins_only=True),
    Action.EXPIRE_DUE_GRANT: Rule(Scope.WRITE, channels=SYSTEM),
    Action.REQUEST_ACCESS: Rule(Scope.READ, Level.VIEWER),
    Action.LIST_ACCESS_REQUESTS: Rule(Scope.READ),
    Action.SHOW_ACCESS_REQUEST: Rule(Scope.READ, Level.ADMIN),
    Action.DECIDE_ACCESS_REQUEST: Rule(
        Scope.ADMIN, Level.ADMIN, channels=PEOPLE | OPERATORS, step_up=True
    ),
    Action.WITHDRAW_ACCESS_REQUEST: Rule(Scope.READ),
    Action.REQUEST_CREDENTIAL: Rule(Scope.READ),
    Action.LIST_CREDENTIAL_REQUESTS: Rule(Scope.READ),
    Action.SHOW_CREDENTIAL_REQUEST: Rule(Scope.READ, Level.MANAGER),
    # The value is typed by a person at the console; an agent never sends it.
    Action.STORE_REQUESTED_CREDENTIAL: Rule(
        Scope.WRITE, Level.MANAGER, channels=PEOPLE | OPERATORS
    ),
    Action.DECLINE_CREDENTIAL_REQUEST: Rule(
        Scope.WRITE, Level.MANAGER, channels=PEOPLE | OPERATORS
    ),
    Action.WITHDRAW_CREDENTIAL_REQUEST: Rule(Scope.READ),
    Action.LEASE_CREDENTIAL: Rule(Scope.READ, Level.USER),
    Action.READ_CREDENTIAL: Rule(Scope.READ, Level.USER, step_up=True),
    Action.USE_CREDENTIAL: Rule(Scope.READ, Level.USER),
    Action.RENEW_LEASE: Rule(Scope.READ, Level.USER),
    Action.RELEASE_LEASE: Rule(Scope.READ),
    Action.REVOKE_LEASE: Rule(Scope.WRITE, Level.MANAGER),
    Action.REVOKE_LEASES: Rule(Scope.WRITE, Level.MANAGER),
    Action.LIST_LEASES: Rule(Scope.READ, Level.MANAGER),
    Action.SHOW_LEASE: Rule(Scope.READ, Level.MANAGER),
    Action.LIST_APPROVALS: Rule(Scope.READ),
    Action.SHOW_APPROVAL: Rule(Scope.READ, Level.ADMIN),
    Action.WITHDRAW_LEASE: Rule(Scope.READ),
    Action.DECIDE_LEASE: Rule(Scope.ADMIN, Level.ADMIN, channels=PEOPLE | OPERATORS),
    Action.EXPIRE_DUE_LEASE: Rule(Scope.READ, channels=SYSTEM),
    Action.SHOW_ACTIVITY: Rule(Scope.READ, Level.VIEWER, channels=PEOPLE),
    Action.SHOW_OVERVIEW: Rule(Scope.ADMIN, channels=PEOPLE | OPERATORS, admins_only=True),
    Action.LIST_MEMBERS: Rule(Scope.ADMIN, admins_only=True),
    Action.ADD_MEMBER: Rule(Scope.ADMIN, admins_only=True, step_up=True),
    Action.CHANGE_MEMBER: Rule(Scope.ADMIN, admins_only=True, step_up=True),
    Action.REMOVE_MEMBER: Rule(Scope.ADMIN, admins_only=True),
    Action.SHOW_LEFT_BEHIND: Rule(Scope.ADMIN, admins_only=True),
    Action.SUSPEND_MEMBER: Rule(Scope.ADMIN, admins_only=True),
    Action.RESUME_MEMBER: Rule(Scope.ADMIN, admins_only=True, step_up=True),
    Action.LIST_INVITATIONS: Rule(Scope.ADMIN, admins_only=True),
    Action.INVITE_MEMBER: Rule(Scope.ADMIN, admins_only=True, step_up=True),
    Action.SHOW_INVITATION: Rule(Scope.ADMIN, admins_only=True, channels=PEOPLE),
    Action.WITHDRAW_INVITATION: Rule(Scope.ADMIN, admins_only=True),
    Action.SHOW_INVITATION_LINK: Rule(Scope.ADMIN, admins_only=True, step_up=True),
    Action.SHOW_MAIL: Rule(Scope.ADMIN, admins_only=True),
    Action.LIST_GROUPS: Rule(Scope.ADMIN, admins_only=True),
    Action.SHOW_GROUP: Rule(Scope.ADMIN, admins_only=True),
    Action.CREATE_GROUP: Rule(Scope.ADMIN, admins_only=True),
    Action.CHANGE_GROUP: Rule(Scope.ADMIN, admins_only=True),
    Action.REMOVE_GROUP: Rule(Scope.ADMIN, admins_only=True),
    Action.ADD_TO_GROUP: Rule(Scope.ADMIN, admins_only=True, step_up=True),
    Action.REMOVE_FROM_GROUP: Rule(Scope.ADMIN, admins_only=True),
    Action.LIST_SERVICE_ACCOUNTS: Rule(Scope.ADMIN, admins_only=True),
    Action.SHOW_SERVICE_ACCOUNT: Rule(Scope.ADMIN, admins_only=True),
    Action.CREATE_SERVICE_ACCOUNT: Rule(Scope.ADMIN, admins_only=True),
    Action.CHANGE_SERVICE_ACCOUNT: Rule(Scope.ADMIN, admins_only=True),
    Action.SHOW_SETTINGS: Rule(Scope.ADMIN, admins_only=True),
    Action.CHANGE_SETTINGS: Rule(Scope.ADMIN, admins_only=True, step_up=True),
    Action.SHOW_SINGLE_SIGN_ON: Rule(Scope.ADMIN, admins_only=True, channels=PEOPLE | OPERATORS),
    # The person who configures the provider can sign in as anybody it names, also as an owner.
    Action.CHANGE_SINGLE_SIGN_ON: Rule(
        Scope.ADMIN, admins_only=True, owners_only=True, step_up=True, channels=PEOPLE | OPERATORS
    ),
    Action.QUERY_AUDIT: Rule(Scope.ADMIN, admins_only=True, auditors=True),
    Action.SHOW_AUDIT_ENTRY: Rule(Scope.ADMIN, admins_only=True, auditors=True),
    Action.EXPORT_AUDIT: Rule(Scope.ADMIN, admins_only=True, auditors=True),
    Action.CONNECT_AGENT: Rule(Scope.READ, channels=PEOPLE),
    Action.LIST_AGENTS: Rule(Scope.READ),
    Action.SHOW_AGENT: Rule(Scope.READ),
    Action.CHANGE_AGENT: Rule(Scope.ADMIN, admins_only=True),
    Action.RENAME_AGENT: Rule(Scope.WRITE),
    Action.MERGE_AGENTS: Rule(Scope.WRITE, channels=PEOPLE | OPERATORS),
    Action.DISCONNECT_AGENT: Rule(Scope.WRITE, channels=PEOPLE | {Channel.REST}),
    Action.LIST_CLIENTS: Rule(Scope.ADMIN, admins_only=True),
    Action.SHOW_CLIENT: Rule(Scope.ADMIN, admins_only=True),
    Action.CHANGE_CLIENT: Rule(Scope.ADMIN, admins_only=True),
    Action.REMOVE_CLIENT: Rule(Scope.ADMIN, admins_only=True),
    Action.ADD_ACCOUNT_SECRET: Rule(Scope.ADMIN, admins_only=True, step_up=True),
    Action.LIST_ACCOUNT_SECRETS: Rule(Scope.ADMIN, admins_only=True),
    Action.REMOVE_ACCOUNT_SECRET: Rule(Scope.ADMIN, admins_only=True),
    Action.ADD_ACCOUNT_KEY: Rule(Scope.ADMIN, admins_only=True, step_up=True),
    Action.LIST_ACCOUNT_KEYS: Rule(Scope.ADMIN, admins_only=True),
    Action.REMOVE_ACCOUNT_KEY: Rule(Scope.ADMIN, admins_only=True),
    # An auditor's token is for the log over REST.
    Action.CREATE_PERSONAL_TOKEN: Rule(Scope.READ, channels=PEOPLE, auditors=True, step_up=True),
    Action.LIST_PERSONAL_TOKENS: Rule(Scope.READ, auditors=True),
    Action.SHOW_PERSONAL_TOKEN: Rule(Scope.READ, auditors=True),
    Action.REVOKE_PERSONAL_TOKEN: Rule(Scope.WRITE, auditors=True),
    # Both also fill the filters of the audit log.
    Action.LIST_AGENT_CHOICES: Rule(Scope.READ, channels=PEOPLE, auditors=True),
    # For whoever holds the level somewhere, which the operation checks.
    Action.LIST_PRINCIPAL_CHOICES: Rule(Scope.READ, Level.MANAGER, channels=PEOPLE, auditors=True),
    Action.LIST_FOLDER_CHOICES: Rule(Scope.READ, channels=PEOPLE),
    Action.LIST_ADMINS: Rule(Scope.READ, channels=PEOPLE),
    Action.SHOW_SETUP_PROGRESS: Rule(Scope.ADMIN, admins_only=True, channels=PEOPLE),
}
