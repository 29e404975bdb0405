"""Where events belong: who holds a source's names, and at which site they work."""

from __future__ import annotations

from collections.abc import Iterable
from datetime import datetime

from occ.people.identities import Holders
from occ.people.models import Person, Site
from realtime.models import Source


class Places:
    """Sites by code, and where the people of a source's names work. A name is asked for once."""

    def __init__(self, source: Source) -> None:
        self.source = source
        self.codes = dict(Site.objects.values_list("code", "pk"))
        self.holders = Holders(())
        self.known: set[str] = {""}
        self.sites: dict[int, int] = {}

    def know(self, names: Iterable[str]) -> None:
        wanted = set(names) - self.known
        if not wanted:
            return
        self.known |= wanted
        found = Holders(wanted)
        self.holders.held.update(found.held)
        pks = {one.person_id for held in found.held.values() for one in held} - self.sites.keys()
        self.sites |= dict(Person.objects.filter(pk__in=pks).values_list("pk", "site_id"))

    def person(self, name: str, at: datetime) -> int | None:
        return self.holders.person_at(name, at) if name else None

    def site(self, said: str, person_id: int | None) -> int | None:
        """As the event says it, else where the person works, else the source's own."""
        return self.codes.get(said) or (self.sites.get(person_id) if person_id else None) or self.source.site_id
