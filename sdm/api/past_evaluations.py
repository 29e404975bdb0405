"""/api/v1/sdm/past-evaluations/: what evaluations came to before OCC kept them, read and brought in (SDM-11)."""

from __future__ import annotations

from typing import Any

from django.utils import timezone
from drf_spectacular.utils import extend_schema
from rest_framework import serializers
from rest_framework.request import Request
from rest_framework.response import Response
from rest_framework.views import APIView

from occ.api.endpoints import AFTER, KEY, SIZE, paged, query_of, user_of
from occ.api.fields import DayField
from occ.api.idempotency import idempotent
from occ.api.paging import page
from occ.errors import NotAllowed
from occ.people.scope import has_role
from occ.times import month_of
from sdm.api.contracts import person_of
from sdm.evaluating.workflow import PERFORMANCE
from sdm.models import PastEvaluation
from sdm.models.evaluating import READERS
from sdm.services.past_evaluations import GRADE, NOTE, REMARKS, past_evaluation_take_up


class PastQuery(serializers.Serializer[Any]):
    site = serializers.CharField(max_length=10, required=False)
    employee = serializers.CharField(max_length=20, required=False, help_text="employee number")
    month = DayField(required=False, help_text="any day of the month")


class PastInput(serializers.Serializer[Any]):
    employee = serializers.CharField(max_length=20, help_text="employee number")
    month = DayField(help_text="any day of the month")
    total = serializers.DecimalField(max_digits=5, decimal_places=2, min_value=0, max_value=100)
    grade = serializers.CharField(max_length=GRADE, required=False, allow_blank=True, default="")
    remarks = serializers.CharField(max_length=REMARKS, required=False, allow_blank=True, default="")
    note = serializers.CharField(
        max_length=NOTE, required=False, allow_blank=True, default="", help_text="why it changes, where it is recorded"
    )


class PastOutput(serializers.Serializer[Any]):
    id = serializers.IntegerField()
    employee = serializers.CharField(source="person.number")
    site = serializers.CharField(source="person.site.code")
    month = serializers.DateField()
    total = serializers.CharField()
    grade = serializers.CharField(allow_blank=True)
    remarks = serializers.CharField(allow_blank=True)


class PastEvaluations(APIView):
    @extend_schema(
        operation_id="sdm_past_evaluations", parameters=[PastQuery, AFTER, SIZE],
        responses=paged("PastEvaluationPage", PastOutput),
    )  # fmt: skip
    def get(self, request: Request) -> Response:
        user, asked = user_of(request), query_of(request, PastQuery)
        if not has_role(user, READERS):
            raise NotAllowed
        rows = PastEvaluation.objects.visible_to(user).select_related("person__site")
        wanted = {"person__site__code": asked.get("site"), "person__number": asked.get("employee"),
                  "month": month_of(asked["month"]) if "month" in asked else None}  # fmt: skip
        rows = rows.filter(**{name: value for name, value in wanted.items() if value is not None})
        return page(request, rows, lambda found: list(PastOutput(found, many=True).data))

    @extend_schema(
        operation_id="sdm_past_evaluation_take_up", parameters=[KEY], request=PastInput,
        responses={200: PastOutput, 201: PastOutput},
    )  # fmt: skip
    @idempotent
    def post(self, request: Request) -> Response:
        """Record what an evaluation of before came to; the same again changes nothing."""
        user = user_of(request)
        if not has_role(user, PERFORMANCE):
            raise NotAllowed
        given = PastInput(data=request.data)
        given.is_valid(raise_exception=True)
        values = dict(given.validated_data)
        person = person_of(user, values.pop("employee"))
        made, new = past_evaluation_take_up(person_id=person.pk, actor=user, now=timezone.now(), **values)
        return Response(PastOutput(made).data, status=201 if new else 200)
