"""How long what is kept: which dated row holds for a record on a day, and which records a row makes due (RET-3).

The row for a client and a channel goes before the client's, the client's before the channel's, the channel's before
the rest; of one such line the latest that has begun holds.
"""

from collections.abc import Iterable, Sequence
from dataclasses import dataclass
from datetime import date, datetime, timedelta
from typing import Any
from zoneinfo import ZoneInfo

from django.db import IntegrityError, transaction
from django.db.models import Count, Q, QuerySet
from django.db.models.functions import TruncMonth
from django.utils.translation import gettext as _

from occ.errors import Invalid, NotAllowed
from occ.ledger.services import record
from occ.people.models import User
from occ.people.scope import site_ids
from occ.times import JAKARTA, end_of_day, local_day
from retention.choices import RecordKind, RecordState
from retention.deadlines import ended_by
from retention.models import Record, Schedule
from retention.personal import SCHEDULERS

# As the procedure says it: what holds where no row does, as a policy's default. The first rows say the same.
PROCEDURE = {RecordKind.CHAT: "SOP-RET 5.1, 5.3", RecordKind.RECORDING: "SOP-RET 5.2, 5.4"}


@dataclass(frozen=True)
class Bound:
    """What a row makes due on a day. `among`: the records that this row and no more special one governs."""

    rule: Schedule
    among: Q
    # Those that ended before these instants have turned the age at which they are to be backed up; may be destroyed.
    backup_before: datetime
    delete_before: datetime


def rules_on(day: date) -> list[Schedule]:
    """The rows in force on that day, the most special first: the first that fits a record governs it."""
    return in_force(Schedule.objects.filter(valid_from__lte=day), day)


def in_force(rows: Iterable[Schedule], day: date) -> list[Schedule]:
    latest: dict[tuple[str, str, str], Schedule] = {
        (str(kind), "", ""): Schedule(
            record_kind=str(kind), valid_from=day, backup_after_years=1, delete_after_years=2, basis=basis,
            reason="SOP-RET 5",
        )
        for kind, basis in PROCEDURE.items()
    }  # fmt: skip
    for row in sorted(rows, key=lambda one: one.valid_from):
        if row.valid_from <= day:
            latest[row.record_kind, row.channel, row.client] = row
    return sorted(latest.values(), key=lambda one: (not one.client, not one.channel, one.record_kind))


def rule_of(record: Record, rules: Sequence[Schedule]) -> Schedule:
    """The row that governs the record; `rules` as `rules_on` gives them. Asks for `record.source`: select it too."""
    return next(one for one in rules if _fits(one, record.kind, record.channel, record.source.client))


def schedule_for(kind: str, channel: str, client: str, on: date) -> Schedule:
    return next(one for one in rules_on(on) if _fits(one, kind, channel, client))


def due_bounds(day: date, zone: ZoneInfo = JAKARTA, rules: Sequence[Schedule] | None = None) -> list[Bound]:
    """For each row in force on `day`: which records it governs, and before when they ended to be due on that day.

    Together the rows' `among` hold every record once.
    """
    rules = rules_on(day) if rules is None else rules
    return [
        Bound(
            rule, _among(rule, rules[:at]),
            end_of_day(ended_by(day, rule.backup_after_years), zone),
            end_of_day(ended_by(day - timedelta(days=1), rule.delete_after_years), zone),
        )
        for at, rule in enumerate(rules)
    ]  # fmt: skip


def _fits(rule: Schedule, kind: str, channel: str, client: str) -> bool:
    return rule.record_kind == kind and rule.channel in ("", channel) and rule.client in ("", client)


def matching(rule: Schedule) -> Q:
    """The records of which the row speaks, whichever governs them."""
    found = Q(kind=rule.record_kind)
    if rule.channel:
        found &= Q(channel=rule.channel)
    return found & Q(source__client=rule.client) if rule.client else found


