"""Tata tertib as it was lived: rules with their changes, a floor walk a day, violations on every step of their way.

At each site somebody keeps the telephone at the desk until a coaching is proposed; one violation waits for the agent
who logs in, one for the team leader, one was not answered; somebody with two severe ones had a pembinaan proposed.
"""

from __future__ import annotations

import struct
import zlib
from collections.abc import Callable
from dataclasses import dataclass
from datetime import datetime, timedelta
from typing import Any

from django.core.files.uploadedfile import SimpleUploadedFile

from occ.demo.people import Staff
from occ.people.choices import Role
from occ.people.models import Person, Site, TeamMembership, in_force
from occ.times import local_day
from realtime.choices import Severity
from realtime.models import RotgProposal, Rule, Violation
from realtime.services import rotg, rotg_proposals
from realtime.services.rotg_rules import rule_add, rule_change, rule_end
from realtime.services.rotg_walks import walk_answer, walk_finish, walk_start

RULES = (
    ("1.1", Severity.MINOR, "Telepon genggam pribadi disimpan di loker selama jam kerja."),
    ("1.2", Severity.MINOR, "Makanan tidak dibawa ke meja; minum hanya dari botol tertutup."),
    ("1.3", Severity.MINOR, "Meja dan headset bersih dan rapi sebelum pergantian shift."),
    ("2.1", Severity.MINOR, "Kartu identitas dipakai dan terlihat."),
    ("2.2", Severity.MINOR, "Berpakaian sesuai ketentuan hari itu."),
    ("3.1", Severity.MODERATE, "AUX dipakai sesuai alasannya dan jatah per shift."),
    ("3.2", Severity.MODERATE, "Tidak meninggalkan meja tanpa memberi tahu Team Leader."),
    ("4.1", Severity.MAJOR, "Data nasabah tidak dicatat di kertas dan tidak difoto."),
    ("4.2", Severity.MAJOR, "User ID dan kata sandi tidak dipinjamkan; layar dikunci saat ditinggal."),
    ("5.1", Severity.MINOR, "Volume bicara tidak mengganggu rekan di sebelah."),
)
NOTES = {
    "1.1": "Telepon di meja kosong nomor 31; pemiliknya tidak diketahui.", "1.2": "Gelas terbuka di meja 12 dan 13.",
    "1.3": "Dua headset tergeletak setelah shift pagi.", "3.1": "Tiga kursi kosong, papan menunjukkan AUX istirahat.",
    "4.1": "Kertas catatan di printer, tanpa nama.", "4.2": "Layar meja 22 terbuka, kursi kosong.",
}  # fmt: skip
Deed = Callable[[datetime], Any]


def tata_tertib(staff: Staff, now: datetime) -> None:
    _rules(staff, now)
    days: list[tuple[datetime, Deed]] = []
    for code, site in staff.sites.items():
        days += _Story(staff, site, code, now).deeds()
    for at, deed in sorted(days, key=lambda one: one[0]):
        rotg.violations_lapse(now=at)
        deed(at)
    rotg.violations_lapse(now=now)


def _rules(staff: Staff, now: datetime) -> None:
    keeper, begun = staff.users[Role.QUALITY_ASSURANCE], now - timedelta(days=300)
    zone = staff.sites["JKT"].zone
    for number, severity, text in RULES:
        rule_add(
            number=number, site=None, text=text, severity=severity, starts_on=local_day(begun, zone),
            note="Rule of the games hasil rapat operasional.", actor=keeper, now=begun,
        )  # fmt: skip
    changed = now - timedelta(days=45)
    rule_change(
        rule_id=Rule.objects.get(number="1.1").pk,
        text="Telepon genggam pribadi mati dan disimpan di loker selama jam kerja; terlihat di meja sudah pelanggaran.",
        severity=Severity.MODERATE, starts_on=local_day(changed, zone) + timedelta(days=2),
        note="Temuan audit internal: telepon di meja berulang.", actor=keeper, now=changed,
    )  # fmt: skip
    over = now - timedelta(days=20)
    rule_end(
        rule_id=Rule.objects.get(number="5.1").pk, ends_on=local_day(over, zone), actor=keeper, now=over,
        note="Sekat peredam sudah dipasang di kedua site.",
    )  # fmt: skip
    rule_add(
        number="JKT-1", site=staff.sites["JKT"], text="Pintu ruang agent lantai 2 selalu tertutup.",
        severity=Severity.MINOR, starts_on=local_day(over, zone), note="Akses pintu rusak, diperbaiki bulan depan.",
        actor=staff.users["coordinator.jkt"], now=over,
    )  # fmt: skip


