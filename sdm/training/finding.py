"""Trainings in search, on "Today" and on the person's page."""

from collections.abc import Iterator, Sequence
from typing import Any

from django.db.models import Q
from django.utils.translation import gettext_lazy

from occ.people.models import Person, User
from occ.people.scope import has_role
from occ.search import Result
from occ.search import register as register_finder
from occ.workflow.turns import Source
from occ.workflow.turns import register as register_turns
from sdm.models.training import TRAINING_READERS, Participant
from sdm.personal import is_self
from sdm.providers import Line, Panel, register_panel
from sdm.training.workflow import TRAINING

SHOWN = 10


def find_participants(user: User, text: str, limit: int) -> Iterator[Result]:
    rows = Participant.objects.visible_to(user).select_related("batch")
    for word in text.split()[:6]:
        rows = rows.filter(Q(name__icontains=word) | Q(number__iexact=word) | Q(batch__code__iexact=word))
    for one in rows.order_by("name", "pk")[:limit]:
        yield Result(one.name, f"{one.batch} · {one.get_status_display()}", one.get_absolute_url())


def turns(user: User) -> Any:
    """Participants who wait for somebody's step; nobody's own."""
    rows = Participant.objects.visible_to(user).going()
    if user.person_id:
        rows = rows.exclude(person_id=user.person_id)
    return rows.select_related("site", "batch").order_by("added_at", "pk")


def lines(user: User, person: Person) -> Sequence[Line]:
    rows = Participant.objects.visible_to(user).filter(person=person).select_related("batch").order_by("-pk")[:SHOWN]
    return [Line(str(one.batch), one.get_absolute_url(), one.status, str(one.get_status_display())) for one in rows]


def reads(user: User, person: Person) -> bool:
    return is_self(user, person.pk) or has_role(user, TRAINING_READERS, site=person.site)


register_finder(gettext_lazy("Trainings"), find_participants)
register_turns(
    Source(TRAINING, rows=turns, title=lambda row: f"{row.name} · {row.batch.code}", due_at=lambda row: None)
)
register_panel(Panel("training", gettext_lazy("Trainings"), gettext_lazy("None is recorded."), lines, reads=reads))
