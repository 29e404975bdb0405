"""Wages kept encrypted, and compensations at the end of PKWTs (SDM-7; PP 35/2021 art. 15-17)."""

from __future__ import annotations

from datetime import date, timedelta
from decimal import Decimal
from typing import Any

import pytest
from django.contrib.contenttypes.models import ContentType
from django.db import IntegrityError, connection, transaction

from occ.errors import Invalid, NotAllowed, WrongState
from occ.ledger.models import Entry
from occ.obligations.models import Obligation
from occ.people import lifecycle
from occ.people.choices import LeavingReason, Role
from occ.people.models import User
from occ.workflow.models import WorkflowStep
from sdm.contracts.choices import CompensationStatus as C
from sdm.contracts.policies import COMPENSATE
from sdm.contracts.workflow import COMPENSATION
from sdm.models import Compensation, Employment, Wage
from sdm.services import contract_wages as services
from sdm.services import employments, leavings
from sdm.services.employments import Terms
from tests.factories import DAY, NOW, Floor, user
from tests.sdm.conftest import Hire, hiring
from tests.sdm.contracts import elsewhere, paid
from tests.userids.test_ladder import in_threads

pytestmark = pytest.mark.req("SDM-7")
END = DAY + timedelta(days=10)
YEAR = Terms("pkwt", date(2025, 12, 1), date(2026, 11, 30))  # twelve months, ended ten days after NOW


@pytest.fixture
def payroll(floor: Floor) -> User:
    return user(Role.HR_PAYROLL)


@pytest.fixture
def row(hire: Hire) -> Compensation:
    employee = hire(joined_on=date(2025, 12, 1), contract=YEAR)
    services.compensations_keep(now=NOW)
    return Compensation.objects.get(employment__employee=employee)


def pay(row: Compensation, actor: User, **more: Any) -> Compensation:
    given: dict[str, Any] = {"paid_on": DAY, "evidence": {"text": "TRF-1"}, "now": NOW} | more
    return services.compensation_pay(compensation_id=row.pk, actor=actor, **given)


# Wages ---------------------------------------------------------------------------------------------------------------


def test_a_wage_is_kept_encrypted_and_stands_neither_in_history_nor_in_the_ledger(hire: Hire, payroll: User) -> None:
    employee = hire()
    paid(employee, 7_654_321)
    assert Wage.objects.get().rupiah == Decimal(7_654_321)
    with connection.cursor() as cursor:
        cursor.execute("SELECT amount FROM sdm_wage")
        assert "7654321" not in cursor.fetchone()[0]
        cursor.execute("SELECT row_to_json(h)::text FROM sdm_historicalwage h")
        assert "7654321" not in cursor.fetchone()[0]
    assert "7654321" not in str(Entry.objects.get(action="wage.recorded").data)


def test_a_wage_again_is_nothing_new_and_another_one_needs_a_reason(hire: Hire, payroll: User) -> None:
    given: dict[str, Any] = {"person_id": hire().pk, "starts_on": DAY, "actor": payroll, "now": NOW}
    assert services.wage_record(amount=Decimal("5000000.50"), **given)[1]
    assert not services.wage_record(amount=Decimal("5000000.5"), **given)[1]
    with pytest.raises(Invalid, match="Upah lain") as refused:
        services.wage_record(amount=Decimal(6_000_000), **given)
    assert refused.value.field == "note"
    assert services.wage_record(amount=Decimal(6_000_000), note="salah ketik", **given)[0].rupiah == 6_000_000
    assert Wage.objects.count() == 1


@pytest.mark.parametrize("amount", ["0", "-1", "1000000001", "1.005", "NaN", "Infinity"])
def test_what_is_no_wage_is_refused(hire: Hire, payroll: User, amount: str) -> None:
    with pytest.raises(Invalid):
        services.wage_record(person_id=hire().pk, starts_on=DAY, amount=Decimal(amount), actor=payroll, now=NOW)


def test_only_payroll_of_the_site_records_wages_and_nobody_the_own(floor: Floor, hire: Hire, payroll: User) -> None:
    employee = hire()
    given: dict[str, Any] = {"person_id": employee.pk, "starts_on": DAY, "amount": Decimal(5_000_000), "now": NOW}
    for actor in (user(Role.HR_RELATIONS), elsewhere(Role.HR_PAYROLL, floor.ygy)):
        with pytest.raises(NotAllowed):
            services.wage_record(actor=actor, **given)
    payroll.person_id = employee.pk
    with pytest.raises(NotAllowed):
        services.wage_record(actor=payroll, **given)


# Compensations -------------------------------------------------------------------------------------------------------


