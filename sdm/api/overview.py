"""/api/v1/sdm/turnover/ and …/organisation/: the figures of the pages (SDM-10, SDM-11)."""

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
from occ.errors import Invalid, NotAllowed
from occ.people.access import get_visible_site
from occ.people.models import Site
from occ.people.scope import has_role
from occ.times import JAKARTA, local_day
from sdm.overview.measures import Span, share
from sdm.services import turnover as services
from sdm.services.organisation import CHART_READERS, organisation

LONGEST = 1_100  # days


class TurnoverQuery(serializers.Serializer[Any]):
    site = serializers.CharField(max_length=10, required=False)
    position = serializers.CharField(max_length=80, required=False)

    def get_fields(self) -> dict[str, Any]:
        """`from` is no name in Python."""
        return super().get_fields() | {"from": DayField(), "to": DayField()}


class TurnoverMonthOutput(serializers.Serializer[Any]):
    starts_on = serializers.DateField()
    ends_on = serializers.DateField()
    headcount = serializers.FloatField(help_text="average over the days")
    began = serializers.IntegerField()
    left = serializers.IntegerField()
    turnover = serializers.FloatField(allow_null=True, help_text="left / headcount, in percent")


class TurnoverOutput(TurnoverMonthOutput):
    months = TurnoverMonthOutput(many=True)
    reasons = serializers.DictField(child=serializers.IntegerField(), help_text='by reason; "" where none is recorded')
    early = serializers.IntegerField(help_text="left within 90 days")
    early_of = serializers.IntegerField(help_text="began, and their first 90 days are over")
    early_share = serializers.FloatField(allow_null=True)


def _sums(one: services.Sums) -> dict[str, Any]:
    return {"starts_on": one.span.first, "ends_on": one.span.last, "headcount": one.headcount, "began": one.came,
            "left": one.left, "turnover": one.turnover}  # fmt: skip


class TurnoverFigures(APIView):
    @extend_schema(operation_id="sdm_turnover", parameters=[TurnoverQuery], responses=TurnoverOutput)
    def get(self, request: Request) -> Response:
        """Headcount, beginners and leavers from `from` to `to` (both included), also by month."""
        user, asked = user_of(request), query_of(request, TurnoverQuery)
        if not has_role(user, services.READERS):
            raise NotAllowed
        if not 0 <= (asked["to"] - asked["from"]).days < LONGEST:
            raise Invalid(_("From one day to at most three years later."), field="to", code="span")
        rows = services.placements(user)
        if code := asked.get("site"):
            rows = rows.filter(site=get_visible_site(user, code, services.READERS))
        if position := asked.get("position"):
            rows = rows.filter(position__iexact=position)
        span = Span(asked["from"], asked["to"])
        found = services.turnover(rows, span, today=local_day(timezone.now(), JAKARTA))
        early, of = found.early
        said = _sums(found.whole) | {
            "months": [_sums(one) for one in found.months], "reasons": found.reasons, "early": early, "early_of": of,
            "early_share": share(early, of),
        }  # fmt: skip
        return Response(TurnoverOutput(said).data)


class ChartQuery(serializers.Serializer[Any]):
    site = serializers.CharField(max_length=10)
    as_of = DayField(required=False)


class ChartPostOutput(serializers.Serializer[Any]):
    position = serializers.CharField()
    count = serializers.IntegerField()
    people = serializers.ListField(child=serializers.CharField(), help_text="names, where few hold it")


class ChartTeamOutput(serializers.Serializer[Any]):
    team = serializers.CharField(help_text="code")
    name = serializers.CharField()
    leaders = serializers.ListField(child=serializers.CharField())
    count = serializers.IntegerField()
    positions = serializers.DictField(child=serializers.IntegerField())


class OrganisationOutput(serializers.Serializer[Any]):
    site = serializers.CharField()
    as_of = serializers.DateField()
    count = serializers.IntegerField()
    above = serializers.ListField(child=serializers.CharField())
    levels = serializers.ListField(child=ChartPostOutput(many=True), help_text="from the top down")
    teams = ChartTeamOutput(many=True)


class Organisation(APIView):
    @extend_schema(operation_id="sdm_organisation", parameters=[ChartQuery], responses=OrganisationOutput)
    def get(self, request: Request) -> Response:
        """The organisation of a site as of a day (MO 1.5)."""
        user, asked, now = user_of(request), query_of(request, ChartQuery), timezone.now()
        if not has_role(user, CHART_READERS):
            raise NotAllowed
        site: Site = get_visible_site(user, asked["site"], CHART_READERS)
        found = organisation(site=site, day=asked.get("as_of") or local_day(now, site.zone), now=now)
        said = {
            "site": site.code, "as_of": found.day, "count": found.count, "above": found.above,
            "levels": [
                [{"position": one.position, "count": one.count, "people": [name for _pk, name in one.people]}
                 for one in posts]
                for posts in found.levels
            ],
            "teams": [
                {"team": one.team.code, "name": one.team.name, "leaders": [name for _pk, name in one.leaders],
                 "count": one.count, "positions": dict(one.positions)}
                for one in found.teams
            ],
        }  # fmt: skip
        return Response(OrganisationOutput(said).data)
