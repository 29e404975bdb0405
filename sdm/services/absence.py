"""Leave and absence, from the request to the last day of it (SDM-9).

Lock order: the person, the leave, its obligations. Two requests at once of one person: the second is judged after the
first, so that neither the days overlap nor the balance is used twice.
"""

from __future__ import annotations

import logging
from datetime import date, datetime, timedelta
from typing import Any

from django.core.files.base import File
from django.db import transaction
from django.db.models import Q
from django.utils import timezone
from django.utils.formats import date_format
from django.utils.translation import gettext as _
from django.utils.translation import gettext_noop, ngettext

from occ.documents.attachments import attachment_add, attachments_of
from occ.documents.models import Attachment
from occ.errors import Faults, Invalid, NotAllowed, WrongState
from occ.notifications.services import notify
from occ.obligations import services as obligations
from occ.people import hindrances
from occ.people.actors import BEAT, LIFECYCLE, Actor
from occ.people.choices import Role
from occ.people.history import sign
from occ.people.lifecycle import person_locked
from occ.people.models import Person, Site, TeamMembership, User, in_force
from occ.people.planned import planned_for
from occ.people.scope import has_role
from occ.policies.services import policy_value
from occ.times import in_reach, local_day
from occ.workflow.services import begin, step
from sdm.absence import notices
from sdm.absence.balance import Balance, balance, covered
from sdm.absence.choices import SUDDEN, WAITING, Group, LeaveStatus
from sdm.absence.deadlines import decision_due, note_due
from sdm.absence.policies import (
    CONFIRM,
    CONFIRM_DAYS,
    DECIDE,
    DECIDE_DAYS,
    LATE_DAYS,
    NOTE,
    NOTE_DAYS,
    WEEK,
    Kind,
    Rules,
    kinds_on,
)
from sdm.absence.workflow import APPROVERS, ASKERS, ENTERERS, LEAVE, ON_BEHALF
from sdm.absence.working import days_counted, holidays_between
from sdm.models import Employment, LeaveRequest, led_people
from sdm.personal import ABSENCE_LEADERS, NOTE_READERS, is_self
from sdm.ranks import decider, decides_of, without_superior
from sdm.services.employees import employees_take_up

logger = logging.getLogger(__name__)
LONGEST = 366  # days
AFTERWARDS = timedelta(days=366)  # by HR
REASON = 500
PROOF = ("pdf", "png", "jpg")
TAKERS_UP = frozenset({Role.HR_RELATIONS})
BATCH = 500


# Who may -------------------------------------------------------------------------------------------------------------


def leads(user: User, person_id: int, site: Site) -> bool:
    """Whether that user is the person's team leader."""
    return has_role(user, ABSENCE_LEADERS, site=site) and led_people(user).filter(pk=person_id).exists()


def may_decide(user: User, leave: LeaveRequest) -> bool:
    """The team leader of the person, or a coordinator or manager of the site, who ranks above; never of oneself.

    HR where nobody here ranks above: it enters what was decided above the contact center.
    """
    day = local_day(timezone.now(), leave.site.zone)
    if has_role(user, APPROVERS, site=leave.site) and decides_of(user, leave.employee_id, day):
        return True
    enters = has_role(user, ENTERERS, site=leave.site) and not is_self(user, leave.employee_id)
    return enters and decided_above(leave)


def decided_above(leave: LeaveRequest) -> bool:
    """Whether nobody with a log-in stands above the person, as above the only Head Manager."""
    return bool(without_superior([leave.person], local_day(timezone.now(), leave.site.zone)))


def may_act_for(user: User, person_id: int, site: Site) -> bool:
    """Whether that user asks, cancels and brings proofs for that person: oneself, who leads them, HR."""
    if is_self(user, person_id):
        return has_role(user, ASKERS)
    return has_role(user, ON_BEHALF - ABSENCE_LEADERS, site=site) or leads(user, person_id, site)


def reads_why(user: User, leave: LeaveRequest) -> bool:
    """The reason, the proof, and of what kind an absence for health or family is."""
    own = is_self(user, leave.employee_id)
    return own or has_role(user, NOTE_READERS, site=leave.site) or leads(user, leave.employee_id, leave.site)


def proof_visible(user: User, pk: str) -> bool:
    """Who reads the files of a leave: see `reads_why`."""
    found = LeaveRequest.objects.visible_to(user).filter(pk=pk).select_related("site").first()
    return found is not None and reads_why(user, found)


# What counts ---------------------------------------------------------------------------------------------------------


