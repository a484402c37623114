# NOT VALID: new and changed rows are checked, and the table is not read through under a lock.
from django.contrib.postgres.operations import AddConstraintNotValid
from django.db import migrations, models


class Migration(migrations.Migration):

    dependencies = [
        ('tenants', '0009_holder_limits'),
    ]

    operations = [
        AddConstraintNotValid(
            model_name="agent",
            constraint=models.CheckConstraint(condition=models.Q(('state__in', ['active', 'waiting', 'suspended', 'removed'])), name='agent_state'),
        ),
    ]
