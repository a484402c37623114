"""The policy that hides other tenants' rows from the application role."""


def row_level_security(table: str) -> str:
    """The SQL that puts a tenant table behind its policy, for the migration that creates it.

    ENABLED and not FORCEd: the owner migrates and dumps, and the application role is never the
    owner. An unset tenant compares with NULL and yields no rows.
    """
    tenant = "nullif(current_setting('vaultsite.tenant', true), '')::uuid"
    return (
        f'ALTER TABLE "{table}" ENABLE ROW LEVEL SECURITY;'
        f'CREATE POLICY tenant_rows ON "{table}" '
        f"USING (tenant_id = {tenant}) WITH CHECK (tenant_id = {tenant});"
    )
