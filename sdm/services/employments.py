"""Contracts: added, extended, ended; never two at once, no PKWTs beyond the law's limit, no probation in one (SDM-7).

Who changes one holds the person's lock; whoever has to do with contracts is told by `sdm.contracts.changes.changed`.
"""

from dataclasses import dataclass
from datetime import date, datetime, timedelta

from django.db import transaction
from django.utils.formats import date_format
from django.utils.translation import gettext as _
from django.utils.translation import gettext_noop, ngettext

from occ.errors import Faults, Invalid, NotAllowed, WrongState
from occ.ledger.services import record
from occ.obligations import services as obligations
from occ.people.actors import Actor
from occ.people.history import sign
from occ.people.lifecycle import person_locked
from occ.people.models import Person, in_force
from occ.texts import kept
from occ.times import in_reach
from sdm.choices import Began, EmploymentKind
from sdm.contracts.changes import changed, going
from sdm.contracts.choices import CompensationStatus
from sdm.contracts.policies import REGISTER, Law, law
from sdm.contracts.terms import Chain, Span, chain_with
from sdm.models import Compensation, Employment, Placement
from sdm.personal import KEEPERS, may, of_another
from sdm.services.contract_registration import registration_owe


@dataclass(frozen=True)
class Terms:
    """What a contract says; `agreed_until` None for a PKWTT; `signed_on` None where nobody told the day."""

    kind: str
    starts_on: date
    agreed_until: date | None
    number: str = ""
    probation_months: int = 0
    signed_on: date | None = None


def terms_check(terms: Terms, *, at: datetime) -> None:
    """Raises Invalid: an unknown kind, a PKWT without an end, a PKWTT with one, an end before the beginning, probation
    beyond what the law allows at that instant."""
    faults = Faults()
    if terms.kind not in EmploymentKind.values:
        faults.add(_("A contract is a PKWT or a PKWTT."), field="kind")
    if terms.kind == EmploymentKind.PKWT and terms.agreed_until is None:
        faults.add(_("A PKWT ends on a day: say which."), field="agreed_until", code="pkwt_without_end")
    if terms.kind == EmploymentKind.PKWTT and terms.agreed_until is not None:
        faults.add(_("A PKWTT has no end."), field="agreed_until", code="pkwtt_with_end")
    for day in (terms.starts_on, terms.agreed_until):
        if day is not None and not in_reach(day):
            faults.add(_("The date is not possible."), field="agreed_until")
    if terms.agreed_until is not None and terms.agreed_until < terms.starts_on:
        faults.add(_("The contract would end before it begins."), field="agreed_until", code="order")
    if len(terms.number) > 60:
        faults.add(_("The contract number has at most 60 characters."), field="number")
    if terms.probation_months:
        with faults.of():
            _probation_check(terms, law(at))
    faults.tell()


def _probation_check(terms: Terms, numbers: Law) -> None:
    if terms.kind == EmploymentKind.PKWT:
        if terms.probation_months > numbers.pkwt_probation:
            words = _("A PKWT has no probation (PP 35/2021 article 12): leave it out.")
            raise Invalid(words, field="probation_months", code="pkwt_probation")
    elif not 0 <= terms.probation_months <= numbers.pkwtt_probation:
        words = ngettext(
            "Probation in a PKWTT lasts at most %(n)s month (UU 13/2003 article 60).",
            "Probation in a PKWTT lasts at most %(n)s months (UU 13/2003 article 60).",
            numbers.pkwtt_probation,
        )
        raise Invalid(words % {"n": numbers.pkwtt_probation}, field="probation_months", code="pkwtt_probation")


def pkwt_chain(person_id: int, first: date, last: date, *, numbers: Law) -> Chain:
    """The chain of that person's PKWTs in which one from `first` to `last` would lie."""
    rows = Employment.objects.filter(employee_id=person_id, kind=EmploymentKind.PKWT, ends_on__isnull=False)
    spans = [Span(starts_on, ends_on) for starts_on, ends_on in rows.values_list("starts_on", "ends_on") if ends_on]
    return chain_with(spans, Span(first, last), gap_days=numbers.gap_days, max_months=numbers.max_months)


def limit_check(person_id: int, terms: Terms, *, at: datetime) -> None:
    """Raises Invalid when the person's PKWTs together would last longer than the law allows (PP 35/2021 art. 8)."""
    if terms.kind != EmploymentKind.PKWT or terms.agreed_until is None:
        return
    numbers = law(at)
    chain = pkwt_chain(person_id, terms.starts_on, terms.agreed_until, numbers=numbers)
    if chain.too_long:
        words = ngettext(
            "PKWTs last %(n)s month in all at most, extensions included (PP 35/2021 article 8): the first began on "
            "%(first)s, so none may last beyond %(limit)s.",
            "PKWTs last %(n)s months in all at most, extensions included (PP 35/2021 article 8): the first began on "
            "%(first)s, so none may last beyond %(limit)s.",
            numbers.max_months,
        )
        values = {"n": numbers.max_months, "first": date_format(chain.first, "j F Y"),
                  "limit": date_format(chain.limit, "j F Y")}  # fmt: skip
        raise Invalid(words % values, field="agreed_until", code="pkwt_limit")


