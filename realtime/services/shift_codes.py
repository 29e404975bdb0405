"""Shift codes of a site (RTM-1): start, length, breaks, paid time. What a roster has used keeps its times."""

from __future__ import annotations

from dataclasses import dataclass, field
from datetime import datetime, time
from typing import Any

from django.db import IntegrityError, transaction
from django.utils.translation import gettext as _

from occ.errors import Invalid, NotAllowed
from occ.ledger.services import record
from occ.people.choices import Role
from occ.people.history import sign
from occ.people.models import Site, User
from occ.people.scope import has_role
from realtime.choices import Activity, RosterStatus
from realtime.models import RosterLine, Shift
from realtime.rostering.codes import KINDS, times_of

KEEPERS = frozenset({Role.WFM, Role.COORDINATOR})
FIXED = ("starts", "minutes", "paid_minutes", "breaks", "leads")


@dataclass(frozen=True)
class Terms:
    """`breaks`: see Shift."""

    label: str
    starts: time
    minutes: int
    paid_minutes: int
    breaks: list[dict[str, Any]] = field(default_factory=list)
    leads: bool = False
    active: bool = True


def breaks_valid(breaks: list[dict[str, Any]], minutes: int) -> list[dict[str, Any]]:
    """In order. Raises Invalid: outside the shift, or one in the other."""
    until = 0
    found = sorted(breaks, key=lambda one: int(one["after"]))
    for one in found:
        if one["activity"] not in Activity.values or one["activity"] == Activity.WORK:
            raise Invalid(_("Choose what the break is for."), field="breaks")
        if int(one["minutes"]) < 1 or int(one["after"]) < until or int(one["after"]) + int(one["minutes"]) > minutes:
            raise Invalid(_("A break lies outside the shift, or in another one."), field="breaks")
        until = int(one["after"]) + int(one["minutes"])
    return [{"activity": str(one["activity"]), "after": int(one["after"]), "minutes": int(one["minutes"])}
            for one in found]  # fmt: skip


@transaction.atomic
def shift_make(*, site: Site, code: str, terms: Terms, actor: User, now: datetime) -> Shift:
    """Raises NotAllowed, Invalid (the code is taken, or means a day off; times that cannot be)."""
    if not has_role(actor, KEEPERS, site=site):
        raise NotAllowed
    code = " ".join(code.split()).upper()
    if not code:
        raise Invalid(_("A shift has a code."), field="code")
    if code in KINDS:
        raise Invalid(_("This code stands for a day without a shift."), field="code")
    shift = Shift(site=site, code=code, **_checked(terms))
    sign(shift, actor, "", now=now)
    try:
        with transaction.atomic():
            shift.save()
    except IntegrityError as error:
        raise Invalid(_("This site has a shift of that code."), field="code", code="taken") from error
    record(actor=actor, action="shift.made", subject=shift, data={"code": code}, now=now, site=site)
    return shift


@transaction.atomic
def shift_edit(*, shift_id: int, terms: Terms, reason: str, actor: User, now: datetime) -> Shift:
    """Raises NotAllowed, Invalid: the times of a shift that a published roster has used stay, make a new code then."""
    shift = Shift.objects.select_for_update(of=("self",), no_key=True).select_related("site").get(pk=shift_id)
    if not has_role(actor, KEEPERS, site=shift.site):
        raise NotAllowed
    fields = _checked(terms)
    changed = [name for name, value in fields.items() if getattr(shift, name) != value]
    used = RosterLine.objects.filter(shift=shift).exclude(roster__status=RosterStatus.DRAFT)
    if set(changed) & set(FIXED) and used.exists():
        raise Invalid(_("A roster has used this shift: its times stay. Make a new code for other times."), code="used")
    if not changed:
        return shift
    was = {name: str(getattr(shift, name)) for name in changed}
    for name in changed:
        setattr(shift, name, fields[name])
    sign(shift, actor, reason, now=now)
    shift.save(update_fields=changed)
    if {"starts", "minutes"} & set(changed):
        _drafts_follow(shift)
    data = {name: [was[name], str(fields[name])] for name in changed}
    record(actor=actor, action="shift.edited", subject=shift, data=data, now=now, site=shift.site)
    return shift


def _drafts_follow(shift: Shift) -> None:
    """Cells of drafts say the code: their times are those that it has now."""
    lines = list(RosterLine.objects.filter(shift=shift, roster__status=RosterStatus.DRAFT))
    for line in lines:
        line.starts_at, line.ends_at = times_of(line.day, shift, shift.site.zone)
    RosterLine.objects.bulk_update(lines, ["starts_at", "ends_at"], batch_size=1_000)


def _checked(terms: Terms) -> dict[str, Any]:
    if not terms.label.strip():
        raise Invalid(_("A shift has a name."), field="label")
    if not 30 <= terms.minutes <= 960:
        raise Invalid(_("A shift lasts from half an hour to 16 hours."), field="minutes")
    if not 0 <= terms.paid_minutes <= terms.minutes:
        raise Invalid(_("No more is paid than the shift lasts."), field="paid_minutes")
    return {
        "label": terms.label.strip()[:60], "starts": terms.starts, "minutes": terms.minutes,
        "paid_minutes": terms.paid_minutes, "breaks": breaks_valid(terms.breaks, terms.minutes),
        "leads": terms.leads, "active": terms.active,
    }  # fmt: skip