def counted(person: Person, kind: Kind, first: date, last: date, now: datetime) -> list[date]:
    """The days that count, by the roster as it is published now."""
    plans = planned_for([person.pk], first, last)
    return days_counted(
        first, last, counted=kind.counts, planned={day: one.works for (_who, day), one in plans.items()},
        week=int(policy_value(WEEK, at=now, site=person.site)), holidays=holidays_between(first, last),
    )  # fmt: skip


def annual_used(person: Person, *, without: int = 0) -> list[date]:
    """The days of annual leave since the person joined: taken, or booked, or asked for."""
    rows = LeaveRequest.objects.alive().filter(employee_id=person.pk, group=Group.ANNUAL, ends_on__gte=person.joined_on)
    return [day for days in rows.exclude(pk=without).values_list("days", flat=True) for day in days]


def balance_on(person: Person, day: date, *, rules: Rules | None = None, used: list[date] | None = None) -> Balance:
    """The annual leave of somebody on a day, by the service that began when they joined last."""
    terms = (rules or Rules()).of(person.site_id)
    had = annual_used(person) if used is None else used
    return balance(person.joined_on, day, had, terms, person.last_working_day)


def _enough(person: Person, days: list[date], *, without: int = 0) -> None:
    """Raises Invalid where the balance does not cover the days."""
    had = annual_used(person, without=without)
    terms = Rules().of(person.site_id)
    if not covered(person.joined_on, had, days, terms, person.last_working_day):
        left = balance(person.joined_on, days[0], had, terms, person.last_working_day)
        words = ngettext(
            "%(wanted)s day of annual leave is asked for, and on %(day)s there are %(left)s.",
            "%(wanted)s days of annual leave are asked for, and on %(day)s there are %(left)s.",
            len(days),
        )
        values = {"wanted": len(days), "left": left.left, "day": date_format(days[0], "j F Y")}
        raise Invalid(words % values, field="ends_on", code="balance")


# Asking --------------------------------------------------------------------------------------------------------------


@transaction.atomic
def leave_ask(
    *, person_id: int, kind: str, starts_on: date, ends_on: date, reason: str = "", file: File[bytes] | None = None,
    actor: User, now: datetime,
) -> LeaveRequest:  # fmt: skip
    """Ask for leave, or tell of an absence, for oneself or on behalf of somebody.

    Raises NotAllowed, Invalid (days, kind, balance, too late, somebody is away already), FileRefused.
    """
    person = person_locked(person_id)
    if not may_act_for(actor, person_id, person.site):
        raise NotAllowed
    found = _kind(kind, starts_on)
    faults, reason = Faults(), " ".join(reason.split())
    if len(reason) > REASON:
        faults.add(_("This is longer than %(n)s characters.") % {"n": REASON}, field="reason")
    if found.group in (Group.PERMISSION, Group.UNPAID) and not reason:
        faults.add(_("Say why."), field="reason")
    days: list[date] = []
    with faults.of():
        _dates_fit(person, found, starts_on, ends_on, actor, now)
        with faults.of():
            days = _days_fit(person, found, starts_on, ends_on, now)
        _nothing_else(person_id, starts_on, ends_on)
    faults.tell()
    employees_take_up(people=[person], actor=actor, now=now)
    site = person.site
    due_at = decision_due(now, starts_on, site.zone, policy_value(DECIDE_DAYS, at=now, site=site))
    made = LeaveRequest(
        employee_id=person_id, site=site, kind=found.key, label=found.label, group=found.group, paid=found.paid,
        proof=found.proof, starts_on=starts_on, ends_on=ends_on, days=days, reason=reason, asked_at=now,
        asked_by=actor, due_at=due_at,
    )  # fmt: skip
    sign(made, actor, "asked", now=now)
    made.save()
    begin(LEAVE, made, actor=actor, now=now)
    if file is not None:
        attachment_add(file=file, subject=made, actor=actor, now=now, purpose="proof", allowed=PROOF)
    elif found.proof:
        _owe(made, NOTE, note_due(now, starts_on, site.zone, policy_value(NOTE_DAYS, at=now, site=site)), actor, now)
    _owe(made, DECIDE, due_at, actor, now)
    if not is_self(actor, person_id):
        _tell(made, notices.RECORDED.key, {"who": str(actor)}, actor, now)
    return made


