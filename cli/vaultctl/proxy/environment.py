"""The variables by which programs find the run's proxy and trust its authority."""

import os
from collections.abc import Mapping
from pathlib import Path

from vaultctl.configuration import ACCOUNT, KEY_FILE, SECRET_FILE, TOKEN_FILE
from vaultctl.proxy.authority import TRUST_VARIABLES, Authority, bundle

LOCAL = ("localhost", "127.0.0.1", "::1")
OWN_SECRETS = (ACCOUNT, SECRET_FILE, KEY_FILE, TOKEN_FILE)


def base_environment(environment: Mapping[str, str] | None = None) -> dict[str, str]:
    """The program's environment without what only vaultctl needs."""
    given = os.environ if environment is None else environment
    return {name: text for name, text in given.items() if name not in OWN_SECRETS}


def proxy_environment(
    environment: Mapping[str, str], address: str, authority: Authority, directory: Path
) -> dict[str, str]:
    """The variables for the proxy at `address`; the bundle of authorities is in `directory`."""
    path = directory / "authorities.pem"
    path.write_text(bundle(environment) + authority.pem, encoding="utf-8")
    proxies = {"HTTP_PROXY", "HTTPS_PROXY", "ALL_PROXY"}
    found = dict.fromkeys(TRUST_VARIABLES, str(path))
    for name in proxies:
        found |= {name: address, name.lower(): address}
    exempt = ",".join(dict.fromkeys([*LOCAL, *_exempt(environment)]))
    # Node reads the proxy's variables from this switch on, and Deno the system's authorities.
    return found | {"NO_PROXY": exempt, "no_proxy": exempt, "NODE_USE_ENV_PROXY": "1"}


def _exempt(environment: Mapping[str, str]) -> list[str]:
    """What the machine exempts from its own proxy, except everything."""
    given = environment.get("NO_PROXY") or environment.get("no_proxy") or ""
    return [host for part in given.split(",") if (host := part.strip()) and host != "*"]
