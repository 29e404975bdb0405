"""What the pages of both processes (deactivation, replacement) have in common: their steps as forms."""

from typing import Any

from django import forms
from django.contrib import messages
from django.http import Http404, HttpRequest, HttpResponse
from django.shortcuts import redirect
from django.urls import reverse
from django.utils import timezone
from django.utils.translation import gettext as _

from occ.errors import NotAllowed, Refused
from occ.forms import add_refusal
from occ.people.access import me
from occ.workflow.drawing import drawing, history
from occ.workflow.flows import Flow, Transition
from userids.forms import (
    ConfirmDeactivationForm,
    ConfirmReplacementForm,
    DeactivateByConnectorForm,
    ReplaceByConnectorForm,
    RequiredNoteForm,
    StepForm,
)
from userids.models import DeactivationRequest, ReplacementRequest
from userids.selectors import process_entries
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
        kind = ConfirmDeactivationForm if isinstance(subject, DeactivationRequest) else ConfirmReplacementForm
    elif "note" in transition.needs:
        kind = RequiredNoteForm
    return kind(data, files, auto_id=f"id_{transition.name}_%s")


def process_context(request: HttpRequest, flow: Flow, subject: Process, tried: dict[str, forms.Form]) -> dict[str, Any]:
    """The flow drawn, the transitions open to this user with their forms, and the history.

    `next`: the transitions that bring the process on, shown on the page; `others` (failed, cancel) open a dialog.
    `tried`: the form that was refused, by transition.
    """
    steps = history(subject)
    kind = "deactivation" if isinstance(subject, DeactivationRequest) else "replacement"
    open_now = []
    for one in flow.open_to(me(request), state=subject.status, site=subject.site):
        form = tried.get(one.name) or form_for(subject, one)
        url = reverse(f"userids:{kind}_step", args=[subject.pk, one.name])
        open_now.append({"name": one.name, "label": one.label, "form": form, "url": url, "icon": ICONS[one.name],
                         "tried": one.name in tried})  # fmt: skip
    by_connector = connector_context(request, flow, subject, tried.get("connector"))
    if by_connector["at_work"]:
        open_now = []  # they would be refused: the page says that the connector is at work, and asks how it goes
    return {
        "by_connector": by_connector,
        "steps": drawing(flow, subject, steps),
        "history": steps,
        "entries": process_entries(flow, subject, steps),
        "next": [one for one in open_now if one["name"] not in {"fail", "cancel"}],
        "others": [one for one in open_now if one["name"] in {"fail", "cancel"}],
        "zone": subject.site.zone,
    }


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


def make(request: HttpRequest, flow: Flow, subject: Process, name: str) -> HttpResponse | dict[str, forms.Form]:
    """Make the transition that was posted: a redirect when done, else the refused form by name."""
    transition = next((one for one in flow.transitions if one.name == name), None)
    if transition is None:
        raise Http404
    if not transition.open_to(me(request), subject.site):
        raise NotAllowed
    form = form_for(subject, transition, request.POST, request.FILES)
    if form.is_valid():
        data = {key: value for key, value in form.cleaned_data.items() if key != "file" and takes(name, key)}
        try:
            transition_make(
                request=subject, name=name, file=form.cleaned_data.get("file"), actor=me(request), now=timezone.now(),
                **data,
            )  # fmt: skip
        except Refused as refusal:
            subject.refresh_from_db()  # somebody may have been quicker: what is shown is how it stands now
            if name not in {one.name for one in flow.open_to(me(request), state=subject.status, site=subject.site)}:
                raise  # nothing on the page could show it: a page of its own says why
            add_refusal(form, refusal)
        else:
            messages.success(request, _("Done: %(step)s.") % {"step": flow.states(transition.target).label})
            return redirect(subject.get_absolute_url())
    return {name: form}


def takes(name: str, key: str) -> bool:
    """Whether the transition's service takes that field: requesting and starting take no note."""
    return key != "note" or name not in {"request", "start"}
