"""Journals of what was destroyed, in every store: a database restored from before learns of it there (RET-9).

`tombstones/<number>/<page>.jsonl`: a head, a line per tombstone, and a last line with a keyed hash over all before it:
whoever can write to a store cannot have anything destroyed by it.
"""

import hashlib
import hmac
import json
from collections.abc import Iterator, Sequence
from contextlib import contextmanager
from dataclasses import dataclass, field
from datetime import datetime
from typing import Any

from django.conf import settings
from django.db import DatabaseError, connection, transaction
from django.db.models import Max, QuerySet
from django.utils import timezone
from django.utils.dateparse import parse_datetime
from django.utils.translation import gettext as _
from django.utils.translation import gettext_noop, ngettext

from occ.after_restore import register
from occ.errors import Refused
from occ.ledger.services import record
from occ.texts import kept
from retention.choices import Channel, ItemState, ProposalStatus
from retention.marks import id_kept, id_mark
from retention.models import Item, Journal, JournalProof, Proposal, Record, Source, Store, Tombstone
from retention.services import paper_journal
from retention.services.burying import ERASE_LOST
from retention.storing import PlaceAway, Unreadable, opened
from retention.workflow import DISPOSER

FOLDER = "tombstones"
PAGE = 5_000
DOCUMENTS = "documents"  # what a page's head says that is of documents
FACTS = ("record_id", "source", "id_mark", "path_mark", "kind", "ended_on", "size", "sha256", "sha512", "bag",
         "destroyed_at", "outcome")  # fmt: skip


def journals_write(*, proposal: Proposal, now: datetime) -> int:
    """Write what no journal has yet into every store; how many lines. Raises PlaceAway.

    A page counts once it lies in all of them; one that is written again is the same or more.
    """
    written = 0
    while page := _next_page(proposal):
        number, stones = page
        name = f"{FOLDER}/{proposal.number}/{number}.jsonl"
        content = _content(proposal, number, stones)
        for store in Store.objects.active().select_related("credential"):
            opened(store).put(name, content)
        Journal.objects.create(
            proposal=proposal, page=number, name=name, first_id=stones[0]["pk"], last_id=stones[-1]["pk"],
            lines=len(stones), sha256=hashlib.sha256(content).hexdigest(), written_at=now,
        )  # fmt: skip
        written += len(stones)
    return written


def journals_keep(store: Store) -> int:
    """Write again what the store lacks: it came later, or somebody removed it; how many. Raises PlaceAway."""
    shelf, count = opened(store), 0
    there = {one.name for one in shelf.objects(f"{FOLDER}/")}
    for page in Journal.objects.exclude(name__in=there).select_related("proposal__site", "proposal__approval"):
        shelf.put(page.name, journal_content(page))
        count += 1
    return count


def journal_content(page: Journal) -> bytes:
    """As the tombstones have it now, which only grow."""
    rows = _stones(page.proposal).filter(pk__gte=page.first_id, pk__lte=page.last_id).order_by("pk")
    return _content(page.proposal, page.page, list(rows.values("pk", *_facts(page.proposal))))


def _next_page(proposal: Proposal) -> tuple[int, list[dict[str, Any]]] | None:
    last = proposal.journals.aggregate(page=Max("page"), pk=Max("last_id"))
    rows = _stones(proposal).filter(pk__gt=last["pk"] or 0).order_by("pk")
    stones = list(rows.values("pk", *_facts(proposal))[:PAGE])
    return ((last["page"] or 0) + 1, stones) if stones else None


def _stones(proposal: Proposal) -> "QuerySet[Any]":
    return proposal.document_tombstones.all() if proposal.of_documents else proposal.tombstones.all()


def _facts(proposal: Proposal) -> tuple[str, ...]:
    return paper_journal.FACTS if proposal.of_documents else FACTS


