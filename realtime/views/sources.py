"""Sources of events: who tells, whether they live, and what of theirs was not understood (RTM-4)."""

from __future__ import annotations

from datetime import datetime
from typing import Any

import django_filters as filters
from django import forms
from django.contrib import messages
from django.db.models import Q, QuerySet
from django.http import HttpRequest, HttpResponse
from django.shortcuts import redirect, render
from django.urls import reverse
from django.utils import timezone
from django.utils.translation import gettext as _
from django.utils.translation import gettext_lazy
from django.views.decorators.http import require_GET, require_http_methods, require_POST

from occ.errors import NotAllowed, Refused
from occ.filters import OwnSite
from occ.forms import add_refusal
from occ.list_export import register_list
from occ.lists import listing, remembered
from occ.people.access import get_visible, me
from occ.people.models import Site, User
from occ.people.scope import has_role, sites_for
from occ.sheets.writing import OutColumn
from occ.timeline import changes
from realtime.floorwatch.feeds import state_of
from realtime.models import SOURCE_READERS, Arrival, Event, Source
from realtime.services import sources as services

WORDS: dict[str, tuple[Any, str, str]] = {
    "live": (gettext_lazy("Live"), "success", "activity"),
    "silent": (gettext_lazy("Silent"), "danger", "wifi-off"),
    "down": (gettext_lazy("Says that it is down"), "danger", "plug-connected-x"),
    "never": (gettext_lazy("Never heard of"), "warning", "hourglass"),
    "files": (gettext_lazy("Comes as files"), "neutral", "file-text"),
    "off": (gettext_lazy("Not in use"), "neutral", "ban"),
}
SHOWN = 20


class SourceFilter(filters.FilterSet):
    q = filters.CharFilter(method="by_words", label=gettext_lazy("Search"))
    site = OwnSite()
    active = filters.BooleanFilter(label=gettext_lazy("In use"))

    def by_words(self, rows: QuerySet[Source], name: str, value: str) -> QuerySet[Source]:
        for word in value.replace("\x00", "").split()[:6]:
            rows = rows.filter(Q(code__icontains=word) | Q(name__icontains=word))
        return rows


def may_see(user: User) -> bool:
    return has_role(user, SOURCE_READERS)


def rows_of(user: User, now: datetime) -> QuerySet[Source]:
    return Source.objects.visible_to(user).select_related("site")


def columns() -> list[OutColumn]:
    return [
        OutColumn(_("Code"), 16), OutColumn(_("Name"), 32), OutColumn(_("Site"), 14),
        OutColumn(_("Last received"), 20), OutColumn(_("Last event"), 20),
        OutColumn(_("In use"), 10),
    ]  # fmt: skip


def line(one: Source) -> list[Any]:
    site = one.site.name if one.site else _("all sites")
    return [one.code, one.name, site, one.received_at, one.occurred_at, _("Yes") if one.active else _("No")]


register_list(
    "realtime.sources", gettext_lazy("Sources of events"), may=may_see, filters=SourceFilter, order=["code"],
    rows=rows_of, columns=columns, line=line,
)  # fmt: skip


@require_GET
def sources(request: HttpRequest) -> HttpResponse:
    user, now = me(request), timezone.now()
    if not may_see(user):
        raise NotAllowed
    if again := remembered(request):
        return again
    sorts = {"code": "code", "name": "name"}
    context = listing(request, rows_of(user, now), filters=SourceFilter, sorts=sorts, default="code")
    for one in context["page"].rows:
        one.state = WORDS[state_of(one, now)]
    context |= {
        "title": _("Sources of events"),
        "subtitle": _("The applications that tell what happens on the floor"),
        "search": _("Code or name"),
        "export_kind": "realtime.sources",
    }
    return render(request, "realtime/sources.html", context)


@require_GET
def source(request: HttpRequest, pk: int) -> HttpResponse:
    return _detail(request, get_visible(Source, me(request), pk))


