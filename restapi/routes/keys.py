"""The tenant's keys: which there are, a new one, and the end of one that wraps nothing."""

from access.actions import Action
from credentials import operations as credentials
from credentials.shapes.tenant_keys import KeyOut, KeyPageOut, ListKeys, RotateTenantKey
from foundation.errors import Conflict, NotFound, PreconditionFailed
from restapi.routes.route import Route

ROUTES = (
    Route(
        method="GET",
        path="keys",
        subject="Keys",
        summary="List the tenant's keys, and how many versions each wraps",
        operation=credentials.list_keys,
        action=Action.LIST_KEYS,
        takes=ListKeys,
        gives=KeyPageOut,
    ),
    Route(
        method="GET",
        path="keys/{keyId}",
        subject="Keys",
        summary="Show one of the tenant's keys",
        operation=credentials.show_key,
        action=Action.SHOW_KEY,
        gives=KeyOut,
        errors=(NotFound,),
    ),
    Route(
        method="POST",
        path="keys/rotate",
        subject="Keys",
        summary="Make a new active key; what older ones wrap follows in the background",
        operation=credentials.rotate_tenant_key,
        action=Action.ROTATE_TENANT_KEY,
        takes=RotateTenantKey,
        gives=KeyOut,
        status=201,
        errors=(PreconditionFailed,),
    ),
    Route(
        method="DELETE",
        path="keys/{keyId}",
        subject="Keys",
        summary="Destroy a key that wraps nothing any more, for good",
        operation=credentials.destroy_tenant_key,
        action=Action.DESTROY_TENANT_KEY,
        errors=(NotFound, Conflict),
    ),
)
