"""Sources of events: what is known of each, and what of theirs could not be worked in (RTM-4)."""

from __future__ import annotations

from dataclasses import dataclass, replace
from datetime import datetime

from django.db import transaction
from django.utils.translation import gettext as _

from occ.errors import Invalid, NotAllowed, WrongState
from occ.ledger.services import record
from occ.people.choices import Role
from occ.people.history import sign
from occ.people.models import Site, User
from occ.people.scope import has_role, site_ids
from realtime.models import Arrival, Source

KEEPERS = frozenset({Role.IT, Role.RTFM, Role.ADMINISTRATOR})
FIELDS = ("name", "site", "heartbeat_seconds", "active", "each_agent")


def may_keep(actor: User, source: Source) -> bool:
    """A source of all sites is kept by whoever has the role for all of them."""
    if source.site is None:
        return site_ids(actor, KEEPERS) is None
    return has_role(actor, KEEPERS, site=source.site)


@dataclass(frozen=True)
class Terms:
    name: str
    site: Site | None
    heartbeat_seconds: int
    active: bool
    each_agent: bool = True


@transaction.atomic
def source_edit(*, source_id: int, terms: Terms, reason: str, actor: User, now: datetime) -> Source:
    """Say what a source is called, whose it is, and how often it lives. Raises NotAllowed, Invalid."""
    source = Source.objects.select_for_update(of=("self",), no_key=True).select_related("site").get(pk=source_id)
    if not may_keep(actor, source):
        raise NotAllowed
    if terms.site != source.site and site_ids(actor, KEEPERS) is not None:
        raise NotAllowed(_("Whose site a source belongs to is said by somebody whose role covers all of them."))
    if not terms.name.strip():
        raise Invalid(_("A source has a name."), field="name")
    if terms.heartbeat_seconds and not 5 <= terms.heartbeat_seconds <= 86_400:
        raise Invalid(_("A sign of life comes every 5 seconds to every day, or never: 0."), field="heartbeat_seconds")
    if not terms.heartbeat_seconds:
        terms = replace(terms, each_agent=False)
    was = {name: getattr(source, name) for name in FIELDS}
    changed = [name for name in FIELDS if getattr(terms, name) != was[name]]
    if not changed:
        return source
    for name in changed:
        setattr(source, name, getattr(terms, name))
    sign(source, actor, reason, now=now)
    source.save(update_fields=changed)
    data = {name: [str(was[name]), str(getattr(terms, name))] for name in changed}
    record(actor=actor, action="source.edited", subject=source, data=data, now=now, site=source.site)
    return source


@transaction.atomic
def arrivals_retry(*, source_id: int, actor: User, now: datetime) -> int:
    """Have what was parked worked in again; how many arrivals. Raises NotAllowed, WrongState (nothing is parked)."""
    source = Source.objects.select_related("site").get(pk=source_id)
    if not may_keep(actor, source):
        raise NotAllowed
    count = Arrival.objects.filter(source=source).exclude(parked_at=None).update(parked_at=None, error="")
    if not count:
        raise WrongState(_("Nothing of this source is parked any more."))
    record(actor=actor, action="source.retried", subject=source, data={"arrivals": count}, now=now, site=source.site)
    return count
