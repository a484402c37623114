# The rows from before the constraint are checked; reads and writes continue meanwhile.
from django.contrib.postgres.operations import ValidateConstraint
from django.db import migrations


class Migration(migrations.Migration):

    dependencies = [
        ('credentials', '0014_grant_validated'),
    ]

    operations = [
        ValidateConstraint("rotation", name="rotation_state"),
    ]
