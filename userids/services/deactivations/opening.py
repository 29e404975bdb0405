"""Requests opened, one per ID, each with its deadline (UID-4), which follows the leaver's day, place and roster."""

from datetime import date, datetime, timedelta

from django.db import transaction
from django.db.models import Q
from django.utils.translation import gettext_noop

from occ.obligations import services as obligations
from occ.people import lifecycle
from occ.people.actors import Actor
from occ.people.history import sign
from occ.people.models import Person
from occ.people.shifts import last_shift_ends
from occ.policies.services import policy_value
from occ.texts import kept
from occ.workflow.services import begin
from userids.choices import BreachCause
from userids.deadlines import clock_start, deactivation_due
from userids.models import Account, DeactivationRequest, Resignation
from userids.policies import DEACTIVATE, WITHIN
from userids.services.deactivations.ending import call_off
from userids.workflow import DEACTIVATION


@transaction.atomic
def deactivations_open(
    *, person: Person, previous: date | None = None, why: str = "", actor: Actor, now: datetime
) -> None:
    """One request per ID that the person holds; those open already move to the new day (signal `leaving`).

    Those of this leaving that were shut already (by the `previous` day) are judged by a nearer deadline, never by a
    later one. `why` is what histories say of the move, where it is not the day that has moved.
    """
    assert person.last_working_day is not None
    for request in (
        DeactivationRequest.objects.filter(person=person).open().select_for_update(of=("self",), no_key=True)
    ):
        # One that was asked for a reason of its own keeps it, and the nearer of the two deadlines.
        starts_at, due_at = deadline_of(request, person, now)
        differs = request.of_leaver and request.last_working_day != person.last_working_day
        if differs or (request.due_at != due_at if request.of_leaver else due_at < request.due_at):
            _move(request, person, starts_at, due_at, why=why, actor=actor, now=now)
    if previous is not None:
        _judge_anew(person, previous, why=why, actor=actor, now=now)
    starts_at, due_at = deadline(person, now)
    held = Account.objects.filter(assignments__person=person, assignments__ends_at=None, status="active")
    for account in held.exclude(deactivations__in=DeactivationRequest.objects.open()).select_related("site"):
        request = DeactivationRequest(
            account=account, person=person, reason=person.leaving_reason, last_working_day=person.last_working_day,
            starts_at=starts_at, due_at=due_at,
        )  # fmt: skip
        request_open(request, actor=actor, now=now)


@transaction.atomic
def deactivations_follow_move(*, person: Person, actor: Actor, now: datetime) -> None:
    """A leaver's team or site changes before the last day.

    A request stays at its ID's site: the ID is shut where it is administered, by a leader there. Its reminders go to
    the leaver's new team if that is of the same site, else to the site's leaders; the deadline is counted anew, by the
    clock and the policy of where the person works.
    """
    if person.last_working_day is None:
        return
    team = person.team_on(person.last_working_day)
    for request in (
        DeactivationRequest.objects.filter(person=person).open().select_for_update(of=("self",), no_key=True)
    ):
        there = team if team is not None and team.site_id == request.site_id else None
        if request.team_id != (there.pk if there else None):
            request.team = there
            sign(request, actor, kept(gettext_noop("Transferred")), now=now)
            request.save(update_fields=["team"])
            obligations.obligation_team(subject=request, rule=DEACTIVATE, team=there, actor=actor, now=now)
    deactivations_open(person=person, actor=actor, now=now)


@transaction.atomic
def deactivations_follow_shift(*, person_id: int, day: date, actor: Actor, now: datetime) -> None:
    """The roster now says something else of that day: if it is the leaver's last, the clock starts at its shift's end.

    The deadline moves, and the one before stays in history; what was shut already is judged by a nearer one only.
    """
    person = lifecycle.person_locked(person_id)
    if person.last_working_day != day:
        return
    mine = DeactivationRequest.objects.filter(person=person, last_working_day=day).of_leavers()
    counted = mine.filter(Q(pk__in=DeactivationRequest.objects.open()) | Q(inactive_since__isnull=False))
    if any(one.due_at != deadline_of(one, person, now)[1] for one in counted):
        why = kept(gettext_noop("The roster of the last working day has changed"))
        deactivations_open(person=person, previous=day, why=why, actor=actor, now=now)