@transaction.atomic
def leave_take_up(
    *, person_id: int, kind: str, starts_on: date, ends_on: date, reason: str = "", actor: User, now: datetime
) -> LeaveRequest:
    """HR: a leave that is over, as it is known from elsewhere. It was taken, and uses up the balance, covered or not.

    Raises NotAllowed, Invalid (days, kind, it is not over, somebody is away already).
    """
    person = person_locked(person_id)
    if not has_role(actor, TAKERS_UP, site=person.site):
        raise NotAllowed
    if is_self(actor, person_id):
        raise NotAllowed(_("It is about you: somebody else has to do this step."))
    found = _kind(kind, starts_on)
    if not in_reach(ends_on) or not starts_on <= ends_on < starts_on + timedelta(days=LONGEST):
        raise Invalid(_("The leave would end before it begins."), field="ends_on", code="order")
    if ends_on >= local_day(now, person.site.zone):
        raise Invalid(_("It is not over yet: ask for it."), field="ends_on", code="not_over")
    if person.last_working_day is not None and ends_on > person.last_working_day:
        words = _("%(name)s does not work here on all of these days.")
        raise Invalid(words % {"name": person.name}, field="starts_on", code="not_employed")
    days = counted(person, found, starts_on, ends_on, now)
    if not days:
        words = _("None of these days is a working day: nothing need be asked for.")
        raise Invalid(words, field="ends_on", code="no_working_day")
    _nothing_else(person_id, starts_on, ends_on)
    employees_take_up(people=[person], actor=actor, now=now)
    made = LeaveRequest(
        employee_id=person_id, site=person.site, kind=found.key, label=found.label, group=found.group, paid=found.paid,
        proof=found.proof, starts_on=starts_on, ends_on=ends_on, days=days, reason=" ".join(reason.split())[:REASON],
        status=LeaveStatus.TAKEN, asked_at=now, asked_by=actor, decided_at=now, decided_by=actor, confirmed_at=now,
        confirmed_by=actor,
    )  # fmt: skip
    sign(made, actor, "taken up", now=now)
    made.save()
    begin(LEAVE, made, actor=actor, now=now, note=_("Known from elsewhere"))
    _changed(made, now)
    return made


def _kind(key: str, day: date) -> Kind:
    if not in_reach(day):
        raise Invalid(_("The date is not possible."), field="starts_on")
    found = kinds_on(day).get(key)
    if found is None:
        raise Invalid(_("There is no such kind of leave on that day."), field="kind", code="unknown")
    return found


def contract_ends(person: Person) -> date | None:
    """The last day of the last contract that is recorded; None where it has no end, or none is recorded."""
    last = Employment.objects.filter(employee_id=person.pk).order_by("-starts_on").first()
    return last.ends_on if last else None


def _dates_fit(person: Person, kind: Kind, first: date, last: date, actor: User, now: datetime) -> None:
    if not in_reach(last) or last < first:
        raise Invalid(_("The leave would end before it begins."), field="ends_on", code="order")
    if (last - first).days >= LONGEST:
        words = _("A leave lasts at most %(n)s days. Ask for the rest apart.")
        raise Invalid(words % {"n": LONGEST}, field="ends_on", code="too_long")
    if first < person.joined_on or (person.last_working_day is not None and last > person.last_working_day):
        words = _("%(name)s does not work here on all of these days.")
        raise Invalid(words % {"name": person.name}, field="starts_on", code="not_employed")
    ends = contract_ends(person)
    if ends is not None and last > ends:
        words = _("The contract of %(name)s ends on %(day)s: leave after it is asked for once it is extended.")
        raise Invalid(
            words % {"name": person.name, "day": date_format(ends, "j F Y")}, field="ends_on", code="contract_ends"
        )
    today = local_day(now, person.site.zone)
    if first >= today:
        return
    hr = has_role(actor, NOTE_READERS, site=person.site)
    if hr and first >= today - AFTERWARDS:
        return
    if kind.group not in SUDDEN:
        words = _("This leave is asked for before it begins. Afterwards only HR records it.")
        raise Invalid(words, field="starts_on", code="too_late")
    late = int(policy_value(LATE_DAYS, at=now, site=person.site))
    if hr or first < today - timedelta(days=late):
        most = AFTERWARDS.days if hr else late
        words = ngettext(
            "It began more than %(n)s day ago. Ask HR to record it.",
            "It began more than %(n)s days ago. Ask HR to record it.",
            most,
        )
        raise Invalid(words % {"n": most}, field="starts_on", code="too_late")


