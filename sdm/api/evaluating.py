"""/api/v1/sdm/evaluations/ …: evaluations, months, incentive schemes and payroll runs, with the rights of the pages."""

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
from occ.people.models import User
from occ.people.scope import has_role
from sdm.evaluating.choices import EvaluationStatus, PeriodStatus
from sdm.evaluating.workflow import PAYROLL, SCORERS
from sdm.models import Evaluation, EvaluationPeriod, IncentiveScheme, PayrollRun
from sdm.models.evaluating import ANYBODY, PAY_READERS, READERS
from sdm.services.evaluation_amounts import amount_in
from sdm.services.evaluations import WORDS, evaluation_score, is_own, leads
from sdm.services.payroll import payroll_run


class EvaluationQuery(serializers.Serializer[Any]):
    site = serializers.CharField(max_length=10, required=False)
    employee = serializers.CharField(max_length=20, required=False)
    month = DayField(required=False, help_text="any day of the month")
    status = serializers.ChoiceField(EvaluationStatus.choices, required=False)


class ComponentOutput(serializers.Serializer[Any]):
    key = serializers.CharField()
    weight = serializers.CharField()
    value = serializers.CharField(allow_null=True)
    points = serializers.CharField(allow_null=True, help_text="null: not known, its weight goes to the others")
    share = serializers.CharField(allow_null=True)


class EvaluationOutput(serializers.Serializer[Any]):
    """Numbers as texts of decimals. `amount` only for who may read it."""

    id = serializers.IntegerField()
    employee = serializers.CharField(help_text="employee number")
    site = serializers.CharField()
    month = serializers.DateField()
    position = serializers.CharField()
    status = serializers.CharField()
    total = serializers.CharField(allow_null=True)
    components = ComponentOutput(many=True)
    remarks = serializers.CharField(allow_blank=True)
    improvement = serializers.CharField(allow_blank=True)
    scored_at = serializers.DateTimeField(allow_null=True)
    verified_at = serializers.DateTimeField(allow_null=True)
    signed_at = serializers.DateTimeField(allow_null=True)
    # left out, not emptied; null: too little is known for one
    amount = serializers.CharField(required=False, allow_null=True)


class ScoreInput(serializers.Serializer[Any]):
    judged = serializers.DictField(
        child=serializers.DecimalField(max_digits=5, decimal_places=2, min_value=0, max_value=100),
        help_text="points from 0 to 100 by component, of all that the superior judges", allow_empty=True,
    )  # fmt: skip
    remarks = serializers.CharField(max_length=WORDS, required=False, allow_blank=True, default="")
    improvement = serializers.CharField(max_length=WORDS, required=False, allow_blank=True, default="")


def shown(one: Evaluation, user: User) -> dict[str, Any]:
    """What was told to whom it was told; what was reckoned last to the others."""
    own = is_own(user, one)
    result = next((each for each in one.results.all() if each.number == one.told_number), None) if own else None
    content = result.content if result is not None else {} if own else one.reckoned
    found = {
        "id": one.pk, "employee": one.person.number, "site": one.site.code, "month": one.month,
        "position": one.position, "status": one.status, "total": content.get("total"),
        "components": content.get("components", []), "remarks": content.get("remarks", one.remarks),
        "improvement": content.get("improvement", one.improvement), "scored_at": one.scored_at,
        "verified_at": one.verified_at, "signed_at": one.signed_at,
    }  # fmt: skip
    if own or has_role(user, PAY_READERS, site=one.site):
        found["amount"] = amount_in(content)
    data = dict(EvaluationOutput(found).data)
    return data if "amount" in found else {name: value for name, value in data.items() if name != "amount"}


def rows_for(user: User) -> Any:
    rows = Evaluation.objects.visible_to(user).select_related("person", "site", "period", "sheet")
    return rows.prefetch_related("results")


class Evaluations(APIView):
    @extend_schema(
        operation_id="sdm_evaluations", parameters=[EvaluationQuery, AFTER, SIZE],
        responses=paged("EvaluationsPage", EvaluationOutput),
    )  # fmt: skip
    def get(self, request: Request) -> Response:
        """Those that one may see; of the own what was told."""
        user, asked = user_of(request), query_of(request, EvaluationQuery)
        if not has_role(user, ANYBODY):
            raise NotAllowed
        month = asked.get("month")
        wanted = {
            "site__code": asked.get("site"), "person__number": asked.get("employee"), "status": asked.get("status"),
            "month": month.replace(day=1) if month else None,
        }  # fmt: skip
        rows = rows_for(user).filter(**{name: value for name, value in wanted.items() if value is not None})
        return page(request, rows, lambda found: [shown(one, user) for one in found])


class EvaluationScore(APIView):
    @extend_schema(
        operation_id="sdm_evaluation_score", parameters=[KEY], request=ScoreInput, responses={201: EvaluationOutput}
    )
    @idempotent
    def post(self, request: Request, pk: int) -> Response:
        """The superior's score of one evaluation."""
        user = user_of(request)
        found = rows_for(user).filter(pk=pk).first()
        if found is None:
            raise Http404
        if not has_role(user, SCORERS) or not leads(user, found):
            raise NotAllowed
        given = ScoreInput(data=request.data)
        given.is_valid(raise_exception=True)
        evaluation_score(evaluation_id=pk, actor=user, now=timezone.now(), **given.validated_data)
        return Response(shown(rows_for(user).get(pk=pk), user), status=201)


