"""Months of evaluation (SDM-6): opened, reported, approved, distributed, validated, given to payroll."""

from __future__ import annotations

from datetime import date, datetime, timedelta
from typing import Any

import django_filters as filters
from django import forms
from django.contrib import messages
from django.db.models import Avg, Count, Q, QuerySet, Sum
from django.http import Http404, HttpRequest, HttpResponse
from django.shortcuts import redirect, render
from django.urls import reverse
from django.utils import timezone
from django.utils.translation import gettext as _
from django.utils.translation import gettext_lazy
from django.views.decorators.debug import sensitive_post_parameters
from django.views.decorators.http import require_GET, require_http_methods, require_POST

from occ.approvals.proving import identity_prove, second_factor_of
from occ.errors import NotAllowed, Refused
from occ.filters import DayFilter, OwnSite
from occ.forms import EvidenceForm, NoteForm, OptionalNoteForm, add_refusal
from occ.jobs.models import Job
from occ.jobs.services import job_start
from occ.list_export import register_list
from occ.lists import listing, remembered
from occ.obligations.models import Obligation
from occ.people.access import get_visible, me
from occ.people.models import Site, User
from occ.people.scope import has_role, sites_for
from occ.processes import Stepping, evidence_of, process_context, step_make
from occ.sheets.writing import OutColumn
from occ.times import in_reach, local_day, month_of
from occ.workflow.flows import Transition
from sdm.evaluating.choices import EvaluationStatus, PeriodStatus
from sdm.evaluating.documents import remark_said, rupiah, said, why_none
from sdm.evaluating.jobs import COMPILE
from sdm.evaluating.workflow import PERFORMANCE, PERIOD
from sdm.models import Evaluation, EvaluationPeriod
from sdm.models.evaluating import PAY_READERS, READERS
from sdm.services import evaluation_amounts as amounts
from sdm.services import evaluation_periods as services
from sdm.services import payroll

ICONS = {
    "compile": "report-analytics", "approve": "circle-check", "refuse": "arrow-back-up", "distribute": "send",
    "validate": "checks", "reject": "arrow-back-up", "pay": "cash", "reopen": "rotate-2",
}  # fmt: skip
ASIDE = frozenset({"refuse", "reject", "reopen"})


class ApproveForm(forms.Form):
    seen = forms.CharField(widget=forms.HiddenInput, max_length=64)
    note = forms.CharField(
        label=gettext_lazy("Note"), required=False, widget=forms.Textarea(attrs={"rows": 2}), max_length=300
    )
    password = forms.CharField(
        label=gettext_lazy("Your password"), strip=False, max_length=128,
        widget=forms.PasswordInput(attrs={"autocomplete": "current-password"}),
    )  # fmt: skip
    code = forms.CharField(
        label=gettext_lazy("Code of your second factor"), required=False, max_length=20,
        widget=forms.TextInput(attrs={"autocomplete": "one-time-code", "inputmode": "numeric"}),
    )  # fmt: skip

    def __init__(self, *args: Any, rows: QuerySet[Evaluation], **kwargs: Any) -> None:
        """`rows`: those that have no amount, each with what is to be decided of it; of very many all wait."""
        super().__init__(*args, **kwargs)
        self.rows = list(rows.select_related("person")[: amounts.MOST_BY_HAND + 1])
        self.many = len(self.rows) > amounts.MOST_BY_HAND
        if self.many:
            self.rows = list(rows)
            words = _("%(n)s people have no amount, too many to decide about each: they all wait")
            self.fields["wait_all"] = forms.BooleanField(label=words % {"n": len(self.rows)})
        for row in [] if self.many else self.rows:
            name = f"{row.person.name} ({row.person.number})"
            self.fields[amounts.field_of(row.pk, "decision")] = forms.ChoiceField(
                label=_("%(name)s has no amount") % {"name": name}, help_text=why_none(row.reckoned),
                choices=[("", "–"), ("wait", _("It waits until the month is corrected")),
                         ("hand", _("Pay an amount by hand"))],
            )  # fmt: skip
            self.fields[amounts.field_of(row.pk, "amount")] = forms.DecimalField(
                label=_("Amount by hand for %(name)s (Rp)") % {"name": name}, required=False, min_value=0,
                max_digits=12, decimal_places=0, localize=False,
            )  # fmt: skip
            self.fields[amounts.field_of(row.pk, "reason")] = forms.CharField(
                label=_("Reason for %(name)s") % {"name": name}, required=False, max_length=amounts.REASON
            )
        self.order_fields([name for name in self.fields if name not in ("note", "password", "code")])

    def clean(self) -> dict[str, Any]:
        given = super().clean() or self.cleaned_data
        found = {name: given[name] for name in ("seen", "note", "password", "code") if name in given}
        return found | {"decisions": {row.pk: self._decided(row.pk, given) for row in self.rows}}

    def _decided(self, pk: int, given: dict[str, Any]) -> amounts.Decided:
        reason = given.get(amounts.field_of(pk, "reason")) or ""
        if given.get(amounts.field_of(pk, "decision")) != "hand":
            return amounts.Decided(None, reason)
        amount = given.get(at := amounts.field_of(pk, "amount"))
        if amount is None and at not in self.errors:
            self.add_error(at, _("Which amount is paid?"))
        return amounts.Decided(amount, reason)


