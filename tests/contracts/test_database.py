"""The second wall: what PostgreSQL itself refuses the application, whatever its code does."""

from typing import Any
from uuid import uuid4

import pytest
from django.conf import settings
from django.db import DatabaseError, connection, connections, transaction
from psycopg import sql
from psycopg.types.json import Jsonb

import foundation.db.roles
from access.tenancy import tenant_transaction
from audit.recording import INSTALLATION
from credentials.operations import rotate_credential
from credentials.shapes.rotations import RotateCredential
from foundation.db.ids import uuid7
from foundation.db.roles import UnsafeDatabaseRole, require_restricted_role
from identity.tasks import remind_of_token_ends
from tests.answers import once
from tests.contracts.acme import Acme
from tests.contracts.cases import CASES
from tests.contracts.models import TENANT_MODELS, tenant_tables
from tests.identity.oidc_providers import with_a_provider
from tests.machines import new_token
from tests.people import Somebody, grant, lease, store
from tests.storage import let_time_pass, owner_sql


@pytest.fixture
def filled(owner: Somebody, member: Somebody) -> Somebody:
    """A row of acme's in every tenant table."""
    store(owner)
    store(owner, "rotated")
    grant(owner, member, "user", key="stripe-api-key")
    rotate_credential(owner.console, RotateCredential(key="rotated", generate=True))
    lease(owner.agent)
    with_a_provider(owner)
    Acme(owner).things(owner, "group_id", "service_account")
    CASES["connect_agent"].call(owner.console, {"client_id": uuid4()})
    clients = Acme(owner).things(owner, "oauth_client")
    CASES["change_client_state"].call(owner.console, clients)
    CASES["request_access"].call(member.console, {"key": "rotated"})
    Acme(owner).things(member, "own_credential_request")
    once(owner, "stored")
    new_token(owner)
    owner_sql("UPDATE identity_personaltoken SET created_at = now() - interval '1 year'")
    remind_of_token_ends()
    return owner


def test_the_application_role_is_bound(database: None) -> None:
    row = owner_sql(
        "SELECT rolsuper, rolbypassrls, rolcreaterole, rolcreatedb, rolreplication "
        "FROM pg_roles WHERE rolname = %s",
        settings.DATABASES["default"]["USER"],
    )

    assert row == [(False, False, False, False, False)]


def test_the_application_role_owns_nothing_and_is_nobody_elses_member(database: None) -> None:
    role = settings.DATABASES["default"]["USER"]
    for column, catalog in {
        "relowner": "pg_class",
        "proowner": "pg_proc",
        "nspowner": "pg_namespace",
        "datdba": "pg_database",
        "member": "pg_auth_members",
    }.items():
        statement = "SELECT t::text FROM {} t JOIN pg_roles r ON r.oid = t.{} WHERE r.rolname = %s"
        found = sql.SQL(statement).format(sql.Identifier(catalog), sql.Identifier(column))
        assert owner_sql(found, role) == []
    with transaction.atomic(), pytest.raises(DatabaseError), connection.cursor() as cursor:
        cursor.execute("CREATE TABLE public.mine (id int)")


def test_the_start_refuses_the_tables_owner(
    database: None, monkeypatch: pytest.MonkeyPatch
) -> None:
    require_restricted_role()
    monkeypatch.setattr(foundation.db.roles, "connection", connections["owner"])

    with pytest.raises(UnsafeDatabaseRole) as caught:
        require_restricted_role()

    assert "VAULTSITE_DATABASE_URL" in str(caught.value)


@pytest.mark.parametrize("table", tenant_tables())
def test_every_tenant_table_is_behind_its_policy(database: None, table: str) -> None:
    ((enabled, forced),) = owner_sql(
        "SELECT relrowsecurity, relforcerowsecurity FROM pg_class WHERE relname = %s "
        "AND relnamespace = 'public'::regnamespace",
        table,
    )
    policies = owner_sql(
        "SELECT permissive, roles::text, cmd, qual, with_check FROM pg_policies "
        "WHERE tablename = %s",
        table,
    )

    assert (enabled, forced) == (True, False)
    ((permissive, roles, command, using, check),) = policies
    assert (permissive, roles, command) == ("PERMISSIVE", "{public}", "ALL")
    assert using == check
    assert using.startswith("(tenant_id = ")
    assert "current_setting('vaultsite.tenant'::text, true)" in using


