"""The clearance list: items by policy that somebody ticks, and matters of other modules that tick themselves."""

from datetime import datetime

from django.db import transaction
from django.utils.translation import gettext as _

from occ.errors import Invalid, NotAllowed, WrongState
from occ.ledger.services import record
from occ.obligations import services as obligations
from occ.people.actors import Actor
from occ.people.history import create_many, sign
from occ.people.models import Person, User
from occ.policies.services import policy_value
from occ.times import local_day
from sdm.choices import Outcome
from sdm.models import ClearanceItem, Leaving
from sdm.personal import may, of_another
from sdm.policies import CLEARANCE, ITEMS
from sdm.providers import MATTERS, Matter, Settled
from sdm.workflow import RECORDERS


def items_open(*, leaving: Leaving, actor: Actor, now: datetime) -> None:
    """The list as the policy has it now; a policy changed later changes no list that stands."""
    wanted = policy_value(ITEMS, at=now, site=leaving.site)
    items = [ClearanceItem(leaving=leaving, key=one["key"], label=one["label"]) for one in wanted]
    create_many(items, actor=actor, now=now)


@transaction.atomic
def item_settle(*, item_id: int, outcome: str, note: str = "", actor: User, now: datetime) -> ClearanceItem:
    """Say how an item was settled, or put that right. With the last one the duty to hand back ends.

    Raises NotAllowed, WrongState (the leaving is closed), Invalid (what is missing needs a note).
    """
    leaving_id = ClearanceItem.objects.values_list("leaving_id", flat=True).get(pk=item_id)
    leaving = Leaving.objects.select_for_update(of=("self",), no_key=True).select_related("site").get(pk=leaving_id)
    item = ClearanceItem.objects.get(pk=item_id)
    if not may(actor, RECORDERS, leaving.site):
        raise NotAllowed
    of_another(actor, leaving.employee_id)
    if not leaving.is_open:
        raise WrongState(_("This leaving is closed or was withdrawn."))
    if outcome not in Outcome.values:
        raise Invalid(_("Choose how it was settled."), field="outcome")
    if outcome == Outcome.MISSING and not note.strip():
        raise Invalid(_("Say what is missing and what follows from it."), field="note")
    item.outcome, item.note, item.settled_at, item.settled_by = outcome, note.strip()[:300], now, actor
    sign(item, actor, note, now=now)
    item.save(update_fields=["outcome", "note", "settled_at", "settled_by"])
    data = {"item": item.key, "outcome": outcome, "note": note}
    record(actor=actor, action="clearance.settled", subject=leaving, data=data, now=now, site=leaving.site)
    if not leaving.items.filter(outcome="").exists():
        _handed_back(leaving, actor, now)
    return item


def _handed_back(leaving: Leaving, actor: Actor, now: datetime) -> None:
    obligations.obligation_fulfil(
        subject=leaving, rule=CLEARANCE, at=now, evidence={"items": leaving.items.count()}, actor=actor, now=now
    )


def matters_of(person: Person) -> list[tuple[Matter, Settled]]:
    """What other modules have to settle for a leaver, and how it stands."""
    return [(one, one.settled(person)) for one in MATTERS.values()]


def hinders(leaving: Leaving, name: str, *, now: datetime) -> str:
    """What would refuse the step of that name as the leaving stands, in words."""
    if name == "clear" and (still := still_open(leaving)):
        return _("Still open: %(what)s.") % {"what": "; ".join(still)}
    if name == "close" and local_day(now, leaving.site.zone) < leaving.last_working_day:
        return _("The last working day has not come yet.")
    return ""


def still_open(leaving: Leaving) -> list[str]:
    """In words, what keeps the leaving from being cleared."""
    person = Person.objects.get(pk=leaving.employee_id)
    found = [str(one) for one in leaving.items.filter(outcome="")]
    return found + [f"{one.label} ({settled.said})" for one, settled in matters_of(person) if not settled.done]
