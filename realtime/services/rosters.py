"""A month's roster from its draft to its publication, and to the version that changes it (RTM-1; MO 2.1.2).

Who works on a month locks its versions first (`month_locked`). What is published tells each agent whose shifts are new,
the sign-offs that no longer say what was signed, and whoever waits for the end of somebody's last shift.
"""

from __future__ import annotations

from collections.abc import Iterable, Sequence
from datetime import date, datetime
from typing import Any

from django.db import connection, transaction
from django.db.models import Max
from django.utils.translation import gettext as _
from django.utils.translation import gettext_noop

from occ.errors import Invalid, NotAllowed, WrongState
from occ.ledger.services import record
from occ.people.actors import Actor
from occ.people.history import sign
from occ.people.models import Person, Site, User
from occ.people.scope import has_role
from occ.people.shifts import shifts_changed
from occ.texts import kept
from occ.times import FIRST_YEAR, LAST_YEAR, next_month
from occ.workflow.services import begin, step
from realtime.choices import DayKind, FindingCode, RosterStatus
from realtime.models import Roster, RosterLine
from realtime.rostering.checking import facts_of, findings_of, limits_at
from realtime.rostering.codes import Cell, Codes, codes_of, lines_of
from realtime.rostering.versions import Cells, Change, cells_of, differences, lines_copy
from realtime.services.roster_checks import checks_judge
from realtime.services.roster_telling import tell_of_number, tell_of_roster
from realtime.workflow import ROSTER, ROSTER_MAKERS, ROSTERING

LOCK = 0x0CC_7217
Edit = tuple[int, date, str]  # whose cell of which day, and what is written into it


def month_locked(site: Site, month: date) -> list[Roster]:
    """The versions of a month, newest first; nobody else works on that month until the transaction ends."""
    with connection.cursor() as cursor:
        cursor.execute(
            "SELECT pg_advisory_xact_lock(%s, %s)", [LOCK, site.pk * 10_000 + month.year % 100 * 12 + month.month]
        )
    return list(Roster.objects.filter(site=site, month=month).select_related("site").order_by("-version"))


def may_make(actor: Actor, site: Site) -> bool:
    return isinstance(actor, User) and has_role(actor, ROSTER_MAKERS, site=site)


@transaction.atomic
def roster_begin(*, site: Site, month: date, reason: str = "", actor: Actor, now: datetime) -> Roster:
    """A draft: the month's first version, or a change of the published one, which needs a reason.

    Raises NotAllowed, Invalid, WrongState (a version is being worked on already).
    """
    if not may_make(actor, site):
        raise NotAllowed
    if not FIRST_YEAR < month.year < LAST_YEAR or month.day != 1:
        raise Invalid(_("Choose a month."), field="month")
    versions = month_locked(site, month)
    if any(one.in_work for one in versions):
        raise WrongState(_("A version of this month is being worked on already."))
    base = next((one for one in versions if one.status == RosterStatus.PUBLISHED), None)
    if base is not None and not reason.strip():
        raise Invalid(_("This month is published: say why it changes."), field="reason")
    return _begin(site, month, versions, base, reason, actor=actor, now=now)


def _begin(
    site: Site, month: date, versions: Sequence[Roster], base: Roster | None, reason: str, *, actor: Actor,
    now: datetime, amends: bool = False,
) -> Roster:  # fmt: skip
    made = Roster(
        site=site, month=month, version=max((one.version for one in versions), default=0) + 1, base=base, made_at=now,
        made_by=actor if isinstance(actor, User) else None, note=reason.strip()[:300], amends=amends,
    )  # fmt: skip
    sign(made, actor, reason, now=now)
    made.save()
    _written_by(made, actor)
    if base is not None:
        lines_copy(base, made)
    begin(ROSTER, made, actor=actor, now=now, note=reason.strip())
    return made


def _editable(roster_id: int, actor: Actor) -> Roster:
    site_id, month = Roster.objects.values_list("site_id", "month").get(pk=roster_id)
    versions = month_locked(Site.objects.get(pk=site_id), month)
    roster = next(one for one in versions if one.pk == roster_id)
    if not may_make(actor, roster.site):
        raise NotAllowed
    if roster.status != RosterStatus.DRAFT:
        words = _("Only a draft is changed. This version is: %(state)s.")
        raise WrongState(words % {"state": roster.get_status_display()})
    return roster


@transaction.atomic
def cells_write(*, roster_id: int, edits: Iterable[Edit], actor: Actor, now: datetime) -> list[Change]:
    """Write codes into cells of a draft; an empty one takes the person off that day. Returns what differs now.

    Raises NotAllowed, WrongState (no draft), Invalid: no code of the site, another month, nobody of this site.
    """
    roster = _editable(roster_id, actor)
    codes, wanted = codes_of(roster.site), {}
    for person_id, day, text in edits:
        if not roster.month <= day < next_month(roster.month):
            raise Invalid(_("The day lies outside the roster's month."), field="day")
        wanted[person_id, day] = codes.read(text)
    people = {person_id for person_id, _day in wanted}
    known = set(Person.objects.filter(pk__in=people, site=roster.site).values_list("pk", flat=True))
    known |= set(RosterLine.objects.filter(roster=roster, person_id__in=people).values_list("person_id", flat=True))
    if people - known:
        raise Invalid(_("Nobody of this site has that number."), field="person")
    return cells_put(roster, wanted, codes, actor=actor, now=now)


