"""Rotations: new values, and the window in which the old one still works."""

from credentials import operations
from foundation.errors import Conflict, WindowOpen
from leases.operations import show_readers
from restapi.routes.route import Route, section

ROTATIONS = "credentials/{key}/rotations"
WINDOW = f"{ROTATIONS}/current"

ROUTES = (
    *section(
        "Rotations",
        Route(
            operations.rotate_credential,
            "POST",
            ROTATIONS,
            "Give a credential a new value; the old one works until the window closes",
            status=201,
            errors=(Conflict, WindowOpen),
            kept_back=frozenset({"idempotencyKey"}),
        ),
        Route(
            operations.change_window,
            "PATCH",
            WINDOW,
            "Let the open window end so many seconds from now; 0 closes it at once",
            errors=(Conflict,),
        ),
        Route(
            operations.roll_back_rotation,
            "POST",
            f"{WINDOW}/rollback",
            "Make the old value current again while the window is open",
            errors=(Conflict,),
        ),
        Route(
            show_readers,
            "GET",
            f"{WINDOW}/readers",
            "See who can still read the old value while the window is open",
            errors=(Conflict,),
        ),
    ),
)
