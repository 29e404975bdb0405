"""/api/v1/sdm/discipline/: pembinaan (SDM-5), for who may see it on the pages. What is signed is signed on the page."""

from __future__ import annotations

from typing import Any

from django.http import Http404
from django.utils import timezone
from django.utils.translation import gettext as _
from drf_spectacular.utils import OpenApiParameter, extend_schema, extend_schema_field
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
from sdm.discipline.choices import CaseStatus, EntryKind, Matter, Method, Receipt
from sdm.discipline.workflow import DISCIPLINE, OPENERS, PERSONS
from sdm.models import DisciplineCase
from sdm.services import discipline, discipline_letters


class CaseQuery(serializers.Serializer[Any]):
    status = serializers.ChoiceField([("open", "open"), *CaseStatus.choices], required=False)
    site = serializers.CharField(max_length=10, required=False)
    employee = serializers.CharField(max_length=20, required=False)


class DisciplineCaseInput(serializers.Serializer[Any]):
    employee = serializers.CharField(max_length=20, help_text="employee number")
    matter = serializers.ChoiceField(Matter.choices)
    about = serializers.CharField(max_length=discipline.ABOUT)


class WordsInput(serializers.Serializer[Any]):
    note = serializers.CharField(max_length=4_000)


class CoachInput(WordsInput):
    method = serializers.ChoiceField(Method.choices)
    target = serializers.CharField(max_length=2_000)
    improve_until = DayField()


class ExitInput(WordsInput):
    last_working_day = DayField()


class DisciplineCaseStepInput(WordsInput):
    """What a step takes: `note` always; a `coach` also method, target and improve_until; an `exit` last_working_day."""

    method = serializers.ChoiceField(Method.choices, required=False)
    target = serializers.CharField(max_length=2_000, required=False)
    improve_until = DayField(required=False)
    last_working_day = DayField(required=False)


class DisciplineCaseEntryOutput(serializers.Serializer[Any]):
    kind = serializers.ChoiceField(EntryKind.choices)
    method = serializers.CharField(allow_blank=True)
    at = serializers.DateTimeField()
    by = serializers.CharField(source="by_label")
    text = serializers.CharField(allow_blank=True)


class DisciplineWarningOutput(serializers.Serializer[Any]):
    level = serializers.IntegerField()
    violated_on = serializers.DateField()
    clause = serializers.CharField()
    reason = serializers.CharField()
    issued_on = serializers.DateField()
    valid_until = serializers.DateField()
    receipt = serializers.ChoiceField([("", ""), *Receipt.choices], allow_blank=True)
    receipt_at = serializers.DateTimeField(allow_null=True)
    withdrawn_at = serializers.DateTimeField(allow_null=True)
    document = serializers.CharField(source="document.full_number")


class DisciplineCaseOutput(serializers.ModelSerializer[DisciplineCase]):
    employee = serializers.CharField(source="person.number")
    name = serializers.CharField(source="person.name")
    site = serializers.CharField(source="site.code")
    status = serializers.ChoiceField(CaseStatus.choices)

    class Meta:
        model = DisciplineCase
        fields = ["id", "employee", "name", "site", "matter", "about", "status", "opened_at", "target", "improve_until",
                  "due_at", "closed_at"]  # fmt: skip


class DisciplineCaseDetailOutput(DisciplineCaseOutput):
    entries = DisciplineCaseEntryOutput(many=True)
    warnings = serializers.SerializerMethodField()

    class Meta(DisciplineCaseOutput.Meta):
        fields = [*DisciplineCaseOutput.Meta.fields, "entries", "warnings"]

    @extend_schema_field(DisciplineWarningOutput(many=True))
    def get_warnings(self, one: DisciplineCase) -> list[dict[str, Any]]:
        rows = one.warnings.filter(level__isnull=False).select_related("document")
        return [dict(row) for row in DisciplineWarningOutput(rows, many=True).data]


