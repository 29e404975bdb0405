"""/api/v1/sdm/: people as the pages show them, and the push of HR's own system (SDM-1, SDM-11)."""

from datetime import date
from typing import Any

from django.http import Http404
from django.utils import timezone
from django.utils.translation import gettext as _
from drf_spectacular.utils import extend_schema
from rest_framework import serializers
from rest_framework.request import Request
from rest_framework.response import Response
from rest_framework.views import APIView

from occ.api.endpoints import AFTER, KEY, SIZE, body_of, employee_of, paged, query_of, user_of
from occ.api.fields import DayField
from occ.api.idempotency import idempotent
from occ.api.paging import page
from occ.errors import Invalid, NotAllowed
from occ.people.models import Person
from occ.people.scope import has_role
from occ.times import JAKARTA, local_day
from sdm.api.serializers import (
    EmployeeInput,
    EmployeeSerializer,
    LeavingInput,
    LeavingSerializer,
    NewEmployeeInput,
)
from sdm.choices import Standing
from sdm.models import Employee, Leaving, Placement
from sdm.personal import KEEPERS
from sdm.services import leavings
from sdm.services.employments import Terms
from sdm.services.pushing import CREATED, employee_push
from sdm.workflow import RECORDERS


class DayQuery(serializers.Serializer[Any]):
    as_of = DayField(required=False, help_text="a day: people as they were then")


class Query(DayQuery):
    status = serializers.ChoiceField(
        [*Standing.choices, ("employed", "employed"), ("all", "all")], required=False, default="employed"
    )
    site = serializers.CharField(required=False, max_length=10)
    q = serializers.CharField(required=False, max_length=200)


def said(request: Request, found: Any, day: date, *, many: bool = False) -> Any:
    return EmployeeSerializer(found, many=many, context={"user": user_of(request), "day": day}).data


def values_of(data: dict[str, Any]) -> dict[str, Any]:
    """The input as employee_push takes it."""
    if contract := data.get("contract"):
        data["contract"] = Terms(contract["kind"], contract["starts_on"], contract["agreed_until"], contract["number"])
    return data


class Employees(APIView):
    @extend_schema(
        operation_id="sdm_employees", responses=paged("EmployeePage", EmployeeSerializer),
        parameters=[Query, AFTER, SIZE],
    )  # fmt: skip
    def get(self, request: Request) -> Response:
        """Who is employed, or was on the day `as_of`, each as placed then."""
        query, user = query_of(request, Query), user_of(request)
        on, status = query.get("as_of"), query["status"]
        day = on or local_day(timezone.now(), JAKARTA)
        rows = Employee.objects.visible_to(user, on=on)
        if status == "employed":
            rows = rows.as_of(day)
        else:
            rows = (rows if status == "all" else rows.standing(status, day)).placed_on(day)
        rows = rows.defer(None)  # whoever reads the number's end needs it
        if site := query.get("site"):
            rows = rows.filter(person__site__code=site) if on is None else rows.filter(placements__in=_placed(site, on))
        if text := query.get("q"):
            rows = rows.search(text)
        return page(request, rows, lambda found: said(request, found, day, many=True))

    @extend_schema(
        operation_id="sdm_employee_new", request=NewEmployeeInput, responses={201: EmployeeSerializer},
        parameters=[KEY],
    )  # fmt: skip
    @idempotent
    def post(self, request: Request) -> Response:
        """Take somebody on. Who has the number already is left alone: that is what PUT is for."""
        if not has_role(user_of(request), KEEPERS):
            raise NotAllowed
        values = body_of(request, NewEmployeeInput)
        number = values.pop("number")
        if Person.objects.filter(number=number).exists():
            raise Invalid(_("Somebody has this employee number already."), field="number", code="number_taken")
        made, _what = employee_push(number=number, values=values_of(values), actor=user_of(request), now=timezone.now())
        return Response(_shown(request, made), status=201)


def _placed(site: str, day: date) -> Any:
    return Placement.objects.standing_on(day).filter(site__code=site)


def _shown(request: Request, employee: Employee) -> Any:
    day = local_day(timezone.now(), employee.person.site.zone)
    return said(request, Employee.objects.filter(pk=employee.pk).placed_on(day).defer(None).get(), day)


class EmployeeDetail(APIView):
    @extend_schema(
        operation_id="sdm_employee", responses=EmployeeSerializer,
        parameters=[DayQuery],
    )  # fmt: skip
    def get(self, request: Request, number: str) -> Response:
        on = query_of(request, DayQuery).get("as_of")
        rows = Employee.objects.visible_to(user_of(request), on=on).filter(person__number=number)
        found = rows.placed_on(on or local_day(timezone.now(), JAKARTA)).defer(None).first()
        if found is None:
            raise Http404
        return Response(said(request, found, on or local_day(timezone.now(), found.person.site.zone)))

    @extend_schema(
        operation_id="sdm_employee_push", request=EmployeeInput,
        responses={200: EmployeeSerializer, 201: EmployeeSerializer},
    )  # fmt: skip
    def put(self, request: Request, number: str) -> Response:
        """Bring in what HR's system has: made, changed, moved from `effective_on`, taken on again, or nothing new.

        The same body twice changes nothing the second time.
        """
        user, number = user_of(request), number.strip()
        known = Person.objects.filter(number=number).first()
        if known is not None and not Employee.objects.visible_to(user).filter(pk=known.pk).exists():
            raise Http404
        if not has_role(user, KEEPERS, site=known.site if known else None):
            raise NotAllowed
        values = values_of(body_of(request, EmployeeInput))
        found, what = employee_push(number=number, values=values, actor=user, now=timezone.now())
        return Response(_shown(request, found), status=201 if what == CREATED else 200)


class Leavings(APIView):
    @extend_schema(
        operation_id="sdm_leavings", responses=paged("LeavingPage", LeavingSerializer), parameters=[AFTER, SIZE]
    )
    def get(self, request: Request) -> Response:
        rows = Leaving.objects.visible_to(user_of(request)).select_related("employee__person", "site")
        return page(request, rows, lambda found: LeavingSerializer(found, many=True).data)

    @extend_schema(
        operation_id="sdm_leaving_record", request=LeavingInput, responses={201: LeavingSerializer}, parameters=[KEY]
    )
    @idempotent
    def post(self, request: Request) -> Response:
        """Record that somebody leaves; every module is told, and their user IDs are asked to be shut."""
        user = user_of(request)
        if not has_role(user, RECORDERS):
            raise NotAllowed
        data = body_of(request, LeavingInput)
        person = employee_of(Person.objects.visible_to(user), data["employee"])
        made = leavings.leaving_record(
            person_id=person.pk, last_working_day=data["last_working_day"], reason=data["reason"], note=data["note"],
            actor=user, now=timezone.now(),
        )  # fmt: skip
        return Response(LeavingSerializer(made).data, status=201)
