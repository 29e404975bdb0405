"""Evaluations of before OCC, one by one (SDM-11): of the person and month once, and never of a month that OCC has."""

from __future__ import annotations

from datetime import date, datetime
from decimal import Decimal

from django.db import transaction
from django.utils.translation import gettext as _

from occ.errors import Invalid, NotAllowed
from occ.ledger.services import record
from occ.people.history import sign
from occ.people.lifecycle import person_locked
from occ.people.models import User
from occ.people.scope import has_role
from occ.times import local_day, month_of
from sdm.evaluating.workflow import PERFORMANCE
from sdm.models import Evaluation, PastEvaluation

GRADE, REMARKS, NOTE = 20, 2000, 300
CENT = Decimal("0.01")


@transaction.atomic
def past_evaluation_take_up(
    *, person_id: int, month: date, total: Decimal, grade: str = "", remarks: str = "", note: str = "", actor: User,
    now: datetime,
) -> tuple[PastEvaluation, bool]:  # fmt: skip
    """What an evaluation came to, and whether that is new; the same again changes nothing.

    Raises NotAllowed (oneself too); Invalid, also when it is recorded otherwise and no `note` says why it changes.
    """
    person = person_locked(person_id)
    if not has_role(actor, PERFORMANCE, site=person.site) or actor.person_id == person_id:
        raise NotAllowed
    month, grade, remarks, note = month_of(month), grade.strip(), remarks.strip(), note.strip()
    if not month_of(person.joined_on) <= month < month_of(local_day(now, person.site.zone)):
        raise Invalid(_("That lies before the person joined, or is not over yet."), field="month")
    if not (total.is_finite() and 0 <= total <= 100 and total == total.quantize(CENT)):
        raise Invalid(_("A total lies between 0 and 100, with at most two decimal places."), field="total")
    for name, text, most in (("grade", grade, GRADE), ("remarks", remarks, REMARKS), ("note", note, NOTE)):
        if len(text) > most:
            raise Invalid(_("This is longer than %(n)s characters.") % {"n": most}, field=name)
    if Evaluation.objects.filter(person_id=person_id, month=month).exists():
        raise Invalid(_("OCC has an evaluation of this month itself."), field="month", code="kept_here")
    held = PastEvaluation.objects.filter(person_id=person_id, month=month).first()
    if held is not None and (held.total, held.grade, held.remarks) == (total, grade, remarks):
        return held, False
    if held is not None and not note:
        raise Invalid(_("It is recorded otherwise: say why it changes."), field="note", code="differs")
    made = held or PastEvaluation(person_id=person_id, month=month)
    made.total, made.grade, made.remarks = total, grade, remarks
    made.recorded_at, made.recorded_by = now, actor
    sign(made, actor, note or "taken up", now=now)
    made.save()
    # Remarks are about a person: the ledger, which nobody can change, says only that it was recorded.
    data = {"month": month, "changed": held is not None}
    record(actor=actor, action="evaluation.taken_up", subject=made, data=data, now=now, site=person.site)
    return made, True
