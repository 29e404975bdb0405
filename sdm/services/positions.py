"""Positions by date: a new version holds from a day on, what was before is kept (SDM-2)."""

from dataclasses import dataclass, field
from datetime import date, datetime, timedelta

from django.db import IntegrityError, transaction
from django.utils.text import slugify
from django.utils.translation import gettext as _

from occ.errors import Invalid, NotAllowed, WrongState
from occ.ledger.services import record
from occ.people.history import sign
from occ.people.models import User
from occ.people.scope import has_role
from occ.texts import hidden
from occ.times import JAKARTA, in_reach, local_day
from sdm.models import Position, PositionVersion
from sdm.personal import KEEPERS
from sdm.positions.choices import Education

ONE_DAY = timedelta(days=1)


@dataclass(frozen=True)
class Spec:
    """What a version says. `not_applied`: lines of the text that are quoted only."""

    clause: str
    specification: str
    description: str = ""
    education: str = ""
    experience_months: int = 0
    skills: list[str] = field(default_factory=list)
    age_limit: int | None = None
    not_applied: list[str] = field(default_factory=list)


def spec_clean(spec: Spec) -> Spec:
    text = "\n".join(line.strip() for line in spec.specification.splitlines() if line.strip())
    if not text or len(text) > 4000:
        raise Invalid(_("Write the specification, in at most %(n)s characters.") % {"n": 4000}, field="specification")
    if len(spec.description) > 6000:
        raise Invalid(_("At most %(n)s characters.") % {"n": 6000}, field="description")
    if not spec.clause.strip() or len(spec.clause) > 80:
        raise Invalid(_("Say from which clause or decision it comes."), field="clause")
    if spec.education and spec.education not in Education.values:
        raise Invalid(_("There is no such education."), field="education")
    if not 0 <= spec.experience_months <= 480:
        raise Invalid(_("Experience is 0 to 480 months."), field="experience_months")
    if spec.age_limit is not None and not 17 <= spec.age_limit <= 99:
        raise Invalid(_("An age limit lies between 17 and 99."), field="age_limit")
    skills = sorted({" ".join(one.split()) for one in spec.skills} - {""}, key=str.casefold)
    if len(skills) > 20 or any(len(one) > 60 for one in skills):
        raise Invalid(_("At most 20 skills of at most 60 characters."), field="skills")
    quoted = [" ".join(one.split()) for one in spec.not_applied if one.strip()]
    lines = text.splitlines()
    if strange := [one for one in quoted if one not in lines]:
        raise Invalid(_("This line does not stand in the specification: %(line)s") % {"line": strange[0]},
                      field="not_applied")  # fmt: skip
    return Spec(spec.clause.strip(), text, spec.description.strip(), spec.education, spec.experience_months, skills,
                spec.age_limit, quoted)  # fmt: skip


def _must_keep(actor: User) -> None:
    """Positions are of all sites: who keeps people's records anywhere."""
    if not has_role(actor, KEEPERS):
        raise NotAllowed


def _day(on: date, now: datetime) -> None:
    if not in_reach(on) or on < local_day(now, JAKARTA):
        raise Invalid(_("It cannot begin in the past: who was judged was judged by what held."), field="starts_on")


def reason_clean(text: str) -> str:
    text = " ".join(text.split())
    if not text or len(text) > 500:
        raise Invalid(_("Say why, in at most %(n)s characters.") % {"n": 500}, field="reason")
    return text


@transaction.atomic
def position_add(
    *, name: str, titles: list[str], spec: Spec, starts_on: date, reason: str, actor: User, now: datetime
) -> Position:
    """A position that the manual does not know. Raises NotAllowed, Invalid."""
    _must_keep(actor)
    name = " ".join(name.split())
    if not name or len(name) > 80 or hidden(name):
        raise Invalid(_("A position has a name of 1 to 80 characters, all of them visible."), field="name")
    spec, reason = spec_clean(spec), reason_clean(reason)
    _day(starts_on, now)
    called = titles_clean(titles, None)
    last = Position.objects.select_for_update(no_key=True).order_by("-number").first()
    try:
        with transaction.atomic():
            made = Position.objects.create(
                code=slugify(name)[:40] or f"position-{(last.number if last else 0) + 1}",
                number=(last.number if last else 0) + 1, name=name, titles=called,
            )  # fmt: skip
    except IntegrityError as error:
        raise Invalid(_("There is a position with this name already."), field="name") from error
    _write(made, 1, spec, starts_on, reason, actor, now)
    return made


def titles_clean(titles: list[str], position: Position | None) -> list[str]:
    """Raises Invalid when another position is called so: then nobody could say which one people are placed in."""
    found = list(dict.fromkeys(" ".join(one.split())[:80] for one in titles if one.strip()))
    for other in Position.objects.exclude(pk=position.pk if position else 0):
        taken = {other.name.casefold(), *(one.casefold() for one in other.titles)}
        if clash := next((one for one in found if one.casefold() in taken), None):
            words = _("“%(title)s” is how %(position)s is called already.")
            raise Invalid(words % {"title": clash, "position": other.name}, field="titles")
    return found


@transaction.atomic
def position_change(
    *, position_id: int, spec: Spec, titles: list[str] | None = None, starts_on: date, reason: str,
    seen: int | None = None, actor: User, now: datetime,
) -> PositionVersion:  # fmt: skip
    """What the position asks for from a day on; the version before ends the day before.

    `seen`: the version that the actor looked at. Raises NotAllowed, Invalid, WrongState.
    """
    _must_keep(actor)
    position = Position.objects.select_for_update(no_key=True).get(pk=position_id)
    last = position.versions.latest("version")
    spec, reason = spec_clean(spec), reason_clean(reason)
    _day(starts_on, now)
    if seen is not None and seen != last.version:
        raise WrongState(_("Somebody has changed this position since you looked at it. Read it first."))
    if starts_on <= last.starts_on:
        raise Invalid(_("The present version begins on that day or later: choose a later day."), field="starts_on")
    last.ends_on = starts_on - ONE_DAY
    sign(last, actor, reason, now=now)
    last.save(update_fields=["ends_on"])
    if titles is not None and (called := titles_clean(titles, position)) != position.titles:
        position.titles = called
        position.save(update_fields=["titles"])
    return _write(position, last.version + 1, spec, starts_on, reason, actor, now)


def _write(
    position: Position, version: int, spec: Spec, starts_on: date, reason: str, actor: User, now: datetime
) -> PositionVersion:
    made = PositionVersion(
        position=position, version=version, starts_on=starts_on, reason=reason, made_at=now, made_by=actor,
        **vars(spec),
    )  # fmt: skip
    sign(made, actor, reason, now=now)
    made.save()
    data = {"position": position.name, "version": version, "from": starts_on, "reason": reason}
    record(actor=actor, action="position.changed", subject=position, data=data, now=now)
    return made
