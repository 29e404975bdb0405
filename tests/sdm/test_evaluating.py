"""The month of evaluation from score to payment (SDM-6; MO 4.1.4)."""

from __future__ import annotations

from datetime import UTC, date, datetime, timedelta
from decimal import Decimal
from typing import Any
from zoneinfo import ZoneInfo

import pytest
from django.db import connection
from django.utils import translation

from occ.documents.models import IssuedDocument
from occ.errors import Invalid, NotAllowed, WrongState
from occ.notifications.models import Notification
from occ.obligations.models import Obligation
from occ.people.choices import Role
from occ.people.models import Person, RoleAssignment, User
from occ.policies.services import policy_set
from sdm.contracts.summaries import SUMMARIES
from sdm.evaluating.deadlines import due_at_latest, due_in_days, due_on_day
from sdm.evaluating.policies import APPROVE, CARDS, PAY, REPORT, VALIDATE, scores_rule, telling_rule
from sdm.models import (
    Evaluation,
    EvaluationResult,
    IncentiveScheme,
    PayrollLine,
    PayrollRun,
)
from sdm.services import evaluation_periods, evaluations, incentive_schemes, payroll
from sdm.services.evaluation_reckoning import book_of, reckoned
from tests.factories import Floor, user
from tests.sdm.evaluating import (
    HOUR,
    LONG_AGO,
    MONTH,
    OVER,
    TERMS,
    Told,
    head,
    log_in_of,
    opened,
    payroll_user,
    quality,
    rp,
    scheme,
    told,
)

__all__ = ["told"]
pytestmark = pytest.mark.req("SDM-6")
WIB = ZoneInfo("Asia/Jakarta")
DAY = timedelta(days=1)


def wib(*parts: int) -> datetime:
    return datetime(*parts, tzinfo=WIB)  # type: ignore[arg-type,misc]


def duty(rule: str) -> Obligation:
    return Obligation.objects.filter(rule=rule).latest("pk")


# Deadlines ----------------------------------------------------------------------------------------------------------


@pytest.mark.parametrize(
    ("month", "day", "due"),
    [
        (date(2026, 11, 1), 3, wib(2026, 12, 4)), (date(2026, 12, 1), 1, wib(2027, 1, 2)),
        (date(2027, 1, 1), 31, wib(2027, 3, 1)), (date(2028, 1, 1), 31, wib(2028, 3, 1)),
        (date(2028, 1, 1), 28, wib(2028, 2, 29)),
    ],
)  # fmt: skip
def test_due_at_the_end_of_a_day_of_the_next_month(month: date, day: int, due: datetime) -> None:
    assert due_on_day(month, day, WIB) == due


@pytest.mark.parametrize(
    ("at", "due"),
    [
        (wib(2026, 12, 1, 0, 0), wib(2026, 12, 4)), (wib(2026, 12, 1, 23, 59), wib(2026, 12, 4)),
        (wib(2026, 12, 2, 0, 1), wib(2026, 12, 5)), (wib(2026, 12, 1, 6, 59), wib(2026, 12, 4)),
        (wib(2026, 12, 1, 7, 0), wib(2026, 12, 4)), (wib(2026, 12, 30, 12, 0), wib(2027, 1, 2)),
    ],
)  # fmt: skip
def test_what_came_late_has_its_days(at: datetime, due: datetime) -> None:
    assert due_in_days(at.astimezone(UTC), 2, WIB) == due
    assert due_at_latest(MONTH, 3, at, 2, WIB) == max(due, wib(2026, 12, 4))


# The whole way --------------------------------------------------------------------------------------------------------


