# The rows from before the constraint are checked; reads and writes continue meanwhile.
from django.contrib.postgres.operations import ValidateConstraint
from django.db import migrations


class Migration(migrations.Migration):

    dependencies = [
        ('tenants', '0022_membership_role_validated'),
    ]

    operations = [
        ValidateConstraint("invitation", name="invitation_role"),
    ]
