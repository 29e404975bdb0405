"""Violations of the rules (RTM-9): the list, one's way from record to decision, and what repeated ones propose."""

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

from occ.documents.attachments import attachments_of
from occ.errors import NotAllowed, Refused
from occ.filters import FromDay, OwnSite, UntilDay, of_own_sites
from occ.forms import InstantField, OptionalNoteForm, PersonField, add_refusal
from occ.list_export import register_list
from occ.lists import listing, remembered
from occ.people import choosing
from occ.people.access import get_visible, me
from occ.people.models import User
from occ.people.scope import has_role, sites_for
from occ.processes import Stepping, plain_stepping, process_context, step_make
from occ.sheets.writing import OutColumn
from occ.times import JAKARTA, local_day
from realtime.choices import Severity, ViolationStatus
from realtime.models import ROTG_READERS, RULE_READERS, FloorWalk, RotgProposal, Rule, RuleVersion, Violation, WalkLine
from realtime.rotg.workflow import PROPOSAL, RECORDERS, VIOLATION
from realtime.services import rotg, rotg_proposals
from realtime.views.rotg_rules import toned

CHOOSER = choosing.register("realtime.violation", lambda user: rotg.people_to_name(user, timezone.now()))
ACCEPT = ".pdf,.png,.jpg,.jpeg"


class AnswerForm(forms.Form):
    note = forms.CharField(
        label=gettext_lazy("What happened, in your own words"), widget=forms.Textarea(attrs={"rows": 5}),
        max_length=rotg.ANSWERED, help_text=gettext_lazy("You answer once: it cannot be changed afterwards."),
    )  # fmt: skip


class DecisionForm(forms.Form):
    note = forms.CharField(
        label=gettext_lazy("Reason"), widget=forms.Textarea(attrs={"rows": 3}), max_length=rotg.ANSWERED,
        help_text=gettext_lazy("The agent reads it."),
    )  # fmt: skip


class FileForm(forms.Form):
    file = forms.FileField(
        label=gettext_lazy("Photo, screenshot or document"), help_text=gettext_lazy("PDF, PNG or JPG, at most 10 MiB."),
        widget=forms.FileInput(attrs={"accept": ACCEPT}),
    )  # fmt: skip


class RuleField(forms.ModelChoiceField):
    """Rules that hold today, by number and words."""

    def label_from_instance(self, obj: Any) -> str:
        return f"{obj.rule.number} · {obj.text[:90]}"


class ViolationForm(forms.Form):
    person = PersonField(chooser=CHOOSER, label=gettext_lazy("Agent"))
    rule = RuleField(RuleVersion.objects.none(), label=gettext_lazy("Rule"))
    seen_at = InstantField(label=gettext_lazy("Seen"))
    what = forms.CharField(
        label=gettext_lazy("What was seen"), widget=forms.Textarea(attrs={"rows": 3}), max_length=rotg.WHAT
    )
    file = forms.FileField(
        label=gettext_lazy("Photo, screenshot or document"), required=False,
        help_text=gettext_lazy("PDF, PNG or JPG, at most 10 MiB."), widget=forms.FileInput(attrs={"accept": ACCEPT}),
    )  # fmt: skip
    line = forms.IntegerField(widget=forms.HiddenInput, required=False, min_value=1, max_value=2**62)

    def __init__(self, *args: Any, user: User, now: datetime, **kwargs: Any) -> None:
        super().__init__(*args, **kwargs)
        person: Any = self.fields["person"]
        person.for_user(user)
        rule: Any = self.fields["rule"]
        places = Q(rule__site=None) | Q(rule__site__in=sites_for(user, RECORDERS))
        rows = RuleVersion.objects.in_force(local_day(now, JAKARTA)).filter(places)
        rule.queryset = rows.select_related("rule").order_by("rule__number")


def _may(user: User, found: Violation, name: str) -> bool:
    return rotg.is_own(user, found) if name == "answer" else rotg.may_decide(user, found)


STEPPING: Stepping = plain_stepping(
    VIOLATION, rotg.TRANSITIONS, key="violation_id", url_name="realtime:violation_step",
    own_forms={"answer": AnswerForm, "uphold": DecisionForm, "drop": DecisionForm},
    icons={"answer": "message", "uphold": "gavel", "drop": "ban"}, aside=frozenset({"drop"}), may=_may,
)  # fmt: skip
PROPOSAL_STEPPING: Stepping = plain_stepping(
    PROPOSAL, rotg_proposals.TRANSITIONS, key="proposal_id", url_name="realtime:rotg_proposal_step",
    own_forms={"accept": OptionalNoteForm}, icons={"accept": "check", "dismiss": "ban"},
    aside=frozenset({"dismiss"}),
    may=lambda user, one, name: rotg_proposals.leads(user, one.person_id, one.site),
)  # fmt: skip


