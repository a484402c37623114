"""Folders: the tree with what is in each, making one, giving one another path, removing one."""

from collections import Counter
from collections.abc import Callable
from typing import Any, NamedTuple

from django import forms
from django.contrib import messages
from django.http import HttpRequest, HttpResponse
from django.shortcuts import redirect, render
from django.urls import reverse
from django.views.decorators.http import require_http_methods

from access.actor import Actor
from console.actors import actor_for
from console.choices import known_folders
from console.confirmation import ConfirmForm, Question, confirm
from console.credential_forms import machine_text
from console.fields import plain, rule
from console.page_context import page_context
from credentials.operations import create_folder, list_folders, move_folder, remove_folder
from credentials.permissions import ancestors
from credentials.shapes.folders import FolderOut, FolderPageOut, ListFolders, MoveFolder, NameFolder
from credentials.validators import check_folder_path
from foundation.db.paging import MAXIMUM_PAGE
from foundation.errors import Conflict, Denied, FolderNotFound, Invalid, VaultError


class Line(NamedTuple):
    """A folder as the tree shows it; `below` counts what is in folders below it."""

    folder: FolderOut
    above: str
    name: str
    depth: int
    below: int
    is_empty: bool


class PathForm(forms.Form):
    """A path to be; a subclass says what for."""

    folder_path = forms.CharField(
        label="Path",
        help_text="Such as stripe/live. Folders above it are made when they are missing.",
        widget=machine_text(list="folders"),
        validators=[rule(check_folder_path)],
    )

    def __init__(self, data: Any, *, path: str = "") -> None:
        super().__init__(data, initial={"folder_path": path})
        self.status = 200 if data is None else Invalid.status

    def done(self, step: Callable[[str], object]) -> bool:
        """Whether the step was done with what was typed; else the form says why not."""
        if not self.is_valid():
            return False
        try:
            step(self.cleaned_data["folder_path"])
        except (Invalid, Conflict, Denied) as error:
            self.refuse(error)
            return False
        return True

    def refuse(self, error: VaultError) -> None:
        """Say it beside the path."""
        self.status = error.status
        self.add_error("folder_path", plain(error))


@require_http_methods(["GET", "HEAD", "POST"])
def folders(request: HttpRequest) -> HttpResponse:
    """The tree, and the form that makes a folder."""
    actor = actor_for(request)
    form = PathForm(request.POST if request.method == "POST" else None)
    if form.done(lambda path: create_folder(actor, NameFolder(folder_path=path))):
        messages.success(request, f"The folder {form.cleaned_data['folder_path']} is made.")
        return redirect("admin:folders")
    cursor = request.GET.get("cursor") or None
    page = list_folders(actor, ListFolders.parse({"limit": MAXIMUM_PAGE, "cursor": cursor}))
    shown = {
        **page_context(request, "folders"),
        "page": page,
        "lines": _tree(page),
        "form": form,
        "folders": known_folders(actor),
    }
    return render(request, "console/folders.html", shown, status=form.status)


def _tree(page: FolderPageOut) -> list[Line]:
    """Each folder behind the one that it is in."""
    inside: Counter[str] = Counter()
    parents = set()
    for one in page.folders:
        above = ancestors(one.folder_path)[:-1]
        parents.update(above)
        for path in above:
            inside[path] += one.credentials
    return [
        _line(one, inside[one.folder_path], is_parent=one.folder_path in parents)
        for one in sorted(page.folders, key=lambda one: one.folder_path.split("/"))
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


@require_http_methods(["GET", "HEAD", "POST"])
def move(request: HttpRequest, folder_path: str) -> HttpResponse:
    """Another name or another place for a folder, after saying what follows."""
    actor = actor_for(request)
    old = _found(actor, folder_path).folder_path
    form = PathForm(request.POST if request.method == "POST" else None, path=old)
    if form.done(
        lambda path: move_folder(actor, MoveFolder(folder_path=old, new_folder_path=path))
    ):
        messages.success(request, f"{old} is now {form.cleaned_data['folder_path']}.")
        return redirect("admin:folders")
    shown = {
        **page_context(request, "folders"),
        "path": old,
        "form": form,
        "folders": known_folders(actor),
    }
    return render(request, "console/folder_move.html", shown, status=form.status)


@require_http_methods(["GET", "HEAD", "POST"])
def remove(request: HttpRequest, folder_path: str) -> HttpResponse:
    """Ask once, then remove an empty folder."""
    actor = actor_for(request)
    path = _found(actor, folder_path).folder_path
    form = ConfirmForm(request.POST if request.method == "POST" else None)
    if form.is_valid() and _remove(actor, path, form):
        messages.success(request, f"The folder {path} is removed.")
        return redirect("admin:folders")
    question = Question(
        section="folders",
        heading=f"Remove the folder {path}",
        action="Remove it",
        lines=["Only an empty folder without grants is removed; nothing else goes with it."],
        cancel=reverse("admin:folders"),
    )
    return confirm(request, question, form)


def _remove(actor: Actor, path: str, form: ConfirmForm) -> bool:
    try:
        remove_folder(actor, NameFolder(folder_path=path))
    except Conflict as error:
        form.refuse(error)
        return False
    return True


def _found(actor: Actor, path: str) -> FolderOut:
    """The folder of that path; a path that cannot be one is not found either."""
    try:
        wish = ListFolders.parse({"folderPath": path, "limit": 1})
    except Invalid:
        raise FolderNotFound() from None
    found = list_folders(actor, wish).folders
    if not found or found[0].folder_path != path:
        raise FolderNotFound()
    return found[0]
