import django.db.models.functions.datetime
from foundation.db.due_rows import due_rows_function
from django.db import migrations, models

# Numbers for /readyz, past row-level security: how many notices are overdue and how many failed.
OUTSTANDING = """
    CREATE FUNCTION notices_outstanding(overdue interval, since interval)
    RETURNS TABLE (waiting bigint, failed bigint)
    LANGUAGE sql STABLE SECURITY DEFINER SET search_path = pg_catalog, public, pg_temp AS $$
        SELECT count(*) FILTER (WHERE n.state = 'waiting'), count(*) FILTER (WHERE n.state <> 'waiting')
        FROM notice n
        WHERE n.state = 'waiting' AND n.created_at < clock_timestamp() - overdue
           OR n.state IN ('failed', 'expired') AND n.failed_at > clock_timestamp() - since
    $$;
"""


class Migration(migrations.Migration):

    dependencies = [
        ('tenants', '0004_revisions'),
    ]

    operations = [
        migrations.RemoveConstraint(
            model_name='notice',
            name='notice_state',
        ),
        migrations.RemoveIndex(
            model_name='notice',
            name='notice_waiting',
        ),
        migrations.AddField(
            model_name='notice',
            name='attempts',
            field=models.PositiveSmallIntegerField(db_default=0, default=0),
        ),
        migrations.AddField(
            model_name='notice',
            name='failed_at',
            field=models.DateTimeField(null=True),
        ),
        migrations.AddField(
            model_name='notice',
            name='failure',
            field=models.CharField(blank=True, db_default='', default='', max_length=60),
        ),
        migrations.AddField(
            model_name='notice',
            name='next_attempt_at',
            field=models.DateTimeField(db_default=django.db.models.functions.datetime.Now()),
        ),
        migrations.AddField(
            model_name='notice',
            name='sent_at',
            field=models.DateTimeField(null=True),
        ),
        migrations.AlterField(
            model_name='notice',
            name='state',
            field=models.CharField(choices=[('waiting', 'Waiting'), ('sent', 'Sent'), ('failed', 'Failed'), ('expired', 'Expired'), ('withdrawn', 'Withdrawn')], db_default='waiting', default='waiting', max_length=9),
        ),
        migrations.AddIndex(
            model_name='notice',
            index=models.Index(condition=models.Q(('state', 'waiting')), fields=['next_attempt_at'], name='notice_due'),
        ),
        migrations.AddConstraint(
            model_name='notice',
            constraint=models.CheckConstraint(condition=models.Q(('state__in', ['waiting', 'sent', 'failed', 'expired', 'withdrawn'])), name='notice_state'),
        ),
        migrations.AddIndex(
            model_name='notice',
            index=models.Index(condition=models.Q(('failed_at__isnull', False)), fields=['failed_at'], name='notice_failed'),
        ),
        migrations.RunSQL("DROP FUNCTION notices_due", due_rows_function("notices_due", "notice", "created_at", "waiting")),
        migrations.RunSQL(due_rows_function("notices_due", "notice", "next_attempt_at", "waiting"), "DROP FUNCTION notices_due"),
        migrations.RunSQL(OUTSTANDING, "DROP FUNCTION notices_outstanding"),
    ]
