"""GET /api/v1/realtime/cases/: response time by channel and category, and who waits now (RTM-11)."""

from __future__ import annotations

from typing import Any

from django.utils import timezone
from django.utils.translation import gettext as _
from drf_spectacular.utils import extend_schema
from rest_framework import serializers
from rest_framework.request import Request
from rest_framework.response import Response
from rest_framework.views import APIView

from occ.api.endpoints import query_of, user_of
from occ.api.fields import DayField
from occ.errors import NotAllowed
from occ.people.access import get_visible_site
from occ.people.scope import has_role
from occ.times import end_of_day, local_day, start_of_day
from realtime.choices import Category
from realtime.models import FLOOR_READERS
from realtime.services.figures import LONGEST
from realtime.services.responses import limits_on, queues, responses


class Query(serializers.Serializer[Any]):
    site = serializers.CharField(max_length=10)

    def get_fields(self) -> dict[str, Any]:
        """`from` is no name in Python."""
        return super().get_fields() | {"from": DayField(), "to": DayField()}

    def validate(self, attrs: dict[str, Any]) -> dict[str, Any]:
        if not attrs["from"] <= attrs["to"] <= attrs["from"] + LONGEST:
            raise serializers.ValidationError({"to": _("From a day to a later one, at most 400 days.")})
        return attrs


class ResponseOutput(serializers.Serializer[Any]):
    """Times in seconds, shares in percent; null where there is nothing to divide by."""

    channel = serializers.CharField()
    category = serializers.CharField(help_text="empty where nobody said it")
    cases = serializers.IntegerField()
    submitted = serializers.IntegerField()
    unmeasured = serializers.IntegerField(help_text="of the submitted: left out, since their times cannot be true")
    response_time = serializers.FloatField(allow_null=True)
    slowest = serializers.FloatField()
    on_target = serializers.FloatField(allow_null=True)
    within_limit = serializers.FloatField(allow_null=True)


class WaitingOutput(serializers.Serializer[Any]):
    channel = serializers.CharField()
    waiting = serializers.IntegerField()
    oldest = serializers.DateTimeField(allow_null=True)
    beyond_limit = serializers.IntegerField()


class LimitOutput(serializers.Serializer[Any]):
    category = serializers.CharField()
    target = serializers.FloatField()
    limit = serializers.FloatField()


class CasesOutput(serializers.Serializer[Any]):
    responses = ResponseOutput(many=True)
    waiting = WaitingOutput(many=True)
    limits = LimitOutput(many=True)


class Cases(APIView):
    @extend_schema(operation_id="realtime_cases", parameters=[Query], responses=CasesOutput)
    def get(self, request: Request) -> Response:
        """Cases that arrived from `from` to `to` (both included); `waiting` is as of now, `limits` as of today."""
        user, asked, now = user_of(request), query_of(request, Query), timezone.now()
        if not has_role(user, FLOOR_READERS):
            raise NotAllowed
        site = get_visible_site(user, asked["site"], FLOOR_READERS)
        start, end = start_of_day(asked["from"], site.zone), end_of_day(asked["to"], site.zone)
        held = limits_on(site, local_day(now, site.zone))
        found = sorted(responses(site=site, start=start, end=end).items())
        return Response(
            {
                "responses": [
                    {"channel": channel, "category": category, "cases": one.cases, "submitted": one.submitted,
                     "unmeasured": one.unmeasured, "response_time": one.seconds, "slowest": one.slowest_ms / 1000,
                     "on_target": one.target_share, "within_limit": one.limit_share}
                    for (channel, category), one in found
                ],
                "waiting": [
                    {"channel": one.channel, "waiting": one.waiting, "oldest": one.oldest, "beyond_limit": one.beyond}
                    for one in queues(site, now)
                ],
                "limits": [
                    {"category": category, "target": held[2 * i] / 1000, "limit": held[2 * i + 1] / 1000}
                    for i, category in enumerate(Category.values)
                ],
            }
        )  # fmt: skip