def cells_put(
    roster: Roster, wanted: dict[tuple[int, date], Cell | None], codes: Codes, *, actor: Actor, now: datetime,
    source: dict[str, Any] | None = None,
) -> list[Change]:  # fmt: skip
    """Let the draft's cells be as wanted; those of others stay. The caller has locked the month."""
    rows = RosterLine.objects.filter(roster=roster, person_id__in={person_id for person_id, _day in wanted})
    lines = {(one.person_id, one.day): one for one in rows}
    was: Cells = {key: Cell(one.kind, one.shift_id) for key, one in lines.items() if key in wanted}
    changes = differences(was, {key: cell for key, cell in wanted.items() if cell is not None})
    if not changes:
        return []
    keys = [(one.person_id, one.day) for one in changes]
    gone = [lines[key].pk for key in keys if key in lines]
    # For which channel somebody was planned stays where the day is still one of work.
    channels = {key: lines[key].channel for key in keys if key in lines}
    RosterLine.objects.filter(pk__in=gone).delete()
    made = [(one.person_id, one.day, one.now) for one in changes if one.now is not None]
    RosterLine.objects.bulk_create(lines_of(roster, made, codes, channels), batch_size=2_000)
    _written_by(roster, actor)
    data = (source or {}) | {"cells": len(changes), "changes": said(changes[:200], codes)}
    record(actor=actor, action="roster.changed", subject=roster, data=data, now=now, site=roster.site)
    return changes


def _written_by(roster: Roster, actor: Actor) -> None:
    """Who wrote in a version neither validates nor signs it off. A swap is its two agents' work: somebody else approved
    it already."""
    if isinstance(actor, User) and not roster.amends:
        roster.hands.add(actor)


def said(changes: Iterable[Change], codes: Codes) -> list[list[Any]]:
    return [[one.person_id, one.day.isoformat(), codes.shown(one.was), codes.shown(one.now)] for one in changes]


def roster_findings(roster: Roster, *, now: datetime) -> list[dict[str, Any]]:
    """All of the month, as kept (see Finding.kept); of the need against the cover the day before says more."""
    limits = limits_at(roster.site_id, now)
    facts = facts_of(roster)
    return [one.kept(limits) for one in findings_of(facts, limits, days_of(roster.month))]


def days_of(month: date) -> list[date]:
    return [month.replace(day=n) for n in range(1, (next_month(month) - month).days + 1)]


@transaction.atomic
def roster_validate(*, roster_id: int, actor: User, now: datetime) -> Roster:
    """No finding blocks: it may be published. Raises NotAllowed (also of what one wrote), WrongState, Invalid."""
    _month(roster_id)
    found: dict[str, Any] = {}
    with step(ROSTER, Roster, roster_id, "validate", actor=actor, now=now, evidence=found) as roster:
        if not roster.lines.exists():
            raise Invalid(_("The roster is empty."))
        findings = roster_findings(roster, now=now)
        if blocking := sum(1 for one in findings if one["blocks"]):
            raise Invalid(_("%(n)s findings block: see below what they are.") % {"n": blocking}, code="blocked")
        found |= {"warnings": len(findings)}
        _write(roster, actor, "validate", now, validated_at=now, validated_by=actor)
        return roster


@transaction.atomic
def roster_reopen(*, roster_id: int, note: str, actor: Actor, now: datetime) -> Roster:
    also = {"validated_at": None, "validated_by": None}
    with step(ROSTER, Roster, roster_id, "reopen", actor=actor, now=now, note=note, also=also) as roster:
        return roster


@transaction.atomic
def roster_cancel(*, roster_id: int, note: str, actor: User, now: datetime) -> Roster:
    with step(ROSTER, Roster, roster_id, "cancel", actor=actor, now=now, note=note) as roster:
        return roster


@transaction.atomic
def roster_publish(*, roster_id: int, actor: User, now: datetime) -> Roster:
    """From now on it holds; the version before it is revised. Raises NotAllowed, WrongState."""
    versions = _month(roster_id)
    roster = next(one for one in versions if one.pk == roster_id)
    if not ROSTER.find("publish").open_to(actor, roster.site):
        raise NotAllowed
    if roster.status != RosterStatus.VALIDATED:
        raise WrongState(_("Only a validated roster is published."))
    old = _revise(versions, roster, actor=actor, now=now)
    also = {"published_at": now, "published_by": actor}
    with step(ROSTER, Roster, roster_id, "publish", actor=actor, now=now, note=roster.note, also=also) as published:
        pass
    _published(published, old, actor=actor, now=now)
    return published


