"""A paid compensation put right: what its end, wage or service make of it later (SDM-7; PP 35/2021 art. 15-17).

The paid row is never rewritten. The difference stands beside it, positive or claimed back, approved by HR Industrial
Relations and settled by payroll. What was refused is not proposed again until something else is reckoned.

Locks: the person first, then the difference.
"""

from __future__ import annotations

from dataclasses import dataclass
from datetime import date, datetime, timedelta
from decimal import Decimal
from typing import Any

from django.db import transaction
from django.utils.translation import gettext as _
from django.utils.translation import gettext_noop

from occ.errors import Invalid
from occ.obligations import services as obligations
from occ.people.actors import BEAT, Actor
from occ.people.history import sign
from occ.people.lifecycle import person_locked
from occ.people.models import Person, User
from occ.policies.services import policy_value
from occ.texts import kept
from occ.times import end_of_day, local_day
from occ.workflow.services import begin, step
from sdm.contracts.choices import CompensationStatus
from sdm.contracts.choices import CorrectionStatus as X
from sdm.contracts.policies import CORRECT, CORRECT_DAYS, SETTLE, law
from sdm.contracts.terms import compensation, months_of, rounded
from sdm.contracts.workflow import CORRECTION
from sdm.models import Compensation, CompensationCorrection
from sdm.services.contract_terms import effective_end, is_owed

ZERO = Decimal(0)


@dataclass(frozen=True)
class Reckoned:
    """What would be owed by what is known now."""

    ends_on: date
    wage: Decimal
    owed: Decimal


def reckoned(row: Compensation, person: Person) -> Reckoned | None:
    """By the law's numbers of when it was opened; None where no wage is recorded for the end."""
    ends_on = effective_end(row.employment, person)
    wage = row.wage_on(ends_on)
    if wage is None:
        return None
    if not is_owed(row.employment, ends_on, law(row.opened_at)):
        return Reckoned(ends_on, wage, ZERO)
    first = row.employment.starts_on
    return Reckoned(ends_on, wage, compensation(first=first, last=ends_on, wage=wage, full=row.full_months))


def paid_so_far(row: Compensation) -> Decimal:
    """The paid row and what was settled beside it since."""
    return Decimal(row.amount) + sum((one.rupiah for one in row.corrections.filter(status=X.SETTLED)), ZERO)


def corrections_follow(*, person: Person, now: datetime) -> int:
    """The person's contracts, leaving or wages changed: differences opened or void. The person's lock is held."""
    rows = Compensation.objects.filter(employment__employee_id=person.pk, status=CompensationStatus.PAID)
    return sum(_follow(one, person, now) for one in rows.select_related("employment__employee__person", "site"))


def _follow(row: Compensation, person: Person, now: datetime) -> int:
    found, before = reckoned(row, person), paid_so_far(row)
    if found is None:
        return 0
    standing = row.corrections.open().select_for_update(of=("self",), no_key=True).first()
    if standing is not None:
        if (Decimal(standing.owed), Decimal(standing.before)) == (found.owed, before):
            return 0
        _void(standing, now)
    if found.owed == before:
        return int(standing is not None)
    refused = row.corrections.filter(status=X.REFUSED).order_by("-pk").first()
    if refused is not None and (Decimal(refused.owed), Decimal(refused.before)) == (found.owed, before):
        return int(standing is not None)
    _open(row, person, found, before, now)
    return 1


def corrections_follow_move(*, person: Person, actor: Actor, now: datetime) -> None:
    """What is not settled goes with the person to another site."""
    rows = CompensationCorrection.objects.open().filter(compensation__employment__employee_id=person.pk)
    for one in rows.exclude(site=person.site).select_for_update(of=("self",), no_key=True):
        one.site = person.site
        sign(one, actor, kept(gettext_noop("Works at another site")), now=now)
        one.save(update_fields=["site"])
        obligations.obligations_take_along(
            subject=one, rules=[CORRECT, SETTLE], site=person.site, team=None, actor=actor, now=now
        )


