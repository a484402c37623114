"""What can be done with credentials; one module per subject."""

from credentials.operations.access_reports import show_access, show_reach
from credentials.operations.access_requests import (
    decide_access_request,
    list_access_requests,
    request_access,
    show_access_request,
    withdraw_access_request,
)
from credentials.operations.credential_requests import (
    decline_credential_request,
    list_credential_requests,
    request_credential,
    show_credential_request,
    store_requested_credential,
    withdraw_credential_request,
)
from credentials.operations.credentials import (
    create_credential,
    move_credential,
    update_credential,
)
from credentials.operations.folder_moves import move_folder
from credentials.operations.folders import create_folder, list_folders, list_tags, remove_folder
from credentials.operations.grant_matrix import show_matrix
from credentials.operations.grants import (
    change_grants,
    expire_due_grant,
    give_grant,
    list_grants,
    remove_grant,
)
from credentials.operations.imports import import_credentials
from credentials.operations.lifecycle import (
    archive_credential,
    delete_credential,
    restore_credential,
    revoke_credential,
)
from credentials.operations.metadata import describe_credential
from credentials.operations.rotation_windows import (
    change_window,
    close_due_rotation,
    roll_back_rotation,
)
from credentials.operations.rotations import rotate_credential
from credentials.operations.search import list_credentials, search_credentials
from credentials.operations.tenant_keys import (
    destroy_tenant_key,
    list_keys,
    rewrap_due_key,
    rotate_tenant_key,
    show_key,
)

__all__ = [
    "archive_credential",
    "change_grants",
    "change_window",
    "close_due_rotation",
    "create_credential",
    "create_folder",
    "decide_access_request",
    "decline_credential_request",
    "delete_credential",
    "describe_credential",
    "destroy_tenant_key",
    "expire_due_grant",
    "give_grant",
    "import_credentials",
    "list_access_requests",
    "list_credential_requests",
    "list_credentials",
    "list_folders",
    "list_grants",
    "list_keys",
    "list_tags",
    "move_credential",
    "move_folder",
    "remove_folder",
    "remove_grant",
    "request_access",
    "request_credential",
    "restore_credential",
    "revoke_credential",
    "rewrap_due_key",
    "roll_back_rotation",
    "rotate_credential",
    "rotate_tenant_key",
    "search_credentials",
    "show_access",
    "show_access_request",
    "show_credential_request",
    "show_key",
    "show_matrix",
    "show_reach",
    "store_requested_credential",
    "update_credential",
    "withdraw_access_request",
    "withdraw_credential_request",
]
