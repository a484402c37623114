import foundation.db.ids
import django.contrib.postgres.fields
import django.contrib.postgres.indexes
import django.db.models.deletion
import django.db.models.functions.datetime
from django.conf import settings
from foundation.db.due_rows import due_rows_function
from foundation.db.row_level_security import row_level_security
from django.contrib.postgres.operations import TrigramExtension
from django.db import migrations, models


TABLES = (
    "folder",
    "credential",
    "tenant_key",
    "credential_version",
    "rotation",
    "credential_grant",
)

# Under row-level security only LEAKPROOF operators may use an index, which array and trigram
# operators are not. These functions run as the owner, take the tenant from the transaction's
# setting and answer ids; what may be seen of them is decided by the query around them.
TAGGED = """
    CREATE FUNCTION credentials_tagged(wanted text) RETURNS SETOF uuid
    LANGUAGE sql STABLE SECURITY DEFINER SET search_path = pg_catalog, public, pg_temp AS $$
        SELECT c.id FROM credential c
        WHERE c.tenant_id = nullif(current_setting('vaultsite.tenant', true), '')::uuid
          AND c.tags @> ARRAY[wanted]::varchar[]
    $$;
"""

# Best first: the key itself, a key that begins with the words, then trigram similarity of the
# words to the closest stretch of what is searched. 0.3 finds one swapped or missing letter.
MATCHING = """
    CREATE FUNCTION credentials_matching(words text, most integer)
    RETURNS TABLE (id uuid, score real)
    LANGUAGE sql STABLE SECURITY DEFINER
    SET search_path = pg_catalog, public, pg_temp SET pg_trgm.word_similarity_threshold = 0.3 AS $$
        SELECT c.id,
               CASE WHEN lower(c.key) = words THEN 1
                    WHEN starts_with(lower(c.key), words) THEN 0.95
                    ELSE 0.9 * greatest(word_similarity(words, c.search_text),
                                        CASE WHEN strpos(c.search_text, words) > 0
                                             THEN 0.9 ELSE 0 END)
               END::real AS score
        FROM credential c
        WHERE c.tenant_id = nullif(current_setting('vaultsite.tenant', true), '')::uuid
          AND (words <% c.search_text OR strpos(c.search_text, words) > 0)
        ORDER BY score DESC, c.key
        LIMIT most
    $$;
"""

# Whether any tenant lives under this root key, or none lives yet.
KNOWN_ROOT_KEY = """
    CREATE FUNCTION root_key_is_known(wanted text) RETURNS boolean
    LANGUAGE sql STABLE SECURITY DEFINER SET search_path = pg_catalog, public, pg_temp AS $$
        SELECT NOT EXISTS (SELECT FROM tenant_key)
            OR EXISTS (SELECT FROM tenant_key k WHERE k.root_key_id = wanted)
    $$;
"""


