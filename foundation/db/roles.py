"""The application's database role, which must not be able to bypass row-level security."""

from django.db import connection

from foundation.errors import VaultError

_QUESTION = """
    SELECT r.rolsuper OR r.rolbypassrls,
           EXISTS (SELECT FROM pg_class c JOIN pg_namespace n ON n.oid = c.relnamespace
                   WHERE n.nspname = 'public' AND c.relkind IN ('r', 'p')
                     AND pg_has_role(current_user, c.relowner, 'USAGE'))
    FROM pg_roles r WHERE r.rolname = current_user
"""


class UnsafeDatabaseRole(VaultError):
    """VAULTSITE_DATABASE_URL names a role to which row-level security does not apply."""


def require_restricted_role() -> None:
    """Raise UnsafeDatabaseRole for a superuser, a BYPASSRLS role, or an owner of our tables."""
    with connection.cursor() as cursor:
        cursor.execute(_QUESTION)
        row = cursor.fetchone()
    if row is None or row[0]:
        raise UnsafeDatabaseRole(
            "VAULTSITE_DATABASE_URL must name a role without SUPERUSER and BYPASSRLS."
        )
    if row[1]:
        raise UnsafeDatabaseRole(
            "VAULTSITE_DATABASE_URL must not name the owner of the tables; "
            "that role belongs in VAULTSITE_DATABASE_OWNER_URL."
        )
