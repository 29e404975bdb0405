"""GET /api/v1/realtime/figures/: service figures by interval, with the names of the command's (RTM-10)."""

from __future__ import annotations

from datetime import timedelta
from typing import Any

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
from occ.people.choices import Channel
from occ.people.scope import has_role
from realtime.models import FLOOR_READERS
from realtime.services.figures import INTERVALS, LONGEST, figures


class Query(serializers.Serializer[Any]):
    site = serializers.CharField(max_length=10)
    channel = serializers.ChoiceField(Channel.choices, default=Channel.VOICE)
    interval = serializers.ChoiceField(INTERVALS, default="15")

    def get_fields(self) -> dict[str, Any]:
        """`from` is no name in Python."""
        return super().get_fields() | {"from": DayField(), "to": DayField()}

    def validate(self, attrs: dict[str, Any]) -> dict[str, Any]:
        if not attrs["from"] <= attrs["to"] <= attrs["from"] + LONGEST:
            raise serializers.ValidationError({"to": _("From a day to a later one, at most 400 days.")})
        if attrs["interval"] in {"15", "30", "hour"} and attrs["to"] - attrs["from"] > timedelta(days=31):
            raise serializers.ValidationError({"interval": _("Of at most 31 days; take days for longer.")})
        return attrs


class FigureOutput(serializers.Serializer[Any]):
    """Shares in percent, times in seconds; null where there is nothing to divide by."""

    starts_at = serializers.DateTimeField()
    ends_at = serializers.DateTimeField()
    offered = serializers.IntegerField()
    answered = serializers.IntegerField()
    abandoned = serializers.IntegerField()
    short_abandoned = serializers.IntegerField()
    menu_only = serializers.IntegerField()
    scr = serializers.FloatField(allow_null=True)
    aht = serializers.FloatField(allow_null=True)
    aht_with_wrapup = serializers.FloatField(allow_null=True)
    asa = serializers.FloatField(allow_null=True)
    service_level = serializers.FloatField(allow_null=True)
    occupancy = serializers.FloatField(allow_null=True)
    cases = serializers.IntegerField()
    response_time = serializers.FloatField(allow_null=True)
    faults = serializers.IntegerField()
    corrections = serializers.IntegerField()
    formula = serializers.IntegerField()


class Figures(APIView):
    @extend_schema(operation_id="realtime_figures", parameters=[Query], responses=FigureOutput(many=True))
    def get(self, request: Request) -> Response:
        """By quarter, half hour, hour, day or month of the site's clocks; `from` and `to` are both included."""
        user, asked = user_of(request), query_of(request, Query)
        if not has_role(user, FLOOR_READERS):
            raise NotAllowed
        site = get_visible_site(user, asked["site"], FLOOR_READERS)
        rows = figures(
            site=site, channel=asked["channel"], first=asked["from"], last=asked["to"], interval=asked["interval"]
        )
        return Response(rows)
