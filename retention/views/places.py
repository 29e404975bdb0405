"""Sources and stores: where they are, whether they answer, and what a source's scans found (RET-2)."""

from typing import Any

from django import forms
from django.contrib import messages
from django.http import HttpRequest, HttpResponse
from django.shortcuts import redirect, render
from django.urls import reverse
from django.utils import timezone
from django.utils.translation import gettext as _
from django.views.decorators.cache import never_cache
from django.views.decorators.http import require_GET, require_http_methods, require_POST

from occ.errors import Invalid, NotAllowed, Refused
from occ.form_pages import form_done
from occ.forms import add_refusal
from occ.lists import listing, remembered
from occ.people.access import get_visible, me
from occ.people.scope import has_role
from occ.timeline import changes
from retention.filters import SourceFilter, StoreFilter
from retention.forms import SourceForm, StoreForm
from retention.marks import numbers_hidden
from retention.models import Finding, Source, Store
from retention.personal import PLACE_READERS
from retention.services import places as services
from retention.services.facts import Read
from retention.services.filling import filling_of, store_fill_ask
from retention.services.scanning import may_scan, scan_enqueue
from retention.storing import PlaceAway

SORTS = {"code": "code", "name": "name"}


def source_crumbs() -> list[dict[str, str]]:
    return [{"label": _("Sources"), "url": reverse("retention:sources")}]


def store_crumbs() -> list[dict[str, str]]:
    return [{"label": _("Stores"), "url": reverse("retention:stores")}]


@require_GET
def sources(request: HttpRequest) -> HttpResponse:
    user = me(request)
    if not has_role(user, PLACE_READERS):
        raise NotAllowed
    if again := remembered(request):
        return again
    rows = Source.objects.visible_to(user).select_related("site")
    context = listing(request, rows, filters=SourceFilter, sorts=SORTS, default="code")
    new = {"label": _("New source"), "url": reverse("retention:source_new"), "icon": "plus", "tone": "primary"}
    context |= {
        "title": _("Sources"),
        "subtitle": _("Where applications leave their conversations and recordings"),
        "search": _("Code, name or address"),
        "actions": [new] if services.may_edit_sources(user) else [],
        "export_kind": "retention.sources",
    }
    return render(request, "retention/sources.html", context)


@require_GET
def source(request: HttpRequest, pk: int) -> HttpResponse:
    user, found = me(request), get_visible(Source, me(request), pk)
    may_edit = services.may_edit_sources(user, found.site)
    edit = {"label": _("Edit"), "url": reverse("retention:source_edit", args=[pk]), "icon": "pencil"}
    findings = Finding.objects.open().filter(source=found)
    context = {
        "title": found.name,
        "crumbs": source_crumbs(),
        "subtitle": found.code,
        "actions": [edit] if may_edit else [],
        "source": found,
        "keys_kept": services.kept_of(found) is not None,
        "may_edit": may_edit,
        "may_scan": found.active and may_scan(user, found),
        "scans": found.scans.all()[:20],
        "last": found.scans.first(),
        "findings": findings.count(),
        "findings_url": reverse("retention:findings"),
        "entries": changes(found.history.all()),
        "zone": found.site.zone,
    }
    return render(request, "retention/source.html", context)


@require_http_methods(["GET", "POST"])
def source_new(request: HttpRequest) -> HttpResponse:
    if not services.may_edit_sources(me(request)):
        raise NotAllowed
    return _source_form(request, None)


@require_http_methods(["GET", "POST"])
def source_edit(request: HttpRequest, pk: int) -> HttpResponse:
    found = get_visible(Source, me(request), pk)
    if not services.may_edit_sources(me(request), found.site):
        raise NotAllowed
    return _source_form(request, found)


def _source_form(request: HttpRequest, found: Source | None) -> HttpResponse:
    """Saved, or with the button "Try it" shown with what its pattern reads out of the first files."""
    user, now = me(request), timezone.now()
    kept = services.kept_of(found) if found else None
    initial = _initial(found, services.SOURCE_FIELDS, kept) if found else None
    form = SourceForm(request.POST or None, initial=initial, new=found is None, keys_kept=kept is not None, user=user)
    tried: list[Read] | None = None
    if request.method == "POST" and form.is_valid():
        code = form.cleaned_data.get("code", "")
        try:
            if "try" in request.POST:
                tried = _tried(form, found, code)
            else:
                done = services.source_save(
                    source_id=found.pk if found else None, code=code, values=form.values(), keys=form.keys(),
                    note=form.cleaned_data["note"], actor=user, now=now,
                )  # fmt: skip
                messages.success(request, _("Saved."))
                return redirect(done)
        except Refused as refusal:
            add_refusal(form, refusal)
    return _form(request, found, form, _("New source"), source_crumbs(), "retention:sources", tried)


def _tried(form: SourceForm, found: Source | None, code: str) -> list[Read]:
    kept = services.kept_of(found) if found else None
    source = services.placed(Source(code=code), form.values(), services.SOURCE_FIELDS, form.keys(), kept)
    try:
        return services.source_try(source, now=timezone.now())
    except PlaceAway as away:
        raise Invalid(_("It cannot be reached: %(why)s") % {"why": away}, field="url") from away


