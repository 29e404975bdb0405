"""Who heard or read which conversation, when and what for (RET-13): a list for those who audit it."""

from django.http import HttpRequest, HttpResponse
from django.shortcuts import render
from django.urls import reverse
from django.utils.translation import gettext as _
from django.views.decorators.http import require_GET

from occ.errors import NotAllowed
from occ.lists import listing
from occ.people.access import me
from retention.reading.readings import ReadingFilter, audits, reading_rows, reading_said


@require_GET
def readings(request: HttpRequest) -> HttpResponse:
    user = me(request)
    if not audits(user):
        raise NotAllowed
    context = listing(request, reading_rows(user), filters=ReadingFilter, sorts={"no": "id"}, default="-no")
    for row in context["page"].rows:
        row.said = reading_said(row)
        row.url = reverse("retention:record", args=[row.subject_id]) if row.subject_id else ""
    context |= {
        "title": _("Listenings and readings"),
        "subtitle": _("Who heard or read which conversation, when and what for; as the evidence ledger keeps it"),
        "crumbs": [{"label": _("Keeping of records"), "url": reverse("retention:compliance")}],
        "search": _("Name, or the whole ID at the source"),
        "export_kind": "retention.readings",
    }
    return render(request, "retention/readings_list.html", context)
