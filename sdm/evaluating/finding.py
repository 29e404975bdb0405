"""What of the monthly evaluation is found by search: people's evaluations; and their card on the person's page."""

from __future__ import annotations

from collections.abc import Iterator

from django.db.models import Q
from django.utils.translation import gettext, gettext_lazy

from occ.people.models import Person, User
from occ.search import Result, register
from sdm.models import Evaluation, PastEvaluation
from sdm.providers import Line, Panel, register_panel

SHOWN = 6


def find_evaluations(user: User, text: str, limit: int) -> Iterator[Result]:
    rows = Evaluation.objects.visible_to(user).select_related("person", "period", "site")
    for word in text.split()[:6]:
        rows = rows.filter(Q(person__name__icontains=word) | Q(person__number__iexact=word))
    for one in rows.order_by("-month", "pk")[:limit]:
        yield Result(str(one), f"{one.get_status_display()} · {one.site.code}", one.get_absolute_url())


def lines(user: User, person: Person) -> list[Line]:
    """The latest of OCC, then those of before."""
    rows = Evaluation.objects.visible_to(user).filter(person=person).select_related("period", "person")
    before = PastEvaluation.objects.visible_to(user).filter(person=person).order_by("-month")[:SHOWN]
    return [
        Line(one.period.label, one.get_absolute_url(), one.status, str(one.get_status_display()),
             "" if one.total is None or one.told_number is None else f"{one.total}")
        for one in rows.order_by("-month")[:SHOWN]
    ] + [
        Line(one.label, "", "filed", gettext("of before"), f"{one.total} {one.grade}".strip()) for one in before
    ]  # fmt: skip


register(gettext_lazy("Evaluations"), find_evaluations)
register_panel(
    Panel("sdm.evaluations", gettext_lazy("Monthly evaluations"), gettext_lazy("None that you may see."), lines)
)
