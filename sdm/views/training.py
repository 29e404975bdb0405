"""Training (SDM-4): batches and their pipeline, a batch with its stages and results, a participant's way."""

from __future__ import annotations

from datetime import datetime
from typing import Any

import django_filters as filters
from django import forms
from django.contrib import messages
from django.db.models import Count, Q, QuerySet
from django.http import Http404, HttpRequest, HttpResponse, HttpResponseBase
from django.shortcuts import redirect, render
from django.urls import reverse
from django.utils import timezone
from django.utils.translation import gettext as _
from django.utils.translation import gettext_lazy
from django.views.decorators.cache import never_cache
from django.views.decorators.http import require_GET, require_http_methods, require_POST

from occ.documents.choices import Status
from occ.downloads import download
from occ.errors import NotAllowed, Refused
from occ.filters import DayFilter, OneRow, OwnSite
from occ.forms import DayField, OptionalNoteForm, PersonField, add_refusal
from occ.ledger.services import record
from occ.list_export import register_list
from occ.lists import listing, remembered
from occ.obligations.models import Obligation
from occ.people import choosing
from occ.people.access import get_visible, me
from occ.people.models import Site, User
from occ.people.scope import has_role, sites_for
from occ.processes import Stepping, plain_stepping, process_context, step_make
from occ.sheets.writing import OutColumn
from occ.times import local_day
from sdm.models import TRAINING_READERS, Participant, RecordingSample, StageRun, TrainingBatch
from sdm.services import training
from sdm.services.training import ADDERS, Scored
from sdm.services.training_outcomes import named
from sdm.training.choices import SCORED, STAGES, TrainingStatus
from sdm.training.documents import points
from sdm.training.workflow import AT_STAGE, HR, ONWARD, TRAINERS, TRAINING, VALIDATORS

CHOOSER = choosing.register("sdm.training", training.people_to_train)
SHOWN = 60  # cards of a stage on the board


class BatchForm(forms.Form):
    site = forms.ModelChoiceField(Site.objects.none(), label=gettext_lazy("Site"), empty_label=None)
    code = forms.CharField(label=gettext_lazy("Code"), max_length=30)
    title = forms.CharField(label=gettext_lazy("Title"), max_length=120)
    starts_on = DayField(label=gettext_lazy("From"))

    def __init__(self, *args: Any, user: User, **kwargs: Any) -> None:
        super().__init__(*args, **kwargs)
        sites: Any = self.fields["site"]
        sites.queryset = Site.objects.filter(pk__in=[one.pk for one in sites_for(user, HR)])


class AddForm(forms.Form):
    person = PersonField(
        chooser=CHOOSER, label=gettext_lazy("Employee"), required=False,
        help_text=gettext_lazy("For somebody who works here already; leave name and number empty then."),
    )  # fmt: skip
    name = forms.CharField(label=gettext_lazy("Candidate's name"), required=False, max_length=120)
    number = forms.CharField(label=gettext_lazy("Candidate's number"), required=False, max_length=30)

    def __init__(self, *args: Any, user: User, **kwargs: Any) -> None:
        super().__init__(*args, **kwargs)
        person: Any = self.fields["person"]
        person.for_user(user)


class LinkForm(forms.Form):
    person = PersonField(chooser=CHOOSER, label=gettext_lazy("Employee"))

    def __init__(self, *args: Any, user: User, **kwargs: Any) -> None:
        super().__init__(*args, **kwargs)
        person: Any = self.fields["person"]
        person.for_user(user)


class AcceptForm(forms.Form):
    join_on = DayField(label=gettext_lazy("Join date"))
    language = forms.ChoiceField(
        label=gettext_lazy("Language of the certificate"),
        choices=[("id", gettext_lazy("Indonesian")), ("en", gettext_lazy("English"))],
    )  # fmt: skip
    note = forms.CharField(
        label=gettext_lazy("What the meeting showed"), required=False, widget=forms.Textarea(attrs={"rows": 2}),
        max_length=2000, help_text=gettext_lazy("Needed when the samples lie below the pass mark."),
    )  # fmt: skip


class SampleForm(forms.Form):
    reference = forms.CharField(
        label=gettext_lazy("Recording id"), max_length=120,
        help_text=gettext_lazy("As the application and the catalogue of recordings have it."),
    )  # fmt: skip
    taken_on = DayField(label=gettext_lazy("Day"))


