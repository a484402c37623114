from django.db import migrations, models


class Migration(migrations.Migration):

    dependencies = [
        ('tenants', '0005_mail_queue'),
    ]

    operations = [
        migrations.AddField(
            model_name='invitation',
            name='link_shown_at',
            field=models.DateTimeField(null=True),
        ),
    ]
