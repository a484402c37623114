# The rows from before the constraint are checked; reads and writes continue meanwhile.
from django.contrib.postgres.operations import ValidateConstraint
from django.db import migrations


class Migration(migrations.Migration):

    dependencies = [
        ('identity', '0012_authorizationcode_validated'),
    ]

    operations = [
        ValidateConstraint("client", name="client_state"),
        ValidateConstraint("client", name="client_source"),
        ValidateConstraint("client", name="client_grant_type"),
        ValidateConstraint("client", name="client_algorithm"),
    ]
