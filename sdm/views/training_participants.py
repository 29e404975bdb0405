"""A participant's way through the training (SDM-4): steps, samples, the employee, the certificate."""

from __future__ import annotations

from typing import Any

from django import forms
from django.http import Http404, HttpRequest, HttpResponse, HttpResponseBase
from django.shortcuts import render
from django.utils import timezone
from django.utils.translation import gettext as _
from django.views.decorators.cache import never_cache
from django.views.decorators.http import require_GET, require_POST

from occ.documents.choices import Status
from occ.downloads import download
from occ.errors import NotAllowed
from occ.form_pages import form_done
from occ.forms import OptionalNoteForm
from occ.ledger.services import record
from occ.people.access import get_visible, me
from occ.people.scope import has_role
from occ.processes import Stepping, plain_stepping, process_context, step_make
from occ.times import local_day
from sdm.models import TRAINING_READERS, Participant, RecordingSample
from sdm.services import training
from sdm.services.training import ADDERS
from sdm.services.training_outcomes import named
from sdm.training.choices import TrainingStatus
from sdm.training.documents import points
from sdm.training.forms import AcceptForm, LinkForm, SampleForm, SampleScoreForm
from sdm.training.workflow import ONWARD, TRAINERS, TRAINING, VALIDATORS
from sdm.views.training import crumbs

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

    def add(data: dict[str, Any]) -> Any:
        return training.sample_add(participant_id=pk, actor=me(request), now=timezone.now(), **data)

    done = form_done(request, form, add, said=_("The sample is kept."), to=f"{found.get_absolute_url()}#samples")
    return done or _participant(request, found, {}, sample=form, status=422)


@require_POST
def sample_score(request: HttpRequest, pk: int) -> HttpResponse:
    found = get_visible(RecordingSample, me(request), pk)
    if not has_role(me(request), VALIDATORS, site=found.participant.site):
        raise NotAllowed
    form = SampleScoreForm(request.POST, auto_id=f"id_sample_{pk}_%s")
    to = f"{found.participant.get_absolute_url()}#samples"

    def score(data: dict[str, Any]) -> Any:
        return training.sample_score(sample_id=pk, actor=me(request), now=timezone.now(), **data)

    done = form_done(request, form, score, said=_("The sample is validated."), to=to)
    return done or _participant(request, found.participant, {}, scored=(pk, form), status=422)


@require_POST
def participant_link(request: HttpRequest, pk: int) -> HttpResponse:
    found = get_visible(Participant, me(request), pk)
    if not has_role(me(request), ADDERS, site=found.site):
        raise NotAllowed
    form = LinkForm(request.POST, user=me(request))

    def link(data: dict[str, Any]) -> Any:
        return training.participant_link(participant_id=pk, actor=me(request), now=timezone.now(), **data)

    done = form_done(request, form, link, said=_("The training belongs to the employee from now on."), to=found)
    return done or _participant(request, found, {}, link=form, status=422)


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
