# NOT VALID: new and changed rows are checked, and the table is not read through under a lock.
from django.contrib.postgres.operations import AddConstraintNotValid
from django.db import migrations, models


class Migration(migrations.Migration):

    dependencies = [
        ('credentials', '0006_credential_values'),
    ]

    operations = [
        AddConstraintNotValid(
            model_name="grant",
            constraint=models.CheckConstraint(condition=models.Q(('level__in', ['viewer', 'user', 'manager', 'admin'])), name='grant_level'),
        ),
    ]
