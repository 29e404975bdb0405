"""What HR does with every leaver of the demo: interview, clearance, closed file; and leavings at each step today."""

from __future__ import annotations

import random
from datetime import date, datetime, time, timedelta
from functools import partial
from typing import TYPE_CHECKING, Any

from occ.errors import WrongState
from occ.people import lifecycle
from occ.people.choices import LeavingReason
from occ.people.models import Person
from occ.times import JAKARTA
from sdm.models import Leaving, Placement
from sdm.services import clearance, leavings

if TYPE_CHECKING:
    from occ.demo.logbook import Life

SAID = [
    ("career", "Mendapat pekerjaan yang lebih dekat dengan rumah.", "Rekan satu tim saling membantu.", "Jadwal libur."),
    ("pay", "Tawaran gaji yang lebih baik.", "Banyak belajar tentang produk gadai.", "Jenjang karier yang jelas."),
    ("study", "Melanjutkan kuliah.", "Atasan mudah diajak bicara.", "Waktu istirahat pada jam sibuk."),
    ("workload", "Shift malam terlalu sering.", "Pelatihan awal lengkap.", "Pembagian shift."),
    ("family", "Ikut suami pindah kota.", "Suasana kerja.", "–"),
]


class Exits:
    """Listens while the demo's life is lived and plans what HR does for each leaver."""

    def __init__(self, life: Life) -> None:
        self.life, self.rng = life, random.Random(7)  # noqa: S311 - invented people
        self.hr = life.staff.users["hr_relations"]

    def __enter__(self) -> Exits:
        lifecycle.leaving.connect(self.planned, weak=False, dispatch_uid="demo.exits")
        return self

    def __exit__(self, *raised: object) -> None:
        lifecycle.leaving.disconnect(dispatch_uid="demo.exits")

    def planned(self, sender: Any, person: Person, previous: date | None, now: datetime, **sent: Any) -> None:
        if previous is not None or person.last_working_day is None:
            return
        last = datetime.combine(person.last_working_day, time(14), JAKARTA)
        hours = [-48, 1, 11] if self.rng.random() > 0.1 else [30, 60, 90]  # one in ten: nobody looked in time
        for after, deed in zip(hours, (self.interview, self.hand_back, self.close), strict=True):
            when = max(last + timedelta(hours=after), now + timedelta(hours=2))
            if when < self.life.now - timedelta(hours=1):
                self.life.at(when, partial(deed, person.pk))

    def _open(self, person_id: int) -> Leaving | None:
        return Leaving.objects.open().filter(employee_id=person_id).first()

    def interview(self, person_id: int, *, now: datetime) -> None:
        found = self._open(person_id)
        if found is None or found.status != "recorded":
            return
        if self.rng.random() < 0.1:
            leavings.interview_waive(leaving_id=found.pk, note="Tidak bersedia hadir.", actor=self.hr, now=now)
            return
        reason, why, good, better = self.rng.choice(SAID)
        if found.reason == LeavingReason.NON_RENEWAL:
            reason, why = "contract", "Kontrak tidak diperpanjang."
        placed = Placement.objects.filter(employee_id=person_id).select_related("leader").order_by("-starts_on").first()
        superior = placed.leader if placed else None
        alone = "" if superior else "Atasan sedang memimpin shift di lokasi lain."
        leavings.interview_hold(
            leaving_id=found.pk, held_on=now.astimezone(JAKARTA).date(), companion=superior, alone_because=alone,
            main_reason=reason, explanation=why, went_well=good, to_improve=better,
            handover="Kasus terbuka diserahkan kepada Team Leader.", would_return=self.rng.random() < 0.6,
            actor=self.hr, now=now,
        )  # fmt: skip

    def hand_back(self, person_id: int, *, now: datetime) -> None:
        found = self._open(person_id)
        for item in found.items.all() if found else []:
            clearance.item_settle(item_id=item.pk, outcome="returned", actor=self.hr, now=now)

    def close(self, person_id: int, *, now: datetime) -> None:
        """As far as it goes: while a user ID is active nothing is cleared."""
        found = self._open(person_id)
        if found is None or found.status == "recorded":
            return
        try:
            leavings.leaving_clear(leaving_id=found.pk, actor=self.hr, now=now)
        except WrongState:
            if now + timedelta(hours=7) < self.life.now:
                self.life.at(now + timedelta(hours=7), partial(self.close, person_id))
            return
        if now > self.life.now - timedelta(days=2):  # closed one of these days
            return
        leavings.leaving_close(leaving_id=found.pk, actor=self.hr, now=now + timedelta(minutes=20))
