"""Monthly evaluations as they were lived: Jakarta a month further than Yogyakarta.

Of Jakarta the month before the last is paid, with one correction as a supplement, and was told on paper; the last one
is distributed, some have signed, the agent who logs in has not. Yogyakarta is scoring its last month: half is scored,
one was sent back. A new scheme waits at Jakarta to be tried and published.
"""

from __future__ import annotations

import random
from datetime import date, datetime, timedelta
from typing import Any

from occ.approvals.proving import identity_prove
from occ.demo.people import Staff
from occ.documents.choices import Purpose
from occ.documents.signing import signing_confirm
from occ.people.choices import Role
from occ.people.models import Site, User
from occ.policies.services import policy_set
from occ.times import local_day, month_of
from sdm.evaluating.choices import JUDGED_KEYS
from sdm.evaluating.policies import AGENTS, CARDS, card
from sdm.models import Evaluation, EvaluationPeriod
from sdm.services import evaluation_periods, evaluations, payroll
from sdm.services.evaluation_reckoning import Book, book_of
from sdm.services.incentive_schemes import scheme_draft, scheme_publish

HOUR = timedelta(hours=1)
BANDS = [("95", "100"), ("85", "80"), ("75", "50")]
REMARKS = (
    ("Konsisten, sering membantu rekan baru.", "Pertahankan; mulai ikut menjadi pendamping tandem."),
    ("Nada bicara baik, pencatatan tiket sering terlambat.", "Catat tiket sebelum menutup percakapan."),
    ("Target tercapai, ketepatan masuk perlu diperbaiki.", "Hadir 10 menit sebelum shift."),
    ("", ""),
)


def scheme_terms(more: int, warning: str = "90") -> dict[str, Any]:
    return {
        "amounts": [
            {"position": "Agent", "amount": 500_000 + more},
            {"position": "Agent Verifikator", "amount": 550_000 + more},
            {"position": "Team Leader", "amount": 900_000 + more}, {"position": "Quality Control", "amount": 700_000},
            {"position": "RTFM", "amount": 700_000},
        ],
        "bands": [{"basis": "total", "least": least, "percent": percent} for least, percent in BANDS],
        "demands": [{"key": "attendance", "value": warning, "keeps": "50"}], "cap": 1_000_000, "step": 1_000,
    }  # fmt: skip


def monthly(staff: Staff, *, password: str, now: datetime) -> None:
    _Story(staff, password, now).live()


