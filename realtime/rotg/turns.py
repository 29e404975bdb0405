"""Violations and proposals that wait for somebody, on "Today"."""

from typing import Any

from django.db.models import Q
from django.utils import timezone
from django.utils.translation import gettext as _

from occ.people.models import Person, User
from occ.times import JAKARTA, local_day
from occ.workflow.turns import Source, register
from realtime.choices import ViolationStatus
from realtime.models import RotgProposal, Violation
from realtime.rotg.workflow import PROPOSAL, VIOLATION
from sdm.ranks import deciders


def _led(user: User) -> Any:
    return Person.objects.filter(deciders(user, local_day(timezone.now(), JAKARTA)))


def violations(user: User) -> Any:
    """One's own until they are answered; from then on those of whom one leads, but for those that one has recorded."""
    own = Q(person_id=user.person_id) if user.person_id else Q(pk__in=())
    waiting = Q(status=ViolationStatus.RECORDED)
    others = ~waiting & ~own & ~Q(seen_by=user) & Q(person__in=_led(user))
    rows = Violation.objects.filter((waiting & own) | others)
    return rows.select_related("site", "person", "version__rule").order_by("answer_due_at", "pk")


def violation_title(row: Violation) -> str:
    return _("Rule %(number)s: %(person)s") % {"number": row.version.rule.number, "person": row.person.name}


def proposals(user: User) -> Any:
    rows = RotgProposal.objects.visible_to(user).filter(person__in=_led(user))
    return rows.select_related("site", "person").order_by("due_at", "pk")


register(
    Source(
        VIOLATION,
        rows=violations,
        title=violation_title,
        due_at=lambda row: row.answer_due_at if row.status == ViolationStatus.RECORDED else row.decision_due_at,
        person="person",
    )
)
register(Source(PROPOSAL, rows=proposals, title=lambda row: str(row), due_at=lambda row: row.due_at, person="person"))
