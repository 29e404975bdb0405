"""Conversations that have outlived their time, with real files at a source and packages in stores, for any test."""

from __future__ import annotations

import hashlib
import os
from collections.abc import Callable
from dataclasses import dataclass, field
from datetime import date, datetime, timedelta
from pathlib import Path
from typing import Any

from django.utils import timezone

from occ.approvals.proving import identity_prove
from occ.people.choices import Role
from occ.people.models import Site, User
from retention.choices import Channel, ConditionKey, PlaceKind, RecordKind
from retention.marks import customer_mark
from retention.models import (
    Bag,
    Batch,
    Copy,
    Hold,
    HoldRecord,
    Pack,
    Packed,
    Proposal,
    Record,
    Schedule,
    Source,
    Store,
)
from retention.services import disposing, proposals
from retention.storing import SOURCE_MARKER, opened
from tests import factories

PASSWORD = factories.PASSWORD
# The database has its own clock: what it asks (is the cooling-off over?) is asked of days that are past.
NOW = timezone.now().replace(microsecond=0) - timedelta(days=60)
OLD = NOW - timedelta(days=3 * 365)
LATER = NOW + timedelta(days=8)


@dataclass
class Dead:
    """A site whose recordings of three years ago lie at a directory source and, in packages, in a directory store."""

    root: Path
    site: Site
    source: Source
    store: Store
    batch: Batch
    leader: User
    control: User
    coordinator: User
    client: User
    it: User
    records: list[Record] = field(default_factory=list)

    @property
    def files(self) -> list[Path]:
        """But for the marker that a deletion leaves."""
        found = (self.root / "source").rglob("*")
        return sorted(one for one in found if one.is_file() and one.name != SOURCE_MARKER)

    @property
    def packages(self) -> list[Path]:
        return sorted((self.root / "store" / "bags").rglob("*.pack"))

    def proposal(self, *, now: datetime = NOW) -> Proposal:
        return proposals.proposal_new(
            site=self.site, kind=RecordKind.RECORDING, reason="Lewat masa", actor=self.leader, now=now
        )

    def vouched(self, *, now: datetime = NOW) -> Proposal:
        made = self.proposal(now=now)
        for key in ConditionKey:
            who = self.control if key in ("law", "case") else self.leader
            proposals.condition_say(proposal_id=made.pk, key=key, note="Diperiksa", actor=who, now=now)
        return made

    def submitted(self, *, now: datetime = NOW) -> Proposal:
        return proposals.proposal_submit(proposal_id=self.vouched(now=now).pk, actor=self.leader, now=now)

    def decide(self, proposal: Proposal, *, now: datetime = NOW, actor: User | None = None, **given: Any) -> Proposal:
        who = actor or self.client
        proof = identity_prove(user=who, password=PASSWORD, code="", reason="test", now=now)
        facts = {"refused": set(), "list_sha256": proposal.list_sha256} | given
        return proposals.proposal_decide(proposal_id=proposal.pk, proof=proof, actor=who, now=now, **facts)

    def approved(self, *, now: datetime = NOW) -> Proposal:
        return self.decide(self.submitted(now=now), now=now)

    def executing(self) -> Proposal:
        return disposing.proposal_execute(proposal_id=self.approved().pk, actor=self.it, now=LATER)

    def destroyed(self) -> Proposal:
        proposal = self.executing()
        self.run(proposal)
        return Proposal.objects.get(pk=proposal.pk)

    def run(self, proposal: Proposal, clock: Callable[[], datetime] = lambda: LATER) -> None:
        while disposing.proposal_dispose(proposal_id=proposal.pk, clock=clock):
            pass

    def hold(self, *records: Record, **given: Any) -> Hold:
        facts: dict[str, Any] = {"named": bool(records), "reason": "complaint", "note": "Pengaduan"} | given
        made = Hold.objects.create(
            number=f"HOLD-{Hold.objects.count() + 1}", site=self.site, set_by=self.coordinator, set_at=NOW, **facts
        )
        HoldRecord.objects.bulk_create([HoldRecord(hold=made, record=one) for one in records])
        return made