class _Story:
    def __init__(self, staff: Staff, password: str, now: datetime) -> None:
        self.staff, self.password, self.now = staff, password, now
        self.rng = random.Random(46)  # noqa: S311
        self.jkt, self.ygy = staff.sites["JKT"], staff.sites["YGY"]
        # Told three days ago (`_distributed`): a month that was over then, whatever day of the month it is.
        today = local_day(now - timedelta(days=4), self.jkt.zone)
        self.last = month_of(month_of(today) - timedelta(days=1))
        self.before = month_of(self.last - timedelta(days=1))
        users = staff.users
        self.quality, self.manager = users[Role.QUALITY_ASSURANCE], users[Role.MANAGER]
        self.head, self.payroll = users[Role.HEAD_MANAGER], users[Role.HR_PAYROLL]

    def live(self) -> None:
        self._terms()
        self._paid()
        self._distributed()
        self._scoring()

    def _terms(self) -> None:
        """Until QM and attendance are told every month, the superiors judge more."""
        early = datetime.combine(self.before, datetime.min.time(), self.jkt.zone) - timedelta(days=3)
        rows = [
            card("work", AGENTS, "judged.work", 30, 0, 100),
            card("discipline", AGENTS, "judged.discipline", 20, 0, 100),
            card("attitude", AGENTS, "judged.attitude", 15, 0, 100), card("rotg", AGENTS, "realtime.rotg", 15, 4, 0),
            card("attendance", AGENTS, "realtime.attendance", 20, 85, 100),
            card("tl-leading", "Team Leader", "judged.leading", 50, 0, 100),
            card("tl-work", "Team Leader", "judged.work", 30, 0, 100),
            card("tl-reports", "Team Leader", "judged.reporting", 20, 0, 100),
            card("qc-work", "Quality Control, RTFM", "judged.work", 65, 0, 100),
            card("qc-reports", "Quality Control, RTFM", "judged.reporting", 35, 0, 100),
        ]  # fmt: skip
        reason = "Selama QM dan kehadiran belum tersedia tiap bulan."
        policy_set(key=CARDS, value=rows, valid_from=early, reason=reason, site=None, actor=self.manager, now=early)
        for site, first in ((self.jkt, self.before), (self.ygy, self.last)):
            made = scheme_draft(
                site=site, name="Insentif kinerja", starts_on=first, terms=scheme_terms(0), actor=self.payroll,
                now=early, reason="Skema disepakati dengan Operasional dan HR.",
            )  # fmt: skip
            scheme_publish(scheme_id=made.pk, actor=self.manager, now=early + HOUR)
        scheme_draft(
            site=self.jkt, name="Insentif kinerja, usulan", starts_on=month_of(local_day(self.now, self.jkt.zone)),
            terms=scheme_terms(75_000, "95"), reason="Usulan kenaikan setelah penyesuaian UMP.", actor=self.payroll,
            now=self.now - timedelta(days=1),
        )  # fmt: skip

    def _superior(self, one: Evaluation) -> User:
        role, low = one.sheet.role, one.site.code.lower()
        if role == Role.TEAM_LEADER and one.sheet.team is not None:
            at = self.staff.teams[one.site.code].index(one.sheet.team)
            return self.staff.users[f"team_leader.{low}" if at == 0 else f"team_leader{at + 1}.{low}"]
        stands_in = role in (Role.COORDINATOR, Role.TEAM_LEADER)
        return self.staff.users[f"coordinator.{low}" if stands_in else str(role)]

    def _score(self, one: Evaluation, book: Book, at: datetime) -> None:
        base = self.rng.gauss(86, 7)
        judged = {
            key: f"{min(100, max(40, self.rng.gauss(base, 5))):.0f}"
            for key in book.judged(one.position)
            if key in JUDGED_KEYS
        }
        remarks, improvement = self.rng.choice(REMARKS)
        evaluations.evaluation_score(
            evaluation_id=one.pk, judged=judged, remarks=remarks, improvement=improvement, actor=self._superior(one),
            now=at,
        )  # fmt: skip

    def _verify(self, one: Evaluation, at: datetime) -> None:
        by_quality = one.sheet.role != Role.QUALITY_ASSURANCE
        who = self.quality if by_quality else self.staff.users[f"coordinator.{one.site.code.lower()}"]
        evaluations.evaluation_verify(evaluation_id=one.pk, actor=who, now=at)

    def _rows(self, period: EvaluationPeriod) -> list[Evaluation]:
        rows = (
            Evaluation.objects.filter(period=period)
            .waiting_for_scores()
            .select_related("site", "sheet__team", "person")
        )
        return list(rows.order_by("sheet_id", "pk"))

    def _open(self, site: Site, month: date, at: datetime) -> EvaluationPeriod:
        return evaluation_periods.period_open(site=site, month=month, actor=self.quality, now=at)

    def _report(self, period: EvaluationPeriod, at: datetime) -> None:
        """Scored, verified, reported, approved, distributed."""
        book = book_of(period)
        for one in self._rows(period):
            self._score(one, book, at)
            self._verify(one, at + HOUR)
        self._approve(period, at + 3 * HOUR)

    def _approve(self, period: EvaluationPeriod, at: datetime) -> None:
        step: dict[str, Any] = {"period_id": period.pk}
        evaluation_periods.period_compile(**step, actor=self.quality, now=at)
        period.refresh_from_db()
        proof = identity_prove(user=self.manager, password=self.password, code="", reason="demo", now=at + HOUR)
        evaluation_periods.period_approve(
            **step, seen=period.list_sha256, proof=proof, actor=self.manager, now=at + HOUR
        )
        evaluation_periods.period_distribute(**step, actor=self.quality, now=at + 2 * HOUR)

    def _pay(self, period: EvaluationPeriod, at: datetime, words: str) -> None:
        evaluation_periods.period_validate(period_id=period.pk, actor=self.head, now=at)
        payroll.payroll_run(period_id=period.pk, actor=self.payroll, now=at + HOUR)
        payroll.period_pay(period_id=period.pk, evidence={"text": words}, actor=self.payroll, now=at + 2 * HOUR)

    def _paid(self) -> None:
        at = datetime.combine(self.last, datetime.min.time(), self.jkt.zone) + 9 * HOUR
        period = self._open(self.jkt, self.before, at)
        self._report(period, at + timedelta(days=1))
        self._pay(period, at + timedelta(days=5), "Transfer payroll, batch pertama.")
        later = at + timedelta(days=8)
        evaluation_periods.period_reopen(
            period_id=period.pk, note="Nilai satu agent tertukar dengan rekan satu tim.", actor=self.quality, now=later
        )
        wrong = period.evaluations.filter(total__lt=85, sheet__role=Role.TEAM_LEADER).order_by("pk")[0]
        evaluations.evaluation_reopen(evaluation_id=wrong.pk, note="Nilai tertukar.", actor=self.quality, now=later)
        wrong = Evaluation.objects.select_related("site", "sheet__team").get(pk=wrong.pk)
        judged = dict.fromkeys(book_of(period).judged(wrong.position), "97")
        evaluations.evaluation_score(
            evaluation_id=wrong.pk, judged=judged, remarks="Nilai diperbaiki.", actor=self._superior(wrong),
            now=later + HOUR,
        )  # fmt: skip
        self._verify(wrong, later + 2 * HOUR)
        self._approve(period, later + 3 * HOUR)
        self._pay(period, later + timedelta(days=1), "Transfer susulan.")
        for one in period.evaluations.filter(status="told").select_related("site", "sheet__team").order_by("pk"):
            evaluations.evaluation_witness(
                evaluation_id=one.pk, note="Ditandatangani di kertas: log-in agent belum dibagikan bulan itu.",
                actor=self._superior(one), now=later + timedelta(days=2),
            )  # fmt: skip

    def _distributed(self) -> None:
        at = self.now - timedelta(days=3)
        period = self._open(self.jkt, self.last, at)
        self._report(period, at + HOUR)
        told = at + timedelta(days=1)
        for name in ("team_leader.jkt", "team_leader2.jkt"):
            user = self.staff.users[name]
            mine = period.evaluations.filter(person=user.person, status="told").first()
            if mine is not None and mine.told_number:
                signing = signing_confirm(user=user, password=self.password, purpose=Purpose.ACKNOWLEDGED, now=told)
                evaluations.evaluation_sign(
                    evaluation_id=mine.pk, seen=mine.told_number, signing=signing, reply="Diterima, terima kasih.",
                    actor=user, now=told,
                )  # fmt: skip
        own = self.staff.users["agent.jkt"].person_id
        rows = period.evaluations.filter(status="told", sheet__role=Role.TEAM_LEADER).exclude(person=own)
        absent = rows.select_related("site", "sheet__team").order_by("pk")[0]
        evaluations.evaluation_witness(
            evaluation_id=absent.pk, note="Cuti melahirkan; dijelaskan lewat telepon, disaksikan Koordinator.",
            actor=self._superior(absent), now=told + HOUR,
        )  # fmt: skip

    def _scoring(self) -> None:
        at = self.now - timedelta(hours=30)
        period = self._open(self.ygy, self.last, at)
        book, rows = book_of(period), self._rows(period)
        for n, one in enumerate(rows):
            if n % 2:
                continue
            self._score(one, book, at + timedelta(hours=2))
            if n % 4:
                self._verify(one, at + timedelta(hours=8))
        back = period.evaluations.filter(status="scored", sheet__role=Role.TEAM_LEADER).order_by("pk")[0]
        evaluations.evaluation_refuse(
            evaluation_id=back.pk, note="Catatan tidak menjelaskan nilai disiplin.", actor=self.quality,
            now=at + timedelta(hours=20),
        )  # fmt: skip
