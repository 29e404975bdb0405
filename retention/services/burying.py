"""The second half of a deletion: keys, rows and tombstones, as few statements for many records.

Everything here is refused by the database when one record of them may not go (retention_refused); the rest is then
done without it.
"""

import json
from collections.abc import Sequence
from datetime import datetime
from typing import TYPE_CHECKING, Any

from django.db import IntegrityError, connection, transaction
from django.utils.translation import gettext_noop

from occ.ledger.services import record
from occ.texts import kept
from retention.choices import ItemState
from retention.marks import id_kept, id_mark
from retention.models import Item, Proposal, Record, Trail
from retention.services.derived import derived_destroy
from retention.services.lines import list_sha256
from retention.workflow import DISPOSER

if TYPE_CHECKING:
    from retention.services.looking import Line

# The path gives way to its mark, which is all that a scan and a tombstone need; it may hold the customer's number.
BLANK = """
UPDATE retention_record r SET state = 'destroyed', customer = '', customer_mark = '', names_customer = false,
       external_id = n.external_id, path = encode(sha256(convert_to(s.code || E'\\n' || r.path, 'UTF8')), 'hex')
  FROM unnest(%s::bigint[], %s::text[]) AS n(record, external_id), retention_source s
 WHERE r.id = n.record AND s.id = r.source_id
"""
# A key that was given up as lost goes too: it may be found again.
ERASE_LOST = "UPDATE retention_lostpacked SET key = NULL, erased_at = %s WHERE record_id = ANY(%s) AND key IS NOT NULL"
TOMBSTONES = """
INSERT INTO retention_tombstone (record_id, proposal_id, number, source, id_mark, path_mark, kind, ended_on, size,
    sha256, sha512, bag, destroyed_at, outcome)
SELECT r.id, %(proposal)s, %(number)s, s.code,
       n.id_mark, r.path, r.kind, (r.ended_at AT TIME ZONE t.timezone)::date, r.size,
       coalesce(nullif(k.sha256, ''), r.sha256), coalesce(k.sha512, ''), coalesce(b.identifier, ''), %(now)s,
       jsonb_build_object('source', n.outcome) || coalesce(
           (SELECT jsonb_object_agg('store:' || st.code, 'key destroyed') FROM retention_copy c
              JOIN retention_store st ON st.id = c.store_id WHERE c.pack_id = k.pack_id AND c.gone_at IS NULL), '{}')
  FROM unnest(%(records)s::bigint[], %(outcomes)s::text[], %(id_marks)s::text[]) AS n(record, outcome, id_mark)
  JOIN retention_record r ON r.id = n.record
  JOIN retention_source s ON s.id = r.source_id
  JOIN people_site t ON t.id = r.site_id
  LEFT JOIN retention_packed k ON k.record_id = r.id
  LEFT JOIN retention_pack p ON p.id = k.pack_id
  LEFT JOIN retention_bag b ON b.id = p.bag_id
"""


def bury(proposal: Proposal, lines: "Sequence[Line]", gone: dict[int, str], *, now: datetime) -> int:
    """In the caller's transaction: what became of each file is in `gone`; how many records are destroyed."""
    failed = {item: outcome[1:] for item, outcome in gone.items() if outcome.startswith("!")}
    by_item = {one.item: one for one in lines if one.item not in failed}
    mine = set(
        Item.objects.filter(pk__in=list(by_item), state=ItemState.STARTED)
        .select_for_update(of=("self",), no_key=True).order_by("pk").values_list("pk", flat=True)
    )  # fmt: skip
    done = [(one, gone[item]) for item, one in by_item.items() if item in mine]
    try:
        with transaction.atomic():
            _destroy(proposal, done, now)
    except IntegrityError:
        done, refused = _sorted_out(done)
        failed |= refused
        _destroy(proposal, done, now)
    _fail(failed)
    if done:
        records = [one.record for one, _outcome in done]
        data = {"records": len(done), "first": records[0], "last": records[-1],
                "sha256_of_ids": list_sha256(str(one) for one in records)}  # fmt: skip
        record(
            actor=DISPOSER, action="retention.destroyed", subject=proposal, data=data, now=now, site=proposal.site
        )  # fmt: skip
    return len(done)


def _destroy(proposal: Proposal, done: "Sequence[tuple[Line, str]]", now: datetime) -> None:
    if not done:
        return
    items, records = [one.item for one, _outcome in done], [one.record for one, _outcome in done]
    names = _names(records)
    with connection.cursor() as cursor:
        cursor.execute(BLANK, [records, [names[pk][0] for pk in records]])
        cursor.execute(
            "UPDATE retention_packed SET key = NULL, destroyed_at = %s WHERE record_id = ANY(%s)", [now, records]
        )
        cursor.execute(ERASE_LOST, [now, records])
        facts: dict[str, Any] = {"proposal": proposal.pk, "number": proposal.number, "now": now, "records": records}
        cursor.execute(
            TOMBSTONES,
            facts | {"outcomes": [outcome for _one, outcome in done], "id_marks": [names[pk][1] for pk in records]},
        )
        cursor.execute(
            "UPDATE retention_item SET state = 'destroyed', destroyed_at = %s, error = '' WHERE id = ANY(%s)",
            [now, items],
        )
    derived_destroy(records)
    _trails(proposal, [one for one, _outcome in done])


def _names(records: Sequence[int]) -> dict[int, tuple[str, str]]:
    """By record: what is kept of its ID, and the mark of the ID itself."""
    rows = Record.objects.filter(pk__in=records)
    return {
        pk: (id_kept(code, name, customer), id_mark(code, name))
        for pk, code, name, customer in rows.values_list("pk", "source__code", "external_id", "customer")
    }


def _trails(proposal: Proposal, lines: "Sequence[Line]") -> None:
    """Where the absence probes will look: encrypted, as the records have forgotten it."""
    by_source: dict[int, list[str]] = {}
    for one in lines:
        by_source.setdefault(one.source, []).append(one.path)
    Trail.objects.bulk_create(
        Trail(proposal=proposal, source_id=source, files=len(paths), names=json.dumps(paths))
        for source, paths in by_source.items()
    )


def _sorted_out(done: "list[tuple[Line, str]]") -> "tuple[list[tuple[Line, str]], dict[int, str]]":
    """Those that the database lets go, and why it does not the others."""
    records = [one.record for one, _outcome in done]
    with connection.cursor() as cursor:
        cursor.execute("SELECT n, retention_refused(n) FROM unnest(%s::bigint[]) AS n", [records])
        why = {record: reason for record, reason in cursor.fetchall() if reason is not None}
    words = gettext_noop("Refused by the database: %(why)s.")
    refused = {one.item: kept(words, why=why[one.record][:160]) for one, _outcome in done if one.record in why}
    return [(one, outcome) for one, outcome in done if one.record not in why], refused


def _fail(failed: dict[int, str]) -> None:
    if not failed:
        return
    with connection.cursor() as cursor:
        cursor.execute(
            "UPDATE retention_item i SET state = 'failed', error = left(n.error, 300)"
            " FROM unnest(%s::bigint[], %s::text[]) AS n(id, error) WHERE i.id = n.id AND i.state = 'started'",
            [list(failed), list(failed.values())],
        )


def list_in_database(proposal: Proposal) -> str:
    """The hash of the list as it lies there now."""
    with connection.cursor() as cursor:
        cursor.execute("SELECT retention_list_sha256(%s, %s)", [proposal.pk, proposal.items_count])
        return str(cursor.fetchone()[0])
