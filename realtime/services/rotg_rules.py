"""The list of rules, by date: what held stays as it was, a change begins a new version (RTM-9)."""

from __future__ import annotations

from datetime import date, datetime, timedelta

from django.db import IntegrityError, transaction
from django.utils.translation import gettext as _

from occ.errors import Invalid, NotAllowed, WrongState
from occ.ledger.services import record
from occ.people.history import sign
from occ.people.models import Site, User
from occ.people.scope import site_ids
from occ.times import JAKARTA, local_day
from realtime.choices import Severity
from realtime.models import Rule, RuleVersion
from realtime.rotg.workflow import KEEPERS

ONE_DAY = timedelta(days=1)
NUMBER, TEXT, REASON = 12, 1_000, 500  # the longest


def may_keep(user: User, site: Site | None) -> bool:
    """Rules of all sites are kept by who holds the role for all; a site's own by its coordinator."""
    ids = site_ids(user, KEEPERS)
    return ids is None or (site is not None and site.pk in ids)


def _checked(text: str, severity: str, note: str, starts_on: date, now: datetime) -> tuple[str, str]:
    text, note = text.strip(), note.strip()
    if not text or len(text) > TEXT:
        raise Invalid(_("Say what the rule is, in at most %(n)s characters.") % {"n": TEXT}, field="text")
    if severity not in Severity.values:
        raise Invalid(_("Choose how severe it is."), field="severity")
    if not note or len(note) > REASON:
        raise Invalid(_("Say why the list changes, in at most %(n)s characters.") % {"n": REASON}, field="note")
    if starts_on < local_day(now, JAKARTA):
        raise Invalid(_("A rule cannot begin in the past: nobody knew of it."), field="starts_on")
    return text, note


def _locked(rule_id: int, actor: User) -> tuple[Rule, RuleVersion]:
    rule = Rule.objects.select_for_update(of=("self",), no_key=True).get(pk=rule_id)
    if not may_keep(actor, rule.site):
        raise NotAllowed
    return rule, rule.versions.latest("version")


def _version(rule: Rule, number: int, text: str, severity: str, starts_on: date, note: str, actor: User,
             now: datetime) -> RuleVersion:  # fmt: skip
    made = RuleVersion(rule=rule, version=number, text=text, severity=severity, starts_on=starts_on, reason=note,
                       made_at=now, made_by=actor)  # fmt: skip
    sign(made, actor, note, now=now)
    made.save()
    data = {"number": rule.number, "version": number, "text": text, "severity": severity, "from": starts_on.isoformat(),
            "reason": note}  # fmt: skip
    record(actor=actor, action="rotg.rule", subject=rule, data=data, now=now, site=rule.site)
    return made


def _end(version: RuleVersion, last: date, note: str, actor: User, now: datetime) -> None:
    version.ends_on = last
    sign(version, actor, note, now=now)
    version.save(update_fields=["ends_on"])


@transaction.atomic
def rule_add(
    *, number: str, site: Site | None, text: str, severity: str, starts_on: date, note: str, actor: User, now: datetime
) -> RuleVersion:
    """A new rule. Raises NotAllowed, Invalid (the number is taken, nothing said, begins in the past)."""
    if not may_keep(actor, site):
        raise NotAllowed
    number = number.strip()
    if not number or len(number) > NUMBER:
        raise Invalid(_("Give the rule a number of at most %(n)s characters.") % {"n": NUMBER}, field="number")
    text, note = _checked(text, severity, note, starts_on, now)
    try:
        with transaction.atomic():
            rule = Rule.objects.create(number=number, site=site)
    except IntegrityError as error:
        raise Invalid(_("There is a rule with this number already."), field="number") from error
    return _version(rule, 1, text, severity, starts_on, note, actor, now)


@transaction.atomic
def rule_change(
    *, rule_id: int, text: str, severity: str, starts_on: date, note: str, seen: int | None = None, actor: User,
    now: datetime,
) -> RuleVersion:  # fmt: skip
    """What the rule says from a day on; the version before ends the day before.

    `seen`: the version that the actor looked at. Raises NotAllowed, Invalid, WrongState (there is a newer one).
    """
    rule, last = _locked(rule_id, actor)
    text, note = _checked(text, severity, note, starts_on, now)
    if seen is not None and seen != last.version:
        raise WrongState(_("Somebody has changed this rule since you looked at it. Read it first."))
    if starts_on <= last.starts_on:
        raise Invalid(_("The present version begins on that day or later: choose a later day."), field="starts_on")
    if last.ends_on is None or last.ends_on >= starts_on:
        _end(last, starts_on - ONE_DAY, note, actor, now)
    return _version(rule, last.version + 1, text, severity, starts_on, note, actor, now)


@transaction.atomic
def rule_end(*, rule_id: int, ends_on: date, note: str, actor: User, now: datetime) -> RuleVersion:
    """The rule holds until that day and not after it. Raises NotAllowed, Invalid."""
    rule, last = _locked(rule_id, actor)
    note = note.strip()
    if not note or len(note) > REASON:
        raise Invalid(_("Say why the list changes, in at most %(n)s characters.") % {"n": REASON}, field="note")
    if ends_on < max(last.starts_on, local_day(now, JAKARTA) - ONE_DAY):
        raise Invalid(_("That day is over, or the rule has not begun by then."), field="ends_on")
    if last.ends_on is not None and last.ends_on < local_day(now, JAKARTA):
        raise WrongState(_("This rule holds no more."))
    _end(last, ends_on, note, actor, now)
    data = {"number": rule.number, "version": last.version, "to": ends_on.isoformat(), "reason": note}
    record(actor=actor, action="rotg.rule_ended", subject=rule, data=data, now=now, site=rule.site)
    return last
