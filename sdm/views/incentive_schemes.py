"""Incentive schemes (SDM-6): the list, a draft and its publication, and what one would have paid in a month."""

from __future__ import annotations

from datetime import datetime
from decimal import Decimal
from typing import Any

import django_filters as filters
from django import forms
from django.contrib import messages
from django.db.models import Q, QuerySet
from django.forms.formsets import DELETION_FIELD_NAME
from django.http import Http404, HttpRequest, HttpResponse
from django.shortcuts import redirect, render
from django.urls import reverse
from django.utils import timezone
from django.utils.translation import gettext as _
from django.utils.translation import gettext_lazy
from django.views.decorators.http import require_GET, require_http_methods, require_POST

from occ.errors import Invalid, NotAllowed, Refused
from occ.filters import OwnSite
from occ.forms import NoteForm, add_refusal
from occ.list_export import register_list
from occ.lists import listing, remembered
from occ.people.access import get_visible, me
from occ.people.models import Site, User
from occ.people.scope import has_role, sites_for
from occ.processes import Stepping, process_context, step_make
from occ.sheets.writing import OutColumn
from occ.times import JAKARTA, local_day, next_month
from occ.workflow.flows import Transition
from sdm.evaluating.choices import COMPONENTS, TOTAL, SchemeStatus
from sdm.evaluating.conditions import CONDITIONS
from sdm.evaluating.documents import basis_label, demand_said, rupiah, said
from sdm.evaluating.paying import STEPS, Terms
from sdm.evaluating.workflow import PAYROLL, SCHEME
from sdm.models import IncentiveScheme
from sdm.models.evaluating import PAY_READERS
from sdm.services import incentive_schemes as services
from sdm.services.evaluation_reckoning import terms_in
from sdm.views.evaluation_periods import MonthField, tried_on

ICONS = {"publish": "circle-check", "withdraw": "trash"}
PARTS = ("amounts", "bands", "demands")


class AmountForm(forms.Form):
    position = forms.CharField(label=gettext_lazy("Position"), max_length=80)
    amount = forms.DecimalField(label=gettext_lazy("Amount (Rp)"), min_value=0, max_digits=10, decimal_places=0)


class BandForm(forms.Form):
    basis = forms.ChoiceField(label=gettext_lazy("Goes by"))
    least = forms.DecimalField(label=gettext_lazy("From points"), min_value=0, max_value=100, decimal_places=2)
    percent = forms.DecimalField(label=gettext_lazy("Pays percent"), min_value=0, max_value=500, decimal_places=2)

    def __init__(self, *args: Any, **kwargs: Any) -> None:
        super().__init__(*args, **kwargs)
        field: Any = self.fields["basis"]
        field.choices = [(TOTAL, _("Total")), *((key, basis_label(key)) for key, _label in COMPONENTS)]


class DemandForm(forms.Form):
    key = forms.ChoiceField(label=gettext_lazy("Condition"))
    value = forms.DecimalField(label=gettext_lazy("Bound"), min_value=0, max_digits=9, decimal_places=2)
    keeps = forms.DecimalField(
        label=gettext_lazy("Stays if not met (percent)"), min_value=0, max_value=100, decimal_places=2
    )

    def __init__(self, *args: Any, **kwargs: Any) -> None:
        super().__init__(*args, **kwargs)
        field: Any = self.fields["key"]
        field.choices = [
            (key, (_("%(what)s: at least") if one.more else _("%(what)s: at most")) % {"what": one.label})
            for key, one in CONDITIONS.items()
        ]


FORMSETS = {
    name: forms.formset_factory(form, extra=2, can_delete=True, max_num=40, absolute_max=60, validate_max=True)
    for name, form in (("amounts", AmountForm), ("bands", BandForm), ("demands", DemandForm))
}  # fmt: skip