def score_field(label: Any, *, required: bool = False) -> forms.DecimalField:
    widget = forms.NumberInput(attrs={"step": "0.01", "min": "0", "max": "100", "inputmode": "decimal"})
    return forms.DecimalField(label=label, required=required, max_digits=7, widget=widget)


class SampleScoreForm(forms.Form):
    score = score_field(gettext_lazy("Score"), required=True)
    remark = forms.CharField(
        label=gettext_lazy("Remark"), required=False, max_length=training.REMARK,
        widget=forms.Textarea(attrs={"rows": 2}),
    )  # fmt: skip


class ResultsForm(forms.Form):
    """The results of a stage, a row a participant; what is left empty stays as it is."""

    def __init__(self, *args: Any, stage: str, people: list[Participant], **kwargs: Any) -> None:
        super().__init__(*args, **kwargs)
        self.stage, self.people = stage, people
        for one in people:
            held = next((row for row in one.results.all() if (row.stage, row.attempt) == (stage, one.attempt)), None)
            if stage == TrainingStatus.HARDSKILL:
                self._add(f"pre_{one.pk}", score_field(f"{one.name}: {_('Pre test')}"), held and held.pre_score)
            if stage != TrainingStatus.ACTIVE:
                label = _("Post test") if stage == TrainingStatus.HARDSKILL else _("Score")
                self._add(f"score_{one.pk}", score_field(f"{one.name}: {label}"), held and held.score)
            note = forms.CharField(label=f"{one.name}: {_('Note')}", required=False, max_length=training.NOTE)
            self._add(f"note_{one.pk}", note, held.note if held else "")

    def _add(self, name: str, field: forms.Field, initial: Any) -> None:
        field.initial = initial
        field.widget.attrs["class"] = "form-control"
        self.fields[name] = field

    def lines(self) -> list[dict[str, Any]]:
        """For the template: each participant with the fields of the row, each below its heading."""
        names = ("pre", "score", "note")
        return [
            {"participant": one, "fields": list(zip(self.headings(), bound, strict=True))}
            for one in self.people
            if (bound := [self[f"{n}_{one.pk}"] for n in names if f"{n}_{one.pk}" in self.fields])
        ]

    def headings(self) -> list[str]:
        hard = self.stage == TrainingStatus.HARDSKILL
        return [
            *([_("Pre test"), _("Post test")] if hard else [] if self.stage == TrainingStatus.ACTIVE else [_("Score")]),
            _("Note"),
        ]  # fmt: skip

    def rows(self) -> list[Scored]:
        data, found = self.cleaned_data, []
        for one in self.people:
            score, pre = data.get(f"score_{one.pk}"), data.get(f"pre_{one.pk}")
            note = data.get(f"note_{one.pk}") or ""
            if score is not None or pre is not None or note:
                found.append(Scored(one.pk, score, pre, note))
        return found


STEPPING: Stepping = plain_stepping(
    TRAINING, training.TRANSITIONS, key="participant_id", url_name="sdm:training_step",
    own_forms={"accept": AcceptForm, **dict.fromkeys(
        ("softskill", "hardskill", "softskill_pass", "tested", "observed", "practised", "validated", "recapped"),
        OptionalNoteForm,
    )},
    icons={
        "softskill": "school", "hardskill": "player-skip-forward", "softskill_pass": "check",
        "tested": "clipboard-check", "observed": "eye-check", "practised": "headset", "validated": "checks",
        "recapped": "report", "accept": "user-check", "repeat": "arrow-back-up", "reject": "user-x",
        "withdraw": "user-minus",
    },
    aside=frozenset({"repeat", "reject", "withdraw"}),
)  # fmt: skip


class BatchFilter(filters.FilterSet):
    q = filters.CharFilter(method="by_words", label=gettext_lazy("Search"))
    state = filters.ChoiceFilter(
        choices=[("open", gettext_lazy("Open")), ("closed", gettext_lazy("Closed"))], method="by_state",
        label=gettext_lazy("Status"), empty_label=gettext_lazy("All"),
    )  # fmt: skip
    site = OwnSite()
    since = DayFilter(field_name="starts_on", lookup_expr="gte", label=gettext_lazy("From"))
    until = DayFilter(field_name="starts_on", lookup_expr="lte", label=gettext_lazy("To"))

    def by_words(self, rows: QuerySet[TrainingBatch], name: str, value: str) -> QuerySet[TrainingBatch]:
        for word in value.replace("\x00", "").split()[:6]:
            named = Participant.objects.filter(Q(name__icontains=word) | Q(number__iexact=word)).values("batch_id")
            rows = rows.filter(Q(code__icontains=word) | Q(title__icontains=word) | Q(pk__in=named))
        return rows

    def by_state(self, rows: Any, name: str, value: str) -> Any:
        return rows.filter(closed_at=None) if value == "open" else rows.exclude(closed_at=None)


