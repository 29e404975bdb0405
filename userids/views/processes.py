"""How deactivations and replacements are stepped from their pages."""

from datetime import datetime
from typing import Any

from django import forms
from django.http import HttpRequest, HttpResponse
from django.urls import reverse

from occ import processes
from occ.people.actors import Actor
from occ.processes import Stepping
from occ.workflow.flows import Flow, Transition
from userids.forms import ConfirmDeactivationForm, ConfirmReplacementForm, RequiredNoteForm, StepForm
from userids.models import DeactivationRequest, ReplacementRequest
from userids.services.evidence import transition_make

ICONS = {
    "request": "send", "start": "player-play", "fail": "circle-x", "confirm": "circle-check", "document": "file-check",
    "cancel": "ban",
}  # fmt: skip
Process = DeactivationRequest | ReplacementRequest


def form_for(subject: Process, transition: Transition, data: Any = None, files: Any = None) -> forms.Form:
    """The form that asks for what the transition needs; its ids carry the transition's name."""
    kind: type[forms.Form] = StepForm
    if transition.name == "confirm":
        kind = ConfirmDeactivationForm if isinstance(subject, DeactivationRequest) else ConfirmReplacementForm
    elif "note" in transition.needs:
        kind = RequiredNoteForm
    return kind(data, files, auto_id=f"id_{transition.name}_%s")


def make_step(subject: Process, name: str, data: dict[str, Any], *, actor: Actor, now: datetime) -> None:
    taken = {key: value for key, value in data.items() if key != "file" and takes(name, key)}
    transition_make(request=subject, name=name, file=data.get("file"), actor=actor, now=now, **taken)


def takes(name: str, key: str) -> bool:
    """Whether the transition's service takes that field: requesting and starting take no note."""
    return key != "note" or name not in {"request", "start"}


def step_url(subject: Process, name: str) -> str:
    kind = "deactivation" if isinstance(subject, DeactivationRequest) else "replacement"
    return reverse(f"userids:{kind}_step", args=[subject.pk, name])


def stepping(flow: Flow) -> Stepping:
    return Stepping(flow, form_for, make_step, step_url, ICONS, frozenset({"fail", "cancel"}))


def process_context(request: HttpRequest, flow: Flow, subject: Process, tried: dict[str, forms.Form]) -> dict[str, Any]:
    return processes.process_context(request, stepping(flow), subject, tried)


def make(request: HttpRequest, flow: Flow, subject: Process, name: str) -> HttpResponse | dict[str, forms.Form]:
    return processes.step_make(request, stepping(flow), subject, name)
