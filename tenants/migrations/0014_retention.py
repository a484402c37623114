from django.db import migrations, models

# The oldest notices that are no longer waiting and older than their tenant keeps them; ids only.
NOTICES_OVER = """
    CREATE FUNCTION notices_over(most integer) RETURNS TABLE (tenant_id uuid, id uuid)
    LANGUAGE sql STABLE SECURITY DEFINER SET search_path = pg_catalog, public, pg_temp AS $$
        SELECT n.tenant_id, n.id FROM tenant t JOIN notice n ON n.tenant_id = t.id
        WHERE n.state <> 'waiting'
            AND n.created_at < clock_timestamp() - make_interval(days => t.retention_days)
        ORDER BY n.tenant_id LIMIT most
    $$;
"""


class Migration(migrations.Migration):

    dependencies = [
        ('tenants', '0013_tenant_values'),
    ]

    operations = [
        migrations.AddField(
            model_name='tenant',
            name='retention_days',
            field=models.PositiveIntegerField(db_default=90, default=90),
        ),
        migrations.RunSQL(NOTICES_OVER, "DROP FUNCTION notices_over"),
    ]
