"""The roster validated on the day before (RTM-2; SOP-RTM 8.2 no 1: H-1): owed for every site, day and shift.

Opened when the day before begins; judged anew until its shift has begun; signed with a name and a time. What was signed
is known by its digest: a roster or a blocking finding that is another by then reopens it.
"""

from __future__ import annotations

import hashlib
import json
import logging
from collections import defaultdict
from collections.abc import Iterable, Sequence
from dataclasses import dataclass, field
from datetime import date, datetime, time, timedelta
from typing import Any

from django.db import transaction
from django.utils.translation import gettext as _
from django.utils.translation import gettext_noop

from occ.errors import Invalid, WrongState
from occ.obligations.services import obligation_cancel, obligation_fulfil, obligation_open
from occ.people.actors import BEAT
from occ.people.choices import Channel
from occ.people.models import Person, Site, User
from occ.policies.services import policy_value
from occ.texts import kept
from occ.times import local_day, month_of, start_of_day
from occ.workflow.models import WorkflowStep
from occ.workflow.services import begin, step
from realtime.choices import CheckStatus, DayKind, FindingCode
from realtime.models import Roster, RosterCheck, RosterLine, Shift
from realtime.policies import VALIDATE, VALIDATE_BY
from realtime.rostering.checking import Facts, Finding, Limits, facts_of, findings_of, limits_at
from realtime.rostering.codes import times_of
from realtime.rostering.need import Forecast, slots
from realtime.rostering.plan import Planned, planned_days
from realtime.workflow import CHECK, ROSTERING

logger = logging.getLogger(__name__)
BACK = 7  # days that are caught up with after a sleep
ALL_DAY = timedelta(days=1)
NAMED = 8  # people whose change a history names


@dataclass
class Judged:
    """Of one shift of a day: what is kept of it."""

    findings: list[dict[str, Any]]
    cover: list[dict[str, Any]]
    people: int
    digest: str

    @property
    def blocking(self) -> int:
        return sum(1 for one in self.findings if one["blocks"])

    def fields(self, now: datetime) -> dict[str, Any]:
        return {
            "findings": self.findings, "cover": self.cover, "people": self.people, "digest": self.digest,
            "blocking": self.blocking, "warnings": len(self.findings) - self.blocking, "judged_at": now,
        }  # fmt: skip


@dataclass
class Day:
    """A site's day, read once: its shifts, who is on each, and what is wrong."""

    site: Site
    day: date
    now: datetime
    roster: Roster | None = None
    shifts: list[Shift] = field(default_factory=list)
    lines: dict[int, list[RosterLine]] = field(default_factory=dict)
    leaders: list[RosterLine] = field(default_factory=list)
    findings: list[Finding] = field(default_factory=list)
    facts: Facts | None = None
    plan: list[Planned] = field(default_factory=list)
    able: set[int] = field(default_factory=set)


def day_read(site: Site, day: date, *, now: datetime, limits: Limits) -> Day:
    read = Day(site, day, now)
    shifts = list(Shift.objects.filter(site=site).order_by("starts", "code"))
    read.roster = Roster.objects.published().filter(site=site, month=month_of(day)).select_related("site").first()
    if read.roster is None:
        read.shifts = [one for one in shifts if one.active and not one.leads]
        return read
    by_shift: dict[int, list[RosterLine]] = defaultdict(list)
    around = (day - ALL_DAY, day + ALL_DAY)
    rows = RosterLine.objects.in_force().filter(roster__site=site, kind=DayKind.SHIFT, day__range=around)
    leading = {one.pk for one in shifts if one.leads}
    for line in rows.order_by("person_id", "day"):
        if line.shift_id in leading:
            read.leaders.append(line)
        elif line.day == day and line.shift_id is not None:
            by_shift[line.shift_id].append(line)
    read.lines = dict(by_shift)
    read.shifts = [one for one in shifts if one.pk in by_shift]
    read.facts = facts_of(read.roster)
    read.findings = findings_of(read.facts, limits, [day])
    led = {(one.person_id, one.day) for one in read.leaders}
    plan = planned_days(first=around[0], last=around[1], site_id=site.pk)
    read.plan = [one for days in plan.values() for one in days if one.parts and (one.person_id, one.day) not in led]
    channels = read.facts.channels
    read.able = {one.person_id for one in read.plan if Channel.VOICE in (channels.get(one.person_id) or [])[:1]}
    return read


