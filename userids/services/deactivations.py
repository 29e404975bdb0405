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
from occ.people.actors import CONNECTOR, LIFECYCLE, Actor
from occ.people.choices import LeavingReason, Role
from occ.people.history import sign
from occ.people.models import Person, Site, User
from occ.people.scope import has_role
from occ.people.shifts import last_shift_ends
from occ.policies.services import policy_value
from occ.texts import kept
from occ.times import local_day
from occ.workflow.services import begin, step
from userids.choices import BINDING, SUSPENDING, BreachCause, DeactivationReason
from userids.deadlines import clock_start, deactivation_due
from userids.models import Account, DeactivationRequest, RemoteAccount, Resignation
from userids.notices import CHECK, DOCUMENT, ENFORCED, tell
from userids.policies import BACKDATED, DEACTIVATE, WITHIN
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


def shut_already(person: Person) -> list[Account]:
    """IDs that the person's latest leaving has shut: who stays after all has them no more."""
    latest = Resignation.objects.filter(person=person).order_by("-pk").first()
    if latest is None:
        return []
    mine = DeactivationRequest.objects.of_leavers().filter(
        person=person, recorded_at__gte=latest.recorded_at, inactive_since__isnull=False
    )
    held = Account.objects.filter(assignments__person=person, assignments__ends_at=None)
    return list(Account.objects.filter(deactivations__in=mine).exclude(pk__in=held).distinct().order_by("user_id"))


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
    """The person stays: what was open for the leaving alone is cancelled, and its obligations end without counting."""
    resignation = _standing(resignation_id, actor)
    if not note.strip():
        raise Invalid(_("Say why it is withdrawn."), field="note")
    deactivations_end(person=resignation.person, note=note, actor=actor, now=now)
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
    at = request.recorded_at
    if not request.of_leaver:
        standing = Resignation.objects.standing().filter(person=person).values_list("recorded_at", flat=True)
        at = standing.first() or now
    leavers = deadline(person, at)
    if request.asked_starts_at is None or request.asked_due_at is None or request.asked_due_at >= leavers[1]:
        return leavers
    return request.asked_starts_at, request.asked_due_at


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
        breach_stays=True,
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
    One long past, or before a limit that has passed since, needs a file or the application's own list; and what was not
    shown by its limit stays a breach for the coordinator to judge.
    Raises WrongState, NotAllowed, Invalid; nothing is changed then.
    """
    at = _not_ahead(inactive_since, now)
    with step(
        DEACTIVATION, DeactivationRequest, request_id, "confirm", actor=actor, now=now, note=note, evidence=evidence,
        also={"confirmed_at": now, "inactive_since": at},
    ) as request:  # fmt: skip
        if actor != CONNECTOR:
            orders.stand_back(request, now=now)
        breach = actor != CONNECTOR and _claimed(request, at, evidence, now)
        _close(request, at, evidence, breach=breach, actor=actor, now=now)
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


def _claimed(request: DeactivationRequest, at: datetime, evidence: dict[str, Any], now: datetime) -> bool:
    """Whether that instant is said after the limit only, to lie before it. Raises Invalid where nothing shows it."""
    in_time_by_word = at <= request.due_at < now
    allowed = timedelta(minutes=float(policy_value(BACKDATED, at=now, site=request.site)))
    listed = _listed(request, at)
    if (in_time_by_word or now - at > allowed) and not listed and not evidence.get("attachment"):
        words = _(
            "“Inactive since” lies long before this confirmation, or before the limit: attach a file that shows it."
        )
        raise Invalid(words, field="file")
    return in_time_by_word and (not listed or obligations.is_breached(request, rule=DEACTIVATE))


def _listed(request: DeactivationRequest, at: datetime) -> bool:
    """A list of the application shows the ID as inactive since `at` or before, within its holder's time."""
    account = request.account
    holder = account.holder
    rows = RemoteAccount.objects.filter(application_id=account.application_id, user_id__iexact=account.user_id)
    # Forms say instants to the minute.
    rows = rows.filter(active=False, present=True, inactive_since__lt=at + timedelta(minutes=1))
    return holder is not None and rows.filter(inactive_since__gt=holder.starts_at).exists()


