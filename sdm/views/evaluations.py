"""Evaluations (SDM-6): the list, and one person's month with its steps."""

from __future__ import annotations

from collections.abc import Mapping
from datetime import datetime
from typing import Any

import django_filters as filters
from django import forms
from django.db.models import Q, QuerySet
from django.http import Http404, HttpRequest, HttpResponse, HttpResponseBase
from django.shortcuts import render
from django.urls import reverse
from django.utils import timezone
from django.utils.translation import gettext as _
from django.utils.translation import gettext_lazy
from django.views.decorators.debug import sensitive_post_parameters
from django.views.decorators.http import require_GET, require_POST

from occ.documents.choices import Purpose, Status
from occ.documents.models import IssuedDocument
from occ.documents.signing import signing_confirm
from occ.downloads import download
from occ.errors import NotAllowed
from occ.filters import OwnFilterSet, OwnSite, OwnTeam, sites_of_reader
from occ.forms import NoteForm
from occ.ledger.services import record
from occ.list_export import register_list
from occ.lists import listing, remembered
from occ.people.access import get_visible, me
from occ.people.models import User
from occ.people.scope import has_role
from occ.processes import Stepping, process_context, step_make
from occ.sheets.writing import OutColumn
from occ.timeline import process_entries
from occ.workflow.flows import Transition
from sdm.evaluating.choices import JUDGED_KEYS, SCORERS, EvaluationStatus
from sdm.evaluating.documents import component_label, pay_rows, said, value_said
from sdm.evaluating.workflow import EVALUATION
from sdm.models import Evaluation, EvaluationPeriod
from sdm.models.evaluating import ANYBODY, PAY_READERS, READERS
from sdm.services import evaluations as services
from sdm.services.evaluation_reckoning import book_of, reckoned
from sdm.services.payroll import paid_of

ICONS = {
    "score": "clipboard-check", "verify": "checks", "refuse": "arrow-back-up", "waive": "file-off",
    "reopen": "rotate-2", "sign": "signature", "witness": "writing-sign", "tell": "send",
}  # fmt: skip
# What figures are made of, where people count it.
INPUTS: dict[str, Any] = {
    "present": gettext_lazy("came"), "late": gettext_lazy("late"), "absent": gettext_lazy("absent"),
    "excused": gettext_lazy("excused"), "unknown": gettext_lazy("not known"), "upheld": gettext_lazy("upheld"),
    "undecided": gettext_lazy("not decided yet"), "samples": gettext_lazy("samples"),
}  # fmt: skip
ASIDE = frozenset({"waive", "reopen", "witness"})


class ScoreForm(forms.Form):
    """One field for each component that the superior judges."""

    def __init__(self, *args: Any, keys: list[str], judged: Mapping[str, str], **kwargs: Any) -> None:
        super().__init__(*args, **kwargs)
        self.keys = keys
        for key in keys:
            self.fields[key] = forms.DecimalField(
                label=component_label(key), min_value=0, max_value=100, max_digits=5, decimal_places=2, localize=False,
                initial=judged.get(key), help_text=_("Points from 0 to 100."),
            )  # fmt: skip
        area = forms.Textarea(attrs={"rows": 3})
        self.fields["remarks"] = forms.CharField(
            label=_("Remarks"), widget=area, max_length=services.WORDS, required=False,
            help_text=_("The employee reads them."),
        )  # fmt: skip
        self.fields["improvement"] = forms.CharField(
            label=_("What is to be improved, and how"), widget=forms.Textarea(attrs={"rows": 3}),
            max_length=services.WORDS, required=False,
        )  # fmt: skip

    def clean(self) -> dict[str, Any]:
        given = super().clean() or self.cleaned_data
        points = {key: given.get(key) for key in self.keys}
        return {"judged": points, "remarks": given.get("remarks", ""), "improvement": given.get("improvement", "")}


class SignForm(forms.Form):
    seen = forms.IntegerField(widget=forms.HiddenInput, min_value=1, max_value=32_000)
    reply = forms.CharField(
        label=gettext_lazy("Your own words, if you like"), widget=forms.Textarea(attrs={"rows": 3}), required=False,
        max_length=services.WORDS,
    )  # fmt: skip
    password = forms.CharField(
        label=gettext_lazy("Your password"), strip=False, max_length=128,
        widget=forms.PasswordInput(attrs={"autocomplete": "current-password"}),
    )  # fmt: skip


def form_for(subject: Evaluation, transition: Transition, data: Any, files: Any) -> forms.Form:
    auto_id = f"id_{transition.name}_%s"
    if transition.name == "score":
        standing = {"remarks": subject.remarks, "improvement": subject.improvement}
        keys = book_of(subject.period).judged(subject.position)
        return ScoreForm(data, keys=keys, judged=subject.judged, auto_id=auto_id, initial=standing)
    if transition.name == "sign":
        return SignForm(data, auto_id=auto_id, initial={"seen": subject.told_number})
    return NoteForm(data, auto_id=auto_id) if transition.needs else forms.Form(data, auto_id=auto_id)


