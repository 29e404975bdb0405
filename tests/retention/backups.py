"""Sources, stores and records on real directories, for the tests of backup."""

from __future__ import annotations

import random
from collections.abc import Callable
from dataclasses import dataclass, field
from datetime import UTC, datetime, timedelta
from pathlib import Path

from occ.people.choices import Role
from occ.people.models import Site, User
from retention.choices import PlaceKind, RecordKind
from retention.models import Batch, Copy, Pack, Packed, Problem, Record, Source, Store
from retention.services import backups, batches
from retention.storing import opened
from tests.factories import site, user

NOW = datetime(2026, 11, 20, 3, 0, tzinfo=UTC)  # 10:00 WIB
ENDED = datetime(2025, 11, 25, 3, 0, tzinfo=UTC)  # due in five days


def at(now: datetime = NOW) -> Callable[[], datetime]:
    return lambda: now


@dataclass
class Ground:
    """A source with files and two stores, below one folder."""

    folder: Path
    jkt: Site = field(default_factory=lambda: site("JKT"))
    rng: random.Random = field(default_factory=lambda: random.Random(5))

    def __post_init__(self) -> None:
        for name in ("source", "main", "second"):
            (self.folder / name).mkdir(parents=True, exist_ok=True)
        self.source = Source.objects.create(
            code="REC", name="Recorder", kind=PlaceKind.DIRECTORY, url=f"file://{self.folder}/source",
            record_kind=RecordKind.RECORDING, site=self.jkt, channel="voice", pattern="(?P<id>.+)",
        )  # fmt: skip
        self.stores = [self.store("MAIN", "main"), self.store("SECOND", "second")]

    def store(self, code: str, name: str) -> Store:
        made = Store.objects.create(
            code=code, name=code.title(), kind=PlaceKind.DIRECTORY, url=f"file://{self.folder}/{name}"
        )
        mark = getattr(opened(made), "mark", None)  # stores bear one
        if mark is not None:
            mark(now=NOW)
        return made

    @property
    def it(self) -> User:
        return user(Role.IT, self.jkt)

    def path(self, record: Record) -> Path:
        return self.folder / "source" / record.path

    def record(
        self,
        name: str,
        content: bytes | None = None,
        *,
        ended_at: datetime = ENDED,
        known: bool = True,
        kind: RecordKind = RecordKind.RECORDING,
        **fields: object,
    ) -> Record:
        """A file at the source and its row, as a scan would catalogue it."""
        if content is None:
            content = self.rng.randbytes(self.rng.randrange(1, 60_000))
        path = self.folder / "source" / name
        path.parent.mkdir(parents=True, exist_ok=True)
        path.write_bytes(content)
        shown = opened(self.source).head(name)
        return Record.objects.create(
            source=self.source, external_id=name, kind=kind, channel="voice", site=self.jkt,
            started_at=ended_at - timedelta(minutes=4), ended_at=ended_at, path=name, size=len(content),
            fingerprint=shown.fingerprint if known else "", catalogued_at=NOW, **fields,
        )  # fmt: skip

    def records(self, count: int) -> list[Record]:
        return [self.record(f"2025/call-{i:04}.wav") for i in range(count)]

    def batch(self, now: datetime = NOW) -> Batch:
        """What there is, gathered, escalated and started."""
        batches.batches_gather(now=now)
        batch = Batch.objects.latest("pk")
        if batch.status == "gathering":
            batches.batch_escalate(batch_id=batch.pk, actor=user(Role.TEAM_LEADER, self.jkt), now=now)
        batches.batch_start(batch_id=batch.pk, actor=self.it, now=now)
        return batch

    def back_up(self, batch: Batch, now: datetime = NOW) -> backups.Outcome:
        outcome = backups.batch_back_up(batch_id=batch.pk, clock=at(now))
        batch.refresh_from_db()
        return outcome

    def objects(self, name: str = "main") -> list[str]:
        """Files of a store's packages, whatever they are."""
        root = self.folder / name
        return sorted(str(one.relative_to(root)) for one in root.glob("bags/**/*") if one.is_file())

    def flip(self, name: str, store: str = "main", at: int = -20) -> None:
        path = self.folder / store / name
        content = bytearray(path.read_bytes())
        content[at] ^= 1
        path.write_bytes(content)


def whole(batch: Batch, ground: Ground) -> None:
    """Every record exactly once, every object named and in every store, every hash right."""
    from retention.services.restoring import record_bytes

    packs = list(Pack.objects.filter(bag__batch=batch))
    names = sorted(one.name for one in packs)
    for store in ("main", "second"):
        assert ground.objects(store) == names
    assert Copy.objects.filter(pack__in=packs).count() == 2 * len(packs)
    records = list(Record.objects.filter(batch=batch, state="backed_up"))
    assert Packed.objects.filter(record__in=records).count() == len(records)
    for one in records:
        assert b"".join(record_bytes(one)) == ground.path(one).read_bytes()


def troubles(batch: Batch) -> dict[str, str]:
    rows = Problem.objects.filter(batch=batch, settled_at=None)
    return dict(rows.values_list("record__external_id", "kind"))
