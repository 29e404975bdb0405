"""GET and POST /api/v1/realtime/violations/: what was seen of rules not kept, and how it was decided (RTM-9)."""

from __future__ import annotations

from typing import Any

from django.utils import timezone
from django.utils.translation import gettext as _
from drf_spectacular.utils import extend_schema
from rest_framework import serializers
from rest_framework.request import Request
from rest_framework.response import Response
from rest_framework.views import APIView

from occ.api.endpoints import AFTER, KEY, SIZE, body_of, paged, query_of, user_of
from occ.api.fields import DayField, InstantField
from occ.api.idempotency import idempotent
from occ.api.paging import page
from occ.errors import Invalid, NotAllowed
from occ.people.scope import has_role
from occ.times import JAKARTA, end_of_day, start_of_day
from realtime.choices import ViolationStatus
from realtime.models import RULE_READERS, Rule, Violation
from realtime.rotg.workflow import RECORDERS
from realtime.services.rotg import WHAT, people_to_name, violation_record


class Query(serializers.Serializer[Any]):
    site = serializers.CharField(max_length=10, required=False)
    employee = serializers.CharField(max_length=20, required=False)
    status = serializers.ChoiceField(ViolationStatus.choices, required=False)

    def get_fields(self) -> dict[str, Any]:
        """`from` is no name in Python."""
        return super().get_fields() | {"from": DayField(required=False), "to": DayField(required=False)}


class ViolationInput(serializers.Serializer[Any]):
    employee = serializers.CharField(max_length=20, help_text="employee number")
    rule = serializers.CharField(max_length=12, help_text="number of a rule that held on that day")
    seen_at = InstantField()
    what = serializers.CharField(max_length=WHAT)


class ViolationOutput(serializers.Serializer[Any]):
    id = serializers.IntegerField()
    employee = serializers.CharField(help_text="employee number")
    site = serializers.CharField()
    rule = serializers.CharField()
    version = serializers.IntegerField()
    severity = serializers.CharField()
    status = serializers.CharField()
    seen_at = serializers.DateTimeField()
    recorded_at = serializers.DateTimeField()
    what = serializers.CharField()
    answer_due_at = serializers.DateTimeField()
    decision_due_at = serializers.DateTimeField(allow_null=True)
    answer = serializers.CharField(allow_blank=True)
    answered_at = serializers.DateTimeField(allow_null=True)
    decision = serializers.CharField(allow_blank=True)
    decided_at = serializers.DateTimeField(allow_null=True)


COPIED = (
    "status", "seen_at", "recorded_at", "what", "answer_due_at", "decision_due_at", "answer", "answered_at", "decision",
    "decided_at",
)  # fmt: skip


def said(one: Violation) -> dict[str, Any]:
    found = {
        "id": one.pk, "employee": one.person.number, "site": one.site.code, "rule": one.version.rule.number,
        "version": one.version.version, "severity": one.version.severity,
    } | {name: getattr(one, name) for name in COPIED}  # fmt: skip
    return dict(ViolationOutput(found).data)


class Violations(APIView):
    @extend_schema(
        operation_id="realtime_violations", parameters=[Query, AFTER, SIZE],
        responses=paged("ViolationsPage", ViolationOutput),
    )  # fmt: skip
    def get(self, request: Request) -> Response:
        """Those that one may see; `from` and `to` are days on which they were seen, both included."""
        user, asked = user_of(request), query_of(request, Query)
        if not has_role(user, RULE_READERS):
            raise NotAllowed
        rows = Violation.objects.visible_to(user).select_related("site", "person", "version__rule")
        wanted = {
            "site__code": asked.get("site"), "person__number": asked.get("employee"), "status": asked.get("status"),
            "seen_at__gte": start_of_day(asked["from"], JAKARTA) if "from" in asked else None,
            "seen_at__lt": end_of_day(asked["to"], JAKARTA) if "to" in asked else None,
        }  # fmt: skip
        rows = rows.filter(**{name: value for name, value in wanted.items() if value is not None})
        return page(request, rows, lambda found: [said(one) for one in found])

    @extend_schema(
        operation_id="realtime_violation_record", parameters=[KEY], request=ViolationInput,
        responses={201: ViolationOutput},
    )  # fmt: skip
    @idempotent
    def post(self, request: Request) -> Response:
        """Record a violation; the agent is asked for an answer."""
        user, now = user_of(request), timezone.now()
        if not has_role(user, RECORDERS):
            raise NotAllowed
        values = body_of(request, ViolationInput)
        person = people_to_name(user, now).filter(number=values["employee"]).first()
        if person is None:
            raise Invalid(_("Nobody whom you may record a violation of has this number."), field="employee")
        rule = Rule.objects.visible_to(user).filter(number=values["rule"]).first()
        if rule is None:
            raise Invalid(_("There is no rule with this number."), field="rule")
        made = violation_record(
            person=person, rule=rule, seen_at=values["seen_at"], what=values["what"], actor=user, now=now
        )
        return Response(said(made), status=201)
