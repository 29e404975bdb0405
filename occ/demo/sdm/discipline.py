"""Pembinaan at each site, on every step of its way; the agent who logs in has a letter to sign for."""

from __future__ import annotations

from datetime import datetime, timedelta

from occ.approvals.proving import identity_prove
from occ.demo.clockwork import until
from occ.demo.people import Staff
from occ.documents.choices import Purpose
from occ.documents.signing import Signing, position_of
from occ.people.choices import Role
from occ.people.models import Person, Site, TeamMembership, User, in_force
from occ.times import local_day
from sdm.models import DisciplineCase
from sdm.services import discipline, discipline_letters

CLAUSE = "Peraturan Perusahaan pasal 21 ayat 2: kehadiran dan ketepatan waktu"
WITNESSES = [
    {"name": "Sri Mulyani Astuti", "position": "Admin Support"}, {"name": "Bambang Sutejo", "position": "Team Leader"},
]  # fmt: skip


def pembinaan(staff: Staff, *, password: str, now: datetime) -> None:
    for code, site in staff.sites.items():
        _Stories(staff, site, code, password, now).tell()


class _Stories:
    def __init__(self, staff: Staff, site: Site, code: str, password: str, now: datetime) -> None:
        self.site, self.password, self.now = site, password, now
        self.hr = staff.users[Role.HR_RELATIONS]
        self.leader = staff.users[f"team_leader.{code.lower()}"]
        self.coordinator = staff.users[f"coordinator.{code.lower()}"]
        self.agent = staff.users[f"agent.{code.lower()}"]
        today = local_day(now, site.zone)
        members = TeamMembership.objects.filter(in_force(today), team=staff.teams[code][0]).values("person_id")
        free = Person.objects.filter(
            pk__in=members, position="Agent", last_working_day=None, user=None,
            joined_on__lt=today - timedelta(days=150),
        ).exclude(pk__in=DisciplineCase.objects.open().values("person_id")).order_by("pk")  # fmt: skip
        self.people = list(free[:6])

    def at(self, days: float) -> datetime:
        return until(self.now - timedelta(days=days))

    def superior(self, person: Person, now: datetime) -> User:
        return self.leader if discipline.leads(self.leader, person, now) else self.coordinator

    def tell(self) -> None:
        for i, person in enumerate(self.people):
            (self.appreciated, self.filed, self.watched, self.problem, self.asked, self.assessed)[i](person)
        assert self.agent.person is not None
        self.warned(self.agent.person)

    def open(self, person: Person, matter: str, about: str, days: float) -> DisciplineCase:
        return discipline.case_open(
            person=person, matter=matter, about=about, actor=self.superior(person, self.at(days)), now=self.at(days)
        )

    def coached(self, person: Person, about: str, days: float, *, matter: str = "discipline") -> DisciplineCase:
        case, at = self.open(person, matter, about, days), self.at(days - 1)
        discipline.case_coach(
            case_id=case.pk, method="coaching" if matter == "discipline" else "mentoring",
            note="Dibicarakan berdua: penyebab, dampaknya bagi rekan satu shift, dan apa yang akan dilakukan.",
            target="Masuk tepat waktu pada setiap shift." if matter == "discipline" else "AHT di bawah 450 detik.",
            improve_until=local_day(at, self.site.zone) + timedelta(days=21), actor=self.superior(person, at), now=at,
        )  # fmt: skip
        return case

    def going(self, person: Person, about: str, days: float, *, matter: str = "discipline") -> DisciplineCase:
        """The demo's people without a log-in say nothing there: it goes on without their words."""
        case, at = self.coached(person, about, days, matter=matter), self.at(days - 1.5)
        superior = self.superior(person, at)
        discipline.case_proceed(
            case_id=case.pk, note="Disampaikan secara lisan; karyawan setuju.", actor=superior, now=at
        )
        for after, words in ((5, "Dua shift tepat waktu, satu terlambat sepuluh menit."), (9, "Seminggu tepat waktu.")):
            if days - after > 0:
                when = self.at(days - after)
                discipline.monitoring_add(case_id=case.pk, note=words, actor=superior, now=when)
        return case

    def appreciated(self, person: Person) -> None:
        case = self.open(person, "performance", "QM 96 selama tiga bulan dan tanpa keterlambatan.", 12)
        discipline.case_appreciate(
            case_id=case.pk, note="Diumumkan pada briefing; sertifikat agent terbaik bulan ini.",
            actor=self.superior(person, self.at(11)), now=self.at(11),
        )  # fmt: skip

    def filed(self, person: Person) -> None:
        case = self.going(person, "AHT 610 detik dalam empat minggu.", 40, matter="performance")
        discipline.case_verify(
            case_id=case.pk, note="AHT turun menjadi 431 detik.", actor=self.superior(person, self.at(20)),
            now=self.at(20),
        )  # fmt: skip
        discipline.case_file(case_id=case.pk, note="Map pembinaan, rak HI 3.", actor=self.hr, now=self.at(17))

    def watched(self, person: Person) -> None:
        self.going(person, "Terlambat tiga kali dalam dua minggu.", 11)

    def identified(self, person: Person, days: float) -> DisciplineCase:
        case = self.going(person, "Terlambat lima kali dalam sebulan.", days)
        at = self.at(days - 22)
        discipline.case_identify(
            case_id=case.pk, note="Perjalanan dari rumah dua jam; jadwal shift pagi dibahas dengan WFM.",
            actor=self.superior(person, at), now=at,
        )  # fmt: skip
        return case

    def problem(self, person: Person) -> None:
        self.identified(person, 23)

    def request(self, case: DisciplineCase, days: float) -> None:
        at, person = self.at(days), case.person
        superior = self.superior(person, at)
        name = superior.person.name if superior.person else str(superior)
        discipline_letters.warning_request(
            case_id=case.pk, violated_on=local_day(at, self.site.zone) - timedelta(days=1), clause=CLAUSE,
            reason="Terlambat 40 menit tanpa kabar setelah pembinaan.",
            signing=Signing(superior.pk, name, position_of(superior), Purpose.PREPARED, at), actor=superior, now=at,
        )  # fmt: skip

    def issue(self, case: DisciplineCase, days: float) -> None:
        at = self.at(days)
        name = self.hr.person.name if self.hr.person else str(self.hr)
        discipline_letters.warning_issue(
            case_id=case.pk, signing=Signing(self.hr.pk, name, position_of(self.hr), Purpose.APPROVED, at),
            actor=self.hr, now=at,
        )  # fmt: skip

    def asked(self, person: Person) -> None:
        """SP 1 was given two months ago and its receipt refused; another letter is asked for."""
        case = self.identified(person, 75)
        self.request(case, 52)
        self.issue(case, 50)
        discipline_letters.warning_refuse(
            case_id=case.pk, witnesses=WITNESSES, note="Surat dibacakan; karyawan tidak bersedia menandatangani.",
            actor=self.hr, now=self.at(49),
        )  # fmt: skip
        superior = self.superior(person, self.at(45))
        discipline.case_proceed(case_id=case.pk, note="Tidak menjawab.", actor=superior, now=self.at(45))
        discipline.monitoring_add(case_id=case.pk, note="Terlambat lagi.", actor=superior, now=self.at(6))
        discipline.case_identify(case_id=case.pk, note="Tidak ada perubahan.", actor=superior, now=self.at(4))
        self.request(case, 1)

    def assessed(self, person: Person) -> None:
        self.open(person, "discipline", "Meninggalkan meja tanpa memberi tahu, dua kali minggu ini.", 1)

    def warned(self, person: Person) -> None:
        """The agent who logs in signed for SP 1 and has SP 2 to sign for."""
        case = self.coached(person, "Tiga kali terlambat, satu kali tanpa kabar.", 100)
        superior = self.superior(person, self.at(98))
        words = "Saya berangkat satu jam lebih awal dan memberi kabar bila ada kendala."
        discipline.case_improve(case_id=case.pk, note=words, actor=self.agent, now=self.at(98.5))
        discipline.monitoring_add(case_id=case.pk, note="Masih terlambat.", actor=superior, now=self.at(90))
        discipline.case_identify(case_id=case.pk, note="Belum berubah.", actor=superior, now=self.at(88))
        self.request(case, 87)
        self.issue(case, 86)
        at = self.at(85)
        proof = identity_prove(user=self.agent, password=self.password, code="", reason="discipline.receipt", now=at)
        discipline_letters.warning_receive(
            case_id=case.pk, proof=proof, note="Saya mengerti dan akan memperbaiki.", actor=self.agent, now=at
        )
        discipline.case_improve(case_id=case.pk, note=words, actor=self.agent, now=self.at(84))
        discipline.monitoring_add(case_id=case.pk, note="Terlambat lagi dua kali.", actor=superior, now=self.at(8))
        discipline.case_identify(case_id=case.pk, note="Motivasi menurun.", actor=superior, now=self.at(7))
        self.request(case, 4)
        self.issue(case, 1)