def make(subject: Evaluation, name: str, data: dict[str, Any], *, actor: User, now: datetime) -> None:
    """The password is asked for before the step's transaction: one that a refusal undoes would forget the attempt."""
    if not services.may(actor, subject, name):
        raise NotAllowed
    data = dict(data)
    if name == "sign":
        data["signing"] = signing_confirm(
            user=actor, password=data.pop("password"), purpose=Purpose.ACKNOWLEDGED, now=now
        )
    services.TRANSITIONS[name](evaluation_id=subject.pk, actor=actor, now=now, **data)


def url(subject: Evaluation, name: str) -> str:
    return reverse("sdm:evaluation_step", args=[subject.pk, name])


STEPPING = Stepping(EVALUATION, form_for, make, url, ICONS, ASIDE, services.may)


class EvaluationFilter(OwnFilterSet):
    readers = READERS
    others = ("site", "team", "role")
    q = filters.CharFilter(method="by_words", label=gettext_lazy("Search"))
    status = filters.ChoiceFilter(
        choices=EvaluationStatus.choices, label=gettext_lazy("Status"), empty_label=gettext_lazy("All")
    )
    site = OwnSite()
    team = OwnTeam(field_name="sheet__team")
    period = filters.ModelChoiceFilter(
        queryset=lambda request: EvaluationPeriod.objects.select_related("site").filter(
            site__in=sites_of_reader(request)
        ), label=gettext_lazy("Month"), empty_label=gettext_lazy("All"),
    )  # fmt: skip
    role = filters.ChoiceFilter(
        choices=[(str(one), one.label) for one in SCORERS], field_name="sheet__role", label=gettext_lazy("Scored by"),
        empty_label=gettext_lazy("All"),
    )  # fmt: skip

    def __init__(self, *args: Any, **kwargs: Any) -> None:
        super().__init__(*args, **kwargs)
        if self.own_only:
            months = EvaluationPeriod.objects.filter(evaluations__in=self.queryset.order_by()).distinct()
            self.filters["period"].queryset = months.select_related("site")

    def by_words(self, rows: QuerySet[Evaluation], name: str, value: str) -> QuerySet[Evaluation]:
        for word in value.replace("\x00", "").split()[:6]:
            rows = rows.filter(
                Q(person__name__icontains=word) | Q(person__number__iexact=word) | Q(position__icontains=word)
            )
        return rows


def rows_of(user: User, now: datetime) -> QuerySet[Evaluation]:
    return Evaluation.objects.visible_to(user).select_related("site", "person", "period", "sheet__team", "scored_by")


def columns() -> list[OutColumn]:
    return [OutColumn(_("Month"), 14), OutColumn(_("Employee number"), 16), OutColumn(_("Employee"), 28),
            OutColumn(_("Position"), 22), OutColumn(_("Site"), 14), OutColumn(_("Team"), 20),
            OutColumn(_("Status"), 22), OutColumn(_("Total"), 10), OutColumn(_("Scored by"), 24),
            OutColumn(_("Scored"), 18), OutColumn(_("Verified"), 18), OutColumn(_("Signed"), 18),
            OutColumn(_("Remarks"), 50), OutColumn(_("What is to be improved, and how"), 50)]  # fmt: skip


def line(one: Evaluation) -> list[Any]:
    return [one.month, one.person.number, one.person.name, one.position, one.site.name,
            one.sheet.team.name if one.sheet.team else "", one.get_status_display(), one.total,
            str(one.scored_by or ""), one.scored_at, one.verified_at, one.signed_at, one.remarks,
            one.improvement]  # fmt: skip


register_list(
    "sdm.evaluations", gettext_lazy("Monthly evaluations"), may=lambda user: has_role(user, READERS),
    filters=EvaluationFilter, order=["-month", "person__name", "pk"], rows=rows_of, columns=columns, line=line,
)  # fmt: skip


@require_GET
def evaluations(request: HttpRequest) -> HttpResponse:
    """Whose role reads no others' sees the own, once they were told."""
    user = me(request)
    if not has_role(user, ANYBODY):
        raise NotAllowed
    if again := remembered(request):
        return again
    sorts = {"month": "month", "name": "person__name"}
    rows = rows_of(user, timezone.now())
    context = listing(request, rows, filters=EvaluationFilter, sorts=sorts, default="-month")
    others = has_role(user, READERS)
    before = {"label": _("Evaluations of before"), "url": reverse("sdm:past_evaluations"), "icon": "history"}
    for row in context["page"].rows:  # of the own it is what was told that counts
        row.shown_total = row.total if row.told_number or row.person_id != user.person_id else None
    context |= {
        "title": _("Monthly evaluations") if others else _("My evaluations"), "others": others,
        "subtitle": _("Scored by the superior, verified, approved, told and signed (MO 4.1.4)"),
        "actions": [before] if others else [],
        "export_kind": "sdm.evaluations" if others else "", "search": _("Name, employee number or position"),
    }  # fmt: skip
    return render(request, "sdm/evaluating/evaluations.html", context)


