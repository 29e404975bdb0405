"""Link and system availability (RTM-12, MO 3.1) out of the events that tell of them."""

from __future__ import annotations

from datetime import datetime

from django.db.models import Q

from occ.people.models import Site
from realtime.choices import EventType
from realtime.deriving.links import Availability, LinkEvent, availability
from realtime.models import Event

LINK, SYSTEM = "link", "system"
TYPES = (EventType.LINK_UP, EventType.LINK_DOWN)


def available(site: Site, kind: str, start: datetime, end: datetime, now: datetime) -> Availability:
    """Of a site's links or systems; an event of `category` "system" tells of a system, any other of a link.

    `link` in the event names it, else its source. What names no site is its source's site, or of all sites.
    """
    here = Q(body__site=site.code) | (
        (Q(body__site__isnull=True) | Q(body__site="")) & (Q(source__site=site) | Q(source__site=None))
    )
    end = min(end, now)
    rows = Event.objects.filter(here, type__in=TYPES, parked="", occurred_at__lt=end).order_by()
    found = [
        LinkEvent(at, seq or 0, event_id, str(body.get("link") or code)[:60], up=type_ == EventType.LINK_UP)
        for at, seq, event_id, type_, body, code in rows.values_list(
            "occurred_at", "seq", "source_event_id", "type", "body", "source__code"
        )
        if (body.get("category") == SYSTEM) == (kind == SYSTEM)
    ]
    return availability(found, start, end)
