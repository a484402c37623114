# NOT VALID: new and changed rows are checked, and the table is not read through under a lock.
from django.contrib.postgres.operations import AddConstraintNotValid
from django.db import migrations, models


class Migration(migrations.Migration):

    dependencies = [
        ('identity', '0008_authorizationcode_values'),
    ]

    operations = [
        AddConstraintNotValid(
            model_name="client",
            constraint=models.CheckConstraint(condition=models.Q(('state__in', ['active', 'suspended', 'removed'])), name='client_state'),
        ),
        AddConstraintNotValid(
            model_name="client",
            constraint=models.CheckConstraint(condition=models.Q(('registration_source__in', ['manual', 'dcr', 'cimd'])), name='client_source'),
        ),
        AddConstraintNotValid(
            model_name="client",
            constraint=models.CheckConstraint(condition=models.Q(('authorization_grant_type__in', ['authorization-code', 'client-credentials'])), name='client_grant_type'),
        ),
        AddConstraintNotValid(
            model_name="client",
            constraint=models.CheckConstraint(condition=models.Q(('algorithm__in', [''])), name='client_algorithm'),
        ),
    ]
