"""GET /api/v1/realtime/attendance/: shifts that are over, with login accuracy, adherence and AUX (RTM-6 to RTM-8)."""

from __future__ import annotations

from datetime import timedelta
from typing import Any

from django.utils.translation import gettext as _
from drf_spectacular.utils import extend_schema
from rest_framework import serializers
from rest_framework.request import Request
from rest_framework.response import Response
from rest_framework.views import APIView

from occ.api.endpoints import AFTER, SIZE, paged, query_of, user_of
from occ.api.fields import DayField
from occ.api.paging import page
from occ.errors import NotAllowed
from occ.people.choices import Role
from occ.people.scope import has_role
from realtime.models import ROSTER_READERS, AttendanceMark, ShiftRecord

LONGEST = timedelta(days=31)


class Query(serializers.Serializer[Any]):
    site = serializers.CharField(max_length=10, required=False)
    employee = serializers.CharField(max_length=20, required=False)

    def get_fields(self) -> dict[str, Any]:
        """`from` is no name in Python."""
        return super().get_fields() | {"from": DayField(), "to": DayField()}

    def validate(self, attrs: dict[str, Any]) -> dict[str, Any]:
        if not attrs["from"] <= attrs["to"] <= attrs["from"] + LONGEST:
            raise serializers.ValidationError({"to": _("From a day to a later one, at most 31 days.")})
        return attrs


class WorkedOutput(serializers.Serializer[Any]):
    """Durations are milliseconds; shares percent, null where there is nothing to divide by."""

    employee = serializers.CharField(help_text="employee number")
    site = serializers.CharField()
    day = serializers.DateField()
    shift = serializers.CharField(allow_blank=True)
    starts_at = serializers.DateTimeField(allow_null=True)
    ends_at = serializers.DateTimeField(allow_null=True)
    status = serializers.CharField(help_text="what counts: the team leader's word, else the events'")
    by_events = serializers.CharField()
    confirmed = serializers.BooleanField()
    login_at = serializers.DateTimeField(allow_null=True)
    logout_at = serializers.DateTimeField(allow_null=True)
    logout_forgotten = serializers.BooleanField()
    late_ms = serializers.IntegerField()
    early_ms = serializers.IntegerField()
    in_ms = serializers.IntegerField()
    out_ms = serializers.IntegerField()
    neutral_ms = serializers.IntegerField()
    unknown_ms = serializers.IntegerField()
    planned_ms = serializers.IntegerField()
    worked_ms = serializers.IntegerField()
    adherence = serializers.FloatField(allow_null=True)
    conformance = serializers.FloatField(allow_null=True)
    aux_ms = serializers.DictField(child=serializers.IntegerField())
    aux_over_ms = serializers.IntegerField()
    corrections = serializers.IntegerField()
    formula = serializers.IntegerField()


class Attendance(APIView):
    @extend_schema(
        operation_id="realtime_attendance", parameters=[Query, AFTER, SIZE],
        responses=paged("AttendancePage", WorkedOutput),
    )  # fmt: skip
    def get(self, request: Request) -> Response:
        """Rostered days from `from` to `to` (both included, at most 31): the sites' by role, one's own."""
        user, asked = user_of(request), query_of(request, Query)
        if not has_role(user, ROSTER_READERS | {Role.AGENT}):
            raise NotAllowed
        rows = ShiftRecord.objects.visible_to(user).filter(day__gte=asked["from"], day__lte=asked["to"])
        if asked.get("site"):
            rows = rows.filter(site__code=asked["site"])
        if asked.get("employee"):
            rows = rows.filter(person__number=asked["employee"])
        return page(request, rows.select_related("person", "site"), _said_of, order="day")


COPIED = (
    "day", "starts_at", "ends_at", "login_at", "logout_at", "late_ms", "early_ms", "in_ms", "out_ms", "neutral_ms",
    "unknown_ms", "planned_ms", "worked_ms", "adherence", "conformance", "corrections", "formula",
)  # fmt: skip


def _said_of(found: list[ShiftRecord]) -> list[dict[str, Any]]:
    """Each with what the team leader says of that day."""
    days, people = {one.day for one in found}, {one.person_id for one in found}
    marks = AttendanceMark.objects.filter(day__in=days, person__in=people)
    said = {(pk, day): status for pk, day, status in marks.values_list("person_id", "day", "status")}
    return [_said(one, said.get((one.person_id, one.day))) for one in found]


def _said(one: ShiftRecord, mark: str | None) -> dict[str, Any]:
    return {name: getattr(one, name) for name in COPIED} | {
        "employee": one.person.number, "site": one.site.code, "shift": one.code, "status": mark or one.status,
        "by_events": one.status, "confirmed": mark is not None, "logout_forgotten": one.forgotten, "aux_ms": one.aux,
        "aux_over_ms": one.over_ms,
    }  # fmt: skip