@transaction.atomic
def employment_add(*, person_id: int, terms: Terms, note: str = "", actor: Actor, now: datetime) -> Employment:
    """A contract of its own. Raises Invalid when another one holds at that time: then it is ended or extended."""
    person = _kept(person_id, actor)
    terms_check(terms, at=now)
    _employed(person, terms)
    return write(person, terms, None, note, actor, now)


@transaction.atomic
def employment_extend(
    *, employment_id: int, agreed_until: date, number: str = "", note: str = "", tell: bool = True, actor: Actor,
    now: datetime,
) -> Employment:  # fmt: skip
    """A PKWT goes on from the day after its end until that day. Raises WrongState when it ended sooner, or is.

    `tell`: whether `changed` is sent; who says no sends it.
    """
    found = Employment.objects.get(pk=employment_id)
    person = _kept(found.employee_id, actor)
    found.refresh_from_db()
    if found.kind != EmploymentKind.PKWT or found.ends_on is None:
        raise WrongState(_("A PKWTT needs no extension."))
    if found.ends_on != found.agreed_until:
        raise WrongState(_("This contract was ended before its time."))
    if Employment.objects.filter(extends=found).exists():
        raise WrongState(_("This contract is extended already."))
    terms = Terms(EmploymentKind.PKWT, found.ends_on + timedelta(days=1), agreed_until, number)
    terms_check(terms, at=now)
    _employed(person, terms)
    return write(person, terms, found, note, actor, now, tell=tell)


@transaction.atomic
def employment_end(*, employment_id: int, ends_on: date, note: str, actor: Actor, now: datetime) -> Employment:
    """A contract ends sooner than agreed, or a PKWTT ends; the person's leaving is recorded apart from this."""
    found = Employment.objects.get(pk=employment_id)
    person = _kept(found.employee_id, actor)
    found.refresh_from_db()
    if not note.strip():
        raise Invalid(_("Say why it ends."), field="note")
    if ends_on < found.starts_on or not in_reach(ends_on):
        raise Invalid(_("The contract would end before it begins."), field="ends_on")
    if found.agreed_until is not None and ends_on > found.agreed_until:
        raise Invalid(_("That is later than agreed. Extend the contract instead."), field="ends_on")
    if (later := getattr(found, "extension", None)) is not None:
        raise WrongState(_("This contract is extended from %(day)s. End that one.") % {"day": later.starts_on})
    was, found.ends_on = found.ends_on, ends_on
    sign(found, actor, note, now=now)
    found.save(update_fields=["ends_on"])
    data = {"ends_on": ends_on, "was": was, "note": note}
    record(actor=actor, action="employment.ended", subject=found, data=data, now=now, site=person.site)
    changed.send(Employment, person=person, actor=actor, now=now)
    return found


@transaction.atomic
def employment_number(*, employment_id: int, number: str, actor: Actor, now: datetime) -> Employment:
    """The number of a contract that was recorded without one, or with another."""
    found = Employment.objects.get(pk=employment_id)
    person = _kept(found.employee_id, actor)
    found.refresh_from_db()
    was, found.number = found.number, number
    sign(found, actor, _("Contract number"), now=now)
    found.save(update_fields=["number"])
    data = {"number": number, "was": was}
    record(actor=actor, action="employment.numbered", subject=found, data=data, now=now, site=person.site)
    return found


def _kept(person_id: int, actor: Actor) -> Person:
    person = person_locked(person_id)
    if not may(actor, KEEPERS, person.site):
        raise NotAllowed
    of_another(actor, person_id)
    return person


def _employed(person: Person, terms: Terms) -> None:
    if terms.agreed_until is not None and terms.agreed_until < person.joined_on:
        words = _("%(name)s joined on %(day)s, after this contract would have ended.")
        values = {"name": person.name, "day": person.joined_on}
        raise Invalid(words % values, field="agreed_until", code="before_joining")
    if person.last_working_day is not None and terms.starts_on <= person.last_working_day < (
        terms.agreed_until or date.max
    ):
        words = _("%(name)s leaves on %(day)s, before this contract would end.")
        values = {"name": person.name, "day": person.last_working_day}
        raise Invalid(words % values, field="agreed_until", code="leaves_before")
    last = person.last_working_day
    if last is not None and terms.starts_on > last:
        returns = Placement.objects.filter(employee_id=person.pk, starts_on__gt=last, starts_on__lte=terms.starts_on)
        if not returns.exists():
            words = _("%(name)s has left by then. Plan the return first.")
            raise Invalid(words % {"name": person.name}, field="starts_on", code="left_by_then")


