from django.db import migrations, models


class Migration(migrations.Migration):

    dependencies = [
        ('tenants', '0007_proven_addresses'),
    ]

    operations = [
        migrations.AddField(
            model_name='tenant',
            name='default_disclosure',
            field=models.CharField(db_default='model', default='model', max_length=8),
        ),
        migrations.AddField(
            model_name='tenant',
            name='minimum_disclosure',
            field=models.CharField(db_default='model', default='model', max_length=8),
        ),
    ]
