"""What all pages share: the frame around them, and the sign-in before them."""

from collections.abc import Callable
from functools import wraps
from typing import Concatenate, ParamSpec

from django.contrib.auth.views import redirect_to_login
from django.http import HttpRequest, HttpResponse

from console.errors import prove_again
from console.places import current_place, places
from identity.freshness import signed_in_recently

P = ParamSpec("P")
View = Callable[Concatenate[HttpRequest, P], HttpResponse]


def frame(request: HttpRequest, section: str) -> dict[str, object]:
    """What the head of every page shows: where the person is and may go."""
    return {"place": current_place(request), "places": places(request), "section": section}


def signed_in(view: View[P]) -> View[P]:
    """A view for people who signed in; others sign in first and come back."""

    @wraps(view)
    def inner(request: HttpRequest, /, *args: P.args, **kwargs: P.kwargs) -> HttpResponse:
        if not request.user.is_authenticated:
            return redirect_to_login(request.get_full_path())
        return view(request, *args, **kwargs)

    return inner


def fresh_first(view: View[P]) -> View[P]:
    """Ask who it is before a form is shown whose sending needs that, not after it was filled in."""

    @wraps(view)
    def inner(request: HttpRequest, /, *args: P.args, **kwargs: P.kwargs) -> HttpResponse:
        if request.method in {"GET", "HEAD"} and not signed_in_recently(request):
            return prove_again(request)
        return view(request, *args, **kwargs)

    return inner