@require_POST
def source_try(request: HttpRequest, pk: int) -> HttpResponse:
    """Asks the place, really; the answer is a message on its page."""
    return _try(request, get_visible(Source, me(request), pk))


@require_POST
def source_scan(request: HttpRequest, pk: int) -> HttpResponse:
    found = get_visible(Source, me(request), pk)
    if not may_scan(me(request), found):
        raise NotAllowed
    if not found.active:
        messages.error(request, _("This source is not in use."))
    elif scan_enqueue(found.pk, me(request).pk):
        messages.success(request, _("The scan begins; what it finds is shown here."))
    else:
        messages.error(request, _("No worker can be told now. Try again in a minute."))
    return redirect(found)


def _try(request: HttpRequest, place: Source | Store) -> HttpResponse:
    try:
        found = services.place_try(place=place, actor=me(request), now=timezone.now())
    except PlaceAway as away:
        messages.error(request, _("It cannot be reached: %(why)s") % {"why": away})
    else:
        words = _("It answers. Its list begins with %(name)s.") if found else _("It answers. Nothing lies in it.")
        messages.success(request, words % {"name": numbers_hidden(services.shown(found[0].name))} if found else words)
    return redirect(place)


@require_GET
def stores(request: HttpRequest) -> HttpResponse:
    user = me(request)
    if not has_role(user, PLACE_READERS):
        raise NotAllowed
    if again := remembered(request):
        return again
    rows = Store.objects.visible_to(user)
    context = listing(request, rows, filters=StoreFilter, sorts=SORTS, default="code")
    new = {"label": _("New store"), "url": reverse("retention:store_new"), "icon": "plus", "tone": "primary"}
    context |= {
        "title": _("Stores"),
        "subtitle": _("Where the backups are kept; each package lies in every store in use"),
        "search": _("Code, name or address"),
        "actions": [new] if services.may_edit_stores(user) else [],
        "export_kind": "retention.stores",
    }
    return render(request, "retention/stores.html", context)


@require_GET
@never_cache
def store(request: HttpRequest, pk: int) -> HttpResponse:
    user, found = me(request), get_visible(Store, me(request), pk)
    may_edit = services.may_edit_stores(user)
    edit = {"label": _("Edit"), "url": reverse("retention:store_edit", args=[pk]), "icon": "pencil"}
    context = {
        "title": found.name,
        "crumbs": store_crumbs(),
        "subtitle": found.code,
        "actions": [edit] if may_edit else [],
        "store": found,
        "keys_kept": services.kept_of(found) is not None,
        "may_edit": may_edit,
        "entries": changes(found.history.all()),
        "checks": found.checks.all()[:10],
        "filling": filling_of(found),
        "fills": may_edit and found.active,
    }
    return render(request, "retention/store.html", context)


@require_POST
def store_fill(request: HttpRequest, pk: int) -> HttpResponse:
    found = get_visible(Store, me(request), pk)
    store_fill_ask(store_id=pk, actor=me(request), now=timezone.now())
    messages.success(request, _("What it lacks is being copied; you may leave this page and come back."))
    return redirect(found)


@require_http_methods(["GET", "POST"])
def store_new(request: HttpRequest) -> HttpResponse:
    if not services.may_edit_stores(me(request)):
        raise NotAllowed
    return _store_form(request, None)


@require_http_methods(["GET", "POST"])
def store_edit(request: HttpRequest, pk: int) -> HttpResponse:
    found = get_visible(Store, me(request), pk)
    if not services.may_edit_stores(me(request)):
        raise NotAllowed
    return _store_form(request, found)


def _store_form(request: HttpRequest, found: Store | None) -> HttpResponse:
    kept = services.kept_of(found) if found else None
    initial = _initial(found, services.STORE_FIELDS, kept) if found else None
    form = StoreForm(request.POST or None, initial=initial, new=found is None, keys_kept=kept is not None)

    def save(values: dict[str, Any]) -> Store:
        return services.store_save(
            store_id=found.pk if found else None, code=form.cleaned_data.get("code", ""), values=values,
            keys=form.keys(), note=form.cleaned_data["note"], actor=me(request), now=timezone.now(),
        )  # fmt: skip

    done = form_done(request, form, save, said=_("Saved."))
    return done or _form(request, found, form, _("New store"), store_crumbs(), "retention:stores")


@require_POST
def store_try(request: HttpRequest, pk: int) -> HttpResponse:
    return _try(request, get_visible(Store, me(request), pk))


def _initial(found: Any, fields: tuple[str, ...], kept: Any) -> dict[str, Any]:
    return {name: getattr(found, name) for name in fields} | {"access_key": kept.access_key if kept else ""}


def _form(
    request: HttpRequest, found: Any, form: forms.Form, new: str, crumbs: list[dict[str, str]], back: str,
    tried: list[Read] | None = None,
) -> HttpResponse:  # fmt: skip
    here = [*crumbs, {"label": found.name, "url": found.get_absolute_url()}] if found else crumbs
    context = {
        "title": _("Edit %(id)s") % {"id": found.name} if found else new,
        "crumbs": here,
        "form": form,
        "tried": tried,
        "may_try": isinstance(form, SourceForm),
        "cancel_url": found.get_absolute_url() if found else reverse(back),
    }
    return render(request, "retention/place_form.html", context, status=422 if form.errors else 200)
