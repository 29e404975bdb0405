"""What every module's endpoints say alike: who asks, what a page of rows looks like, the parameters that recur."""

from typing import Any

from django.utils.translation import gettext as _
from drf_spectacular.utils import OpenApiParameter
from rest_framework import serializers
from rest_framework.request import Request

from occ.errors import Invalid
from occ.people.models import Person, PersonQuerySet, User

AFTER = OpenApiParameter("after", str, description="where the next page begins, as `next` says it")
SIZE = OpenApiParameter("size", {"type": "integer", "minimum": 1}, description="rows per page, at most 100")
KEY = OpenApiParameter(
    "Idempotency-Key", str, OpenApiParameter.HEADER, description="repeated with the same key, the deed is done once"
)


def paged(name: str, row: type[serializers.BaseSerializer[Any]]) -> type[serializers.Serializer[Any]]:
    """A page of such rows, for the schema: what occ.api.paging.page answers."""
    fields = {"next": serializers.URLField(allow_null=True), "results": row(many=True)}
    return type(name, (serializers.Serializer,), fields)


def query_of(request: Request, query: type[serializers.Serializer[Any]]) -> dict[str, Any]:
    """The checked values of the query string. An empty one is a value too. Raises ValidationError."""
    given = query(data=request.query_params.dict())
    given.is_valid(raise_exception=True)
    return dict(given.validated_data)


def body_of(request: Request, body: type[serializers.Serializer[Any]]) -> dict[str, Any]:
    """The checked values that were sent. Raises ValidationError."""
    given = body(data=request.data)
    given.is_valid(raise_exception=True)
    return dict(given.validated_data)


def employee_of(people: PersonQuerySet, number: str, *, field: str = "employee") -> Person:
    """Who of those people has that number. Raises Invalid."""
    person = people.filter(number=number).first()
    if person is None:
        raise Invalid(_("There is no employee with this number."), field=field, code="unknown_employee")
    return person


def user_of(request: Request) -> User:
    assert isinstance(request.user, User)
    return request.user
