# NOT VALID: new and changed rows are checked, and the table is not read through under a lock.
from django.contrib.postgres.operations import AddConstraintNotValid
from django.db import migrations, models


class Migration(migrations.Migration):

    dependencies = [
        ('audit', '0004_finding'),
    ]

    operations = [
        AddConstraintNotValid(
            model_name="entry",
            constraint=models.CheckConstraint(condition=models.Q(('outcome__in', ['ok', 'denied', 'failed'])), name='audit_outcome'),
        ),
        AddConstraintNotValid(
            model_name="entry",
            constraint=models.CheckConstraint(condition=models.Q(('door__in', ['mcp', 'rest', 'console', 'worker', 'command'])), name='audit_door'),
        ),
    ]