def crumbs() -> list[dict[str, str]]:
    return [{"label": _("Monthly evaluations"), "url": reverse("sdm:evaluations")}]


def found_for(request: HttpRequest, pk: int) -> Evaluation:
    found = get_visible(Evaluation, me(request), pk)
    return Evaluation.objects.select_related(
        "site", "person__site", "period__site", "period__scheme", "sheet__team", "scored_by"
    ).get(pk=found.pk)


@require_GET
def evaluation(request: HttpRequest, pk: int) -> HttpResponse:
    return _detail(request, found_for(request, pk), {})


@sensitive_post_parameters("password")
@require_POST
def evaluation_step(request: HttpRequest, pk: int, transition: str) -> HttpResponse:
    found = found_for(request, pk)
    if transition not in services.TRANSITIONS:
        raise Http404
    if not services.may(me(request), found, transition):
        raise NotAllowed
    done = step_make(request, STEPPING, found, transition)
    return done if isinstance(done, HttpResponse) else _detail(request, found, done, status=422)


def sees_amounts(user: User, found: Evaluation) -> bool:
    return services.is_own(user, found) or has_role(user, PAY_READERS, site=found.site)


def content_of(user: User, found: Evaluation) -> tuple[dict[str, Any], str]:
    """What is shown: what was told, to whom it was told; what was reckoned last; else how it stands now."""
    if services.is_own(user, found) or found.status in {"told", "signed", "witnessed"}:
        return services.result_told(found).content, "told"
    if found.reckoned:
        return found.reckoned, "reckoned"
    return reckoned(found, book_of(found.period)), "now"


def told_lines(content: Mapping[str, Any]) -> list[dict[str, Any]]:
    return [
        {
            "label": component_label(one["key"]), "judged": one["key"] in JUDGED_KEYS, "weight": said(one["weight"]),
            "share": said(one["share"]) if one["share"] else "", "value": value_said(one),
            "scale": f"{said(one['zero'], one.get('unit', ''))} → {said(one['full'], one.get('unit', ''))}",
            "points": said(one["points"]) if one["points"] is not None else "", "url": one.get("url", ""),
            "inputs": [
                (INPUTS[name], said(value)) for name, value in (one.get("inputs") or {}).items() if name in INPUTS
            ],
        }
        for one in content["components"]
    ]  # fmt: skip


def _detail(
    request: HttpRequest, found: Evaluation, tried: dict[str, forms.Form], *, status: int = 200
) -> HttpResponse:
    user, now = me(request), timezone.now()
    own, amounts = services.is_own(user, found), sees_amounts(user, found)
    content, kind = content_of(user, found) if found.status != EvaluationStatus.WAIVED or own else ({}, "waived")
    documents = services.documents_of(found)
    context = process_context(request, STEPPING, found, tried) | {
        "title": found.person.name, "subtitle": f"{found.position} · {found.period.label} · {found.site.name}",
        "crumbs": crumbs(), "evaluation": found, "own": own, "amounts": amounts, "kind": kind,
        "lines": told_lines(content) if content else [], "total": said(content["total"]) if content else "–",
        "unknown": any(one["points"] is None for one in content["components"]) if content else False,
        "pay": pay_rows(content) if content and amounts and content["pay"] else [],
        "scheme": found.period.scheme if has_role(user, PAY_READERS, site=found.site) else None,
        "paid": paid_of([found.pk]).get(found.pk) if amounts else None,
        "results": list(found.results.select_related("approved_by")) if not own else [],
        "documents": documents.defer("data").order_by("-pk") if own else (
            IssuedDocument.objects.visible_to(user).filter(pk__in=documents.values("pk")).defer("data").order_by("-pk")
        ),
        "pdf": documents.filter(status=Status.VALID).first() if own else None,
        "no_log_in": found.status == EvaluationStatus.TOLD and not services.can_sign_here(found.person, now),
        "leads": services.leads(user, found),
    }  # fmt: skip
    if own:  # what superior and performance function wrote each other is theirs
        told = [one for one in context["history"] if one.transition in {"tell", "sign", "witness"}]
        context["entries"] = process_entries(EVALUATION, found, told)
    return render(request, "sdm/evaluating/evaluation.html", context, status=status)


@require_GET
def evaluation_pdf(request: HttpRequest, pk: int) -> HttpResponseBase:
    """The own signed evaluation. Others read it in the register of documents, if their role covers it."""
    user, found = me(request), get_visible(Evaluation, me(request), pk)
    if not services.is_own(user, found):
        raise NotAllowed
    document = services.documents_of(found).filter(status=Status.VALID).first()
    if document is None:
        raise Http404
    answer = download("documents", document.file, shown=document.file_name, content_type="application/pdf")
    data = {"number": document.full_number, "sha256": document.sha256}
    record(actor=user, action="document.downloaded", subject=document, data=data, now=timezone.now(), site=found.site)
    return answer
