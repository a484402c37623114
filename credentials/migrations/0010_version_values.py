# NOT VALID: new and changed rows are checked, and the table is not read through under a lock.
from django.contrib.postgres.operations import AddConstraintNotValid
from django.db import migrations, models


class Migration(migrations.Migration):

    dependencies = [
        ('credentials', '0009_tenantkey_values'),
    ]

    operations = [
        AddConstraintNotValid(
            model_name="version",
            constraint=models.CheckConstraint(condition=models.Q(('state__in', ['pending', 'current', 'previous', 'retired', 'destroyed'])), name='version_state'),
        ),
    ]
