"""The second half of a deletion: keys, rows and tombstones, as few statements for many records.

Everything here is refused by the database when one record of them may not go (retention_refused); the rest is then
done without it.
"""

from collections.abc import Sequence
from datetime import datetime
from typing import TYPE_CHECKING

from django.db import IntegrityError, connection, transaction
from django.utils.translation import gettext as _

from occ.ledger.services import record
from retention.choices import ItemState
from retention.models import Item, Proposal
from retention.services.derived import derived_destroy
from retention.services.lines import list_sha256
from retention.workflow import DISPOSER

if TYPE_CHECKING:
    from retention.services.looking import Line

TOMBSTONES = """
INSERT INTO retention_tombstone (record_id, proposal_id, number, source, id_mark, path_mark, kind, ended_on, size,
    sha256, sha512, bag, destroyed_at, outcome)
SELECT r.id, %(proposal)s, %(number)s, s.code,
       encode(sha256(convert_to(s.code || E'\\n' || r.external_id, 'UTF8')), 'hex'),
       encode(sha256(convert_to(s.code || E'\\n' || r.path, 'UTF8')), 'hex'),
       r.kind, (r.ended_at AT TIME ZONE t.timezone)::date, r.size, coalesce(nullif(k.sha256, ''), r.sha256),
       coalesce(k.sha512, ''), coalesce(b.identifier, ''), %(now)s,
       jsonb_build_object('source', n.outcome) || coalesce(
           (SELECT jsonb_object_agg('store:' || st.code, 'key destroyed') FROM retention_copy c
              JOIN retention_store st ON st.id = c.store_id WHERE c.pack_id = k.pack_id AND c.gone_at IS NULL), '{}')
  FROM unnest(%(records)s::bigint[], %(outcomes)s::text[]) AS n(record, outcome)
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
    done = [(one.item, one.record, gone[item]) for item, one in by_item.items() if item in mine]
    try:
        with transaction.atomic():
            _destroy(proposal, done, now)
    except IntegrityError:
        done, refused = _sorted_out(done)
        failed |= refused
        _destroy(proposal, done, now)
    _fail(failed)
    if done:
        digest = list_sha256(str(one[1]) for one in done)
        data = {"records": len(done), "first": done[0][1], "last": done[-1][1], "sha256_of_ids": digest}
        record(
            actor=DISPOSER, action="retention.destroyed", subject=proposal, data=data, now=now, site=proposal.site
        )  # fmt: skip
    return len(done)


def _destroy(proposal: Proposal, done: Sequence[tuple[int, int, str]], now: datetime) -> None:
    if not done:
        return
    items, records, outcomes = (list(one) for one in zip(*done, strict=True))
    with connection.cursor() as cursor:
        cursor.execute(
            "UPDATE retention_record SET state = 'destroyed', customer = '', customer_mark = '' WHERE id = ANY(%s)",
            [records],
        )
        cursor.execute(
            "UPDATE retention_packed SET key = NULL, destroyed_at = %s WHERE record_id = ANY(%s)", [now, records]
        )
        cursor.execute(
            TOMBSTONES,
            {"proposal": proposal.pk, "number": proposal.number, "now": now, "records": records, "outcomes": outcomes},
        )
        cursor.execute(
            "UPDATE retention_item SET state = 'destroyed', destroyed_at = %s, error = '' WHERE id = ANY(%s)",
            [now, items],
        )
    derived_destroy(records)


def _sorted_out(done: list[tuple[int, int, str]]) -> tuple[list[tuple[int, int, str]], dict[int, str]]:
    """Those that the database lets go, and why it does not the others."""
    with connection.cursor() as cursor:
        cursor.execute("SELECT n, retention_refused(n) FROM unnest(%s::bigint[]) AS n", [[one[1] for one in done]])
        why = {record: reason for record, reason in cursor.fetchall() if reason is not None}
    refused = {item: _("Refused by the database: %(why)s.") % {"why": why[rec]} for item, rec, _o in done if rec in why}
    return [one for one in done if one[1] not in why], refused


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
