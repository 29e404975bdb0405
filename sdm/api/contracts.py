"""/api/v1/sdm/: contracts, renewals, compensations and wages, by the services of the pages (SDM-7, SDM-11)."""

from __future__ import annotations

from decimal import Decimal
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
from occ.people.models import Person, User
from occ.people.scope import has_role
from occ.processes import evidence_of
from sdm.choices import EmploymentKind
from sdm.contracts.choices import CompensationStatus, RenewalStatus
from sdm.contracts.workflow import COMPENSATION, HI, PAYROLL, RENEWAL
from sdm.models import Compensation, Employment, Renewal
from sdm.personal import COMPENSATION_READERS, CONTRACT_READERS, KEEPERS, WAGE_READERS
from sdm.services import contract_renewals, contract_wages, pushing
from sdm.services.contract_registration import employment_register
from sdm.services.contract_wages import amount_of
from sdm.services.employments import Terms


class Window(serializers.Serializer[Any]):
    site = serializers.CharField(max_length=10, required=False)
    employee = serializers.CharField(max_length=20, required=False, help_text="employee number")
    ends_from = DayField(required=False)
    ends_to = DayField(required=False)


class ContractQuery(Window):
    kind = serializers.ChoiceField(EmploymentKind.choices, required=False)


class RenewalQuery(Window):
    status = serializers.ChoiceField(RenewalStatus.choices, required=False)


class CompensationQuery(Window):
    status = serializers.ChoiceField(CompensationStatus.choices, required=False)


class ContractRow(serializers.Serializer[Any]):
    id = serializers.IntegerField()
    employee = serializers.CharField(help_text="employee number")
    name = serializers.CharField()
    site = serializers.CharField()
    kind = serializers.ChoiceField(EmploymentKind.choices)
    number = serializers.CharField(allow_blank=True)
    starts_on = serializers.DateField()
    agreed_until = serializers.DateField(allow_null=True)
    ends_on = serializers.DateField(allow_null=True, help_text="sooner than agreed when it was ended")
    probation_months = serializers.IntegerField()
    extends = serializers.IntegerField(allow_null=True, help_text="id of the contract that it extends")
    signed_on = serializers.DateField(allow_null=True)
    registered_on = serializers.DateField(allow_null=True, help_text="at the ministry")
    registration = serializers.CharField(allow_blank=True, help_text="the number that it gave")


class RegistrationInput(serializers.Serializer[Any]):
    registered_on = DayField()
    registration = serializers.CharField(max_length=80)
    file = serializers.FileField(required=False, help_text="what shows it: PDF, PNG or JPG")


class ContractPush(serializers.Serializer[Any]):
    employee = serializers.CharField(max_length=20, help_text="employee number")
    kind = serializers.ChoiceField(EmploymentKind.choices)
    number = serializers.CharField(max_length=60, required=False, allow_blank=True, default="")
    starts_on = DayField()
    agreed_until = DayField(allow_null=True, required=False, default=None, help_text="null for a PKWTT")
    probation_months = serializers.IntegerField(min_value=0, max_value=24, required=False, default=0)
    signed_on = DayField(allow_null=True, required=False, default=None)


class RenewalRow(serializers.Serializer[Any]):
    id = serializers.IntegerField()
    employee = serializers.CharField(help_text="employee number")
    name = serializers.CharField()
    site = serializers.CharField()
    contract = serializers.IntegerField(help_text="id of the contract that ends")
    status = serializers.ChoiceField(RenewalStatus.choices)
    ends_on = serializers.DateField()
    agreed_until = serializers.DateField(allow_null=True)
    reason = serializers.CharField(allow_blank=True)
    memo = serializers.CharField(allow_blank=True)
    number = serializers.CharField(allow_blank=True)
    extension = serializers.IntegerField(allow_null=True, help_text="id of the contract that was made")
    signed_on = serializers.DateField(allow_null=True)
    registered_on = serializers.DateField(allow_null=True)
    registration = serializers.CharField(allow_blank=True)


