"""One error shape: {"code", "message", "field", "index"}; several faulty fields add "errors", a list of them."""

from typing import Any

from django.core.exceptions import PermissionDenied
from django.http import Http404
from django.utils.translation import gettext as _
from rest_framework import exceptions
from rest_framework.response import Response
from rest_framework.views import exception_handler

from occ.errors import Refused


def shape(code: str, message: str, field: str | None = None, index: int | None = None) -> dict[str, Any]:
    return {"code": code, "message": message, "field": field, "index": index}


def answer(error: Exception, context: dict[str, Any]) -> Response | None:
    """The response for an error raised in an API view; None (a 500) for what nobody foresaw."""
    if isinstance(error, Refused):
        shapes = [shape(one.code, str(one.message), one.field) for one in (error, *error.more)]
        several = {"errors": shapes} if len(shapes) > 1 else {}
        return Response({**shapes[0], **several}, status=error.status)
    if isinstance(error, exceptions.ValidationError):
        errors = list(flatten(error.detail))
        return Response({**errors[0], "errors": errors}, status=400)
    if isinstance(error, Http404):
        return Response(shape("not_found", _("Not found.")), status=404)
    if isinstance(error, PermissionDenied):
        return Response(shape("not_allowed", _("Your role does not cover this.")), status=403)
    response = exception_handler(error, context)
    if response is not None and isinstance(error, exceptions.APIException):
        code = error.get_codes()
        response.data = shape(code if isinstance(code, str) else "error", str(error.detail))
    return response


def flatten(detail: Any, field: str | None = None, index: int | None = None) -> "list[dict[str, Any]]":
    """DRF's nested error detail as a flat list of shapes."""
    if isinstance(detail, dict):
        found: list[dict[str, Any]] = []
        for name, inner in detail.items():
            where = None if name == "non_field_errors" else (f"{field}.{name}" if field else str(name))
            found += flatten(inner, where, index)
        return found
    if isinstance(detail, list):
        found = []
        for i, inner in enumerate(detail):
            found += flatten(inner, field, i if isinstance(inner, dict) else index)
        return found
    return [shape(getattr(detail, "code", "invalid"), str(detail), field, index)]
