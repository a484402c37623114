# NOT VALID: new and changed rows are checked, and the table is not read through under a lock.
from django.contrib.postgres.operations import AddConstraintNotValid
from django.db import migrations, models


class Migration(migrations.Migration):

    dependencies = [
        ('identity', '0006_vaultctl'),
    ]

    operations = [
        AddConstraintNotValid(
            model_name="accountproof",
            constraint=models.CheckConstraint(condition=models.Q(('alg__in', ['', 'ES256', 'EdDSA', 'RS256'])), name='proof_alg'),
        ),
    ]
