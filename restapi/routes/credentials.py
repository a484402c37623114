"""Credentials: storing, finding, changing, ending; the folders that they are in."""

from audit.endpoint import signature_of
from credentials import operations as credentials
from credentials.shapes.credentials import (
    SeenCredential,
)
from credentials.shapes.imports import ImportCredentials
from foundation.errors import Conflict, FolderNotFound, WindowOpen
from foundation.schema.strict_json import MAXIMUM_IMPORT
from leases import operations as leases
from restapi.routes.route import Route, section

ONE = "credentials/{key}"
ROTATIONS = f"{ONE}/rotations"
WINDOW = f"{ROTATIONS}/current"

ROUTES = (
    *section(
        "Credentials",
        Route(
            credentials.list_credentials,
            "GET",
            "credentials",
            "List the credentials you may see, by folder, type or tag; never a value",
            errors=(FolderNotFound,),
        ),
        Route(
            credentials.search_credentials,
            "GET",
            "search",
            "Find credentials by an inexact match, best match first; never a value",
        ),
        Route(
            credentials.create_credential,
            "POST",
            "credentials",
            "Store a credential; its value is sealed and can only be read under a lease",
            status=201,
            errors=(Conflict,),
            versioned=True,
        ),
        Route(
            credentials.import_credentials,
            "POST",
            "imports",
            "Store the rows of another tool's file, or show with dryRun what would be stored",
            signature=signature_of(credentials.import_credentials, takes=ImportCredentials),
            largest=MAXIMUM_IMPORT,
        ),
        Route(
            credentials.describe_credential,
            "GET",
            ONE,
            "Describe a credential: policy, versions, open window, recent audit; no value",
            versioned=True,
        ),
        Route(
            credentials.update_credential,
            "PATCH",
            ONE,
            "Change key, metadata, tags, description or policy; what is left out stays",
            errors=(Conflict,),
            versioned=True,
            conditional=True,
        ),
        Route(
            credentials.delete_credential,
            "DELETE",
            ONE,
            "Destroy every value of a credential; its key becomes free",
            signature=signature_of(credentials.delete_credential, takes=SeenCredential),
            conditional=True,
        ),
        Route(
            credentials.move_credential,
            "POST",
            f"{ONE}/move",
            "Move a credential to another folder",
            errors=(Conflict,),
            versioned=True,
            conditional=True,
        ),
        Route(
            credentials.archive_credential,
            "POST",
            f"{ONE}/archive",
            "Archive a credential; its leases end",
            signature=signature_of(credentials.archive_credential, takes=SeenCredential),
            errors=(Conflict,),
            conditional=True,
        ),
        Route(
            credentials.restore_credential,
            "POST",
            f"{ONE}/restore",
            "Restore an archived credential",
            signature=signature_of(credentials.restore_credential, takes=SeenCredential),
            errors=(Conflict,),
            conditional=True,
        ),
        Route(
            credentials.revoke_credential,
            "POST",
            f"{ONE}/revoke",
            "Revoke a credential permanently; its history stays",
            signature=signature_of(credentials.revoke_credential, takes=SeenCredential),
            conditional=True,
        ),
    ),
    *section(
        "Folders",
        Route(
            credentials.list_folders,
            "GET",
            "folders",
            "List the folders that contain something you can see",
            errors=(FolderNotFound,),
        ),
        Route(
            credentials.create_folder,
            "POST",
            "folders",
            "Create a folder and its missing parents",
            status=201,
            errors=(Conflict,),
        ),
        Route(
            credentials.move_folder,
            "POST",
            "folders/move",
            "Rename or move a folder, with everything in it and below it",
            errors=(FolderNotFound, Conflict),
        ),
        Route(
            credentials.remove_folder,
            "DELETE",
            "folders",
            "Remove an empty folder",
            errors=(FolderNotFound, Conflict),
        ),
    ),
    *section(
        "Credentials",
        Route(
            credentials.list_tags,
            "GET",
            "tags",
            "List the tags of the credentials you can see, and how often each is used",
        ),
    ),
    *section(
        "Rotations",
        Route(
            credentials.rotate_credential,
            "POST",
            ROTATIONS,
            "Give a credential a new value; the old one works until the window closes",
            status=201,
            errors=(Conflict, WindowOpen),
            kept_back=frozenset({"idempotencyKey"}),
        ),
        Route(
            credentials.change_window,
            "PATCH",
            WINDOW,
            "Let the open window end this many seconds from now; 0 closes it at once",
            errors=(Conflict,),
        ),
        Route(
            credentials.roll_back_rotation,
            "POST",
            f"{WINDOW}/rollback",
            "Make the old value current again while the window is open",
            errors=(Conflict,),
        ),
        Route(
            leases.show_readers,
            "GET",
            f"{WINDOW}/readers",
            "Show who can still read the old value while the window is open",
            errors=(Conflict,),
        ),
    ),
)
