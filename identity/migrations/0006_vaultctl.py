"""Registers the command-line client with every installation, as a client that nobody can register
again: public, loopback redirects only.
"""

from typing import Any

from django.conf import settings
from django.db import migrations

CLIENT = {
    "name": "vaultctl",
    "client_type": "public",
    "authorization_grant_type": "authorization-code",
    "redirect_uris": "http://127.0.0.1/callback",
    "client_secret": "",
    "hash_client_secret": False,
    "registration_source": "manual",
}


def register(apps: Any, editor: Any) -> None:
    clients = apps.get_model("identity", "Client").objects.using(editor.connection.alias)
    clients.get_or_create(client_id="vaultctl", defaults=CLIENT)


class Migration(migrations.Migration):
    dependencies = [
        ("identity", "0005_sent_letters"),
        migrations.swappable_dependency(settings.OAUTH2_PROVIDER_APPLICATION_MODEL),
    ]

    operations = [migrations.RunPython(register, migrations.RunPython.noop)]
