# NOT VALID: new and changed rows are checked, and the table is not read through under a lock.
from django.contrib.postgres.operations import AddConstraintNotValid
from django.db import migrations, models


class Migration(migrations.Migration):

    dependencies = [
        ('credentials', '0007_grant_values'),
    ]

    operations = [
        AddConstraintNotValid(
            model_name="rotation",
            constraint=models.CheckConstraint(condition=models.Q(('state__in', ['pending', 'open', 'closed', 'rolled_back', 'aborted'])), name='rotation_state'),
        ),
    ]
