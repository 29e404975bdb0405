"""An interaction's events as they came (RTM-10), and the entry that reading customers' data in them leaves."""

from __future__ import annotations

from datetime import datetime

from django.db import models, transaction
from django.utils.translation import gettext as _

from occ.errors import Invalid, NotAllowed
from occ.ledger.models import Entry
from occ.ledger.services import record
from occ.masking import masked_words
from occ.people.choices import Role
from occ.people.models import User
from occ.people.scope import has_role
from realtime.choices import Purpose
from realtime.masking import number_shown
from realtime.models import Event, Interaction

# Who sees what events say of customers, each time with a purpose that is kept.
UNMASKED = frozenset({Role.COORDINATOR, Role.QUALITY_ASSURANCE, Role.MANAGER})
READ = "interaction.read"


def events_of(one: Interaction) -> models.QuerySet[Event]:
    """All that speak of it, in the order in which they came."""
    rows = Event.objects.filter(source_id=one.source_id, interaction=one.number, parked="").exclude(interaction="")
    return rows.order_by("pk")


def sees_customers(user: User, one: Interaction) -> bool:
    return one.site is not None and has_role(user, UNMASKED, site=one.site)


@transaction.atomic
def interaction_open(*, interaction_id: int, purpose: str, note: str, actor: User, now: datetime) -> Interaction:
    """Leave the entry without which nobody reads it unmasked; no customer in it. Raises NotAllowed, Invalid."""
    one = Interaction.objects.select_related("site", "source").get(pk=interaction_id)
    if not sees_customers(actor, one):
        raise NotAllowed
    if purpose not in Purpose.values:
        raise Invalid(_("Say what for."), field="purpose")
    # Its row may be made anew out of its events; source and number stay.
    data = {"purpose": purpose, "note": masked_words(note.strip()[:200]), "source": one.source.code,
            "number": number_shown(one.number)}  # fmt: skip
    record(actor=actor, action=READ, subject=one, data=data, now=now, site=one.site)
    return one


def readings_of(one: Interaction) -> models.QuerySet[Entry]:
    rows = Entry.objects.filter(subject_type=Interaction._meta.label_lower, subject_id=str(one.pk), action=READ)
    return rows.order_by("-pk")