COUNTED = [*STAGES, TrainingStatus.PASSED, TrainingStatus.OUT]


def rows_of(user: User, now: datetime) -> QuerySet[TrainingBatch]:
    """Batches with how many stand where."""
    counts = {f"n_{one.value}": Count("participants", filter=Q(participants__status=one)) for one in COUNTED}
    rows: QuerySet[TrainingBatch] = TrainingBatch.objects.visible_to(user).select_related("site").annotate(**counts)
    return rows


def columns() -> list[OutColumn]:
    return [OutColumn(_("Code"), 14), OutColumn(_("Title"), 34), OutColumn(_("Site"), 14), OutColumn(_("From"), 14),
            *(OutColumn(str(one.label), 12) for one in COUNTED), OutColumn(_("Closed"), 18)]  # fmt: skip


def line(one: Any) -> list[Any]:
    counts = [getattr(one, f"n_{status.value}") for status in COUNTED]
    return [one.code, one.title, one.site.name, one.starts_on, *counts, one.closed_at]


register_list(
    "sdm.training", gettext_lazy("Training batches"), may=lambda user: has_role(user, TRAINING_READERS),
    filters=BatchFilter, order=["-starts_on", "-pk"], rows=rows_of, columns=columns, line=line,
)  # fmt: skip


class ParticipantFilter(filters.FilterSet):
    batch = OneRow(rows=TrainingBatch.objects.visible_to, field_name="batch_id", label=gettext_lazy("Batch"))
    q = filters.CharFilter(method="by_words", label=gettext_lazy("Search"))
    status = filters.ChoiceFilter(
        choices=TrainingStatus.choices, label=gettext_lazy("Status"), empty_label=gettext_lazy("All")
    )

    def by_words(self, rows: QuerySet[Participant], name: str, value: str) -> QuerySet[Participant]:
        for word in value.replace("\x00", "").split()[:6]:
            rows = rows.filter(Q(name__icontains=word) | Q(number__iexact=word) | Q(batch__code__iexact=word))
        return rows


def participant_columns() -> list[OutColumn]:
    labels = (_("Batch"), _("Number"), _("Participant"), _("Site"), _("Status"), _("Attempt"), _("Softskill"),
              _("Pre test"), _("Post test"), _("Passive tandem"), _("Samples"), _("Validation by QC"), _("Join date"),
              _("Why out"))  # fmt: skip
    return [OutColumn(label, 18) for label in labels]


def participant_line(one: Participant) -> list[Any]:
    held = {(row.stage, row.attempt): row for row in one.results.all()}
    soft = next((row for (stage, _n), row in held.items() if stage == TrainingStatus.SOFTSKILL), None)
    test, passive, checked = (
        held.get((stage.value, one.attempt))
        for stage in (TrainingStatus.HARDSKILL, TrainingStatus.PASSIVE, TrainingStatus.VALIDATING)
    )
    return [one.batch.code, one.number, one.name, one.site.name, one.get_status_display(), one.attempt,
            soft and soft.score, test and test.pre_score, test and test.score, passive and passive.score,
            len([row for row in one.samples.all() if row.attempt == one.attempt]), checked and checked.score,
            one.join_on, one.out_reason]  # fmt: skip


def participant_rows(user: User, now: datetime) -> QuerySet[Participant]:
    rows = Participant.objects.visible_to(user).select_related("batch", "site")
    return rows.prefetch_related("results", "samples")


register_list(
    "sdm.training_participants", gettext_lazy("Participants of trainings"),
    may=lambda user: has_role(user, TRAINING_READERS), filters=ParticipantFilter, order=["batch_id", "name", "pk"],
    rows=participant_rows, columns=participant_columns, line=participant_line,
)  # fmt: skip


def crumbs(batch: TrainingBatch | None = None) -> list[dict[str, str]]:
    found = [{"label": _("Training"), "url": reverse("sdm:training")}]
    return [*found, {"label": batch.code, "url": batch.get_absolute_url()}] if batch else found


def _must_read(user: User) -> None:
    if not has_role(user, TRAINING_READERS):
        raise NotAllowed


