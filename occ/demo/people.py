"""Who works in the demo (MO 2.2.A), with invented names, and one log-in per role."""

from __future__ import annotations

import random
from dataclasses import dataclass, field
from datetime import date, datetime, time, timedelta

from django.contrib.auth.hashers import make_password

from occ.people.actors import COMMAND
from occ.people.choices import Role
from occ.people.models import Person, RoleAssignment, Site, Team, User
from occ.times import JAKARTA
from sdm.models import Employee, Employment
from sdm.services import employees, placements
from sdm.services.contract_registration import employment_register
from sdm.services.employments import Terms, employment_add, employment_extend

FIRST = (
    "Adi Agus Aisyah Andi Anggun Anisa Arif Ayu Bagas Bayu Bella Budi Citra Dewi Dian Dimas Dwi Eka Endah "
    "Fajar Farah Fitri Galih Gita Hana Hendra Ika Ilham Indah Intan Irfan Joko Kartika Kurnia Laras Lestari "
    "Lia Lukman Maya Mega Nadia Nanda Nina Novi Nur Putri Rani Ratna Reza Rina Rizky Sari Sigit Siti Tia Tri "
    "Vina Wahyu Wulan Yoga Yuni Zahra "
).split()
LAST = (
    "Amalia Anggraini Firmansyah Gunawan Handayani Hidayat Kurniawan Kusuma Lestari Maharani Maulana Nugroho "
    "Nurhaliza Permata Pertiwi Prabowo Pramudita Prasetyo Purnama Puspita Rahayu Rahmawati Ramadhan Safitri "
    "Santoso Saputra Sari Setiawan Siregar Suharto Susanti Susilo Utami Wibowo Widodo Wijaya Wulandari "
    "Yulianti "
).split()
DOMAIN = "demo.example"
SKILLS = ["Bahasa Inggris", "Excel", "Gadai", "Tabungan Emas", "Eskalasi Tier 2", "Verifikasi KTP", "Pegadaian Digital"]
MIXES = [["voice"], ["chat", "whatsapp"], ["email", "social"], ["chat", "social", "whatsapp"]]
# MO 2.2.A: regular agents, verifiers, team leaders by site.
PERSONNEL = {"JKT": (45, 8, 4), "YGY": (60, 0, 6)}
# Log-ins for all sites beside those of each site: role -> position.
EVERYWHERE = {
    Role.SUPPORT: "Admin Support", Role.DOCUMENT_CONTROL: "Document Control", Role.IT: "Team IT",
    Role.QUALITY_CONTROL: "Quality Control", Role.QUALITY_ASSURANCE: "Quality Assurance", Role.WFM: "WFM",
    Role.RTFM: "RTFM", Role.MANAGER: "Operation Manager", Role.HEAD_MANAGER: "Head Manager", Role.QMR: "QMR",
    Role.HR_RECRUITMENT: "HR Recruitment", Role.HR_TRAINING: "HR Training",
    Role.HR_RELATIONS: "HR Industrial Relations",
    Role.HR_PAYROLL: "HR Payroll", Role.CLIENT: "", Role.AUDITOR: "", Role.ADMINISTRATOR: "Administrator",
}  # fmt: skip
# Positions of the table that have no log-in of their own in the demo: site -> position -> how many more.
OTHERS = {"JKT": {"RTFM": 1}, "YGY": {"Quality Control": 3, "RTFM": 1}}


