import foundation.db.ids
import django.db.models.deletion
import django.db.models.functions.datetime
import django.db.models.functions.text
from django.conf import settings
from foundation.db.due_rows import due_rows_function
from foundation.db.row_level_security import row_level_security
from django.db import migrations, models


class Migration(migrations.Migration):

    initial = True

    dependencies = [
    ]

    operations = [
        migrations.CreateModel(
            name='Person',
            fields=[
                ('password', models.CharField(max_length=128, verbose_name='password')),
                ('last_login', models.DateTimeField(blank=True, null=True, verbose_name='last login')),
                ('id', models.UUIDField(default=foundation.db.ids.uuid7, editable=False, primary_key=True, serialize=False)),
                ('email', models.EmailField(max_length=254, unique=True)),
                ('name', models.CharField(blank=True, max_length=120)),
                ('is_active', models.BooleanField(default=True)),
                ('is_superuser', models.BooleanField(default=False)),
                ('created_at', models.DateTimeField(db_default=django.db.models.functions.datetime.Now())),
            ],
            options={
                'db_table': 'person',
                'constraints': [models.UniqueConstraint(django.db.models.functions.text.Lower('email'), name='person_email_caseless')],
            },
        ),
        migrations.CreateModel(
            name='Tenant',
            fields=[
                ('id', models.UUIDField(default=foundation.db.ids.uuid7, editable=False, primary_key=True, serialize=False)),
                ('slug', models.SlugField(max_length=63, unique=True)),
                ('name', models.CharField(max_length=120)),
                ('created_at', models.DateTimeField(db_default=django.db.models.functions.datetime.Now())),
                ('suspended_at', models.DateTimeField(null=True)),
                ('baseline_level', models.CharField(choices=[('none', 'none'), ('viewer', 'viewer'), ('user', 'user')], default='viewer', max_length=8)),
                ('default_ttl', models.PositiveIntegerField(default=900)),
                ('max_ttl', models.PositiveIntegerField(default=86400)),
                ('default_window', models.PositiveIntegerField(default=3600)),
                ('max_window', models.PositiveIntegerField(default=604800)),
                ('max_leases_per_person', models.PositiveIntegerField(default=20000)),
                ('max_leases_per_agent', models.PositiveIntegerField(default=10000)),
                ('max_credentials_per_agent', models.PositiveIntegerField(default=100)),
                ('self_approval', models.BooleanField(default=False)),
            ],
            options={
                'db_table': 'tenant',
                'constraints': [models.CheckConstraint(condition=models.Q(('default_ttl__gte', 1), ('default_ttl__lte', models.F('max_ttl')), ('max_ttl__lte', 604800)), name='tenant_ttls'), models.CheckConstraint(condition=models.Q(('default_window__lte', models.F('max_window')), ('max_window__lte', 604800)), name='tenant_windows')],
            },
        ),
        migrations.CreateModel(
            name='Membership',
            fields=[
                ('id', models.UUIDField(default=foundation.db.ids.uuid7, editable=False, primary_key=True, serialize=False)),
                ('role', models.CharField(choices=[('owner', 'owner'), ('admin', 'admin'), ('member', 'member')], max_length=8)),
                ('joined_at', models.DateTimeField(db_default=django.db.models.functions.datetime.Now())),
                ('suspended_at', models.DateTimeField(null=True)),
                ('person', models.ForeignKey(on_delete=django.db.models.deletion.CASCADE, related_name='memberships', to=settings.AUTH_USER_MODEL)),
                ('tenant', models.ForeignKey(on_delete=django.db.models.deletion.CASCADE, related_name='memberships', to='tenants.tenant')),
            ],
            options={
                'db_table': 'membership',
                'constraints': [models.UniqueConstraint(fields=('tenant', 'person'), name='one_membership_per_tenant'), models.CheckConstraint(condition=models.Q(('role__in', ['owner', 'admin', 'member'])), name='membership_role')],
            },
        ),
        migrations.CreateModel(
            name='Agent',
            fields=[
                ('id', models.UUIDField(default=foundation.db.ids.uuid7, editable=False, primary_key=True, serialize=False)),
                ('client_id', models.UUIDField()),
                ('name', models.CharField(max_length=80)),
                ('state', models.CharField(choices=[('active', 'Active'), ('waiting', 'Waiting'), ('suspended', 'Suspended'), ('removed', 'Removed')], default='active', max_length=9)),
                ('created_at', models.DateTimeField(db_default=django.db.models.functions.datetime.Now())),
                ('person', models.ForeignKey(on_delete=django.db.models.deletion.CASCADE, related_name='+', to=settings.AUTH_USER_MODEL)),
                ('tenant', models.ForeignKey(on_delete=django.db.models.deletion.CASCADE, related_name='+', to='tenants.tenant')),
            ],
            options={
                'db_table': 'agent',
                'default_permissions': (),
                'constraints': [models.UniqueConstraint(condition=models.Q(('state', 'removed'), _negated=True), fields=('tenant', 'person', 'client_id'), name='one_agent_per_client')],
            },
        ),
        migrations.CreateModel(
            name='Notice',
            fields=[
                ('id', models.UUIDField(default=foundation.db.ids.uuid7, editable=False, primary_key=True, serialize=False)),
                ('kind', models.CharField(max_length=40)),
                ('facts', models.JSONField(default=dict)),
                ('state', models.CharField(default='waiting', max_length=7)),
                ('created_at', models.DateTimeField(db_default=django.db.models.functions.datetime.Now())),
                ('person', models.ForeignKey(on_delete=django.db.models.deletion.CASCADE, related_name='+', to=settings.AUTH_USER_MODEL)),
                ('tenant', models.ForeignKey(on_delete=django.db.models.deletion.CASCADE, related_name='+', to='tenants.tenant')),
            ],
            options={
                'db_table': 'notice',
                'default_permissions': (),
                'indexes': [models.Index(condition=models.Q(('state', 'waiting')), fields=['created_at'], name='notice_waiting')],
                'constraints': [models.CheckConstraint(condition=models.Q(('state__in', ['waiting', 'sent'])), name='notice_state')],
            },
        ),
        migrations.RunSQL(row_level_security("agent"), migrations.RunSQL.noop),
        migrations.RunSQL(row_level_security("notice"), migrations.RunSQL.noop),
        migrations.RunSQL(
            due_rows_function("notices_due", "notice", "created_at", "waiting"),
            "DROP FUNCTION notices_due",
        ),
    ]
