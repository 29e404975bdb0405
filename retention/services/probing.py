"""Is what was destroyed gone (RET-9)? Looked for at its source, in every store, in keys, journals and exports."""

import json
from collections.abc import Iterator
from datetime import datetime, timedelta
from typing import Any

from django.db import transaction
from django.db.models import Exists, OuterRef
from django.utils.translation import gettext as _

from occ.ledger.services import record
from retention.choices import FindingKind, ItemState, RecordState, Result
from retention.marks import path_shown
from retention.models import Copy, LostPacked, Packed, Probe, Proposal, Record, Source, Store, Trail
from retention.services import paper_probing
from retention.services.findings import Seen, findings_keep
from retention.services.looking import companions, there
from retention.storing import PlaceAway, Unreadable, opened
from retention.workflow import DISPOSER

MOST_SHOWN = 200


def probes_run_due(*, now: datetime) -> int:
    """Beat: how many were run; one whose place is away is tried again at the next tick."""
    due = Probe.objects.filter(ran_at=None, due_at__lte=now).order_by("due_at")
    return sum(probe_run(probe_id=pk, now=now) for pk in due.values_list("pk", flat=True))


def probe_run(*, probe_id: int, now: datetime) -> bool:
    """Look for everything that the proposal destroyed; False while a place cannot be asked: then it was not run."""
    from retention.services.ending import exports_remove, packages_remove

    probe = Probe.objects.select_related("proposal__site").get(pk=probe_id)
    documents = probe.proposal.of_documents
    if not documents:
        packages_remove(proposal=probe.proposal, now=now)
        exports_remove(begun_by=probe.proposal.completed_at or now)
    try:
        if documents:
            found = list(paper_probing.found(probe.proposal))
        else:
            found = [
                *_at_sources(probe.proposal), *_in_stores(probe.proposal), *_keys(probe.proposal), *_exports(probe)
            ]  # fmt: skip
    except (PlaceAway, Unreadable) as away:
        found = [{"where": str(away), "name": "", "readable": False}]
        Probe.objects.filter(pk=probe.pk, ran_at=None).update(found=found)
        return False
    return _keep(probe, found, now)


@transaction.atomic
def _keep(probe: Probe, found: list[dict[str, Any]], now: datetime) -> bool:
    """What was found, once: of two who looked at the same time the second leaves nothing."""
    documents = probe.proposal.of_documents
    counted = (probe.proposal.document_tombstones if documents else probe.proposal.tombstones).count()
    result = Result.FAILED if any(one["readable"] for one in found) else Result.OK
    shown = sorted(found, key=lambda one: not one["readable"])[:MOST_SHOWN]
    mine = Probe.objects.filter(pk=probe.pk, ran_at=None)
    if not mine.update(ran_at=now, result=result, counted=counted, found=shown):
        return False
    _tell(probe.proposal, found, now)
    if result == Result.FAILED:  # it is looked for each day until it is gone
        Probe.objects.create(proposal=probe.proposal, due_at=now + timedelta(days=1))
    if result == Result.OK:
        _forget(probe.proposal)
    data = {"result": str(result), "counted": counted, "found": len(found)}
    site = probe.proposal.site
    record(actor=DISPOSER, action="retention.absence_probed", subject=probe.proposal, data=data, now=now, site=site)
    return True


def _tell(proposal: Proposal, found: list[dict[str, Any]], now: datetime) -> None:
    """What lies at a source again is a finding, whose ladder climbs until it is settled."""
    for source in Source.objects.filter(code__in={one["where"] for one in found if one["readable"]}):
        seen = [Seen(one["name"], proposal.site, proposal.number) for one in found if one["where"] == source.code]
        findings_keep(kind=FindingKind.REAPPEARED, place=source, seen=seen, complete=False, now=now)


def _thing(where: str, name: str, readable: bool) -> dict[str, Any]:
    return {"where": where, "name": name, "readable": readable}


