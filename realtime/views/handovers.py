"""Shift handovers (RTM-15): the list, beginning one, and the note with its two signatures."""

from __future__ import annotations

from datetime import datetime, timedelta
from typing import Any, cast
from zoneinfo import ZoneInfo

import django_filters as filters
from django import forms
from django.core import signing
from django.db.models import Q, QuerySet
from django.http import HttpRequest, HttpResponse
from django.shortcuts import redirect, render
from django.urls import reverse
from django.utils import timezone
from django.utils.translation import gettext as _
from django.utils.translation import gettext_lazy
from django.views.decorators.debug import sensitive_post_parameters
from django.views.decorators.http import require_GET, require_http_methods, require_POST

from occ.documents.choices import Purpose
from occ.documents.models import IssuedDocument
from occ.documents.signing import signing_confirm
from occ.errors import NotAllowed, Refused
from occ.filters import DayFilter, OwnSite
from occ.forms import NoteForm, SignatureField, add_refusal
from occ.list_export import register_list
from occ.lists import listing, remembered
from occ.people.access import get_visible, me
from occ.people.models import Site, User
from occ.people.scope import has_role, sites_for
from occ.processes import Stepping, process_context, step_make
from occ.sheets.writing import OutColumn
from occ.workflow.flows import Transition
from realtime.choices import HandoverStatus
from realtime.handing import early_said, marked, parts_of, shift_words
from realtime.models import FLOOR_READERS, Handover, Shift
from realtime.services import handovers as services
from realtime.workflow import HANDOVER, LEADERS

ICONS = {"hand": "writing-sign", "take": "signature", "refuse": "arrow-back-up", "cancel": "ban"}
SHOWN = "realtime.handover.shown"
PURPOSES = {"hand": Purpose.PREPARED, "take": Purpose.ACKNOWLEDGED}


class SignForm(forms.Form):
    note = forms.CharField(
        label=gettext_lazy("Notes"), widget=forms.Textarea(attrs={"rows": 3}), max_length=4000, required=False
    )
    password = SignatureField()


class HandForm(SignForm):
    """`seen`: the fingerprint of what the page shows, which is what is signed; `shown`: all of it, so that what has
    changed meanwhile can be marked."""

    early_why = forms.CharField(
        label=gettext_lazy("Why so long before the end of the shift"), max_length=300, required=False
    )
    seen = forms.CharField(widget=forms.HiddenInput, max_length=64)
    shown = forms.CharField(widget=forms.HiddenInput, max_length=400_000, required=False)
    field_order = ("note", "early_why", "password")


class TakeForm(SignForm):
    seen = forms.CharField(widget=forms.HiddenInput, max_length=120)
    note = forms.CharField(
        label=gettext_lazy("Your remarks"), widget=forms.Textarea(attrs={"rows": 2}), max_length=2000, required=False
    )


OWN_FORMS: dict[str, type[forms.Form]] = {"hand": HandForm, "take": TakeForm}


def form_for(subject: Handover, transition: Transition, data: Any, files: Any) -> forms.Form:
    kind = OWN_FORMS.get(transition.name, NoteForm)
    initial = {}
    if transition.name == "hand":
        shown = getattr(subject, "shown", None) or services.drawn(subject, timezone.now())
        initial = {"seen": services.fingerprint(shown), "shown": packed(shown), "note": subject.note}
    if transition.name == "take":
        initial = {"seen": services.signed_as(subject)}
    form = kind(data, auto_id=f"id_{transition.name}_%s", initial=initial)
    if transition.name in PURPOSES:
        early_ask(form, subject)
    return form


def early_ask(form: forms.Form, subject: Handover) -> None:
    """Long before the shift's end who signs is told so, and says why."""
    minutes = services.minutes_early(subject, timezone.now())
    name = "early_why" if "early_why" in form.fields else "note"
    if minutes:
        form.fields[name].help_text = services.early_words(subject, minutes)
        form.fields[name].required = True
        if name == "note":
            form.fields[name].label = _("Your remarks: why you take over so long before the end")
    elif name == "early_why":
        del form.fields[name]


def packed(content: dict[str, Any]) -> str:
    return signing.dumps(content, salt=SHOWN, compress=True)


