"""How deactivations and replacements are stepped from their pages."""

from datetime import datetime
from typing import Any

from django import forms
from django.http import HttpRequest, HttpResponse
from django.shortcuts import redirect
from django.urls import reverse
from django.utils import timezone
from django.utils.translation import gettext as _

from occ import processes
from occ.errors import NotAllowed, Refused
from occ.forms import add_refusal
from occ.people.access import me
from occ.people.actors import Actor
from occ.processes import Stepping
from occ.workflow.flows import Flow, Transition
from userids.forms import (
    ConfirmDeactivationForm,
    ConfirmReplacementForm,
    ConfirmShownForm,
    DeactivateByConnectorForm,
    ReplaceByConnectorForm,
    RequiredNoteForm,
    StepForm,
)
from userids.models import DeactivationRequest, ReplacementRequest
from userids.reconciling.figures import shown_inactive
from userids.services import replacements
from userids.services.connecting import connector_ask, may_be_asked
from userids.services.evidence import transition_make
from userids.services.orders import orders_of

ICONS = {
    "request": "send", "start": "player-play", "fail": "circle-x", "confirm": "circle-check", "document": "file-check",
    "cancel": "ban", "acknowledge": "circle-check",
}  # fmt: skip
Process = DeactivationRequest | ReplacementRequest


def form_for(subject: Process, transition: Transition, data: Any = None, files: Any = None) -> forms.Form:
    """The form that asks for what the transition needs; its ids carry the transition's name."""
    kind: type[forms.Form] = StepForm
    if transition.name == "confirm":
        kind = ConfirmReplacementForm
        if isinstance(subject, DeactivationRequest):
            kind = ConfirmShownForm if shown_inactive(subject) else ConfirmDeactivationForm
    elif "note" in transition.needs:
        kind = RequiredNoteForm
    return kind(data, files, auto_id=f"id_{transition.name}_%s")


def make_step(subject: Process, name: str, data: dict[str, Any], *, actor: Actor, now: datetime) -> None:
    taken = {key: value for key, value in data.items() if key not in {"file", "checked"} and takes(name, key)}
    transition_make(request=subject, name=name, file=data.get("file"), actor=actor, now=now, **taken)


def connector_context(request: HttpRequest, flow: Flow, subject: Process, tried: forms.Form | None) -> dict[str, Any]:
    """What userids/connector.html shows: the last order and, for who may ask, the form."""
    now = timezone.now()
    order = orders_of(subject).select_related("asked_by").order_by("-pk").first()
    at_work = order is not None and order.at_work(now)
    may = flow.find("start").open_to(me(request), subject.site) and may_be_asked(subject) and not at_work
    kind = "deactivation" if isinstance(subject, DeactivationRequest) else "replacement"
    return {
        "order": order,
        "at_work": at_work,
        "form": (tried or connector_form(subject)) if may else None,
        "url": reverse(f"userids:{kind}_connector", args=[subject.pk]),
        "warning": _(
            "The connector changes user ID %(user_id)s in the application by itself; what it did is not undone here."
        )
        % {"user_id": subject.account.user_id},
        "tried": tried is not None,
        "submit": _("Deactivate by connector") if kind == "deactivation" else _("Replace by connector"),
    }


def connector_form(subject: Process, data: Any = None) -> forms.Form:
    if isinstance(subject, ReplacementRequest):
        return ReplaceByConnectorForm(data, auto_id="id_connector_%s")
    with timezone.override(subject.site.zone):
        until = subject.starts_at if subject.starts_at > timezone.now() else None
        return DeactivateByConnectorForm(data, auto_id="id_connector_%s", works_until=until)


def ask(request: HttpRequest, flow: Flow, subject: Process) -> HttpResponse | dict[str, forms.Form]:
    """Have the connector do it: back to the page, which shows how it goes; else the refused form."""
    if not flow.find("start").open_to(me(request), subject.site):
        raise NotAllowed
    form = connector_form(subject, request.POST)
    if form.is_valid():
        try:
            connector_ask(request=subject, actor=me(request), now=timezone.now(), **form.cleaned_data)
        except Refused as refusal:
            subject.refresh_from_db()
            if not may_be_asked(subject):
                raise
            add_refusal(form, refusal)
        else:
            return redirect(f"{subject.get_absolute_url()}#connector")
    return {"connector": form}


def takes(name: str, key: str) -> bool:
    """Whether the transition's service takes that field: requesting and starting take no note."""
    return key != "note" or name not in {"request", "start"}


def step_url(subject: Process, name: str) -> str:
    kind = "deactivation" if isinstance(subject, DeactivationRequest) else "replacement"
    return reverse(f"userids:{kind}_step", args=[subject.pk, name])


def stepping(flow: Flow) -> Stepping:
    calm = frozenset({"acknowledge", "document"})
    return Stepping(
        flow, form_for, make_step, step_url, ICONS, calm | {"fail", "cancel"}, warns=warns, hinders=hinders, calm=calm
    )


def warns(subject: Process, name: str) -> str:
    """Before what is one press and is not undone."""
    if name == "acknowledge":
        return _("It is recorded that you saw user ID %(user_id)s shut. This cannot be taken back.") % {
            "user_id": subject.account.user_id
        }
    if name == "document":
        return _("The request for user ID %(user_id)s is then closed. This cannot be taken back.") % {
            "user_id": subject.account.user_id
        }
    return ""


def hinders(subject: Process, name: str) -> str:
    if isinstance(subject, ReplacementRequest):
        return replacements.hinders(subject, name, now=timezone.now())
    return ""


def process_context(request: HttpRequest, flow: Flow, subject: Process, tried: dict[str, forms.Form]) -> dict[str, Any]:
    context = processes.process_context(request, stepping(flow), subject, tried)
    context["by_connector"] = connector_context(request, flow, subject, tried.get("connector"))
    if context["by_connector"]["at_work"]:
        # They would be refused: the page says that the connector is at work, and asks how it goes.
        context |= {"next": [], "others": [], "brings_on": False, "waits": []}
    return context


def make(request: HttpRequest, flow: Flow, subject: Process, name: str) -> HttpResponse | dict[str, forms.Form]:
    return processes.step_make(request, stepping(flow), subject, name)