@require_GET
def batches(request: HttpRequest) -> HttpResponse:
    user, now = me(request), timezone.now()
    _must_read(user)
    if again := remembered(request):
        return again
    sorts = {"from": "starts_on", "code": "code"}
    context = listing(request, rows_of(user, now), filters=BatchFilter, sorts=sorts, default="-from")
    for row in context["page"].rows:
        counts = [(one.label, getattr(row, f"n_{one.value}")) for one in COUNTED]
        row.counts = [(label, n) for label, n in counts if n]
    actions = [{"label": _("Board"), "url": reverse("sdm:training_board"), "icon": "layout-kanban"}]
    if has_role(user, HR):
        new = {"label": _("New batch"), "url": reverse("sdm:training_new"), "icon": "plus", "tone": "primary"}
        actions.append(new)
    context |= {
        "title": _("Training"), "subtitle": _("From softskill to the join date, batch by batch"), "actions": actions,
        "search": _("Code, title, name or number"),
        "export_kind": "sdm.training",
    }  # fmt: skip
    return render(request, "sdm/training/batches.html", context)


@require_GET
def board(request: HttpRequest) -> HttpResponse:
    """Everybody who is in training, by stage."""
    user, now = me(request), timezone.now()
    _must_read(user)
    rows = Participant.objects.visible_to(user).going().filter(batch__closed_at=None).select_related("batch", "site")
    counts = dict(rows.order_by().values_list("status").annotate(n=Count("pk")))
    runs = StageRun.objects.filter(closed_at=None, batch__in=TrainingBatch.objects.visible_to(user))
    due = {(one.batch_id, one.stage): one.due_at for one in runs}
    stages = []
    for stage in STAGES:
        people = list(rows.filter(status=stage).order_by("batch__starts_on", "name", "pk")[:SHOWN])
        named(user, people)
        for one in people:
            one.due_at = due.get((one.batch_id, one.status))  # type: ignore[attr-defined]
        total = counts.get(stage.value, 0)
        stages.append({"label": stage.label, "total": total, "people": people, "more": total - len(people)})
    context = {"title": _("Training: who stands where"), "crumbs": crumbs(), "stages": stages, "now": now}
    return render(request, "sdm/training/board.html", context)


@require_http_methods(["GET", "POST"])
def batch_new(request: HttpRequest) -> HttpResponse:
    user = me(request)
    if not has_role(user, HR):
        raise NotAllowed
    form = BatchForm(request.POST or None, user=user)
    if request.method == "POST" and form.is_valid():
        try:
            made = training.batch_open(actor=user, now=timezone.now(), **form.cleaned_data)
        except Refused as refusal:
            add_refusal(form, refusal)
        else:
            messages.success(request, _("The batch is there: add who takes part."))
            return redirect(made)
    context = {"title": _("New batch"), "crumbs": crumbs(), "form": form, "submit": _("Open the batch")}
    context |= {"cancel_url": reverse("sdm:training")}
    return render(request, "sdm/form.html", context, status=422 if form.errors else 200)


@require_GET
def batch(request: HttpRequest, pk: int) -> HttpResponse:
    return _batch(request, get_visible(TrainingBatch, me(request), pk))


@require_POST
def participant_add(request: HttpRequest, pk: int) -> HttpResponse:
    found = get_visible(TrainingBatch, me(request), pk)
    if not has_role(me(request), ADDERS, site=found.site):
        raise NotAllowed
    form = AddForm(request.POST, user=me(request))
    if form.is_valid():
        try:
            made = training.participant_add(batch_id=pk, actor=me(request), now=timezone.now(), **form.cleaned_data)
        except Refused as refusal:
            add_refusal(form, refusal)
        else:
            messages.success(request, _("%(name)s takes part.") % {"name": made.name})
            return redirect(found)
    return _batch(request, found, add=form, status=422)


@require_POST
def results(request: HttpRequest, pk: int, stage: str) -> HttpResponse:
    found = get_visible(TrainingBatch, me(request), pk)
    if stage not in SCORED:
        raise Http404
    if not training.may_score(me(request), found, stage):
        raise NotAllowed
    form = ResultsForm(request.POST, stage=stage, people=_at(found, stage), prefix=stage)
    if form.is_valid():
        try:
            made = training.results_record(
                batch_id=pk, stage=stage, rows=form.rows(), actor=me(request), now=timezone.now()
            )
        except Refused as refusal:
            add_refusal(form, refusal)
        else:
            messages.success(request, _("Results kept: %(n)s.") % {"n": len(made)})
            return redirect(f"{found.get_absolute_url()}#stage-{stage}")
    return _batch(request, found, tried={stage: form}, status=422)


