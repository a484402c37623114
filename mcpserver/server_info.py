"""What the server says of itself in every answer."""

VERSION = "0.1.0"
SERVER_INFO = {"name": "vault", "title": "Vault", "version": VERSION}