def _among(rule: Schedule, before: Sequence[Schedule]) -> Q:
    found = matching(rule)
    for other in before:
        apart = any(
            mine and theirs and mine != theirs
            for mine, theirs in ((rule.channel, other.channel), (rule.client, other.client))
        )
        if other.record_kind == rule.record_kind and not apart:
            found &= ~matching(other)
    return found


# A change, looked at before it is made -------------------------------------------------------------------------------


@dataclass
class Change:
    """Of one kind and month of the records' end: how many records a new row would treat otherwise."""

    kind: str
    month: date
    backup_sooner: int = 0
    backup_later: int = 0
    kept_longer: int = 0
    destroyable: int = 0


def schedule_simulate(new: Schedule) -> list[Change]:
    """What the row would change on the day from which it holds, against the rows that hold then without it.

    `backup_…`: not backed up yet, and due by the one row and not by the other; `kept_longer`: may be destroyed by the
    old row and not by the new one; `destroyable`: the other way round. Counted by the database.
    """
    day = new.valid_from
    rows = list(Schedule.objects.filter(valid_from__lte=day))
    mine = next(one for one in due_bounds(day, rules=in_force([*rows, new], day)) if one.rule is new)
    found: dict[tuple[str, date], Change] = {}
    for old in due_bounds(day, rules=in_force(rows, day)):
        if old.rule.record_kind != new.record_kind:
            continue
        among = Record.objects.kept().filter(old.among, mine.among)
        loose = among.filter(state=RecordState.CATALOGUED)
        _count(found, "backup_sooner", loose, old.backup_before, mine.backup_before)
        _count(found, "backup_later", loose, mine.backup_before, old.backup_before)
        _count(found, "kept_longer", among, mine.delete_before, old.delete_before)
        _count(found, "destroyable", among, old.delete_before, mine.delete_before)
    return sorted(found.values(), key=lambda one: (one.kind, one.month))


def _count(
    found: dict[tuple[str, date], Change], name: str, rows: "QuerySet[Record]", since: datetime, until: datetime
) -> None:
    """Add those that ended from `since` on and before `until`, by kind and month."""
    if since >= until:
        return
    months = rows.filter(ended_at__gte=since, ended_at__lt=until).annotate(month=TruncMonth("ended_at", tzinfo=JAKARTA))
    for kind, at, count in months.values_list("kind", "month").annotate(count=Count("pk")).order_by():
        change = found.setdefault((kind, at.date()), Change(kind, at.date()))
        setattr(change, name, getattr(change, name) + count)


def may_schedule(user: User) -> bool:
    """A period holds for every site, so the role is needed for all of them."""
    return site_ids(user, SCHEDULERS) is None


def schedule_checked(row: Schedule, *, now: datetime) -> Schedule:
    """Raises Invalid: what cannot be right, and what would change the past."""
    if row.valid_from <= local_day(now, JAKARTA):
        raise Invalid(_("A period holds from tomorrow on at the earliest: what was judged stays."), field="valid_from")
    if not 1 <= row.backup_after_years < row.delete_after_years <= 100:
        words = _("It is backed up after one year at the least, and destroyed later than that.")
        raise Invalid(words, field="delete_after_years")
    if not row.reason.strip() or not row.basis.strip():
        raise Invalid(_("Say on what it is based, and why it changes."), field="reason")
    same = {name: getattr(row, name) for name in ("record_kind", "channel", "client", "valid_from")}
    if Schedule.objects.filter(**same).exists():
        raise Invalid(_("For this day it is set already."), field="valid_from")
    return row


@transaction.atomic
def schedule_set(*, values: dict[str, Any], actor: User, now: datetime) -> Schedule:
    """A new dated row; the others stay, and what was judged by them. Raises NotAllowed, Invalid."""
    if not may_schedule(actor):
        raise NotAllowed
    row = schedule_checked(Schedule(**values, set_by=actor, set_at=now), now=now)
    try:
        with transaction.atomic():
            row.save(force_insert=True)
    except IntegrityError as error:
        raise Invalid(_("For this day it is set already."), field="valid_from") from error
    record(actor=actor, action="schedule.set", subject=row, data=values, now=now)
    return row
