"""The client hears what became of the list that they approved (RET-9, RET-10)."""

from datetime import datetime
from typing import Any

from django.urls import reverse
from django.utils.translation import gettext_noop

from occ.notifications.addressees import audience
from occ.notifications.kinds import Kind, register
from occ.notifications.services import notify
from occ.people.choices import Role
from retention.models import Proposal

DESTROYED = register(
    Kind(
        "retention.list_destroyed",
        gettext_noop("Destroyed as you approved: %(number)s"),
        gettext_noop(
            "Lines of the list that are destroyed: %(count)s. Document Control issues the berita acara next; you are"
            " told then."
        ),
    )
)
ISSUED = register(
    Kind(
        "retention.list_documented",
        gettext_noop("Berita acara of %(number)s: %(document)s"),
        gettext_noop("The destruction that you approved is documented. Lines that were destroyed: %(count)s."),
    )
)

# Told until each signature was an obligation of its own (occ/documents/awaiting.py): inboxes still hold it.
register(
    Kind(
        "retention.minutes_to_sign",
        gettext_noop("Your signature is asked for: %(document)s"),
        gettext_noop("You are named in this berita acara. When all have signed, its signature sheet is issued."),
    )
)


def destroyed_tell(proposal: Proposal, count: int, *, now: datetime) -> None:
    _tell(DESTROYED, proposal, now, count=count)


def issued_tell(proposal: Proposal, count: int, document: str, *, now: datetime) -> None:
    _tell(ISSUED, proposal, now, count=count, document=document)


def _tell(kind: Kind, proposal: Proposal, now: datetime, **params: Any) -> None:
    """Once each."""
    notify(
        to=audience(Role.CLIENT, site=proposal.site, now=now), kind=kind.key,
        params={"number": proposal.number} | params, key=f"{kind.key}:{proposal.pk}",
        url=reverse("retention:decision", args=[proposal.pk]), now=now,
    )  # fmt: skip