def judge(read: Day, shift: Shift, limits: Limits, forecast: Forecast) -> Judged:
    """One shift of it. What belongs to no shift (who is missing) is told with the day's first."""
    if read.roster is None:
        finding = Finding(FindingCode.NOT_PUBLISHED, read.day, None, shift.pk, {"month": f"{read.day:%Y-%m}"})
        return Judged([finding.kept(limits)], [], 0, _digest([], [finding.kept(limits)]))
    lines = read.lines.get(shift.pk, [])
    first = read.shifts[0].pk == shift.pk
    mine = [
        one for one in read.findings if one.shift_id == shift.pk or (first and one.code == FindingCode.MISSING)
    ]  # fmt: skip
    starts, ends = times_of(read.day, shift, read.site.zone)
    if lines and lines[0].starts_at and lines[0].ends_at:
        starts, ends = lines[0].starts_at, lines[0].ends_at
    cover = slots(read.site, starts, ends, read.plan, read.able, forecast=forecast, now=read.now)
    if short := [one for one in cover if one.short]:
        worst = max(short, key=lambda one: (one.need or 0) - one.cover)
        params = {"slots": len(short), "at": worst.at, "need": worst.need, "cover": worst.cover,
                  "resting": worst.resting}  # fmt: skip
        mine.append(Finding(FindingCode.COVER, read.day, None, shift.pk, params))
    kept = [one.kept(limits) for one in mine]
    led = [
        one for one in read.leaders if one.starts_at and one.ends_at and one.starts_at < ends and one.ends_at > starts
    ]
    return Judged(kept, [one.kept() for one in cover], len(lines), _digest([*lines, *led], kept))


def _digest(lines: Sequence[RosterLine], findings: Sequence[dict[str, Any]]) -> str:
    """Of who works when, and of what blocks: by it a sign-off knows what it was for."""
    said = [
        [[one.person_id, one.starts_at.isoformat() if one.starts_at else "", one.ends_at.isoformat() if one.ends_at
          else "", one.channel] for one in lines],
        sorted([one["code"], one["person"] or 0] for one in findings if one["blocks"]),
    ]  # fmt: skip
    return hashlib.sha256(json.dumps(said, separators=(",", ":")).encode()).hexdigest()


def due_of(day: date, site: Site, hour: int) -> datetime:
    """SOP-RTM 8.2: on the day before, until that hour of the site's clocks (24: when the day before is over)."""
    before = day - timedelta(days=1)
    if hour >= 24:
        return start_of_day(day, site.zone)
    return datetime.combine(before, time(hour), tzinfo=site.zone)


def checks_watch(*, now: datetime) -> int:
    """Open what is owed by now and judge what is not over; returns how many were opened or have changed.

    A site whose roster cannot be judged does not stop the others; it is raised at the end: beat's silence tells.
    """
    did, failed = 0, None
    for site in Site.objects.order_by("pk"):
        try:
            did += _watch(site, now=now)
        except Exception as error:
            logger.exception("the rosters of %s could not be judged", site.code)
            failed = failed or error
    if failed is not None:
        raise failed
    return did


@transaction.atomic
def _watch(site: Site, *, now: datetime) -> int:
    if not Shift.objects.filter(site=site, active=True).exists():
        return 0
    today = local_day(now, site.zone)
    last = RosterCheck.objects.filter(site=site).order_by("-day").values_list("day", flat=True).first()
    known = last or today  # a new installation owes nothing for its first day
    first = min(today, max(today - timedelta(days=BACK), known + timedelta(days=1)))
    days = [first + timedelta(days=n) for n in range((today - first).days + 2)]
    return checks_judge(site=site, days=days, now=now, known=known)


