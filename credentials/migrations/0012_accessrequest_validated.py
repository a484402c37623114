# The rows from before the constraint are checked; reads and writes continue meanwhile.
from django.contrib.postgres.operations import ValidateConstraint
from django.db import migrations


class Migration(migrations.Migration):

    dependencies = [
        ('credentials', '0011_credential_requests'),
    ]

    operations = [
        ValidateConstraint("accessrequest", name="access_request_level"),
        ValidateConstraint("accessrequest", name="access_request_state"),
    ]
