"""What is dated: transfers, corrections, coming back, contracts."""

from collections.abc import Callable
from typing import Any

from django import forms
from django.http import HttpRequest, HttpResponse
from django.utils import timezone
from django.utils.translation import gettext as _
from django.views.decorators.http import require_http_methods

from occ import form_pages
from occ.errors import NotAllowed
from occ.people.access import get_visible, me
from occ.people.choices import Role
from occ.people.scope import has_role
from occ.times import local_day
from sdm.contracts.forms import RegisterForm
from sdm.contracts.workflow import HI
from sdm.forms import (
    CorrectForm,
    EmploymentForm,
    EndForm,
    ExtendForm,
    RejoinForm,
    TransferForm,
    WithdrawForm,
    terms,
)
from sdm.models import Employee, Employment, Placement
from sdm.personal import KEEPERS, MOVERS
from sdm.services import employees, employments, placements
from sdm.services.contract_registration import employment_register as employment_registered
from sdm.views.people import crumbs


def must(request: HttpRequest, roles: frozenset[Role], employee: Employee) -> None:
    if not has_role(me(request), roles, site=employee.person.site):
        raise NotAllowed


def form_page(
    request: HttpRequest, employee: Employee, form: forms.Form, do: Callable[[dict[str, Any]], object], *, title: str,
    submit: str, done: str,
) -> HttpResponse:  # fmt: skip
    """A form about a person: done and back to their page, or shown again with what was refused."""
    return form_pages.form_page(
        request, form, do, said=done, to=employee, title=title, crumbs=crumbs(employee), submit=submit,
        subtitle=f"{employee.person.name} · {employee.person.number}", cancel_url=employee.get_absolute_url(),
    )  # fmt: skip


@require_http_methods(["GET", "POST"])
def person_transfer(request: HttpRequest, pk: int) -> HttpResponse:
    user, found = me(request), get_visible(Employee, me(request), pk)
    must(request, MOVERS, found)
    person, today = found.person, local_day(timezone.now(), found.person.site.zone)
    here = placements.place_on(pk, today)
    initial = {
        "on": today, "site": person.site, "position": person.position, "team": person.team_on(today),
        "leader": here.leader if here else None,
    }  # fmt: skip
    form = TransferForm(request.POST or None, user=user, initial=initial)
    return form_page(
        request, found, form, title=_("Transfer"), submit=_("Transfer"), done=_("The transfer is recorded."),
        do=lambda data: placements.person_transfer(person_id=pk, actor=user, now=timezone.now(), **data),
    )  # fmt: skip


@require_http_methods(["GET", "POST"])
def person_rejoin(request: HttpRequest, pk: int) -> HttpResponse:
    user, found = me(request), get_visible(Employee, me(request), pk)
    must(request, KEEPERS, found)
    initial = {"site": found.person.site, "position": found.person.position}
    form = RejoinForm(request.POST or None, user=user, initial=initial)
    return form_page(
        request, found, form, title=_("Take on again"), submit=_("Take on again"), done=_("The return is recorded."),
        do=lambda data: employees.employee_rejoin(person_id=pk, actor=user, now=timezone.now(), **data),
    )  # fmt: skip


@require_http_methods(["GET", "POST"])
def placement_correct(request: HttpRequest, pk: int) -> HttpResponse:
    user, row = me(request), get_visible(Placement, me(request), pk)
    must(request, KEEPERS, row.employee)
    initial = {"starts_on": row.starts_on, "site": row.site, "position": row.position, "leader": row.leader}
    form = CorrectForm(request.POST or None, user=user, initial=initial)
    return form_page(
        request, row.employee, form, title=_("Correct a placement"), submit=_("Correct"), done=_("It is put right."),
        do=lambda data: placements.placement_correct(placement_id=pk, actor=user, now=timezone.now(), **data),
    )  # fmt: skip


@require_http_methods(["GET", "POST"])
def placement_withdraw(request: HttpRequest, pk: int) -> HttpResponse:
    user, row = me(request), get_visible(Placement, me(request), pk)
    must(request, MOVERS, row.employee)
    form = WithdrawForm(request.POST or None)
    return form_page(
        request, row.employee, form, title=_("Withdraw what is planned"), submit=_("Withdraw"), done=_("Withdrawn."),
        do=lambda data: placements.placement_withdraw(placement_id=pk, actor=user, now=timezone.now(), **data),
    )  # fmt: skip


@require_http_methods(["GET", "POST"])
def employment_new(request: HttpRequest, pk: int) -> HttpResponse:
    user, found = me(request), get_visible(Employee, me(request), pk)
    must(request, KEEPERS, found)
    form = EmploymentForm(request.POST or None)

    def add(data: dict[str, Any]) -> object:
        data = dict(data)
        made = terms(data, data.pop("starts_on"))
        assert made is not None  # the kind is required
        return employments.employment_add(person_id=pk, terms=made, actor=user, now=timezone.now(), **data)

    return form_page(
        request, found, form, title=_("New contract"), submit=_("Record the contract"), done=_("Recorded."), do=add
    )


@require_http_methods(["GET", "POST"])
def employment_extend(request: HttpRequest, pk: int) -> HttpResponse:
    user, row = me(request), get_visible(Employment, me(request), pk)
    must(request, KEEPERS, row.employee)
    form = ExtendForm(request.POST or None)
    return form_page(
        request, row.employee, form, title=_("Extend the contract"), submit=_("Extend"), done=_("Extended."),
        do=lambda data: employments.employment_extend(employment_id=pk, actor=user, now=timezone.now(), **data),
    )  # fmt: skip


@require_http_methods(["GET", "POST"])
def employment_end(request: HttpRequest, pk: int) -> HttpResponse:
    user, row = me(request), get_visible(Employment, me(request), pk)
    must(request, KEEPERS, row.employee)
    form = EndForm(request.POST or None)
    return form_page(
        request, row.employee, form, title=_("End the contract"), submit=_("End it"), done=_("Recorded."),
        do=lambda data: employments.employment_end(employment_id=pk, actor=user, now=timezone.now(), **data),
    )  # fmt: skip


@require_http_methods(["GET", "POST"])
def employment_register(request: HttpRequest, pk: int) -> HttpResponse:
    user, row = me(request), get_visible(Employment, me(request), pk)
    must(request, HI, row.employee)
    form = RegisterForm(request.POST or None, request.FILES or None)
    return form_page(
        request, row.employee, form, title=_("Register the PKWT at the ministry"), submit=_("Registered"),
        done=_("Recorded."),
        do=lambda data: employment_registered(employment_id=pk, actor=user, now=timezone.now(), **data),
    )  # fmt: skip
