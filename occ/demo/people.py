"""Who works in the demo (MO 2.2.A), with invented names, and one log-in per role."""

from __future__ import annotations

import random
from dataclasses import dataclass, field
from datetime import date, timedelta

from django.contrib.auth.hashers import make_password

from occ.people.choices import Role
from occ.people.models import Person, RoleAssignment, Site, Team, TeamMembership, User

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
        name = self.name()
        person = Person.objects.create(
            number=f"{joined_on:%y}{self.count:05}", name=name, position=position, site=site, joined_on=joined_on,
            email=f"{name.lower().replace(' ', '.')}@{DOMAIN}",
        )  # fmt: skip
        if team is not None:
            TeamMembership.objects.create(person=person, team=team, starts_on=joined_on)
        return person

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
        username = f"team_leader.{low}" if i == 0 else f"team_leader{i + 1}.{low}"
        staff.log_in(username, person, Role.TEAM_LEADER, site, team)
    coordinator = staff.hire(site, "Koordinator", staff.start)
    staff.log_in(f"coordinator.{low}", coordinator, Role.COORDINATOR, site, None)
    for position, number in OTHERS[code].items():
        for _one in range(number):
            staff.hire(site, position, staff.start + timedelta(days=staff.rng.randrange(200)))
