"""The client hears what became of the list that they approved (RET-9, RET-10)."""

from collections.abc import Sequence
from datetime import datetime
from typing import Any

from django.urls import reverse
from django.utils.translation import gettext_noop

from occ.documents.models import IssuedDocument
from occ.notifications.addressees import audience
from occ.notifications.kinds import Kind, register
from occ.notifications.services import notify
from occ.people.choices import Role
from occ.people.models import User
from retention.models import Proposal

DESTROYED = register(
    Kind(
        "retention.list_destroyed",
        gettext_noop("Destroyed as you approved: %(number)s"),
        gettext_noop(
            "%(count)s lines of the list are destroyed. Document Control issues the berita acara next; you are told"
            " then."
        ),
    )
)
ISSUED = register(
    Kind(
        "retention.list_documented",
        gettext_noop("Berita acara of %(number)s: %(document)s"),
        gettext_noop("The destruction that you approved is documented: %(count)s lines were destroyed."),
    )
)

SIGN = register(
    Kind(
        "retention.minutes_to_sign",
        gettext_noop("Your signature is asked for: %(document)s"),
        gettext_noop("You are named in this berita acara. When all have signed, its signature sheet is issued."),
    )
)


def sign_ask(document: IssuedDocument, users: Sequence[int], *, now: datetime) -> None:
    """Once each."""
    notify(
        to=User.objects.filter(pk__in=users, is_active=True), kind=SIGN.key, params={"document": document.full_number},
        key=f"{SIGN.key}:{document.pk}", url=f"{document.get_absolute_url()}#sign", now=now,
    )  # fmt: skip


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