def _days_fit(person: Person, kind: Kind, first: date, last: date, now: datetime, *, without: int = 0) -> list[date]:
    days = counted(person, kind, first, last, now)
    if not days:
        words = _("None of these days is a working day: nothing need be asked for.")
        raise Invalid(words, field="ends_on", code="no_working_day")
    if kind.days and len(days) > kind.days:
        words = ngettext(
            "“%(kind)s” lasts at most %(n)s day (%(source)s).",
            "“%(kind)s” lasts at most %(n)s days (%(source)s).",
            kind.days,
        )
        values = {"kind": kind.name, "n": kind.days, "source": kind.source}
        raise Invalid(words % values, field="ends_on", code="too_many_days")
    if kind.group == Group.ANNUAL:
        _enough(person, days, without=without)
    return days


def _nothing_else(person_id: int, first: date, last: date) -> None:
    other = LeaveRequest.objects.alive().touching(first, last).filter(employee_id=person_id).first()
    if other is not None:
        words = _("There is a leave or a request for these days already: %(first)s to %(last)s.")
        values = {"first": date_format(other.starts_on, "j F Y"), "last": date_format(other.ends_on, "j F Y")}
        raise Invalid(words % values, field="starts_on", code="overlap")


def _owe(leave: LeaveRequest, rule: str, due_at: datetime, actor: Actor, now: datetime) -> None:
    """Of whom no team leader leads, whoever does owes the decision, and HR sees to the proof."""
    person, day = leave.person, local_day(now, leave.site.zone)
    owner = "" if rule == CONFIRM else decider(person, day)
    if owner == Role.TEAM_LEADER:
        owner = ""
    elif owner and rule == NOTE:
        owner = Role.HR_RELATIONS
    obligations.obligation_open(
        rule=rule, subject=leave, label=f"{person.name} ({person.number})", site=leave.site, team=person.team_on(day),
        starts_at=min(now, due_at), due_at=due_at, owner_role=owner, actor=actor, now=now,
    )  # fmt: skip


@transaction.atomic
def proof_add(*, leave_id: int, file: File[bytes], actor: User, now: datetime) -> Attachment:
    """A doctor's note or other proof, brought before or after it is decided. Raises FileRefused, WrongState."""
    leave = LeaveRequest.objects.select_for_update(of=("self",), no_key=True).get(pk=leave_id)
    if not may_act_for(actor, leave.employee_id, leave.site):
        raise NotAllowed
    if not leave.is_alive:
        raise WrongState(_("This leave was refused or cancelled."))
    made = attachment_add(file=file, subject=leave, actor=actor, now=now, purpose="proof", allowed=PROOF)
    evidence = {"attachment": str(made.pk)}
    obligations.obligation_fulfil(subject=leave, rule=NOTE, at=now, evidence=evidence, actor=actor, now=now)
    return made


# Deciding ------------------------------------------------------------------------------------------------------------


def _locked(leave_id: int) -> LeaveRequest:
    """The leave, after the person's lock."""
    person_locked(LeaveRequest.objects.values_list("employee_id", flat=True).get(pk=leave_id))
    return LeaveRequest.objects.select_related("site", "employee__person").get(pk=leave_id)


@transaction.atomic
def leave_approve(*, leave_id: int, note: str = "", actor: User, now: datetime) -> LeaveRequest:
    """The team leader agrees; WFM is asked to confirm it against the roster.

    Raises NotAllowed (one's own, another team's), Invalid (decided above the contact center, and by whom is not
    said), WrongState (a proof is missing).
    """
    found = _locked(leave_id)
    if not may_decide(actor, found):
        raise NotAllowed
    if not note.strip() and decided_above(found):
        raise Invalid(_("Say who decided it: nobody here stands above this person."), field="note", code="decided_by")
    if found.proof and found.status == LeaveStatus.REQUESTED and not attachments_of(found).exists():
        raise WrongState(_("The proof for this absence has not been brought yet."), code="proof_missing")
    due_at = decision_due(now, found.starts_on, found.site.zone, policy_value(CONFIRM_DAYS, at=now, site=found.site))
    also = {"decided_at": now, "decided_by": actor, "due_at": due_at}
    with step(LEAVE, LeaveRequest, leave_id, "approve", actor=actor, now=now, note=note, also=also) as leave:
        _done(leave, DECIDE, actor, now)
        _owe(leave, CONFIRM, due_at, actor, now)
        _changed(leave, now)
        return leave


