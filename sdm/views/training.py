"""A training batch with its stages and results (SDM-4)."""

from __future__ import annotations

from typing import Any

from django.contrib import messages
from django.http import Http404, HttpRequest, HttpResponse
from django.shortcuts import redirect, render
from django.urls import reverse
from django.utils import timezone
from django.utils.translation import gettext as _
from django.views.decorators.http import require_GET, require_http_methods, require_POST

from occ.errors import NotAllowed, Refused
from occ.form_pages import form_done
from occ.forms import add_refusal
from occ.obligations.models import Obligation
from occ.people.access import get_visible, me
from occ.people.models import User
from occ.people.scope import has_role
from sdm.models import Participant, TrainingBatch
from sdm.services import training
from sdm.services.training import ADDERS
from sdm.services.training_outcomes import named
from sdm.training.choices import SCORED, STAGES, TrainingStatus
from sdm.training.documents import points
from sdm.training.forms import AddForm, BatchForm, ResultsForm
from sdm.training.workflow import AT_STAGE, HR, ONWARD, TRAINERS, TRAINING


def crumbs(batch: TrainingBatch | None = None) -> list[dict[str, str]]:
    found = [{"label": _("Training"), "url": reverse("sdm:training")}]
    return [*found, {"label": batch.code, "url": batch.get_absolute_url()}] if batch else found


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

    def add(data: dict[str, Any]) -> Participant:
        return training.participant_add(batch_id=pk, actor=me(request), now=timezone.now(), **data)

    done = form_done(request, form, add, said=lambda made: _("%(name)s takes part.") % {"name": made.name}, to=found)
    return done or _batch(request, found, add=form, status=422)


@require_POST
def results(request: HttpRequest, pk: int, stage: str) -> HttpResponse:
    found = get_visible(TrainingBatch, me(request), pk)
    if stage not in SCORED:
        raise Http404
    if not training.may_score(me(request), found, stage):
        raise NotAllowed
    form = ResultsForm(request.POST, stage=stage, people=_at(found, stage), prefix=stage)

    def keep(_data: dict[str, Any]) -> Any:
        return training.results_record(
            batch_id=pk, stage=stage, rows=form.rows(), actor=me(request), now=timezone.now()
        )  # fmt: skip

    to = f"{found.get_absolute_url()}#stage-{stage}"
    done = form_done(request, form, keep, said=lambda made: _("Results kept: %(n)s.") % {"n": len(made)}, to=to)
    return done or _batch(request, found, tried={stage: form}, status=422)


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