def test_every_table_with_a_tenant_is_behind_a_policy_or_says_why_not(database: None) -> None:
    with_tenant = {
        row[0]
        for row in owner_sql(
            "SELECT c.relname FROM pg_attribute a JOIN pg_class c ON c.oid = a.attrelid "
            "WHERE a.attname = 'tenant_id' AND c.relkind IN ('r', 'p') "
            "AND c.relnamespace = 'public'::regnamespace"
        )
    }
    behind = {row[0] for row in owner_sql("SELECT DISTINCT tablename FROM pg_policies")}

    assert behind == set(tenant_tables())
    # Found by the person and by the token's hash, before a tenant is known.
    assert with_tenant - behind == {
        "membership",
        "invitation",
        "identity_consent",
        "identity_client",
        "identity_personaltoken",
    }


@pytest.mark.parametrize("table", tenant_tables())
def test_without_a_tenant_there_are_no_rows(filled: Somebody, table: str) -> None:
    assert owner_sql(_count(table)) > [(0,)]

    assert _application(_count(table)) == 0


@pytest.mark.parametrize("table", tenant_tables())
def test_with_a_tenant_there_are_its_rows_and_no_others(
    filled: Somebody, outsider: Somebody, table: str
) -> None:
    theirs = owner_sql(_count(table, "tenant_id = %s"), filled.console.tenant_id)[0][0]
    assert theirs > 0

    with tenant_transaction(filled.console.tenant_id):
        assert _application(_count(table)) == theirs
    with tenant_transaction(outsider.console.tenant_id):
        assert _application(_count(table, "tenant_id = %s"), filled.console.tenant_id) == 0


@pytest.mark.parametrize("table", tenant_tables())
def test_a_row_cannot_be_written_into_another_tenant(
    filled: Somebody, outsider: Somebody, table: str
) -> None:
    """Copied under a new id out of acme, as the owner would: refused in globex, by the policy."""
    columns = [
        row[0]
        for row in owner_sql(
            "SELECT attname FROM pg_attribute WHERE attrelid = %s::regclass AND attnum > 0 "
            "AND NOT attisdropped AND attname <> 'id' ORDER BY attnum",
            table,
        )
    ]
    copied = owner_sql(
        sql.SQL("SELECT {} FROM {} WHERE tenant_id = %s LIMIT 1").format(
            sql.SQL(", ").join(map(sql.Identifier, columns)), sql.Identifier(table)
        ),
        filled.console.tenant_id,
    )[0]
    insert = sql.SQL("INSERT INTO {} (id, {}) VALUES ({})").format(
        sql.Identifier(table),
        sql.SQL(", ").join(map(sql.Identifier, columns)),
        sql.SQL(", ").join([sql.Placeholder()] * (len(columns) + 1)),
    )

    with pytest.raises(DatabaseError) as caught, tenant_transaction(outsider.console.tenant_id):
        _execute(insert, uuid7(), *map(_adapted, copied))

    assert "row-level security" in str(caught.value)


@pytest.mark.parametrize("table", sorted(set(tenant_tables()) - {"audit_entry"}))
def test_a_row_cannot_be_given_away_or_taken(
    filled: Somebody, outsider: Somebody, table: str
) -> None:
    give = sql.SQL("UPDATE {} SET tenant_id = %s").format(sql.Identifier(table))
    take = sql.SQL("UPDATE {} SET tenant_id = %s WHERE tenant_id = %s").format(
        sql.Identifier(table)
    )
    acme, globex = filled.console.tenant_id, outsider.console.tenant_id
    before = owner_sql(_count(table, "tenant_id = %s"), acme)

    with pytest.raises(DatabaseError), tenant_transaction(acme):
        _execute(give, globex)
    with tenant_transaction(globex):
        _execute(take, globex, acme)
        _execute(sql.SQL("DELETE FROM {} WHERE tenant_id = %s").format(sql.Identifier(table)), acme)

    assert owner_sql(_count(table, "tenant_id = %s"), acme) == before


@pytest.mark.parametrize(
    "statement",
    [
        "UPDATE audit_entry SET outcome = 'ok'",
        "DELETE FROM audit_entry",
        "TRUNCATE audit_entry",
        "ALTER TABLE audit_entry DISABLE ROW LEVEL SECURITY",
        "DROP TABLE audit_entry",
        "INSERT INTO audit_entry TABLE audit_entry ON CONFLICT (id) DO UPDATE SET door = ''",
    ],
)
def test_the_log_is_append_only(filled: Somebody, statement: str) -> None:
    before = owner_sql("SELECT id, outcome FROM audit_entry ORDER BY id")

    with pytest.raises(DatabaseError) as caught, tenant_transaction(filled.console.tenant_id):
        _execute(statement)

    assert "permission denied" in str(caught.value) or "must be owner" in str(caught.value)
    assert owner_sql("SELECT id, outcome FROM audit_entry ORDER BY id") == before