def form_for(subject: EvaluationPeriod, transition: Transition, data: Any, files: Any) -> forms.Form:
    name, auto_id = transition.name, f"id_{transition.name}_%s"
    if name == "approve":
        form = ApproveForm(
            data, rows=amounts.without_amount(subject), auto_id=auto_id, initial={"seen": subject.list_sha256}
        )
        reader = getattr(subject, "reader", None)
        if reader is not None and second_factor_of(reader) is None:
            del form.fields["code"]
        return form
    if name == "pay":
        return EvidenceForm(data, files, auto_id=auto_id)
    if name == "validate":
        return OptionalNoteForm(data, auto_id=auto_id)
    return NoteForm(data, auto_id=auto_id) if transition.needs else forms.Form(data, auto_id=auto_id)


def make(subject: EvaluationPeriod, name: str, data: dict[str, Any], *, actor: User, now: datetime) -> None:
    """The password is asked for before the step's transaction: one that a refusal undoes would forget the attempt."""
    data = dict(data)
    if name == "approve":
        if subject.compiled_by_id == actor.pk:
            raise NotAllowed(_("You made the report: somebody else approves it."))
        data["proof"] = identity_prove(
            user=actor, password=data.pop("password"), code=data.pop("code", ""), reason="approve:evaluations", now=now
        )
    if name == "pay":
        data["evidence"] = evidence_of(subject, data, actor=actor, now=now)
        payroll.period_pay(period_id=subject.pk, actor=actor, now=now, **data)
        return
    services.TRANSITIONS[name](period_id=subject.pk, actor=actor, now=now, **data)


def may(user: User, subject: EvaluationPeriod, name: str) -> bool:
    if name == "approve":
        return subject.compiled_by_id != user.pk
    return name != "validate" or user.pk not in (subject.compiled_by_id, subject.approved_by_id)


def url(subject: EvaluationPeriod, name: str) -> str:
    return reverse("sdm:evaluation_period_step", args=[subject.pk, name])


STEPPING = Stepping(PERIOD, form_for, make, url, ICONS, ASIDE, may)


class PeriodFilter(filters.FilterSet):
    q = filters.CharFilter(method="by_words", label=gettext_lazy("Search"))
    status = filters.ChoiceFilter(
        choices=PeriodStatus.choices, label=gettext_lazy("Status"), empty_label=gettext_lazy("All")
    )
    site = OwnSite()
    since = DayFilter(field_name="month", lookup_expr="gte", label=gettext_lazy("From"))
    until = DayFilter(field_name="month", lookup_expr="lte", label=gettext_lazy("To"))

    def by_words(self, rows: QuerySet[EvaluationPeriod], name: str, value: str) -> QuerySet[EvaluationPeriod]:
        for word in value.replace("\x00", "").split()[:6]:
            rows = rows.filter(
                Q(site__name__icontains=word) | Q(site__code__iexact=word) | Q(scheme__name__icontains=word)
            )
        return rows


# By the names of the states: who is to be told and to sign, and who was told and did not sign.
TOLD = {
    "unsigned": Count("evaluations", filter=Q(evaluations__status=EvaluationStatus.TOLD)),
    "witnessed": Count("evaluations", filter=Q(evaluations__status=EvaluationStatus.WITNESSED)),
}
WAITING = Q(evaluations__status__in=[EvaluationStatus.DUE, EvaluationStatus.RETURNED])


def rows_of(user: User, now: datetime) -> QuerySet[EvaluationPeriod]:
    rows = EvaluationPeriod.objects.visible_to(user).select_related("site", "scheme")
    return rows.annotate(
        people=Count("evaluations"), unscored=Count("evaluations", filter=WAITING),
        **TOLD, mean=Avg("evaluations__total"),
    )  # fmt: skip


def columns() -> list[OutColumn]:
    labels = (_("Site"), _("Month"), _("Status"), _("People"), _("Not scored yet"), EvaluationStatus.TOLD.label,
              EvaluationStatus.WITNESSED.label, _("Mean"), _("Approved"), _("Distributed"), _("Validated"),
              _("Paid"))  # fmt: skip
    return [OutColumn(str(label), 18) for label in labels]


