"""Candidates: the list, one with its criteria and steps, and what is known of them (SDM-3; UU 27/2022)."""

from __future__ import annotations

from datetime import date, datetime
from typing import Any

import django_filters as filters
from django import forms
from django.db.models import QuerySet
from django.http import HttpRequest, HttpResponse
from django.shortcuts import redirect, render
from django.urls import reverse
from django.utils import timezone
from django.utils.translation import gettext as _
from django.utils.translation import gettext_lazy
from django.views.decorators.cache import never_cache
from django.views.decorators.http import require_GET, require_http_methods, require_POST

from occ.errors import NotAllowed
from occ.filters import OneRow, OwnSite
from occ.form_pages import form_done, form_page
from occ.forms import BirthField
from occ.list_export import register_list
from occ.lists import listing, remembered
from occ.people.access import get_visible, me
from occ.people.models import User
from occ.people.scope import has_role
from occ.policies.services import policy_value
from occ.processes import process_context, step_make
from occ.sheets.writing import OutColumn
from sdm.forms import SkillsField
from sdm.models import Candidate, Criterion, Recruitment
from sdm.personal import masked
from sdm.positions.choices import Education
from sdm.recruiting.choices import CandidateStatus as C
from sdm.recruiting.personal import (
    CANDIDATE_READERS,
    masked_email,
    masked_phone,
    reads_contact,
    reads_id,
)
from sdm.recruiting.policies import KEPT
from sdm.recruiting.stepping import stepping_for
from sdm.recruiting.workflow import GOING, RECRUIT
from sdm.services import candidates as services
from sdm.services.pipeline import doubled, duplicates_of

SORTS = {"recorded": "recorded_at", "name": "name", "since": "since"}


class CandidateForm(forms.Form):
    """Nothing is asked for that no specification checks: no sex, no picture; the age only where a law allows."""

    name = forms.CharField(label=gettext_lazy("Name"), max_length=120)
    nik = forms.CharField(
        label=gettext_lazy("National ID number (NIK)"),
        required=False,
        max_length=30,
        help_text=gettext_lazy("16 digits; kept encrypted."),
        widget=forms.TextInput(attrs={"autocomplete": "off", "inputmode": "numeric"}),
    )
    phone = forms.CharField(label=gettext_lazy("Phone"), required=False, max_length=30)
    email = forms.EmailField(label=gettext_lazy("E-mail"), required=False)
    birth_date = BirthField(label=gettext_lazy("Born on"), required=False)
    education = forms.ChoiceField(
        label=gettext_lazy("Education"), choices=[("", gettext_lazy("not known")), *Education.choices], required=False
    )
    study = forms.CharField(label=gettext_lazy("Course of study"), required=False, max_length=80)
    experience_months = forms.IntegerField(
        label=gettext_lazy("Experience in contact centers (months)"), min_value=0, max_value=600, initial=0
    )
    skills = SkillsField(label=gettext_lazy("Skills"), required=False, max_length=1000)
    source = forms.CharField(label=gettext_lazy("Where from"), required=False, max_length=80)

    def __init__(self, *args: Any, row: Recruitment, now: datetime, **kwargs: Any) -> None:
        super().__init__(*args, **kwargs)
        asked = ", ".join(row.version.skills)
        words = _("With commas between them. Asked for: %(skills)s")
        self.fields["skills"].help_text = words % {"skills": asked or "–"}
        if not services.age_applies(now):
            del self.fields["birth_date"]


class WaiveForm(forms.Form):
    reason = forms.CharField(
        label=gettext_lazy("Why it is waived"), max_length=300, widget=forms.Textarea(attrs={"rows": 2})
    )


class CandidateFilter(filters.FilterSet):
    q = filters.CharFilter(method="by_words", label=gettext_lazy("Search"))
    status = filters.ChoiceFilter(
        choices=[("going", gettext_lazy("In the pipeline")), *C.choices], method="by_status",
        label=gettext_lazy("Status"), empty_label=gettext_lazy("All"),
    )  # fmt: skip
    site = OwnSite(to_field_name="code")
    education = filters.ChoiceFilter(
        choices=Education.choices, label=gettext_lazy("Education"), empty_label=gettext_lazy("All")
    )
    recruitment = OneRow(
        rows=lambda user: Recruitment.objects.visible_to(user).select_related("position", "site"), method="by_request",
        label=gettext_lazy("Request"),
    )  # fmt: skip

    def by_words(self, rows: QuerySet[Candidate], name: str, value: str) -> QuerySet[Candidate]:
        for word in value.replace("\x00", "").split()[:6]:
            rows = rows.filter(name__icontains=word)
        return rows

    def by_status(self, rows: QuerySet[Candidate], name: str, value: str) -> QuerySet[Candidate]:
        return rows.filter(status__in=GOING) if value == "going" else rows.filter(status=value)

    def by_request(self, rows: QuerySet[Candidate], name: str, value: Any) -> QuerySet[Candidate]:
        return rows.filter(recruitment_id=int(value)) if 0 < value < 2**31 else rows.none()