STEPS: dict[str, tuple[Any, type[serializers.Serializer[Any]]]] = {
    "coach": (discipline.case_coach, CoachInput), "exit": (discipline_letters.case_exit, ExitInput),
}  # fmt: skip
for _name, _service in (
    ("appreciate", discipline.case_appreciate), ("cancel", discipline.case_cancel),
    ("improve", discipline.case_improve), ("proceed", discipline.case_proceed), ("verify", discipline.case_verify),
    ("identify", discipline.case_identify), ("file", discipline.case_file),
    ("return", discipline_letters.warning_return), ("finalise", discipline_letters.case_finalise),
    ("spare", discipline_letters.case_spare), ("end", discipline_letters.case_end),
):  # fmt: skip
    STEPS[_name] = (_service, WordsInput)


class Cases(APIView):
    @extend_schema(
        operation_id="sdm_discipline_cases", parameters=[CaseQuery, AFTER, SIZE],
        responses=paged("DisciplineCasePage", DisciplineCaseOutput),
    )  # fmt: skip
    def get(self, request: Request) -> Response:
        """Those that one may see: one's own, one's people's, the site's for HR Industrial Relations and managers."""
        user, asked = user_of(request), query_of(request, CaseQuery)
        if not has_role(user, PERSONS):
            raise NotAllowed
        rows = DisciplineCase.objects.visible_to(user).select_related("person", "site")
        if (status := asked.get("status")) is not None:
            rows = rows.open() if status == "open" else rows.filter(status=status)
        wanted = {"site__code": asked.get("site"), "person__number": asked.get("employee")}
        rows = rows.filter(**{name: value for name, value in wanted.items() if value is not None})
        return page(request, rows, lambda found: DisciplineCaseOutput(found, many=True).data)

    @extend_schema(
        operation_id="sdm_discipline_open",
        parameters=[KEY],
        request=DisciplineCaseInput,
        responses={201: DisciplineCaseOutput},
    )
    @idempotent
    def post(self, request: Request) -> Response:
        user, now = user_of(request), timezone.now()
        if not has_role(user, OPENERS):
            raise NotAllowed
        given = DisciplineCaseInput(data=request.data)
        given.is_valid(raise_exception=True)
        data = given.validated_data
        person = discipline.people_to_open(user, now).filter(number=data["employee"]).first()
        if person is None:
            says = _("Nobody of whom you may open a pembinaan has this number.")
            raise Invalid(says, field="employee", code="unknown_employee")
        made = discipline.case_open(person=person, matter=data["matter"], about=data["about"], actor=user, now=now)
        return Response(DisciplineCaseOutput(made).data, status=201)


class CaseDetail(APIView):
    @extend_schema(operation_id="sdm_discipline_case", responses=DisciplineCaseDetailOutput)
    def get(self, request: Request, pk: int) -> Response:
        """The case with what was said, and its letters."""
        return Response(DisciplineCaseDetailOutput(get_visible(DisciplineCase, user_of(request), pk)).data)


class CaseTransition(APIView):
    @extend_schema(
        operation_id="sdm_discipline_transition", request=DisciplineCaseStepInput, responses=DisciplineCaseOutput,
        parameters=[KEY, OpenApiParameter("transition", str, OpenApiParameter.PATH)],
    )  # fmt: skip
    @idempotent
    def post(self, request: Request, pk: int, transition: str) -> Response:
        """Make a step that is not signed: coach, appreciate, cancel, improve, proceed, verify, identify, file, return,
        finalise, spare, exit, end. A letter is asked for, issued, signed for or refused on its page."""
        user = user_of(request)
        found = get_visible(DisciplineCase, user, pk)
        if transition not in STEPS:
            raise Http404
        if not DISCIPLINE.find(transition).open_to(user, found.site):
            raise NotAllowed
        service, kind = STEPS[transition]
        given = kind(data=request.data)
        given.is_valid(raise_exception=True)
        service(case_id=pk, actor=user, now=timezone.now(), **given.validated_data)
        return Response(DisciplineCaseOutput(get_visible(DisciplineCase, user, pk)).data)
