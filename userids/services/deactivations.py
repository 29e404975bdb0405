"""A leaver's user IDs shut within 1x24 hours (SOP-UID 8.1)."""

from collections.abc import Collection
from datetime import date, datetime, timedelta
from typing import Any

from django.db import transaction
from django.db.models import Q
from django.utils.translation import gettext as _
from django.utils.translation import gettext_noop

from occ.errors import Invalid, NotAllowed, WrongState
from occ.obligations import services as obligations
from occ.people import lifecycle
from occ.people.actors import CONNECTOR, Actor
from occ.people.choices import LeavingReason, Role
from occ.people.history import sign
from occ.people.models import Person, Site, User
from occ.people.scope import has_role
from occ.people.shifts import last_shift_ends
from occ.policies.services import policy_value
from occ.texts import kept
from occ.workflow.services import begin, step
from userids.choices import SUSPENDING, BreachCause, DeactivationReason
from userids.deadlines import clock_start, deactivation_due
from userids.models import Account, DeactivationRequest, Resignation
from userids.notices import CHECK, DOCUMENT, ENFORCED, tell
from userids.policies import DEACTIVATE, WITHIN
from userids.services import accounts, breach_reviews, orders
from userids.workflow import DEACTIVATION


@transaction.atomic
def resignation_record(
    *, person_id: int, last_working_day: date, reason: LeavingReason = LeavingReason.RESIGNATION, note: str = "",
    request: bool = True, actor: User, now: datetime,
) -> Resignation:  # fmt: skip
    """Record the letter and the last working day, open one request per user ID, and ask the team leader.

    Raises NotAllowed, Invalid, WrongState (when one stands already: then its day is moved instead).
    """
    person = lifecycle.person_locked(person_id)
    if not has_role(actor, {Role.SUPPORT}, site=person.site):
        raise NotAllowed
    if Resignation.objects.standing().filter(person=person).exists():
        raise WrongState(
            _("The resignation of %(name)s is recorded already. Move its last working day instead.")
            % {"name": person.name}
        )
    resignation = Resignation(
        person=person, last_working_day=last_working_day, reason=reason, note=note, recorded_by=actor, recorded_at=now
    )
    sign(resignation, actor, note, now=now)
    resignation.save()
    lifecycle.person_leave(person_id=person_id, last_working_day=last_working_day, reason=reason, actor=actor, now=now)
    if request:
        mine = DeactivationRequest.objects.filter(person=person, status="recorded")
        for pk in mine.of_leavers().values_list("pk", flat=True):
            deactivation_request(request_id=pk, actor=actor, now=now)
    return resignation


@transaction.atomic
def resignations_record(
    *, account_ids: Collection[int], last_working_day: date, reason: LeavingReason, note: str, actor: User,
    now: datetime,
) -> list[Resignation]:  # fmt: skip
    """Record that the holders of these IDs leave on one day: all of them or none.

    Each person once, whatever the number of their IDs. Raises Invalid (an ID without a holder), NotAllowed, WrongState.
    """
    accounts = Account.objects.visible_to(actor).filter(pk__in=account_ids).with_holder().order_by("user_id")
    if not account_ids or len(accounts) != len(set(account_ids)):
        raise Invalid(_("Choose the user IDs whose holders leave."))
    people = set()
    for account in accounts:
        if account.holder is None:
            raise Invalid(_("User ID %(id)s has no holder.") % {"id": account.user_id})
        people.add(account.holder.person_id)
    # All of them first and in one order: two of these at once wait for each other instead of embracing.
    list(Person.objects.select_for_update(no_key=True).filter(pk__in=people).order_by("pk"))
    return [
        resignation_record(
            person_id=pk, last_working_day=last_working_day, reason=reason, note=note, actor=actor, now=now
        )
        for pk in sorted(people)
    ]


@transaction.atomic
def resignation_move(
    *, resignation_id: int, last_working_day: date, note: str, actor: User, now: datetime
) -> Resignation:
    """Move the last working day; every open request's deadline moves with it and the old one stays in history."""
    resignation = _standing(resignation_id, actor)
    if not note.strip():
        raise Invalid(_("Say why the day moves."), field="note")
    resignation.last_working_day = last_working_day
    sign(resignation, actor, note, now=now)
    resignation.save(update_fields=["last_working_day"])
    lifecycle.person_leave(
        person_id=resignation.person_id,
        last_working_day=last_working_day,
        reason=LeavingReason(resignation.reason),
        actor=actor,
        now=now,
    )
    return resignation