def _judge_anew(person: Person, previous: date, *, why: str, actor: Actor, now: datetime) -> None:
    """The day moved after IDs of this leaving were shut: one that is nearer shows whether that was in time.

    A later one changes nothing: what was judged stays judged, or a breach that is over could be moved away.
    """
    assert person.last_working_day is not None
    standing = Resignation.objects.standing().filter(person=person).first()
    of_this = Q(recorded_at__gte=standing.recorded_at) if standing else Q(last_working_day=previous)
    ended = DeactivationRequest.objects.of_leavers().filter(of_this, person=person, inactive_since__isnull=False)
    for request in ended.select_for_update(of=("self",), no_key=True):
        starts_at, due_at = deadline_of(request, person, now)
        if due_at >= request.due_at:
            continue
        said = why or _date_moved(request, person)
        request.last_working_day, request.starts_at, request.due_at = person.last_working_day, starts_at, due_at
        sign(request, actor, said, now=now)
        request.save(update_fields=["last_working_day", "starts_at", "due_at"])
        obligations.obligation_judge(
            subject=request, rule=DEACTIVATE, starts_at=starts_at, due_at=due_at, reason=said, actor=actor, now=now
        )


def _date_moved(request: DeactivationRequest, person: Person) -> str:
    return kept(
        gettext_noop("last working day %(was)s → %(day)s"), was=request.last_working_day, day=person.last_working_day
    )


def _move(
    request: DeactivationRequest, person: Person, starts_at: datetime, due_at: datetime, *, why: str, actor: Actor,
    now: datetime,
) -> None:  # fmt: skip
    assert person.last_working_day is not None
    call_off(request, now=now)
    said = why or _date_moved(request, person)
    request.last_working_day, request.starts_at, request.due_at = person.last_working_day, starts_at, due_at
    sign(request, actor, said, now=now)
    request.save(update_fields=["last_working_day", "starts_at", "due_at"])
    obligations.obligation_move(
        subject=request,
        rule=DEACTIVATE,
        starts_at=starts_at,
        due_at=due_at,
        reason=said,
        late_cause=BreachCause.LATE_NOTICE,
        breach_stays=True,
        actor=actor,
        now=now,
    )


def deadline(person: Person, at: datetime) -> tuple[datetime, datetime]:
    """When the clock of a leaver's IDs starts, and when they must be shut by the policy that held at `at`."""
    day = person.last_working_day
    assert day is not None
    shift = last_shift_ends(person, day)
    within = timedelta(hours=policy_value(WITHIN, at=at, site=person.site))
    zone = person.site.zone
    return clock_start(day, zone, shift), deactivation_due(day, zone, shift, within)


def deadline_of(request: DeactivationRequest, person: Person, now: datetime) -> tuple[datetime, datetime]:
    """The leaver's deadline for this request, or that of what was asked for besides where it is nearer (UID-8).

    By the policy that held when the leaving was recorded: one that changes later binds what is recorded later.
    """
    leavers = deadline(person, leaving_recorded(request) or now)
    if request.asked_starts_at is None or request.asked_due_at is None or request.asked_due_at >= leavers[1]:
        return leavers
    return request.asked_starts_at, request.asked_due_at


def leaving_recorded(request: DeactivationRequest) -> datetime | None:
    """When the leaving was recorded by whose policy the ID is shut; None where none stands."""
    if request.of_leaver:
        return request.recorded_at
    standing = Resignation.objects.standing().filter(person=request.person_id)
    return standing.values_list("recorded_at", flat=True).first()


def request_open(request: DeactivationRequest, *, note: str = "", actor: Actor, now: datetime) -> None:
    """Save a new request with its first history row and its obligation; place and team follow from ID and holder."""
    request.site, request.recorded_at = request.account.site, now
    request.team = request.person.team_on(request.last_working_day)
    sign(request, actor, note, now=now)
    request.save()
    begin(DEACTIVATION, request, actor=actor, now=now, note=note)
    obligations.obligation_open(
        rule=DEACTIVATE,
        subject=request,
        label=f"{request.account.user_id} ({request.person.name})",
        site=request.site,
        team=request.team,
        starts_at=request.starts_at,
        due_at=request.due_at,
        late_cause=BreachCause.LATE_NOTICE if request.of_leaver else "",
        actor=actor,
        now=now,
    )
