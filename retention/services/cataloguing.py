"""Conversations into the catalogue, from wherever they come: once each, and never one that was destroyed (RET-1).

A scan, the API and a spreadsheet call `records_add`. What is there already is known; what contradicts it is refused.

A tombstone keeps the conversation that was destroyed from coming back, and no other: recorders that count from 1 again
give a new call the ID or the path of an old one. A new one of an old ID bears its end in its ID.
"""

from __future__ import annotations

from collections.abc import Callable, Iterable, Sequence
from dataclasses import dataclass, field, replace
from datetime import UTC, datetime

from django.db import transaction
from django.utils.translation import gettext as _

from occ.people.identities import Holders
from occ.times import local_day
from retention.marks import customer_mark, id_mark, names_customer, numbers_hidden, path_mark
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
    """Who was meant by an employee number, a user ID or an e-mail address when a conversation began; asked once each.

    IDs and addresses go from one to another (UID-1): nobody is told by who has them today.
    """

    found: dict[str, Holders] = field(default_factory=dict)

    def learn(self, words: Iterable[str]) -> None:
        wanted = {word.casefold(): word for word in words if word}
        if len(self.found) > 50_000:
            self.found.clear()
        if new := wanted.keys() - self.found.keys():
            self.found.update(dict.fromkeys(new, Holders({wanted[one] for one in new})))

    def person(self, word: str, at: datetime) -> int | None:
        """Nobody where it may have been two."""
        people = self.found[word.casefold()].people_at(word, at) if word else set()
        return people.pop() if len(people) == 1 else None


def records_add(
    *, source: Source, facts: Sequence[Facts], now: datetime, agents: Agents | None = None,
    read: Callable[[Facts], str] = lambda one: "",
) -> list[Outcome]:  # fmt: skip
    """Catalogue each fact (already `checked`); an outcome each, in their order. One transaction, no network in it.

    Two at once, and one twice, make one row: the database's unique constraints decide. `read` gives the SHA-256 of one
    that may be a destroyed one ("" : nobody can tell, and then it is taken for that).
    """
    agents = agents or Agents()
    agents.learn(one.agent for one in facts)
    facts, outcomes = _buried(source, facts, read)
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


def _buried(
    source: Source, facts: Sequence[Facts], read: Callable[[Facts], str]
) -> tuple[list[Facts], dict[int, Outcome]]:
    """The facts under the IDs that they are to have, and refusals of those that were destroyed."""
    ids = [(id_mark(source.code, one.external_id), id_mark(source.code, _id_of_its_own(one))) for one in facts]
    paths = [path_mark(source.code, one.path) for one in facts]
    stones: dict[str, list[Tombstone]] = {}
    of_source = Tombstone.objects.filter(source=source.code)
    for found in (
        of_source.filter(id_mark__in=[mark for both in ids for mark in both]), of_source.filter(path_mark__in=paths)
    ):  # fmt: skip
        for stone in found:
            stones.setdefault(stone.id_mark, [stone])
            stones.setdefault(stone.path_mark, []).append(stone)
    facts, outcomes = list(facts), {}
    refused = Outcome(REFUSED, None, DESTROYED, _("This conversation was destroyed; it is not catalogued again."))
    for at, (one, (mine, own), path) in enumerate(zip(facts, ids, paths, strict=True)):
        near = [*stones.get(mine, []), *stones.get(own, []), *stones.get(path, [])]
        if not near:
            continue
        day = local_day(one.ended_at, source.site.zone)
        if any(stone.id_mark in (mine, own) and stone.ended_on == day for stone in near):
            outcomes[at] = refused  # that conversation, whatever became of its file
            continue
        alike = [stone for stone in near if stone.size == one.size]
        if alike and not one.sha256:
            one = replace(one, sha256=read(one))
        if any(not one.sha256 or stone.sha256 in ("", one.sha256) for stone in alike):
            outcomes[at] = refused  # the same bytes, as far as one can tell
        elif any(stone.id_mark == mine for stone in near):
            one = replace(one, external_id=_id_of_its_own(one))
        facts[at] = one
    return facts, outcomes


def _id_of_its_own(one: Facts) -> str:
    return f"{one.external_id[:103]}@{one.ended_at.astimezone(UTC):%Y%m%dT%H%M%SZ}"


@dataclass
class _Rows:
    by_id: dict[str, Record]
    by_path: dict[str, Record]


def _present(source: Source, facts: Sequence[Facts]) -> _Rows:
    fields = ("external_id", "path", "started_at", "ended_at", "state")
    rows = Record.objects.filter(source=source).only(*fields)
    return _Rows(
        {row.external_id: row for row in rows.filter(external_id__in={one.external_id for one in facts})},
        {row.path: row for row in rows.kept().filter(path__in={one.path for one in facts})},
    )


def _row(source: Source, one: Facts, agents: Agents, now: datetime) -> Record:
    person = agents.person(one.agent, one.started_at)
    return Record(
        source=source, external_id=one.external_id, kind=source.record_kind, channel=one.channel, site=source.site,
        agent_id=person, agent_label="" if person else one.agent, started_at=one.started_at, ended_at=one.ended_at,
        path=one.path, size=one.size, fingerprint=one.fingerprint, sha256=one.sha256, customer=one.customer,
        customer_mark=customer_mark(one.customer), names_customer=names_customer(one.external_id, one.customer),
        catalogued_at=now,
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
