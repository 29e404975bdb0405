"""The catalogue and a record's page (RET-1, RET-13's search). No count is shown: of fifty million none is cheap."""

from typing import Any

from django.http import HttpRequest, HttpResponse
from django.shortcuts import render
from django.template.defaultfilters import filesizeformat
from django.urls import reverse
from django.utils import timezone
from django.utils.translation import gettext as _
from django.views.decorators.cache import never_cache
from django.views.decorators.http import require_GET, require_POST

from occ.encryption import Shut
from occ.errors import NotAllowed
from occ.lists import listing, remembered
from occ.people.access import get_visible, me
from occ.people.models import User
from occ.people.scope import has_role
from occ.times import local_day
from retention import selectors
from retention.choices import RecordState
from retention.deadlines import backup_due, may_go_on
from retention.filters import RecordFilter
from retention.jobs import keeps, reads, record_rows
from retention.marks import id_of, masked, path_of
from retention.models import Record, Store
from retention.panels import record_panels
from retention.personal import CATALOGUE_READERS, UNMASKED, WAIVERS
from retention.services import records as services
from retention.services import taking
from retention.services.schedule import rule_of, rules_on

SORTS = {"ended": "ended_at"}


@require_GET
def records(request: HttpRequest) -> HttpResponse:
    user = me(request)
    if not has_role(user, CATALOGUE_READERS):
        raise NotAllowed
    if again := remembered(request):
        return again
    context = listing(request, record_rows(user), filters=RecordFilter, sorts=SORTS, default="-ended")
    for row in context["page"].rows:
        row.batch_url = row.batch.get_absolute_url() if row.batch else ""
    imports = {"label": _("Import"), "url": reverse("retention:import"), "icon": "upload"}
    context |= {
        "title": _("Catalogue"),
        "subtitle": _("Every conversation and recording, and where it stands between backup and destruction"),
        "search": _("ID, or how it begins"),
        "actions": [imports] if keeps(user) else [],
        "export_kind": "retention.records" if reads(user) else "",
    }
    return render(request, "retention/records.html", context)


@require_GET
def record(request: HttpRequest, pk: int) -> HttpResponse:
    return _detail(request, get_visible(Record, me(request), pk))


@require_POST
@never_cache
def record_customer(request: HttpRequest, pk: int) -> HttpResponse:
    """Show the customer once; the ledger keeps who looked."""
    found = get_visible(Record, me(request), pk)
    whole = services.record_customer(record_id=found.pk, actor=me(request), now=timezone.now())
    return _detail(request, found, whole=whole)


def _detail(request: HttpRequest, found: Record, whole: str = "") -> HttpResponse:
    user, zone = me(request), found.site.zone
    packed = getattr(found, "packed", None)
    disposals = list(selectors.disposals_of(found))
    findings = list(selectors.findings_of(found))
    for one in findings:
        one.url = one.get_absolute_url()  # type: ignore[attr-defined]
    for item in disposals:
        item.url = item.proposal.get_absolute_url()  # type: ignore[attr-defined]
    context: dict[str, Any] = {
        "title": found.external_id if whole else id_of(found),
        "crumbs": [{"label": _("Catalogue"), "url": reverse("retention:records")}],
        "subtitle": f"{found.get_kind_display()} · {found.get_channel_display()} · {found.site}",
        "record": found,
        "zone": zone,
        "customer": whole or masked(found.customer),
        "may_unmask": bool(found.customer)
        and not whole
        and not isinstance(found.customer, Shut)
        and has_role(user, UNMASKED, site=found.site),
        "facts": _facts(found),
        "periods": _periods(found),
        "batch_url": found.batch.get_absolute_url() if found.batch else "",
        "packed": packed,
        "copies": list(selectors.copies_of(found)),
        "problems": list(found.problems.all()),
        "deeds": _deeds(found, user),
        "findings": findings,
        "disposals": disposals,
        "tombstone": getattr(found, "tombstone", None),
        "outcome": _outcome(found),
        "entries": selectors.record_entries(found),
        **record_panels(found, user, now=timezone.now()),
    }
    return render(request, "retention/record.html", context)


def _outcome(found: Record) -> list[tuple[str, str]]:
    """What became of each copy of a destroyed record: where, what."""
    kept = found.tombstone.outcome if hasattr(found, "tombstone") else {}
    stores = {f"store:{one.code}": one.name for one in Store.objects.all()} if kept else {}
    places = {"source": found.source.name, "file": _("File")} | stores
    deeds = {"deleted": _("deleted"), "key destroyed": _("key destroyed"), "was gone": _("was gone already")}
    return [(places.get(place, place), deeds.get(what, what)) for place, what in sorted(kept.items())]


def _deeds(found: Record, user: User) -> list[dict[str, Any]]:
    """What the reader may decide about what keeps it from being backed up."""
    deeds = []
    if taking.may_take(found, user):
        url = reverse("retention:record_take_file", args=[found.pk])
        deeds.append({"label": _("Take the file as it is now"), "url": url, "icon": "file-check"})
    if has_role(user, WAIVERS, site=found.site) and found.problems.filter(settled_at=None).exists():
        url = reverse("retention:record_waive", args=[found.pk])
        deeds.append({"label": _("Waive the backup"), "url": url, "icon": "file-off"})
    return deeds


def _facts(found: Record) -> list[dict[str, Any]]:
    agent = f"{found.agent.name} · {found.agent.number}" if found.agent else found.agent_label
    return [
        {"label": _("Began"), "at": found.started_at},
        {"label": _("Ended"), "at": found.ended_at},
        {"label": _("Agent"), "value": agent},
        {"label": _("Size"), "value": filesizeformat(found.size)},
        {"label": "SHA-256", "value": found.sha256, "help": "" if found.sha256 else _("Known once it was read.")},
        {"label": _("Source"), "value": found.source.name, "url": found.source.get_absolute_url()},
        {"label": _("File"), "value": path_of(found)},
    ]


def _periods(found: Record) -> list[dict[str, Any]]:
    """What the schedule of today says of it."""
    zone = found.site.zone
    rule = rule_of(found, rules_on(local_day(timezone.now(), zone)))
    due = backup_due(found.ended_at, zone, rule.backup_after_years)
    return [
        {"label": _("To be backed up until"), "due" if found.state == RecordState.CATALOGUED else "day": due},
        {"label": _("May be destroyed from"), "day": may_go_on(found.ended_at, zone, rule.delete_after_years)},
        {"label": _("Basis"), "value": rule.basis, "url": reverse("retention:schedule")},
    ]
