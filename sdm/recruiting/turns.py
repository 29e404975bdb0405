"""Requests and candidates that wait for somebody, on "Today"; what of them is found by search."""

from collections.abc import Iterator
from typing import Any

from django.db.models import Q
from django.utils.translation import gettext_lazy

from occ.people.models import User
from occ.search import Result
from occ.search import register as register_finder
from occ.workflow.turns import Source, register
from sdm.models import Candidate, PositionVersion, Recruitment
from sdm.models.recruiting import OVER
from sdm.recruiting.choices import CandidateStatus as C
from sdm.recruiting.choices import RequestStatus as R
from sdm.recruiting.workflow import CANDIDATE, REQUEST


def requests(user: User) -> Any:
    rows = Recruitment.objects.visible_to(user).select_related("site", "position")
    return rows.order_by("due_at", "pk")


def candidates(user: User) -> Any:
    """Those in whose step something can be done now; the list itself waits as the request."""
    rows = Candidate.objects.visible_to(user).exclude(recruitment__status__in=OVER)
    looked_for = Q(status__in=[C.APPLIED, C.FITS, C.TRAINING, C.NOT_PASSED], recruitment__status=R.RECRUITING)
    contracts = Q(status=C.APPROVED, recruitment__status=R.CONTRACTING) | Q(status__in=[C.CONTRACT, C.SIGNED])
    return rows.filter(looked_for | contracts).select_related("site", "recruitment__position").order_by("since", "pk")


register(Source(REQUEST, rows=requests, title=str, due_at=lambda row: row.due_at))
register(
    Source(
        CANDIDATE, rows=candidates, title=lambda row: f"{row.shown_name}: {row.recruitment.position.name}",
        due_at=lambda row: row.recruitment.due_at if row.status in (C.APPROVED, C.CONTRACT, C.SIGNED) else None,
    )
)  # fmt: skip


def find_positions(user: User, text: str, limit: int) -> Iterator[Result]:
    rows = PositionVersion.objects.visible_to(user).filter(ends_on=None).select_related("position")
    for word in text.replace("\x00", "").split()[:6]:
        rows = rows.filter(Q(position__name__icontains=word) | Q(specification__icontains=word))
    for one in rows.order_by("position__number")[:limit]:
        yield Result(one.position.name, one.clause, one.get_absolute_url())


def find_candidates(user: User, text: str, limit: int) -> Iterator[Result]:
    rows = Candidate.objects.visible_to(user).select_related("recruitment__position", "site")
    for word in text.replace("\x00", "").split()[:6]:
        rows = rows.filter(name__icontains=word)
    for one in rows.exclude(name="").defer("nik", "phone", "email", "birth_date").order_by("-pk")[:limit]:
        words = f"{one.recruitment.position.name} · {one.site.code} · {one.get_status_display()}"
        yield Result(one.shown_name, words, one.get_absolute_url())


def find_requests(user: User, text: str, limit: int) -> Iterator[Result]:
    rows = Recruitment.objects.visible_to(user).select_related("position", "site")
    for word in text.replace("\x00", "").split()[:6]:
        rows = rows.filter(Q(position__name__icontains=word) | Q(explanation__icontains=word))
    for one in rows.order_by("-pk")[:limit]:
        yield Result(str(one), one.get_status_display(), one.get_absolute_url())


register_finder(gettext_lazy("Positions"), find_positions)
register_finder(gettext_lazy("Candidates"), find_candidates)
register_finder(gettext_lazy("Requests for people"), find_requests)
