"""Pembinaan by month and warning letters by level (SDM-10), of the cases that the reader may see and no others."""

from __future__ import annotations

from dataclasses import dataclass, field
from datetime import date

from django.db.models import Count
from django.db.models.functions import TruncMonth

from occ.people.models import Site, User
from occ.times import JAKARTA, end_of_day, start_of_day
from sdm.discipline.choices import LAST_LEVEL
from sdm.models import DisciplineCase, WarningLetter
from sdm.models.discipline import DisciplineCaseQuerySet


@dataclass
class MonthOfDiscipline:
    """`levels`: letters issued in the month and not withdrawn, SP 1 first."""

    month: date
    opened: int = 0
    closed: int = 0
    levels: list[int] = field(default_factory=lambda: [0] * LAST_LEVEL)


def cases_of(user: User, site: Site | None) -> DisciplineCaseQuerySet:
    rows: DisciplineCaseQuerySet = DisciplineCase.objects.visible_to(user)
    return rows.filter(site=site) if site else rows


def months_of(cases: DisciplineCaseQuerySet, first: date, last: date) -> list[MonthOfDiscipline]:
    """Each month from that of `first` to that of `last`, also those in which nothing was."""
    found: dict[date, MonthOfDiscipline] = {}
    month = first.replace(day=1)
    while month <= last:
        found[month] = MonthOfDiscipline(month)
        month = date(month.year + month.month // 12, month.month % 12 + 1, 1)
    since, until = start_of_day(min(found), JAKARTA), end_of_day(last, JAKARTA)
    for name in ("opened", "closed"):
        rows = cases.filter(**{f"{name}_at__gte": since, f"{name}_at__lt": until}).order_by()
        counts = rows.annotate(month=TruncMonth(f"{name}_at", tzinfo=JAKARTA)).values_list("month")
        for at, n in counts.annotate(n=Count("pk")):
            setattr(found[at.date()], name, n)
    letters = WarningLetter.objects.standing().filter(case__in=cases, issued_on__gte=min(found), issued_on__lte=last)
    by_level = letters.order_by().annotate(month=TruncMonth("issued_on")).values_list("month", "level")
    for at, level, n in by_level.annotate(n=Count("pk")):
        found[at].levels[level - 1] = n
    return list(found.values())


def in_force(cases: DisciplineCaseQuerySet, day: date) -> list[int]:
    """Letters in force on that day, SP 1 first."""
    rows = WarningLetter.objects.in_force_on(day).filter(case__in=cases).order_by().values_list("level")
    counts = dict(rows.annotate(n=Count("pk")))
    return [counts.get(level, 0) for level in range(1, LAST_LEVEL + 1)]