def line(one: Any) -> list[Any]:
    return [one.site.name, one.month, one.get_status_display(), one.people, one.unscored, one.unsigned,
            one.witnessed, None if one.mean is None else round(one.mean, 2), one.approved_at, one.distributed_at,
            one.validated_at, one.paid_at]  # fmt: skip


register_list(
    "sdm.evaluation_periods", gettext_lazy("Months of evaluation"), may=lambda user: has_role(user, READERS),
    filters=PeriodFilter, order=["-month", "pk"], rows=rows_of, columns=columns, line=line,
)  # fmt: skip


@require_GET
def periods(request: HttpRequest) -> HttpResponse:
    user, now = me(request), timezone.now()
    if not has_role(user, READERS):
        raise NotAllowed
    if again := remembered(request):
        return again
    context = listing(request, rows_of(user, now), filters=PeriodFilter, sorts={"month": "month"}, default="-month")
    for one in context["page"].rows:
        one.mean_said = said(one.mean)
    new = {"label": _("Open a month"), "url": reverse("sdm:evaluation_period_new"), "icon": "plus", "tone": "primary"}
    context |= {
        "title": _("Months of evaluation"),
        "subtitle": _("From the superiors' scores to the incentive that is paid (MO 4.1.4)"),
        "actions": [new] if has_role(user, PERFORMANCE) else [], "export_kind": "sdm.evaluation_periods",
        "search": _("Site or scheme"),
    }  # fmt: skip
    return render(request, "sdm/evaluating/periods.html", context)


class MonthField(forms.Field):
    """2026-10, as browsers send it; the first of the month."""

    widget = forms.TextInput(attrs={"type": "month"})

    def prepare_value(self, value: Any) -> Any:
        return f"{value:%Y-%m}" if isinstance(value, date) else value

    def to_python(self, value: Any) -> date | None:
        text = str(value or "").strip()
        if not text:
            return None
        try:
            found = date.fromisoformat(f"{text}-01")
        except ValueError:
            raise forms.ValidationError(_("Write the month as 2026-10.")) from None
        if not in_reach(found):
            raise forms.ValidationError(_("This month is not possible."))
        return found


class OpenForm(forms.Form):
    site = forms.ModelChoiceField(Site.objects.none(), label=gettext_lazy("Site"), empty_label=None)
    month = MonthField(label=gettext_lazy("Month"))

    def __init__(self, *args: Any, user: User, now: datetime, **kwargs: Any) -> None:
        super().__init__(*args, **kwargs)
        field: Any = self.fields["site"]
        field.queryset = Site.objects.filter(pk__in=[one.pk for one in sites_for(user, PERFORMANCE)])
        first = field.queryset.first()
        today = local_day(now, first.zone) if first else now.date()
        self.fields["month"].initial = month_of(month_of(today) - timedelta(days=1))


@require_http_methods(["GET", "POST"])
def period_new(request: HttpRequest) -> HttpResponse:
    user, now = me(request), timezone.now()
    if not has_role(user, PERFORMANCE):
        raise NotAllowed
    form = OpenForm(request.POST or None, user=user, now=now)
    if request.method == "POST" and form.is_valid():
        try:
            made = services.period_open(actor=user, now=now, **form.cleaned_data)
        except Refused as refusal:
            add_refusal(form, refusal)
        else:
            messages.success(request, _("Opened. Each superior was told whom to score."))
            return redirect(made)
    context = {"title": _("Open a month"), "crumbs": crumbs(), "form": form, "submit": _("Open it")}
    context |= {"cancel_url": reverse("sdm:evaluation_periods")}
    return render(request, "sdm/form.html", context, status=422 if form.errors else 200)


def crumbs() -> list[dict[str, str]]:
    return [{"label": _("Months of evaluation"), "url": reverse("sdm:evaluation_periods")}]


@require_GET
def period(request: HttpRequest, pk: int) -> HttpResponse:
    return _detail(request, get_visible(EvaluationPeriod, me(request), pk), {})


@sensitive_post_parameters("password", "code")
@require_POST
def period_step(request: HttpRequest, pk: int, transition: str) -> HttpResponse:
    user, found = me(request), get_visible(EvaluationPeriod, me(request), pk)
    if transition == "compile":
        services.may_compile(user, found)
        return redirect(job_start(kind=COMPILE.key, params={"period": found.pk}, owner=user, now=timezone.now()))
    if transition not in {one.name for one in PERIOD.transitions}:
        raise Http404
    found.reader = user  # type: ignore[attr-defined]  # whose second factor the form asks for
    done = step_make(request, STEPPING, found, transition)
    return done if isinstance(done, HttpResponse) else _detail(request, found, done, status=422)


