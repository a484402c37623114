from django.db import migrations, models


class Migration(migrations.Migration):

    dependencies = [
        ('credentials', '0003_rewrapping'),
    ]

    operations = [
        migrations.AddField(
            model_name='credential',
            name='disclosure',
            field=models.CharField(max_length=8, null=True),
        ),
        migrations.AddField(
            model_name='credential',
            name='reveal',
            field=models.CharField(db_default='allowed', default='allowed', max_length=8),
        ),
        migrations.AddField(
            model_name='credential',
            name='destinations',
            field=models.JSONField(null=True),
        ),
    ]