@transaction.atomic
def checks_judge(*, site: Site, days: Iterable[date], now: datetime, known: date | None = None) -> int:
    """Judge the checks of these days anew; how many are new or have changed. What has begun stays as it was judged.

    `known`: the last day of which checks were opened; what is owed beyond it, or has come to a day since, is opened.
    """
    today = local_day(now, site.zone)  # every shift of a day before it has begun
    wanted = [day for day in days if (day >= today if known is None else day <= today + ALL_DAY)]
    there = {(one.day, one.shift_id): one for one in _locked(site, wanted)}
    did, limits = 0, limits_at(site.pk, now)
    for day in wanted:
        if known is None and all(one != day for one, _shift in there):
            continue
        read = day_read(site, day, now=now, limits=limits)
        start = start_of_day(day, site.zone)
        forecast = Forecast(site, start, start + ALL_DAY, now=now)
        for shift in read.shifts:
            check = there.pop((day, shift.pk), None)
            begun = times_of(day, shift, site.zone)[0] <= now
            if check is None and known is not None and (day > known or not begun):
                _open(read, shift, judge(read, shift, limits, forecast), now=now)
                did += 1
            elif check is not None and not begun:
                did += _renew(check, judge(read, shift, limits, forecast), now=now)
        for (one, _shift), check in list(there.items()):
            if one == day and times_of(day, check.shift, site.zone)[0] > now:
                did += _void(check, now=now)
    return did


def _locked(site: Site, days: Sequence[date]) -> list[RosterCheck]:
    rows = RosterCheck.objects.select_for_update(of=("self",), no_key=True).select_related("shift", "site")
    return list(rows.filter(site=site, day__in=days).order_by("pk"))


def _open(read: Day, shift: Shift, judged: Judged, *, now: datetime) -> RosterCheck:
    hour = int(policy_value(VALIDATE_BY, at=now, site=read.site))
    due = due_of(read.day, read.site, hour)
    check = RosterCheck.objects.create(
        site=read.site, day=read.day, shift=shift, opened_at=now, due_at=due, **judged.fields(now)
    )
    begin(CHECK, check, actor=BEAT, now=now)
    starts = min(due, start_of_day(read.day - timedelta(days=1), read.site.zone))
    obligation_open(
        rule=VALIDATE, subject=check, label=str(check), site=read.site, team=None, starts_at=starts, due_at=due,
        actor=BEAT, now=now,
    )  # fmt: skip
    return check


def _renew(check: RosterCheck, judged: Judged, *, now: datetime) -> int:
    changed = check.digest != judged.digest
    for name, value in judged.fields(now).items():
        setattr(check, name, value)
    check.save(update_fields=list(judged.fields(now)))
    if check.status == CheckStatus.VOID or (
        check.status == CheckStatus.SIGNED and check.signed_digest != judged.digest
    ):
        _reopen(check, now=now)
        return 1
    return int(changed)


def _reopen(check: RosterCheck, *, now: datetime) -> None:
    note = kept(gettext_noop("The roster of this shift is not what was signed off"))
    if changes := _changed(check):
        note = kept(gettext_noop("The roster is not what was signed off: %(changes)s"), changes=changes)
    # It was done in time, and is to be done again: until the shift begins, or at once where that is near.
    begins = times_of(check.day, check.shift, check.site.zone)[0]
    due = max(check.due_at, begins, now + timedelta(minutes=30))
    also = {"signed_at": None, "signed_by": None, "signed_digest": "", "due_at": due}
    with step(CHECK, RosterCheck, check.pk, "reopen", actor=ROSTERING, now=now, note=note, also=also) as reopened:
        obligation_open(
            rule=VALIDATE, subject=reopened, label=str(reopened), site=check.site, team=None, starts_at=now,
            due_at=due, actor=ROSTERING, now=now,
        )  # fmt: skip


def worked(check: RosterCheck) -> dict[str, str]:
    """Who works that shift by the roster that holds now, and when: as a sign-off keeps it."""
    zone = check.site.zone
    rows = RosterLine.objects.in_force().filter(
        roster__site=check.site_id, day=check.day, shift=check.shift_id, kind=DayKind.SHIFT
    )
    return {
        str(one.person_id): f"{one.starts_at.astimezone(zone):%H:%M}–{one.ends_at.astimezone(zone):%H:%M}"
        for one in rows if one.starts_at and one.ends_at
    }  # fmt: skip


