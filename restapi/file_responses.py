"""Answers that are files: sent while they are read, refused like everything else."""

from collections.abc import Iterator

from django.http import StreamingHttpResponse
from rest_framework.renderers import JSONRenderer

from foundation.web.streaming import iterate_in_thread
from restapi.routes.route import Route
from tenants.shapes.audit import ExportAudit


class FileRenderer(JSONRenderer):
    """Lets a client ask for this type; only refusals are rendered, as problems."""

    def __init__(self, media_type: str) -> None:
        self.media_type = media_type


def file_answer(route: Route, wish: ExportAudit, parts: Iterator[str]) -> StreamingHttpResponse:
    """The file; a client that asked a browser for it is offered to keep it."""
    name = f"vault-{route.path.partition('/')[0]}.{wish.format}"
    return StreamingHttpResponse(
        iterate_in_thread(parts),
        content_type=route.media[wish.format],
        headers={"Content-Disposition": f'attachment; filename="{name}"'},
    )
