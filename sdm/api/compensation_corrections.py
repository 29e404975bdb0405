"""/api/v1/sdm/compensation-corrections/: differences to paid compensations, as on the pages (SDM-7, SDM-11)."""

from __future__ import annotations

from typing import Any

from django.db import transaction
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
from occ.people.models import User
from occ.people.scope import has_role
from occ.processes import evidence_of
from sdm.api.contracts import Window, chosen
from sdm.contracts.choices import CorrectionStatus
from sdm.contracts.workflow import CORRECTION
from sdm.models import CompensationCorrection
from sdm.personal import COMPENSATION_READERS, WAGE_READERS
from sdm.services import compensation_corrections as services

MONEY = ("wage", "owed", "before", "amount")


class CorrectionQuery(Window):
    status = serializers.ChoiceField(CorrectionStatus.choices, required=False)


class CorrectionRow(serializers.Serializer[Any]):
    """`wage`, `owed`, `before` and `amount` only for who may read them."""

    id = serializers.IntegerField()
    reference = serializers.CharField(help_text="the same whenever it is asked for")
    compensation = serializers.IntegerField()
    employee = serializers.CharField(help_text="employee number")
    name = serializers.CharField()
    site = serializers.CharField()
    contract = serializers.IntegerField()
    starts_on = serializers.DateField()
    ends_on = serializers.DateField()
    months = serializers.CharField()
    status = serializers.ChoiceField(CorrectionStatus.choices)
    opened_at = serializers.DateTimeField()
    due_at = serializers.DateTimeField()
    settled_on = serializers.DateField(allow_null=True)
    wage = serializers.CharField(required=False)
    owed = serializers.CharField(required=False)
    before = serializers.CharField(required=False, help_text="what was paid so far")
    amount = serializers.CharField(required=False, help_text="owed less before; below zero it is claimed back")


class CorrectionStep(serializers.Serializer[Any]):
    note = serializers.CharField(max_length=2000, required=False, allow_blank=True, default="")
    paid_on = DayField(required=False, help_text="settle")
    text = serializers.CharField(max_length=300, required=False, allow_blank=True, default="", help_text="settle")
    file = serializers.FileField(required=False, help_text="settle: PDF, PNG or JPG")


def correction_said(one: CompensationCorrection, user: User) -> dict[str, Any]:
    found: dict[str, Any] = {
        "employee": one.person.number, "name": one.person.name, "site": one.site.code, "months": str(one.months),
        "compensation": one.compensation_id, "contract": one.compensation.employment_id,
    }  # fmt: skip
    names = ["id", "reference", "starts_on", "ends_on", "status", "opened_at", "due_at", "settled_on"]
    if has_role(user, WAGE_READERS, site=one.site):
        names += MONEY
    return dict(CorrectionRow(found | {name: getattr(one, name) for name in names}).data)


class CompensationCorrections(APIView):
    @extend_schema(
        operation_id="sdm_compensation_corrections", parameters=[CorrectionQuery, AFTER, SIZE],
        responses=paged("CompensationCorrectionPage", CorrectionRow),
    )  # fmt: skip
    def get(self, request: Request) -> Response:
        """What is paid besides, or claimed back. A row's `reference` stays the same: payroll takes it up once."""
        user, asked = user_of(request), query_of(request, CorrectionQuery)
        if not has_role(user, COMPENSATION_READERS):
            raise NotAllowed
        rows = CompensationCorrection.objects.visible_to(user)
        rows = rows.select_related("compensation__employment__employee__person", "site")
        rows = chosen(rows, asked, "compensation__employment__employee__person", "site")
        return page(request, rows, lambda found: [correction_said(one, user) for one in found])


class CompensationCorrectionTransition(APIView):
    @extend_schema(
        operation_id="sdm_compensation_correction_transition", parameters=[KEY], request=CorrectionStep,
        responses=CorrectionRow,
    )  # fmt: skip
    @idempotent
    @transaction.atomic
    def post(self, request: Request, pk: int, transition: str) -> Response:
        """Make a step: approve, refuse (`note`), settle (`paid_on`, and what shows it: `text` or `file`)."""
        user = user_of(request)
        found = get_visible(CompensationCorrection, user, pk)
        service = services.TRANSITIONS.get(transition)
        if service is None:
            raise Http404
        if not CORRECTION.find(transition).open_to(user, found.site):
            raise NotAllowed
        given = CorrectionStep(data=request.data)
        given.is_valid(raise_exception=True)
        values, now = dict(given.validated_data), timezone.now()
        taken: dict[str, Any] = {"note": values["note"]}
        if transition == "settle":
            if "paid_on" not in values:
                raise Invalid(_("This step needs it."), field="paid_on", code="required")
            taken |= {"paid_on": values["paid_on"], "evidence": evidence_of(found, values, actor=user, now=now)}
        service(correction_id=pk, actor=user, now=now, **taken)
        return Response(correction_said(get_visible(CompensationCorrection, user, pk), user))
