"""Conversations into the catalogue, from wherever they come: once each, and never one that was destroyed (RET-1).

A scan, the API and a spreadsheet call `records_add`. What is there already is known; what contradicts it is refused.
"""

from __future__ import annotations

from collections.abc import Iterable, Sequence
from dataclasses import dataclass, field
from datetime import datetime

from django.db import transaction
from django.db.models.functions import Upper
from django.utils.translation import gettext as _

from occ.people.models import Person
from occ.times import local_day
from retention.marks import customer_mark, id_mark, numbers_hidden, path_mark
from retention.models import Record, Source, Tombstone
from retention.services.facts import Facts

CREATED, KNOWN, REFUSED = "created", "known", "refused"
# Codes of refusals that a scan treats in its own way.
DESTROYED, ID_TAKEN, PATH_TAKEN, DIFFERS = "destroyed", "id_taken", "path_taken", "differs"


@dataclass(frozen=True)
class Outcome:
    """What became of one; `pk` of the record there is; a refusal's code, words and field."""

    what: str
    pk: int | None = None
    code: str = ""
    message: str = ""
    field: str | None = None


@dataclass
class Agents:
    """Who is meant by an employee number or an e-mail address; asked once each."""

    found: dict[str, int | None] = field(default_factory=dict)

    def learn(self, words: Iterable[str]) -> None:
        new = {word.upper() for word in words if word} - self.found.keys()
        if not new:
            return
        if len(self.found) > 50_000:
            self.found.clear()
        self.found.update(dict.fromkeys(new))
        by_email = Person.objects.annotate(upper=Upper("email")).filter(upper__in=new).order_by("pk")
        self.found.update(by_email.values_list("upper", "pk"))
        by_number = Person.objects.annotate(upper=Upper("number")).filter(upper__in=new)
        self.found.update(by_number.values_list("upper", "pk"))

    def person(self, word: str) -> int | None:
        return self.found.get(word.upper())


def records_add(
    *, source: Source, facts: Sequence[Facts], now: datetime, agents: Agents | None = None
) -> list[Outcome]:
    """Catalogue each fact (already `checked`); an outcome each, in their order. One transaction, no network.

    Two at once, and one twice, make one row: the database's unique constraints decide.
    """
    agents = agents or Agents()
    agents.learn(one.agent for one in facts)
    outcomes: dict[int, Outcome] = _destroyed(source, facts)
    first: dict[tuple[str, str], int] = {}
    rows: list[Record] = []
    for at, one in enumerate(facts):
        if at in outcomes:
            continue
        twin = first.setdefault(("id", one.external_id), at)
        twin = twin if twin != at else first.setdefault(("path", one.path), at)
        if twin == at:
            rows.append(_row(source, one, agents, now))
    with transaction.atomic():
        # In the order of their IDs, so that two who add the same wait for one another and never in a circle.
        rows.sort(key=lambda row: row.external_id)
        before = _present(source, facts)
        Record.objects.bulk_create(rows, ignore_conflicts=True, batch_size=2_000)
        after = _present(source, facts)
        made = {row.external_id for row in rows}
        for at, one in enumerate(facts):
            if at not in outcomes:
                fresh = first.get(("id", one.external_id)) == at and one.external_id in made
                outcomes[at] = _judged(one, before, after, fresh=fresh)
    return [outcomes[at] for at in range(len(facts))]


def _destroyed(source: Source, facts: Sequence[Facts]) -> dict[int, Outcome]:
    """Those that a tombstone knows: by ID, or by path and day (the ID may be read otherwise now).

    Another conversation that took the path of a destroyed one is none of these.
    """
    ids = [id_mark(source.code, one.external_id) for one in facts]
    paths = [path_mark(source.code, one.path) for one in facts]
    stones = Tombstone.objects.filter(source=source.code)
    gone = set(stones.filter(id_mark__in=ids).values_list("id_mark", flat=True))
    lay = set(stones.filter(path_mark__in=paths).values_list("path_mark", "ended_on"))
    words = _("This conversation was destroyed; it is not catalogued again.")
    zone = source.site.zone
    found = {at for at, one in enumerate(facts) if ids[at] in gone or (paths[at], local_day(one.ended_at, zone)) in lay}
    return {at: Outcome(REFUSED, None, DESTROYED, words) for at in found}


@dataclass
class _Rows:
    by_id: dict[str, Record]
    by_path: dict[str, Record]


def _present(source: Source, facts: Sequence[Facts]) -> _Rows:
    fields = ("external_id", "path", "started_at", "ended_at", "state")
    rows = Record.objects.filter(source=source).only(*fields)
    return _Rows(
        {row.external_id: row for row in rows.filter(external_id__in={one.external_id for one in facts})},
        {row.path: row for row in rows.filter(path__in={one.path for one in facts})},
    )


def _row(source: Source, one: Facts, agents: Agents, now: datetime) -> Record:
    person = agents.person(one.agent)
    return Record(
        source=source, external_id=one.external_id, kind=source.record_kind, channel=one.channel, site=source.site,
        agent_id=person, agent_label="" if person else one.agent, started_at=one.started_at, ended_at=one.ended_at,
        path=one.path, size=one.size, fingerprint=one.fingerprint, sha256=one.sha256, customer=one.customer,
        customer_mark=customer_mark(one.customer), catalogued_at=now,
    )  # fmt: skip


def _judged(one: Facts, before: _Rows, after: _Rows, *, fresh: bool) -> Outcome:
    row = after.by_id.get(one.external_id)
    if row is None:
        other = after.by_path.get(one.path)
        words = _("The file belongs to the conversation %(id)s already.")
        return Outcome(REFUSED, other.pk if other else None, PATH_TAKEN,
                       words % {"id": numbers_hidden(other.external_id) if other else "?"}, "path")  # fmt: skip
    if row.path != one.path:
        words = _("The ID belongs to another file already: look for it in the catalogue.")
        return Outcome(REFUSED, row.pk, ID_TAKEN, words, "external_id")
    if (row.started_at, row.ended_at) != (one.started_at, one.ended_at):
        words = _("It is catalogued already, with other times.")
        return Outcome(REFUSED, row.pk, DIFFERS, words, "ended_at")
    created = fresh and one.external_id not in before.by_id
    return Outcome(CREATED if created else KNOWN, row.pk)
