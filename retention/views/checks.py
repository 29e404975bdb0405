"""Checks (RET-6): what was read and compared, and what was not run."""

from django.http import HttpRequest, HttpResponse
from django.shortcuts import render
from django.urls import reverse
from django.utils.translation import gettext as _
from django.views.decorators.http import require_GET

from occ.documents.models import IssuedDocument
from occ.lists import listing, remembered
from occ.people.access import get_visible, me
from occ.times import JAKARTA
from retention.batching.lists import CheckFilter, check_rows
from retention.models import Check


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
    context = {
        "title": str(found.get_kind_display()),
        "crumbs": [{"label": _("Backup checks"), "url": reverse("retention:checks")}],
        "subtitle": found.of,
        "check": found,
        "actions": [
            {"label": document.full_number, "url": document.get_absolute_url(), "icon": "file-certificate"}
        ] if document else [],
        "zone": found.batch.site.zone if found.batch else JAKARTA,
    }  # fmt: skip
    return render(request, "retention/check.html", context)
