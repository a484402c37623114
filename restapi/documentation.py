"""The API's description, public because it contains nothing of any tenant."""

from typing import Any

from django.http import HttpRequest, HttpResponse
from django.shortcuts import render
from django.views import View
from rest_framework.request import Request
from rest_framework.response import Response
from rest_framework.views import APIView

from foundation.errors import MethodNotAllowed
from restapi.openapi import document
from restapi.problems import problem_response


class Document(APIView):
    """The OpenAPI document. A token is ignored."""

    authentication_classes = ()
    permission_classes = ()
    http_method_names = ("get", "head")

    def get(self, request: Request) -> Response:
        """The document as JSON."""
        del request
        return Response(document())


class Page(View):
    """The document for people: Swagger UI, loaded from this server only."""

    http_method_names = ("get", "head")

    def get(self, request: HttpRequest) -> HttpResponse:
        """The page, the same for everybody."""
        return render(request, "restapi/docs.html")

    def http_method_not_allowed(
        self, request: HttpRequest, *_args: Any, **_kwargs: Any
    ) -> HttpResponse:
        """The same problem as in the rest of the API."""
        refused = problem_response(request, MethodNotAllowed())
        refused.headers["Allow"] = "GET, HEAD"
        return refused
