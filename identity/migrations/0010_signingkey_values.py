# NOT VALID: new and changed rows are checked, and the table is not read through under a lock.
from django.contrib.postgres.operations import AddConstraintNotValid
from django.db import migrations, models


class Migration(migrations.Migration):

    dependencies = [
        ('identity', '0009_client_values'),
    ]

    operations = [
        AddConstraintNotValid(
            model_name="signingkey",
            constraint=models.CheckConstraint(condition=models.Q(('alg__in', ['ES256', 'RS256'])), name='signing_key_alg'),
        ),
    ]