def _standing(resignation_id: int, actor: User) -> Resignation:
    """The resignation, locked after its person; raises NotAllowed, and WrongState when it stands no more."""
    lifecycle.person_locked(Resignation.objects.values_list("person_id", flat=True).get(pk=resignation_id))
    rows = Resignation.objects.select_for_update(of=("self",), no_key=True).select_related("person__site")
    resignation = rows.get(pk=resignation_id)
    if not has_role(actor, {Role.SUPPORT}, site=resignation.person.site):
        raise NotAllowed
    if resignation.withdrawn_at is not None:
        raise WrongState(_("This resignation was withdrawn."))
    if resignation.ended_at is not None:
        raise WrongState(_("%(name)s has come back since.") % {"name": resignation.person.name})
    return resignation


@transaction.atomic
def resignation_withdraw(*, resignation_id: int, note: str, actor: User, now: datetime) -> Resignation:
    """The person stays: open requests are cancelled and their obligations end without counting."""
    resignation = _standing(resignation_id, actor)
    if not note.strip():
        raise Invalid(_("Say why it is withdrawn."), field="note")
    mine = DeactivationRequest.objects.filter(person=resignation.person).open().of_leavers()
    for pk in mine.values_list("pk", flat=True):
        deactivation_cancel(request_id=pk, note=note, stays=True, actor=actor, now=now)
    resignation.withdrawn_at = now
    sign(resignation, actor, note, now=now)
    resignation.save(update_fields=["withdrawn_at"])
    lifecycle.person_stay(person_id=resignation.person_id, note=note, actor=actor, now=now)
    return resignation


@transaction.atomic
def resignation_follow(*, person: Person, actor: Actor, now: datetime) -> Resignation:
    """A last working day was set or moved, here or by HR: Support's record of it says so too.

    Where HR began it the record is opened here; asking the team leader is then Support's next step, as SOP-UID 8.1
    has it, and done at once when it was Support who recorded the leaving over there.
    """
    assert person.last_working_day is not None
    standing = Resignation.objects.select_for_update(of=("self",), no_key=True).filter(person=person)
    found = standing.standing().first()
    if found is None:
        found = Resignation(
            person=person, last_working_day=person.last_working_day, reason=person.leaving_reason, recorded_at=now,
            recorded_by=actor if isinstance(actor, User) else None,
        )  # fmt: skip
        sign(found, actor, kept(gettext_noop("Recorded with the leaving")), now=now)
        found.save()
        if isinstance(actor, User) and has_role(actor, {Role.SUPPORT}, site=person.site):
            for pk in DeactivationRequest.objects.filter(person=person, status="recorded").values_list("pk", flat=True):
                deactivation_request(request_id=pk, actor=actor, now=now)
    elif (found.last_working_day, found.reason) != (person.last_working_day, person.leaving_reason):
        found.last_working_day, found.reason = person.last_working_day, person.leaving_reason
        sign(found, actor, kept(gettext_noop("Moved with the leaving")), now=now)
        found.save(update_fields=["last_working_day", "reason"])
    return found


@transaction.atomic
def resignation_end(*, person: Person, withdrawn: bool, note: str, actor: Actor, now: datetime) -> None:
    """The person stays (`withdrawn`) or came back: the record stands no more."""
    for found in Resignation.objects.select_for_update(of=("self",), no_key=True).standing().filter(person=person):
        field = "withdrawn_at" if withdrawn else "ended_at"
        setattr(found, field, now)
        sign(found, actor, note, now=now)
        found.save(update_fields=[field])


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
def deactivations_open(
    *, person: Person, previous: date | None = None, why: str = "", actor: Actor, now: datetime
) -> None:
    """One request per ID that the person holds; those open already move to the new day (signal `leaving`).

    Those of this leaving that were shut already (by the `previous` day) are judged anew. `why` is what histories say
    of the move, where it is not the day that has moved.
    """
    assert person.last_working_day is not None
    starts_at, due_at = deadline(person, now)
    for request in (
        DeactivationRequest.objects.filter(person=person).open().select_for_update(of=("self",), no_key=True)
    ):
        # One that was asked for a reason of its own keeps it, and the nearer of the two deadlines.
        differs = request.of_leaver and request.last_working_day != person.last_working_day
        if differs or (request.due_at != due_at if request.of_leaver else due_at < request.due_at):
            _move(request, person, starts_at, due_at, why=why, actor=actor, now=now)
    if previous is not None:
        _judge_anew(person, previous, starts_at, due_at, why=why, actor=actor, now=now)
    held = Account.objects.filter(assignments__person=person, assignments__ends_at=None, status="active")
    for account in held.exclude(deactivations__in=DeactivationRequest.objects.open()).select_related("site"):
        request = DeactivationRequest(
            account=account, person=person, reason=person.leaving_reason, last_working_day=person.last_working_day,
            starts_at=starts_at, due_at=due_at,
        )  # fmt: skip
        request_open(request, actor=actor, now=now)