def _detail(
    request: HttpRequest, found: EvaluationPeriod, tried: dict[str, forms.Form], *, status: int = 200
) -> HttpResponse:
    user = me(request)
    found.reader = user  # type: ignore[attr-defined]
    inside = has_role(user, READERS - {"team_leader"}, site=found.site)
    pays = has_role(user, PAY_READERS, site=found.site)
    sums = found.evaluations.aggregate(
        people=Count("pk"), mean=Avg("total"), amount=Sum("amount"),
        waived=Count("pk", filter=Q(status=EvaluationStatus.WAIVED)),
    )  # fmt: skip
    owed = payroll.owed(found) if pays and found.status in payroll.READY else []
    context = process_context(request, STEPPING, found, tried) | {
        "title": f"{_('Monthly evaluation')} {found.label}", "subtitle": found.site.name, "crumbs": crumbs(),
        "period": found, "inside": inside, "amounts": pays, "sums": sums, "mean": said(sums["mean"]),
        "amount": rupiah(sums["amount"]), "states": _states(found), "sheets": _sheets(found) if inside else [],
        "left_out": services.who_is_due(found.site, found.month)[1] if inside else [],
        "duties": Obligation.objects.filter(
            content_type__app_label="sdm", content_type__model="evaluationperiod", object_id=found.pk
        ).order_by("due_at") if inside else [],
        "documents": services.documents_of(found).visible_to(user).defer("data").order_by("-pk"),  # type: ignore[attr-defined]
        "runs": [(one, rupiah(one.total)) for one in found.runs.order_by("sequence")] if pays else [],
        "none": _without(found) if pays else [],
        "owed": len(owed), "owed_sum": rupiah(sum((one[3] for one in owed), payroll.ZERO)),
        "may_run": found.status in payroll.READY and payroll.may_run(user, found),
        "making": Job.objects.filter(
            kind=COMPILE.key, params__period=found.pk, owner=user, finished_at=None
        ).first(),
    }  # fmt: skip
    return render(request, "sdm/evaluating/period.html", context, status=status)


NONE_SHOWN = 100


def _without(found: EvaluationPeriod) -> list[tuple[Evaluation, str]]:
    """Who has no amount, and why: what was decided of them, or what is not known."""
    rows = amounts.without_amount(found).filter(amount=None).select_related("person")[:NONE_SHOWN]
    last = services.latest_results(found) if found.approved_at else {}
    said_of = {pk: remark_said(one.content) for pk, one in last.items() if one.amount is None}
    return [(one, said_of.get(one.pk) or why_none(one.reckoned)) for one in rows]


def _states(found: EvaluationPeriod) -> list[dict[str, Any]]:
    """How many evaluations stand where, in the flow's order; each leads to them."""
    counts = dict(found.evaluations.order_by().values("status").annotate(n=Count("pk")).values_list("status", "n"))
    base = f"{reverse('sdm:evaluations')}?period={found.pk}&status="
    return [
        {"code": code, "label": label, "n": counts[code], "url": f"{base}{code}"}
        for code, label in EvaluationStatus.choices
        if counts.get(code)
    ]


def _sheets(found: EvaluationPeriod) -> list[Any]:
    unscored = Q(evaluations__status__in=[EvaluationStatus.DUE, EvaluationStatus.RETURNED])
    rows = found.sheets.select_related("team", "period").annotate(
        people=Count("evaluations"), unscored=Count("evaluations", filter=unscored),
        **TOLD, mean=Avg("evaluations__total"),
    )  # fmt: skip
    sheets = list(rows.order_by("team__name", "role"))
    for one in sheets:
        one.mean_said = said(one.mean)  # type: ignore[attr-defined]
    return sheets


@require_POST
def payroll_make(request: HttpRequest, pk: int) -> HttpResponse:
    """Give payroll what is not paid yet; asked for twice, it is there already."""
    found = get_visible(EvaluationPeriod, me(request), pk)
    run, made = payroll.payroll_run(period_id=found.pk, actor=me(request), now=timezone.now())
    words = (
        _("Run %(number)s is made.") if made else _("This was exported already: run %(number)s. Nothing is paid twice.")
    )
    (messages.success if made else messages.info)(request, words % {"number": run.number})
    return redirect(run)


def tried_on(user: User, site: Site) -> QuerySet[EvaluationPeriod]:
    """The months of a site on which a scheme can be tried."""
    return EvaluationPeriod.objects.visible_to(user).filter(site=site).order_by("-month")