def _void(standing: CompensationCorrection, now: datetime) -> None:
    note = _("Something else is reckoned by now")
    rule = CORRECT if standing.status == X.PROPOSED else SETTLE
    with step(CORRECTION, CompensationCorrection, standing.pk, "void", actor=BEAT, now=now, note=note) as found:
        obligations.obligation_cancel(subject=found, rule=rule, reason=note, actor=BEAT, now=now)


def _open(row: Compensation, person: Person, found: Reckoned, before: Decimal, now: datetime) -> None:
    due_at = _due(row, now)
    made = CompensationCorrection(
        compensation=row, site=person.site, opened_at=now, due_at=due_at, starts_on=row.employment.starts_on,
        ends_on=found.ends_on, months=rounded(months_of(row.employment.starts_on, found.ends_on)),
        wage=str(found.wage), owed=str(found.owed), before=str(before), amount=str(found.owed - before),
    )  # fmt: skip
    sign(made, BEAT, now=now)
    made.save()
    begin(CORRECTION, made, actor=BEAT, now=now)
    _owe(made, CORRECT, due_at, BEAT, now)


def _due(row: Compensation, now: datetime) -> datetime:
    days = int(policy_value(CORRECT_DAYS, at=now, site=row.site))
    return end_of_day(local_day(now, row.site.zone) + timedelta(days=days), row.site.zone)


def _owe(made: CompensationCorrection, rule: str, due_at: datetime, actor: Actor, now: datetime) -> None:
    obligations.obligation_open(
        rule=rule, subject=made, label=str(made), site=made.site, team=None, starts_at=now, due_at=due_at, actor=actor,
        now=now,
    )  # fmt: skip


def _locked(correction_id: int) -> CompensationCorrection:
    found = CompensationCorrection.objects.select_related("compensation__employment").get(pk=correction_id)
    person_locked(found.person_id)
    return found


@transaction.atomic
def correction_approve(*, correction_id: int, note: str = "", actor: User, now: datetime) -> CompensationCorrection:
    """It is right: payroll pays it, or claims it back. Raises NotAllowed, WrongState."""
    due_at = _due(_locked(correction_id).compensation, now)
    also = {"approved_by": actor, "due_at": due_at}
    with step(
        CORRECTION, CompensationCorrection, correction_id, "approve", actor=actor, now=now, note=note, also=also
    ) as found:
        evidence = {"status": found.status}
        obligations.obligation_fulfil(subject=found, rule=CORRECT, at=now, evidence=evidence, actor=actor, now=now)
        _owe(found, SETTLE, due_at, actor, now)
        return found


@transaction.atomic
def correction_refuse(*, correction_id: int, note: str, actor: User, now: datetime) -> CompensationCorrection:
    """It stays as it was paid, and why. Raises NotAllowed, WrongState, Invalid."""
    _locked(correction_id)
    with step(CORRECTION, CompensationCorrection, correction_id, "refuse", actor=actor, now=now, note=note) as found:
        evidence = {"status": found.status}
        obligations.obligation_fulfil(subject=found, rule=CORRECT, at=now, evidence=evidence, actor=actor, now=now)
        return found


@transaction.atomic
def correction_settle(
    *, correction_id: int, paid_on: date, evidence: dict[str, Any], note: str = "", actor: User, now: datetime
) -> CompensationCorrection:
    """It was paid, or paid back, and what shows it. Raises NotAllowed (who approved it), WrongState, Invalid."""
    found = _locked(correction_id)
    if paid_on > local_day(now, found.site.zone):
        raise Invalid(_("The date lies in the future."), field="paid_on")
    with step(
        CORRECTION, CompensationCorrection, correction_id, "settle", actor=actor, now=now, note=note,
        evidence=evidence, also={"settled_on": paid_on},
    ) as found:  # fmt: skip
        shown = {key: value for key, value in evidence.items() if key != "file"} | {"paid_on": paid_on.isoformat()}
        obligations.obligation_fulfil(subject=found, rule=SETTLE, at=now, evidence=shown, actor=actor, now=now)
        return found


TRANSITIONS: dict[str, Any] = {
    "approve": correction_approve, "refuse": correction_refuse, "settle": correction_settle,
}  # fmt: skip
