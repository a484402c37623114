"""The application role's privileges on each table, granted after every migration.

Unlisted tables get ordinary row access, listed tables less. The audit log is append-only by
privilege, so no code path of the application can change or remove an entry.
"""

from typing import Any

from django.conf import settings
from django.db import connections, transaction
from psycopg import sql

APPEND_ONLY = "SELECT, INSERT"
READ_ONLY = "SELECT"
ORDINARY = "SELECT, INSERT, UPDATE, DELETE"

SPECIAL = {"audit_entry": APPEND_ONLY, "django_migrations": READ_ONLY}


def grant_privileges(using: str) -> None:
    """Give the application role exactly its privileges on every table; runs as the owner."""
    role = settings.DATABASES["default"]["USER"]
    connection = connections[using]
    if connection.settings_dict["USER"] == role:
        return
    tables = connection.introspection.table_names()
    with connection.cursor() as cursor:
        cursor.execute(
            sql.SQL("GRANT USAGE ON ALL SEQUENCES IN SCHEMA public TO {}").format(
                sql.Identifier(role)
            )
        )
        for table in tables:
            # In one transaction, or the running application would be refused in between.
            with transaction.atomic(using=using):
                for statement in _statements(role, table):
                    cursor.execute(statement)


def _statements(role: str, table: str) -> list[sql.Composed]:
    names = {"role": sql.Identifier(role), "table": sql.Identifier(table)}
    allowed = sql.SQL(SPECIAL.get(table, ORDINARY))
    return [
        sql.SQL("REVOKE ALL ON {table} FROM {role}").format(**names),
        sql.SQL("GRANT {allowed} ON {table} TO {role}").format(allowed=allowed, **names),
    ]


def after_migrate(using: str, **_: Any) -> None:
    """Receiver of Django's `post_migrate`."""
    grant_privileges(using)
