"""The tenant's own settings."""

from access.actions import Action
from foundation.errors import PreconditionFailed
from restapi.routes.route import Route
from tenants import operations
from tenants.shapes.tenants import ChangeSettings, SettingsOut

ROUTES = (
    Route(
        method="GET",
        path="settings",
        subject="Settings",
        summary="Show the tenant's settings and the bands its leases may be chosen from",
        operation=operations.show_settings,
        action=Action.SHOW_SETTINGS,
        gives=SettingsOut,
        versioned=True,
    ),
    Route(
        method="PATCH",
        path="settings",
        subject="Settings",
        summary="Change settings of the tenant; what is left out stays",
        operation=operations.change_settings,
        action=Action.CHANGE_SETTINGS,
        takes=ChangeSettings,
        gives=SettingsOut,
        errors=(PreconditionFailed,),
        versioned=True,
        conditional=True,
    ),
)
