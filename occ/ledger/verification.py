"""Does the ledger still say what it said? Every seal is computed again from the entries as they are now."""

from collections.abc import Iterator
from dataclasses import dataclass

from occ.ledger.models import Entry, Seal
from occ.ledger.services import GENESIS, leaf, merkle_root, seal_hash


@dataclass(frozen=True)
class Fault:
    """What is wrong: kind is changed, removed, inserted (an entry) or seal (itself); `entry_id` where known."""

    kind: str
    seal_id: int | None
    entry_id: int | None

    def __str__(self) -> str:
        where = f" (seal {self.seal_id})" if self.seal_id else ""
        return f"entry {self.entry_id} was {self.kind}{where}" if self.entry_id else f"seal {self.seal_id} is broken"


def faults() -> Iterator[Fault]:
    """Every fault, oldest first; nothing when all is well. Reads the whole ledger, one seal's range at a time."""
    previous, next_id = GENESIS, 1
    for seal in Seal.objects.order_by("pk").iterator(chunk_size=10):
        leaves = bytes(seal.leaves)
        packed = [leaves[i : i + 40] for i in range(0, len(leaves), 40)]
        root = merkle_root(packed) if packed else ""
        expected = seal_hash(
            previous=previous, first_id=next_id, last_id=seal.last_id, count=len(packed), root=root, at=seal.at
        )
        kept = (seal.hash, seal.first_id, seal.previous, seal.count, seal.root)
        if kept != (expected, next_id, previous, len(packed), root):
            yield Fault("seal", seal.pk, None)
        sealed = {int.from_bytes(one[:8], "big"): one[8:] for one in packed}
        present = {e.pk: leaf(e) for e in Entry.objects.filter(pk__gte=next_id, pk__lte=seal.last_id).iterator()}
        for entry_id in sorted(sealed.keys() | present.keys()):
            if entry_id not in present:
                yield Fault("removed", seal.pk, entry_id)
            elif entry_id not in sealed:
                yield Fault("inserted", seal.pk, entry_id)
            elif sealed[entry_id] != present[entry_id]:
                yield Fault("changed", seal.pk, entry_id)
        previous, next_id = seal.hash, seal.last_id + 1
    first_seal = Seal.objects.order_by("pk").first()
    if first_seal is not None:
        for entry_id in Entry.objects.filter(pk__lt=1).values_list("pk", flat=True):
            yield Fault("inserted", first_seal.pk, entry_id)
