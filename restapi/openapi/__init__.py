"""The OpenAPI 3.1 document, made from the table of routes."""

from restapi.openapi.document import document

__all__ = ["document"]
