"""Who came, stayed and went, out of the placements (SDM-10): counts, and the rows behind each of them.

A stint is the time somebody works here without a break, whatever the place: it begins with a placement that no transfer
began, and ends with one that no other follows. Somebody who comes back begins another one.
"""

from __future__ import annotations

from collections import Counter, defaultdict
from dataclasses import dataclass, field
from datetime import date, timedelta
from typing import Any

from django.db.models import (
    Case,
    CharField,
    Count,
    DateField,
    DurationField,
    Exists,
    ExpressionWrapper,
    F,
    OuterRef,
    Q,
    Subquery,
    Sum,
    Value,
    When,
)
from django.db.models.functions import Coalesce, Greatest, Least

from occ.people.models import User
from occ.people.scope import site_filter
from sdm.choices import Began, LeavingStatus
from sdm.models import Leaving, Placement
from sdm.models.people import PlacementQuerySet
from sdm.overview.measures import BANDS, PROBE, Span, average, band_of, counted, person_days, share
from sdm.personal import CONTRACT_READERS

READERS = CONTRACT_READERS
ONE_DAY = timedelta(days=1)
Rows = PlacementQuerySet
Annotated = Any  # rows with what an annotation adds


def placements(user: User) -> Rows:
    """Those at the sites whose turnover the user reads."""
    return Placement.objects.filter(site_filter(user, READERS))


def with_end(rows: Rows) -> Annotated:
    """Each with `end`: its last day, also where only the person's last working day says so yet."""
    last = F("employee__person__last_working_day")
    leaves = Q(ends_on=None, employee__person__last_working_day__gte=F("starts_on"))
    return rows.annotate(end=Case(When(leaves, then=last), default=F("ends_on"), output_field=DateField()))


def _followed() -> Exists:
    return Exists(Placement.objects.filter(employee=OuterRef("employee"), starts_on=OuterRef("end") + ONE_DAY))


def ending(rows: Rows, span: Span) -> Annotated:
    """Placements whose last day is one of these, each with `end`. Two ways to know it, each with its index."""
    days, last = (span.first, span.last), "employee__person__last_working_day"
    ended = Placement.objects.filter(ends_on__range=days).values("pk")
    leaves = Placement.objects.filter(**{f"{last}__range": days, f"{last}__gte": F("starts_on")}, ends_on=None)
    return with_end(rows.filter(pk__in=ended.union(leaves.values("pk"))))


def gone(rows: Rows, span: Span) -> Annotated:
    """The last placements of who left on one of these days, each with `end`."""
    return ending(rows, span).filter(~_followed())


def come(rows: Rows, span: Span) -> Annotated:
    """The first placements of who began on one of these days."""
    return with_end(rows.exclude(began=Began.TRANSFERRED).filter(starts_on__range=(span.first, span.last)))


def with_begun(rows: Rows) -> Annotated:
    """Each with `begun`: the first day of the stint in which the placement lies."""
    before = Placement.objects.filter(employee=OuterRef("employee"), starts_on__lt=OuterRef("starts_on"))
    latest = before.exclude(began=Began.TRANSFERRED).order_by("-starts_on").values("starts_on")[:1]
    moved = When(began=Began.TRANSFERRED, then=Subquery(latest, output_field=DateField()))
    return rows.annotate(begun=Case(moved, default=F("starts_on"), output_field=DateField()))


def working(rows: Rows, day: date) -> Annotated:
    """Where those are who work here on that day, each with `end` and `begun`."""
    return with_begun(with_end(rows.standing_on(day)))


def left_early(rows: Rows, span: Span) -> Annotated:
    """Of those who began in the span: who left within the first ninety days. `rows` are where they began."""
    ends: Annotated = with_end(
        Placement.objects.filter(employee=OuterRef("employee"), starts_on__gte=OuterRef("starts_on"))
    )
    until = OuterRef("starts_on") + timedelta(days=PROBE - 1)
    return come(rows, span).filter(Exists(ends.filter(~_followed(), end__gte=OuterRef("starts_on"), end__lte=until)))


def with_reason(rows: Annotated) -> Annotated:
    """Of rows with `end`: why the person left, "" where nobody knows."""
    known = Leaving.objects.filter(employee=OuterRef("employee"), last_working_day=OuterRef("end"))
    said = known.exclude(status=LeavingStatus.WITHDRAWN).order_by("-pk").values("reason")[:1]
    own = Case(
        When(employee__person__last_working_day=F("end"), then=F("employee__person__leaving_reason")),
        default=Value(""), output_field=CharField(),
    )  # fmt: skip
    return rows.annotate(why=Coalesce(Subquery(said), own, output_field=CharField()))


# Sums ----------------------------------------------------------------------------------------------------------------


