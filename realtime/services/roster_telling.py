"""Who is told of a roster that is published (RTM-1)."""

from __future__ import annotations

from collections.abc import Sequence
from datetime import date, datetime

from django.urls import reverse

from occ.notifications.addressees import gone
from occ.notifications.services import notify
from occ.people.models import User
from occ.times import local_day
from realtime.models import Roster
from realtime.notices import ROSTER_CHANGED, ROSTER_PUBLISHED
from realtime.rostering.versions import Change

LONGEST = 8


def tell_of_roster(roster: Roster, changes: Sequence[Change], *, first: bool, now: datetime) -> None:
    """Each agent whose shifts are new: of a month that is published, or of the days that a version changes."""
    days: dict[int, list[date]] = {}
    for one in changes:
        days.setdefault(one.person_id, []).append(one.day)
    for user in User.objects.filter(person_id__in=days).select_related("person").order_by("pk"):
        if gone(user, local_day(now, roster.site.zone)):
            continue
        mine = sorted(days[user.person_id or 0])
        shown = ", ".join(day.isoformat() for day in mine[:LONGEST]) + (" …" if len(mine) > LONGEST else "")
        params = {"month": f"{roster.month:%Y-%m}", "days": shown, "reason": roster.note}
        kind = ROSTER_PUBLISHED if first else ROSTER_CHANGED
        key = f"roster:{roster.pk}"
        notify(to=[user], kind=kind.key, params=params, key=key, url=reverse("realtime:my_roster"), now=now)
