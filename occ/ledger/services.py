"""Writing the ledger and sealing it."""

import hashlib
import hmac
import json
from collections.abc import Iterable
from datetime import UTC, datetime
from typing import Any

from django.conf import settings
from django.core.serializers.json import DjangoJSONEncoder
from django.db import connection, models, transaction

from occ.ledger.models import Entry, Seal

GENESIS = "0" * 64
# Writers hold this advisory lock shared (taken by the insert trigger) to the end of their transaction; the sealer
# takes it exclusively. So when it has it no entry is on its way, and ids are handed out in commit-safe order.
LOCK = 0x0CC_5EA1
BATCH = 20_000


def record(
    *, actor: Any, action: str, subject: models.Model | None, data: dict[str, Any], now: datetime, site: Any = None
) -> Entry:
    """Append an entry in the caller's transaction. `actor` is a user or a SystemActor; `data` must be JSON-able."""
    entry = _entry(actor, action, subject, data, now, site)
    entry.save(force_insert=True)
    return entry


def record_many(
    *, actor: Any, action: str, facts: Iterable[tuple[models.Model, dict[str, Any], Any]], now: datetime
) -> None:
    """`record` for many (subject, data, site) at once: an entry each."""
    entries = [_entry(actor, action, subject, data, now, site) for subject, data, site in facts]
    Entry.objects.bulk_create(entries, batch_size=2_000)


def _entry(actor: Any, action: str, subject: models.Model | None, data: Any, now: datetime, site: Any) -> Entry:
    return Entry(
        at=now,
        actor_id=actor.pk if isinstance(actor, models.Model) else None,
        actor_label=str(actor)[:150],
        action=action,
        subject_type=subject._meta.label_lower if subject is not None else "",
        subject_id=str(subject.pk) if subject is not None else "",
        site_code=site.code if site is not None else "",
        data=json.loads(json.dumps(data, cls=DjangoJSONEncoder)),
    )


def leaf(entry: Entry) -> bytes:
    """SHA-256 of an entry's canonical JSON."""
    content = [
        entry.pk,
        entry.at.astimezone(UTC).isoformat(timespec="microseconds"),
        entry.actor_id,
        entry.actor_label,
        entry.action,
        entry.subject_type,
        entry.subject_id,
        entry.site_code,
        entry.data,
    ]
    return hashlib.sha256(json.dumps(content, sort_keys=True, ensure_ascii=False).encode()).digest()


def merkle_root(leaves: Iterable[bytes]) -> str:
    """Root of a Merkle tree as RFC 6962 builds it: leaves and nodes prefixed apart, an odd one carried up."""
    level = [hashlib.sha256(b"\x00" + one).digest() for one in leaves]
    while len(level) > 1:
        pairs = zip(level[::2], level[1::2], strict=False)
        level = [hashlib.sha256(b"\x01" + a + b).digest() for a, b in pairs] + level[len(level) // 2 * 2 :]
    return level[0].hex()


def seal_hash(*, previous: str, first_id: int, last_id: int, count: int, root: str, at: datetime) -> str:
    text = f"{previous}|{first_id}|{last_id}|{count}|{root}|{at.astimezone(UTC).isoformat(timespec='microseconds')}"
    key = hashlib.sha256(b"occ.ledger" + settings.SECRET_KEY.encode()).digest()
    return hmac.new(key, text.encode(), hashlib.sha256).hexdigest()


def seal_entries(*, now: datetime) -> int:
    """Seal what is not sealed yet; returns how many entries. While somebody writes, the next tick will."""
    total = 0
    while count := _seal_batch(now=now):
        total += count
    return total


@transaction.atomic
def _seal_batch(*, now: datetime) -> int:
    with connection.cursor() as cursor:
        cursor.execute("SELECT pg_try_advisory_xact_lock(%s)", [LOCK])
        if not cursor.fetchone()[0]:
            return 0
    last = Seal.objects.order_by("-pk").first()
    entries = list(Entry.objects.filter(pk__gt=last.last_id if last else 0).order_by("pk")[:BATCH])
    if not entries:
        return 0
    leaves = [entry.pk.to_bytes(8, "big") + leaf(entry) for entry in entries]
    facts: dict[str, Any] = {
        "previous": last.hash if last else GENESIS,
        "first_id": (last.last_id if last else 0) + 1,
        "last_id": entries[-1].pk,
        "count": len(entries),
        "root": merkle_root(leaves),
        "at": now,
    }
    Seal.objects.create(leaves=b"".join(leaves), hash=seal_hash(**facts), **facts)
    return len(entries)
