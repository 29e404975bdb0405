"""GET /api/v1/realtime/planned/: who is planned when, out of the published rosters."""

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
from occ.api.fields import InstantField
from occ.errors import NotAllowed
from occ.people.choices import Role
from occ.people.models import Person, Site
from occ.people.scope import has_role, site_ids
from realtime.models import ROSTER_READERS
from realtime.rostering.plan import planned

LONGEST = timedelta(days=31)


class Query(serializers.Serializer[Any]):
    start = InstantField()
    end = InstantField()
    site = serializers.CharField(required=False, max_length=10)

    def validate(self, attrs: dict[str, Any]) -> dict[str, Any]:
        if not attrs["start"] < attrs["end"] <= attrs["start"] + LONGEST:
            raise serializers.ValidationError({"end": _("From a beginning to a later end, at most 31 days.")})
        return attrs


class PartOutput(serializers.Serializer[Any]):
    starts_at = serializers.DateTimeField()
    ends_at = serializers.DateTimeField()
    activity = serializers.CharField()


class PlannedOutput(serializers.Serializer[Any]):
    employee = serializers.CharField(help_text="employee number")
    site = serializers.CharField()
    channel = serializers.CharField(allow_blank=True)
    shift = serializers.CharField()
    starts_at = serializers.DateTimeField()
    ends_at = serializers.DateTimeField()
    parts = PartOutput(many=True)


class Planned(APIView):
    @extend_schema(operation_id="realtime_planned", parameters=[Query], responses=PlannedOutput(many=True))
    def get(self, request: Request) -> Response:
        """Shifts that touch the time from `start` to `end`, at most 31 days: the sites' by role, one's own."""
        user, asked = user_of(request), query_of(request, Query)
        start, end = asked["start"], asked["end"]
        if not has_role(user, {*ROSTER_READERS, Role.AGENT}):
            raise NotAllowed
        allowed = site_ids(user, ROSTER_READERS)
        sites = Site.objects.all() if allowed is None else Site.objects.filter(pk__in=allowed)
        if code := asked.get("site"):
            sites = sites.filter(code=code)
        own = [user.person_id] if user.person_id and not has_role(user, ROSTER_READERS) else None
        found = [one for site in (sites if own is None else [None])
                 for one in self._rows(start, end, site, own)]  # fmt: skip
        return Response(found)

    def _rows(self, start: Any, end: Any, site: Site | None, own: list[int] | None) -> list[dict[str, Any]]:
        days = planned(start=start, end=end, site_id=site.pk if site else None, people=own)
        people = Person.objects.select_related("site", "employee").in_bulk(list(days))
        return [
            {
                "employee": people[pk].number, "site": site.code if site else people[pk].site.code,
                "channel": one.channel or channel_of(people[pk]), "shift": one.code,
                "starts_at": one.starts_at, "ends_at": one.ends_at,
                "parts": [
                    {"starts_at": part.starts_at, "ends_at": part.ends_at, "activity": part.activity}
                    for part in one.parts
                ],
            }
            for pk, shifts in days.items()
            for one in shifts
        ]  # fmt: skip


def channel_of(person: Person) -> str:
    """The first channel that the person is able to serve."""
    employee = getattr(person, "employee", None)
    return employee.channels[0] if employee is not None and employee.channels else ""