def rows_of(user: User, now: datetime) -> QuerySet[Candidate]:
    """Without what identifies them: a list and a file go further than a page."""
    rows = Candidate.objects.visible_to(user).select_related("site", "recruitment__position", "recruitment__site")
    return rows.prefetch_related("criteria").defer("nik", "phone", "email", "birth_date")


def columns() -> list[OutColumn]:
    return [
        OutColumn(_("No."), width=8), OutColumn(_("Name"), width=30), OutColumn(_("Position"), width=30),
        OutColumn(_("Site"), width=8), OutColumn(_("Request no."), width=10), OutColumn(_("Status"), width=24),
        OutColumn(_("Since"), width=18), OutColumn(_("Education"), width=12),
        OutColumn(_("Experience (months)"), width=14), OutColumn(_("Skills"), width=34),
        OutColumn(_("Not met"), width=30), OutColumn(_("Waived"), width=30),
        OutColumn(_("Score of the training"), width=12),
        OutColumn(_("Recorded"), width=18), OutColumn(_("Ended"), width=18),
    ]  # fmt: skip


def line(one: Candidate) -> list[Any]:
    criteria = list(one.criteria.all())
    return [
        one.pk, one.shown_name, one.recruitment.position.name, one.site.code, one.recruitment_id,
        one.get_status_display(), one.since, one.get_education_display(), one.experience_months, ", ".join(one.skills),
        "; ".join(str(c) for c in criteria if c.outcome == "not_met"),
        "; ".join(f"{c} ({c.reason})" for c in criteria if c.outcome == "waived"),
        one.training_score, one.recorded_at, one.ended_at,
    ]  # fmt: skip


register_list(
    "sdm.candidates", gettext_lazy("Candidates"), may=lambda user: has_role(user, CANDIDATE_READERS),
    filters=CandidateFilter, order=["-recorded_at", "pk"], rows=rows_of, columns=columns, line=line,
)  # fmt: skip


def crumbs(row: Recruitment | None = None) -> list[dict[str, str]]:
    if row is None:
        return [{"label": _("Pipeline of recruitment"), "url": reverse("sdm:pipeline")}]
    return [
        {"label": _("Requests for people"), "url": reverse("sdm:recruitments")},
        {"label": str(row), "url": row.get_absolute_url()},
    ]


@require_GET
def candidates(request: HttpRequest) -> HttpResponse:
    user, now = me(request), timezone.now()
    if not has_role(user, CANDIDATE_READERS):
        raise NotAllowed
    if again := remembered(request):
        return again
    context = listing(request, rows_of(user, now), filters=CandidateFilter, sorts=SORTS, default="-recorded")
    twice = doubled(context["page"].rows)
    for one in context["page"].rows:
        one.twice = one.pk in twice
    bring = {"label": _("Import"), "url": reverse("sdm:candidate_import:import"), "icon": "upload"}
    context |= {
        "title": _("Candidates"), "crumbs": crumbs(), "export_kind": "sdm.candidates", "search": _("Name"),
        "subtitle": _("Who applied for which request, and how far they are"),
        "actions": [bring] if has_role(user, RECRUIT) else [],
    }  # fmt: skip
    return render(request, "sdm/recruiting/candidates.html", context)


@require_http_methods(["GET", "POST"])
def candidate_new(request: HttpRequest, pk: int) -> HttpResponse:
    user, now = me(request), timezone.now()
    row = get_visible(Recruitment, user, pk)
    if not has_role(user, RECRUIT, site=row.site):
        raise NotAllowed
    return form_page(
        request, CandidateForm(request.POST or None, row=row, now=now),
        lambda values: services.candidate_add(recruitment_id=pk, actor=user, now=now, **values),
        said=_("Recorded and checked against the specification."), title=_("Add a candidate"), crumbs=crumbs(row),
        submit=_("Record"), cancel_url=row.get_absolute_url(),
    )  # fmt: skip