@dataclass
class _Story:
    staff: Staff
    site: Site
    code: str
    now: datetime

    def deeds(self) -> list[tuple[datetime, Deed]]:
        low = self.code.lower()
        self.leader, self.coordinator = self.staff.users[f"team_leader.{low}"], self.staff.users[f"coordinator.{low}"]
        self.own = self.staff.users[f"agent.{low}"]
        often, late, severe = self._team(3)
        self.often = self.staff.log_in(f"agent2.{low}", often, Role.AGENT, self.site, None)
        found: list[tuple[datetime, Deed]] = []
        for days in range(7, 0, -1):
            found.append((self.ago(days=days, hours=1), self._walk(days)))
        first, second = (6, 2) if self.code == "JKT" else (24, 15)
        found += self._case(
            first, often, "1.1", "Telepon menyala di samping keyboard.", photo=True,
            answer="Menunggu kabar dari sekolah anak, lupa menyimpan kembali.",
            uphold="Bisa minta izin ke Team Leader.",
        )  # fmt: skip
        found += self._case(
            second, often, "1.1", "Membalas pesan di telepon saat ACW.",
            answer="Hanya sebentar, tidak ada antrean.",
            uphold="Berulang dalam sebulan; alasan sebelumnya tidak berlaku lagi.",
        )  # fmt: skip
        if self.code != "JKT":
            found.append((self.ago(days=13), self._decide("coaching", "accept", "Coaching pekan ini.")))
        found += self._case(
            34, often, "1.2", "Bungkus makanan di meja.", answer="Sisa makan siang, lupa dibuang.",
            uphold="Diakui oleh agent.",
        )  # fmt: skip
        found += self._case(
            20, self.mine, "2.1", "Kartu identitas tidak terlihat.",
            answer="Kartu sedang dicetak ulang, surat dari GA ada di meja TL.", drop="Surat GA benar.",
        )  # fmt: skip
        found += self._case(
            1, self.mine, "3.2", "Meja kosong 12 menit tanpa pemberitahuan.",
            answer="Mengantar nasabah difabel ke lobi atas permintaan satpam.",
        )  # fmt: skip
        found.append((self.ago(hours=5), lambda at: self._seen(self.mine, "1.3", "Gelas tertinggal di meja 14.", at)))
        found.append((self.ago(days=5), lambda at: self._seen(late, "3.1", "AUX istirahat 34 menit.", at)))
        for days, rule, what in (
            (60, "4.2", "Layar tidak dikunci, kursi kosong."), (52, "4.1", "Nomor kredit nasabah di kertas catatan."),
        ):  # fmt: skip
            found += self._case(days, severe, rule, what, uphold="Terlihat jelas pada foto.", photo=True)
        name, note = ("accept", "Dimulai pekan ini.") if self.code == "JKT" else ("dismiss", "Sudah diproses HR.")
        found.append((self.ago(days=45), self._decide("pembinaan", name, note)))
        found.append((self.ago(minutes=20), self._walk(0)))
        return found

    @property
    def mine(self) -> Person:
        assert self.own.person is not None
        return self.own.person

    def ago(self, **parts: float) -> datetime:
        return self.now - timedelta(**parts)

    def _team(self, number: int) -> list[Person]:
        """People with nothing else to come, of the first team as far as it has them."""
        today, team = local_day(self.now, self.site.zone), self.staff.teams[self.code][0]
        people = Person.objects.filter(
            site=self.site, position="Agent", last_working_day=None, user=None,
            joined_on__lt=local_day(self.ago(days=90), self.site.zone),
        )  # fmt: skip
        members = set(TeamMembership.objects.filter(in_force(today), team=team).values_list("person_id", flat=True))
        return sorted(people, key=lambda person: (person.pk not in members, person.pk))[:number]

    def _seen(self, person: Person, rule: str, what: str, at: datetime, *, photo: bool = False) -> Violation:
        return rotg.violation_record(
            person=person, rule=Rule.objects.get(number=rule), seen_at=at - timedelta(minutes=10), what=what,
            file=SimpleUploadedFile("meja.png", picture()) if photo else None, actor=self.leader, now=at,
        )  # fmt: skip

    def _case(self, days: int, person: Person, rule: str, what: str, *, answer: str = "", uphold: str = "",
              drop: str = "", photo: bool = False) -> list[tuple[datetime, Deed]]:  # fmt: skip
        """Seen so many days ago; answered some hours later, or not at all; decided a day or, unanswered, five later."""
        made: list[Violation] = []
        found: list[tuple[datetime, Deed]] = [
            (self.ago(days=days), lambda at: made.append(self._seen(person, rule, what, at, photo=photo)))
        ]
        if answer:
            who = self.own if person == self.mine else self.often
            found.append((
                self.ago(days=days, hours=-6),
                lambda at: rotg.violation_answer(violation_id=made[0].pk, note=answer, actor=who, now=at),
            ))  # fmt: skip
        if uphold or drop:
            decide = rotg.violation_uphold if uphold else rotg.violation_drop
            found.append((
                self.ago(days=days - (1 if answer else 5)),
                lambda at: decide(violation_id=made[0].pk, note=uphold or drop, actor=self.coordinator, now=at),
            ))  # fmt: skip
        return found

    def _decide(self, kind: str, name: str, note: str) -> Deed:
        def deed(at: datetime) -> None:
            proposal = RotgProposal.objects.get(site=self.site, kind=kind, status="open")
            rotg_proposals.TRANSITIONS[name](proposal_id=proposal.pk, note=note, actor=self.coordinator, now=at)

        return deed

    def _walk(self, days: int) -> Deed:
        """A walk of that day; today's is not finished."""

        def deed(at: datetime) -> None:
            walk = walk_start(site=self.site, actor=self.leader, now=at)
            lines = list(walk.lines.select_related("version__rule"))
            for n, line in enumerate(lines if days else lines[: len(lines) // 2]):
                wrong = (n + days) % 9 == 0
                answer = "violation" if wrong else "na" if line.version.rule.number == "2.2" and days % 7 == 6 else "ok"
                note = NOTES.get(line.version.rule.number, "Terlihat di beberapa meja.") if wrong else ""
                walk_answer(line_id=line.pk, answer=answer, note=note, actor=self.leader, now=at)
            if days:
                walk_finish(walk_id=walk.pk, note="", actor=self.leader, now=at + timedelta(minutes=18))

        return deed


def picture(width: int = 320, height: int = 200) -> bytes:
    """A desk as a photo would show it, roughly: a PNG."""
    rows = bytearray()
    for y in range(height):
        rows.append(0)
        for x in range(width):
            phone = 190 < x < 230 and 90 < y < 165
            desk = y > 80
            rows += bytes((30, 34, 40) if phone else (168, 132, 96) if desk else (214, 220, 228))

    def chunk(name: bytes, data: bytes) -> bytes:
        return struct.pack(">I", len(data)) + name + data + struct.pack(">I", zlib.crc32(name + data))

    head = struct.pack(">IIBBBBB", width, height, 8, 2, 0, 0, 0)
    return (
        b"\x89PNG\r\n\x1a\n" + chunk(b"IHDR", head) + chunk(b"IDAT", zlib.compress(bytes(rows))) + chunk(b"IEND", b"")
    )
