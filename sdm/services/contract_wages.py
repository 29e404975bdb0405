"""Wages by date, kept encrypted, and what is owed at the end of a PKWT's term (SDM-7; PP 35/2021 art. 15-17).

Locks: the person first, then the compensation.
"""

from __future__ import annotations

import logging
from datetime import date, datetime, timedelta
from decimal import Decimal
from typing import Any

from django.db import transaction
from django.db.models import F, Q
from django.utils.formats import date_format
from django.utils.translation import gettext as _
from django.utils.translation import gettext_noop

from occ.errors import Invalid, NotAllowed, Refused, WrongState
from occ.ledger.services import record
from occ.obligations import services as obligations
from occ.people.actors import BEAT, Actor
from occ.people.history import sign
from occ.people.lifecycle import person_locked
from occ.people.models import Person, User
from occ.policies.services import Values
from occ.texts import kept
from occ.times import JAKARTA, in_reach, local_day
from occ.workflow.services import begin, step
from sdm.choices import EmploymentKind
from sdm.contracts.choices import CompensationStatus as C
from sdm.contracts.deadlines import compensation_due
from sdm.contracts.policies import COMPENSATE, COMPENSATION_AHEAD, Law, law
from sdm.contracts.terms import compensation, months_of, rounded
from sdm.contracts.workflow import COMPENSATION, PAYROLL
from sdm.models import Compensation, Employment, Wage
from sdm.personal import may, of_another
from sdm.services.compensation_corrections import corrections_follow
from sdm.services.contract_terms import effective_end, is_owed

logger = logging.getLogger(__name__)
LATE_RECORD = "late_notice"
# Terms that ended longer ago than that were settled before anybody told OCC of them.
LOOK_BACK = timedelta(days=62)
AT_ONCE = 500
HIGHEST = Decimal(1_000_000_000)


# Wages ---------------------------------------------------------------------------------------------------------------


def amount_clean(amount: Decimal) -> Decimal:
    """Whole rupiah and sen, more than nothing. Raises Invalid."""
    if not amount.is_finite() or not 0 < amount <= HIGHEST or amount != amount.quantize(Decimal("0.01")):
        raise Invalid(_("A wage is an amount in rupiah of more than 0 and at most a thousand million."), field="amount")
    return amount.quantize(Decimal("0.01"))


@transaction.atomic
def wage_record(
    *, person_id: int, starts_on: date, amount: Decimal, note: str = "", actor: Actor, now: datetime
) -> tuple[Wage, bool]:
    """What somebody earns in a month from that day on, and whether that is new; the same again changes nothing.

    Raises NotAllowed; Invalid when another amount stands for that day and no note says why it changes.
    """
    person = person_locked(person_id)
    if not may(actor, PAYROLL, person.site):
        raise NotAllowed
    of_another(actor, person_id)
    if not in_reach(starts_on):
        raise Invalid(_("The date is not possible."), field="starts_on")
    amount = amount_clean(amount)
    held = Wage.objects.filter(employee_id=person_id, starts_on=starts_on).first()
    if held is not None and held.rupiah == amount:
        return held, False
    if held is not None and not note.strip():
        words = _("Another wage is recorded from that day: say why it changes.")
        raise Invalid(words, field="note", code="wage_differs")
    made = held or Wage(employee_id=person_id, starts_on=starts_on)
    made.amount, made.note, made.recorded_at = str(amount), note.strip()[:300], now
    made.recorded_by = actor if isinstance(actor, User) else None
    sign(made, actor, note, now=now)
    made.save()
    # The amount never stands in the ledger, which nobody can change: only that it was recorded.
    data = {"from": starts_on, "changed": held is not None, "note": note}
    record(actor=actor, action="wage.recorded", subject=made, data=data, now=now, site=person.site)
    corrections_follow(person=person, now=now)
    return made, True


# Compensations -------------------------------------------------------------------------------------------------------


def amount_of(row: Compensation) -> Decimal | None:
    """What is owed by the wage at the term's end, or was paid; None while no wage is recorded."""
    if row.status == C.PAID:
        return Decimal(row.amount)
    wage = row.wage_on(row.ends_on)
    if wage is None:
        return None
    return compensation(first=row.starts_on, last=row.ends_on, wage=wage, full=row.full_months)


