"""The resources of the API: a method parses, calls the operation, answers."""

from rest_framework.request import Request
from rest_framework.response import Response
from rest_framework.views import APIView

from credentials.operations import list_credentials
from credentials.shapes import ListCredentials
from restapi.authentication import actor_of
from restapi.queries import parse_query


class Credentials(APIView):
    """The credentials of the token's tenant that its holder may see."""

    http_method_names = ("get", "head")

    def get(self, request: Request) -> Response:
        """A page of credentials, as `vault.list_credentials` answers it."""
        query = parse_query(ListCredentials, request.query_params)
        return Response(list_credentials(actor_of(request), query).wire())
