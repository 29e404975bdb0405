"""A floor with rules of the game: who keeps them, who walks, who is seen."""

from __future__ import annotations

from datetime import date, datetime, timedelta
from itertools import count
from typing import Any

from occ.people.choices import Role
from occ.people.models import Person, Site, User
from realtime.models import Rule, RuleVersion, Violation
from realtime.services import rotg
from realtime.services.rotg_rules import rule_add
from tests.factories import NOW, Floor, user

numbers = count(1)
LONG_AGO = NOW - timedelta(days=400)
SINCE = date(2026, 1, 1)


def quality() -> User:
    return user(Role.QUALITY_ASSURANCE)


def rule(number: str = "", *, site: Site | None = None, severity: str = "minor", text: str = "Telepon genggam di loker",
         starts_on: date = SINCE, now: datetime = LONG_AGO) -> Rule:  # fmt: skip
    made: RuleVersion = rule_add(
        number=number or f"R{next(numbers)}", site=site, text=text, severity=severity, starts_on=starts_on,
        note="Hasil rapat", actor=quality(), now=now,
    )  # fmt: skip
    return made.rule


def agent_user(person: Person) -> User:
    """The log-in of an agent, once."""
    made = user(Role.AGENT, person.site, name=f"agent.{person.number}")
    if made.person_id is None:
        made.person = person
        made.save(update_fields=["person"])
    return made


def watcher(floor: Floor) -> User:
    """Who records, and so leaves the decision to somebody else."""
    return user(Role.RTFM, floor.jkt, name="rtfm.watcher")


def seen(floor: Floor, which: Rule, *, at: datetime = NOW, person: Person | None = None, **given: Any) -> Violation:
    return rotg.violation_record(
        person=person or floor.agent, rule=which, seen_at=at, what="Memegang telepon di meja",
        actor=given.pop("actor", None) or watcher(floor), now=given.pop("now", at), **given,
    )  # fmt: skip


def upheld(floor: Floor, which: Rule, *, at: datetime = NOW, person: Person | None = None) -> Violation:
    """Recorded by who watches, answered by the agent, upheld by the leader."""
    found, later = seen(floor, which, at=at, person=person), at + timedelta(hours=1)
    rotg.violation_answer(
        violation_id=found.pk, note="Maaf, anak sakit", actor=agent_user(person or floor.agent), now=later
    )
    return rotg.violation_uphold(
        violation_id=found.pk, note="Bisa minta izin", actor=floor.leader, now=later + timedelta(hours=1)
    )
