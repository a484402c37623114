from django.db import migrations


class Migration(migrations.Migration):

    dependencies = [
        ('identity', '0004_mail_queue'),
    ]

    operations = [
        migrations.RunSQL(
            "UPDATE identity_letter SET state = 'sent' WHERE sent_at IS NOT NULL",
            migrations.RunSQL.noop,
        ),
    ]