def test_it_is_opened_two_weeks_before_the_end_and_once(hire: Hire) -> None:
    hire(joined_on=date(2025, 12, 1), contract=Terms("pkwt", date(2025, 12, 1), DAY + timedelta(days=15)))
    assert services.compensations_keep(now=NOW) == 0
    assert services.compensations_keep(now=NOW + timedelta(days=1)) == 1
    assert services.compensations_keep(now=NOW + timedelta(days=1)) == 0
    duty = Obligation.objects.get(rule=COMPENSATE)
    assert duty.due_at.isoformat() == "2026-12-05T17:00:00+00:00"  # the end of 5 December in Jakarta


def test_what_beat_slept_through_is_opened_late_and_what_is_long_over_is_not(hire: Hire) -> None:
    for days in (3, 62, 63):
        hire(joined_on=date(2024, 1, 1), contract=Terms("pkwt", date(2024, 1, 1), DAY - timedelta(days=days)))
    assert services.compensations_keep(now=NOW) == 2
    assert Obligation.objects.filter(rule=COMPENSATE, cause="late_notice").count() == 2


@pytest.mark.parametrize(("first", "opened"), [(date(2026, 11, 1), True), (date(2026, 11, 2), False)])
def test_less_than_a_month_owes_nothing(hire: Hire, first: date, opened: bool) -> None:
    hire(joined_on=first, contract=Terms("pkwt", first, date(2026, 11, 30)))
    services.compensations_keep(now=NOW)
    assert Compensation.objects.exists() is opened


def test_each_term_is_owed_by_itself_also_a_short_extension(hire: Hire, hr: User) -> None:
    held = hire(joined_on=date(2025, 12, 1), contract=YEAR).employments.get()
    until = date(2026, 12, 10)
    employments.employment_extend(employment_id=held.pk, agreed_until=until, actor=hr, now=NOW)
    services.compensations_keep(now=NOW)
    services.compensations_keep(now=NOW + timedelta(days=12))
    assert [one.months for one in Compensation.objects.order_by("ends_on")] == [Decimal(12), Decimal("0.3226")]


def test_the_amount_follows_the_wage_at_the_end_until_it_is_paid(row: Compensation, payroll: User) -> None:
    assert services.amount_of(row) is None
    with pytest.raises(WrongState, match="belum tercatat"):
        pay(row, payroll)
    employee = row.employment.employee
    paid(employee, 4_800_000)
    paid(employee, 6_000_000, since=date(2026, 11, 1))
    paid(employee, 9_000_000, since=date(2026, 12, 1))
    row = Compensation.objects.get()
    assert services.amount_of(row) == 6_000_000
    done = pay(row, payroll, paid_on=date(2026, 11, 25), now=NOW + timedelta(days=9))
    assert (done.status, done.amount, done.wage) == (C.PAID, "6000000", "6000000.00")
    services.wage_record(
        person_id=employee.pk, starts_on=date(2026, 11, 1), amount=Decimal(1), note="x", actor=payroll, now=NOW
    )
    assert services.amount_of(Compensation.objects.get()) == 6_000_000
    duty = Obligation.objects.get(rule=COMPENSATE)
    assert (duty.state, duty.on_time) == ("fulfilled", True)


def test_it_is_paid_neither_tomorrow_nor_weeks_before(row: Compensation, payroll: User) -> None:
    paid(row.employment.employee)
    for paid_on in (DAY + timedelta(days=1), DAY - timedelta(days=20)):
        with pytest.raises(Invalid) as refused:
            pay(row, payroll, paid_on=paid_on)
        assert refused.value.field == "paid_on"


def test_who_leaves_sooner_is_owed_until_then_and_who_stays_as_before(row: Compensation, hr: User) -> None:
    last = date(2026, 11, 24)
    made = leavings.leaving_record(
        person_id=row.person_id, last_working_day=last, reason=LeavingReason.RESIGNATION, actor=hr, now=NOW
    )
    row.refresh_from_db()
    assert (row.ends_on, row.months) == (last, Decimal("11.8000"))
    assert Obligation.objects.get(rule=COMPENSATE).due_at.date() == last
    leavings.leaving_withdraw(leaving_id=made.pk, note="tetap", actor=hr, now=NOW)
    row.refresh_from_db()
    assert (row.ends_on, row.months) == (date(2026, 11, 30), Decimal(12))


def test_who_leaves_in_the_first_month_is_owed_nothing_until_they_stay_after_all(hire: Hire, hr: User) -> None:
    employee = hire(joined_on=date(2026, 11, 1), contract=Terms("pkwt", date(2026, 11, 1), date(2026, 12, 2)))
    services.compensations_keep(now=NOW)
    row = Compensation.objects.get()
    made = leavings.leaving_record(
        person_id=employee.pk, last_working_day=DAY, reason=LeavingReason.RESIGNATION, actor=hr, now=NOW
    )
    row.refresh_from_db()
    assert row.status == C.VOID
    assert Obligation.objects.get(rule=COMPENSATE).state == "cancelled"
    leavings.leaving_withdraw(leaving_id=made.pk, note="tetap", actor=hr, now=NOW)
    row.refresh_from_db()
    assert (row.status, row.ends_on) == (C.DUE, date(2026, 12, 2))
    assert Obligation.objects.get(rule=COMPENSATE, state="open").due_at.date() == date(2026, 12, 2)


