"""The tenant's keys: which there are, a new one, and the end of one that wraps nothing."""

from credentials import operations as credentials
from foundation.errors import Conflict
from restapi.routes.route import Route, section

ROUTES = (
    *section(
        "Keys",
        Route(
            credentials.list_keys,
            "GET",
            "keys",
            "List the tenant's keys, and how many versions each wraps",
        ),
        Route(credentials.show_key, "GET", "keys/{keyId}", "Show one of the tenant's keys"),
        Route(
            credentials.rotate_tenant_key,
            "POST",
            "keys/rotate",
            "Make a new active key; what older ones wrap follows in the background",
            status=201,
        ),
        Route(
            credentials.destroy_tenant_key,
            "DELETE",
            "keys/{keyId}",
            "Destroy a key that wraps nothing any more, for good",
            errors=(Conflict,),
        ),
    ),
)
