"""Which shifts that are kept (RTM-7) must be made anew."""

from __future__ import annotations

from collections.abc import Iterable
from datetime import date, datetime

from django.db import connection
from django.utils import timezone

from realtime.models import ShiftRecord


def records_touch(spans: Iterable[tuple[int | None, datetime, datetime | None]]) -> None:
    """What was told of these people's times is newer than the records that cover them."""
    now = timezone.now()
    rows = [(person, start, end or now) for person, start, end in spans if person is not None]
    if not rows:
        return
    with connection.cursor() as cursor:
        cursor.execute(
            """UPDATE realtime_shiftrecord r SET stale = true
               FROM unnest(%s::bigint[], %s::timestamptz[], %s::timestamptz[]) AS n(person, starts_at, ends_at)
               WHERE r.person_id = n.person AND NOT r.stale AND r.starts_at IS NOT NULL
                 AND r.starts_at < n.ends_at + interval '2 hours' AND r.starts_at > n.starts_at - interval '20 hours'
                 AND r.ends_at + interval '4 hours' > n.starts_at""",
            [[row[0] for row in rows], [row[1] for row in rows], [row[2] for row in rows]],
        )


def days_touch(person_id: int, first: date, last: date) -> None:
    """Whether the person is excused on these days is another matter now."""
    rows = ShiftRecord.objects.filter(person_id=person_id, day__gte=first, day__lte=last)
    rows.filter(stale=False, starts_at__isnull=False).update(stale=True)
