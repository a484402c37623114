# NOT VALID: new and changed rows are checked, and the table is not read through under a lock.
from django.contrib.postgres.operations import AddConstraintNotValid
from django.db import migrations, models


class Migration(migrations.Migration):

    dependencies = [
        ('credentials', '0008_rotation_values'),
    ]

    operations = [
        AddConstraintNotValid(
            model_name="tenantkey",
            constraint=models.CheckConstraint(condition=models.Q(('state__in', ['active', 'decrypt-only', 'destroyed'])), name='tenant_key_state'),
        ),
    ]
