"""What all pages share: the frame around them, and the sign-in before them."""

from collections.abc import Callable
from functools import wraps
from typing import Concatenate, ParamSpec

from django.contrib.auth.views import redirect_to_login
from django.forms import Form
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


def fresh_first(form: type[Form]) -> Callable[[View[P]], View[P]]:
    """Ask who it is before the form is shown whose sending needs that; and should the proof have
    aged meanwhile, when it is sent.
    """
    return _fresh_for(form, {"GET", "HEAD", "POST"})


def fresh_to_send(form: type[Form]) -> Callable[[View[P]], View[P]]:
    """Ask who it is when the form is sent, because the page has more to show than the form."""
    return _fresh_for(form, {"POST"})


def _fresh_for(form: type[Form], methods: set[str]) -> Callable[[View[P]], View[P]]:
    def around(view: View[P]) -> View[P]:
        @wraps(view)
        def inner(request: HttpRequest, /, *args: P.args, **kwargs: P.kwargs) -> HttpResponse:
            if request.method in methods and not signed_in_recently(request):
                return prove_again(request, form, page=request.get_full_path())
            return view(request, *args, **kwargs)

        return inner

    return around


def heard(request: HttpRequest, state: str) -> HttpResponse:
    """For a page about something that somebody else may settle meanwhile: it asks when it is told
    of news, says which state it shows (`was`), and is loaded anew only when there is another one,
    so that what is being typed stays until then.
    """
    if request.GET.get("was") == state:
        return HttpResponse(status=204)
    return HttpResponse(status=204, headers={"HX-Refresh": "true"})
