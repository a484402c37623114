# NOT VALID: new and changed rows are checked, and the table is not read through under a lock.
from django.contrib.postgres.operations import AddConstraintNotValid
from django.db import migrations, models


class Migration(migrations.Migration):

    dependencies = [
        ('credentials', '0004_disclosure'),
    ]

    operations = [
        AddConstraintNotValid(
            model_name="accessrequest",
            constraint=models.CheckConstraint(condition=models.Q(('level__in', ['viewer', 'user', 'manager', 'admin'])), name='access_request_level'),
        ),
        AddConstraintNotValid(
            model_name="accessrequest",
            constraint=models.CheckConstraint(condition=models.Q(('state__in', ['pending', 'approved', 'denied', 'withdrawn'])), name='access_request_state'),
        ),
    ]
