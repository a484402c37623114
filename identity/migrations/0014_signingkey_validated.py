# The rows from before the constraint are checked; reads and writes continue meanwhile.
from django.contrib.postgres.operations import ValidateConstraint
from django.db import migrations


class Migration(migrations.Migration):

    dependencies = [
        ('identity', '0013_client_validated'),
    ]

    operations = [
        ValidateConstraint("signingkey", name="signing_key_alg"),
    ]