@require_POST
def advance(request: HttpRequest, pk: int, stage: str) -> HttpResponse:
    found = get_visible(TrainingBatch, me(request), pk)
    if stage not in ONWARD:
        raise Http404
    if not has_role(me(request), AT_STAGE[stage], site=found.site):
        raise NotAllowed
    try:
        moved, still = training.stage_advance(batch_id=pk, stage=stage, actor=me(request), now=timezone.now())
    except NotAllowed:
        raise
    except Refused as refusal:
        messages.error(request, str(refusal))
    else:
        messages.success(request, _("Brought on: %(n)s; still at this stage: %(m)s.") % {"n": moved, "m": still})
    return redirect(found)


def _at(found: TrainingBatch, stage: str) -> list[Participant]:
    return list(found.participants.filter(status=stage).prefetch_related("results").order_by("name", "pk"))


def _batch(
    request: HttpRequest, found: TrainingBatch, *, add: AddForm | None = None,
    tried: dict[str, ResultsForm] | None = None, status: int = 200,
) -> HttpResponse:  # fmt: skip
    user, now = me(request), timezone.now()
    people = list(found.participants.prefetch_related("results", "samples").order_by("name", "pk"))
    named(user, people)
    for one in people:
        held = {row.stage: row for row in one.results.all() if row.attempt == one.attempt}
        soft = next((row for row in one.results.all() if row.stage == TrainingStatus.SOFTSKILL), None)
        test = held.get(TrainingStatus.HARDSKILL)
        one.marks = [  # type: ignore[attr-defined]
            points(soft.score if soft else None), points(test.pre_score if test else None),
            points(test.score if test else None),
            points(held[TrainingStatus.VALIDATING].score if TrainingStatus.VALIDATING in held else None),
        ]  # fmt: skip
    runs = list(found.runs.select_related("document").order_by("-pk"))
    duties = Obligation.objects.filter(
        content_type__app_label="sdm", content_type__model="stagerun", object_id__in=[one.pk for one in runs]
    )
    duty_of = {one.object_id: one for one in duties}
    for run in runs:
        run.duty = duty_of.get(run.pk)  # type: ignore[attr-defined]
    context = {
        "title": found.told_apart, "subtitle": found.code, "crumbs": crumbs(), "batch": found,
        "zone": found.site.zone, "now": now, "people": people, "runs": runs,
        "stages": _stages(user, found, people, tried or {}),
        "add": add or (
            AddForm(user=user) if found.closed_at is None and has_role(user, ADDERS, site=found.site) else None
        ),
        "actions": [
            {"label": _("Import results"), "url": reverse("sdm:training_results:import"), "icon": "upload"}
        ] if has_role(user, HR | TRAINERS, site=found.site) else [],
        "export_kind": "sdm.training_participants", "export_scope": f"batch={found.pk}",
    }  # fmt: skip
    return render(request, "sdm/training/batch.html", context, status=status)


def _stages(
    user: User, found: TrainingBatch, people: list[Participant], tried: dict[str, ResultsForm]
) -> list[dict[str, Any]]:
    """The stages at which somebody stands and the reader works: a form for the results, and the step onward."""
    drawn = []
    for stage in STAGES:
        there = [one for one in people if one.status == stage]
        if not there or stage not in ONWARD or not has_role(user, AT_STAGE[stage], site=found.site):
            continue
        form = None
        if stage in SCORED:
            form = tried.get(stage) or ResultsForm(stage=stage, people=there, prefix=stage)
        drawn.append(
            {"stage": stage.value, "label": stage.label, "n": len(there), "form": form,
             "onward": TRAINING.find(ONWARD[stage]).label, "people": there}
        )  # fmt: skip
    return drawn


# A participant ----------------------------------------------------------------------------------------------------


@require_GET
@never_cache
def participant(request: HttpRequest, pk: int) -> HttpResponse:
    return _participant(request, get_visible(Participant, me(request), pk), {})


@require_POST
def participant_step(request: HttpRequest, pk: int, transition: str) -> HttpResponse:
    found = get_visible(Participant, me(request), pk)
    done = step_make(request, STEPPING, found, transition)
    return done if isinstance(done, HttpResponse) else _participant(request, found, done, status=422)