@require_http_methods(["GET", "POST"])
def source_edit(request: HttpRequest, pk: int) -> HttpResponse:
    user = me(request)
    found = get_visible(Source, user, pk)
    if not services.may_keep(user, found):
        raise NotAllowed
    form = SourceForm(request.POST or None, initial={name: getattr(found, name) for name in services.FIELDS}, user=user)
    if request.method == "POST" and form.is_valid():
        given = form.cleaned_data
        terms = services.Terms(given["name"], given["site"], given["heartbeat_seconds"], given["active"],
                               given["each_agent"])  # fmt: skip
        try:
            services.source_edit(source_id=pk, terms=terms, reason=given["reason"], actor=user, now=timezone.now())
        except Refused as refusal:
            add_refusal(form, refusal)
        else:
            messages.success(request, _("Saved."))
            return redirect(found.get_absolute_url())
    context = {
        "title": _("Edit %(name)s") % {"name": found.name}, "form": form, "cancel_url": found.get_absolute_url(),
        "submit": _("Save"), "icon": "device-floppy",
        "crumbs": [{"label": _("Sources of events"), "url": reverse("realtime:sources")}],
    }  # fmt: skip
    return render(request, "realtime/form.html", context, status=422 if form.errors else 200)


@require_POST
def source_retry(request: HttpRequest, pk: int) -> HttpResponse:
    user = me(request)
    found = get_visible(Source, user, pk)
    count = services.arrivals_retry(source_id=found.pk, actor=user, now=timezone.now())
    messages.success(request, _("%(count)s arrivals are worked in again.") % {"count": count})
    return redirect(found.get_absolute_url())


class SourceForm(forms.Form):
    name = forms.CharField(label=gettext_lazy("Name"), max_length=120)
    site = forms.ModelChoiceField(
        queryset=Site.objects.none(), label=gettext_lazy("Site"), required=False, empty_label=gettext_lazy("All sites"),
        help_text=gettext_lazy("Where an event names no site and its agent is not known, it belongs here."),
    )  # fmt: skip
    heartbeat_seconds = forms.IntegerField(
        label=gettext_lazy("Gives a sign of life every (seconds)"), min_value=0, max_value=86_400,
        help_text=gettext_lazy(
            "Silent for twice as long, what is known by it is shown as stale. 0: it gives none and tells changes only."
        ),
    )  # fmt: skip
    each_agent = forms.BooleanField(
        label=gettext_lazy("Gives a sign of life of each agent"), required=False,
        help_text=gettext_lazy(
            "Then an agent of whom nothing was heard for that long is shown as stale alone. Leave it off for an "
            "application that tells changes only."
        ),
    )  # fmt: skip
    active = forms.BooleanField(label=gettext_lazy("In use"), required=False)
    reason = forms.CharField(label=gettext_lazy("Reason"), max_length=300)

    def __init__(self, *args: Any, user: User, **kwargs: Any) -> None:
        super().__init__(*args, **kwargs)
        field = self.fields["site"]
        assert isinstance(field, forms.ModelChoiceField)
        allowed = [one.pk for one in sites_for(user, services.KEEPERS)]
        field.queryset = Site.objects.filter(pk__in=allowed)


def _detail(request: HttpRequest, found: Source) -> HttpResponse:
    now, may = timezone.now(), services.may_keep(me(request), found)
    events = Event.objects.filter(source=found)
    edit = {"label": _("Edit"), "url": reverse("realtime:source_edit", args=[found.pk]), "icon": "pencil"}
    context = {
        "title": found.name,
        "subtitle": found.code,
        "crumbs": [{"label": _("Sources of events"), "url": reverse("realtime:sources")}],
        "actions": [edit] if may else [],
        "source": found,
        "state": WORDS[state_of(found, now)],
        "may": may,
        "waiting": Arrival.objects.filter(source=found, parked_at=None).count(),
        "stuck": Arrival.objects.filter(source=found).exclude(parked_at=None).order_by("pk")[:SHOWN],
        "latest": events.order_by("-pk")[:SHOWN],
        "unknown": events.exclude(parked="").order_by("-received_at")[:SHOWN],
        "entries": changes(found.history.all()),
    }
    return render(request, "realtime/source.html", context)