def _judge_anew(
    person: Person, previous: date, starts_at: datetime, due_at: datetime, *, why: str, actor: Actor, now: datetime
) -> None:
    """The day moved after IDs of this leaving were shut: whether that was in time is judged by the day as it is now."""
    assert person.last_working_day is not None
    ended = DeactivationRequest.objects.of_leavers().filter(
        person=person, last_working_day=previous, inactive_since__isnull=False
    )
    for request in ended.select_for_update(of=("self",), no_key=True):
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


@transaction.atomic
def deactivations_follow_shift(*, person_id: int, day: date, actor: Actor, now: datetime) -> None:
    """The roster now says something else of that day: if it is the leaver's last, the clock starts at its shift's end.

    The deadline moves, and the one before stays in history; what was shut already is judged by the roster as it is.
    """
    person = lifecycle.person_locked(person_id)
    if person.last_working_day != day:
        return
    due_at = deadline(person, now)[1]
    mine = DeactivationRequest.objects.filter(person=person, last_working_day=day).of_leavers().exclude(due_at=due_at)
    if mine.filter(Q(pk__in=DeactivationRequest.objects.open()) | Q(inactive_since__isnull=False)).exists():
        why = kept(gettext_noop("The roster of the last working day has changed"))
        deactivations_open(person=person, previous=day, why=why, actor=actor, now=now)


def deadline(person: Person, now: datetime) -> tuple[datetime, datetime]:
    """When the clock of a leaver's IDs starts, and when they must be shut."""
    day = person.last_working_day
    assert day is not None
    shift = last_shift_ends(person, day)
    within = timedelta(hours=policy_value(WITHIN, at=now, site=person.site))
    zone = person.site.zone
    return clock_start(day, zone, shift), deactivation_due(day, zone, shift, within)


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


def _move(
    request: DeactivationRequest, person: Person, starts_at: datetime, due_at: datetime, *, why: str, actor: Actor,
    now: datetime,
) -> None:  # fmt: skip
    assert person.last_working_day is not None
    _call_off(request, now=now)
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
        actor=actor,
        now=now,
    )


def deactivation_request(*, request_id: int, actor: Actor, now: datetime) -> DeactivationRequest:
    """Support asks the team leader (step 2)."""
    also = {"requested_at": now}
    with step(DEACTIVATION, DeactivationRequest, request_id, "request", actor=actor, now=now, also=also) as request:
        pass
    return request


def deactivation_start(*, request_id: int, actor: Actor, now: datetime) -> DeactivationRequest:
    with step(DEACTIVATION, DeactivationRequest, request_id, "start", actor=actor, now=now) as request:
        if actor != CONNECTOR:
            orders.stand_back(request, now=now, enforced_too=False)
    return request


def deactivation_fail(*, request_id: int, note: str, actor: Actor, now: datetime) -> DeactivationRequest:
    """ "Berhasil? Tidak": the attempt and its error are kept, the clock runs on (step 4)."""
    with step(DEACTIVATION, DeactivationRequest, request_id, "fail", actor=actor, now=now, note=note) as request:
        if actor != CONNECTOR:
            orders.stand_back(request, now=now, enforced_too=False)
    return request


def deactivation_confirm(
    *, request_id: int, evidence: dict[str, Any], inactive_since: datetime | None = None, note: str = "", actor: Actor,
    now: datetime,
) -> DeactivationRequest:  # fmt: skip
    """Record that the application shows the ID as inactive, and close the logbook row (SOP-UID 8.1, step 5).

    `inactive_since` is when the evidence shows it (default now); it ends the clock, and the click is kept beside it.
    Raises WrongState, NotAllowed, Invalid; nothing is changed then.
    """
    at = _not_ahead(inactive_since, now)
    with step(
        DEACTIVATION, DeactivationRequest, request_id, "confirm", actor=actor, now=now, note=note, evidence=evidence,
        also={"confirmed_at": now, "inactive_since": at},
    ) as request:  # fmt: skip
        if actor != CONNECTOR:
            orders.stand_back(request, now=now)
        _close(request, at, evidence, actor=actor, now=now)
        tell(DOCUMENT, Role.SUPPORT, request, step="deactivated", now=now)
    return request


def deactivation_take_over(*, request_id: int, note: str, actor: Actor, now: datetime) -> DeactivationRequest:
    """The time is up, and the application's policy lets the connector go on from wherever people stand (UID-6)."""
    with step(DEACTIVATION, DeactivationRequest, request_id, "take_over", actor=actor, now=now, note=note) as request:
        pass
    return request


def deactivation_shut(
    *, request_id: int, evidence: dict[str, Any] | None = None, inactive_since: datetime | None = None, note: str = "",
    actor: Actor, now: datetime,
) -> DeactivationRequest:  # fmt: skip
    """The connector has shut the ID by itself: the clock ends and the logbook shows it; the team leader confirms."""
    at = _not_ahead(inactive_since, now)
    with step(
        DEACTIVATION, DeactivationRequest, request_id, "shut", actor=actor, now=now, note=note, evidence=evidence,
        also={"inactive_since": at},
    ) as request:  # fmt: skip
        _close(request, at, evidence or {}, actor=actor, now=now)
        tell(ENFORCED, Role.TEAM_LEADER, request, step="shut", now=now)
    return request