class Migration(migrations.Migration):

    initial = True

    dependencies = [
        ('tenants', '0001_initial'),
        migrations.swappable_dependency(settings.AUTH_USER_MODEL),
    ]

    operations = [
        TrigramExtension(),
        migrations.CreateModel(
            name='Folder',
            fields=[
                ('id', models.UUIDField(default=foundation.db.ids.uuid7, editable=False, primary_key=True, serialize=False)),
                ('path', models.CharField(blank=True, db_collation='C', max_length=1032)),
                ('tenant', models.ForeignKey(on_delete=django.db.models.deletion.CASCADE, related_name='+', to='tenants.tenant')),
            ],
            options={
                'db_table': 'folder',
                'default_permissions': (),
            },
        ),
        migrations.CreateModel(
            name='Credential',
            fields=[
                ('id', models.UUIDField(default=foundation.db.ids.uuid7, editable=False, primary_key=True, serialize=False)),
                ('key', models.CharField(db_collation='C', max_length=128)),
                ('type', models.CharField(choices=[('api-key', 'api-key'), ('oauth-token', 'oauth-token'), ('ssh-key', 'ssh-key'), ('tls-certificate', 'tls-certificate'), ('database-url', 'database-url'), ('generic-secret', 'generic-secret')], max_length=16)),
                ('state', models.CharField(choices=[('active', 'Active'), ('archived', 'Archived'), ('revoked', 'Revoked'), ('deleted', 'Deleted')], default='active', max_length=8)),
                ('description', models.CharField(blank=True, max_length=1024)),
                ('tags', django.contrib.postgres.fields.ArrayField(base_field=models.CharField(max_length=128), default=list, size=None)),
                ('metadata', models.JSONField(default=dict)),
                ('owners', django.contrib.postgres.fields.ArrayField(base_field=models.UUIDField(), default=list, size=None)),
                ('default_ttl', models.PositiveIntegerField(null=True)),
                ('max_ttl', models.PositiveIntegerField(null=True)),
                ('max_active_leases', models.PositiveIntegerField(null=True)),
                ('max_uses', models.PositiveIntegerField(null=True)),
                ('approval', models.CharField(default='none', max_length=8)),
                ('agents', django.contrib.postgres.fields.ArrayField(base_field=models.UUIDField(), null=True, size=None)),
                ('window', models.PositiveIntegerField(null=True)),
                ('rotate_every', models.PositiveIntegerField(null=True)),
                ('on_exposure', models.CharField(default='never', max_length=8)),
                ('search_text', models.TextField(default='')),
                ('created_at', models.DateTimeField(db_default=django.db.models.functions.datetime.Now())),
                ('updated_at', models.DateTimeField(db_default=django.db.models.functions.datetime.Now())),
                ('created_by', models.ForeignKey(null=True, on_delete=django.db.models.deletion.SET_NULL, related_name='+', to=settings.AUTH_USER_MODEL)),
                ('tenant', models.ForeignKey(on_delete=django.db.models.deletion.CASCADE, related_name='+', to='tenants.tenant')),
                ('folder', models.ForeignKey(on_delete=django.db.models.deletion.PROTECT, related_name='credentials', to='credentials.folder')),
            ],
            options={
                'db_table': 'credential',
                'default_permissions': (),
            },
        ),
        migrations.CreateModel(
            name='Grant',
            fields=[
                ('id', models.UUIDField(default=foundation.db.ids.uuid7, editable=False, primary_key=True, serialize=False)),
                ('level', models.CharField(choices=[('viewer', 'viewer'), ('user', 'user'), ('manager', 'manager'), ('admin', 'admin')], max_length=8)),
                ('expires_at', models.DateTimeField(null=True)),
                ('agents', django.contrib.postgres.fields.ArrayField(base_field=models.UUIDField(), null=True, size=None)),
                ('created_at', models.DateTimeField(db_default=django.db.models.functions.datetime.Now())),
                ('credential', models.ForeignKey(null=True, on_delete=django.db.models.deletion.CASCADE, related_name='grants', to='credentials.credential')),
                ('folder', models.ForeignKey(null=True, on_delete=django.db.models.deletion.CASCADE, related_name='grants', to='credentials.folder')),
                ('given_by', models.ForeignKey(null=True, on_delete=django.db.models.deletion.SET_NULL, related_name='+', to=settings.AUTH_USER_MODEL)),
                ('person', models.ForeignKey(on_delete=django.db.models.deletion.CASCADE, related_name='+', to=settings.AUTH_USER_MODEL)),
                ('tenant', models.ForeignKey(on_delete=django.db.models.deletion.CASCADE, related_name='+', to='tenants.tenant')),
            ],
            options={
                'db_table': 'credential_grant',
                'default_permissions': (),
            },
        ),
        migrations.CreateModel(
            name='TenantKey',
            fields=[
                ('id', models.UUIDField(default=foundation.db.ids.uuid7, editable=False, primary_key=True, serialize=False)),
                ('number', models.PositiveIntegerField()),
                ('state', models.CharField(choices=[('active', 'Active'), ('decrypt-only', 'Decrypt Only'), ('destroyed', 'Destroyed')], default='active', max_length=12)),
                ('root_key_id', models.CharField(max_length=64)),
                ('wrapped', models.BinaryField(null=True)),
                ('created_at', models.DateTimeField(db_default=django.db.models.functions.datetime.Now())),
                ('tenant', models.ForeignKey(on_delete=django.db.models.deletion.CASCADE, related_name='+', to='tenants.tenant')),
            ],
            options={
                'db_table': 'tenant_key',
                'default_permissions': (),
            },
        ),
        migrations.CreateModel(
            name='Version',
            fields=[
                ('id', models.UUIDField(default=foundation.db.ids.uuid7, editable=False, primary_key=True, serialize=False)),
                ('number', models.PositiveIntegerField()),
                ('state', models.CharField(choices=[('pending', 'Pending'), ('current', 'Current'), ('previous', 'Previous'), ('retired', 'Retired'), ('destroyed', 'Destroyed')], max_length=9)),
                ('wrapped_key', models.BinaryField(null=True)),
                ('sealed', models.BinaryField(null=True)),
                ('extracted', models.JSONField(default=dict)),
                ('created_at', models.DateTimeField(db_default=django.db.models.functions.datetime.Now())),
                ('destroyed_at', models.DateTimeField(null=True)),
                ('created_by', models.ForeignKey(null=True, on_delete=django.db.models.deletion.SET_NULL, related_name='+', to=settings.AUTH_USER_MODEL)),
                ('credential', models.ForeignKey(on_delete=django.db.models.deletion.CASCADE, related_name='versions', to='credentials.credential')),
                ('tenant', models.ForeignKey(on_delete=django.db.models.deletion.CASCADE, related_name='+', to='tenants.tenant')),
                ('tenant_key', models.ForeignKey(on_delete=django.db.models.deletion.PROTECT, related_name='versions', to='credentials.tenantkey')),
            ],
            options={
                'db_table': 'credential_version',
                'default_permissions': (),
            },
        ),
        migrations.CreateModel(
            name='Rotation',
            fields=[
                ('id', models.UUIDField(default=foundation.db.ids.uuid7, editable=False, primary_key=True, serialize=False)),
                ('state', models.CharField(choices=[('pending', 'Pending'), ('open', 'Open'), ('closed', 'Closed'), ('rolled_back', 'Rolled Back'), ('aborted', 'Aborted')], max_length=11)),
                ('opened_at', models.DateTimeField()),
                ('closes_at', models.DateTimeField()),
                ('closed_at', models.DateTimeField(null=True)),
                ('reason', models.CharField(blank=True, max_length=500)),
                ('client_id', models.UUIDField(null=True)),
                ('idempotency_key', models.CharField(max_length=200, null=True)),
                ('request_digest', models.BinaryField(null=True)),
                ('credential', models.ForeignKey(on_delete=django.db.models.deletion.CASCADE, related_name='rotations', to='credentials.credential')),
                ('opened_by', models.ForeignKey(null=True, on_delete=django.db.models.deletion.SET_NULL, related_name='+', to=settings.AUTH_USER_MODEL)),
                ('tenant', models.ForeignKey(on_delete=django.db.models.deletion.CASCADE, related_name='+', to='tenants.tenant')),
                ('current', models.ForeignKey(on_delete=django.db.models.deletion.CASCADE, related_name='+', to='credentials.version')),
                ('previous', models.ForeignKey(on_delete=django.db.models.deletion.CASCADE, related_name='+', to='credentials.version')),
            ],
            options={
                'db_table': 'rotation',
                'default_permissions': (),
            },
        ),
        migrations.AddConstraint(
            model_name='folder',
            constraint=models.UniqueConstraint(fields=('tenant', 'path'), name='one_folder'),
        ),
        migrations.AddIndex(
            model_name='credential',
            index=models.Index(fields=['tenant', 'folder', 'key'], name='credential_list'),
        ),
        migrations.AddIndex(
            model_name='credential',
            index=django.contrib.postgres.indexes.GinIndex(fields=['search_text'], name='credential_words', opclasses=['gin_trgm_ops']),
        ),
        migrations.AddIndex(
            model_name='credential',
            index=django.contrib.postgres.indexes.GinIndex(fields=['tags'], name='credential_tags'),
        ),
        migrations.AddConstraint(
            model_name='credential',
            constraint=models.UniqueConstraint(condition=models.Q(('state', 'deleted'), _negated=True), fields=('tenant', 'key'), name='one_key_per_tenant'),
        ),
        migrations.AddConstraint(
            model_name='credential',
            constraint=models.CheckConstraint(condition=models.Q(('approval__in', ['none', 'required'])), name='credential_approval'),
        ),
        migrations.AddConstraint(
            model_name='grant',
            constraint=models.CheckConstraint(condition=models.Q(models.Q(('credential__isnull', True), ('folder__isnull', False)), models.Q(('credential__isnull', False), ('folder__isnull', True)), _connector='OR'), name='grant_on_one_thing'),
        ),
        migrations.AddConstraint(
            model_name='grant',
            constraint=models.UniqueConstraint(fields=('person', 'credential', 'folder'), name='one_grant_per_person_and_thing', nulls_distinct=False),
        ),
        migrations.AddConstraint(
            model_name='tenantkey',
            constraint=models.UniqueConstraint(fields=('tenant', 'number'), name='one_key_number'),
        ),
        migrations.AddConstraint(
            model_name='tenantkey',
            constraint=models.UniqueConstraint(condition=models.Q(('state', 'active')), fields=('tenant',), name='one_active_key'),
        ),
        migrations.AddConstraint(
            model_name='version',
            constraint=models.UniqueConstraint(fields=('credential', 'number'), name='one_version_number'),
        ),
        migrations.AddConstraint(
            model_name='version',
            constraint=models.UniqueConstraint(condition=models.Q(('state', 'current')), fields=('credential',), name='one_current'),
        ),
        migrations.AddConstraint(
            model_name='version',
            constraint=models.UniqueConstraint(condition=models.Q(('state', 'previous')), fields=('credential',), name='one_previous'),
        ),
        migrations.AddConstraint(
            model_name='version',
            constraint=models.CheckConstraint(condition=models.Q(models.Q(('sealed', None), ('state', 'destroyed'), ('wrapped_key', None)), models.Q(models.Q(('state', 'destroyed'), _negated=True), ('sealed__isnull', False), ('wrapped_key__isnull', False)), _connector='OR'), name='destroyed_is_empty'),
        ),
        migrations.AddIndex(
            model_name='rotation',
            index=models.Index(condition=models.Q(('state', 'open')), fields=['closes_at'], name='rotation_due'),
        ),
        migrations.AddConstraint(
            model_name='rotation',
            constraint=models.UniqueConstraint(condition=models.Q(('state', 'open')), fields=('credential',), name='one_open_window'),
        ),
        migrations.AddConstraint(
            model_name='rotation',
            constraint=models.UniqueConstraint(condition=models.Q(('idempotency_key__isnull', False)), fields=('tenant', 'opened_by', 'client_id', 'idempotency_key'), name='one_rotation_per_idempotency_key', nulls_distinct=False),
        ),
        *(
            migrations.RunSQL(row_level_security(table), migrations.RunSQL.noop)
            for table in TABLES
        ),
        migrations.RunSQL(
            due_rows_function("rotations_due", "rotation", "closes_at", "open"),
            "DROP FUNCTION rotations_due",
        ),
        migrations.RunSQL(TAGGED, "DROP FUNCTION credentials_tagged"),
        migrations.RunSQL(MATCHING, "DROP FUNCTION credentials_matching"),
        migrations.RunSQL(KNOWN_ROOT_KEY, "DROP FUNCTION root_key_is_known"),
    ]
