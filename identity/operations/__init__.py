"""What can be done with what identity keeps for a tenant."""

from identity.operations.account_keys import add_account_key, list_account_keys, remove_account_key
from identity.operations.account_secrets import (
    add_account_secret,
    list_account_secrets,
    remove_account_secret,
)
from identity.operations.single_sign_on import change_single_sign_on, show_single_sign_on

__all__ = [
    "add_account_key",
    "add_account_secret",
    "change_single_sign_on",
    "list_account_keys",
    "list_account_secrets",
    "remove_account_key",
    "remove_account_secret",
    "show_single_sign_on",
]
