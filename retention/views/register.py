"""The register of documents (RET-11): one list of all, entries by hand and by spreadsheet, issued as a PDF."""

from typing import Any

from django.http import HttpRequest, HttpResponse
from django.shortcuts import render
from django.urls import reverse
from django.utils import timezone
from django.utils.translation import gettext as _
from django.views.decorators.http import require_GET, require_http_methods

from occ.documents.choices import Purpose
from occ.documents.signing import signing_confirm
from occ.errors import NotAllowed
from occ.form_pages import form_page
from occ.jobs.models import Job
from occ.jobs.services import job_start
from occ.lists import listing, remembered
from occ.people.access import get_visible, me
from occ.people.scope import has_role
from occ.timeline import changes
from retention.choices import EntryStatus
from retention.models import Entry, RegisterLine, Shredding
from retention.personal import CATALOGUE_READERS
from retention.registering import jobs
from retention.registering.disposing import disposals_of
from retention.registering.filters import RegisterFilter
from retention.registering.forms import EntryChangeForm, EntryForm, RegisterIssueForm
from retention.registering.words import state_of, title_of, url_of_line
from retention.services import register as services


def crumbs() -> list[dict[str, str]]:
    return [{"label": _("Register of documents"), "url": reverse("retention:register")}]


@require_GET
def register(request: HttpRequest) -> HttpResponse:
    user = me(request)
    if not has_role(user, CATALOGUE_READERS):
        raise NotAllowed
    if again := remembered(request):
        return again
    rows = RegisterLine.objects.visible_to(user).select_related("site")
    sorts = {"issued": "issued_on", "expires": "expires_on", "number": "number"}
    context = listing(request, rows, filters=RegisterFilter, sorts=sorts, default="-issued")
    today = timezone.localdate()
    disposals = disposals_of(context["page"].rows, user, today)
    for row in context["page"].rows:
        row.state, row.url, row.said = state_of(row, today), url_of_line(row), title_of(row)
        row.disposal = disposals.get(row.key)
    actions = [{"label": _("Issued documents"), "url": reverse("documents:register"), "icon": "files"}]
    if services.may_register(user):
        actions += [
            {"label": _("Import"), "url": reverse("retention:entries:import"), "icon": "upload"},
            {"label": _("Issue as PDF"), "url": reverse("retention:register_issue"), "icon": "file-certificate"},
            {"label": _("Enter a document"), "url": reverse("retention:entry_new"), "icon": "plus", "tone": "primary"},
        ]
    context |= {
        "title": _("Register of documents"),
        "subtitle": _("Daftar catatan dokumen: issued, backed up, and entered by hand"),
        "search": _("Number, title, or where it is kept"),
        "export_kind": "retention.register",
        "actions": actions,
    }
    return render(request, "retention/register.html", context)


@require_GET
def entry(request: HttpRequest, pk: int) -> HttpResponse:
    user, found = me(request), get_visible(Entry, me(request), pk)
    may = services.may_register(user, found.site) and found.status == EntryStatus.KEPT
    edit = {"label": _("Put right"), "url": reverse("retention:entry_edit", args=[found.pk]), "icon": "pencil"}
    line = RegisterLine.objects.get(key=f"E{found.pk}")
    context = {
        "title": found.number,
        "subtitle": found.title,
        "crumbs": crumbs(),
        "actions": [edit] if may else [],
        "entry": found,
        "state": state_of(line, timezone.localdate()),
        "disposal": disposals_of([line], user, timezone.localdate()).get(line.key),
        "shredding": Shredding.objects.filter(item__entry=found).first(),
        "entries": changes(found.history.all()),
        "zone": found.site.zone,
    }
    return render(request, "retention/entry.html", context)


@require_http_methods(["GET", "POST"])
def entry_new(request: HttpRequest) -> HttpResponse:
    user = me(request)
    if not services.may_register(user):
        raise NotAllowed
    form = EntryForm(request.POST or None, user=user, initial={"owner_role": "document_control"})
    return form_page(
        request, form, lambda data: services.entry_add(line=form.line(), actor=user, now=timezone.now()),
        said=lambda made: _("%(number)s is in the register.") % {"number": made.number},
        title=_("Enter a document"), crumbs=crumbs(), submit=_("Save"), cancel_url=reverse("retention:register"),
    )  # fmt: skip


@require_http_methods(["GET", "POST"])
def entry_edit(request: HttpRequest, pk: int) -> HttpResponse:
    user, found = me(request), get_visible(Entry, me(request), pk)
    if not services.may_register(user, found.site):
        raise NotAllowed
    initial = {name: getattr(found, name) for name in services.FIELDS}
    form = EntryChangeForm(request.POST or None, user=user, initial=initial)

    def change(data: dict[str, Any]) -> Entry:
        return services.entry_change(
            entry_id=pk, line=form.line(), why=data["why"], actor=user, now=timezone.now()
        )  # fmt: skip

    return form_page(
        request, form, change, said=_("Saved."), to=found, title=_("Put right: %(number)s") % {"number": found.number},
        crumbs=[*crumbs(), {"label": found.number, "url": found.get_absolute_url()}], submit=_("Save"),
        cancel_url=found.get_absolute_url(),
    )  # fmt: skip


@require_http_methods(["GET", "POST"])
def register_issue(request: HttpRequest) -> HttpResponse:
    user, now = me(request), timezone.now()
    if not services.may_register(user):
        raise NotAllowed
    form = RegisterIssueForm(request.POST or None, user=user, initial={"language": request.LANGUAGE_CODE})

    def start(data: dict[str, Any]) -> Job:
        signing = signing_confirm(user=user, password=data["password"], purpose=Purpose.PREPARED, now=now)
        params = {
            "site": data["site"].pk, "language": data["language"], "signing": signing.kept(),
            "period": [data["first"].isoformat(), data["last"].isoformat()] if data["first"] else [],
        }  # fmt: skip
        return job_start(kind=jobs.PDF.key, params=params, owner=user, now=now)

    return form_page(
        request, form, start, title=_("Issue the register as PDF"), crumbs=crumbs(), submit=_("Sign and issue"),
        cancel_url=reverse("retention:register"),
    )  # fmt: skip
