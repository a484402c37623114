"""Operations on a tenant's clients, tokens and sign-in provider."""

from identity.operations.account_credentials import (
    add_account_key,
    add_account_secret,
    list_account_keys,
    list_account_secrets,
    remove_account_key,
    remove_account_secret,
)
from identity.operations.clients import (
    change_client_state,
    list_clients,
    remove_client,
    show_client,
)
from identity.operations.personal_tokens import (
    create_personal_token,
    list_personal_tokens,
    revoke_personal_token,
    show_personal_token,
)
from identity.operations.single_sign_on import change_single_sign_on, show_single_sign_on

__all__ = [
    "add_account_key",
    "add_account_secret",
    "change_client_state",
    "change_single_sign_on",
    "create_personal_token",
    "list_account_keys",
    "list_account_secrets",
    "list_clients",
    "list_personal_tokens",
    "remove_account_key",
    "remove_account_secret",
    "remove_client",
    "revoke_personal_token",
    "show_client",
    "show_personal_token",
    "show_single_sign_on",
]