def _content(proposal: Proposal, page: int, stones: Sequence[dict[str, Any]]) -> bytes:
    approval = proposal.approval
    head = {
        "number": proposal.number, "page": page, "site": proposal.site.code, "list_sha256": proposal.list_sha256,
        "approved_by": approval.name if approval else "", "approved_at": approval.decided_at if approval else None,
    }  # fmt: skip
    if proposal.of_documents:
        head["of"] = DOCUMENTS
    rows = [head, *({name: one[name] for name in _facts(proposal)} for one in stones)]
    text = "".join(f"{json.dumps(row, default=str, ensure_ascii=False)}\n" for row in rows)
    return (text + json.dumps({"hmac": _hmac(text)}) + "\n").encode()


def _hmac(text: str) -> str:
    key = hashlib.sha256(b"retention.journal" + settings.SECRET_KEY.encode()).digest()
    return hmac.new(key, text.encode(), hashlib.sha256).hexdigest()


@dataclass
class Reapplied:
    """`refused`: journals that were not believed, or stores that could not be asked, with why."""

    journals: int = 0
    known: int = 0
    destroyed: int = 0
    placed: int = 0  # records that this database had never heard of
    documents: int = 0  # among the destroyed
    refused: list[str] = field(default_factory=list)


def journals_reapply(*, now: datetime) -> Reapplied:
    """Destroy again what the stores' journals say is destroyed and this database does not know of.

    Works as the owner of the tables only, as which a backup is restored. What one store lacks another may have.
    """
    done = Reapplied()
    for store in Store.objects.active().select_related("credential"):
        try:
            shelf = opened(store)
            for one in sorted(shelf.objects(f"{FOLDER}/"), key=lambda found: found.name):
                done.journals += 1
                try:
                    content = b"".join(shelf.read(one.name))
                except (FileNotFoundError, Unreadable) as error:  # its fellows are read
                    done.refused.append(f"{store.code}: {one.name}: {error}")
                    continue
                _apply(store, one.name, content, done, now)
        except PlaceAway as away:
            done.refused.append(f"{store.code}: {away}")
    return done


def _apply(store: Store, name: str, content: bytes, done: Reapplied, now: datetime) -> None:
    rows, why = journal_read(content)
    if why:
        done.refused.append(f"{store.code}: {name}: {why}")
        return
    proof = {"number": rows[0]["number"], "store": store.code, "name": name[:120],
             "sha256": hashlib.sha256(content).hexdigest(), "read_at": now}  # fmt: skip
    if rows[0].get("of") == DOCUMENTS:
        paper_journal.reapply(rows[1:], proof, done, now)
        return
    known = set(
        Tombstone.objects.filter(id_mark__in=[one["id_mark"] for one in rows[1:]]).values_list("id_mark", flat=True)
    )
    done.known += len(known)
    for row in rows[1:]:
        if row["id_mark"] not in known:
            with row_refused(done, proof, row["record_id"]):
                _destroy_again(row, proof, done, now)


@contextmanager
def row_refused(done: "Reapplied", proof: dict[str, Any], name: object) -> Iterator[None]:
    """One row that cannot be destroyed again is told, and keeps no other from it; nothing of it stays half done."""
    placed = done.placed
    try:
        with transaction.atomic():
            yield
    except (Refused, DatabaseError, LookupError, ValueError, TypeError) as error:
        done.placed = placed
        why = str(error).partition("\n")[0][:200] or type(error).__name__
        words = {"name": proof["name"], "row": name, "why": why}
        done.refused.append(_("%(name)s: %(row)s is not destroyed again: %(why)s") % words)


def journal_read(content: bytes) -> tuple[list[dict[str, Any]], str]:
    """Its head and its lines; or none, and why it is not believed."""
    text, _newline, last = content.decode(errors="replace").rstrip("\n").rpartition("\n")
    try:
        told = json.loads(last)["hmac"]
        rows = [json.loads(line) for line in text.split("\n")]
    except (ValueError, KeyError, TypeError, RecursionError):
        return [], _("no journal")
    if not hmac.compare_digest(str(told).encode(errors="replace"), _hmac(text + "\n").encode()):
        return [], _("not written by this installation")
    return rows, ""


