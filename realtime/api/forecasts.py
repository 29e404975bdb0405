"""GET /api/v1/realtime/forecasts/: the forecast in force, by interval (RTM-3)."""

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
from realtime.forecasting.selectors import days_in_force, joined
from realtime.models import FLOOR_READERS

LONGEST = timedelta(days=31)


class Query(serializers.Serializer[Any]):
    site = serializers.CharField(max_length=10)
    channel = serializers.ChoiceField(Channel.choices, default=Channel.VOICE)
    interval = serializers.ChoiceField(["15", "30", "60"], default="30", help_text="minutes")

    def get_fields(self) -> dict[str, Any]:
        """`from` is no name in Python."""
        return super().get_fields() | {"from": DayField(), "to": DayField()}

    def validate(self, attrs: dict[str, Any]) -> dict[str, Any]:
        if not attrs["from"] <= attrs["to"] <= attrs["from"] + LONGEST:
            raise serializers.ValidationError({"to": _("From a day to a later one, at most 31 days.")})
        return attrs


class ForecastOutput(serializers.Serializer[Any]):
    """Customers, and seconds with after-call work. `low`, `high`: four of five times it lies between; null where a
    person said the volume."""

    starts_at = serializers.DateTimeField()
    minutes = serializers.IntegerField()
    volume = serializers.FloatField()
    low = serializers.FloatField(allow_null=True)
    high = serializers.FloatField(allow_null=True)
    aht = serializers.FloatField(allow_null=True)
    forecast = serializers.IntegerField(help_text="which forecast says so")


class Forecasts(APIView):
    @extend_schema(operation_id="realtime_forecasts", parameters=[Query], responses=ForecastOutput(many=True))
    def get(self, request: Request) -> Response:
        """Of the days `from` to `to`, both included; an interval for which nothing is forecast is left out."""
        user, asked = user_of(request), query_of(request, Query)
        if not has_role(user, FLOOR_READERS):
            raise NotAllowed
        site = get_visible_site(user, asked["site"], FLOOR_READERS)
        days = [asked["from"] + timedelta(days=n) for n in range((asked["to"] - asked["from"]).days + 1)]
        found = days_in_force(site, asked["channel"], days)
        return Response([
            {"starts_at": one.starts_at.isoformat(), "minutes": one.minutes, "volume": one.volume, "low": one.low,
             "high": one.high, "aht": one.aht, "forecast": one.forecast_id}
            for day in days for one in joined(found[day].spots, int(asked["interval"])) if one.volume is not None
        ])  # fmt: skip
