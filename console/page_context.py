"""What all pages share: the frame around them, and the sign-in before them."""

from collections.abc import Callable
from functools import wraps
from typing import Concatenate, ParamSpec

from django.contrib.auth.views import redirect_to_login
from django.forms import Form
from django.http import HttpRequest, HttpResponse

from console.current_tenant import current_tenant, tenant_choices
from console.errors import require_reauthentication
from identity.sign_in.step_up import recently_authenticated

P = ParamSpec("P")
View = Callable[Concatenate[HttpRequest, P], HttpResponse]


def page_context(request: HttpRequest, section: str) -> dict[str, object]:
    """What the head of every page shows: where the person is and may go."""
    return {"place": current_tenant(request), "places": tenant_choices(request), "section": section}


def signed_in(view: View[P]) -> View[P]:
    """A view for people who signed in; others sign in first and come back."""

    @wraps(view)
    def inner(request: HttpRequest, /, *args: P.args, **kwargs: P.kwargs) -> HttpResponse:
        if not request.user.is_authenticated:
            return redirect_to_login(request.get_full_path())
        return view(request, *args, **kwargs)

    return inner


def require_step_up(form: type[Form]) -> Callable[[View[P]], View[P]]:
    """Ask who it is before the form is shown whose sending needs that; and should the proof have
    aged meanwhile, when it is sent.
    """
    return _fresh_for(form, {"GET", "HEAD", "POST"})


def require_step_up_to_submit(form: type[Form]) -> Callable[[View[P]], View[P]]:
    """Ask who it is when the form is sent, because the page has more to show than the form."""
    return _fresh_for(form, {"POST"})


def _fresh_for(form: type[Form], methods: set[str]) -> Callable[[View[P]], View[P]]:
    def around(view: View[P]) -> View[P]:
        @wraps(view)
        def inner(request: HttpRequest, /, *args: P.args, **kwargs: P.kwargs) -> HttpResponse:
            if request.method in methods and not recently_authenticated(request):
                return require_reauthentication(request, form, page=request.get_full_path())
            return view(request, *args, **kwargs)

        return inner

    return around


def reload_if_changed(request: HttpRequest, state: str) -> HttpResponse:
    """For a page about something that somebody else may settle meanwhile: it asks when it is told
    of news, says which state it shows (`was`), and is loaded anew only when there is another one,
    so that what is being typed stays until then.
    """
    if request.GET.get("was") == state:
        return HttpResponse(status=204)
    return HttpResponse(status=204, headers={"HX-Refresh": "true"})
