import foundation.db.ids
import django.db.models.deletion
import django.db.models.functions.datetime
from django.conf import settings
from foundation.db.due_rows import due_rows_function
from foundation.db.row_level_security import row_level_security
from django.db import migrations, models


class Migration(migrations.Migration):

    initial = True

    dependencies = [
        ('credentials', '0001_initial'),
        ('tenants', '0001_initial'),
        migrations.swappable_dependency(settings.AUTH_USER_MODEL),
    ]

    operations = [
        migrations.CreateModel(
            name='Lease',
            fields=[
                ('id', models.UUIDField(default=foundation.db.ids.uuid7, editable=False, primary_key=True, serialize=False)),
                ('client_id', models.UUIDField(null=True)),
                ('agent_id', models.UUIDField(null=True)),
                ('purpose', models.CharField(max_length=500)),
                ('ttl', models.PositiveIntegerField()),
                ('max_uses', models.PositiveIntegerField(null=True)),
                ('uses', models.PositiveIntegerField(default=0)),
                ('state', models.CharField(choices=[('pending_approval', 'Pending Approval'), ('active', 'Active'), ('consumed', 'Consumed'), ('expired', 'Expired'), ('revoked', 'Revoked'), ('denied', 'Denied'), ('withdrawn', 'Withdrawn')], max_length=16)),
                ('requested_at', models.DateTimeField(db_default=django.db.models.functions.datetime.Now())),
                ('issued_at', models.DateTimeField(null=True)),
                ('renewed_at', models.DateTimeField(null=True)),
                ('expires_at', models.DateTimeField(null=True)),
                ('max_expires_at', models.DateTimeField(null=True)),
                ('request_digest', models.BinaryField(null=True)),
                ('decided_at', models.DateTimeField(null=True)),
                ('decision_reason', models.CharField(blank=True, max_length=500)),
                ('ended_at', models.DateTimeField(null=True)),
                ('ended_reason', models.CharField(blank=True, max_length=80)),
                ('credential', models.ForeignKey(on_delete=django.db.models.deletion.CASCADE, related_name='leases', to='credentials.credential')),
                ('decided_by', models.ForeignKey(null=True, on_delete=django.db.models.deletion.SET_NULL, related_name='+', to=settings.AUTH_USER_MODEL)),
                ('person', models.ForeignKey(on_delete=django.db.models.deletion.CASCADE, related_name='+', to=settings.AUTH_USER_MODEL)),
                ('tenant', models.ForeignKey(on_delete=django.db.models.deletion.CASCADE, related_name='+', to='tenants.tenant')),
                ('version', models.ForeignKey(on_delete=django.db.models.deletion.CASCADE, related_name='leases', to='credentials.version')),
            ],
            options={
                'db_table': 'lease',
                'default_permissions': (),
                'indexes': [models.Index(condition=models.Q(('state', 'active')), fields=['expires_at'], name='lease_due'), models.Index(condition=models.Q(('state', 'active')), fields=['credential', 'expires_at'], name='lease_living_credential'), models.Index(condition=models.Q(('state', 'active')), fields=['person', 'expires_at'], name='lease_living_person')],
                'constraints': [models.CheckConstraint(condition=models.Q(('state__in', ['pending_approval', 'active', 'consumed', 'expired', 'revoked', 'denied', 'withdrawn'])), name='lease_state'), models.CheckConstraint(condition=models.Q(('state__in', ['pending_approval', 'denied', 'withdrawn']), models.Q(('expires_at__isnull', False), ('expires_at__lte', models.F('max_expires_at')), ('issued_at__isnull', False), ('max_expires_at__isnull', False)), _connector='OR'), name='lease_has_its_times'), models.CheckConstraint(condition=models.Q(('max_uses', None), ('uses__lte', models.F('max_uses')), _connector='OR'), name='lease_uses'), models.UniqueConstraint(condition=models.Q(('state', 'pending_approval')), fields=('tenant', 'person', 'request_digest'), name='one_pending_request')],
            },
        ),
        migrations.RunSQL(row_level_security("lease"), migrations.RunSQL.noop),
        migrations.RunSQL(
            due_rows_function("leases_due", "lease", "expires_at", "active"),
            "DROP FUNCTION leases_due",
        ),
    ]
