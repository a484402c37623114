import django.db.models.deletion
import django.db.models.functions.datetime
from django.conf import settings
from django.db import migrations, models

import foundation.db.ids
from foundation.db.row_level_security import row_level_security

TYPES = (
    'api-key',
    'oauth-token',
    'ssh-key',
    'tls-certificate',
    'database-url',
    'generic-secret',
)


class Migration(migrations.Migration):

    dependencies = [
        ('credentials', '0010_version_values'),
        ('tenants', '0008_disclosure'),
        migrations.swappable_dependency(settings.AUTH_USER_MODEL),
    ]

    operations = [
        migrations.CreateModel(
            name='CredentialRequest',
            fields=[
                ('id', models.UUIDField(default=foundation.db.ids.uuid7, editable=False, primary_key=True, serialize=False)),
                ('agent_id', models.UUIDField(null=True)),
                ('reason', models.CharField(max_length=500)),
                ('state', models.CharField(choices=[('pending', 'Pending'), ('approved', 'Approved'), ('denied', 'Denied'), ('withdrawn', 'Withdrawn')], default='pending', max_length=9)),
                ('requested_at', models.DateTimeField(db_default=django.db.models.functions.datetime.Now())),
                ('decided_at', models.DateTimeField(null=True)),
                ('decision_reason', models.CharField(blank=True, max_length=500)),
                ('key', models.CharField(db_collation='C', max_length=128)),
                ('type', models.CharField(choices=[(kind, kind) for kind in TYPES], max_length=16)),
                ('folder_path', models.CharField(blank=True, db_collation='C', max_length=1032)),
                ('destination', models.CharField(blank=True, max_length=260)),
                ('expires_at', models.DateTimeField()),
                ('credential', models.ForeignKey(null=True, on_delete=django.db.models.deletion.SET_NULL, related_name='+', to='credentials.credential')),
                ('decided_by', models.ForeignKey(null=True, on_delete=django.db.models.deletion.SET_NULL, related_name='+', to=settings.AUTH_USER_MODEL)),
                ('person', models.ForeignKey(on_delete=django.db.models.deletion.CASCADE, related_name='+', to=settings.AUTH_USER_MODEL)),
                ('tenant', models.ForeignKey(on_delete=django.db.models.deletion.CASCADE, related_name='+', to='tenants.tenant')),
            ],
            options={
                'db_table': 'credential_request',
                'default_permissions': (),
                'constraints': [
                    models.CheckConstraint(condition=models.Q(('type__in', list(TYPES))), name='credential_request_type'),
                    models.CheckConstraint(condition=models.Q(('state__in', ['pending', 'approved', 'denied', 'withdrawn'])), name='credential_request_state'),
                    models.UniqueConstraint(condition=models.Q(('state', 'pending')), fields=('person', 'agent_id', 'tenant', 'key'), name='one_pending_credential_request', nulls_distinct=False)],
            },
        ),
        migrations.RunSQL(row_level_security('credential_request'), migrations.RunSQL.noop),
    ]
