"""Who is told of a roster that is published (RTM-1)."""

from __future__ import annotations

from collections.abc import Collection, Sequence
from datetime import date, datetime

from django.urls import reverse

from occ.notifications.addressees import gone
from occ.notifications.services import notify
from occ.people.models import User
from occ.times import local_day
from realtime.models import Roster
from realtime.notices import ROSTER_CHANGED, ROSTER_PUBLISHED, ROSTER_RENUMBERED
from realtime.rostering.versions import Change, cells_of, differences

LONGEST = 8


def tell_of_roster(roster: Roster, changes: Sequence[Change], *, first: bool, now: datetime) -> None:
    """Each agent whose shifts are new: of a month that is published, or of the days that a version changes."""
    days: dict[int, list[date]] = {}
    for one in changes:
        days.setdefault(one.person_id, []).append(one.day)
    for user in told_of(roster, days, now=now):
        mine = sorted(days[user.person_id or 0])
        shown = ", ".join(day.isoformat() for day in mine[:LONGEST]) + (" …" if len(mine) > LONGEST else "")
        params = {"month": f"{roster.month:%Y-%m}", "days": shown, "reason": roster.note}
        kind = ROSTER_PUBLISHED if first else ROSTER_CHANGED
        key = f"roster:{roster.pk}"
        notify(to=[user], kind=kind.key, params=params, key=key, url=reverse("realtime:my_roster"), now=now)


def tell_of_number(draft: Roster, was: int, published: Roster, *, now: datetime) -> None:
    """Who draws a version up: it has another number, and what was published before it in it."""
    params = {"month": f"{draft.month:%Y-%m}", "version": draft.version, "was": was, "published": published.version,
              "reason": published.note}  # fmt: skip
    key = f"roster-number:{draft.pk}:{draft.version}"
    to = list(draft.hands.filter(is_active=True).order_by("pk"))
    notify(to=to, kind=ROSTER_RENUMBERED.key, params=params, key=key, url=draft.get_absolute_url(), now=now)


def told_of(roster: Roster, people: Collection[int], *, now: datetime) -> list[User]:
    rows = User.objects.filter(person_id__in=people).select_related("person").order_by("pk")
    return [one for one in rows if not gone(one, local_day(now, roster.site.zone))]


def telling_of(roster: Roster, *, now: datetime) -> dict[str, int]:
    """What publishing this version tells: so many `days` change, of so many `people`, of whom `users` are told."""
    changes = differences(cells_of(roster.base), cells_of(roster))
    people = {one.person_id for one in changes}
    return {"days": len(changes), "people": len(people), "users": len(told_of(roster, people, now=now))}