def compensations_keep(*, now: datetime) -> int:
    """Open what payroll should know of by now, and put right what ends on another day than when it was opened."""
    values, today = Values([COMPENSATION_AHEAD], at=now), local_day(now, JAKARTA)
    first, last = today - LOOK_BACK, today + timedelta(days=60)
    leaver = "employee__person__last_working_day"
    sooner = Q(**{f"{leaver}__range": (first, last), f"{leaver}__gte": F("starts_on"), f"{leaver}__lt": F("ends_on")})
    rows = Employment.objects.filter(
        Q(ends_on__range=(first, last)) | sooner, kind=EmploymentKind.PKWT, starts_on__lte=today, compensation=None
    ).order_by("ends_on", "pk")
    count = 0
    for one in rows.select_related("employee__person")[: 20 * AT_ONCE]:
        person = one.employee.person
        days = int(values(COMPENSATION_AHEAD, person.site_id))
        if effective_end(one, person) > today + timedelta(days=days) or count >= AT_ONCE:
            continue
        count += _tried(one.pk, person.pk, now)
    moved = Compensation.objects.filter(status=C.DUE).filter(
        ~Q(ends_on=F("employment__ends_on")) | Q(employment__employee__person__last_working_day__lt=F("ends_on"))
    )
    # Void ones are many and stay so: only what ended lately is looked at again, apart from what is owed.
    void = Compensation.objects.filter(status=C.VOID, employment__ends_on__gte=first).order_by("-employment__ends_on")
    for found in (moved.order_by("pk"), void):
        for pk, person_id in list(found.values_list("employment_id", "employment__employee_id")[:AT_ONCE]):
            count += _tried(pk, person_id, now)
    return count


def _tried(employment_id: int, person_id: int, now: datetime) -> int:
    """One that is refused does not stop the others."""
    try:
        with transaction.atomic():
            person = person_locked(person_id)
            return int(_keep(Employment.objects.get(pk=employment_id), person, now))
    except Refused as refusal:
        logger.warning("compensation of contract %s could not be kept: %s", employment_id, refusal.code)
        return 0


def compensations_follow(*, person: Person, now: datetime) -> None:
    """The person's contracts or leaving changed. The person's lock is held.

    An end that is recorded long after it was, of a term that went on for all that OCC knew, is owed for too.
    """
    today = local_day(now, person.site.zone)
    sooner = Q(ends_on__lt=F("agreed_until"))
    if person.last_working_day is not None:
        sooner |= Q(starts_on__lte=person.last_working_day, ends_on__gt=person.last_working_day)
    known = Employment.objects.filter(
        sooner, employee_id=person.pk, kind=EmploymentKind.PKWT, agreed_until__gte=today - LOOK_BACK, compensation=None
    )
    for one in known:
        if effective_end(one, person) < today - LOOK_BACK:
            _keep(one, person, now)
    for row in Compensation.objects.exclude(status=C.PAID).filter(employment__employee_id=person.pk):
        _keep(row.employment, person, now)
    corrections_follow(person=person, now=now)


def compensations_follow_move(*, person: Person, actor: Actor, now: datetime) -> None:
    """What is not paid yet goes with the person to another site."""
    rows = Compensation.objects.exclude(status=C.PAID).filter(employment__employee_id=person.pk)
    for one in rows.exclude(site=person.site).select_for_update(of=("self",), no_key=True):
        one.site = person.site
        sign(one, actor, kept(gettext_noop("Works at another site")), now=now)
        one.save(update_fields=["site"])
        obligations.obligations_take_along(
            subject=one, rules=[COMPENSATE], site=person.site, team=None, actor=actor, now=now
        )


