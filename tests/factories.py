"""A small floor made through the services, for any test: sites, roles, people with user IDs, a leaver."""

from __future__ import annotations

from dataclasses import dataclass
from datetime import UTC, date, datetime, timedelta
from itertools import count

from occ.people.actors import COMMAND
from occ.people.choices import Role
from occ.people.models import Person, RoleAssignment, Site, Team, TeamMembership, User
from occ.workflow.flows import Transition
from sdm.services import employees
from userids.models import Account, Application, DeactivationRequest, Resignation
from userids.services import accounts, deactivations

PASSWORD = "Sangat-Rahasia-2026"
NOW = datetime(2026, 11, 20, 3, 0, tzinfo=UTC)  # 10:00 WIB
DAY = date(2026, 11, 20)
_numbers = count(1)


def site(code: str = "JKT") -> Site:
    names = {"JKT": "Jakarta", "YGY": "Yogyakarta"}
    return Site.objects.get_or_create(code=code, defaults={"name": names[code]})[0]


def user(role: Role, where: Site | None = None, *, name: str = "", team: Team | None = None) -> User:
    username = name or f"{role}.{where.code.lower() if where else 'all'}"
    found = User.objects.filter(username=username).first()
    if found is None:
        found = User.objects.create_user(username=username, password=PASSWORD, email=f"{username}@x.test")
        RoleAssignment.objects.create(user=found, role=role, site=where, team=team, starts_on=date(2020, 1, 1))
    return found


def person(where: Site, *, name: str = "", team: Team | None = None, joined_on: date = date(2024, 1, 1)) -> Person:
    number = next(_numbers)
    made = Person.objects.create(
        number=f"N{number:05}", name=name or f"Orang {number}", email=f"orang{number}@x.test", position="Agent",
        site=where, joined_on=joined_on,
    )  # fmt: skip
    if team is not None:
        TeamMembership.objects.create(person=made, team=team, starts_on=joined_on)
    employees.employees_take_up(people=[made], actor=COMMAND, now=NOW)
    return made


def application() -> Application:
    return Application.objects.get_or_create(code="OMNI", defaults={"name": "Omni Channel"})[0]


def account(
    holder: Person | None, where: Site | None = None, *, since: datetime = NOW - timedelta(days=200)
) -> Account:
    place = where or (holder.site if holder else site())
    return accounts.account_create(
        application=application(), user_id=f"OMN-{next(_numbers):04}", person=holder,
        email=holder.email if holder else "", role="Agent", channels=["voice"], site=place, activated_at=since,
        actor=user(Role.SUPPORT), now=since,
    )  # fmt: skip


@dataclass
class Floor:
    """Two sites with support, a team leader, a coordinator, a manager; an agent with an ID at Jakarta."""

    jkt: Site
    ygy: Site
    team: Team
    support: User
    leader: User
    coordinator: User
    manager: User
    agent: Person
    account: Account

    def resign(self, last_day: date = DAY, *, now: datetime = NOW - timedelta(days=5)) -> Resignation:
        return deactivations.resignation_record(
            person_id=self.agent.pk, last_working_day=last_day, actor=self.support, now=now
        )

    @property
    def request(self) -> DeactivationRequest:
        return DeactivationRequest.objects.filter(person=self.agent).latest("pk")


def floor() -> Floor:
    jkt, ygy = site("JKT"), site("YGY")
    team = Team.objects.get_or_create(code="JKT-A", defaults={"name": "Tim A", "site": jkt})[0]
    agent = person(jkt, team=team)
    return Floor(
        jkt, ygy, team, user(Role.SUPPORT), user(Role.TEAM_LEADER, jkt), user(Role.COORDINATOR, jkt),
        user(Role.MANAGER), agent, account(agent),
    )  # fmt: skip


def trying(floor: Floor, one: Transition, state: str) -> list[tuple[Role, Site]]:
    """Who tries a step: from where it may be taken everybody, at the foreign site too; else one who may not."""
    own = [(role, floor.jkt) for role in Role if role in one.by_roles]
    others = [(role, floor.jkt) for role in Role if role not in one.by_roles]
    foreign = [(role, floor.ygy) for role in Role if role in one.by_roles]
    return own + others + foreign if state in one.source else own + others[:1]


def pdf(pages: int = 1) -> bytes:
    """A PDF with so many empty pages."""
    kids = " ".join(f"{3 + i} 0 R" for i in range(pages))
    objects = [b"<< /Type /Catalog /Pages 2 0 R >>", f"<< /Type /Pages /Kids [{kids}] /Count {pages} >>".encode()]
    objects += [b"<< /Type /Page /Parent 2 0 R /MediaBox [0 0 595 842] >>"] * pages
    out, offsets = b"%PDF-1.7\n", []
    for number, body in enumerate(objects, 1):
        offsets.append(len(out))
        out += b"%d 0 obj\n%s\nendobj\n" % (number, body)
    start = len(out)
    table = b"".join(b"%010d 00000 n \n" % one for one in offsets)
    out += b"xref\n0 %d\n0000000000 65535 f \n%s" % (len(objects) + 1, table)
    return out + b"trailer << /Size %d /Root 1 0 R >>\nstartxref\n%d\n%%%%EOF\n" % (len(objects) + 1, start)


PDF = pdf()