@dataclass
class Sums:
    """Of a span and whatever part of the people: what a figure is made of."""

    span: Span
    days: int = 0  # person-days
    left: int = 0
    came: int = 0

    @property
    def headcount(self) -> float:
        return average(self.days, self.span)

    @property
    def turnover(self) -> float | None:
        return share(self.left, self.headcount)


@dataclass
class Turnover:
    whole: Sums
    months: list[Sums]
    places: dict[tuple[str, str], Sums] = field(default_factory=dict)  # (site code, position)
    reasons: dict[str, int] = field(default_factory=dict)
    early: tuple[int, int] = (0, 0)  # left within ninety days, of those who began long enough ago


def turnover(rows: Rows, span: Span, *, today: date, parts: bool = True) -> Turnover:
    """What the placements of `rows` come to in the span. `parts`: also by place and reason.

    A transfer out of `rows` (to another site, where one is chosen) is no leaving; it counts in the headcount only.
    """
    starts = rows.filter(starts_on__range=(span.first, span.last))
    came, went = counted(_by_day(starts, "starts_on")), counted(_by_day(ending(rows, span), "end"))
    leavers, beginners = _leavers(rows, span, parts), _beginners(rows, span)
    left, began = counted((one[0], 1) for one in leavers), counted((one[0], 1) for one in beginners)
    here = rows.standing_on(span.first).count() - came.get(span.first, 0)
    months = []
    for month in span.months():
        days = person_days(here, came, {day: n for day, n in went.items() if day >= month.first}, month)
        months.append(Sums(month, days, _within(left, month), _within(began, month)))
        here += _within(came, month) - _within(went, month)
    whole = Sums(span, sum(one.days for one in months), sum(left.values()), sum(began.values()))
    found = Turnover(whole, months)
    if parts:
        found.places = _places(rows, span, leavers, beginners)
        found.reasons = dict(Counter(why for *_place, why in leavers))
        cohort = early_span(span, today)
        if cohort is not None:
            found.early = left_early(rows, cohort).count(), sum(one[0] <= cohort.last for one in beginners)
    return found


def _leavers(rows: Rows, span: Span, reasons: bool) -> list[tuple[date, str, str, str]]:
    """(last day, site, position, reason) of each."""
    names = ("end", "site__code", "position")
    if not reasons:
        return [(*one, "") for one in gone(rows, span).order_by().values_list(*names)]
    return list(with_reason(gone(rows, span)).order_by().values_list(*names, "why"))


def _beginners(rows: Rows, span: Span) -> list[tuple[date, str, str]]:
    """(first day, site, position) of each."""
    return list(come(rows, span).order_by().values_list("starts_on", "site__code", "position"))


def early_span(span: Span, today: date) -> Span | None:
    """Of the span those days on which somebody began whose first ninety days are over by `today`."""
    last = min(span.last, today - timedelta(days=PROBE))
    return Span(span.first, last) if last >= span.first else None


def _by_day(rows: Annotated, name: str) -> Any:
    return rows.order_by().values(name).annotate(n=Count("pk")).values_list(name, "n")


def _within(counts: dict[date, int], span: Span) -> int:
    return sum(n for day, n in counts.items() if span.first <= day <= span.last)


def _places(
    rows: Rows, span: Span, leavers: list[tuple[date, str, str, str]], beginners: list[tuple[date, str, str]]
) -> dict[tuple[str, str], Sums]:
    found: dict[tuple[str, str], Sums] = defaultdict(lambda: Sums(span))
    inside: Annotated = with_end(rows.filter(Q(ends_on=None) | Q(ends_on__gte=span.first), starts_on__lte=span.last))
    inside = inside.filter(Q(end=None) | Q(end__gte=span.first))
    until = Least(Coalesce(F("end"), Value(span.last)), Value(span.last), output_field=DateField())
    since = Greatest(F("starts_on"), Value(span.first), output_field=DateField())
    between = ExpressionWrapper(until - since, output_field=DurationField())
    summed = inside.annotate(between=between).order_by().values("site__code", "position")
    for one in summed.annotate(n=Count("pk"), days=Sum("between")):
        found[one["site__code"], one["position"]].days = one["days"].days + one["n"]
    for _last, code, position, _why in leavers:
        found[code, position].left += 1
    for _first, code, position in beginners:
        found[code, position].came += 1
    return dict(sorted(found.items()))


def tenure(rows: Rows, day: date) -> list[int]:
    """How many are in each band of tenure on that day."""
    found = [0] * len(BANDS)
    for begun, n in working(rows, day).order_by().values("begun").annotate(n=Count("pk")).values_list("begun", "n"):
        found[band_of((day - begun).days)] += n
    return found
