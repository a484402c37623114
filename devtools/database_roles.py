"""The roles of a private cluster: who owns the schema and who merely works in it."""

from collections.abc import Mapping

from psycopg import Connection, sql

SUPERUSER = "vault_superuser"
OWNER = "vault_owner"
APPLICATION = "vault_app"
DATABASE = "vault"

WEAK = sql.SQL("LOGIN NOSUPERUSER NOCREATEROLE NOREPLICATION NOBYPASSRLS INHERIT")


def ensure(
    connection: Connection[tuple[object, ...]],
    passwords: Mapping[str, str],
    *,
    may_create_databases: bool,
) -> None:
    """Makes owner, application role and database what they have to be; safe to repeat.

    Row-level security binds the application role because it is neither owner nor superuser.
    `may_create_databases` is for tests, whose workers each make a database as the owner.
    """
    for role, password in passwords.items():
        _ensure_role(connection, role, password)
    creating = "CREATEDB" if may_create_databases else "NOCREATEDB"
    connection.execute(_statement(f"ALTER ROLE {{}} {creating}", OWNER))
    connection.execute(_statement("ALTER ROLE {} NOCREATEDB", APPLICATION))
    if not _exists(connection, "SELECT 1 FROM pg_database WHERE datname = %s", DATABASE):
        connection.execute(_statement("CREATE DATABASE {} OWNER {}", DATABASE, OWNER))
    connection.execute(_statement("REVOKE ALL ON DATABASE {} FROM PUBLIC", DATABASE))
    connection.execute(_statement("GRANT CONNECT ON DATABASE {} TO {}", DATABASE, APPLICATION))


def _ensure_role(connection: Connection[tuple[object, ...]], role: str, password: str) -> None:
    if not _exists(connection, "SELECT 1 FROM pg_roles WHERE rolname = %s", role):
        connection.execute(_statement("CREATE ROLE {}", role))
    # Only the verifier travels, so that no log of the server can hold the password.
    verifier = connection.pgconn.encrypt_password(
        password.encode(), role.encode(), b"scram-sha-256"
    ).decode()
    connection.execute(
        sql.SQL("ALTER ROLE {} {} PASSWORD {}").format(
            sql.Identifier(role), WEAK, sql.Literal(verifier)
        )
    )


def _statement(text: str, *names: str) -> sql.Composed:
    return sql.SQL(text).format(*map(sql.Identifier, names))


def _exists(connection: Connection[tuple[object, ...]], query: str, name: str) -> bool:
    return connection.execute(query, (name,)).fetchone() is not None