@require_http_methods(["GET", "POST"])
@never_cache
def candidate_edit(request: HttpRequest, pk: int) -> HttpResponse:
    user, now = me(request), timezone.now()
    found = get_visible(Candidate, user, pk)
    if not has_role(user, RECRUIT, site=found.site):
        raise NotAllowed
    names = ("name", "phone", "email", "education", "study", "experience_months", "skills", "source")
    initial = {one: getattr(found, one) for one in names} | {
        "birth_date": date.fromisoformat(found.birth_date) if found.birth_date else None
    }
    form = CandidateForm(request.POST or None, row=found.recruitment, now=now, initial=initial)
    if found.nik:
        form.fields["nik"].help_text = _("Recorded: %(nik)s. Empty: it stays.") % {"nik": masked(found.nik)}

    def edit(values: dict[str, Any]) -> Candidate:
        data = {key: value for key, value in values.items() if key != "nik" or value}
        return services.candidate_edit(candidate_id=pk, actor=user, now=now, **data)

    return form_page(
        request, form, edit, said=_("Saved, and checked against the specification again."), title=_("Edit"),
        crumbs=[*crumbs(found.recruitment), {"label": found.shown_name, "url": found.get_absolute_url()}],
        submit=_("Save"), cancel_url=found.get_absolute_url(),
    )  # fmt: skip


@require_GET
@never_cache
def candidate(request: HttpRequest, pk: int) -> HttpResponse:
    return _detail(request, get_visible(Candidate, me(request), pk), {})


@require_POST
def candidate_step(request: HttpRequest, pk: int, transition: str) -> HttpResponse:
    found = get_visible(Candidate, me(request), pk)
    if transition == "approve":  # only on the list as a whole
        raise NotAllowed
    done = step_make(request, stepping_for(me(request)), found, transition)
    return done if isinstance(done, HttpResponse) else _detail(request, found, done, status=422)


@require_POST
@never_cache
def candidate_nik(request: HttpRequest, pk: int) -> HttpResponse:
    """Show the whole national ID number once; the ledger keeps who read it."""
    found = get_visible(Candidate, me(request), pk)
    nik = services.nik_read(candidate_id=pk, actor=me(request), now=timezone.now())
    return _detail(request, found, {}, whole_nik=nik)


@require_POST
def criterion_waive(request: HttpRequest, pk: int, criterion: int) -> HttpResponse:
    user = me(request)
    found = get_visible(Candidate, user, pk)
    if not has_role(user, RECRUIT, site=found.site):
        raise NotAllowed
    one = found.criteria.filter(pk=criterion).first()
    form = WaiveForm(request.POST, auto_id=f"id_{criterion}_%s")
    if one is None:
        return redirect(found)
    key = one.pk

    def waive(values: dict[str, Any]) -> Criterion:
        return services.criterion_waive(criterion_id=key, actor=user, now=timezone.now(), **values)

    if done := form_done(request, form, waive, said=_("Waived; the reason is kept."), to=found):
        return done
    return _detail(request, found, {}, waive=(criterion, form), status=422)


def _detail(
    request: HttpRequest, found: Candidate, tried: dict[str, forms.Form], *, whole_nik: str = "",
    waive: tuple[int, forms.Form] | None = None, status: int = 200,
) -> HttpResponse:  # fmt: skip
    user, site = me(request), found.site
    keeps = has_role(user, RECRUIT, site=site)
    edits = keeps and found.status in {C.APPLIED, C.FITS, C.TRAINING, C.NOT_PASSED}
    edit = {"label": _("Edit"), "url": reverse("sdm:candidate_edit", args=[found.pk]), "icon": "pencil"}
    contact = reads_contact(user, site)
    context = process_context(request, stepping_for(user), found, tried)
    context |= {
        "title": found.shown_name, "crumbs": crumbs(found.recruitment),
        "subtitle": f"{found} · {found.recruitment.position.name}",
        "candidate": found, "recruitment": found.recruitment, "criteria": _criteria(found, keeps, waive),
        "ids": {
            "nik": masked(found.nik) if contact else "", "whole": whole_nik,
            "phone": found.phone if contact else masked_phone(found.phone),
            "email": found.email if contact else masked_email(found.email),
            "born": date.fromisoformat(found.birth_date) if found.birth_date and contact else None,
        },
        "see_nik": bool(found.nik) and reads_id(user, site), "contact": contact,
        "same": duplicates_of(found, user) if contact else [],
        "kept_days": int(policy_value(KEPT, at=timezone.now())), "actions": [edit] if edits else [],
    }  # fmt: skip
    return render(request, "sdm/recruiting/candidate.html", context, status=status)


def _criteria(found: Candidate, keeps: bool, tried: tuple[int, forms.Form] | None) -> list[dict[str, Any]]:
    rows: list[dict[str, Any]] = []
    for one in Criterion.objects.filter(candidate=found).select_related("waived_by"):
        form: forms.Form | None = None
        if keeps and one.outcome == "not_met" and found.status == C.APPLIED:
            form = tried[1] if tried and tried[0] == one.pk else WaiveForm(auto_id=f"id_{one.pk}_%s")
        rows.append({"criterion": one, "form": form})
    return rows
