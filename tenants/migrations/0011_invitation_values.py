# NOT VALID: new and changed rows are checked, and the table is not read through under a lock.
from django.contrib.postgres.operations import AddConstraintNotValid
from django.db import migrations, models


class Migration(migrations.Migration):

    dependencies = [
        ('tenants', '0010_agent_values'),
    ]

    operations = [
        AddConstraintNotValid(
            model_name="invitation",
            constraint=models.CheckConstraint(condition=models.Q(('role__in', ['owner', 'admin', 'member'])), name='invitation_role'),
        ),
        AddConstraintNotValid(
            model_name="invitation",
            constraint=models.CheckConstraint(condition=models.Q(('state__in', ['waiting', 'accepted', 'withdrawn'])), name='invitation_state'),
        ),
    ]
