"""GET /api/v1/sdm/positions/ and /plan/: what positions ask for, and plan against people; POST plans from a day on."""

from __future__ import annotations

from typing import Any

from django.http import Http404
from django.utils import timezone
from django.utils.translation import gettext as _
from drf_spectacular.utils import extend_schema
from rest_framework import serializers
from rest_framework.request import Request
from rest_framework.response import Response
from rest_framework.views import APIView

from occ.api.endpoints import AFTER, KEY, SIZE, paged, query_of, user_of
from occ.api.fields import DayField
from occ.api.idempotency import idempotent
from occ.api.paging import page
from occ.errors import Invalid, NotAllowed
from occ.people.models import Site, in_force
from occ.people.scope import has_role, sites_for
from occ.times import JAKARTA, local_day
from sdm.models import POSITION_READERS, Position, PositionVersion
from sdm.positions.choices import Education
from sdm.services.headcount import Standing, days_ahead, standings
from sdm.services.plan import MOST, PLANNERS, plan_set


class DayQuery(serializers.Serializer[Any]):
    on = DayField(required=False, help_text="what held on that day; else today")


class PlanQuery(DayQuery):
    site = serializers.CharField(required=False, max_length=10)


class PositionOutput(serializers.Serializer[Any]):
    """`not_applied`: lines that are quoted and neither kept, filtered nor scored of anybody."""

    code = serializers.CharField(source="position.code")
    number = serializers.IntegerField(source="position.number")
    name = serializers.CharField(source="position.name")
    titles = serializers.ListField(source="position.titles", child=serializers.CharField())
    version = serializers.IntegerField()
    clause = serializers.CharField()
    specification = serializers.CharField()
    description = serializers.CharField()
    education = serializers.ChoiceField([("", "none"), *Education.choices])
    experience_months = serializers.IntegerField()
    skills = serializers.ListField(child=serializers.CharField())
    not_applied = serializers.ListField(child=serializers.CharField())
    starts_on = serializers.DateField()
    ends_on = serializers.DateField(allow_null=True)


class StandingOutput(serializers.Serializer[Any]):
    site = serializers.CharField()
    position = serializers.CharField(help_text="code")
    planned = serializers.IntegerField()
    actual = serializers.IntegerField()
    lacking = serializers.IntegerField()
    leavers = serializers.IntegerField(help_text="whose last working day is known")
    contract_ends = serializers.IntegerField(help_text="contracts that end and are not extended")
    joiners = serializers.IntegerField(help_text="who comes, less who moves away")
    opens_on = serializers.DateField(allow_null=True, help_text="from when fewer are there than planned")
    lacking_at_end = serializers.IntegerField()
    until = serializers.DateField(help_text="how far was looked")


class PlanOutput(serializers.Serializer[Any]):
    results = StandingOutput(many=True)


class PlanInput(serializers.Serializer[Any]):
    site = serializers.CharField(max_length=10, help_text="code")
    position = serializers.CharField(max_length=40, help_text="code")
    number = serializers.IntegerField(min_value=0, max_value=MOST)
    starts_on = DayField()
    reason = serializers.CharField(max_length=500)


class PlanLineOutput(serializers.Serializer[Any]):
    site = serializers.CharField(source="site.code")
    position = serializers.CharField(source="position.code")
    number = serializers.IntegerField()
    starts_on = serializers.DateField()
    ends_on = serializers.DateField(allow_null=True)
    reason = serializers.CharField()


def said(one: Standing) -> dict[str, Any]:
    return dict(
        StandingOutput(
            {
                "site": one.line.site.code, "position": one.line.position.code, "planned": one.planned,
                "actual": one.actual, "lacking": one.lacking, "leavers": one.leavers,
                "contract_ends": one.contract_ends, "joiners": one.joiners, "opens_on": one.gap.opens_on,
                "lacking_at_end": max(0, one.gap.at_end), "until": one.last,
            }
        ).data
    )  # fmt: skip


class Positions(APIView):
    @extend_schema(
        operation_id="sdm_positions",
        responses=paged("PositionPage", PositionOutput),
        parameters=[DayQuery, AFTER, SIZE],
    )
    def get(self, request: Request) -> Response:
        """What every position asks for on a day."""
        user, asked = user_of(request), query_of(request, DayQuery)
        if not has_role(user, POSITION_READERS):
            raise NotAllowed
        day = asked.get("on") or local_day(timezone.now(), JAKARTA)
        rows = PositionVersion.objects.visible_to(user).filter(in_force(day)).select_related("position")
        return page(request, rows, lambda found: PositionOutput(found, many=True).data)


class PositionDetail(APIView):
    @extend_schema(operation_id="sdm_position", responses=PositionOutput(many=True))
    def get(self, request: Request, code: str) -> Response:
        """All versions of one position, the newest first."""
        rows = PositionVersion.objects.visible_to(user_of(request)).filter(position__code=code)
        found = list(rows.select_related("position").order_by("-version"))
        if not found:
            raise Http404
        return Response(PositionOutput(found, many=True).data)


class Plan(APIView):
    @extend_schema(operation_id="sdm_plan", responses=PlanOutput, parameters=[PlanQuery])
    def get(self, request: Request) -> Response:
        """Plan against people, by site and position."""
        user, asked = user_of(request), query_of(request, PlanQuery)
        if not has_role(user, POSITION_READERS):
            raise NotAllowed
        now = timezone.now()
        sites = [one for one in sites_for(user, POSITION_READERS) if asked.get("site") in (None, one.code)]
        day = asked.get("on") or local_day(now, JAKARTA)
        rows = standings(sites=sites, day=day, ahead=days_ahead(now))
        return Response({"results": [said(one) for one in rows]})

    @extend_schema(operation_id="sdm_plan_set", request=PlanInput, responses={201: PlanLineOutput}, parameters=[KEY])
    @idempotent
    def post(self, request: Request) -> Response:
        """Plan so many people from a day on; what was planned before ends the day before."""
        user = user_of(request)
        if not has_role(user, PLANNERS):
            raise NotAllowed
        given = PlanInput(data=request.data)
        given.is_valid(raise_exception=True)
        data = dict(given.validated_data)
        site = Site.objects.filter(code=data.pop("site")).first()
        position = Position.objects.visible_to(user).filter(code=data.pop("position")).first()
        if site is None or site not in sites_for(user, PLANNERS):
            raise Invalid(_("There is no such site."), field="site", code="unknown")
        if position is None:
            raise Invalid(_("There is no such position."), field="position", code="unknown")
        made = plan_set(site=site, position=position, actor=user, now=timezone.now(), **data)
        return Response(PlanLineOutput(made).data, status=201)
