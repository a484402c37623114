"""Which leases are over for longer than their tenant keeps them."""

from django.db import migrations

# Ids are as old as their rows, so the oldest rows of each tenant come first by an index; those that
# still run are few, because no lease runs for more than a week.
LEASES_OVER = """
    CREATE FUNCTION leases_over(most integer) RETURNS TABLE (tenant_id uuid, id uuid)
    LANGUAGE sql STABLE SECURITY DEFINER SET search_path = pg_catalog, public, pg_temp AS $$
        SELECT t.id, o.id FROM tenant t CROSS JOIN LATERAL (
            SELECT l.id FROM lease l
            WHERE l.tenant_id = t.id AND l.state NOT IN ('active', 'pending_approval')
                AND l.requested_at < clock_timestamp() - make_interval(days => t.retention_days)
                AND coalesce(l.ended_at, l.expires_at, l.decided_at, l.requested_at)
                    < clock_timestamp() - make_interval(days => t.retention_days)
            ORDER BY l.id LIMIT most
        ) o LIMIT most
    $$;
"""


class Migration(migrations.Migration):

    dependencies = [
        ('leases', '0003_installation_figures'),
        ('tenants', '0014_retention'),
    ]

    operations = [
        migrations.RunSQL(LEASES_OVER, "DROP FUNCTION leases_over"),
    ]
