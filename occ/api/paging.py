"""Keyset pages of the API: {"next": address or null, "results": […]}."""

from collections.abc import Callable
from typing import Any

from django.db import models
from rest_framework import serializers
from rest_framework.request import Request
from rest_framework.response import Response

from occ.paging import paginate

SIZE = 100


class _Asked(serializers.Serializer[Any]):
    size = serializers.IntegerField(min_value=1, default=SIZE)


def page(
    request: Request, rows: "models.QuerySet[Any]", serialize: Callable[[list[Any]], Any], *, order: str = "pk"
) -> Response:
    """`?after=…` as `next` says it; `?size=` up to 100, more is as 100. Raises ValidationError."""
    asked = _Asked(data=request.query_params.dict())
    asked.is_valid(raise_exception=True)
    size = min(SIZE, asked.validated_data["size"])
    found = paginate(rows, request.query_params, order=order, size=size)
    following = request.build_absolute_uri(found.next_url) if found.next_url else None
    return Response({"next": following, "results": serialize(found.rows)})