def deactivation_acknowledge(*, request_id: int, note: str = "", actor: Actor, now: datetime) -> DeactivationRequest:
    """The team leader, who controls the IDs (SOP-UID 5.2), stands for what the connector did at due time."""
    with step(
        DEACTIVATION, DeactivationRequest, request_id, "acknowledge", actor=actor, now=now, note=note,
        also={"confirmed_at": now},
    ) as request:  # fmt: skip
        tell(DOCUMENT, Role.SUPPORT, request, step="deactivated", now=now)
    return request


def _not_ahead(inactive_since: datetime | None, now: datetime) -> datetime:
    at = inactive_since or now
    if at > now:
        raise Invalid(_("The time lies in the future."), field="inactive_since")
    return at


def _close(
    request: DeactivationRequest, at: datetime, evidence: dict[str, Any], *, actor: Actor, now: datetime
) -> None:
    """The ID is inactive from `at` on: the logbook says so, and the clock has ended."""
    account = Account.objects.select_for_update(of=("self",), no_key=True).get(pk=request.account_id)
    why, suspend = str(DeactivationReason(request.reason).label), request.reason in SUSPENDING
    accounts.close(account, at=at, why=why, suspend=suspend, actor=actor, now=now)
    obligations.obligation_fulfil(subject=request, rule=DEACTIVATE, at=at, evidence=evidence, actor=actor, now=now)
    breach_reviews.review_check(request=request, actor=actor, now=now)


def _call_off(request: DeactivationRequest, *, now: datetime) -> None:
    """The connector leaves the request alone. Raises WrongState while it is at work.

    What it was asked before may have been heard, or still be: then somebody looks whether the ID is as it should be.
    """
    orders.stand_back(request, now=now)
    if orders.was_asked(request):
        tell(CHECK, Role.TEAM_LEADER, request, step=f"check:{now.isoformat()}", now=now)


def deactivation_document(*, request_id: int, note: str = "", actor: Actor, now: datetime) -> DeactivationRequest:
    """Support signs off that the logbook shows status and date (step 6)."""
    with step(DEACTIVATION, DeactivationRequest, request_id, "document", actor=actor, now=now, note=note) as request:
        account = Account.objects.get(pk=request.account_id)
        if account.deactivated_at is None:
            raise WrongState(_("The logbook does not show the user ID as inactive yet."))
    return request


# Revoked by a leader's decision, or under a measure: Support alone does not call that off.
TAKEN_BACK_BY_COORDINATOR = {DeactivationReason.ACCESS_REVIEW, DeactivationReason.DISCIPLINE}


def _coordinates(actor: Actor, site: Site) -> bool:
    return not isinstance(actor, User) or has_role(actor, {Role.COORDINATOR}, site=site)


def deactivation_cancel(
    *, request_id: int, note: str, stays: bool = False, returned: bool = False, actor: Actor, now: datetime
) -> DeactivationRequest:
    """Nothing is shut. Raises WrongState for a leaver's ID: it must be shut, unless the leaver `stays`.

    `returned`: they had left and came back; an ID that stood open too long meanwhile is a breach all the same.
    """
    with step(DEACTIVATION, DeactivationRequest, request_id, "cancel", actor=actor, now=now, note=note) as request:
        if request.reason in TAKEN_BACK_BY_COORDINATOR and not _coordinates(actor, request.site):
            raise NotAllowed(_("A coordinator takes this one back."))
        if request.of_leaver and not stays and request.person.last_working_day is not None:
            raise WrongState(
                _("%(name)s is leaving: the user ID has to be shut. If that is not so, withdraw the resignation.")
                % {"name": request.person.name}
            )
        _call_off(request, now=now)
        if returned and request.due_at < now:
            evidence = {"text": note}
            obligations.obligation_fulfil(
                subject=request, rule=DEACTIVATE, at=now, evidence=evidence, actor=actor, now=now
            )
            return request
        obligations.obligation_cancel(subject=request, rule=DEACTIVATE, reason=note, actor=actor, now=now)
        breach_reviews.review_check(request=request, actor=actor, now=now)
    return request


TRANSITIONS = {
    "request": deactivation_request,
    "start": deactivation_start,
    "fail": deactivation_fail,
    "confirm": deactivation_confirm,
    "take_over": deactivation_take_over,
    "shut": deactivation_shut,
    "acknowledge": deactivation_acknowledge,
    "document": deactivation_document,
    "cancel": deactivation_cancel,
}
