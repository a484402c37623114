# NOT VALID: the earlier constraint held for every row, and the new one allows more.
from django.contrib.postgres.operations import AddConstraintNotValid
from django.db import migrations, models


class Migration(migrations.Migration):

    dependencies = [
        ('tenants', '0020_membership_auditor'),
    ]

    operations = [
        migrations.AlterField(
            model_name="invitation",
            name="role",
            field=models.CharField(choices=[('owner', 'owner'), ('admin', 'admin'), ('member', 'member'), ('auditor', 'auditor')], max_length=8),
        ),
        migrations.RemoveConstraint(model_name="invitation", name="invitation_role"),
        AddConstraintNotValid(
            model_name="invitation",
            constraint=models.CheckConstraint(condition=models.Q(('role__in', ['owner', 'admin', 'member', 'auditor'])), name='invitation_role'),
        ),
    ]
