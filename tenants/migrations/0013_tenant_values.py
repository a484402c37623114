# NOT VALID: new and changed rows are checked, and the table is not read through under a lock.
from django.contrib.postgres.operations import AddConstraintNotValid
from django.db import migrations, models


class Migration(migrations.Migration):

    dependencies = [
        ('tenants', '0012_serviceaccount_values'),
    ]

    operations = [
        AddConstraintNotValid(
            model_name="tenant",
            constraint=models.CheckConstraint(condition=models.Q(('baseline_level__in', ['none', 'viewer', 'user'])), name='tenant_baseline_level'),
        ),
        AddConstraintNotValid(
            model_name="tenant",
            constraint=models.CheckConstraint(condition=models.Q(('default_disclosure__in', ['model', 'process', 'broker'])), name='tenant_default_disclosure'),
        ),
        AddConstraintNotValid(
            model_name="tenant",
            constraint=models.CheckConstraint(condition=models.Q(('minimum_disclosure__in', ['model', 'process', 'broker'])), name='tenant_minimum_disclosure'),
        ),
    ]
