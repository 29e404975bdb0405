"""What "Today" shows: what is due, what is wrong, what do I do next."""

from collections.abc import Iterable
from datetime import date, datetime, timedelta
from typing import Any

from django.db.models import QuerySet
from django.utils.formats import date_format
from django.utils.translation import gettext as _

from occ.documents.models import IssuedDocument
from occ.home.navigation import FLOOR
from occ.notifications.endings import endings
from occ.notifications.models import Notification
from occ.obligations.models import Obligation
from occ.obligations.selectors import compliance
from occ.people.choices import Role
from occ.people.models import User
from occ.people.scope import has_role
from occ.times import JAKARTA, local_day, start_of_day
from occ.workflow.turns import Stuck, stuck_for, turns_for
from retention.services.paper_lists import proofs
from userids.models import Assignment

SOON = timedelta(days=60)
DUE = 25  # of what is due, on "Today"
OTHERS = 8  # of these, what others owe: of that the soonest is enough
MONTHS = 2  # before this one, of which the compliance page shows each row unasked


def today_for(user: User, *, now: datetime) -> dict[str, Any]:
    """`turns`: what waits for this user; `held`: the own user IDs; `expiring`: documents near the end of their masa
    simpan, for who keeps them; and for who watches a site: `due` (the own first, then soonest first), how many more
    there are (`due_more`), and counts."""
    found: dict[str, Any] = {
        "turns": turns_for(user),
        "latest": with_ends(user.notifications.order_by("-created_at", "-pk")[:6]),
        "watching": has_role(user, FLOOR),
        "held": held_by(user),
        "expiring": expiring(user, now=now) if has_role(user, {Role.DOCUMENT_CONTROL}) else [],
        "parked": stuck_for(user),
    }
    if found["watching"]:
        visible = Obligation.objects.visible_to(user).open()
        rows = list(visible.select_related("site", "team", "owner").own_first(user)[:DUE])
        own = sum(not one.others for one in rows)
        due = rows[: own + OTHERS]
        count = visible.count()
        found |= {
            "due": due,
            "due_more": count - len(due),
            "overdue_count": visible.filter(due_at__lt=now).count(),
            "open_count": count,
            "parked": [*found["parked"], *(Stuck(one.title, one.url) for one in visible.exclude(parked_at=None)[:20])],
        }
    return found


def with_ends(messages: Iterable[Notification]) -> list[Notification]:
    """Each with `ended`: how what it asks for has ended (an Ending), None while that is open or nobody says."""
    found = list(messages)
    ends = endings(found)
    for one in found:
        one.ended = ends.get(one.pk)  # type: ignore[attr-defined]
    return found


def held_by(user: User) -> "QuerySet[Assignment] | list[Assignment]":
    if user.person_id is None:
        return []
    mine = Assignment.objects.filter(person_id=user.person_id, ends_at=None)
    return mine.select_related("account__application", "account__site").order_by("account__user_id")


def expiring(user: User, *, now: datetime) -> "QuerySet[IssuedDocument]":
    """Issued documents that may go soon or should have gone: the first to end first; no proof of a destruction."""
    soon = local_day(now, JAKARTA) + SOON
    rows = IssuedDocument.objects.visible_to(user).kept_too_long(soon).exclude(proofs())
    return rows.defer("data").order_by("expires_on", "pk")[:10]


def _months_ago(day: date, number: int) -> date:
    """The first of the month that is so many back."""
    months = 12 * day.year + day.month - 1 - number
    return date(months // 12, months % 12 + 1, 1)


def compliance_page(
    user: User, *, now: datetime, chosen: dict[str, Any] | None = None, all_months: bool = False
) -> dict[str, Any]:
    """Rows by month, clause, site and team, of a few months or of all, and the on-time share of each month as a chart.

    `chosen`: filters of obligations. `rows` begin with this month and go back; `coming` are the months after it.
    """
    today, chosen = local_day(now, JAKARTA), chosen or {}
    past = compliance(
        user=user, now=now, by=(), **{"due_at__gte": start_of_day(_months_ago(today, 24), JAKARTA)} | chosen
    )
    by_month = [one for one in reversed(past) if one.share is not None][-24:]
    since = None if all_months or any(name.startswith("due_at") for name in chosen) else _months_ago(today, MONTHS)
    rows = compliance(user=user, now=now, **({"due_at__gte": start_of_day(since, JAKARTA)} if since else {}) | chosen)
    return {
        "rows": [one for one in rows if one.month <= today],
        "coming": sorted((one for one in rows if one.month > today), key=lambda one: one.month),
        "since": since,
        "chart": {
            "kind": "bar",
            "labels": [date_format(one.month, "M Y") for one in by_month],
            "series": [{"name": _("In time"), "values": [round(one.share or 0, 1) for one in by_month]}],
            "target": 100,
            "target_label": _("Target"),
        },
    }
