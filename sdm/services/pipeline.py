"""What pages, API and figures read of recruitment: the board, duplicates, times (SDM-3)."""

from __future__ import annotations

from collections import defaultdict
from collections.abc import Iterable
from dataclasses import dataclass
from datetime import datetime, timedelta
from typing import Any

from django.contrib.contenttypes.models import ContentType
from django.db.models import Count, Q

from occ.people.models import Site, User
from occ.workflow.models import WorkflowStep
from sdm.models import Candidate, Employee, Recruitment
from sdm.models.recruiting import OVER
from sdm.recruiting.choices import CandidateStatus as C
from sdm.recruiting.choices import RequestStatus as R
from sdm.recruiting.timing import time_in_steps

COLUMNS = (C.APPLIED, C.FITS, C.TRAINING, C.NOT_PASSED, C.PASSED, C.APPROVED, C.CONTRACT, C.SIGNED, C.HIRED)
SHOWN = 60  # cards in a column; the list has the rest


@dataclass(frozen=True)
class Same:
    """Another record with the same national ID number or phone; `url` "" where the reader may not follow."""

    label: str
    url: str
    by: str


def duplicates_of(found: Candidate, user: User) -> list[Same]:
    """Who else has the same national ID number or phone number: candidates, and who works or worked here."""
    marks = Q(pk__in=())
    if found.nik_mark:
        marks |= Q(nik_mark=found.nik_mark)
    if found.phone_mark:
        marks |= Q(phone_mark=found.phone_mark)
    rows = Candidate.objects.visible_to(user).filter(marks).exclude(pk=found.pk).select_related(
        "recruitment__position", "site"
    )  # fmt: skip
    same = [
        Same(
            f"{one.shown_name}: {one.recruitment.position.name}, {one.get_status_display()}", one.get_absolute_url(),
            "nik" if found.nik_mark and one.nik_mark == found.nik_mark else "phone",
        )
        for one in rows.order_by("-pk")[:20]
    ]  # fmt: skip
    if found.nik_mark and found.employee_id is None:
        seen = Employee.objects.visible_to(user).filter(nik_mark=found.nik_mark).select_related("person").first()
        if seen is not None:
            same.insert(0, Same(f"{seen.person.name} ({seen.person.number})", seen.get_absolute_url(), "nik"))
    return same


def doubled(rows: Iterable[Candidate]) -> set[int]:
    """Which of these have a double somewhere, with three queries for all of them."""
    rows = list(rows)
    found: set[int] = set()
    for mark in ("nik_mark", "phone_mark"):
        by_mark: dict[str, set[int]] = defaultdict(set)
        for one in rows:
            if value := getattr(one, mark):
                by_mark[value].add(one.pk)
        often = (
            Candidate.objects.filter(**{f"{mark}__in": list(by_mark)}).values(mark).annotate(n=Count("pk"))
            .filter(n__gt=1).values_list(mark, flat=True)
        )  # fmt: skip
        for value in often:
            found |= by_mark[value]
        if mark == "nik_mark":
            here = {one.nik_mark: one.pk for one in rows if one.nik_mark and one.status != C.HIRED}
            for value in Employee.objects.filter(nik_mark__in=list(here)).values_list("nik_mark", flat=True):
                if value:
                    found.add(here[value])
    return found


def board(user: User, *, site: Site | None, recruitment: Recruitment | None) -> list[dict[str, Any]]:
    """Columns of the pipeline: of one request, or of all that are open."""
    rows = Candidate.objects.visible_to(user).filter(status__in=COLUMNS)
    rows = rows.filter(recruitment=recruitment) if recruitment else rows.exclude(recruitment__status__in=OVER)
    rows = rows.filter(site=site) if site else rows
    counts = dict(rows.order_by().values_list("status").annotate(n=Count("pk")))
    cards: dict[str, list[Candidate]] = {}
    for state in COLUMNS:
        if counts.get(state):
            some = rows.filter(status=state).select_related("recruitment__position", "site").order_by("since", "pk")
            cards[state] = list(some.prefetch_related("criteria").defer("nik", "phone", "email", "birth_date")[:SHOWN])
    twice = doubled([one for held in cards.values() for one in held])
    for held in cards.values():
        for one in held:
            one.twice = one.pk in twice  # type: ignore[attr-defined]
    return [
        {"state": state, "label": state.label, "count": counts.get(state, 0), "cards": cards.get(state, []),
         "more": max(0, counts.get(state, 0) - SHOWN)}
        for state in COLUMNS
        if state != C.NOT_PASSED or counts.get(state)
    ]  # fmt: skip


def mean_times(rows: Iterable[Recruitment], *, now: datetime) -> dict[str, float]:
    """State -> hours that these requests stood there on average, each that was there counted once."""
    keys = [one.pk for one in rows]
    steps: dict[int, list[tuple[str, datetime]]] = defaultdict(list)
    kind = ContentType.objects.get_for_model(Recruitment)
    history = WorkflowStep.objects.filter(content_type=kind, object_id__in=keys).order_by("object_id", "pk")
    for key, state, at in history.values_list("object_id", "to_state", "at"):
        steps[key].append((state, at))
    spent: dict[str, list[timedelta]] = defaultdict(list)
    for reached in steps.values():
        for state, span in time_in_steps(reached, now=now, final=OVER).items():
            spent[state].append(span)
    return {
        state: sum(one.total_seconds() for one in spent[state]) / 3600 / len(spent[state])
        for state in R.values if state in spent
    }  # fmt: skip