@transaction.atomic
def leave_refuse(*, leave_id: int, note: str, actor: User, now: datetime) -> LeaveRequest:
    """Not now, or not at all, and why. Raises as `leave_approve`, and Invalid (no reason)."""
    found = _locked(leave_id)
    if not may_decide(actor, found):
        raise NotAllowed
    also = {"decided_at": now, "decided_by": actor, "due_at": None}
    with step(LEAVE, LeaveRequest, leave_id, "refuse", actor=actor, now=now, note=note, also=also) as leave:
        _done(leave, DECIDE, actor, now)
        _ended(leave, "refused", note, actor, now)
        return leave


@transaction.atomic
def leave_confirm(*, leave_id: int, note: str = "", actor: User, now: datetime) -> LeaveRequest:
    """WFM: the roster goes without this person. The days that count are counted anew, by the roster as it is now.

    Raises Invalid where they are more than the kind or the balance allows by now.
    """
    found = _locked(leave_id)
    if found.status == LeaveStatus.APPROVED and LEAVE.find("confirm").open_to(actor, found.site):
        kind = kinds_on(found.starts_on).get(found.kind)
        person = found.person
        if kind is not None:
            found.days = _days_fit(person, kind, found.starts_on, found.ends_on, now, without=found.pk)
    also = {"confirmed_at": now, "confirmed_by": actor, "due_at": None, "days": found.days}
    with step(LEAVE, LeaveRequest, leave_id, "confirm", actor=actor, now=now, note=note, also=also) as leave:
        _done(leave, CONFIRM, actor, now)
        _tell(leave, notices.DECIDED.key, {"msg_outcome": OUTCOMES["confirmed"], "note": note}, actor, now)
        _changed(leave, now)
        return leave


@transaction.atomic
def leave_reject(*, leave_id: int, note: str, actor: User, now: datetime) -> LeaveRequest:
    """WFM: too many are away, or the roster cannot do without this person."""
    _locked(leave_id)
    with step(LEAVE, LeaveRequest, leave_id, "reject", actor=actor, now=now, note=note, also={"due_at": None}) as leave:
        _done(leave, CONFIRM, actor, now)
        _ended(leave, "refused", note, actor, now)
        return leave


@transaction.atomic
def leave_cancel(*, leave_id: int, note: str, actor: Actor, now: datetime) -> LeaveRequest:
    """It is not wanted any more, before its first day; one that nobody approved, at any time.

    Raises NotAllowed (somebody else's), WrongState (it has begun: then HR says that it was not taken).
    """
    found = _locked(leave_id)
    if isinstance(actor, User) and not may_act_for(actor, found.employee_id, found.site):
        raise NotAllowed
    begun = found.starts_on <= local_day(now, found.site.zone)
    if isinstance(actor, User) and begun and found.status in {LeaveStatus.APPROVED, LeaveStatus.CONFIRMED}:
        raise WrongState(_("It has begun. HR records that it was not taken after all."), code="begun")
    with step(LEAVE, LeaveRequest, leave_id, "cancel", actor=actor, now=now, note=note, also={"due_at": None}) as leave:
        _ended(leave, "cancelled", note, actor, now)
        return leave


@transaction.atomic
def leave_annul(*, leave_id: int, note: str, actor: User, now: datetime) -> LeaveRequest:
    """HR: the person worked after all. The days come back into the balance, on the days on which they were used."""
    _locked(leave_id)
    with step(LEAVE, LeaveRequest, leave_id, "annul", actor=actor, now=now, note=note) as leave:
        _ended(leave, "cancelled", note, actor, now)
        return leave


TRANSITIONS: dict[str, Any] = {
    "approve": leave_approve, "refuse": leave_refuse, "confirm": leave_confirm, "reject": leave_reject,
    "cancel": leave_cancel, "annul": leave_annul,
}  # fmt: skip
OUTCOMES = {
    "confirmed": gettext_noop("confirmed"),
    "refused": gettext_noop("refused"),
    "cancelled": gettext_noop("cancelled"),
}


def _done(leave: LeaveRequest, rule: str, actor: Actor, now: datetime) -> None:
    evidence = {"leave": leave.pk, "outcome": leave.status}
    obligations.obligation_fulfil(subject=leave, rule=rule, at=now, evidence=evidence, actor=actor, now=now)


def _ended(leave: LeaveRequest, outcome: str, note: str, actor: Actor, now: datetime) -> None:
    """It does not come about: nothing is owed for it any more, and the person is told."""
    for rule in (DECIDE, CONFIRM, NOTE):
        obligations.obligation_cancel(subject=leave, rule=rule, reason=outcome, actor=actor, now=now)
    _tell(leave, notices.DECIDED.key, {"msg_outcome": OUTCOMES[outcome], "note": note}, actor, now)
    _changed(leave, now)