def test_from_the_score_to_the_payment(floor: Floor, told: Told) -> None:
    month = opened(floor, told)
    assert month.period.evaluations.count() == 2
    assert duty(scores_rule("team_leader")).due_at == wib(2026, 12, 4)
    assert duty(REPORT).due_at == wib(2026, 12, 6)
    found = month.score(floor.agent, "80")
    # qm 80 x 30, attendance 80 x 20, adherence 75 x 15, attitude 80 x 15, violations and punctuality not known
    assert (found.status, found.total) == ("scored", Decimal("79.06"))
    with pytest.raises(WrongState):  # not all is verified
        month.compile()
    month.verify(floor.agent)
    assert duty(scores_rule("team_leader")).state == "open"
    month.score_all()
    assert duty(scores_rule("team_leader")).state == "fulfilled"
    month.compile()
    assert (duty(REPORT).state, duty(APPROVE).due_at) == ("fulfilled", wib(2026, 12, 8))
    month.approve()
    results = EvaluationResult.objects.all()
    assert [(one.number, one.total, one.amount) for one in results] == [(1, Decimal("79.06"), rp(300_000))] * 2
    month.distribute()
    agent = log_in_of(floor.agent)
    assert Evaluation.objects.visible_to(agent).get().person == floor.agent
    assert IssuedDocument.objects.get().type_code == "LEK"
    assert duty(telling_rule("team_leader")).state == "open"
    signed = month.sign(floor.agent, reply="Terima kasih")
    assert (signed.status, signed.reply, signed.signed_by) == ("signed", "Terima kasih", agent)
    document = IssuedDocument.objects.get(type_code="EKB")
    assert document.signatures.get().user == agent
    other = month.period.evaluations.exclude(person=floor.agent).get()
    evaluations.evaluation_witness(evaluation_id=other.pk, note="Cuti melahirkan, diberi tahu lewat telepon",
                                   actor=floor.leader, now=OVER)  # fmt: skip
    assert duty(telling_rule("team_leader")).state == "fulfilled"
    with pytest.raises(WrongState):  # not validated yet
        payroll.payroll_run(period_id=month.period.pk, actor=payroll_user(), now=OVER)
    month.validate()
    assert (duty(VALIDATE).state, duty(PAY).due_at) == ("fulfilled", wib(2026, 12, 7))
    with pytest.raises(WrongState):  # payroll was given nothing yet
        payroll.period_pay(period_id=month.period.pk, evidence={"text": "x"}, actor=payroll_user(), now=OVER)
    month.pay()
    assert (month.fresh().status, duty(PAY).state) == ("paid", "fulfilled")
    run = PayrollRun.objects.get()
    assert (run.number, run.kind, run.people, run.total) == ("INS/JKT/2026-11/1", "main", 2, rp(600_000))


def test_twice_is_once_and_a_correction_pays_the_difference(floor: Floor, told: Told) -> None:
    month = opened(floor, told)
    month.to("validated")
    first, made = payroll.payroll_run(period_id=month.period.pk, actor=payroll_user(), now=OVER)
    again, made_again = payroll.payroll_run(period_id=month.period.pk, actor=payroll_user(), now=OVER + HOUR)
    assert (made, made_again, first) == (True, False, again)
    assert PayrollLine.objects.count() == 2
    month.sign(floor.agent)
    month.reopen()
    told.say("coaching.qm", floor.agent, 99.0, (96.0, 99.5))  # a calibration that came later
    evaluations.evaluation_reopen(evaluation_id=month.of(floor.agent).pk, note="kalibrasi", actor=quality(), now=OVER)
    month.score(floor.agent, "100")
    month.verify(floor.agent)
    month.compile()
    month.approve()
    assert [one.number for one in month.of(floor.agent).results.all()] == [1, 2]
    assert EvaluationResult.objects.count() == 3  # the other one's is as it was
    month.distribute()
    assert (month.of(floor.agent).status, month.of(floor.agent).signed_at) == ("told", None)
    month.validate()
    second, made = payroll.payroll_run(period_id=month.period.pk, actor=payroll_user(), now=OVER)
    assert (made, second.number, second.kind) == (True, "INS/JKT/2026-11/2", "supplement")
    (line,) = second.lines.all()
    assert (line.before, line.amount, line.result.amount) == (rp(300_000), rp(200_000), rp(500_000))
    month.sign(floor.agent)
    documents = IssuedDocument.objects.filter(type_code="EKB").order_by("pk")
    assert [(one.revision, one.status) for one in documents] == [(0, "superseded"), (1, "valid")]