def roster_amend(
    site: Site, month: date, change: dict[tuple[int, date], Cell | None], *, reason: str, actor: User, now: datetime
) -> Roster:
    """The published version with these cells, published at once (an approved swap); a draft in work takes them over.

    The caller has judged whether the actor may. Raises WrongState (nothing is published), Invalid (a finding blocks
    that did not before).
    """
    versions = month_locked(site, month)
    old = next((one for one in versions if one.status == RosterStatus.PUBLISHED), None)
    if old is None:
        raise WrongState(_("No roster of that month is published."))
    people = {person_id for person_id, _day in change}
    limits, days = limits_at(site.pk, now), days_of(month)
    before = {_key(one) for one in findings_of(facts_of(old, people), limits, days)}
    made = _begin(site, month, versions, old, reason, actor=actor, now=now, amends=True)
    cells_put(made, change, codes_of(site), actor=actor, now=now)
    facts = facts_of(made, people)
    new = [one for one in findings_of(facts, limits, days) if one.person_id and _key(one) not in before]
    if blocking := [one for one in new if one.code in limits.blocking]:
        one = blocking[0]
        name = facts.people[one.person_id].name if one.person_id in facts.people else ""
        words = _("This would break the roster's rules: %(finding)s (%(name)s, %(day)s).")
        raise Invalid(
            words % {"finding": FindingCode(one.code).label, "name": name, "day": one.day.isoformat()}, code="blocked"
        )
    _revise(versions, made, actor=actor, now=now)
    also = {"published_at": now, "published_by": actor}
    with step(ROSTER, Roster, made.pk, "amend", actor=ROSTERING, now=now, note=reason, also=also) as published:
        pass
    _published(published, old, actor=actor, now=now)
    return published


def _key(one: Any) -> tuple[Any, ...]:
    return (str(one.code), one.day, one.person_id)


def _month(roster_id: int) -> list[Roster]:
    site_id, month = Roster.objects.values_list("site_id", "month").get(pk=roster_id)
    return month_locked(Site.objects.get(pk=site_id), month)


def _revise(versions: Sequence[Roster], new: Roster, *, actor: Actor, now: datetime) -> Roster | None:
    old = next((one for one in versions if one.status == RosterStatus.PUBLISHED), None)
    if (old.pk if old else None) != new.base_id:
        words = _("Another version was published meanwhile. Load the page anew and look at what it changes.")
        raise WrongState(words, code="changed")
    if old is not None:
        note = kept(gettext_noop("Version %(n)s"), n=new.version)
        with step(ROSTER, Roster, old.pk, "revise", actor=ROSTERING, now=now, note=note):
            pass
    return old


def _published(new: Roster, old: Roster | None, *, actor: Actor, now: datetime) -> None:
    """What follows from it, in the same transaction."""
    changes = differences(cells_of(old), cells_of(new))
    worked = {(one.person_id, one.day) for one in changes if _works(one.was) or _works(one.now)}
    shifts_changed.send(Roster, days=worked, actor=actor, now=now)
    _carry_over(new, changes, now=now)
    tell_of_roster(new, changes, first=old is None, now=now)
    checks_judge(site=new.site, days=sorted({one.day for one in changes}), now=now)


def _works(cell: Cell | None) -> bool:
    return cell is not None and cell.kind == DayKind.SHIFT


def _carry_over(new: Roster, changes: Sequence[Change], *, now: datetime) -> None:
    """A version that is being worked on is now one of what was published; its own changes win over these."""
    work = Roster.objects.in_work().filter(site_id=new.site_id, month=new.month).exclude(pk=new.pk).first()
    if work is None:
        return
    if work.status == RosterStatus.VALIDATED:
        note = kept(gettext_noop("Version %(n)s was published meanwhile"), n=new.version)
        work = roster_reopen(roster_id=work.pk, note=note, actor=ROSTERING, now=now)
    mine = cells_of(work, {one.person_id for one in changes})
    wanted = {(one.person_id, one.day): one.now for one in changes if mine.get((one.person_id, one.day)) == one.was}
    if wanted:
        source = {"from_version": new.version}
        cells_put(work, wanted, codes_of(work.site), actor=ROSTERING, now=now, source=source)
    last = Roster.objects.filter(site_id=new.site_id, month=new.month).aggregate(last=Max("version"))["last"]
    note, was = work.note or kept(gettext_noop("Changes version %(n)s"), n=new.version), work.version
    why = kept(gettext_noop("Version %(n)s was published meanwhile"), n=new.version)
    _write(work, ROSTERING, why, now, base=new, version=last + 1, note=note)
    tell_of_number(work, was, new, now=now)


def _write(roster: Roster, actor: Actor, why: str, now: datetime, **fields: Any) -> None:
    for name, value in fields.items():
        setattr(roster, name, value)
    sign(roster, actor, why, now=now)
    roster.save(update_fields=list(fields))


TRANSITIONS: dict[str, Any] = {
    "validate": roster_validate, "reopen": roster_reopen, "cancel": roster_cancel, "publish": roster_publish,
}  # fmt: skip
