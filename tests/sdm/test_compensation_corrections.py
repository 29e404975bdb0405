"""A compensation that was paid and is put right later: a difference beside it, never the row rewritten (SDM-7)."""

from __future__ import annotations

from datetime import date, timedelta
from decimal import Decimal
from functools import partial
from typing import Any

import pytest
from django.db import InternalError, connection, transaction
from django.test import Client
from django.urls import reverse
from django.utils import timezone

from occ.errors import Invalid, NotAllowed, WrongState
from occ.ledger.models import Entry
from occ.obligations.models import Obligation
from occ.people import lifecycle
from occ.people.choices import LeavingReason, Role
from occ.people.models import User
from occ.workflow.turns import turns_for
from sdm.contracts.policies import CORRECT, SETTLE
from sdm.contracts.workflow import CORRECTION
from sdm.models import Compensation, CompensationCorrection
from sdm.services import compensation_corrections as services
from sdm.services import contract_wages, employments
from sdm.views.compensation_corrections import columns, line, rows_of
from tests.factories import NOW, Floor, user
from tests.sdm.conftest import Hire
from tests.sdm.contracts import elsewhere, paid
from tests.sdm.test_contract_wages import YEAR

pytestmark = pytest.mark.req("SDM-7")
LATER = NOW + timedelta(days=20)  # the term ended on 30 November
PAID = date(2026, 12, 1)


@pytest.fixture
def payroll(floor: Floor) -> User:
    return user(Role.HR_PAYROLL)


@pytest.fixture
def row(hire: Hire, payroll: User) -> Compensation:
    """Twelve months at five million, paid."""
    employee = hire(joined_on=YEAR.starts_on, contract=YEAR)
    contract_wages.compensations_keep(now=NOW)
    paid(employee, 5_000_000)
    found = Compensation.objects.get()
    contract_wages.compensation_pay(
        compensation_id=found.pk, paid_on=PAID, evidence={"text": "TRF-1"}, actor=payroll, now=LATER
    )
    found.refresh_from_db()
    return found


def wage(row: Compensation, amount: int, since: date = date(2024, 1, 1)) -> None:
    contract_wages.wage_record(
        person_id=row.person_id, starts_on=since, amount=Decimal(amount), note="dikoreksi",
        actor=user(Role.HR_PAYROLL), now=LATER,
    )  # fmt: skip


def duties() -> list[str]:
    rows = Obligation.objects.open().filter(rule__in=[CORRECT, SETTLE])
    return list(rows.values_list("rule", flat=True))


def settle(found: CompensationCorrection, actor: User, **more: Any) -> CompensationCorrection:
    given: dict[str, Any] = {"paid_on": LATER.date(), "evidence": {"text": "TRF-2"}} | more
    return services.correction_settle(correction_id=found.pk, actor=actor, now=LATER, **given)


def test_a_wage_put_right_is_a_supplement_with_its_own_approval(row: Compensation, hr: User, payroll: User) -> None:
    kept = (row.amount, row.wage, row.ends_on, row.paid_on)
    wage(row, 5_000_000, since=date(2026, 12, 1))  # after the term: nothing
    assert not row.corrections.exists()
    wage(row, 6_000_000)
    found = row.corrections.get()
    assert (found.rupiah, found.owed, found.before, duties()) == (1_000_000, "6000000", "5000000", [CORRECT])
    assert any(found.get_absolute_url() == one.url for one in turns_for(hr))
    with pytest.raises(WrongState), transaction.atomic():
        settle(found, payroll)
    with pytest.raises(NotAllowed), transaction.atomic():
        services.correction_approve(correction_id=found.pk, actor=payroll, now=LATER)
    services.correction_approve(correction_id=found.pk, actor=hr, now=LATER)
    assert duties() == [SETTLE]
    both = elsewhere(Role.HR_PAYROLL, row.site)
    CompensationCorrection.objects.filter(pk=found.pk).update(approved_by=both)
    with pytest.raises(NotAllowed), transaction.atomic():  # who approved it
        settle(found, both)
    with pytest.raises(Invalid), transaction.atomic():
        settle(found, payroll, evidence={})
    settle(found, payroll)
    row.refresh_from_db()
    assert (row.amount, row.wage, row.ends_on, row.paid_on) == kept and duties() == []
    assert services.paid_so_far(row) == 6_000_000
    contract_wages.compensations_follow(person=row.person, now=LATER)
    assert row.corrections.count() == 1
    wage(row, 5_500_000)  # and back by half of it: less what was paid in all
    assert [one.rupiah for one in row.corrections.order_by("pk")] == [1_000_000, -500_000]
    with connection.cursor() as cursor:
        cursor.execute("SELECT row_to_json(h)::text FROM sdm_historicalcompensationcorrection h")
        assert all("6000000" not in text for (text,) in cursor.fetchall())
    assert not Entry.objects.filter(data__icontains="6000000").exists()


def test_a_sooner_end_is_claimed_back_and_void_when_it_was_not(row: Compensation, hr: User) -> None:
    lifecycle.person_leave(
        person_id=row.person_id, last_working_day=date(2026, 5, 31), reason=LeavingReason.RESIGNATION, actor=hr,
        now=LATER,
    )  # fmt: skip
    found = row.corrections.get()
    assert (found.rupiah, found.ends_on, found.months) == (-2_500_000, date(2026, 5, 31), 6)
    services.correction_approve(correction_id=found.pk, actor=hr, now=LATER)
    lifecycle.person_stay(person_id=row.person_id, note="batal", actor=hr, now=LATER)
    found.refresh_from_db()
    assert (found.status, duties()) == ("void", [])
    with pytest.raises(InternalError), transaction.atomic():
        found.delete()