@dataclass
class Staff:
    """The people made, and the next employee number."""

    rng: random.Random
    password: str
    start: date
    sites: dict[str, Site] = field(default_factory=dict)
    teams: dict[str, list[Team]] = field(default_factory=dict)
    users: dict[str, User] = field(default_factory=dict)
    names: set[str] = field(default_factory=set)
    count: int = 0
    leaders: dict[int, Person] = field(default_factory=dict)  # by team
    # A chance of its own, so that what is personal changes nothing else of the demo.
    own: random.Random = field(default_factory=lambda: random.Random(5))  # noqa: S311

    def name(self) -> str:
        """A name nobody has yet."""
        while True:
            name = f"{self.rng.choice(FIRST)} {self.rng.choice(LAST)}"
            name = name if name not in self.names else f"{name.split()[0]} {self.rng.choice(FIRST)} {name.split()[1]}"
            if name not in self.names:
                self.names.add(name)
                return name

    def hire(self, site: Site, position: str, joined_on: date, team: Team | None = None) -> Person:
        self.count += 1
        name, born = self.name(), self.born(joined_on)
        employee = employees.employee_hire(
            number=f"{joined_on:%y}{self.count:05}", name=name, position=position, site=site, joined_on=joined_on,
            email=f"{name.lower().replace(' ', '.')}@{DOMAIN}", team=team,
            leader=self.leaders.get(team.pk) if team else None,
            birth_date=born, nik=self.nik(site, born), phone=f"+62 812 {self.own.randrange(10**7, 10**8)}",
            channels=self.own.choice(MIXES) if position == "Agent" else [],
            skills=self.own.sample(SKILLS, 2), actor=COMMAND, now=noon(joined_on),
        )  # fmt: skip
        return employee.person

    def born(self, joined_on: date) -> date:
        """Between 20 and 32 years old on joining; one in fifty on 29 February."""
        if self.own.random() < 0.02:
            return date(2000 if joined_on.year < 2024 else 2004, 2, 29)
        return joined_on - timedelta(days=self.own.randrange(20 * 365, 32 * 365))

    def nik(self, site: Site, born: date) -> str:
        """Sixteen digits as a national ID number has them, of an office that there is not."""
        return f"{'99' if site.code == 'JKT' else '98'}0101{born:%d%m%y}{self.count:04}"

    def log_in(self, username: str, person: Person | None, role: Role, site: Site | None, team: Team | None) -> User:
        first, _space, last = (person.name if person else "").partition(" ")
        user = User(
            username=username, password=self.password, person=person, first_name=first, last_name=last,
            email=person.email if person else f"{username}@{DOMAIN}",
        )  # fmt: skip
        user.save()
        RoleAssignment.objects.create(user=user, role=role, site=site, team=team, starts_on=self.start)
        self.users[username] = user
        return user


def make_staff(*, rng: random.Random, password: str, start: date) -> Staff:
    """Sites, teams, everybody but the agents, and the log-ins but the agents'."""
    staff = Staff(rng, make_password(password), start)
    for code, name in (("JKT", "Jakarta"), ("YGY", "Yogyakarta")):
        staff.sites[code] = Site.objects.create(code=code, name=name)
    for code, site in staff.sites.items():
        _site(staff, code, site)
    for role, position in EVERYWHERE.items():
        person = staff.hire(staff.sites["JKT"], position, start) if position else None
        user = staff.log_in(str(role), person, role, None, None)
        if role is Role.CLIENT:
            user.first_name, user.last_name = "PT", "Pegadaian"
            user.save(update_fields=["first_name", "last_name"])
        if role is Role.AUDITOR:
            user.first_name = "Auditor"
            user.save(update_fields=["first_name"])
    return staff


def _site(staff: Staff, code: str, site: Site) -> None:
    low = code.lower()
    leaders = PERSONNEL[code][2]
    staff.teams[code] = [
        Team.objects.create(site=site, code=f"{code}-{letter}", name=f"Tim {letter} {site.name}")
        for letter in "ABCDEF"[:leaders]
    ]
    for i, team in enumerate(staff.teams[code]):
        person = staff.hire(site, "Team Leader", staff.start, team)
        staff.leaders[team.pk] = person
        username = f"team_leader.{low}" if i == 0 else f"team_leader{i + 1}.{low}"
        staff.log_in(username, person, Role.TEAM_LEADER, site, team)
    coordinator = staff.hire(site, "Koordinator", staff.start)
    staff.log_in(f"coordinator.{low}", coordinator, Role.COORDINATOR, site, None)
    for position, number in OTHERS[code].items():
        for _one in range(number):
            staff.hire(site, position, staff.start + timedelta(days=staff.rng.randrange(200)))