class SchemeForm(forms.Form):
    site = forms.ModelChoiceField(Site.objects.none(), label=gettext_lazy("Site"), empty_label=None)
    name = forms.CharField(label=gettext_lazy("Name"), max_length=services.NAME)
    starts_on = MonthField(label=gettext_lazy("From month"))
    step = forms.TypedChoiceField(
        label=gettext_lazy("Amounts are rounded to"), coerce=int, choices=[(one, f"Rp {one}") for one in STEPS],
        help_text=gettext_lazy("Half up, at the very end."),
    )  # fmt: skip
    cap = forms.DecimalField(
        label=gettext_lazy("Cap for a person (Rp)"), min_value=0, max_digits=10, decimal_places=0, required=False
    )
    reason = forms.CharField(
        label=gettext_lazy("Reason"), max_length=services.REASON, widget=forms.Textarea(attrs={"rows": 2})
    )

    def __init__(self, *args: Any, user: User, fixed: Site | None = None, **kwargs: Any) -> None:
        super().__init__(*args, **kwargs)
        field: Any = self.fields["site"]
        field.queryset = Site.objects.filter(pk__in=[one.pk for one in sites_for(user, PAYROLL)])
        if fixed is not None:
            del self.fields["site"]


class PublishForm(forms.Form):
    seen = forms.CharField(widget=forms.HiddenInput, max_length=40)


def form_for(subject: IncentiveScheme, transition: Transition, data: Any, files: Any) -> forms.Form:
    auto_id = f"id_{transition.name}_%s"
    if transition.name == "publish":
        return PublishForm(data, auto_id=auto_id, initial={"seen": subject.drafted_at.isoformat()})
    return NoteForm(data, auto_id=auto_id)


def make(subject: IncentiveScheme, name: str, data: dict[str, Any], *, actor: User, now: datetime) -> None:
    services.TRANSITIONS[name](scheme_id=subject.pk, actor=actor, now=now, **data)


STEPPING = Stepping(
    SCHEME, form_for, make, lambda subject, name: reverse("sdm:incentive_scheme_step", args=[subject.pk, name]), ICONS,
    frozenset({"withdraw"}), lambda user, subject, name: name != "publish" or subject.drafted_by_id != user.pk,
)  # fmt: skip


class SchemeFilter(filters.FilterSet):
    q = filters.CharFilter(method="by_words", label=gettext_lazy("Search"))
    status = filters.ChoiceFilter(
        choices=SchemeStatus.choices, label=gettext_lazy("Status"), empty_label=gettext_lazy("All")
    )
    site = OwnSite()

    def by_words(self, rows: QuerySet[IncentiveScheme], name: str, value: str) -> QuerySet[IncentiveScheme]:
        for word in value.replace("\x00", "").split()[:6]:
            rows = rows.filter(Q(name__icontains=word) | Q(reason__icontains=word))
        return rows


def rows_of(user: User, now: datetime) -> QuerySet[IncentiveScheme]:
    return IncentiveScheme.objects.visible_to(user).select_related("site", "drafted_by", "published_by")


def columns() -> list[OutColumn]:
    labels = (_("Site"), _("Number"), _("Name"), _("From month"), _("Status"), _("Drafted by"), _("Published by"),
              _("Reason"))  # fmt: skip
    return [OutColumn(label, 20) for label in labels]


def line(one: IncentiveScheme) -> list[Any]:
    return [one.site.name, one.number, one.name, one.starts_on, one.get_status_display(), str(one.drafted_by),
            str(one.published_by or ""), one.reason]  # fmt: skip


register_list(
    "sdm.incentive_schemes", gettext_lazy("Incentive schemes"), may=lambda user: has_role(user, PAY_READERS),
    filters=SchemeFilter, order=["-starts_on", "-pk"], rows=rows_of, columns=columns, line=line,
)  # fmt: skip


def crumbs() -> list[dict[str, str]]:
    return [{"label": _("Incentive schemes"), "url": reverse("sdm:incentive_schemes")}]


