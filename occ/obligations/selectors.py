"""Compliance figures: how many obligations were kept, by clause, site, team and month."""

from dataclasses import dataclass
from datetime import date, datetime
from typing import Any

from django.db.models import Count, Q
from django.db.models.functions import TruncMonth

from occ.obligations.models import FULFILLED_IN_TIME, FULFILLED_LATE, Obligation, State
from occ.people.models import User
from occ.times import JAKARTA


@dataclass(frozen=True)
class Compliance:
    """Counts by due month. `share` is met / (met + late + overdue) in percent; None when nothing was due."""

    month: date
    clause: str
    site: str
    team: str
    met: int
    late: int
    overdue: int
    running: int

    @property
    def share(self) -> float | None:
        judged = self.met + self.late + self.overdue
        return None if not judged else 100 * self.met / judged


def compliance(
    *, user: User, now: datetime, by: tuple[str, ...] = ("clause", "site", "team"), **filters: Any
) -> list[Compliance]:
    """Figures over what the user may see, newest month first; cancelled obligations do not count."""
    columns = {"clause": "clause", "site": "site__code", "team": "team__name"}
    rows = (
        Obligation.objects.visible_to(user)
        .filter(**filters)
        .exclude(state=State.CANCELLED)
        .annotate(month=TruncMonth("due_at", tzinfo=JAKARTA))
        .values("month", *(columns[one] for one in by))
        .annotate(
            met=Count("pk", filter=FULFILLED_IN_TIME),
            late=Count("pk", filter=FULFILLED_LATE),
            overdue=Count("pk", filter=Q(state=State.OPEN, due_at__lt=now)),
            running=Count("pk", filter=Q(state=State.OPEN, due_at__gte=now)),
        )
        .order_by("-month")
    )
    return [
        Compliance(
            month=row["month"].date(),
            clause=row.get("clause", ""),
            site=row.get("site__code", ""),
            team=row.get("team__name") or "",
            met=row["met"],
            late=row["late"],
            overdue=row["overdue"],
            running=row["running"],
        )
        for row in rows
    ]
