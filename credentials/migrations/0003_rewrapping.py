"""Values stay bound to the key that they were sealed under when another one wraps their data key."""

from django.db import migrations, models


# Wrapped by a key that was rotated: to be wrapped by the active one. Ids only, as of all that is
# due; which versions those are is asked inside the tenant.
KEYS_DUE = """
    CREATE FUNCTION keys_due(most integer) RETURNS TABLE (tenant_id uuid, id uuid)
    LANGUAGE sql STABLE SECURITY DEFINER SET search_path = pg_catalog, public, pg_temp AS $$
        SELECT k.tenant_id, k.id FROM tenant_key k
        WHERE k.state = 'decrypt-only' AND EXISTS (
            SELECT FROM credential_version v
            WHERE v.tenant_key_id = k.id AND v.wrapped_key IS NOT NULL
        )
        ORDER BY k.created_at LIMIT most
    $$;
"""


class Migration(migrations.Migration):

    dependencies = [
        ('credentials', '0002_groups_services_requests'),
    ]

    operations = [
        migrations.AddField(
            model_name='version',
            name='sealed_under',
            field=models.UUIDField(null=True),
        ),
        migrations.RunSQL(
            "UPDATE credential_version SET sealed_under = tenant_key_id", migrations.RunSQL.noop
        ),
        migrations.AlterField(
            model_name='version',
            name='sealed_under',
            field=models.UUIDField(),
        ),
        migrations.AddIndex(
            model_name='version',
            index=models.Index(condition=models.Q(('wrapped_key__isnull', False)), fields=['tenant_key', 'id'], name='version_wrapped_by'),
        ),
        migrations.RunSQL(KEYS_DUE, "DROP FUNCTION keys_due"),
    ]
