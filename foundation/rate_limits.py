"""Every limit on attempts before the caller is authenticated: one table.

Defaults suit 500 people behind one address. An operator changes a row by the setting of its name
(docs/settings.md); docs/limits.md shows this table.
"""

from dataclasses import dataclass

from limits import RateLimitItem, parse_many

NETWORK = "network"
NETWORK_AND_CLIENT = "network and client"
NETWORK_AND_ACCOUNT = "network and account"
BROWSER_AND_ACCOUNT = "browser and account"
PERSON = "person"
ACCOUNT = "account"


@dataclass(frozen=True, slots=True)
class Limit:
    """How often `what` may happen, counted for each `per`; `rates` such as `30/minute, 500/day`.

    A network is an IPv4 address or the /64 of an IPv6 address.
    """

    name: str
    rates: str
    per: str
    what: str
    reason: str

    @property
    def setting(self) -> str:
        """The environment variable that changes it."""
        return f"VAULTSITE_LIMIT_{self.name.upper()}"


LIMITS = (
    Limit(
        "register",
        "120/minute, 2000/day",
        NETWORK,
        "clients registered",
        "each program of each person registers once; 500 people start work in a few minutes",
    ),
    Limit(
        "register_failed",
        "30/minute, 500/day",
        NETWORK,
        "registrations refused",
        "a client that cannot register tries a few times and uses up nobody else's registrations",
    ),
    Limit(
        "token",
        "300/minute",
        NETWORK_AND_CLIENT,
        "token, revocation and introspection requests refused",
        "tokens are too long to guess; many people may share a client whose tokens have expired",
    ),
    Limit(
        "consent",
        "30/minute",
        PERSON,
        "decisions on the consent page",
        "more than anybody decides by hand",
    ),
    Limit(
        "single_sign_on",
        "300/minute",
        NETWORK,
        "sign-ins begun with a tenant's provider",
        "each may call the provider; 500 people arrive in the morning",
    ),
    Limit(
        "sign_in_failed_here",
        "10/minute",
        NETWORK_AND_ACCOUNT,
        "wrong passwords for one account from one place",
        "one place guesses slowly, and shuts nobody out elsewhere",
    ),
    Limit(
        "sign_in",
        "300/minute",
        NETWORK,
        "sign-ins with a password",
        "each costs a slow hash; 500 people arrive in the morning",
    ),
    Limit(
        "sign_in_failed",
        "60/minute",
        NETWORK,
        "wrong passwords from one place",
        "people mistype; one place guesses slowly, whatever the accounts",
    ),
    Limit(
        "sign_in_failed_account",
        "50/5minutes",
        ACCOUNT,
        "wrong passwords for one account",
        "from then on the account counts as guessed at, and the next row holds; it refuses nobody",
    ),
    Limit(
        "sign_in_failed_guessed",
        "3/10minutes",
        NETWORK_AND_ACCOUNT,
        "wrong passwords for an account that is being guessed at",
        "many places guess slowly together, and nobody shuts its owner out",
    ),
    Limit(
        "sign_in_failed_browser",
        "10/minute",
        BROWSER_AND_ACCOUNT,
        "wrong passwords in a browser that signed in to the account before",
        "a budget of its own, which nobody else can use up",
    ),
    Limit(
        "second_factor",
        "10/10minutes, 100/day",
        ACCOUNT,
        "wrong codes and passkeys",
        "a code has six digits",
    ),
    Limit(
        "reset_password",
        "60/minute",
        NETWORK,
        "password resets asked for from one place",
        "each may send a mail",
    ),
    Limit(
        "reset_password_account",
        "5/minute",
        ACCOUNT,
        "password resets asked for one address",
        "nobody's mailbox is flooded",
    ),
    Limit(
        "reset_password_link",
        "60/minute",
        NETWORK,
        "reset links opened",
        "links are too long to guess",
    ),
    Limit("change_password", "5/minute", PERSON, "passwords changed", "each costs a slow hash"),
    Limit(
        "reauthenticate",
        "10/minute",
        PERSON,
        "authentications repeated",
        "anybody at another person's browser guesses slowly",
    ),
)
RULE = "must be rates such as 120/minute, 2000/day"
BY_NAME = {limit.name: limit for limit in LIMITS}


def parse_rates(text: str) -> list[RateLimitItem]:
    """The rates in `30/minute, 500/day`; ValueError for anything else."""
    try:
        found: list[RateLimitItem] = parse_many(text)
    except ValueError:
        found = []
    if not found or any(rate.amount < 1 or rate.get_expiry() < 1 for rate in found):
        raise ValueError(RULE)
    return found