def noon(day: date) -> datetime:
    return datetime.combine(day, time(12), JAKARTA)


# Contracts and transfers ----------------------------------------------------------------------------------------------

PERMANENT = {"Koordinator", "Operation Manager", "Head Manager", "HR Payroll", "QMR", "Administrator"}


def contracts(staff: Staff, *, now: datetime) -> None:
    """Everybody's contract: PKWT of a year, extended year by year to three, then PKWTT; some end in 90, 60, 30 days."""
    today = now.astimezone(JAKARTA).date()
    ending = iter((28, 30, 45, 58, 60, 75, 88, 90))
    for employee in Employee.objects.select_related("person").order_by("person__joined_on", "pk"):
        person = employee.person
        if person.joined_on > today:
            continue
        kept = person.last_working_day is None
        soon = (
            next(ending, None)
            if kept and person.position == "Agent" and today.year - person.joined_on.year < 3
            else None
        )
        _contract(staff, person, today, soon)


def _contract(staff: Staff, person: Person, today: date, soon: int | None) -> None:
    start, last = person.joined_on, person.last_working_day
    if person.position in PERMANENT:
        terms = Terms("pkwtt", start, None, f"PKWTT/{person.number}")
        employment_add(person_id=person.pk, terms=terms, actor=COMMAND, now=noon(start))
        return
    until = today + timedelta(days=soon) if soon else anniversary(start, 1)
    until = min(until, last) if last else until
    terms = Terms("pkwt", start, max(until, start), f"PKWT/{person.number}/1")
    held = employment_add(person_id=person.pk, terms=terms, actor=COMMAND, now=noon(start))
    _registered(held, start)
    for year in range(2, 8):
        end = held.ends_on
        if end is None or end >= (last or today):
            return
        until = min(anniversary(start, year), last) if last else anniversary(start, year)
        held = employment_extend(
            employment_id=held.pk, agreed_until=until, number=f"PKWT/{person.number}/{year}", actor=COMMAND,
            now=noon(min(end, today)),
        )  # fmt: skip
        _registered(held, min(end, today))


def _registered(held: Employment, signed_on: date) -> None:
    employment_register(
        employment_id=held.pk, registered_on=signed_on, registration=f"WLKP-{held.pk:06}", actor=COMMAND,
        now=noon(signed_on),
    )  # fmt: skip


def anniversary(start: date, years: int) -> date:
    """The day before the contract is so many years old."""
    try:
        return start.replace(year=start.year + years) - timedelta(days=1)
    except ValueError:  # begun on 29 February
        return date(start.year + years, 2, 28)


def transfers(staff: Staff, *, now: datetime) -> None:
    """Two transfers: one that was, to another team, and one that is planned, to the other site."""
    today = now.astimezone(JAKARTA).date()
    jkt, ygy = staff.sites["JKT"], staff.sites["YGY"]
    hr = staff.users["hr_relations"]
    free = Person.objects.filter(
        position="Agent", site=jkt, last_working_day=None, user=None, joined_on__lt=today - timedelta(days=120)
    ).order_by("pk")
    moved, planned = free[0], free[1]
    team = next(one for one in staff.teams["JKT"] if one != moved.team_on(today))
    placements.person_transfer(
        person_id=moved.pk, on=today - timedelta(days=60), site=jkt, position="Agent", team=team,
        leader=staff.leaders[team.pk], note="Kebutuhan tim.", actor=hr, now=noon(today - timedelta(days=60)),
    )  # fmt: skip
    team = staff.teams["YGY"][0]
    placements.person_transfer(
        person_id=planned.pk, on=today + timedelta(days=14), site=ygy, position="Agent", team=team,
        leader=staff.leaders[team.pk], note="Pindah domisili.", actor=hr, now=now - timedelta(days=2),
    )  # fmt: skip