def unpacked(text: str) -> dict[str, Any] | None:
    try:
        return cast(dict[str, Any], signing.loads(text, salt=SHOWN))
    except signing.BadSignature:
        return None


def make(subject: Handover, name: str, data: dict[str, Any], *, actor: User, now: datetime) -> None:
    """The password is asked for before the step's transaction: one that a refusal undoes would forget the attempt."""
    data = {key: value for key, value in data.items() if key != "shown"}
    if name in PURPOSES:
        if name == "take" and subject.handed_by_id == actor.pk:
            raise NotAllowed(_("You handed it over: somebody else takes it over."))
        password = data.pop("password")
        data["signing"] = signing_confirm(user=actor, password=password, purpose=PURPOSES[name], now=now)
    services.TRANSITIONS[name](handover_id=subject.pk, actor=actor, now=now, **data)


STEPPING = Stepping(
    HANDOVER, form_for, make, lambda subject, name: reverse("realtime:handover_step", args=[subject.pk, name]), ICONS,
    frozenset({"refuse", "cancel"}),
    lambda user, subject, name: not (name == "take" and subject.handed_by_id == user.pk),
)  # fmt: skip


class HandoverFilter(filters.FilterSet):
    q = filters.CharFilter(method="by_words", label=gettext_lazy("Search"))
    status = filters.ChoiceFilter(
        choices=HandoverStatus.choices, label=gettext_lazy("Status"), empty_label=gettext_lazy("All")
    )
    site = OwnSite()
    since = DayFilter(field_name="day", lookup_expr="gte", label=gettext_lazy("From"))
    until = DayFilter(field_name="day", lookup_expr="lte", label=gettext_lazy("To"))

    def by_words(self, rows: QuerySet[Handover], name: str, value: str) -> QuerySet[Handover]:
        for word in value.replace("\x00", "").split()[:6]:
            rows = rows.filter(
                Q(note__icontains=word) | Q(taken_note__icontains=word) | Q(handed_name__icontains=word)
                | Q(taken_name__icontains=word) | Q(shift__code__iexact=word) | Q(shift__label__icontains=word)
            )  # fmt: skip
        return rows


def rows_of(user: User, now: datetime) -> QuerySet[Handover]:
    return Handover.objects.visible_to(user).select_related("site", "shift", "to_shift")


def columns() -> list[OutColumn]:
    labels = (_("Site"), _("Day"), _("Shift"), _("Status"), _("Handed over by"), _("Handed over"), _("Taken over by"),
              _("Taken over"), _("Notes"))  # fmt: skip
    return [OutColumn(label, 20) for label in labels]


def line(one: Handover) -> list[Any]:
    return [one.site.name, one.day, shift_words(one), one.get_status_display(), one.handed_name, one.handed_at,
            one.taken_name, one.taken_at, one.note]  # fmt: skip


register_list(
    "realtime.handovers", gettext_lazy("Shift handovers"), may=lambda user: has_role(user, FLOOR_READERS),
    filters=HandoverFilter, order=["-starts_at", "-pk"], rows=rows_of, columns=columns, line=line,
)  # fmt: skip


def crumbs() -> list[dict[str, str]]:
    return [{"label": _("Shift handovers"), "url": reverse("realtime:handovers")}]


@require_GET
def handovers(request: HttpRequest) -> HttpResponse:
    user = me(request)
    if not has_role(user, FLOOR_READERS):
        raise NotAllowed
    if again := remembered(request):
        return again
    rows = rows_of(user, timezone.now())
    context = listing(request, rows, filters=HandoverFilter, sorts={"started": "starts_at"}, default="-started")
    new = {"label": _("Hand a shift over"), "url": reverse("realtime:handover_new"), "icon": "plus", "tone": "primary"}
    context |= {
        "title": _("Shift handovers"), "subtitle": _("From shift to shift, signed by both team leaders (MO 4.3.6)"),
        "actions": [new] if has_role(user, LEADERS) else [], "export_kind": "realtime.handovers",
        "search": _("Notes, names or shift"),
    }  # fmt: skip
    for row in context["page"].rows:
        row.words = shift_words(row)
    return render(request, "realtime/handovers.html", context)


