"""Batches of training at each site: one that is over, one in the middle of its way, one that has just begun."""

from __future__ import annotations

from datetime import datetime, timedelta
from decimal import Decimal
from typing import Any

from occ.demo.clockwork import until
from occ.demo.people import Staff
from occ.people.choices import Role
from occ.people.models import Site, User
from occ.times import local_day
from sdm.models import Participant, RecordingSample, TrainingBatch
from sdm.services import training
from sdm.services.training import Scored
from sdm.training.choices import TrainingStatus as S

NAMES = (
    "Aditya Saputra", "Bunga Lestari", "Cahyo Nugroho", "Devi Anggraini", "Eko Prabowo", "Fina Rahmawati",
    "Gilang Ramadhan", "Hesti Wulandari", "Iwan Setiawan", "Jihan Permata", "Krisna Wijaya", "Lilis Handayani",
)  # fmt: skip
REMARKS = (
    "Salam dan verifikasi lengkap.",
    "Penjelasan gadai emas kurang runtut.",
    "Nada bicara ramah, jeda terlalu lama.",
)


def trainings(staff: Staff, now: datetime) -> None:
    for n, (code, site) in enumerate(staff.sites.items()):
        story = _Batches(staff, site, code, now, n)
        story.finished()
        story.midway()
        story.begun()


class _Batches:
    def __init__(self, staff: Staff, site: Site, code: str, now: datetime, n: int) -> None:
        self.site, self.code, self.now, self.n = site, code, now, n
        self.hr, self.qc = staff.users[Role.HR_TRAINING], staff.users[Role.QUALITY_CONTROL]
        self.leader, self.decides = (
            staff.users[f"team_leader.{code.lower()}"],
            staff.users[f"coordinator.{code.lower()}"],
        )

    def at(self, days: float) -> datetime:
        return until(self.now - timedelta(days=days))

    def open(self, number: int, title: str, began: float, size: int) -> tuple[TrainingBatch, list[Participant]]:
        at = self.at(began)
        batch = training.batch_open(
            site=self.site, code=f"{self.code}-{at:%Y%m}-{number}", title=title,
            starts_on=local_day(at, self.site.zone), actor=self.hr, now=at,
        )  # fmt: skip
        first = (self.n * 4 + number * 3) % len(NAMES)
        names = [NAMES[(first + i) % len(NAMES)] for i in range(size)]
        return batch, [
            training.participant_add(
                batch_id=batch.pk, name=name, number=f"K-{at:%y%m}{number}{i + 1:02}{self.n}", actor=self.hr, now=at
            )
            for i, name in enumerate(names)
        ]

    def results(self, batch: TrainingBatch, stage: str, at: datetime, actor: User, low: int = 78) -> None:
        rows = []
        for i, one in enumerate(batch.participants.filter(status=stage).order_by("pk")):
            score = Decimal(low + (i * 7 + self.n * 3) % 18)
            pre = Decimal(40 + (i * 11) % 30) if stage == S.HARDSKILL else None
            rows.append(Scored(one.pk, score, pre, ""))
        training.results_record(batch_id=batch.pk, stage=stage, rows=rows, actor=actor, now=at)

    def advance(self, batch: TrainingBatch, stage: str, at: datetime, actor: User) -> None:
        training.stage_advance(batch_id=batch.pk, stage=stage, actor=actor, now=at)

    def softskill(self, batch: TrainingBatch, people: list[Participant], began: float) -> None:
        """One comes straight to hardskill, as somebody whose softskill was trained in the recruitment."""
        at = self.at(began - 0.2)
        for i, one in enumerate(people):
            step: Any = training.participant_hardskill if i == 0 else training.participant_softskill
            step(participant_id=one.pk, actor=self.hr, now=at)
        self.results(batch, S.SOFTSKILL, self.at(began - 3), self.hr)
        self.advance(batch, S.SOFTSKILL, self.at(began - 3), self.hr)

    def tandem(self, batch: TrainingBatch, began: float) -> None:
        self.results(batch, S.HARDSKILL, self.at(began - 11), self.leader)
        self.advance(batch, S.HARDSKILL, self.at(began - 11), self.leader)
        self.results(batch, S.PASSIVE, self.at(began - 13), self.leader, low=80)
        self.advance(batch, S.PASSIVE, self.at(began - 13), self.leader)
        for one in batch.participants.filter(status=S.ACTIVE).order_by("pk"):
            self.samples(one, self.at(began - 15))
        self.advance(batch, S.ACTIVE, self.at(began - 16), self.leader)

    def samples(self, one: Participant, at: datetime) -> None:
        for n in range(3):
            training.sample_add(
                participant_id=one.pk, reference=f"REC-{at:%Y%m%d}-{one.pk:04}-{n + 1}",
                taken_on=local_day(at, self.site.zone), actor=self.leader, now=at,
            )  # fmt: skip

    def validate(self, batch: TrainingBatch, at: datetime, most: int = 99) -> None:
        rows = RecordingSample.objects.current().filter(participant__batch=batch, participant__status=S.VALIDATING)
        for i, sample in enumerate(rows.order_by("pk")[:most]):
            score = Decimal(74 + (i * 5 + self.n * 2) % 22)
            training.sample_score(
                sample_id=sample.pk, score=score, remark=REMARKS[i % 3] if score < 85 else "", actor=self.qc, now=at
            )

    def finished(self) -> None:
        began = 70.0
        batch, people = self.open(1, "Agent reguler", began, 6)
        self.softskill(batch, people, began)
        self.tandem(batch, began)
        self.validate(batch, self.at(began - 18))
        self.advance(batch, S.VALIDATING, self.at(began - 18), self.qc)
        self.advance(batch, S.RECAP, self.at(began - 19), self.leader)
        met = self.at(began - 21)
        for i, one in enumerate(batch.participants.filter(status=S.DECIDING).order_by("pk")):
            if i == 1:
                training.participant_reject(
                    participant_id=one.pk,
                    note="Belum menguasai produk; dapat melamar lagi.",
                    actor=self.decides,
                    now=met,
                )
                continue
            training.participant_accept(
                participant_id=one.pk, join_on=local_day(met, self.site.zone) + timedelta(days=5),
                note="Wawancara meyakinkan.", actor=self.decides, now=met,
            )  # fmt: skip

    def midway(self) -> None:
        began = 20.0
        batch, people = self.open(2, "Agent media sosial dan chat", began, 6)
        self.softskill(batch, people, began)
        training.participant_withdraw(
            participant_id=people[3].pk, note="Mengundurkan diri karena kuliah.", actor=self.hr, now=self.at(began - 5)
        )
        self.tandem(batch, began)
        self.validate(batch, self.at(1), most=4)

    def begun(self) -> None:
        began = 3.5
        batch, people = self.open(3, "Agent reguler", began, 5)
        for one in people[:4]:
            training.participant_softskill(participant_id=one.pk, actor=self.hr, now=self.at(began - 0.3))
        rows = [Scored(one.pk, Decimal(88 - 3 * i), None, "") for i, one in enumerate(people[:2])]
        training.results_record(batch_id=batch.pk, stage=S.SOFTSKILL, rows=rows, actor=self.hr, now=self.at(0.4))