class RenewalStep(serializers.Serializer[Any]):
    """Each step takes what it needs: see the pages. `file` comes as a part of a multipart body."""

    note = serializers.CharField(max_length=2000, required=False, allow_blank=True)
    agreed_until = DayField(required=False, help_text="propose")
    reason = serializers.CharField(max_length=2000, required=False, help_text="propose")
    memo = serializers.CharField(max_length=60, required=False, help_text="submit")
    number = serializers.CharField(max_length=60, required=False, help_text="make")
    language = serializers.ChoiceField([("id", "id"), ("en", "en")], required=False, help_text="make, close")
    signed_on = DayField(required=False, help_text="sign")
    registered_on = DayField(required=False, help_text="register")
    registration = serializers.CharField(max_length=80, required=False, help_text="register")
    file = serializers.FileField(required=False, help_text="sign (PDF), register")


class CompensationRow(serializers.Serializer[Any]):
    """`wage` and `amount` only for who may read them; null while no wage is recorded."""

    id = serializers.IntegerField()
    reference = serializers.CharField(help_text="the same whenever it is asked for")
    employee = serializers.CharField(help_text="employee number")
    name = serializers.CharField()
    site = serializers.CharField()
    contract = serializers.IntegerField()
    starts_on = serializers.DateField()
    ends_on = serializers.DateField()
    months = serializers.CharField()
    status = serializers.ChoiceField(CompensationStatus.choices)
    paid_on = serializers.DateField(allow_null=True)
    wage = serializers.CharField(allow_null=True, required=False)
    amount = serializers.CharField(allow_null=True, required=False)


class PayStep(serializers.Serializer[Any]):
    paid_on = DayField()
    text = serializers.CharField(max_length=300, required=False, allow_blank=True, default="")
    file = serializers.FileField(required=False)


class WageInput(serializers.Serializer[Any]):
    employee = serializers.CharField(max_length=20, help_text="employee number")
    starts_on = DayField()
    amount = serializers.DecimalField(max_digits=12, decimal_places=2, min_value=Decimal(1), help_text="rupiah a month")
    note = serializers.CharField(max_length=300, required=False, allow_blank=True, default="")


class WageOutput(serializers.Serializer[Any]):
    employee = serializers.CharField()
    starts_on = serializers.DateField()
    new = serializers.BooleanField(help_text="false: it was recorded like that already")


def chosen(rows: Any, asked: dict[str, Any], person: str, site: str) -> Any:
    wanted = {
        f"{site}__code": asked.get("site"), f"{person}__number": asked.get("employee"), "kind": asked.get("kind"),
        "status": asked.get("status"), "ends_on__gte": asked.get("ends_from"), "ends_on__lte": asked.get("ends_to"),
    }  # fmt: skip
    return rows.filter(**{name: value for name, value in wanted.items() if value is not None})


def contract_said(one: Employment) -> dict[str, Any]:
    person = one.employee.person
    found: dict[str, Any] = {
        "employee": person.number, "name": person.name, "site": person.site.code, "extends": one.extends_id,
    }  # fmt: skip
    found["registered_on"], found["registration"] = one.registered
    names = ("id", "kind", "number", "starts_on", "agreed_until", "ends_on", "probation_months", "signed_on")
    return dict(ContractRow(found | {name: getattr(one, name) for name in names}).data)


def renewal_said(one: Renewal) -> dict[str, Any]:
    found = {
        "employee": one.person.number, "name": one.person.name, "site": one.site.code, "contract": one.employment_id,
        "extension": one.made_id,
    }  # fmt: skip
    names = ("id", "status", "ends_on", "agreed_until", "reason", "memo", "number", "signed_on", "registered_on",
             "registration")  # fmt: skip
    return dict(RenewalRow(found | {name: getattr(one, name) for name in names}).data)


def compensation_said(one: Compensation, user: User) -> dict[str, Any]:
    found: dict[str, Any] = {
        "employee": one.person.number, "name": one.person.name, "site": one.site.code, "contract": one.employment_id,
        "months": str(one.months),
    }  # fmt: skip
    names = ("id", "reference", "starts_on", "ends_on", "status", "paid_on")
    found |= {name: getattr(one, name) for name in names}
    if not has_role(user, WAGE_READERS, site=one.site):
        said = dict(CompensationRow(found).data)
        return {name: value for name, value in said.items() if name not in ("wage", "amount")}
    wage, amount = Decimal(one.wage) if one.wage else one.wage_on(one.ends_on), amount_of(one)
    found |= {"wage": None if wage is None else str(wage), "amount": None if amount is None else str(amount)}
    return dict(CompensationRow(found).data)