def _close(
    request: DeactivationRequest, at: datetime, evidence: dict[str, Any], *, breach: bool = False, actor: Actor,
    now: datetime,
) -> None:  # fmt: skip
    """The ID is inactive from `at` on: the logbook says so, and the clock has ended."""
    account = Account.objects.select_for_update(of=("self",), no_key=True).get(pk=request.account_id)
    gravest = request.asked_reason if request.asked_reason in BINDING else request.reason
    why = str(DeactivationReason(gravest).label)
    # Whoever leaves does not come back to it, and what is revoked is not for a while.
    suspend = set(request.reasons) <= set(SUSPENDING) and request.person.last_working_day is None
    accounts.close(account, at=at, why=why, suspend=suspend, actor=actor, now=now)
    obligations.obligation_fulfil(
        subject=request, rule=DEACTIVATE, at=at, evidence=evidence, breached=breach, actor=actor, now=now
    )
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
        # The leaver's own holding is looked at: the ID may have passed on since, and be active for somebody else.
        if (
            request.inactive_since is None
            or request.account.assignments.filter(
                Q(ends_at=None) | Q(ends_at__gt=request.inactive_since),
                person=request.person_id,
                starts_at__lt=request.inactive_since,
            ).exists()
        ):
            raise WrongState(_("The logbook does not show the user ID as inactive yet."))
    return request


def _coordinates(actor: Actor, site: Site) -> bool:
    return not isinstance(actor, User) or has_role(actor, {Role.COORDINATOR}, site=site)


def deactivation_cancel(
    *, request_id: int, note: str, stays: bool = False, returned: bool = False, actor: Actor, now: datetime
) -> DeactivationRequest:
    """Nothing is shut. Raises WrongState for a leaver's ID: whatever else it was asked for, it must be shut, unless the
    leaver `stays`.

    `returned`: they had left and came back; an ID that stood open too long meanwhile is a breach all the same.
    """
    with step(DEACTIVATION, DeactivationRequest, request_id, "cancel", actor=actor, now=now, note=note) as request:
        if BINDING.intersection(request.reasons) and not _coordinates(actor, request.site):
            raise NotAllowed(_("A coordinator takes this one back."))
        if not stays and request.person.last_working_day is not None:
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


@transaction.atomic
def deactivations_end(*, person: Person, note: str, returned: bool = False, actor: Actor, now: datetime) -> None:
    """The person stays, or came back: what was open for the leaving alone is cancelled, the rest goes on by itself.

    Who calls off the leaving may not be who calls off a request: that follows by itself then.
    """
    mine = DeactivationRequest.objects.filter(person=person).open().of_leavers().select_related("site")
    for request in mine.select_for_update(of=("self",), no_key=True).order_by("pk"):
        if request.asked_reason:
            _go_on(request, note, actor=actor, now=now)
            continue
        by = actor if DEACTIVATION.find("cancel").open_to(actor, request.site) else LIFECYCLE
        deactivation_cancel(request_id=request.pk, note=note, stays=True, returned=returned, actor=by, now=now)


def _go_on(request: DeactivationRequest, note: str, *, actor: Actor, now: datetime) -> None:
    """What was asked for besides the leaving stands alone now. A deadline that has passed stays: it was missed."""
    starts_at, due_at = request.asked_starts_at, request.asked_due_at
    assert starts_at is not None and due_at is not None
    if request.due_at < min(due_at, now):
        starts_at, due_at = request.starts_at, request.due_at
    if due_at != request.due_at:
        _call_off(request, now=now)
    request.last_working_day = local_day(starts_at - timedelta(seconds=1), request.site.zone)
    request.reason, request.asked_reason = request.asked_reason, ""
    request.starts_at, request.due_at, request.asked_starts_at, request.asked_due_at = starts_at, due_at, None, None
    sign(request, actor, note, now=now)
    request.save(
        update_fields=[
            "reason", "asked_reason", "last_working_day", "starts_at", "due_at", "asked_starts_at", "asked_due_at",
        ]
    )  # fmt: skip
    obligations.obligation_move(
        subject=request, rule=DEACTIVATE, starts_at=starts_at, due_at=due_at, reason=note, actor=actor, now=now
    )


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
