# NOT VALID: new and changed rows are checked, and the table is not read through under a lock.
from django.contrib.postgres.operations import AddConstraintNotValid
from django.db import migrations, models


class Migration(migrations.Migration):

    dependencies = [
        ('tenants', '0011_invitation_values'),
    ]

    operations = [
        AddConstraintNotValid(
            model_name="serviceaccount",
            constraint=models.CheckConstraint(condition=models.Q(('state__in', ['active', 'suspended', 'removed'])), name='service_account_state'),
        ),
    ]
