# The rows from before the constraint are checked; reads and writes continue meanwhile.
from django.contrib.postgres.operations import ValidateConstraint
from django.db import migrations


class Migration(migrations.Migration):

    dependencies = [
        ('credentials', '0012_accessrequest_validated'),
    ]

    operations = [
        ValidateConstraint("credential", name="credential_type"),
        ValidateConstraint("credential", name="credential_state"),
        ValidateConstraint("credential", name="credential_disclosure"),
        ValidateConstraint("credential", name="credential_reveal"),
        ValidateConstraint("credential", name="credential_on_exposure"),
    ]
