"""What describes the API: open to everybody, since it tells nothing of any tenant."""

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
    """The OpenAPI document. A token that is sent along is not looked at."""

    authentication_classes = ()
    permission_classes = ()
    http_method_names = ("get", "head")

    def get(self, request: Request) -> Response:
        """The document as JSON."""
        del request
        return Response(document())


class Page(View):
    """The document for people, drawn by Swagger UI in their browser, from this server alone."""

    http_method_names = ("get", "head")

    def get(self, request: HttpRequest) -> HttpResponse:
        """The page; it looks at no session."""
        return render(request, "restapi/docs.html")

    def http_method_not_allowed(
        self, request: HttpRequest, *_args: Any, **_kwargs: Any
    ) -> HttpResponse:
        """Refused like everywhere in the API."""
        refused = problem_response(request, MethodNotAllowed())
        refused.headers["Allow"] = "GET, HEAD"
        return refused
