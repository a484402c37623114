from django.db import migrations, models


class Migration(migrations.Migration):

    dependencies = [
        ('tenants', '0006_handed_over_links'),
    ]

    operations = [
        migrations.AddField(
            model_name='person',
            name='address_proven',
            field=models.BooleanField(db_default=True, default=True),
        ),
    ]