@pytest.mark.parametrize("table", ["credential", "lease", "tenant", "person", "membership"])
def test_no_table_can_be_emptied_at_once(filled: Somebody, table: str) -> None:
    with pytest.raises(DatabaseError), tenant_transaction(filled.console.tenant_id):
        _execute(sql.SQL("TRUNCATE {} CASCADE").format(sql.Identifier(table)))


def test_the_tenant_does_not_outlive_its_transaction(filled: Somebody) -> None:
    with tenant_transaction(filled.console.tenant_id):
        assert _application(_count("credential")) == 3

    assert _application(_count("credential")) == 0
    with pytest.raises(RuntimeError), tenant_transaction(filled.console.tenant_id):
        raise RuntimeError
    assert _application(_count("credential")) == 0
    assert _application("SELECT nullif(current_setting('vaultsite.tenant', true), '')") is None


def test_the_installations_own_log_is_no_tenants(filled: Somebody) -> None:
    with tenant_transaction(INSTALLATION):
        assert _application(_count("credential")) == 0


# -- functions that run as the owner ------------------------------------------------------------

DEFINERS = """
    SELECT p.proname, p.proconfig, pg_get_function_result(p.oid), p.provolatile::text
    FROM pg_proc p WHERE p.prosecdef AND p.pronamespace = 'public'::regnamespace
"""
ANSWERS = {
    "credentials_tagged": "SETOF uuid",
    "credentials_matching": "TABLE(id uuid, score real)",
    "kept_answers_due": "TABLE(tenant_id uuid, id uuid)",
    "leases_over": "TABLE(tenant_id uuid, id uuid)",
    "notices_over": "TABLE(tenant_id uuid, id uuid)",
    "leases_due": "TABLE(tenant_id uuid, id uuid)",
    "notices_due": "TABLE(tenant_id uuid, id uuid)",
    "notices_outstanding": "TABLE(waiting bigint, failed bigint)",
    "grants_due": "TABLE(tenant_id uuid, id uuid)",
    "keys_due": "TABLE(tenant_id uuid, id uuid)",
    "rotations_due": "TABLE(tenant_id uuid, id uuid)",
    "root_key_is_known": "boolean",
    "installation_figures": "TABLE(name text, figure double precision)",
}


def test_what_runs_as_the_owner_answers_ids_or_counts_and_nothing_else(database: None) -> None:
    found = owner_sql(DEFINERS)

    assert {name: result for name, _, result, _ in found} == ANSWERS
    for name, config, _, volatility in found:
        assert "search_path=pg_catalog, public, pg_temp" in config, name
        assert volatility == "s", name


def test_what_runs_as_the_owner_is_not_led_astray_by_temporary_tables(filled: Somebody) -> None:
    """Unnamed in the path, `pg_temp` would come first, and a view there could run anything."""
    let_time_pass(lease(filled.agent).lease_id, 900)
    due = owner_sql("SELECT id FROM lease WHERE expires_at < clock_timestamp()")
    assert len(due) == 1

    with transaction.atomic():
        _execute("CREATE TEMPORARY TABLE lease (LIKE public.lease) ON COMMIT DROP")
        found = _application("SELECT array_agg(id) FROM leases_due(10)")

    assert found == [due[0][0]]


def test_searching_as_the_owner_stays_in_the_tenant(filled: Somebody, outsider: Somebody) -> None:
    store(filled, "tagged-one", tags=["payments"])
    find = "SELECT count(*) FROM credentials_matching('stripe', 100)"
    tagged = "SELECT count(*) FROM credentials_tagged('payments')"

    with tenant_transaction(filled.console.tenant_id):
        assert (_application(find), _application(tagged)) > (0, 0)
    with tenant_transaction(outsider.console.tenant_id):
        assert (_application(find), _application(tagged)) == (0, 0)
    assert (_application(find), _application(tagged)) == (0, 0)


def test_there_is_a_model_for_every_policy() -> None:
    assert len(TENANT_MODELS) == len(tenant_tables()) > 5


def _count(table: str, condition: str = "true") -> sql.Composed:
    return sql.SQL("SELECT count(*) FROM {} WHERE {}").format(
        sql.Identifier(table), sql.SQL(condition)
    )


def _execute(statement: str | sql.Composed, *arguments: Any) -> None:
    with connection.cursor() as cursor:
        cursor.execute(statement, arguments or None)


def _application(statement: str | sql.Composed, *arguments: Any) -> object:
    """The first column of the first row, as the application sees it."""
    with connection.cursor() as cursor:
        cursor.execute(statement, arguments or None)
        return cursor.fetchone()[0]


def _adapted(value: object) -> object:
    return Jsonb(value) if isinstance(value, dict) else value
