# NOT VALID: new and changed rows are checked, and the table is not read through under a lock.
from django.contrib.postgres.operations import AddConstraintNotValid
from django.db import migrations, models


class Migration(migrations.Migration):

    dependencies = [
        ('identity', '0007_accountproof_values'),
    ]

    operations = [
        AddConstraintNotValid(
            model_name="authorizationcode",
            constraint=models.CheckConstraint(condition=models.Q(('code_challenge_method__in', ['S256'])), name='code_challenge_method'),
        ),
    ]
