import foundation.db.ids
from foundation.db.row_level_security import row_level_security
from django.db import migrations, models


class Migration(migrations.Migration):

    initial = True

    dependencies = [
    ]

    operations = [
        migrations.CreateModel(
            name='Entry',
            fields=[
                ('id', models.UUIDField(default=foundation.db.ids.uuid7, editable=False, primary_key=True, serialize=False)),
                ('tenant_id', models.UUIDField()),
                ('at', models.DateTimeField()),
                ('event', models.CharField(max_length=40)),
                ('outcome', models.CharField(choices=[('ok', 'ok'), ('denied', 'denied'), ('failed', 'failed')], max_length=8)),
                ('door', models.CharField(max_length=8)),
                ('role', models.CharField(blank=True, max_length=8)),
                ('person_id', models.UUIDField(null=True)),
                ('client_id', models.UUIDField(null=True)),
                ('agent_id', models.UUIDField(null=True)),
                ('agent_name', models.CharField(blank=True, max_length=80)),
                ('machinery', models.CharField(blank=True, max_length=80)),
                ('token_id', models.CharField(blank=True, max_length=64)),
                ('request_id', models.CharField(blank=True, max_length=64)),
                ('address', models.CharField(blank=True, max_length=64)),
                ('purpose', models.CharField(blank=True, max_length=500)),
                ('credential_id', models.UUIDField(null=True)),
                ('credential_key', models.CharField(blank=True, max_length=128)),
                ('version', models.PositiveIntegerField(null=True)),
                ('lease_id', models.UUIDField(null=True)),
                ('claimed', models.JSONField(default=dict)),
                ('details', models.JSONField(default=dict)),
                ('mac', models.BinaryField()),
            ],
            options={
                'db_table': 'audit_entry',
                'default_permissions': (),
                'indexes': [models.Index(fields=['tenant_id', '-at', '-id'], name='audit_newest'), models.Index(fields=['tenant_id', 'credential_id', '-at'], name='audit_credential')],
            },
        ),
        migrations.RunSQL(row_level_security("audit_entry"), migrations.RunSQL.noop),
    ]