@require_GET
def schemes(request: HttpRequest) -> HttpResponse:
    user = me(request)
    if not has_role(user, PAY_READERS):
        raise NotAllowed
    if again := remembered(request):
        return again
    rows = rows_of(user, timezone.now())
    context = listing(request, rows, filters=SchemeFilter, sorts={"from": "starts_on"}, default="-from")
    new = {"label": _("Draft a scheme"), "url": reverse("sdm:incentive_scheme_new"), "icon": "plus", "tone": "primary"}
    context |= {
        "title": _("Incentive schemes"), "export_kind": "sdm.incentive_schemes", "search": _("Name or reason"),
        "subtitle": _("What is paid for which result; what is published never changes"),
        "actions": [new] if has_role(user, PAYROLL) else [],
    }  # fmt: skip
    return render(request, "sdm/evaluating/schemes.html", context)


@require_http_methods(["GET", "POST"])
def scheme_new(request: HttpRequest) -> HttpResponse:
    """A new draft; `?like=` begins with what another one says."""
    user, now = me(request), timezone.now()
    if not has_role(user, PAYROLL):
        raise NotAllowed
    asked = request.GET.get("like", "")
    like = (
        IncentiveScheme.objects.visible_to(user).filter(pk=int(asked)).first()
        if asked.isdecimal() and len(asked) < 19
        else None
    )
    return _edit(request, user, now, like, None)


@require_http_methods(["GET", "POST"])
def scheme_edit(request: HttpRequest, pk: int) -> HttpResponse:
    user, found = me(request), get_visible(IncentiveScheme, me(request), pk)
    if not services.may_draft(user, found.site):
        raise NotAllowed
    return _edit(request, user, timezone.now(), found, found)


def _edit(
    request: HttpRequest, user: User, now: datetime, like: IncentiveScheme | None, draft: IncentiveScheme | None
) -> HttpResponse:
    data = request.POST or None
    initial: dict[str, Any] = {"step": 1_000, "starts_on": next_month(local_day(now, JAKARTA))}
    rows: dict[str, list[dict[str, Any]]] = {name: [] for name in PARTS}
    if like is not None:
        initial |= {"site": like.site_id, "name": like.name, "step": like.terms["step"], "cap": like.terms["cap"]}
        rows = {name: like.terms[name] for name in PARTS}
    if draft is not None:
        initial |= {"starts_on": draft.starts_on, "reason": draft.reason}
    form = SchemeForm(data, user=user, fixed=draft.site if draft else None, initial=initial)
    formsets: dict[str, Any] = {name: FORMSETS[name](data, initial=rows[name], prefix=name) for name in PARTS}
    valid = [one.is_valid() for one in formsets.values()] if data else []  # each says what is wrong
    whole = form.is_valid() and all(valid) if data else False
    if request.method == "POST" and whole:
        try:
            made = _keep(form, formsets, draft, user, now)
        except Refused as refusal:
            add_refusal(form, refusal)
        else:
            messages.success(request, _("The draft is kept. Somebody else publishes it."))
            return redirect(made)
    title = _("Change the draft") if draft else _("Draft a scheme")
    context = {
        "title": title, "crumbs": crumbs(), "form": form, "formsets": [
            (_("Amount by position"), formsets["amounts"]), (_("Bands"), formsets["bands"]),
            (_("Conditions"), formsets["demands"]),
        ],
        "cancel_url": draft.get_absolute_url() if draft else reverse("sdm:incentive_schemes"),
    }  # fmt: skip
    return render(request, "sdm/evaluating/scheme_form.html", context, status=422 if data else 200)


def _keep(
    form: SchemeForm, formsets: dict[str, Any], draft: IncentiveScheme | None, user: User, now: datetime
) -> IncentiveScheme:
    given = dict(form.cleaned_data)
    terms = {"step": given.pop("step"), "cap": given.pop("cap")}
    terms |= {name: _rows(formset) for name, formset in formsets.items()}
    if draft is None:
        return services.scheme_draft(terms=terms, actor=user, now=now, **given)
    return services.scheme_change(scheme_id=draft.pk, terms=terms, actor=user, now=now, **given)


