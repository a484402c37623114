# NOT VALID: new and changed rows are checked, and the table is not read through under a lock.
from django.contrib.postgres.operations import AddConstraintNotValid
from django.db import migrations, models


class Migration(migrations.Migration):

    dependencies = [
        ('credentials', '0005_accessrequest_values'),
    ]

    operations = [
        AddConstraintNotValid(
            model_name="credential",
            constraint=models.CheckConstraint(condition=models.Q(('type__in', ['api-key', 'oauth-token', 'ssh-key', 'tls-certificate', 'database-url', 'generic-secret'])), name='credential_type'),
        ),
        AddConstraintNotValid(
            model_name="credential",
            constraint=models.CheckConstraint(condition=models.Q(('state__in', ['active', 'archived', 'revoked', 'deleted'])), name='credential_state'),
        ),
        AddConstraintNotValid(
            model_name="credential",
            constraint=models.CheckConstraint(condition=models.Q(('disclosure__in', ['model', 'process', 'broker'])), name='credential_disclosure'),
        ),
        AddConstraintNotValid(
            model_name="credential",
            constraint=models.CheckConstraint(condition=models.Q(('reveal__in', ['allowed', 'never'])), name='credential_reveal'),
        ),
        AddConstraintNotValid(
            model_name="credential",
            constraint=models.CheckConstraint(condition=models.Q(('on_exposure__in', ['never'])), name='credential_on_exposure'),
        ),
    ]