@transaction.atomic
def _destroy_again(row: dict[str, Any], proof: dict[str, Any], done: Reapplied, now: datetime) -> None:
    found = _record_of(row)
    if found is None:
        found = _placed(row)
        if found is None:
            done.refused.append(f"{proof['name']}: " + _("unknown source %(code)s") % {"code": row["source"]})
            return
        done.placed += 1
    JournalProof.objects.create(record=found, **proof)
    with connection.cursor() as cursor:
        cursor.execute(
            "UPDATE retention_record SET state = 'destroyed', customer = '', customer_mark = '',"
            " names_customer = false, external_id = %s, path = %s WHERE id = %s",
            [id_kept(row["source"], found.external_id, found.customer), row["path_mark"], found.pk],
        )
        cursor.execute(
            "UPDATE retention_packed SET key = NULL, destroyed_at = %s WHERE record_id = %s AND key IS NOT NULL",
            [now, found.pk],
        )
        cursor.execute(ERASE_LOST, [now, [found.pk]])
    facts = {name: row[name] for name in FACTS if name not in ("record_id", "destroyed_at")}
    Tombstone.objects.create(
        record=found, number=proof["number"], destroyed_at=parse_datetime(row["destroyed_at"]) or now, **facts
    )
    for item in Item.objects.filter(record=found, live=True).select_related("proposal"):
        Item.objects.filter(pk=item.pk).update(state=ItemState.RELEASED, live=False)
        void_if_open(item.proposal, now)
    data = {"journal": proof["name"], "store": proof["store"], "sha256": proof["sha256"]}
    record(actor=DISPOSER, action="retention.destroyed_again", subject=found, data=data, now=now, site=found.site)
    done.destroyed += 1


def void_if_open(proposal: Proposal, now: datetime) -> None:
    from retention.services.proposals import proposal_void

    proposal.refresh_from_db()
    if proposal.status == ProposalStatus.WITH_CLIENT:
        proposal_void(proposal_id=proposal.pk, note=kept(gettext_noop("Lines of it were destroyed before.")), now=now)


def _record_of(row: dict[str, Any]) -> Record | None:
    """By its key, which an older database may have given to another one; else among those of that day."""
    rows = Record.objects.select_related("site").defer("customer").filter(source__code=row["source"])
    near = rows.filter(pk=row["record_id"]), rows.filter(kind=row["kind"], size=row["size"])
    for some in near:
        for pk, external_id in some.values_list("pk", "external_id").iterator():
            if id_mark(row["source"], external_id) == row["id_mark"]:
                return rows.get(pk=pk)
    return None


def _placed(row: dict[str, Any]) -> Record | None:
    """A row for what this database never catalogued, so that no scan of an old disk brings it back."""
    source = Source.objects.filter(code=row["source"]).first()
    if source is None:
        return None
    at = parse_datetime(f"{row['ended_on']}T12:00:00+07:00") or timezone.now()
    return Record.objects.create(
        source=source, external_id=row["id_mark"], kind=row["kind"], channel=source.channel or Channel.VOICE,
        site=source.site, started_at=at, ended_at=at, path=row["path_mark"], size=row["size"], sha256=row["sha256"],
        catalogued_at=at,
    )  # fmt: skip


def after_restore(now: datetime) -> list[str]:
    done = journals_reapply(now=now)
    records = done.destroyed - done.documents
    told = {
        ngettext(
            "%(count)s record that was destroyed since this backup is destroyed again.",
            "%(count)s records that were destroyed since this backup are destroyed again.",
            records,
        ): records,
        ngettext(
            "%(count)s document that was destroyed since this backup is destroyed again.",
            "%(count)s documents that were destroyed since this backup are destroyed again.",
            done.documents,
        ): done.documents,
    }
    return [*(words % {"count": count} for words, count in told.items() if count), *done.refused]


register(after_restore)
