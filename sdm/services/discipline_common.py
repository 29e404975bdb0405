"""What every step of a pembinaan does alike: who leads, what is owed next, what is written down, who is told.

Locks: the person, the case, its obligations.
"""

from __future__ import annotations

from datetime import datetime
from typing import Any

from django.core.files.base import File
from django.utils.translation import gettext as _

from occ.documents.attachments import attachment_add
from occ.documents.sniffing import ending
from occ.errors import Invalid, NotAllowed
from occ.notifications.addressees import audience
from occ.notifications.kinds import Kind
from occ.notifications.services import notify
from occ.obligations import services as obligations
from occ.people.actors import Actor
from occ.people.choices import Role
from occ.people.history import sign
from occ.people.models import Person, RoleAssignment, Team, User, in_force
from occ.people.scope import has_role
from occ.policies.services import policy_value
from occ.times import local_day
from sdm.discipline.choices import EntryKind
from sdm.discipline.deadlines import due_in_days
from sdm.discipline.policies import COMMIT, DECIDE, JUDGE, REQUEST, RULES
from sdm.discipline.workflow import PERSONS
from sdm.models.discipline import CaseEntry, DisciplineCase
from sdm.ranks import led_by

EVIDENCE = ("pdf", "png", "jpg")
WORDS = 4_000
RULES_OF_LEADERS = frozenset({DECIDE, COMMIT, JUDGE, REQUEST})


def is_own(user: User, case: DisciplineCase) -> bool:
    return user.person_id is not None and user.person_id == case.person_id


def leads(user: User, person: Person, now: datetime) -> bool:
    """Whether that user is a superior of the person: named leader, team leader, or of the site and above by rank."""
    if user.person_id == person.pk:
        return False
    return Person.objects.filter(led_by(user, local_day(now, person.site.zone)), pk=person.pk).exists()


def must_lead(actor: User, case: DisciplineCase, now: datetime) -> None:
    if not leads(actor, case.person, now):
        raise NotAllowed


def must_be_own(actor: User, case: DisciplineCase) -> None:
    if not is_own(actor, case):
        raise NotAllowed(_("Only the person does this, in the own session."))


def words(text: str, field: str = "note", most: int = WORDS) -> str:
    text = text.replace("\x00", "").strip()
    if not text:
        raise Invalid(_("Please write it down: it belongs to the record."), field=field)
    if len(text) > most:
        raise Invalid(_("This is longer than %(n)s characters.") % {"n": most}, field=field)
    return text


def entry(
    case: DisciplineCase, kind: EntryKind, text: str, *, actor: Actor, now: datetime, method: str = ""
) -> CaseEntry:  # fmt: skip
    return CaseEntry.objects.create(
        case=case, kind=kind, method=method, at=now, by=actor if isinstance(actor, User) else None,
        by_label=str(actor)[:150], text=text,
    )  # fmt: skip


def keep_file(case: DisciplineCase, file: File[bytes] | None, purpose: str, *, actor: User, now: datetime) -> None:
    """Keep evidence under a name that tells nothing: the ledger names files. Raises FileRefused."""
    if file is not None:
        kind = ending(file.name or "")
        file.name = f"pembinaan-{case.pk:06}-{purpose}" + (f".{kind}" if kind else "")
        attachment_add(file=file, subject=case, actor=actor, now=now, purpose=purpose, allowed=EVIDENCE)


def in_policy_days(case: DisciplineCase, key: str, now: datetime) -> datetime:
    return due_in_days(now, float(policy_value(key, at=now, site=case.site)), case.site.zone)


def owe(case: DisciplineCase, rule: str, due_at: datetime, *, actor: Actor, now: datetime) -> None:
    """What the case owes next; one clock at a time, and none beside it."""
    case.due_at = due_at
    sign(case, actor, "owed", now=now)
    case.save(update_fields=["due_at"])
    obligations.obligation_open(
        rule=rule, subject=case, label=str(case), site=case.site,
        team=team_told(case, rule, now), starts_at=min(now, due_at), due_at=due_at, actor=actor, now=now,
    )  # fmt: skip


def team_told(case: DisciplineCase, rule: str, now: datetime) -> Team | None:
    """The team is named where its leader owes it, and not at what HR owes: it would tell of a small team whose case
    it is."""
    return case.person.team_on(local_day(now, case.site.zone)) if rule in RULES_OF_LEADERS else None


def done(case: DisciplineCase, rule: str, *, actor: Actor, now: datetime) -> None:
    obligations.obligation_fulfil(
        subject=case, rule=rule, at=now, evidence={"status": str(case.status)}, actor=actor, now=now
    )


def nothing_owed(case: DisciplineCase, *, actor: Actor, now: datetime) -> None:
    """The case ends or turns elsewhere: what is still open counts neither as kept nor as late."""
    for rule in RULES:
        obligations.obligation_cancel(subject=case, rule=rule, reason=str(case.status), actor=actor, now=now)
    if case.due_at is not None:
        case.due_at = None
        sign(case, actor, "nothing owed", now=now)
        case.save(update_fields=["due_at"])


def _tell(case: DisciplineCase, to: list[User], kind: Kind, at: str, now: datetime) -> None:
    key = f"{kind.key}:{case.pk}:{at}"
    notify(to=to, kind=kind.key, params={"label": str(case)}, key=key, url=case.get_absolute_url(), now=now)


def tell_person(case: DisciplineCase, kind: Kind, now: datetime) -> None:
    """The person, if there is a log-in; nobody in their place."""
    users = User.objects.filter(person_id=case.person_id, is_active=True)
    _tell(case, list(users), kind, f"{case.status}:{now.timestamp():.0f}", now)


def tell_superiors(case: DisciplineCase, kind: Kind, now: datetime) -> None:
    """Team leaders who lead the person, no deputy who does not; where nobody does, the next ones above who do."""
    team = case.person.team_on(local_day(now, case.site.zone))
    to: list[User] = []
    for role in (Role.TEAM_LEADER, Role.COORDINATOR, Role.MANAGER, Role.HEAD_MANAGER):
        asked = audience(role, site=case.site, team=team if role == Role.TEAM_LEADER else None, now=now)
        to = to or [one for one in asked if leads(one, case.person, now)]
    _tell(case, to, kind, f"{case.status}:{now.timestamp():.0f}", now)


def tell_relations(case: DisciplineCase, kind: Kind, now: datetime) -> None:
    to = [
        one for one in audience(Role.HR_RELATIONS, site=case.site, now=now)
        if has_role(one, {Role.HR_RELATIONS}, site=case.site) and not is_own(one, case)
    ]  # fmt: skip
    _tell(case, to, kind, f"{case.status}:{now.timestamp():.0f}", now)


def has_log_in(person: Person, now: datetime) -> bool:
    held = RoleAssignment.objects.filter(
        in_force(local_day(now, person.site.zone)), user__person=person, role__in=PERSONS, user__is_active=True
    )
    return held.exists()


def also_closed(now: datetime, **more: Any) -> dict[str, Any]:
    return {"closed_at": now, "due_at": None, **more}