def person_of(user: User, number: str) -> Person:
    found = Person.objects.visible_to(user).filter(number=number.strip()).first()
    if found is None:
        raise Invalid(_("There is no employee with this number."), field="employee", code="unknown_employee")
    return found


class Contracts(APIView):
    @extend_schema(
        operation_id="sdm_contracts", parameters=[ContractQuery, AFTER, SIZE],
        responses=paged("ContractPage", ContractRow),
    )  # fmt: skip
    def get(self, request: Request) -> Response:
        """Contracts that one reads; `ends_from` and `ends_to` are both included."""
        user, asked = user_of(request), query_of(request, ContractQuery)
        if not has_role(user, CONTRACT_READERS):
            raise NotAllowed
        rows = Employment.objects.visible_to(user).select_related("employee__person__site", "renewal")
        rows = chosen(rows, asked, "employee__person", "employee__person__site")
        return page(request, rows, lambda found: [contract_said(one) for one in found])

    @extend_schema(
        operation_id="sdm_contract_push", parameters=[KEY], request=ContractPush,
        responses={200: ContractRow, 201: ContractRow},
    )  # fmt: skip
    @idempotent
    def post(self, request: Request) -> Response:
        """Bring in a contract; one that follows a PKWT without a gap extends it. The same again changes nothing.

        Refused: PKWTs beyond the legal limit in all (`pkwt_limit`), probation in one (`pkwt_probation`), two at once.
        """
        user = user_of(request)
        if not has_role(user, KEEPERS):
            raise NotAllowed
        given = ContractPush(data=request.data)
        given.is_valid(raise_exception=True)
        values = dict(given.validated_data)
        person = person_of(user, values.pop("employee"))
        terms = Terms(**values)
        what = pushing.employee_push(
            number=person.number, values={"contract": terms}, actor=user, now=timezone.now()
        )[1]  # fmt: skip
        made = Employment.objects.select_related("employee__person__site").get(
            employee_id=person.pk, starts_on=terms.starts_on
        )
        return Response(contract_said(made), status=200 if what == pushing.UNCHANGED else 201)


class ContractRegister(APIView):
    @extend_schema(
        operation_id="sdm_contract_register", parameters=[KEY], request=RegistrationInput, responses=ContractRow
    )
    @idempotent
    def post(self, request: Request, pk: int) -> Response:
        """A PKWT is registered at the ministry: on which day, by which number, and what shows it. An extension that a
        renewal made is registered there."""
        user = user_of(request)
        found = get_visible(Employment, user, pk)
        if not has_role(user, HI, site=found.employee.person.site):
            raise NotAllowed
        given = RegistrationInput(data=request.data)
        given.is_valid(raise_exception=True)
        made = employment_register(employment_id=pk, actor=user, now=timezone.now(), **given.validated_data)
        return Response(contract_said(made))


def renewals_of(user: User) -> Any:
    if not has_role(user, CONTRACT_READERS):
        raise NotAllowed
    return Renewal.objects.visible_to(user).select_related("employment__employee__person", "site")


class Renewals(APIView):
    @extend_schema(
        operation_id="sdm_renewals", parameters=[RenewalQuery, AFTER, SIZE], responses=paged("RenewalPage", RenewalRow)
    )
    def get(self, request: Request) -> Response:
        """Contracts on their way to an extension, or not (MO 4.1.5)."""
        asked = query_of(request, RenewalQuery)
        rows = chosen(renewals_of(user_of(request)), asked, "employment__employee__person", "site")
        return page(request, rows, lambda found: [renewal_said(one) for one in found])


class RenewalDetail(APIView):
    @extend_schema(operation_id="sdm_renewal", responses=RenewalRow)
    def get(self, request: Request, pk: int) -> Response:
        return Response(renewal_said(get_visible(Renewal, user_of(request), pk)))