def _rows(formset: Any) -> list[dict[str, Any]]:
    rows = [dict(one.cleaned_data) for one in formset.forms if one.cleaned_data]
    return [row for row in rows if not row.pop(DELETION_FIELD_NAME, False)]


@require_GET
def scheme(request: HttpRequest, pk: int) -> HttpResponse:
    return _detail(request, get_visible(IncentiveScheme, me(request), pk), {})


@require_POST
def scheme_step(request: HttpRequest, pk: int, transition: str) -> HttpResponse:
    found = get_visible(IncentiveScheme, me(request), pk)
    if transition not in services.TRANSITIONS:
        raise Http404
    done = step_make(request, STEPPING, found, transition)
    return done if isinstance(done, HttpResponse) else _detail(request, found, done, status=422)


def terms_said(terms: Terms) -> dict[str, Any]:
    """The terms as people read them."""
    return {
        "amounts": [(name, rupiah(amount)) for name, amount in terms.amounts],
        "bands": [(basis_label(one.basis), said(one.least), said(one.percent))
                  for one in sorted(terms.bands, key=lambda one: (one.basis, -one.least))],
        "demands": [(demand_said({"key": one.key, "wanted": one.value}), said(one.keeps)) for one in terms.demands],
        "cap": rupiah(terms.cap) if terms.cap is not None else "", "step": rupiah(terms.step),
    }  # fmt: skip


def _detail(
    request: HttpRequest, found: IncentiveScheme, tried: dict[str, forms.Form], *, status: int = 200
) -> HttpResponse:
    user = me(request)
    try:
        terms: Terms | None = terms_in(found)
    except Invalid:  # an area that registered one of its conditions is gone
        terms = None
    actions = []
    if services.may_draft(user, found.site):
        if found.status == SchemeStatus.DRAFT:
            edit = reverse("sdm:incentive_scheme_edit", args=[found.pk])
            actions.append({"label": _("Change the draft"), "url": edit, "icon": "pencil"})
        like = f"{reverse('sdm:incentive_scheme_new')}?like={found.pk}"
        actions.append({"label": _("New draft like this"), "url": like, "icon": "copy"})
    months = list(tried_on(user, found.site)[:12])
    asked = request.GET.get("month", "")
    month = next((one for one in months if str(one.pk) == asked), None)
    trial = services.scheme_try(terms, month) if month and terms else None
    context = process_context(request, STEPPING, found, tried) | {
        "title": found.name,
        "subtitle": _("%(site)s · scheme %(number)s") % {"site": found.site.name, "number": found.number},
        "crumbs": crumbs(), "scheme": found, "terms": terms_said(terms) if terms else None, "actions": actions,
        "months": months, "month": month, "trial": _trial_said(trial) if trial else None,
    }  # fmt: skip
    return render(request, "sdm/evaluating/scheme.html", context, status=status)


def signed(value: Decimal) -> str:
    return f"{'+' if value > 0 else '−' if value < 0 else ''}{rupiah(abs(value))}"


def _trial_said(trial: services.Trial) -> dict[str, Any]:
    return {
        "old": rupiah(trial.old), "new": rupiah(trial.new), "difference": signed(trial.difference),
        "changed": trial.changed, "people": len(trial.rows), "without": trial.without,
        "rows": [
            {"evaluation": one.evaluation, "total": said(one.total), "old": rupiah(one.old), "new": rupiah(one.new),
             "difference": signed(one.difference), "changed": bool(one.difference)}
            for one in sorted(trial.rows, key=lambda one: (-abs(one.difference), one.evaluation.person.name))
        ],
    }  # fmt: skip