class NewForm(forms.Form):
    shift = forms.ChoiceField(label=gettext_lazy("Shift"))

    def __init__(self, *args: Any, user: User, now: datetime, **kwargs: Any) -> None:
        super().__init__(*args, **kwargs)
        sites = {one.pk: one for one in sites_for(user, LEADERS)}
        due = list(services.shifts_due(list(sites), now=now, early=timedelta(hours=12)))
        shifts = Shift.objects.in_bulk([one.shift_id for one in due])
        field: Any = self.fields["shift"]
        field.choices = [(one.key, _words(one, shifts[one.shift_id], sites[one.site_id])) for one in due]
        if not due:
            field.help_text = _("No shift goes on that has no handover yet.")


def _words(one: services.Due, shift: Shift, site: Site) -> str:
    start, end = one.starts_at.astimezone(site.zone), one.ends_at.astimezone(site.zone)
    return f"{site.code} · {shift} · {start:%Y-%m-%d %H:%M}–{end:%H:%M}"


@require_http_methods(["GET", "POST"])
def handover_new(request: HttpRequest) -> HttpResponse:
    user, now = me(request), timezone.now()
    if not has_role(user, LEADERS):
        raise NotAllowed
    form = NewForm(request.POST or None, user=user, now=now)
    if request.method == "POST" and form.is_valid():
        try:
            return redirect(services.handover_open(key=form.cleaned_data["shift"], actor=user, now=now))
        except Refused as refusal:
            add_refusal(form, refusal)
    context = {"title": _("Hand a shift over"), "crumbs": crumbs(), "form": form, "submit": _("Draw it up")}
    context |= {"cancel_url": reverse("realtime:handovers"), "icon": "arrows-exchange"}
    return render(request, "realtime/form.html", context, status=422 if form.errors else 200)


@require_GET
def handover(request: HttpRequest, pk: int) -> HttpResponse:
    return _detail(request, get_visible(Handover, me(request), pk), {})


@sensitive_post_parameters("password")
@require_POST
def handover_step(request: HttpRequest, pk: int, transition: str) -> HttpResponse:
    found = get_visible(Handover, me(request), pk)
    done = step_make(request, STEPPING, found, transition)
    return done if isinstance(done, HttpResponse) else _detail(request, found, done, status=422)


def _detail(request: HttpRequest, found: Handover, tried: dict[str, forms.Form], *, status: int = 200) -> HttpResponse:
    user, now, zone = me(request), timezone.now(), found.site.zone
    signed = bool(found.content)
    shown: dict[str, Any] = found.content or services.drawn(found, now)
    found.shown = shown  # type: ignore[attr-defined]
    before = None
    if (form := tried.get("hand")) is not None:  # what is shown now is what a second try signs
        before = unpacked(form.data.get("shown", ""))
        form.data = form.data.copy()  # type: ignore[attr-defined]
        form.data["seen"], form.data["shown"] = services.fingerprint(shown), packed(shown)  # type: ignore[index]
    parts = _parts(shown, before, zone)
    documents = IssuedDocument.objects.visible_to(user).filter(
        subject_type="realtime.handover", subject_id=str(found.pk)
    )
    context = process_context(request, STEPPING, found, tried) | {
        "title": _("Shift handover"), "subtitle": f"{shift_words(found)} · {found.site.name}", "crumbs": crumbs(),
        "handover": found, "zone": zone, "parts": parts, "signed": signed, "now": now, "documents": documents,
        "changed": any(row["mark"] for part in parts for row in part["rows"]), "early": early_said(shown),
    }  # fmt: skip
    return render(request, "realtime/handover.html", context, status=status)


def _parts(shown: dict[str, Any], before: dict[str, Any] | None, zone: ZoneInfo) -> list[dict[str, Any]]:
    """Each cell with the heading of its column, for narrow screens; each row as it differs from what was read."""
    parts = parts_of(shown, zone)
    was = parts_of(before, zone) if before else [None] * len(parts)
    return [
        {"title": one.title, "columns": one.columns, "empty": one.empty,
         "rows": [{"cells": list(zip(one.columns, row.cells, strict=True)), "url": row.url, "mark": row.mark}
                  for row in marked(one, then)]}
        for one, then in zip(parts, was, strict=True)
    ]  # fmt: skip