TAKES: dict[str, set[str]] = {
    "propose": {"agreed_until", "reason"}, "submit": {"memo"}, "make": {"number"}, "sign": {"signed_on", "file"},
    "register": {"registered_on", "registration"}, "cancel": {"note"}, "refuse": {"note"}, "revise": {"note"},
    "send_back": {"note"}, "decline": {"note"},
}  # fmt: skip
ALSO: dict[str, set[str]] = {"make": {"language", "note"}, "close": {"language", "note"}, "register": {"file", "note"}}


class RenewalTransition(APIView):
    @extend_schema(
        operation_id="sdm_renewal_transition", parameters=[KEY], request=RenewalStep, responses=RenewalRow
    )  # fmt: skip
    @idempotent
    def post(self, request: Request, pk: int, transition: str) -> Response:
        """Make a step: propose, cancel, verify, refuse, submit, revise, check, send_back, make, distribute, sign,
        decline, register, close."""
        user = user_of(request)
        found = get_visible(Renewal, user, pk)
        service = contract_renewals.TRANSITIONS.get(transition)
        if service is None:
            raise Http404
        if not RENEWAL.find(transition).open_to(user, found.site):
            raise NotAllowed
        given = RenewalStep(data=request.data)
        given.is_valid(raise_exception=True)
        needs, takes = TAKES.get(transition, set()), ALSO.get(transition, {"note"})
        values = {name: value for name, value in given.validated_data.items() if name in needs | takes}
        for name in sorted(needs - values.keys()):
            raise Invalid(_("This step needs it."), field=name, code="required")
        service(renewal_id=pk, actor=user, now=timezone.now(), **values)
        return Response(renewal_said(get_visible(Renewal, user, pk)))


class Compensations(APIView):
    @extend_schema(
        operation_id="sdm_compensations", parameters=[CompensationQuery, AFTER, SIZE],
        responses=paged("CompensationPage", CompensationRow),
    )  # fmt: skip
    def get(self, request: Request) -> Response:
        """What is owed at the end of PKWTs. A row's `reference` stays the same: payroll takes it up once."""
        user, asked = user_of(request), query_of(request, CompensationQuery)
        if not has_role(user, COMPENSATION_READERS):
            raise NotAllowed
        rows = Compensation.objects.visible_to(user).select_related("employment__employee__person", "site")
        rows = chosen(rows, asked, "employment__employee__person", "site")
        rows = rows.prefetch_related("employment__employee__wages")
        return page(request, rows, lambda found: [compensation_said(one, user) for one in found])


class CompensationPay(APIView):
    @extend_schema(operation_id="sdm_compensation_pay", parameters=[KEY], request=PayStep, responses=CompensationRow)
    @idempotent
    @transaction.atomic
    def post(self, request: Request, pk: int) -> Response:
        """It is paid: on which day, and what shows it (`text` or `file`)."""
        user = user_of(request)
        found = get_visible(Compensation, user, pk)
        if not COMPENSATION.find("pay").open_to(user, found.site):
            raise NotAllowed
        given = PayStep(data=request.data)
        given.is_valid(raise_exception=True)
        values, now = dict(given.validated_data), timezone.now()
        evidence = evidence_of(found, values, actor=user, now=now)
        contract_wages.compensation_pay(
            compensation_id=pk, paid_on=values["paid_on"], evidence=evidence, actor=user, now=now
        )
        return Response(compensation_said(get_visible(Compensation, user, pk), user))


class Wages(APIView):
    @extend_schema(
        operation_id="sdm_wage_record", parameters=[KEY], request=WageInput,
        responses={200: WageOutput, 201: WageOutput},
    )  # fmt: skip
    @idempotent
    def post(self, request: Request) -> Response:
        """Record what somebody earns from a day on. It is kept encrypted and never answered here."""
        user = user_of(request)
        if not has_role(user, PAYROLL):
            raise NotAllowed
        given = WageInput(data=request.data)
        given.is_valid(raise_exception=True)
        values = dict(given.validated_data)
        person = person_of(user, values.pop("employee"))
        made, new = contract_wages.wage_record(person_id=person.pk, actor=user, now=timezone.now(), **values)
        said = {"employee": person.number, "starts_on": made.starts_on, "new": new}
        return Response(WageOutput(said).data, status=201 if new else 200)
