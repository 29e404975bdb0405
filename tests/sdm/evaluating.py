"""A site with an incentive scheme and a month that is over: who scores, verifies, approves, validates, pays."""

from __future__ import annotations

from dataclasses import dataclass, replace
from datetime import UTC, date, datetime, timedelta
from decimal import Decimal
from typing import Any

import pytest

from occ.approvals.proving import Proof
from occ.documents.choices import Purpose
from occ.documents.signing import Signing
from occ.figures.registry import FIGURES, Figure, Scope, Value
from occ.people.choices import Role
from occ.people.models import Person, User
from sdm.models import Evaluation, EvaluationPeriod, IncentiveScheme
from sdm.services import evaluation_periods, evaluations, payroll
from sdm.services.incentive_schemes import scheme_draft, scheme_publish
from tests.factories import Floor, person, user

MONTH = date(2026, 11, 1)
LONG_AGO = datetime(2026, 1, 5, 3, tzinfo=UTC)
OVER = datetime(2026, 12, 1, 3, tzinfo=UTC)  # 10:00 WIB on the first day after the month
HOUR = timedelta(hours=1)
TERMS: dict[str, Any] = {
    "amounts": [{"position": "Agent", "amount": "500000"}, {"position": "Team Leader", "amount": "900000"}],
    "bands": [
        {"basis": "total", "least": "90", "percent": "100"},
        {"basis": "total", "least": "75", "percent": "60"},
    ],
    "demands": [{"key": "attendance", "value": "90", "keeps": "50"}],
    "cap": "1000000",
    "step": "1000",
}


def scheme(floor: Floor, *, terms: dict[str, Any] = TERMS, starts_on: date = date(2026, 1, 1),
           now: datetime = LONG_AGO, name: str = "Insentif 2026") -> IncentiveScheme:  # fmt: skip
    made = scheme_draft(
        site=floor.jkt, name=name, starts_on=starts_on, terms=terms, reason="Hasil rapat", actor=payroll_user(),
        now=now,
    )  # fmt: skip
    return scheme_publish(scheme_id=made.pk, actor=floor.manager, now=now)


def payroll_user() -> User:
    return user(Role.HR_PAYROLL)


def quality() -> User:
    return user(Role.QUALITY_ASSURANCE)


def head() -> User:
    return user(Role.HEAD_MANAGER)


def log_in_of(someone: Person, role: Role = Role.AGENT) -> User:
    made = user(role, someone.site, name=f"own.{someone.number}")
    if made.person_id is None:
        made.person = someone
        made.save(update_fields=["person"])
    return made


def proof_of(who: User, now: datetime = OVER) -> Proof:
    return Proof(who.pk, False, now)


def signing_of(who: User, now: datetime = OVER) -> Signing:
    name = who.person.name if who.person else str(who)
    return Signing(who.pk, name, "Agent", Purpose.ACKNOWLEDGED, now)


class Told:
    """What the key figures tell of a person, by employee number; all else is not known."""

    def __init__(self) -> None:
        self.values: dict[tuple[str, str], float] = {}
        self.intervals: dict[tuple[str, str], tuple[float, float]] = {}

    def say(self, key: str, someone: Person, value: float, interval: tuple[float, float] | None = None) -> None:
        self.values[key, someone.number] = value
        if interval:
            self.intervals[key, someone.number] = interval

    def of(self, key: str) -> Any:
        def provider(scope: Scope) -> Value:
            assert scope.person is not None and scope.site is None and scope.channel == ""
            at = (key, scope.person.number)
            value = self.values.get(at)
            inputs = {} if value is None else {"present": 20.0}
            return Value(value, inputs, interval=self.intervals.get(at))

        return provider


KEYS = ("coaching.qm", "realtime.attendance", "realtime.login_accuracy", "realtime.adherence", "realtime.rotg")


@pytest.fixture
def told(monkeypatch: pytest.MonkeyPatch) -> Told:
    made = Told()
    for key in KEYS:
        known = FIGURES.get(key) or Figure(key, key, "points", "x", "MO 3.2", made.of(key))
        monkeypatch.setitem(FIGURES, key, replace(known, provider=made.of(key)))
    return made