def _changed(check: RosterCheck) -> str:
    """Whose cells differ from what was signed off: "Sari 07:00–15:00 → –"; "" where nobody's do."""
    steps = WorkflowStep.objects.filter(flow=CHECK.key, object_id=check.pk, transition="sign").order_by("-pk")
    was = next((one.evidence.get("worked") for one in steps[:1]), None)
    if was is None:
        return ""
    now_is = worked(check)
    differs = sorted(key for key in was.keys() | now_is.keys() if was.get(key) != now_is.get(key))
    names = dict(Person.objects.filter(pk__in=map(int, differs)).values_list("pk", "name"))
    said = [f"{names.get(int(key), key)} {was.get(key, '–')} → {now_is.get(key, '–')}" for key in differs[:NAMED]]
    return "; ".join(said) + (f"; … (+{len(differs) - NAMED})" if len(differs) > NAMED else "")


def signed_with_reason(check: RosterCheck) -> list[str]:
    """Why signing it off asks for a reason, in words: what nobody serves, too few at some time, changed since."""
    found = []
    if unserved := channels_unserved(check):
        words = _("Nobody of this shift serves: %(channels)s. Say how it is covered.")
        found.append(words % {"channels": ", ".join(unserved)})
    elif any(one["code"] == FindingCode.COVER for one in check.findings):
        found.append(_("Fewer are there than are needed: say how it is covered."))
    if check.status == CheckStatus.REOPENED:
        found.append(_("It was signed off and has changed: say why it is good so."))
    return found


def _void(check: RosterCheck, *, now: datetime) -> int:
    if check.status == CheckStatus.VOID:
        return 0
    note = kept(gettext_noop("Nobody is rostered for this shift any more"))
    also = {"signed_at": None, "signed_by": None, "signed_digest": "", "people": 0}
    with step(CHECK, RosterCheck, check.pk, "void", actor=ROSTERING, now=now, note=note, also=also) as void:
        obligation_cancel(subject=void, rule=VALIDATE, reason=note, actor=ROSTERING, now=now)
    return 1


def channels_unserved(check: RosterCheck) -> list[str]:
    """Channels that need somebody on that shift, by the policy or the forecast, and have nobody; in words."""
    found = {
        one["params"]["channel"]
        for one in check.findings
        if one["code"] == FindingCode.SKILL and not one["params"]["people"]
    }
    if any(one["need"] for one in check.cover) and not any(one["cover"] for one in check.cover):
        found.add(Channel.VOICE.value)  # those there who could take calls are there for something else
    return [str(one.label) for one in Channel if one.value in found]


@transaction.atomic
def check_sign(*, check_id: int, digest: str, note: str = "", actor: User, now: datetime) -> RosterCheck:
    """Sign off what the actor has seen (`digest`). Raises NotAllowed, WrongState (it is another by now), Invalid.

    A finding that blocks is mended first; those that warn are signed with, and with a reason where fewer are there than
    are needed, a channel has nobody, or it was signed off before (`signed_with_reason`).
    """
    found = RosterCheck.objects.select_related("site").get(pk=check_id)
    checks_judge(site=found.site, days=[found.day], now=now)
    also = {"signed_at": now, "signed_by": actor, "signed_digest": digest}
    fresh = RosterCheck.objects.select_related("site").get(pk=check_id)
    evidence = {
        "digest": fresh.digest, "people": fresh.people, "warnings": fresh.warnings, "worked": worked(fresh),
    }  # fmt: skip
    reasons = signed_with_reason(fresh)
    with step(
        CHECK, RosterCheck, check_id, "sign", actor=actor, now=now, note=note, evidence=evidence, also=also
    ) as check:
        if check.digest != digest:
            words = _("The roster or its findings have changed since you looked. Look at them again.")
            raise WrongState(words, code="changed")
        if check.blocking:
            raise Invalid(_("%(n)s findings block: they are mended first.") % {"n": check.blocking}, code="blocked")
        if reasons and not note.strip():
            raise Invalid(" ".join(reasons), field="note", code="unserved")
        obligation_fulfil(
            subject=check, rule=VALIDATE, at=now, evidence={"digest": digest, "warnings": check.warnings},
            actor=actor, now=now,
        )  # fmt: skip
        return check
