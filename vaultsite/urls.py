"""All URLs except /api/mcp, which is mounted in front of Django (see vaultsite.asgi)."""

from django.urls import include, path, re_path

from restapi.problems import unknown_address
from vaultsite import health
from vaultsite.metrics import metrics

urlpatterns = [
    path("livez", health.livez),
    path("readyz", health.readyz),
    path("metrics", metrics),
    path("api/v1/", include("restapi.urls")),
    path("", include("identity.urls")),
    path("", include("console.urls")),
    re_path(r"^api(?:/|$)", unknown_address),
]

handler400 = "vaultsite.error_handlers.bad_request"
handler403 = "vaultsite.error_handlers.permission_denied"
handler404 = "vaultsite.error_handlers.not_found"
handler500 = "vaultsite.error_handlers.server_error"
