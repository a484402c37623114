# The rows from before the constraint are checked; reads and writes continue meanwhile.
from django.contrib.postgres.operations import ValidateConstraint
from django.db import migrations


class Migration(migrations.Migration):

    dependencies = [
        ('credentials', '0013_credential_validated'),
    ]

    operations = [
        ValidateConstraint("grant", name="grant_level"),
    ]
