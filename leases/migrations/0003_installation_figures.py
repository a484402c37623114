"""Numbers of the whole installation for /metrics, past row-level security: names and counts only."""

from django.db import migrations

# `least_id` of a UUIDv7 is not needed: every condition is one of a partial index, or a count of
# the few rows that wait. The number of audit entries is the planner's estimate.
FIGURES = """
    CREATE FUNCTION installation_figures() RETURNS TABLE (name text, figure double precision)
    LANGUAGE sql STABLE SECURITY DEFINER SET search_path = pg_catalog, public, pg_temp AS $$
        SELECT 'leases_active', count(*)::float8 FROM lease l
            WHERE l.state = 'active' AND l.expires_at > clock_timestamp()
        UNION ALL SELECT 'approvals_waiting', count(*)::float8 FROM lease l
            WHERE l.state = 'pending_approval'
        UNION ALL SELECT 'access_requests_waiting', count(*)::float8 FROM access_request r
            WHERE r.state = 'pending'
        UNION ALL SELECT 'rotation_windows_open', count(*)::float8 FROM rotation r
            WHERE r.state = 'open'
        UNION ALL SELECT 'tenants', count(*)::float8 FROM tenant
        UNION ALL SELECT 'audit_entries_estimated', greatest(c.reltuples, 0)::float8 FROM pg_class c
            WHERE c.oid = 'public.audit_entry'::regclass
        UNION ALL SELECT 'oldest_due_seconds', coalesce(extract(epoch FROM clock_timestamp() - min(d.at)), 0)::float8
            FROM (
                SELECT min(l.expires_at) AS at FROM lease l WHERE l.state = 'active'
                UNION ALL SELECT min(r.closes_at) FROM rotation r WHERE r.state = 'open'
                UNION ALL SELECT min(g.expires_at) FROM credential_grant g
                UNION ALL SELECT min(n.next_attempt_at) FROM notice n WHERE n.state = 'waiting'
            ) d WHERE d.at <= clock_timestamp()
    $$;
"""


class Migration(migrations.Migration):

    dependencies = [
        ('leases', '0002_groups_services_requests'),
        ('credentials', '0004_disclosure'),
        ('tenants', '0008_disclosure'),
        ('audit', '0006_processes'),
    ]

    operations = [
        migrations.RunSQL(FIGURES, "DROP FUNCTION installation_figures"),
    ]
