"""Checks (RET-6): what was read and compared, and what was not run."""

from django.db.models import Q, QuerySet
from django.http import HttpRequest, HttpResponse
from django.shortcuts import render
from django.urls import reverse
from django.utils import timezone
from django.utils.translation import gettext as _
from django.views.decorators.http import require_GET

from occ.documents.models import IssuedDocument
from occ.lists import listing, remembered
from occ.people.access import get_visible, me
from occ.people.models import User
from occ.times import JAKARTA
from retention.batching.lists import CheckFilter, check_rows
from retention.models import Check, Finding

SHOWN = 20  # findings on the page of a check


def findings_of(check: Check, user: User) -> QuerySet[Finding]:
    """What was known to be wrong, when it ended, with what it read; a finding that was settled later too."""
    ended = check.ended_at or timezone.now()
    rows = Finding.objects.visible_to(user).filter(found_at__lte=ended, source=check.source)
    rows = rows.filter(Q(settled_at=None) | Q(settled_at__gt=ended))
    if check.pack:  # of it, or of the key that opens it
        rows = rows.filter(Q(name=check.pack.name) | Q(store=None, bag=check.pack.bag_id))
    elif check.batch_id:
        rows = rows.filter(bag__batch=check.batch_id)
    elif check.store_id:
        rows = rows.filter(Q(store=check.store_id) | Q(store=None))
    else:  # single packages: what was found by it, or seen again
        rows = rows.filter(Q(found_at__gte=check.started_at) | Q(seen_at__gte=check.started_at, seen_at__lte=ended))
    return rows.select_related("store").order_by("-seen_at", "pk")


@require_GET
def checks(request: HttpRequest) -> HttpResponse:
    if again := remembered(request):
        return again
    sorts = {"started": "started_at", "bytes": "bytes_count"}
    context = listing(request, check_rows(me(request)), filters=CheckFilter, sorts=sorts, default="-started")
    context |= {
        "title": _("Backup checks"),
        "subtitle": _("Packages read and compared, lists of the stores, restore drills"),
        "search": _("Note, person or seed"),
        "export_kind": "retention.checks",
    }
    return render(request, "retention/checks.html", context)


@require_GET
def check(request: HttpRequest, pk: int) -> HttpResponse:
    found = get_visible(Check, me(request), pk)
    documents = IssuedDocument.objects.visible_to(me(request))
    document = documents.filter(pk=found.document_id).first() if found.document_id else None
    findings = list(findings_of(found, me(request))[: SHOWN + 1]) if found.failures else []
    context = {
        "title": str(found.get_kind_display()),
        "crumbs": [{"label": _("Backup checks"), "url": reverse("retention:checks")}],
        "subtitle": found.of,
        "check": found,
        "findings": findings[:SHOWN],
        "more": len(findings) > SHOWN,
        "actions": [
            {"label": document.full_number, "url": document.get_absolute_url(), "icon": "file-certificate"}
        ] if document else [],
        "zone": found.batch.site.zone if found.batch else JAKARTA,
    }  # fmt: skip
    return render(request, "retention/check.html", context)
