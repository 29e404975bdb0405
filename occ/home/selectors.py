"""What "Today" shows: what is due, what is wrong, what do I do next."""

from datetime import datetime
from typing import Any

from occ.obligations.models import Obligation
from occ.people.models import User


def today_for(user: User, *, now: datetime) -> dict[str, Any]:
    """`mine`: open obligations the user's roles owe, soonest first; `others`: the rest in sight; counts."""
    visible = Obligation.objects.visible_to(user).open().select_related("site", "team")
    mine = visible.owed_by(user).order_by("due_at", "pk")
    others = visible.exclude(pk__in=mine.values("pk")).order_by("due_at", "pk")
    return {
        "mine": mine[:50],
        "others": others[:50],
        "overdue_count": visible.filter(due_at__lt=now).count(),
        "open_count": visible.count(),
        "parked": visible.exclude(parked_at=None)[:20],
        "messages": user.notifications.order_by("-pk")[:8],
    }
