"""Cases in search, on "Today" and on the person's page: for who may see them, and as if there were none for others."""

from collections.abc import Iterator, Sequence
from typing import Any

from django.db.models import Q
from django.utils.translation import gettext_lazy

from occ.people.models import Person, User
from occ.search import Result
from occ.search import register as register_finder
from occ.workflow.turns import Source
from occ.workflow.turns import register as register_turns
from sdm.discipline.choices import CaseStatus
from sdm.discipline.workflow import DISCIPLINE, OWN_TURN
from sdm.models.discipline import DisciplineCase, WarningLetter
from sdm.providers import Line, Panel, register_panel

SHOWN = 10


def find_cases(user: User, text: str, limit: int) -> Iterator[Result]:
    rows = DisciplineCase.objects.visible_to(user).select_related("person", "site")
    for word in text.split()[:6]:
        matches = Q(person__name__icontains=word) | Q(person__number__iexact=word)
        if word.isascii() and word.isdigit() and len(word) < 10:
            matches |= Q(pk=int(word))
        rows = rows.filter(matches)
    for one in rows.order_by("-opened_at", "-pk")[:limit]:
        line = f"{one.person.name} · {one.get_matter_display()} · {one.get_status_display()}"
        yield Result(str(one), line, one.get_absolute_url())


def turns(user: User) -> Any:
    """One's own while it waits for one's own words; the others' while it waits for a superior or HR."""
    own = Q(person_id=user.person_id) if user.person_id else Q(pk__in=())
    waits = Q(status__in=OWN_TURN)
    rows = DisciplineCase.objects.visible_to(user).filter((waits & own) | (~waits & ~own))
    asked = WarningLetter.objects.unanswered().filter(requested_by=user)
    rows = rows.exclude(pk__in=asked.values("case_id"))  # somebody else answers it
    return rows.select_related("site", "person").order_by("due_at", "pk")


def title(row: DisciplineCase) -> str:
    return f"{row}: {row.person.name}"


def lines(user: User, person: Person) -> Sequence[Line]:
    rows = DisciplineCase.objects.visible_to(user).filter(person=person).order_by("-opened_at", "-pk")[:SHOWN]
    return [
        Line(str(one), one.get_absolute_url(), one.status, str(CaseStatus(one.status).label), one.get_matter_display())
        for one in rows
    ]


register_finder(gettext_lazy("Pembinaan"), find_cases)
register_turns(Source(DISCIPLINE, rows=turns, title=title, due_at=lambda row: row.due_at))
register_panel(Panel("discipline", gettext_lazy("Pembinaan"), gettext_lazy("None that you may read."), lines))
