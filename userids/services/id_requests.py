"""A new employee's user ID: asked for when recruitment hires somebody, ended when they hold one (SDM-3; SOP-UID 5.3).

The person's lock is taken first, as everywhere.
"""

from datetime import date, datetime, timedelta

from django.contrib.contenttypes.models import ContentType
from django.db import transaction
from django.utils.translation import gettext as _
from django.utils.translation import gettext_noop

from occ.errors import NotAllowed, WrongState
from occ.obligations import services as obligations
from occ.people.actors import LIFECYCLE, Actor
from occ.people.history import sign
from occ.people.lifecycle import person_locked
from occ.people.models import Person
from occ.policies.services import policy_value
from occ.texts import kept
from occ.times import local_day
from occ.workflow.models import WorkflowStep
from occ.workflow.services import begin, step
from userids.choices import IdRequestStatus
from userids.deadlines import id_due
from userids.models import Account, Assignment, IdRequest
from userids.policies import GIVE, GIVE_WITHIN
from userids.workflow import ID_REQUEST


@transaction.atomic
def id_request_open(
    *, person: Person, first_day: date, note: str = "", actor: Actor, now: datetime
) -> IdRequest | None:
    """Ask Support for an ID; None for who holds one already, or has asked."""
    person_locked(person.pk)
    held = Assignment.objects.filter(person=person, ends_at=None).exists()
    if held or IdRequest.objects.open().filter(person=person).exists():
        return None
    within = timedelta(hours=float(policy_value(GIVE_WITHIN, at=now, site=person.site)))
    made = IdRequest(
        person=person, site=person.site, first_day=first_day, requested_at=now,
        due_at=id_due(first_day, person.site.zone, now, within),
    )  # fmt: skip
    sign(made, actor, note or kept(gettext_noop("Taken on")), now=now)
    made.save()
    begin(ID_REQUEST, made, actor=actor, now=now, note=note)
    obligations.obligation_open(
        rule=GIVE, subject=made, label=f"{person.name} ({person.number})", site=made.site, team=None, starts_at=now,
        due_at=made.due_at, actor=actor, now=now,
    )  # fmt: skip
    return made


def id_request_give(*, request_id: int, note: str = "", actor: Actor, now: datetime) -> IdRequest:
    """The employee holds an ID. Raises WrongState while none is in the logbook."""
    asked = IdRequest.objects.select_related("site").get(pk=request_id)
    if not ID_REQUEST.find("give").open_to(actor, asked.site):
        raise NotAllowed
    with transaction.atomic():
        person_locked(asked.person_id)
        held = _held(asked)
        if held is None:
            raise WrongState(hinders(asked, "give"), code="no_id")
        also = {"account": held.account, "ended_at": now}
        with step(ID_REQUEST, IdRequest, request_id, "give", actor=actor, now=now, note=note, also=also) as found:
            evidence = {"user_id": held.account.user_id}
            obligations.obligation_fulfil(subject=found, rule=GIVE, at=now, evidence=evidence, actor=actor, now=now)
    return found


def _held(asked: IdRequest) -> Assignment | None:
    return Assignment.objects.filter(person_id=asked.person_id, ends_at=None).select_related("account").first()


def hinders(asked: IdRequest, name: str) -> str:
    """What would refuse the step of that name as it stands, in words."""
    if name == "give" and _held(asked) is None:
        return _("The logbook knows no user ID of this employee: enter a new one, or pass one on.")
    return ""


def id_request_cancel(*, request_id: int, note: str, actor: Actor, now: datetime) -> IdRequest:
    with step(
        ID_REQUEST, IdRequest, request_id, "cancel", actor=actor, now=now, note=note, also={"ended_at": now}
    ) as found:
        obligations.obligation_cancel(subject=found, rule=GIVE, reason=note, actor=actor, now=now)
    return found


def requests_follow(*, account: Account, person: Person, now: datetime) -> None:
    """Somebody holds an ID from now on, by whatever way: their open request is fulfilled."""
    for found in IdRequest.objects.open().filter(person=person):
        id_request_give(request_id=found.pk, note=account.user_id, actor=LIFECYCLE, now=now)


def requests_end(*, person: Person, note: str, now: datetime) -> None:
    """Who leaves needs none any more."""
    for found in IdRequest.objects.open().filter(person=person):
        id_request_cancel(request_id=found.pk, note=note, actor=LIFECYCLE, now=now)


def request_again(*, person: Person, actor: Actor, now: datetime) -> None:
    """Stays after all: what was asked for before the leaving ended it is asked for again."""
    last = IdRequest.objects.filter(person=person).order_by("-pk").first()
    if last is None or last.status != IdRequestStatus.CANCELLED:
        return
    kind = ContentType.objects.get_for_model(last)
    ended = WorkflowStep.objects.filter(content_type=kind, object_id=last.pk, transition="cancel").latest("pk")
    if ended.actor_label == str(LIFECYCLE):
        first_day = max(last.first_day, local_day(now, person.site.zone))
        id_request_open(
            person=person, first_day=first_day, note=kept(gettext_noop("Stays after all")), actor=actor, now=now
        )


def requests_follow_move(*, person: Person, actor: Actor, now: datetime) -> None:
    """Support of the site at which the person works by now gives the ID.

    What is late stays the breach of the site that let it pass, until the ID is given; the new site has its own time.
    """
    rows = IdRequest.objects.open().filter(person=person).exclude(site=person.site)
    for found in rows.select_for_update(of=("self",), no_key=True):
        found.site = person.site
        sign(found, actor, kept(gettext_noop("Works at another site")), now=now)
        found.save(update_fields=["site"])
        within = timedelta(hours=float(policy_value(GIVE_WITHIN, at=now, site=found.site)))
        due_at = id_due(found.first_day, found.site.zone, now, within)
        obligations.obligations_take_along(
            subject=found, rules=[GIVE], site=found.site, team=None, actor=actor, now=now, due={GIVE: due_at}
        )


TRANSITIONS = {"give": id_request_give, "cancel": id_request_cancel}