@require_POST
def sample_add(request: HttpRequest, pk: int) -> HttpResponse:
    found = get_visible(Participant, me(request), pk)
    if not has_role(me(request), TRAINERS, site=found.site):
        raise NotAllowed
    form = SampleForm(request.POST)
    if form.is_valid():
        try:
            training.sample_add(participant_id=pk, actor=me(request), now=timezone.now(), **form.cleaned_data)
        except Refused as refusal:
            add_refusal(form, refusal)
        else:
            messages.success(request, _("The sample is kept."))
            return redirect(f"{found.get_absolute_url()}#samples")
    return _participant(request, found, {}, sample=form, status=422)


@require_POST
def sample_score(request: HttpRequest, pk: int) -> HttpResponse:
    found = get_visible(RecordingSample, me(request), pk)
    if not has_role(me(request), VALIDATORS, site=found.participant.site):
        raise NotAllowed
    form = SampleScoreForm(request.POST, auto_id=f"id_sample_{pk}_%s")
    if form.is_valid():
        try:
            training.sample_score(sample_id=pk, actor=me(request), now=timezone.now(), **form.cleaned_data)
        except Refused as refusal:
            add_refusal(form, refusal)
        else:
            messages.success(request, _("The sample is validated."))
            return redirect(f"{found.participant.get_absolute_url()}#samples")
    return _participant(request, found.participant, {}, scored=(pk, form), status=422)


@require_POST
def participant_link(request: HttpRequest, pk: int) -> HttpResponse:
    found = get_visible(Participant, me(request), pk)
    if not has_role(me(request), ADDERS, site=found.site):
        raise NotAllowed
    form = LinkForm(request.POST, user=me(request))
    if form.is_valid():
        try:
            training.participant_link(participant_id=pk, actor=me(request), now=timezone.now(), **form.cleaned_data)
        except Refused as refusal:
            add_refusal(form, refusal)
        else:
            messages.success(request, _("The training belongs to the employee from now on."))
            return redirect(found)
    return _participant(request, found, {}, link=form, status=422)


@require_GET
@never_cache
def certificate(request: HttpRequest, pk: int) -> HttpResponseBase:
    """For who may see the participant, and so for the participant too."""
    user = me(request)
    found = get_visible(Participant, user, pk)
    issued = found.certificate
    if issued is None or issued.status == Status.DESTROYED:
        raise Http404
    answer = download("documents", issued.file, shown=issued.file_name, content_type="application/pdf")
    data = {"number": issued.number, "sha256": issued.sha256}
    record(actor=user, action="document.downloaded", subject=issued, data=data, now=timezone.now(), site=issued.site)
    return answer


def _participant(
    request: HttpRequest, found: Participant, tried: dict[str, forms.Form], *, sample: SampleForm | None = None,
    scored: tuple[int, SampleScoreForm] | None = None, link: LinkForm | None = None, status: int = 200,
) -> HttpResponse:  # fmt: skip
    user, now = me(request), timezone.now()
    own = user.person_id is not None and user.person_id == found.person_id
    reads = has_role(user, TRAINING_READERS, site=found.site)
    named(user, [found])
    samples = list(found.samples.select_related("scored_by").order_by("-attempt", "pk"))
    validates = found.status == TrainingStatus.VALIDATING and has_role(user, VALIDATORS, site=found.site) and not own
    for one in samples:
        if validates and one.attempt == found.attempt:
            given = scored[1] if scored and scored[0] == one.pk else None
            initial = {"score": one.score, "remark": one.remark}
            one.form = given or SampleScoreForm(initial=initial, auto_id=f"id_sample_{one.pk}_%s")  # type: ignore[attr-defined]
        one.points = points(one.score)  # type: ignore[attr-defined]
    takes = found.status == TrainingStatus.ACTIVE and has_role(user, TRAINERS, site=found.site) and not own
    links = found.person_id is None and has_role(user, ADDERS, site=found.site)
    rows = list(found.results.select_related("recorded_by").order_by("-attempt", "-pk"))
    for row in rows:
        row.shown = (points(row.pre_score), points(row.score))  # type: ignore[attr-defined]
    context = process_context(request, STEPPING, found, tried)
    context |= {
        "title": found.name, "subtitle": f"{found.batch} · {found.site.name}",
        "crumbs": crumbs(found.batch) if reads else [], "participant": found, "now": now, "reads": reads,
        "results": rows, "samples": samples,
        "lacking": training.lacking(found, now) if found.status in ONWARD else "",
        "sample_form": sample or (
            SampleForm(initial={"taken_on": local_day(now, found.site.zone)}) if takes else None
        ),
        "link_form": link or (LinkForm(user=user) if links else None),
    }  # fmt: skip
    return render(request, "sdm/training/participant.html", context, status=status)