class ViolationFilter(filters.FilterSet):
    q = filters.CharFilter(method="by_words", label=gettext_lazy("Search"))
    status = filters.ChoiceFilter(
        choices=ViolationStatus.choices, label=gettext_lazy("Status"), empty_label=gettext_lazy("All")
    )
    severity = filters.ChoiceFilter(
        choices=Severity.choices, field_name="version__severity", label=gettext_lazy("Severity"),
        empty_label=gettext_lazy("All"),
    )  # fmt: skip
    rule = filters.ModelChoiceFilter(
        queryset=of_own_sites(Rule.objects.all()), field_name="version__rule", label=gettext_lazy("Rule"),
        empty_label=gettext_lazy("All"),
    )  # fmt: skip
    site = OwnSite()
    since = FromDay(field_name="seen_at", label=gettext_lazy("From"))
    until = UntilDay(field_name="seen_at", label=gettext_lazy("To"))

    def by_words(self, rows: QuerySet[Violation], name: str, value: str) -> QuerySet[Violation]:
        for word in value.replace("\x00", "").split()[:6]:
            rows = rows.filter(
                Q(person__name__icontains=word) | Q(person__number__iexact=word) | Q(what__icontains=word)
                | Q(version__text__icontains=word) | Q(version__rule__number__iexact=word)
            )  # fmt: skip
        return rows


def rows_of(user: User, now: datetime) -> QuerySet[Violation]:
    rows = Violation.objects.visible_to(user)
    return rows.select_related("site", "person", "version__rule", "seen_by", "decided_by")


def columns() -> list[OutColumn]:
    return [OutColumn(_("Seen"), 18), OutColumn(_("Employee number"), 14), OutColumn(_("Agent"), 26),
            OutColumn(_("Site"), 14), OutColumn(_("Rule"), 10), OutColumn(_("What the rule says"), 50),
            OutColumn(_("Severity"), 12), OutColumn(_("What was seen"), 50), OutColumn(_("Recorded by"), 24),
            OutColumn(_("Status"), 24), OutColumn(_("The agent's answer"), 50), OutColumn(_("Decided"), 18),
            OutColumn(_("Decided by"), 24), OutColumn(_("Reason"), 50)]  # fmt: skip


def line(one: Violation) -> list[Any]:
    return [one.seen_at, one.person.number, one.person.name, one.site.name, one.version.rule.number, one.version.text,
            one.version.get_severity_display(), one.what, str(one.seen_by), one.get_status_display(), one.answer,
            one.decided_at, str(one.decided_by or ""), one.decision]  # fmt: skip


register_list(
    "realtime.violations", gettext_lazy("Violations"), may=lambda user: has_role(user, RULE_READERS),
    filters=ViolationFilter, order=["-seen_at", "-pk"], rows=rows_of, columns=columns, line=line,
)  # fmt: skip


def crumbs() -> list[dict[str, str]]:
    return [{"label": _("Violations"), "url": reverse("realtime:violations")}]


@require_GET
def violations(request: HttpRequest) -> HttpResponse:
    """Whose role reads no others' sees the own."""
    user, now = me(request), timezone.now()
    if not has_role(user, RULE_READERS):
        raise NotAllowed
    if again := remembered(request):
        return again
    sorts = {"seen": "seen_at", "agent": "person__name"}
    context = listing(request, rows_of(user, now), filters=ViolationFilter, sorts=sorts, default="-seen")
    for one in context["page"].rows:
        toned(one.version)
    others = has_role(user, ROTG_READERS)
    new = {
        "label": _("Record a violation"),
        "url": reverse("realtime:violation_new"),
        "icon": "plus",
        "tone": "primary",
    }
    context |= {
        "title": _("Violations") if others else _("My violations"), "others": others, "now": now,
        "subtitle": _("Of the rules of the game: what was seen, what the agent says, what was decided"),
        "actions": [new] if has_role(user, RECORDERS) else [], "export_kind": "realtime.violations",
        "search": _("Name, employee number, rule or words"),
    }  # fmt: skip
    return render(request, "realtime/rotg_violations.html", context)


@require_http_methods(["GET", "POST"])
def violation_new(request: HttpRequest) -> HttpResponse:
    user, now = me(request), timezone.now()
    if not has_role(user, RECORDERS):
        raise NotAllowed
    line = _line_of(request)
    zone = line.walk.site.zone if line else JAKARTA
    with timezone.override(zone):
        initial: dict[str, Any] = {"seen_at": timezone.localtime(now).replace(second=0, microsecond=0)}
        if line:
            initial |= {"rule": line.version_id, "line": line.pk, "what": line.note}
        form = ViolationForm(request.POST or None, request.FILES or None, user=user, now=now, initial=initial)
        if request.method == "POST" and form.is_valid() and (done := _record(request, form, now)):
            return done
    context = {"title": _("Record a violation"), "crumbs": crumbs(), "form": form, "submit": _("Record it")}
    back = line.walk.get_absolute_url() if line else reverse("realtime:violations")
    context |= {"cancel_url": back, "icon": "plus"}
    return render(request, "realtime/form.html", context, status=422 if form.errors else 200)


