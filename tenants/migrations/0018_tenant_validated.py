# The rows from before the constraint are checked; reads and writes continue meanwhile.
from django.contrib.postgres.operations import ValidateConstraint
from django.db import migrations


class Migration(migrations.Migration):

    dependencies = [
        ('tenants', '0017_serviceaccount_validated'),
    ]

    operations = [
        ValidateConstraint("tenant", name="tenant_baseline_level"),
        ValidateConstraint("tenant", name="tenant_default_disclosure"),
        ValidateConstraint("tenant", name="tenant_minimum_disclosure"),
    ]