class EvaluationMonthQuery(serializers.Serializer[Any]):
    site = serializers.CharField(max_length=10, required=False)
    status = serializers.ChoiceField(PeriodStatus.choices, required=False)


class EvaluationMonthOutput(serializers.Serializer[Any]):
    id = serializers.IntegerField()
    site = serializers.CharField(source="site.code")
    month = serializers.DateField()
    status = serializers.CharField()
    opened_at = serializers.DateTimeField()
    compiled_at = serializers.DateTimeField(allow_null=True)
    approved_at = serializers.DateTimeField(allow_null=True)
    distributed_at = serializers.DateTimeField(allow_null=True)
    validated_at = serializers.DateTimeField(allow_null=True)
    paid_at = serializers.DateTimeField(allow_null=True)
    list_sha256 = serializers.CharField(allow_blank=True)


class EvaluationMonths(APIView):
    @extend_schema(
        operation_id="sdm_evaluation_months", parameters=[EvaluationMonthQuery, AFTER, SIZE],
        responses=paged("EvaluationMonthsPage", EvaluationMonthOutput),
    )  # fmt: skip
    def get(self, request: Request) -> Response:
        user, asked = user_of(request), query_of(request, EvaluationMonthQuery)
        if not has_role(user, READERS):
            raise NotAllowed
        wanted = {"site__code": asked.get("site"), "status": asked.get("status")}
        rows = EvaluationPeriod.objects.visible_to(user).select_related("site")
        rows = rows.filter(**{name: value for name, value in wanted.items() if value is not None})
        return page(request, rows, lambda found: EvaluationMonthOutput(found, many=True).data)


class SchemeOutput(serializers.Serializer[Any]):
    id = serializers.IntegerField()
    site = serializers.CharField(source="site.code")
    number = serializers.IntegerField()
    name = serializers.CharField()
    starts_on = serializers.DateField()
    status = serializers.CharField()
    terms = serializers.DictField()
    reason = serializers.CharField()
    published_at = serializers.DateTimeField(allow_null=True)


class IncentiveSchemes(APIView):
    @extend_schema(
        operation_id="sdm_incentive_schemes", parameters=[AFTER, SIZE],
        responses=paged("IncentiveSchemesPage", SchemeOutput),
    )  # fmt: skip
    def get(self, request: Request) -> Response:
        user = user_of(request)
        if not has_role(user, PAY_READERS):
            raise NotAllowed
        rows = IncentiveScheme.objects.visible_to(user).select_related("site")
        return page(request, rows, lambda found: SchemeOutput(found, many=True).data)


class RunInput(serializers.Serializer[Any]):
    month = serializers.IntegerField(min_value=1, max_value=2**62, help_text="id of the month of evaluation")


class LineOutput(serializers.Serializer[Any]):
    employee = serializers.CharField(source="evaluation.person.number")
    total = serializers.CharField(source="result.total")
    paid_before = serializers.CharField(source="before")
    amount = serializers.CharField(help_text="whole rupiah to pay now; negative where too much was paid")


class RunOutput(serializers.Serializer[Any]):
    id = serializers.IntegerField()
    number = serializers.CharField()
    site = serializers.CharField(source="site.code")
    month = serializers.DateField(source="period.month")
    kind = serializers.CharField()
    people = serializers.IntegerField()
    total = serializers.CharField()
    sha256 = serializers.CharField(source="lines_sha256")
    made_at = serializers.DateTimeField()


class RunWithLines(RunOutput):
    lines = LineOutput(many=True)


class PayrollRuns(APIView):
    @extend_schema(
        operation_id="sdm_payroll_runs", parameters=[AFTER, SIZE], responses=paged("PayrollRunsPage", RunOutput)
    )
    def get(self, request: Request) -> Response:
        user = user_of(request)
        if not has_role(user, PAY_READERS):
            raise NotAllowed
        rows = PayrollRun.objects.visible_to(user).select_related("site", "period")
        return page(request, rows, lambda found: RunOutput(found, many=True).data)

    @extend_schema(
        operation_id="sdm_payroll_run_make", parameters=[KEY], request=RunInput,
        responses={200: RunOutput, 201: RunOutput},
    )  # fmt: skip
    @idempotent
    def post(self, request: Request) -> Response:
        """Give payroll what of a month is not paid yet; 200 where all of it was given already."""
        user = user_of(request)
        if not has_role(user, PAYROLL):
            raise NotAllowed
        given = RunInput(data=request.data)
        given.is_valid(raise_exception=True)
        found = EvaluationPeriod.objects.visible_to(user).filter(pk=given.validated_data["month"]).first()
        if found is None:
            raise Invalid(_("There is no such month of evaluation."), field="month")
        run, made = payroll_run(period_id=found.pk, actor=user, now=timezone.now())
        return Response(RunOutput(run).data, status=201 if made else 200)


class PayrollRunDetail(APIView):
    @extend_schema(operation_id="sdm_payroll_run", responses=RunWithLines)
    def get(self, request: Request, pk: int) -> Response:
        """A run with its lines. They never change."""
        rows = PayrollRun.objects.visible_to(user_of(request)).select_related("site", "period")
        found = rows.prefetch_related("lines__evaluation__person", "lines__result").filter(pk=pk).first()
        if found is None:
            raise Http404
        return Response(RunWithLines(found).data)