def _at_sources(proposal: Proposal) -> Iterator[dict[str, Any]]:
    """Files, their companions, and every version of them. Raises Unreadable: nobody knows where to look."""
    trails = list(proposal.trails.values_list("pk", "source_id", "files").order_by("pk"))
    if sum(files for _pk, _source, files in trails) < proposal.tombstones.count():
        raise Unreadable(_("Where the files lay is not known any more."))
    sources = Source.objects.select_related("credential").in_bulk({source for _pk, source, _files in trails})
    for pk, source_pk, _files in trails:
        source = sources[source_pk]
        paths: list[str] = json.loads(Trail.objects.values_list("names", flat=True).get(pk=pk))
        # A conversation of its own that took the place of a destroyed one: the catalogue has seen that it is another.
        others = Record.objects.kept().filter(source=source_pk, path__in=paths)
        taken = set(others.values_list("path", flat=True))
        paths = [path for path in paths if path not in taken]
        beside = companions(source_pk, paths) if source.sidecar else {}
        names = [*paths, *(name for them in beside.values() for name in them)]
        shelf = opened(source)
        known = shelf.local is not None and there(source_pk, shelf, {"": False})
        for name in shelf.absent_many(names, known=known):
            yield _thing(source.code, path_shown(source.code, name), True)


def _forget(proposal: Proposal) -> None:
    """Nobody will look again: where the files lay is not kept any longer."""
    if not proposal.probes.filter(ran_at=None).exists():
        proposal.trails.all().delete()


def _in_stores(proposal: Proposal) -> Iterator[dict[str, Any]]:
    """Packages of which no record has a key: what still lies there can be read by nobody, but is said."""
    empty = packs_without_key(proposal)
    for store in Store.objects.filter(copies__pack__in=empty).distinct().select_related("credential"):
        names = list(Copy.objects.filter(store=store, pack__in=empty).values_list("pack__name", flat=True))
        for name in opened(store).absent_many(names):
            yield _thing(store.code, name, False)


def packs_without_key(proposal: Proposal) -> list[int]:
    """Packages in which the proposal had something destroyed, and in which nothing has a key any more."""
    records = proposal.items.filter(state=ItemState.DESTROYED).values("record_id")
    packs: set[int] = set()
    kept: set[int] = set()
    for model in (Packed, LostPacked):
        packs |= set(model.objects.filter(record__in=records, key=None).values_list("pack_id", flat=True).distinct())
    for model in (Packed, LostPacked):
        kept |= set(model.objects.filter(pack__in=packs, key__isnull=False).values_list("pack_id", flat=True))
    return sorted(packs - kept)


def _keys(proposal: Proposal) -> Iterator[dict[str, Any]]:
    for model in (Packed, LostPacked):
        left = model.objects.filter(record__tombstone__proposal=proposal, key__isnull=False)
        for name in left.values_list("name", flat=True):
            yield _thing("OCC", name, True)


def _exports(probe: Probe) -> Iterator[dict[str, Any]]:
    from retention.services.ending import exports_begun

    done = probe.proposal.completed_at
    for name in exports_begun(done or probe.due_at).values_list("output_name", flat=True):
        yield _thing("OCC", name, True)


def recount(proposal: Proposal) -> dict[str, int]:
    """Counted anew from four tables that know of each other by the record only; all the same when all is well."""
    if proposal.of_documents:
        return paper_probing.recount(proposal)
    dead = Record.objects.filter(tombstone__proposal=proposal, state=RecordState.DESTROYED)
    return {
        "lines": proposal.items.filter(state=ItemState.DESTROYED).count(),
        "records": dead.count(),
        "tombstones": proposal.tombstones.count(),
        "without_key": dead.filter(~Exists(Packed.objects.filter(record=OuterRef("pk"), key__isnull=False))).count(),
        "journal": sum(proposal.journals.values_list("lines", flat=True)),
    }
