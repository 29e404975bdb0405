"""A leaver's tokens end with the last working day."""

from datetime import datetime
from typing import Any

from django.dispatch import receiver

from occ.api.models import ApiToken
from occ.ledger.services import record
from occ.people.actors import Actor
from occ.people.lifecycle import left
from occ.people.models import Person


@receiver(left, dispatch_uid="occ.api.left")
def revoke(sender: type[Person], *, person: Person, actor: Actor, now: datetime, **kwargs: Any) -> None:
    for token in ApiToken.objects.filter(user__person=person, revoked_at=None):
        ApiToken.objects.filter(pk=token.pk).update(revoked_at=now)
        data = {"name": token.name, "why": "left"}
        record(actor=actor, action="token.revoked", subject=token, data=data, now=now, site=person.site)