def _line_of(request: HttpRequest) -> WalkLine | None:
    """The row of a walk from which one comes, if the walk may be seen."""
    asked = request.POST.get("line") or request.GET.get("line") or ""
    if not asked.isdecimal() or len(asked) > 18:
        return None
    walks = FloorWalk.objects.visible_to(me(request))
    return WalkLine.objects.select_related("walk__site", "version__rule").filter(pk=int(asked), walk__in=walks).first()


def _record(request: HttpRequest, form: ViolationForm, now: datetime) -> HttpResponse | None:
    given = form.cleaned_data
    try:
        made = rotg.violation_record(
            person=given["person"], rule=given["rule"].rule, seen_at=given["seen_at"], what=given["what"],
            line_id=given["line"], file=given["file"], actor=me(request), now=now,
        )  # fmt: skip
    except Refused as refusal:
        add_refusal(form, refusal)
        return None
    messages.success(request, _("Recorded. %(person)s is asked for an answer.") % {"person": made.person.name})
    return redirect(f"{made.line.walk.get_absolute_url()}#line-{made.line_id}" if made.line else made)


@require_GET
def violation(request: HttpRequest, pk: int) -> HttpResponse:
    return _detail(request, get_visible(Violation, me(request), pk), {})


@require_POST
def violation_step(request: HttpRequest, pk: int, transition: str) -> HttpResponse:
    found = get_visible(Violation, me(request), pk)
    if transition in rotg.TRANSITIONS and not _may(me(request), found, transition):
        raise NotAllowed
    done = step_make(request, STEPPING, found, transition)
    return done if isinstance(done, HttpResponse) else _detail(request, found, done, status=422)


@require_POST
def evidence_add(request: HttpRequest, pk: int) -> HttpResponse:
    found = get_visible(Violation, me(request), pk)
    if not rotg.may_add_evidence(me(request), found):
        raise NotAllowed
    form = FileForm(request.POST, request.FILES)
    if form.is_valid():
        try:
            rotg.evidence_add(
                violation_id=pk, file=form.cleaned_data["file"], actor=me(request), now=timezone.now()
            )  # fmt: skip
        except Refused as refusal:
            add_refusal(form, refusal)
        else:
            messages.success(request, _("The evidence is kept with the violation."))
            return redirect(f"{found.get_absolute_url()}#evidence")
    return _detail(request, found, {}, evidence=form, status=422)


def _detail(
    request: HttpRequest, found: Violation, tried: dict[str, forms.Form], *, evidence: FileForm | None = None,
    status: int = 200,
) -> HttpResponse:  # fmt: skip
    user, now = me(request), timezone.now()
    decided = found.status in (ViolationStatus.UPHELD, ViolationStatus.DROPPED)
    may_add = not decided and rotg.may_add_evidence(user, found)
    others = Violation.objects.visible_to(user).filter(person_id=found.person_id).exclude(pk=found.pk)
    waits = found.status == ViolationStatus.RECORDED
    context = process_context(request, STEPPING, found, tried)
    context |= {
        "title": _("Violation of rule %(number)s") % {"number": found.version.rule.number},
        "subtitle": f"{found.person.name} · {found.site.name}", "crumbs": crumbs(), "violation": found,
        "version": toned(found.version), "own": rotg.is_own(user, found), "now": now, "answer_waits": waits,
        "files": attachments_of(found).order_by("uploaded_at"),
        "evidence_form": evidence or (FileForm() if may_add else None),
        "earlier": others.select_related("version__rule", "site").order_by("-seen_at", "-pk")[:5],
        "proposals": RotgProposal.objects.visible_to(user).filter(violations=found),
        "no_log_in": waits and not rotg.can_answer_here(found.person, now),
    }  # fmt: skip
    return render(request, "realtime/rotg_violation.html", context, status=status)


@require_GET
def proposal(request: HttpRequest, pk: int) -> HttpResponse:
    return _proposal(request, get_visible(RotgProposal, me(request), pk), {})


@require_POST
def proposal_step(request: HttpRequest, pk: int, transition: str) -> HttpResponse:
    found = get_visible(RotgProposal, me(request), pk)
    if not rotg_proposals.leads(me(request), found.person_id, found.site):
        raise NotAllowed
    done = step_make(request, PROPOSAL_STEPPING, found, transition)
    return done if isinstance(done, HttpResponse) else _proposal(request, found, done, status=422)


def _proposal(
    request: HttpRequest, found: RotgProposal, tried: dict[str, forms.Form], *, status: int = 200
) -> HttpResponse:
    rows = found.violations.select_related("version__rule", "site").order_by("-seen_at")
    context = process_context(request, PROPOSAL_STEPPING, found, tried)
    context |= {
        "title": str(found), "subtitle": found.site.name, "crumbs": crumbs(), "proposal": found,
        "rows": [(one, toned(one.version)) for one in rows],
    }  # fmt: skip
    return render(request, "realtime/rotg_proposal.html", context, status=status)