def test_who_is_left_out_after_the_payment_owes_it_back(floor: Floor, told: Told) -> None:
    month = opened(floor, told)
    own = log_in_of(floor.agent)
    month.to("paid")
    for one in Evaluation.objects.filter(status="told").exclude(person=floor.agent):
        month.sign(one.person)
    month.reopen()
    pk = month.of(floor.agent).pk
    telling = Obligation.objects.open().filter(rule__startswith="sdm.evaluating.telling")
    evaluations.evaluation_reopen(evaluation_id=pk, note="salah orang", actor=quality(), now=OVER)
    assert telling.exists()
    evaluations.evaluation_waive(evaluation_id=pk, note="tidak bekerja", actor=quality(), now=OVER)
    assert not telling.exists()  # nobody is left who is to be told
    month.compile()
    month.approve()
    month.distribute()
    month.validate()
    run, _made = payroll.payroll_run(period_id=month.period.pk, actor=payroll_user(), now=OVER)
    assert [(one.before, one.amount) for one in run.lines.all()] == [(rp(300_000), rp(-300_000))]
    told_of = Notification.objects.get(kind="sdm.evaluation.taken_back")
    assert told_of.user == own and "300" not in f"{told_of.subject} {told_of.body} {told_of.params}"
    assert payroll.payroll_run(period_id=month.period.pk, actor=payroll_user(), now=OVER) == (run, False)


def test_the_no_branches_go_back(floor: Floor, told: Told) -> None:
    month = opened(floor, told)
    month.score(floor.agent)
    pk = month.of(floor.agent).pk
    with pytest.raises(Invalid):
        evaluations.evaluation_refuse(evaluation_id=pk, note=" ", actor=quality(), now=OVER)
    evaluations.evaluation_refuse(evaluation_id=pk, note="Catatan kosong", actor=quality(), now=OVER)
    assert month.of(floor.agent).status == "sent_back"
    told_leader = Notification.objects.filter(user=floor.leader, kind="sdm.evaluation.returned")
    with translation.override("id"):
        assert "Catatan kosong" in told_leader.get().subject
    month.to("reported")
    with pytest.raises(Invalid):
        evaluation_periods.period_refuse(period_id=month.period.pk, note="", actor=floor.manager, now=OVER)
    evaluation_periods.period_refuse(period_id=month.period.pk, note="Rata-rata janggal", actor=floor.manager, now=OVER)
    assert (month.fresh().status, duty(REPORT).state) == ("sent_back", "open")
    assert duty(REPORT).due_at == wib(2026, 12, 4)
    month.compile()
    month.approve()
    month.distribute()
    evaluation_periods.period_reject(period_id=month.period.pk, note="QM belum final", actor=head(), now=OVER)
    assert (month.fresh().status, duty(VALIDATE).state) == ("sent_back", "fulfilled")
    assert EvaluationResult.objects.count() == 2
    month.compile()
    month.approve()
    assert EvaluationResult.objects.count() == 2  # nothing is other than it was kept


# What is reckoned -----------------------------------------------------------------------------------------------------


def test_each_is_reckoned_as_alone_whoever_else_there_is(floor: Floor, told: Told) -> None:
    month = opened(floor, told, people=5)
    for n, one in enumerate(Person.objects.filter(site=floor.jkt, position="Agent").order_by("-pk")):
        told.say("coaching.qm", one, 71.5 + 4 * n)
        told.say("realtime.rotg", one, float(n))
    month.score_all()
    book = book_of(month.period)
    alone = {one.pk: reckoned(one, book) for one in Evaluation.objects.order_by("-pk")}
    month.compile()
    assert {one.pk: one.reckoned for one in Evaluation.objects.all()} == alone
    assert len({one["total"] for one in alone.values()}) == 5


def test_the_interval_stands_beside_a_figure_that_pays(floor: Floor, told: Told) -> None:
    month = opened(floor, told)
    content = month.score(floor.agent).reckoned
    qm = next(one for one in content["components"] if one["key"] == "coaching.qm")
    assert (qm["value"], qm["interval"], qm["points"]) == ("90.0000", ["86.5000", "93.0000"], "80.00")
    unknown = next(one for one in content["components"] if one["key"] == "realtime.login_accuracy")
    assert (unknown["value"], unknown["points"], unknown["share"]) == (None, None, None)


