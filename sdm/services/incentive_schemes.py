"""Incentive schemes: drafted by payroll, published by somebody else, then never changed; tried before that (SDM-6)."""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import dataclass
from datetime import date, datetime
from decimal import Decimal
from typing import Any

from django.db import transaction
from django.db.models import Max
from django.utils.translation import gettext as _

from occ.errors import Invalid, NotAllowed, WrongState
from occ.people.history import sign
from occ.people.models import Site, User
from occ.people.scope import has_role
from occ.times import local_day, month_of
from occ.workflow.services import begin, step
from sdm.evaluating.choices import SchemeStatus
from sdm.evaluating.conditions import CONDITIONS
from sdm.evaluating.paying import Terms, terms_of
from sdm.evaluating.workflow import PAYROLL, SCHEME
from sdm.models import Evaluation, EvaluationPeriod, IncentiveScheme
from sdm.services.evaluation_reckoning import least_paid, paid_by, policies_at, terms_in

NAME, REASON = 80, 300
ZERO = Decimal(0)


def may_draft(user: User, site: Site) -> bool:
    return has_role(user, PAYROLL, site=site)


def _checked(
    name: str, starts_on: date, terms: Mapping[str, Any], reason: str, site: Site, now: datetime
) -> dict[str, Any]:
    name, reason = name.strip(), reason.strip()
    if not name or len(name) > NAME:
        raise Invalid(_("Give the scheme a name of at most %(n)s characters.") % {"n": NAME}, field="name")
    if not reason or len(reason) > REASON:
        raise Invalid(_("Say why, in at most %(n)s characters.") % {"n": REASON}, field="reason")
    _not_past(starts_on, site, now)
    found = terms_of(terms, demands=CONDITIONS)
    return {"name": name, "reason": reason, "starts_on": month_of(starts_on), "terms": found.as_json()}


def _not_past(starts_on: date, site: Site, now: datetime) -> None:
    """What was worked for under one scheme is not paid by another."""
    if month_of(starts_on) < month_of(local_day(now, site.zone)):
        words = _("A scheme cannot begin in a month that is over: people worked under the one before.")
        raise Invalid(words, field="starts_on")


@transaction.atomic
def scheme_draft(
    *, site: Site, name: str, starts_on: date, terms: Mapping[str, Any], reason: str, actor: User, now: datetime
) -> IncentiveScheme:
    """A draft under the site's next number. Raises NotAllowed, Invalid."""
    if not may_draft(actor, site):
        raise NotAllowed
    given = _checked(name, starts_on, terms, reason, site, now)
    Site.objects.select_for_update(no_key=True).get(pk=site.pk)  # one number at a time
    last = IncentiveScheme.objects.filter(site=site).aggregate(last=Max("number"))["last"] or 0
    made = IncentiveScheme(site=site, number=last + 1, drafted_at=now, drafted_by=actor, **given)
    sign(made, actor, given["reason"], now=now)
    made.save()
    begin(SCHEME, made, actor=actor, now=now)
    return made


@transaction.atomic
def scheme_change(
    *, scheme_id: int, name: str, starts_on: date, terms: Mapping[str, Any], reason: str, actor: User, now: datetime
) -> IncentiveScheme:
    """Change a draft; whoever changed it last is who drafted it. Raises NotAllowed, WrongState (published), Invalid."""
    found = (
        IncentiveScheme.objects.select_for_update(of=("self",), no_key=True).select_related("site").get(pk=scheme_id)
    )
    if not may_draft(actor, found.site):
        raise NotAllowed
    if found.status != SchemeStatus.DRAFT:
        raise WrongState(_("Only a draft can be changed: a change of what was published is a new scheme."))
    given = _checked(name, starts_on, terms, reason, found.site, now) | {"drafted_at": now, "drafted_by": actor}
    for field, value in given.items():
        setattr(found, field, value)
    sign(found, actor, given["reason"], now=now)
    found.save(update_fields=list(given))
    return found


@transaction.atomic
def scheme_publish(*, scheme_id: int, seen: str = "", actor: User, now: datetime) -> IncentiveScheme:
    """It holds from its month on. `seen`: when the draft that was read was written.

    Raises NotAllowed (the own draft), WrongState (also: changed since it was read), Invalid (its month is over).
    """
    locked = IncentiveScheme.objects.select_for_update(of=("self",), no_key=True)
    if locked.get(pk=scheme_id).drafted_by_id == actor.pk:
        raise NotAllowed(_("You drafted it: somebody else publishes it."))
    also = {"published_at": now, "published_by": actor}
    with step(SCHEME, IncentiveScheme, scheme_id, "publish", actor=actor, now=now, also=also) as found:
        if seen and seen != found.drafted_at.isoformat():
            raise WrongState(_("The draft was changed since you looked: read it again."), code="changed")
        _not_past(found.starts_on, found.site, now)
        terms_in(found)
        return found


def scheme_discard(*, scheme_id: int, note: str, actor: User, now: datetime) -> IncentiveScheme:
    with step(SCHEME, IncentiveScheme, scheme_id, "withdraw", actor=actor, now=now, note=note) as found:
        return found


TRANSITIONS: dict[str, Any] = {"publish": scheme_publish, "withdraw": scheme_discard}


@dataclass(frozen=True)
class Tried:
    """What somebody was reckoned to be paid, and would be by the scheme that is tried."""

    evaluation: Evaluation
    total: Decimal
    old: Decimal | None  # None: there was no amount
    new: Decimal

    @property
    def difference(self) -> Decimal:
        return self.new - (self.old or ZERO)


@dataclass(frozen=True)
class Trial:
    rows: tuple[Tried, ...]
    old: Decimal
    new: Decimal
    without: int  # not reckoned yet, left out, or too little is known for an amount

    @property
    def difference(self) -> Decimal:
        return self.new - self.old

    @property
    def changed(self) -> int:
        return sum(1 for one in self.rows if one.difference)


def scheme_try(terms: Terms, period: EvaluationPeriod) -> Trial:
    """What if these terms had been in force in that month: person by person. Nothing is written."""
    rows, without = [], 0
    evaluations = period.evaluations.select_related("person__site", "site", "period").order_by("person__name", "pk")
    least = least_paid(period.site, policies_at(period.site, period.month))
    for one in evaluations:
        paid = paid_by(terms, one.reckoned, one.person, period.month, least=least) if one.reckoned else None
        if paid is None or paid.amount is None or one.total is None:
            without += 1
            continue
        rows.append(Tried(one, one.total, one.amount, paid.amount))
    old, new = sum((one.old or ZERO for one in rows), ZERO), sum((one.new for one in rows), ZERO)
    return Trial(tuple(rows), old, new, without)