def write(
    person: Person, terms: Terms, extends: Employment | None, note: str, actor: Actor, now: datetime, *,
    tell: bool = True,
) -> Employment:  # fmt: skip
    """Write a contract whose terms were checked. Raises Invalid when another one holds at that time, or the person's
    PKWTs would last too long."""
    rows = Employment.objects.filter(employee_id=person.pk)
    clash = rows.exclude(ends_on__lt=terms.starts_on)
    if terms.agreed_until is not None:
        clash = clash.filter(starts_on__lte=terms.agreed_until)
    if (other := clash.first()) is not None:
        words = _("Another contract holds at that time: %(kind)s from %(day)s.")
        values = {"kind": other.get_kind_display(), "day": other.starts_on}
        raise Invalid(words % values, field="starts_on", code="contract_overlaps")
    limit_check(person.pk, terms, at=now)
    made = Employment(
        employee_id=person.pk, kind=terms.kind, number=terms.number.strip(), starts_on=terms.starts_on,
        agreed_until=terms.agreed_until, ends_on=terms.agreed_until, extends=extends, note=note[:300],
        probation_months=terms.probation_months, signed_on=terms.signed_on,
    )  # fmt: skip
    sign(made, actor, note, now=now)
    made.save()
    data = {"kind": terms.kind, "from": terms.starts_on, "until": terms.agreed_until, "extends": extends and extends.pk}
    record(actor=actor, action="employment.added", subject=made, data=data, now=now, site=person.site)
    if tell:  # of one that a renewal made, the renewal owes the registration
        registration_owe(made, person, actor=actor, now=now)
        changed.send(Employment, person=person, actor=actor, now=now)
    return made


# With the person's leaving -------------------------------------------------------------------------------------------


def employments_end_with(*, person: Person, last: date, actor: Actor, now: datetime) -> None:
    """Nobody has a contract that holds after the last working day, and none that would begin then, but for a return.

    One that was paid for, or that a renewal was begun of, did begin: it stays.
    """
    going.send(Employment, person=person, last=last, now=now)
    beyond = Employment.objects.filter(employee_id=person.pk, starts_on__gt=last, renewals=None)
    returns = Placement.objects.filter(employee_id=person.pk, starts_on__gt=last, told_at=None, began=Began.RETURNED)
    if (back := returns.first()) is not None:
        beyond = beyond.filter(starts_on__lt=back.starts_on)
    for found in beyond.exclude(compensation__status__in=["due", "paid"]).order_by("-starts_on"):
        employment_remove(found, _("Left before the contract began"), actor, now)
    for found in Employment.objects.filter(in_force(last), employee_id=person.pk).exclude(ends_on=last):
        found.ends_on = last
        sign(found, actor, kept(gettext_noop("Left")), now=now)
        found.save(update_fields=["ends_on"])


def employment_remove(found: Employment, why: str, actor: Actor, now: datetime) -> None:
    """A contract that never began is none; what it would have said is in the ledger."""
    obligations.obligation_cancel(subject=found, rule=REGISTER, reason=why, actor=actor, now=now)
    Compensation.objects.filter(employment=found, status=CompensationStatus.VOID).delete()
    sign(found, actor, why, now=now)
    data = {"from": found.starts_on, "until": found.agreed_until, "note": why}
    site = found.employee.person.site
    record(actor=actor, action="employment.withdrawn", subject=found, data=data, now=now, site=site)
    found.delete()


def employments_go_on(*, person: Person, previous: date, actor: Actor, now: datetime) -> None:
    for found in Employment.objects.filter(employee_id=person.pk, ends_on=previous).exclude(agreed_until=previous):
        later = Employment.objects.filter(employee_id=person.pk, starts_on__gt=previous).order_by("starts_on").first()
        if later is not None and (found.agreed_until is None or found.agreed_until >= later.starts_on):
            words = _("The contract from %(day)s stands in the way: end it or take it back first.")
            raise WrongState(words % {"day": later.starts_on})
        found.ends_on = found.agreed_until
        sign(found, actor, kept(gettext_noop("Does not leave on that day")), now=now)
        found.save(update_fields=["ends_on"])


def employments_withdraw(*, person: Person, since: date, note: str, actor: Actor, now: datetime) -> None:
    """A planned return does not come, and neither does its contract."""
    for found in Employment.objects.filter(employee_id=person.pk, starts_on__gte=since).order_by("-starts_on"):
        employment_remove(found, note, actor, now)
