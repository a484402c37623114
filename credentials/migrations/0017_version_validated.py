# The rows from before the constraint are checked; reads and writes continue meanwhile.
from django.contrib.postgres.operations import ValidateConstraint
from django.db import migrations


class Migration(migrations.Migration):

    dependencies = [
        ('credentials', '0016_tenantkey_validated'),
    ]

    operations = [
        ValidateConstraint("version", name="version_state"),
    ]
