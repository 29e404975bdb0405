"""/api/v1/sdm/leaves/ and …/leave-balances/: who is away, asked for and decided as on the pages (SDM-9, SDM-11)."""

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
from occ.people.access import get_visible
from occ.people.scope import has_role
from occ.times import JAKARTA, local_day
from sdm.absence.choices import LeaveStatus
from sdm.absence.workflow import ASKERS, LEAVE, ON_BEHALF
from sdm.models import LeaveRequest
from sdm.services import absence as services
from sdm.services.absence_reading import READERS, balances_on, people_of, people_to_act_for


class Query(serializers.Serializer[Any]):
    site = serializers.CharField(max_length=10, required=False)
    employee = serializers.CharField(max_length=20, required=False)
    status = serializers.ChoiceField(LeaveStatus.choices, required=False)

    def get_fields(self) -> dict[str, Any]:
        """`from` is no name in Python."""
        return super().get_fields() | {"from": DayField(required=False), "to": DayField(required=False)}


class LeaveInput(serializers.Serializer[Any]):
    employee = serializers.CharField(max_length=20, required=False, help_text="employee number; left out: oneself")
    kind = serializers.CharField(max_length=40, help_text="a key of the policy sdm.leave.kinds")
    starts_on = DayField()
    ends_on = DayField()
    reason = serializers.CharField(max_length=services.REASON, required=False, default="", allow_blank=True)


class LeaveStepInput(serializers.Serializer[Any]):
    note = serializers.CharField(max_length=300, required=False, default="", allow_blank=True)


class LeaveOutput(serializers.Serializer[Any]):
    """`kind` and `reason` only for who may read why."""

    id = serializers.IntegerField()
    employee = serializers.CharField(help_text="employee number")
    name = serializers.CharField()
    site = serializers.CharField()
    called = serializers.CharField(help_text="what the reader may know of it, in words")
    kind = serializers.CharField(required=False)
    reason = serializers.CharField(required=False)
    paid = serializers.BooleanField()
    starts_on = serializers.DateField()
    ends_on = serializers.DateField()
    days = serializers.ListField(child=serializers.DateField(), help_text="those that count")
    status = serializers.ChoiceField(LeaveStatus.choices)
    asked_at = serializers.DateTimeField()
    due_at = serializers.DateTimeField(allow_null=True)
    decided_at = serializers.DateTimeField(allow_null=True)
    confirmed_at = serializers.DateTimeField(allow_null=True)


COPIED = ("paid", "starts_on", "ends_on", "days", "status", "asked_at", "due_at", "decided_at", "confirmed_at")


def said(one: LeaveRequest, why: bool) -> dict[str, Any]:
    found = {
        "id": one.pk, "employee": one.person.number, "name": one.person.name, "site": one.site.code,
        "called": one.named(why),
    } | {name: getattr(one, name) for name in COPIED}  # fmt: skip
    if why:
        found |= {"kind": one.kind, "reason": one.reason}
    return dict(LeaveOutput(found).data)


class Leaves(APIView):
    @extend_schema(
        operation_id="sdm_leaves", parameters=[Query, AFTER, SIZE], responses=paged("LeavePage", LeaveOutput)
    )
    def get(self, request: Request) -> Response:
        """Those that one may see; of leave that touches the days from `from` to `to`, both included."""
        user, asked = user_of(request), query_of(request, Query)
        if not has_role(user, READERS | ASKERS):
            raise NotAllowed
        rows = LeaveRequest.objects.visible_to(user).with_why(user).select_related("site", "employee__person")
        wanted = {
            "site__code": asked.get("site"), "employee__person__number": asked.get("employee"),
            "status": asked.get("status"), "ends_on__gte": asked.get("from"), "starts_on__lte": asked.get("to"),
        }  # fmt: skip
        rows = rows.filter(**{name: value for name, value in wanted.items() if value is not None})
        return page(request, rows, lambda found: [said(one, one.why) for one in found])

    @extend_schema(operation_id="sdm_leave_ask", parameters=[KEY], request=LeaveInput, responses={201: LeaveOutput})
    @idempotent
    def post(self, request: Request) -> Response:
        """Ask for leave, for oneself or on behalf of somebody; proofs are brought on the page."""
        user, now = user_of(request), timezone.now()
        if not has_role(user, ASKERS) or (user.person_id is None and not has_role(user, ON_BEHALF)):
            raise NotAllowed
        given = LeaveInput(data=request.data)
        given.is_valid(raise_exception=True)
        values = dict(given.validated_data)
        number = values.pop("employee", None)
        person = people_to_act_for(user, now).filter(number=number).first() if number else user.person
        if person is None:
            raise Invalid(_("Nobody whose leave you may ask for has this number."), field="employee")
        made = services.leave_ask(person_id=person.pk, actor=user, now=now, **values)
        return Response(said(made, services.reads_why(user, made)), status=201)


class LeaveStep(APIView):
    @extend_schema(
        operation_id="sdm_leave_step", parameters=[KEY], request=LeaveStepInput, responses={200: LeaveOutput}
    )
    @idempotent
    def post(self, request: Request, pk: int, transition: str) -> Response:
        """A step of the process: approve, refuse, confirm, reject, cancel, annul."""
        user = user_of(request)
        found = get_visible(LeaveRequest, user, pk)
        if transition not in services.TRANSITIONS:
            raise Http404
        if not LEAVE.find(transition).open_to(user, found.site):
            raise NotAllowed
        given = LeaveStepInput(data=request.data)
        given.is_valid(raise_exception=True)
        service = services.TRANSITIONS[transition]
        done = service(leave_id=pk, actor=user, now=timezone.now(), **given.validated_data)
        return Response(said(done, services.reads_why(user, done)))


class BalanceQuery(serializers.Serializer[Any]):
    site = serializers.CharField(max_length=10, required=False)
    employee = serializers.CharField(max_length=20, required=False)
    as_of = DayField(required=False)


class LeaveBalanceOutput(serializers.Serializer[Any]):
    employee = serializers.CharField(help_text="employee number")
    name = serializers.CharField()
    as_of = serializers.DateField()
    entitled = serializers.IntegerField()
    used = serializers.IntegerField()
    booked = serializers.IntegerField()
    lapsed = serializers.IntegerField()
    left = serializers.IntegerField()
    more_from = serializers.DateField(allow_null=True)


class Balances(APIView):
    @extend_schema(
        operation_id="sdm_leave_balances", parameters=[BalanceQuery, AFTER, SIZE],
        responses=paged("LeaveBalancePage", LeaveBalanceOutput),
    )  # fmt: skip
    def get(self, request: Request) -> Response:
        """Annual leave of who works here, as of a day; an agent reads the own."""
        user, asked, now = user_of(request), query_of(request, BalanceQuery), timezone.now()
        if not has_role(user, READERS | ASKERS):
            raise NotAllowed
        rows = people_of(user, now)
        day = asked.get("as_of") or local_day(now, JAKARTA)
        if site := asked.get("site"):
            rows = rows.filter(site__code=site)
        if number := asked.get("employee"):
            rows = rows.filter(number=number)

        def serialize(found: Any) -> Any:
            balances = balances_on(found, day)
            return [LeaveBalanceOutput(_balance(one, balances[one.pk])).data for one in found]

        return page(request, rows, serialize)


def _balance(person: Any, found: Any) -> dict[str, Any]:
    coming = found.coming.arises if found.coming else None
    names = ("entitled", "used", "booked", "lapsed", "left")
    return {"employee": person.number, "name": person.name, "as_of": found.day, "more_from": coming} | {
        name: getattr(found, name) for name in names
    }