def test_what_was_refused_comes_again_only_when_something_else_is_reckoned(row: Compensation, hr: User) -> None:
    employments.employment_end(
        employment_id=row.employment_id, ends_on=date(2026, 10, 31), note="salah tanggal", actor=hr, now=LATER
    )
    found = row.corrections.get()
    with pytest.raises(Invalid), transaction.atomic():
        services.correction_refuse(correction_id=found.pk, note=" ", actor=hr, now=LATER)
    services.correction_refuse(correction_id=found.pk, note="Perusahaan melepas", actor=hr, now=LATER)
    contract_wages.compensations_follow(person=row.person, now=LATER)
    assert (row.corrections.count(), duties()) == (1, [])
    wage(row, 6_000_000)
    assert row.corrections.latest("pk").rupiah == 500_000  # eleven twelfths of six million, less five


def test_its_pages(row: Compensation, hr: User, payroll: User) -> None:
    wage(row, 6_000_000)
    found, client = row.corrections.get(), Client()
    client.force_login(hr)
    assert found.get_absolute_url() in client.get(row.get_absolute_url()).content.decode()
    page = client.get(found.get_absolute_url()).content.decode()
    assert "Rp 1.000.000" in page and "Rp 6.000.000" in page
    step = found.get_absolute_url()
    assert client.post(f"{step}approve/").status_code == 302
    client.force_login(payroll)
    assert client.post(f"{step}settle/", {"paid_on": "besok"}).status_code == 422
    given = {"paid_on": NOW.date().isoformat(), "text": "TRF-9"}
    assert client.post(f"{step}settle/", given).status_code == 302
    found.refresh_from_db()
    assert found.status == "settled"


def test_every_step_by_every_role(floor: Floor, row: Compensation) -> None:
    """Of each state every role at either site tries every step; only those that the flow names get through."""
    wage(row, 6_000_000)
    found = row.corrections.get()

    def tried(name: str, actor: User) -> None:
        if name == "settle":
            settle(found, actor)
        elif name == "refuse":
            services.correction_refuse(correction_id=found.pk, note="Perusahaan melepas", actor=actor, now=LATER)
        else:
            services.correction_approve(correction_id=found.pk, actor=actor, now=LATER)

    may = {"approve": Role.HR_RELATIONS, "refuse": Role.HR_RELATIONS, "settle": Role.HR_PAYROLL}
    actors = {(role, where): elsewhere(role, where) for role in Role for where in (floor.jkt, floor.ygy)}
    for state, onward in (("proposed", "approve"), ("agreed", "settle"), ("settled", "")):
        assert CompensationCorrection.objects.get().status == state
        open_here = {one.name for one in CORRECTION.transitions if state in one.source}
        for name, wanted in may.items():
            for (role, where), actor in actors.items():
                if name in open_here and role == wanted and where == row.site:
                    continue
                with pytest.raises((NotAllowed, WrongState)), transaction.atomic():
                    tried(name, actor)
        if onward:
            tried(onward, actors[may[onward], row.site])
    assert {one.name for one in CORRECTION.transitions if not one.by_roles} == {"void"}


@pytest.mark.req("SDM-11")
def test_list_export_and_api_tell_the_same_and_money_to_few(row: Compensation, hr: User, payroll: User) -> None:
    wage(row, 6_000_000)
    found = row.corrections.get()
    office, desk, audit = Client(), Client(), Client()
    auditor = user(Role.AUDITOR)
    for client, who in ((office, hr), (desk, payroll), (audit, auditor)):
        client.force_login(who)
    listed = reverse("sdm:compensation_corrections")
    assert "1.000.000" in desk.get(listed, {"status": "open"}).content.decode()
    assert "1.000.000" not in audit.get(listed).content.decode()
    assert found.get_absolute_url() not in desk.get(listed, {"status": "settled"}).content.decode()
    assert listed in desk.get(reverse("sdm:compensations")).content.decode()
    exported = dict(zip([one.label for one in columns()], line(rows_of(payroll, LATER).get()), strict=True))
    url = reverse("api:sdm-compensation-corrections")
    (said,) = desk.get(url, {"status": "proposed"}).json()["results"]
    assert said["reference"] == exported["Nomor acuan"] == f"{row.reference}-{found.pk}"
    assert Decimal(said["amount"]) == exported["Selisih"] == 1_000_000
    assert not {"wage", "owed", "before", "amount"} & audit.get(url).json()["results"][0].keys()
    step = partial(reverse, "api:sdm-compensation-correction-transition")
    key = {"HTTP_IDEMPOTENCY_KEY": "selisih-1"}
    assert office.post(step(args=[found.pk, "approve"]), {}, **key).json()["status"] == "agreed"
    refused = desk.post(step(args=[found.pk, "settle"]), {"text": "TRF"}, HTTP_IDEMPOTENCY_KEY="selisih-2")
    assert (refused.status_code, refused.json()["field"]) == (422, "paid_on")
    given = {"text": "TRF-9", "paid_on": timezone.localdate().isoformat()}
    paid_now = desk.post(step(args=[found.pk, "settle"]), given, HTTP_IDEMPOTENCY_KEY="selisih-3")
    assert paid_now.json()["settled_on"] == given["paid_on"]
    assert desk.post(step(args=[found.pk, "void"]), {}, HTTP_IDEMPOTENCY_KEY="selisih-4").status_code == 404
