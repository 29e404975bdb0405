"""Imports of reports taken back (RTM-4): a wrong mapping must not be counted for good, and nothing is undone silently.

The events of an import stay as they came; each gets another beside it that withdraws it (`EventType.WITHDRAWN`, at the
instant of the withdrawn one), and what follows from them is worked out anew. So all can still be rebuilt from events.
The same rows come again under another id, by whatever mapping then: `told_again`.
"""

from __future__ import annotations

import hashlib
import json
from collections.abc import Iterable, Sequence
from datetime import date, datetime
from typing import Any

from django.db import connection, transaction
from django.db.models import QuerySet
from django.utils.formats import date_format
from django.utils.translation import gettext as _

from occ.errors import Invalid, NotAllowed, WrongState
from occ.ledger.services import record
from occ.people.actors import Actor
from occ.people.models import Site, User
from occ.people.scope import has_role
from occ.times import month_of
from realtime.choices import EventType
from realtime.models import Arrival, Event, ReportImport, ReportMapping, ReportWithdrawal, ServiceMonth, Source
from realtime.services.ingesting import SENDERS, Row, keep
from realtime.services.months import FREEZERS

TOGETHER = 2_000
LONGEST_ID = 100  # of one that gets a suffix


def _suffixed(event_id: str, suffix: str) -> str:
    whole = event_id if len(event_id) <= LONGEST_ID else hashlib.sha256(event_id.encode()).hexdigest()
    return f"{whole}|{suffix}"


def withdrawn_id(event_id: str) -> str:
    """Of the event that withdraws this one."""
    return _suffixed(event_id, "withdrawn")


def told_again(source: Source | None, events: Sequence[dict[str, Any]]) -> list[dict[str, Any]]:
    """These events, those that were taken back as often as that under another id: what was withdrawn never comes back
    by itself, and is no reason to take the same row for known."""
    if source is None or not source.imports.filter(withdrawal__isnull=False).exists():
        return list(events)
    found = [dict(one) for one in events]
    for i in range(0, len(found), TOGETHER):
        _renamed(source, found[i : i + TOGETHER])
    return found


def _renamed(source: Source, events: list[dict[str, Any]]) -> None:
    first, again = {id(one): one["source_event_id"] for one in events}, 0
    while events:
        ids = {withdrawn_id(one["source_event_id"]): one for one in events}
        rows = Event.objects.filter(source=source, source_event_id__in=list(ids))
        events, again = [ids[name] for name in rows.values_list("source_event_id", flat=True)], again + 1
        for one in events:
            one["source_event_id"] = _suffixed(first[id(one)], f"again{again}")


def import_kept(
    *, source: Source, site: Site, mapping: ReportMapping | None, name: str, rows: int, known: int, days: Sequence[str],
    events: list[int], actor: Actor, now: datetime,
) -> ReportImport | None:  # fmt: skip
    """What an import brought, so that it can be taken back; nothing where all was known. The caller's transaction."""
    if not events:
        return None
    return ReportImport.objects.create(
        source=source, site=site, mapping=mapping, file_name=name[:200], rows=rows, known=known,
        first_day=date.fromisoformat(days[0]), last_day=date.fromisoformat(days[-1]), events=events, imported_at=now,
        imported_by=actor if isinstance(actor, User) else None,
    )  # fmt: skip


def months_frozen(site: Site | int, first: date, last: date) -> QuerySet[ServiceMonth]:
    """The months of these days that are frozen: what is counted in them from now on needs a revision."""
    return ServiceMonth.objects.filter(site=site, month__gte=month_of(first), month__lte=last).order_by("month")


def may_withdraw(user: User, found: ReportImport, frozen: Iterable[ServiceMonth]) -> bool:
    """Who may import there; where a month of it is frozen, who issues its revision."""
    return has_role(user, FREEZERS if any(frozen) else SENDERS, site=found.site)


@transaction.atomic
def import_withdraw(*, import_id: int, reason: str, actor: User, now: datetime) -> ReportWithdrawal:
    """Take back what an import brought: its events are withdrawn, and the figures are made anew.

    Raises NotAllowed, Invalid (no reason), WrongState (taken back already; a month of it is frozen, and the revision is
    somebody else's).
    """
    found = ReportImport.objects.select_for_update(of=("self",), no_key=True).select_related("source", "site").get(
        pk=import_id
    )  # fmt: skip
    frozen = list(months_frozen(found.site, found.first_day, found.last_day))
    if not may_withdraw(actor, found, frozen):
        if not frozen or not has_role(actor, SENDERS, site=found.site):
            raise NotAllowed
        words = _("%(month)s is frozen: who issues the revision of the month takes this import back.")
        raise WrongState(words % {"month": date_format(frozen[0].month, "F Y")})
    if not reason.strip():
        raise Invalid(_("Say why it is taken back."), field="note")
    if ReportWithdrawal.objects.filter(report=found).exists():
        raise WrongState(_("This import was taken back already."))
    made = ReportWithdrawal.objects.create(report=found, reason=reason.strip()[:300], at=now, by=actor)
    for i in range(0, len(found.events), TOGETHER):
        _withdraw(found, found.events[i : i + TOGETHER], now)
    data = {"file": found.file_name, "import": found.pk, "withdrawn": len(found.events), "reason": made.reason,
            "first": found.first_day.isoformat(), "last": found.last_day.isoformat()}  # fmt: skip
    record(actor=actor, action="realtime.report_withdrawn", subject=found.source, data=data, now=now, site=found.site)
    return made


def _withdraw(found: ReportImport, ids: list[int], now: datetime) -> None:
    rows = []
    for one in Event.objects.filter(pk__in=ids):
        body = {"withdraws": one.source_event_id, "import": found.pk}
        if not one.interaction and (site := one.body.get("site")):  # what is worked out anew stays where it was told
            body["site"] = site
        columns = {
            "e": withdrawn_id(one.source_event_id), "q": None, "t": EventType.WITHDRAWN, "p": "",
            "o": one.occurred_at.isoformat(), "i": one.interaction, "a": "" if one.interaction else one.agent,
            "b": body,
        }  # fmt: skip
        rows.append(Row(found.source.code, one.occurred_at.isoformat(), json.dumps(columns)))
    keep(rows, {found.source.code: found.source_id}, now)


def latest_arrival() -> int:
    with connection.cursor() as cursor:
        cursor.execute("SELECT COALESCE(max(id), 0) FROM realtime_arrival")
        return int(cursor.fetchone()[0])


def brought(source: Source, after: int, now: datetime) -> list[int]:
    """The events that were kept new since that arrival, in this transaction."""
    rows = Arrival.objects.filter(source=source, received_at=now, pk__gt=after).order_by("pk")
    return [pk for one in rows.values_list("events", flat=True) for pk in one]