def test_without_enough_known_there_is_no_total(floor: Floor, told: Told) -> None:
    month = opened(floor, told)
    told.values.clear()
    assert month.score(floor.agent).total is None
    with pytest.raises(Invalid):
        month.verify(floor.agent)
    evaluations.evaluation_waive(evaluation_id=month.of(floor.agent).pk, note="Cuti sebulan", actor=quality(), now=OVER)
    assert month.of(floor.agent).status == "waived"


def test_figures_that_went_before_the_report_stop_it_and_are_named(floor: Floor, told: Told) -> None:
    month = opened(floor, told)
    month.score_all()
    told.values.clear()
    with pytest.raises(Invalid, match=floor.agent.name):
        month.compile()
    assert month.fresh().status == "collecting"


def test_the_policies_of_the_month_count_and_not_todays(floor: Floor, told: Told) -> None:
    month = opened(floor, told)
    rows = [{"key": "one", "positions": "Agent", "component": "judged.work", "weight": 1, "zero": 0, "full": 100}]
    policy_set(key=CARDS, value=rows, valid_from=OVER, reason="baru", site=None, actor=floor.manager, now=OVER)
    assert month.score(floor.agent).total == Decimal("79.06")


@pytest.mark.parametrize(
    ("judged", "field"),
    [
        ({}, "judged"), ({"judged.attitude": "80", "judged.work": "1"}, "judged"),
        ({"judged.attitude": "101"}, "judged.attitude"), ({"judged.attitude": "-1"}, "judged.attitude"),
        ({"judged.attitude": "80.001"}, "judged.attitude"), ({"judged.attitude": "NaN"}, "judged.attitude"),
        ({"judged.attitude": None}, "judged.attitude"),
    ],
)  # fmt: skip
def test_scores_that_cannot_be_are_refused(floor: Floor, told: Told, judged: dict[str, Any], field: str) -> None:
    month = opened(floor, told)
    with pytest.raises(Invalid) as refused:
        evaluations.evaluation_score(
            evaluation_id=month.of(floor.agent).pk, judged=judged, actor=floor.leader, now=OVER
        )  # fmt: skip
    assert refused.value.field == field and month.of(floor.agent).status == "due"


# Schemes ------------------------------------------------------------------------------------------------------------


def test_a_scheme_is_drafted_by_payroll_and_published_by_another(floor: Floor) -> None:
    given: dict[str, Any] = {"name": "A", "starts_on": date(2026, 12, 15), "terms": TERMS, "reason": "x", "now": OVER}
    with pytest.raises(NotAllowed):
        incentive_schemes.scheme_draft(site=floor.jkt, actor=floor.manager, **given)
    both = user(Role.HR_PAYROLL, floor.jkt, name="both.pay")
    RoleAssignment.objects.create(user=both, role=Role.MANAGER, site=floor.jkt, starts_on="2020-01-01")
    made = incentive_schemes.scheme_draft(site=floor.jkt, actor=both, **given)
    assert (made.number, made.starts_on) == (1, date(2026, 12, 1))
    with pytest.raises(NotAllowed):
        incentive_schemes.scheme_publish(scheme_id=made.pk, actor=both, now=OVER)
    seen = made.drafted_at.isoformat()
    incentive_schemes.scheme_change(
        scheme_id=made.pk, actor=payroll_user(), **given | {"name": "B", "now": OVER + HOUR}
    )
    with pytest.raises(WrongState):  # another draft than was read
        incentive_schemes.scheme_publish(scheme_id=made.pk, seen=seen, actor=floor.manager, now=OVER)
    with pytest.raises(Invalid):  # its month is over by then
        incentive_schemes.scheme_publish(scheme_id=made.pk, actor=floor.manager, now=wib(2027, 1, 1))
    incentive_schemes.scheme_publish(scheme_id=made.pk, actor=floor.manager, now=wib(2026, 12, 31, 23, 59))
    with pytest.raises(WrongState):
        incentive_schemes.scheme_change(scheme_id=made.pk, actor=payroll_user(), **given)
    for change in ({"name": " "}, {"reason": ""}, {"starts_on": date(2026, 11, 30)}, {"terms": {}}):
        with pytest.raises(Invalid):
            incentive_schemes.scheme_draft(site=floor.jkt, actor=payroll_user(), **given | change)