def _keep(employment: Employment, person: Person, now: datetime) -> bool:
    """The compensation of that term as it should be by now; whether something was done."""
    numbers, ends_on = law(now), effective_end(employment, person)
    due = is_owed(employment, ends_on, numbers)
    row = Compensation.objects.filter(employment=employment).first()
    if row is None:
        return _open(employment, person, ends_on, numbers, now) if due else False
    if row.status == C.PAID:
        return False
    if row.status == C.DUE and not due:
        note = _("Less than the service from which it is owed")
        with step(COMPENSATION, Compensation, row.pk, "void", actor=BEAT, now=now, note=note) as found:
            obligations.obligation_cancel(subject=found, rule=COMPENSATE, reason=note, actor=BEAT, now=now)
        return True
    if row.status == C.VOID and due:
        note = _("Ends on %(day)s") % {"day": date_format(ends_on, "j F Y")}
        with step(COMPENSATION, Compensation, row.pk, "owe", actor=BEAT, now=now, note=note) as found:
            _moved(found, ends_on, note, now)
            _duty(found, person, now)
        return True
    if row.ends_on == ends_on or not due:
        return False
    note = _("Ends on %(day)s") % {"day": date_format(ends_on, "j F Y")}
    _moved(row, ends_on, note, now)
    due_at = compensation_due(ends_on, row.site.zone)
    obligations.obligation_move(
        subject=row, rule=COMPENSATE, starts_at=min(row.opened_at, due_at), due_at=due_at, reason=note,
        late_cause=LATE_RECORD, actor=BEAT, now=now,
    )  # fmt: skip
    return True


def _moved(row: Compensation, ends_on: date, note: str, now: datetime) -> None:
    row.ends_on, row.months = ends_on, rounded(months_of(row.starts_on, ends_on))
    sign(row, BEAT, note, now=now)
    row.save(update_fields=["ends_on", "months"])


def _open(employment: Employment, person: Person, ends_on: date, numbers: Law, now: datetime) -> bool:
    made = Compensation(
        employment=employment, site=person.site, opened_at=now, starts_on=employment.starts_on, ends_on=ends_on,
        months=rounded(months_of(employment.starts_on, ends_on)), full_months=numbers.full_months,
    )  # fmt: skip
    sign(made, BEAT, now=now)
    made.save()
    begin(COMPENSATION, made, actor=BEAT, now=now)
    _duty(made, person, now)
    return True


def _duty(made: Compensation, person: Person, now: datetime) -> None:
    due_at = compensation_due(made.ends_on, made.site.zone)
    obligations.obligation_open(
        rule=COMPENSATE, subject=made, label=f"{person.name} ({person.number})", site=made.site, team=None,
        starts_at=min(now, due_at), due_at=due_at, late_cause=LATE_RECORD, actor=BEAT, now=now,
    )  # fmt: skip


@transaction.atomic
def compensation_pay(
    *, compensation_id: int, paid_on: date, evidence: dict[str, Any], note: str = "", actor: Actor, now: datetime
) -> Compensation:
    """It was paid, as reckoned, and what shows it; from now on wage and amount are what they were then.

    Raises WrongState without a wage, or before the term's end while that can still move; Invalid.
    """
    row = Compensation.objects.select_related("site").get(pk=compensation_id)
    person_locked(row.employment.employee_id)
    today = local_day(now, row.site.zone)
    if paid_on > today:
        raise Invalid(_("The date lies in the future."), field="paid_on")
    row = Compensation.objects.select_related("site", "employment__employee").get(pk=compensation_id)
    wage, amount = row.wage_on(row.ends_on), amount_of(row)
    if wage is None or amount is None:
        raise WrongState(_("No wage is recorded for this person: record it first."), code="no_wage")
    if row.status == C.DUE and paid_on < row.ends_on - timedelta(days=7):
        raise Invalid(_("That is more than a week before the term ends."), field="paid_on")
    also: dict[str, Any] = {"paid_on": paid_on}
    if row.status == C.DUE:
        also |= {"wage": str(wage), "amount": str(amount)}
    with step(
        COMPENSATION, Compensation, compensation_id, "pay", actor=actor, now=now, note=note, evidence=evidence,
        also=also,
    ) as found:  # fmt: skip
        due_at = compensation_due(paid_on, found.site.zone)
        at = now if paid_on == today else min(now, due_at)
        shown = {key: value for key, value in evidence.items() if key != "file"} | {"paid_on": paid_on.isoformat()}
        obligations.obligation_fulfil(subject=found, rule=COMPENSATE, at=at, evidence=shown, actor=actor, now=now)
    return found


TRANSITIONS: dict[str, Any] = {"pay": compensation_pay}