def dead(root: Path, *, count: int = 6, in_pack: int = 3, size: int = 64, code: str = "JKT") -> Dead:
    where = factories.site(code)
    for name in ("source", "store"):
        (root / name).mkdir(parents=True, exist_ok=True)
    source = Source.objects.create(
        code=f"REC-{code}", name=f"Recorder {code}", kind=PlaceKind.DIRECTORY, url=f"file://{root}/source",
        record_kind=RecordKind.RECORDING, site=where, channel=Channel.VOICE, pattern="(?P<id>.+)", may_delete=True,
    )  # fmt: skip
    store, _new = Store.objects.get_or_create(
        code="MAIN", defaults={"name": "Main", "kind": PlaceKind.DIRECTORY, "url": f"file://{root}/store"}
    )
    if mark := getattr(opened(store), "mark", None):  # a store bears a marker
        mark(now=NOW)
    Schedule.objects.get_or_create(  # a test that empties the tables has emptied this one too
        record_kind=RecordKind.RECORDING, channel="", client="", valid_from=date(1990, 1, 1),
        defaults={"backup_after_years": 1, "delete_after_years": 2, "basis": "SOP-RET 5.2, 5.4", "reason": "SOP-RET 5",
                  "set_at": OLD},
    )  # fmt: skip
    month = OLD.date().replace(day=1)
    batch = Batch.objects.create(
        kind=RecordKind.RECORDING, site=where, month=month, status="complete", due_at=NOW, opened_at=OLD,
        completed_at=OLD,
    )  # fmt: skip
    found = Dead(
        root, where, source, store, batch, factories.user(Role.TEAM_LEADER, where),
        factories.user(Role.DOCUMENT_CONTROL, where), factories.user(Role.COORDINATOR, where),
        factories.user(Role.CLIENT, where), factories.user(Role.IT, where),
    )  # fmt: skip
    found.records = make_records(found, count, size)
    make_bag(found, found.records, in_pack)
    return found


def make_records(world: Dead, count: int, size: int, *, ended: datetime = OLD, first: int = 0) -> list[Record]:
    rows = []
    for n in range(first, first + count):
        path = f"{ended:%Y/%m}/call-{n:06}.wav"
        file = world.root / "source" / path
        file.parent.mkdir(parents=True, exist_ok=True)
        content = os.urandom(size)
        file.write_bytes(content)
        rows.append(
            Record(
                source=world.source, external_id=f"CALL-{world.site.code}-{n:06}", kind=RecordKind.RECORDING,
                channel=Channel.VOICE, site=world.site, started_at=ended, ended_at=ended + timedelta(seconds=n),
                path=path, size=size, sha256=hashlib.sha256(content).hexdigest(), customer="08123456789",
                customer_mark=customer_mark("08123456789"), state="backed_up", batch=world.batch, catalogued_at=ended,
            )
        )  # fmt: skip
    return Record.objects.bulk_create(rows, batch_size=2_000)


def make_bag(world: Dead, records: list[Record], in_pack: int) -> Bag:
    number = Bag.objects.filter(batch=world.batch).count() + 1
    name = f"{world.batch.identifier}-{number:02}"
    bag = Bag.objects.create(
        batch=world.batch, number=number, identifier=name, key="k" * 44, status="complete", opened_at=OLD,
        completed_at=OLD, files=len(records),
    )  # fmt: skip
    make_pack(world, bag, 0, [])
    for n, i in enumerate(range(0, len(records), in_pack), 1):
        make_pack(world, bag, n, records[i : i + in_pack])
    return bag


def make_pack(world: Dead, bag: Bag, number: int, records: list[Record]) -> Pack:
    content = os.urandom(200)
    name = f"bags/{bag.identifier}/{number:05}-{os.urandom(4).hex()}.pack"
    file = world.root / "store" / name
    file.parent.mkdir(parents=True, exist_ok=True)
    file.write_bytes(content)
    pack = Pack.objects.create(
        bag=bag, number=number, name=name, size=200, sha256=hashlib.sha256(content).hexdigest(), written_at=OLD
    )
    Copy.objects.create(pack=pack, store=world.store, checked_at=NOW + timedelta(days=1))
    Packed.objects.bulk_create(
        [
            Packed(record=one, pack=pack, name=f"data/{one.pk}.wav", offset=i * 10, length=10, size=one.size,
                   sha256=one.sha256, sha512="0" * 128, key=os.urandom(60))
            for i, one in enumerate(records)
        ]
    )  # fmt: skip
    return pack


def tomorrow(now: datetime = NOW, days: int = 30) -> date:
    return (now + timedelta(days=days)).date()