def test_the_scheme_in_force_is_the_one_that_began_last(floor: Floor) -> None:
    old, new = scheme(floor), scheme(floor, starts_on=date(2026, 6, 1), name="Juni")
    incentive_schemes.scheme_draft(
        site=floor.jkt, name="konsep", starts_on=date(2026, 2, 1), terms=TERMS, reason="x", actor=payroll_user(),
        now=LONG_AGO,
    )  # fmt: skip
    asked = IncentiveScheme.objects.in_force
    assert asked(floor.jkt, date(2026, 5, 1)) == old and asked(floor.jkt, date(2026, 6, 1)) == new
    assert asked(floor.jkt, date(2025, 12, 1)) is None and asked(floor.ygy, MONTH) is None


def test_what_if_tells_old_new_and_difference_and_changes_nothing(floor: Floor, told: Told) -> None:
    month = opened(floor, told)
    told.say("coaching.qm", floor.agent, 95.0)
    told.say("realtime.attendance", floor.agent, 80.0)
    month.to("reported")
    with connection.cursor() as cursor:
        cursor.execute("SELECT pg_current_xact_id()")
    before = list(Evaluation.objects.order_by("pk").values())
    bands = [{"basis": "total", "least": "50", "percent": "100"}]
    terms = incentive_schemes.terms_of(TERMS | {"bands": bands}, demands=incentive_schemes.CONDITIONS)
    trial = incentive_schemes.scheme_try(terms, month.period)
    by_person = {one.evaluation.person: one for one in trial.rows}
    mine = by_person[floor.agent]
    assert (mine.old, mine.new) == (rp(0), rp(250_000))  # 71.25 points; half stays for attendance
    assert (trial.old, trial.new, trial.difference, trial.changed) == (rp(300_000), rp(750_000), rp(450_000), 2)
    assert list(Evaluation.objects.order_by("pk").values()) == before
    same = incentive_schemes.scheme_try(incentive_schemes.terms_in(month.period.scheme), month.period)
    assert same.difference == 0 and same.changed == 0


# Today --------------------------------------------------------------------------------------------------------------


def turns(who: User) -> list[str]:
    from occ.workflow.turns import turns_for

    fresh = User.objects.get(pk=who.pk)
    return [one.what_next for one in turns_for(fresh)]


def test_today_shows_whose_turn_it_is(floor: Floor, told: Told) -> None:
    month = opened(floor, told)
    with translation.override("en"):
        own = log_in_of(floor.agent)
        assert turns(floor.leader) == ["Score", "Score"]
        assert turns(quality()) == ["Make the report"] and not turns(own)
        month.score(floor.agent)
        assert "Complete and as needed: verify" in turns(quality())
        assert "Complete and as needed: verify" not in turns(floor.coordinator)
        month.to("reported")
        assert turns(floor.manager) == ["Decide"]
        month.approve()
        assert turns(quality()) == ["Distribute the evaluations"]
        month.distribute()
        assert turns(own) == ["I was told, and sign"] and turns(head()) == ["As it should be: validate"]
        month.validate()
        assert turns(payroll_user()) == ["Incentive is paid"]
        month.pay()
        assert not turns(payroll_user()) and not turns(quality())


@pytest.mark.req("SDM-7")
def test_a_renewal_is_shown_the_approved_totals_and_no_amount(floor: Floor, told: Told) -> None:
    month, one = opened(floor, told), floor.agent

    def shown(first: date = MONTH, last: date = MONTH) -> list[tuple[str, str, str]]:
        return [(said.label, said.value, said.note) for said in SUMMARIES["evaluation"].lines(one, first, last)]

    with translation.override("en"):
        assert shown() == [("Total", "–", "no evaluation")]  # what is not approved is not told
        month.to("approved")
        total = month.of(one).results.get().total
        words = f"{total.normalize():f}"
        assert shown() == [("Mean of the totals", words, "1 month"), ("November 2026", words, "")]
        assert shown(date(2026, 11, 30), date(2026, 12, 31))[0][1] == words  # the month in which the contract began
        assert shown(date(2026, 12, 1), date(2026, 12, 31)) == [("Total", "–", "no evaluation")]
