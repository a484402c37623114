"""What can be done with what identity keeps for a tenant."""

from identity.operations.single_sign_on import change_single_sign_on, show_single_sign_on

__all__ = ["change_single_sign_on", "show_single_sign_on"]
