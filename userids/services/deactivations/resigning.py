"""The letter and the last working day as Support records them (SOP-UID 8.1, step 1), moved, withdrawn, followed."""

from collections.abc import Collection
from datetime import date, datetime

from django.db import transaction
from django.utils.translation import gettext as _
from django.utils.translation import gettext_noop

from occ.errors import Invalid, NotAllowed, WrongState
from occ.people import lifecycle
from occ.people.actors import Actor
from occ.people.choices import LeavingReason, Role
from occ.people.history import sign
from occ.people.models import Person, User
from occ.people.scope import has_role
from occ.texts import kept
from userids.choices import AccountStatus
from userids.models import Account, DeactivationRequest, Resignation
from userids.services.deactivations.ending import deactivations_end
from userids.services.deactivations.steps import deactivation_request


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

    Each person once, whatever the number of their IDs. Raises Invalid, NotAllowed, WrongState (by some of the IDs none
    can be recorded: it names all of these and says why).
    """
    chosen = Account.objects.visible_to(actor).filter(pk__in=account_ids).with_holder().order_by("user_id")
    if not account_ids or len(chosen) != len(set(account_ids)):
        raise Invalid(_("Choose the user IDs whose holders leave."))
    people = {one.holder.person_id for one in chosen if one.holder is not None}
    # All of them first and in one order: two of these at once wait for each other instead of embracing.
    list(Person.objects.select_for_update(no_key=True).filter(pk__in=people).order_by("pk"))
    accounts = list(chosen.all())  # as they are now
    if hindered := [f"{one.user_id} ({why})" for one in accounts if (why := leaving_hindered(one))]:
        words = _("These cannot be recorded any more: %(ids)s. The others are still ticked.")
        raise WrongState(words % {"ids": ", ".join(hindered)})
    people = {one.holder.person_id for one in accounts if one.holder is not None}
    return [
        resignation_record(
            person_id=pk, last_working_day=last_working_day, reason=reason, note=note, actor=actor, now=now
        )
        for pk in sorted(people)
    ]


def leaving_hindered(account: Account) -> str:
    """Why no leaving can be recorded by this ID, whose `held` is known; "" where one can."""
    if account.holder is not None:
        return _("the leaving is recorded already") if account.holder.person.last_working_day else ""
    return _("nobody holds it") if account.status == AccountStatus.ACTIVE else _("it is shut")


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
