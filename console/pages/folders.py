"""Folders: the tree with what is in each, and creating, moving and removing one."""

from collections import Counter
from typing import Any, NamedTuple

from django import forms
from django.contrib import messages
from django.http import HttpRequest, HttpResponse
from django.shortcuts import redirect, render
from django.urls import reverse

from access.actor import Actor
from access.levels import Level
from console.confirmation import ConfirmForm, Question, confirm
from console.credential_forms import machine_text
from console.fields import rule
from console.lookups import AnyOperation, level_of
from console.operation_form import OperationForm
from console.page_context import actor_for, page_context
from credentials.operations import create_folder, list_folders, move_folder, remove_folder
from credentials.operations.choices import list_folder_choices
from credentials.permissions import ancestors, insufficient_level
from credentials.shapes.folders import FolderOut, FolderPageOut, ListFolders, MoveFolder, NameFolder
from credentials.validators import check_folder_path
from foundation.db.paging import MAXIMUM_PAGE
from foundation.errors import Conflict, Denied, FolderNotFound, Invalid


class Line(NamedTuple):
    """A folder as the tree shows it; `below` counts what is in folders below it."""

    folder: FolderOut
    above: str
    name: str
    depth: int
    below: int
    is_empty: bool


class PathForm(OperationForm):
    """The path that a folder is given."""

    default_field = "folder_path"

    folder_path = forms.CharField(
        label="Path",
        help_text="Such as stripe/live. Folders above it are created when they are missing.",
        widget=machine_text(list="folders"),
        validators=[rule(check_folder_path)],
    )

    def __init__(self, data: Any, *, path: str = "") -> None:
        super().__init__(data, initial={"folder_path": path})


def folders(request: HttpRequest) -> HttpResponse:
    """The tree, and the form that creates a folder."""
    actor = actor_for(request)
    form = PathForm(request.POST if request.method == "POST" else None)
    if form.is_valid():
        path = form.cleaned_data["folder_path"]
        with form.refusals(Invalid, Conflict, Denied):
            create_folder(actor, NameFolder(folder_path=path))
            messages.success(request, f"The folder {path} is created.")
            return redirect("folders")
    cursor = request.GET.get("cursor") or None
    page = list_folders(actor, ListFolders.parse({"limit": MAXIMUM_PAGE, "cursor": cursor}))
    shown = {
        **page_context(request),
        "page": page,
        "lines": _tree(page),
        "form": form,
        "folders": list_folder_choices(actor),
        "tab": "folders",
        "managing": ("manager", "admin"),
    }
    return render(request, "console/folders.html", shown, status=form.status)


def _tree(page: FolderPageOut) -> list[Line]:
    """Each folder after its parent."""
    inside: Counter[str] = Counter()
    parents = set()
    for item in page.folders:
        above = ancestors(item.folder_path)[:-1]
        parents.update(above)
        for path in above:
            inside[path] += item.credentials
    return [
        _line(folder, inside[folder.folder_path], is_parent=folder.folder_path in parents)
        for folder in sorted(page.folders, key=lambda folder: folder.folder_path.split("/"))
    ]


def _line(folder: FolderOut, below: int, *, is_parent: bool) -> Line:
    head, slash, name = folder.folder_path.rpartition("/")
    return Line(
        folder=folder,
        above=head + slash,
        name=name,
        depth=len(ancestors(folder.folder_path)) - 1,
        below=below,
        is_empty=not (is_parent or folder.credentials or not folder.folder_path),
    )


def move(request: HttpRequest, folder_path: str) -> HttpResponse:
    """Rename or move a folder, after explaining the consequences."""
    actor = actor_for(request)
    old = _found(actor, folder_path, move_folder)
    form = PathForm(request.POST if request.method == "POST" else None, path=old)
    if form.is_valid():
        path = form.cleaned_data["folder_path"]
        with form.refusals(Invalid, Conflict, Denied):
            move_folder(actor, MoveFolder(folder_path=old, new_folder_path=path))
            messages.success(request, f"{old} is now {path}.")
            return redirect("folders")
    shown = {
        **page_context(request),
        "path": old,
        "form": form,
        "folders": list_folder_choices(actor),
    }
    return render(request, "console/folder_move.html", shown, status=form.status)


def remove(request: HttpRequest, folder_path: str) -> HttpResponse:
    """Ask, then remove an empty folder."""
    actor = actor_for(request)
    path = _found(actor, folder_path, remove_folder)
    form = ConfirmForm(request.POST if request.method == "POST" else None)
    if form.is_valid():
        with form.refusals(Conflict):
            remove_folder(actor, NameFolder(folder_path=path))
            messages.success(request, f"The folder {path} is removed.")
            return redirect("folders")
    question = Question(
        heading=f"Remove the folder {path}",
        action="Remove it",
        lines=["Only an empty folder without grants can be removed."],
        cancel=reverse("folders"),
    )
    return confirm(request, question, form)


def _found(actor: Actor, path: str, operation: AnyOperation) -> str:
    """The path of an existing folder; a malformed one is not found either.

    Denied below the level that the operation needs.
    """
    try:
        query = ListFolders.parse({"folderPath": path, "limit": 1})
    except Invalid:
        raise FolderNotFound() from None
    found = list_folders(actor, query).folders
    if not found or found[0].folder_path != path:
        raise FolderNotFound()
    level, needed = Level.of(found[0].access or "none"), level_of(operation)
    if level < needed:
        raise insufficient_level(needed, level, folder=path)
    return path