def _changed(leave: LeaveRequest, now: datetime) -> None:
    """Who is hindered on these days is another matter now: rosters and attendance may ask anew."""
    first, last = leave.starts_on, leave.ends_on
    hindrances.changed.send(LeaveRequest, person_id=leave.employee_id, first=first, last=last, now=now)


def _tell(leave: LeaveRequest, kind: str, params: dict[str, Any], actor: Actor, now: datetime) -> None:
    """The person, if there is a log-in and it was not they who did it."""
    user = User.objects.filter(person_id=leave.employee_id, is_active=True).first()
    if user is None or user == actor:
        return
    who = {"who": str(actor)} if isinstance(actor, User) else {"msg_who": gettext_noop("System")}
    params = who | {"first": leave.starts_on.isoformat(), "last": leave.ends_on.isoformat()} | params
    key = f"{kind}:{leave.pk}:{leave.status}"
    notify(to=[user], kind=kind, params=params, key=key, url=leave.get_absolute_url(), now=now)


# What time and other modules bring -----------------------------------------------------------------------------------


def leaves_end(*, now: datetime) -> int:
    """Beat: what was confirmed and whose last day is over was taken; how many. One that fails stops none of the
    others, and comes up again."""
    days = {site.pk: local_day(now, site.zone) for site in Site.objects.all()}
    over = Q(pk__in=())
    for pk, today in days.items():
        over |= Q(site_id=pk, ends_on__lt=today)
    rows = LeaveRequest.objects.filter(over, status=LeaveStatus.CONFIRMED).order_by("ends_on")
    count = 0
    for pk in list(rows.values_list("pk", flat=True)[:BATCH]):
        try:
            count += _take(pk, now)
        except Exception:
            logger.exception("leave %s could not be ended", pk)
    return count


@transaction.atomic
def _take(pk: int, now: datetime) -> bool:
    try:
        with step(LEAVE, LeaveRequest, pk, "take", actor=BEAT, now=now):
            return True
    except WrongState:  # annulled a moment ago, or another beat was quicker
        return False


def leaves_follow_move(*, person: Person, actor: Actor, now: datetime) -> None:
    """Who moves to another site or team takes along what nobody has decided there yet."""
    team = person.team_on(local_day(now, person.site.zone))
    rows = LeaveRequest.objects.waiting().filter(employee_id=person.pk).select_related("site")
    for one in rows.select_for_update(of=("self",), no_key=True):
        if one.site != person.site:
            one.site = person.site
            sign(one, actor, _("Works at another site"), now=now)
            one.save(update_fields=["site"])
        obligations.obligations_take_along(
            subject=one, rules=[DECIDE, CONFIRM, NOTE], site=person.site, team=team, actor=actor, now=now
        )


def leaves_follow_left(*, person: Person, now: datetime) -> None:
    """Nobody is on leave after the last working day: what lies beyond it ends."""
    last = person.last_working_day
    assert last is not None
    beyond = LeaveRequest.objects.filter(employee_id=person.pk, ends_on__gt=last)
    for one in beyond.filter(status__in=[*WAITING, LeaveStatus.CONFIRMED]).select_for_update(of=("self",), no_key=True):
        if one.starts_on > last or one.status in WAITING:
            leave_cancel(leave_id=one.pk, note=_("Left"), actor=LIFECYCLE, now=now)
        else:
            one.ends_on, one.days = last, [day for day in one.days if day <= last]
            sign(one, LIFECYCLE, _("Left"), now=now)
            one.save(update_fields=["ends_on", "days"])


def colleagues_away(leave: LeaveRequest) -> list[tuple[LeaveRequest, bool]]:
    """Who else of the site in that position is away on these days, or may be, for who decides; and whether they are of
    the person's team."""
    person = leave.person
    team = person.team_on(leave.starts_on)
    rows = LeaveRequest.objects.alive().touching(leave.starts_on, leave.ends_on).filter(site=leave.site)
    rows = rows.exclude(employee_id=person.pk).filter(employee__person__position=person.position)
    found = list(rows.select_related("employee__person", "site").order_by("starts_on", "pk")[:40])
    members = TeamMembership.objects.filter(in_force(leave.starts_on), team=team) if team else None
    mates = set(members.values_list("person_id", flat=True)) if members else set()
    return [(one, one.employee_id in mates) for one in found]
