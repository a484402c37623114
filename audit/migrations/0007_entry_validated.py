# The rows from before the constraint are checked; reads and writes continue meanwhile.
from django.contrib.postgres.operations import ValidateConstraint
from django.db import migrations


class Migration(migrations.Migration):

    dependencies = [
        ('audit', '0006_processes'),
    ]

    operations = [
        ValidateConstraint("entry", name="audit_outcome"),
        ValidateConstraint("entry", name="audit_door"),
    ]