def test_who_died_or_was_dismissed_is_owed_too(hire: Hire, hr: User) -> None:
    employee = hire(joined_on=date(2026, 1, 1), contract=Terms("pkwt", date(2026, 1, 1), date(2027, 12, 31)))
    lifecycle.person_leave(
        person_id=employee.pk, last_working_day=DAY - timedelta(days=2), reason=LeavingReason.DEATH, actor=hr, now=NOW
    )
    lifecycle.announce_left(now=NOW)
    services.compensations_keep(now=NOW)
    assert Compensation.objects.get().ends_on == DAY - timedelta(days=2)


def test_every_step_by_every_role(floor: Floor, row: Compensation) -> None:
    paid(row.employment.employee)
    kind = ContentType.objects.get_for_model(row)
    steps = WorkflowStep.objects.filter(content_type=kind, object_id=row.pk)
    before = steps.count()
    for role in Role:
        for where in (floor.jkt, floor.ygy):
            actor, allowed = elsewhere(role, where), role == Role.HR_PAYROLL and where == floor.jkt
            if not allowed:
                with pytest.raises(NotAllowed), transaction.atomic():
                    pay(row, actor, paid_on=date(2026, 11, 24), now=NOW + timedelta(days=4))
                assert steps.count() == before
    actor = elsewhere(Role.HR_PAYROLL, floor.jkt)
    with pytest.raises(Invalid), transaction.atomic():
        pay(row, actor, paid_on=date(2026, 11, 24), now=NOW + timedelta(days=4), evidence={})
    pay(row, actor, paid_on=date(2026, 11, 24), now=NOW + timedelta(days=4))
    with pytest.raises(WrongState):
        pay(row, actor, paid_on=date(2026, 11, 24), now=NOW + timedelta(days=4))
    assert {one.name for one in COMPENSATION.transitions if not one.by_roles} == {"void", "owe"}


def test_two_at_once_pay_once(live_floor: Floor) -> None:
    hire = hiring(live_floor, user(Role.HR_RELATIONS))
    employee = hire(joined_on=date(2025, 12, 1), contract=YEAR)
    services.compensations_keep(now=NOW)
    paid(employee)
    row, payroll = Compensation.objects.get(), user(Role.HR_PAYROLL)
    results = in_threads(2, lambda: pay(row, payroll, paid_on=date(2026, 11, 24), now=NOW + timedelta(days=4)))
    assert sorted(type(one).__name__ for one in results) == ["Compensation", "WrongState"]


def test_the_database_keeps_what_was_paid_complete(row: Compensation) -> None:
    with pytest.raises(IntegrityError, match="compensation_paid_has_amount"), transaction.atomic():
        Compensation.objects.filter(pk=row.pk).update(status="paid", paid_on=DAY)


@pytest.mark.parametrize("how", ["leaves", "ended"])
def test_an_end_recorded_long_after_it_was_is_owed_for_too(hire: Hire, hr: User, how: str) -> None:
    one = hire(contract=Terms("pkwt", date(2025, 1, 1), DAY + timedelta(days=30)))
    last = DAY - timedelta(days=100)
    if how == "leaves":
        leavings.leaving_record(
            person_id=one.pk, last_working_day=last, reason=LeavingReason.RESIGNATION, actor=hr, now=NOW
        )
    else:
        found = one.employments.get()
        employments.employment_end(employment_id=found.pk, ends_on=last, note="Lewat", actor=hr, now=NOW)
    assert Compensation.objects.get().ends_on == last
    assert Obligation.objects.get(rule=COMPENSATE).breached_at is not None


def test_what_is_void_does_not_keep_what_is_owed_from_being_put_right(
    hire: Hire, hr: User, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setattr(services, "AT_ONCE", 1)
    first, last = DAY - timedelta(days=20), DAY + timedelta(days=5)
    void, due = (hire(joined_on=DAY - timedelta(days=400), contract=Terms("pkwt", DAY - timedelta(days=400), last))
                 for _n in range(2))  # fmt: skip
    for _n in range(2):
        services.compensations_keep(now=NOW)
    Compensation.objects.filter(employment__employee=void).update(status="void")
    Employment.objects.filter(employee=void).update(starts_on=first)  # of less than a month: void it stays
    Employment.objects.filter(employee=due).update(ends_on=DAY)
    services.compensations_keep(now=NOW)
    assert Compensation.objects.get(employment__employee=due).ends_on == DAY
