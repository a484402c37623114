"""Rotations: new values, and the window in which the old one still works."""

from access.actions import Action
from credentials import operations
from credentials.shapes.credentials import DescribeCredential
from credentials.shapes.rotations import ChangeWindow, RotateCredential, RotationOut
from foundation.errors import Conflict, CredentialNotFound, WindowOpen
from leases.operations import show_readers
from leases.shapes import ReadersOut
from restapi.routes.route import Route

ROTATIONS = "credentials/{key}/rotations"
WINDOW = f"{ROTATIONS}/current"

ROUTES = (
    Route(
        method="POST",
        path=ROTATIONS,
        subject="Rotations",
        summary="Give a credential a new value; the old one works until the window closes",
        operation=operations.rotate_credential,
        action=Action.ROTATE_CREDENTIAL,
        takes=RotateCredential,
        gives=RotationOut,
        status=201,
        errors=(CredentialNotFound, Conflict, WindowOpen),
        kept_back=frozenset({"idempotencyKey"}),
    ),
    Route(
        method="PATCH",
        path=WINDOW,
        subject="Rotations",
        summary="Let the open window end so many seconds from now; 0 closes it at once",
        operation=operations.change_window,
        action=Action.CHANGE_WINDOW,
        takes=ChangeWindow,
        gives=RotationOut,
        errors=(CredentialNotFound, Conflict),
    ),
    Route(
        method="POST",
        path=f"{WINDOW}/rollback",
        subject="Rotations",
        summary="Make the old value current again while the window is open",
        operation=operations.roll_back_rotation,
        action=Action.ROLL_BACK_ROTATION,
        takes=DescribeCredential,
        gives=RotationOut,
        errors=(CredentialNotFound, Conflict),
    ),
    Route(
        method="GET",
        path=f"{WINDOW}/readers",
        subject="Rotations",
        summary="See who can still read the old value while the window is open",
        operation=show_readers,
        action=Action.SHOW_READERS,
        takes=DescribeCredential,
        gives=ReadersOut,
        errors=(CredentialNotFound, Conflict),
    ),
)
