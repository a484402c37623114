"""What describes the API: open to everybody, since it tells nothing of any tenant."""

from rest_framework.request import Request
from rest_framework.response import Response
from rest_framework.views import APIView

from restapi.openapi import document


class Document(APIView):
    """The OpenAPI document. A token that is sent along is not looked at."""

    authentication_classes = ()
    permission_classes = ()
    http_method_names = ("get", "head")

    def get(self, request: Request) -> Response:
        """The document as JSON."""
        del request
        return Response(document())
