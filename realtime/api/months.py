"""GET /api/v1/realtime/months/: months as they were frozen, the latest revision of each (RTM-12)."""

from __future__ import annotations

from typing import Any

from drf_spectacular.utils import extend_schema
from rest_framework import serializers
from rest_framework.request import Request
from rest_framework.response import Response
from rest_framework.views import APIView

from occ.api.endpoints import query_of, user_of
from occ.api.fields import DayField
from occ.errors import NotAllowed
from occ.people.scope import has_role
from realtime.models import MONTH_READERS, MonthRevision, ServiceMonth

MOST = 240


class Query(serializers.Serializer[Any]):
    site = serializers.CharField(max_length=10, required=False)
    since = DayField(required=False)
    until = DayField(required=False)


class MonthFigure(serializers.Serializer[Any]):
    key = serializers.CharField()
    value = serializers.FloatField(allow_null=True)
    unit = serializers.CharField()
    target = serializers.FloatField(allow_null=True)
    limit = serializers.FloatField(allow_null=True)
    result = serializers.ChoiceField(["met", "limit", "missed", "unknown", "unrecorded"])
    inputs = serializers.DictField(child=serializers.FloatField())
    formula = serializers.IntegerField(help_text="version of the formula")
    clause = serializers.CharField()


class MonthOutput(serializers.Serializer[Any]):
    site = serializers.CharField()
    month = serializers.DateField(help_text="its first day")
    revision = serializers.IntegerField()
    frozen_at = serializers.DateTimeField()
    reason = serializers.CharField()
    figures = MonthFigure(many=True)


class Months(APIView):
    @extend_schema(operation_id="realtime_months", parameters=[Query], responses=MonthOutput(many=True))
    def get(self, request: Request) -> Response:
        """The latest months first, at most 240; `since` and `until` are days within or around them."""
        user, asked = user_of(request), query_of(request, Query)
        if not has_role(user, MONTH_READERS):
            raise NotAllowed
        rows = ServiceMonth.objects.visible_to(user)
        if asked.get("site"):
            rows = rows.filter(site__code=asked["site"])
        if asked.get("since"):
            rows = rows.filter(month__gte=asked["since"].replace(day=1))
        if asked.get("until"):
            rows = rows.filter(month__lte=asked["until"])
        chosen = list(rows.order_by("-month", "pk")[:MOST])
        found: dict[int, MonthRevision] = {}
        revisions = MonthRevision.objects.filter(month__in=chosen).select_related("month__site").order_by("number")
        for revision in revisions:
            found[revision.month_id] = revision
        return Response([
            {"site": one.month.site.code, "month": one.month.month, "revision": one.number, "frozen_at": one.frozen_at,
             "reason": one.reason, "figures": [{k: v for k, v in row.items() if k != "better"} for row in one.figures]}
            for month in chosen if (one := found.get(month.pk)) is not None
        ])  # fmt: skip