@dataclass
class Month:
    floor: Floor
    period: EvaluationPeriod

    def of(self, someone: Person) -> Evaluation:
        return Evaluation.objects.get(period=self.period, person=someone)

    def fresh(self) -> EvaluationPeriod:
        self.period.refresh_from_db()
        return self.period

    def score(self, someone: Person, points: str = "80", now: datetime = OVER) -> Evaluation:
        return evaluations.evaluation_score(
            evaluation_id=self.of(someone).pk, judged={"judged.attitude": points}, remarks="Baik", improvement="AHT",
            actor=self.floor.leader, now=now,
        )  # fmt: skip

    def verify(self, someone: Person, now: datetime = OVER) -> Evaluation:
        return evaluations.evaluation_verify(evaluation_id=self.of(someone).pk, actor=quality(), now=now)

    def score_all(self, now: datetime = OVER) -> None:
        for one in Evaluation.objects.filter(period=self.period).waiting_for_scores().select_related("person"):
            self.score(one.person, now=now)
        for one in Evaluation.objects.filter(period=self.period, status="scored").select_related("person"):
            self.verify(one.person, now=now)

    def compile(self, now: datetime = OVER) -> EvaluationPeriod:
        return evaluation_periods.period_compile(period_id=self.period.pk, actor=quality(), now=now)

    def approve(self, now: datetime = OVER) -> EvaluationPeriod:
        manager = self.floor.manager
        return evaluation_periods.period_approve(
            period_id=self.period.pk,
            seen=self.fresh().list_sha256,
            proof=proof_of(manager, now),
            actor=manager,
            now=now,
        )

    def distribute(self, now: datetime = OVER) -> EvaluationPeriod:
        return evaluation_periods.period_distribute(period_id=self.period.pk, actor=quality(), now=now)

    def validate(self, now: datetime = OVER) -> EvaluationPeriod:
        return evaluation_periods.period_validate(period_id=self.period.pk, actor=head(), now=now)

    def reopen(self, now: datetime = OVER) -> EvaluationPeriod:
        return evaluation_periods.period_reopen(period_id=self.period.pk, note="salah", actor=quality(), now=now)

    def pay(self, now: datetime = OVER) -> EvaluationPeriod:
        payroll.payroll_run(period_id=self.period.pk, actor=payroll_user(), now=now)
        return payroll.period_pay(
            period_id=self.period.pk, evidence={"text": "Transfer 5 Desember"}, actor=payroll_user(), now=now
        )

    def to(self, status: str, now: datetime = OVER) -> EvaluationPeriod:
        """Bring the month to that state by its path."""
        if status == "collecting":
            return self.fresh()
        self.score_all(now=now)
        self.compile(now=now)
        if status == "sent_back":
            evaluation_periods.period_refuse(
                period_id=self.period.pk, note="lengkapi", actor=self.floor.manager, now=now
            )
        path = ["reported", "approved", "distributed", "validated", "paid"]
        steps = [self.approve, self.distribute, self.validate, self.pay]
        if status in path:
            for step in steps[: path.index(status)]:
                step(now=now)
        assert self.fresh().status == status
        return self.period

    def sign(self, someone: Person, now: datetime = OVER, reply: str = "Siap") -> Evaluation:
        who = log_in_of(someone)
        found = self.of(someone)
        return evaluations.evaluation_sign(
            evaluation_id=found.pk, seen=found.told_number or 0, signing=signing_of(who, now), reply=reply, actor=who,
            now=now,
        )  # fmt: skip


def opened(floor: Floor, told: Told, *, people: int = 2, now: datetime = OVER) -> Month:
    """The agent of the floor and some more, all of whom something is known."""
    if not IncentiveScheme.objects.exists():
        scheme(floor)
    for _n in range(people - 1):
        person(floor.jkt, team=floor.team)
    for one in Person.objects.filter(site=floor.jkt, position="Agent"):
        told.say("realtime.attendance", one, 97.0)
        told.say("realtime.adherence", one, 90.0)
        told.say("coaching.qm", one, 90.0, (86.5, 93.0))
    period = evaluation_periods.period_open(site=floor.jkt, month=MONTH, actor=quality(), now=now)
    return Month(floor, period)


def rp(value: int) -> Decimal:
    return Decimal(value)
