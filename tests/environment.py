"""The environment of a test process, set before Django reads it (loaded by `-p tests.environment`).

`python3 manage.py verify` gives the servers; every process takes an address and a Valkey database
of its own, so that test processes do not meet.
"""

import os
import socket
import sys

if "VAULTSITE_DATABASE_OWNER_URL" not in os.environ:
    sys.exit("The tests need their servers: run `python3 manage.py verify -- <pytest arguments>`.")


def free_port() -> int:
    """A loopback port that nobody listens on at this moment."""
    with socket.socket() as listener:
        listener.bind(("127.0.0.1", 0))
        port: int = listener.getsockname()[1]
        return port


WORKER = os.environ.get("PYTEST_XDIST_WORKER", "gw0")
NUMBER = int(WORKER.removeprefix("gw"))

os.environ["VAULTSITE_PUBLIC_URL"] = f"http://localhost:{free_port()}"
os.environ["VAULTSITE_DATABASE_POOL"] = "0"
os.environ["VAULTSITE_DEVELOPMENT"] = "true"
os.environ["VAULTSITE_REDIS_URL"] = (
    os.environ["VAULTSITE_REDIS_URL"].rsplit("/", 1)[0] + f"/{NUMBER % 16}"
)
