"""A process's page: its steps drawn, the transitions open to the reader as forms, its history.

A view makes one `ProcessPage` for its flow; `context` is what the templates partials/flow_steps.html, steps.html and
timeline.html need, and `post` makes the transition that a form asked for.
"""

from collections.abc import Callable, Mapping
from dataclasses import dataclass, field
from datetime import datetime
from typing import Any

from django.contrib import messages
from django.contrib.contenttypes.models import ContentType
from django.core.files.base import File
from django.db import models, transaction
from django.forms import Form
from django.http import Http404, HttpRequest, HttpResponse
from django.shortcuts import redirect
from django.urls import reverse
from django.utils import timezone
from django.utils.translation import gettext as _

from occ.documents.attachments import attachment_add
from occ.documents.models import Attachment
from occ.errors import NotAllowed, Refused
from occ.forms import EvidenceForm, NoteForm, OptionalNoteForm, add_refusal
from occ.obligations.models import EventKind, Obligation
from occ.obligations.rules import RULES, StepKind
from occ.people.access import me
from occ.people.actors import who
from occ.people.choices import Role
from occ.policies.services import policy_value
from occ.times import JAKARTA
from occ.workflow.drawing import drawing, history
from occ.workflow.flows import Flow, Transition
from occ.workflow.models import WorkflowStep

EVIDENCE = ("pdf", "png", "jpg")
ICONS = {
    "request": "send", "start": "player-play", "fail": "circle-x", "confirm": "circle-check", "document": "file-check",
    "cancel": "ban", "close": "lock", "settle": "lock", "reopen": "arrow-back-up", "postpone": "calendar-event",
}  # fmt: skip


@dataclass(frozen=True)
class ProcessPage:
    """`services`: transition -> service, called with `<key>=pk`, the form's fields, actor and now.

    `forms`: transition -> form, where what it needs does not say it all; a form with an `evidence` need has the fields
    `text` and `file`. `aside`: transitions that open a dialog because they lead off the way.
    """

    flow: Flow
    services: Mapping[str, Callable[..., Any]]
    key: str
    step_url: str
    forms: Mapping[str, type[Form]] = field(default_factory=dict)
    aside: frozenset[str] = frozenset({"fail", "cancel"})

    def form_for(self, transition: Transition, data: Any = None, files: Any = None, **kwargs: Any) -> Form:
        kind = self.forms.get(transition.name)
        if kind is None:
            needs = transition.needs
            kind = EvidenceForm if "evidence" in needs else NoteForm if "note" in needs else OptionalNoteForm
        return kind(data, files, auto_id=f"id_{transition.name}_%s", **kwargs)

    def context(self, request: HttpRequest, subject: Any, tried: Mapping[str, Form], **initial: Any) -> dict[str, Any]:
        """steps, history, entries, next, others, zone; `tried`: the form that was refused, by transition."""
        steps, open_now = history(subject), []
        for one in self.flow.open_to(me(request), state=subject.status, site=subject.site):
            form = tried.get(one.name) or self.form_for(one, initial=initial)
            url = reverse(self.step_url, args=[subject.pk, one.name])
            icon = ICONS.get(one.name, "player-play")
            open_now.append({"name": one.name, "label": one.label, "form": form, "url": url, "icon": icon,
                             "tried": one.name in tried})  # fmt: skip
        return {
            "steps": drawing(self.flow, subject, steps),
            "history": steps,
            "entries": entries(self.flow, subject, steps),
            "next": [one for one in open_now if one["name"] not in self.aside],
            "others": [one for one in open_now if one["name"] in self.aside],
            "zone": subject.site.zone,
        }

    def post(self, request: HttpRequest, subject: Any, name: str) -> HttpResponse | dict[str, Form]:
        """Make the transition that was posted: a redirect when done, else the refused form by name."""
        transition = next((one for one in self.flow.transitions if one.name == name), None)
        if transition is None or name not in self.services:
            raise Http404
        if not transition.open_to(me(request), subject.site):
            raise NotAllowed
        form = self.form_for(transition, request.POST, request.FILES)
        if not form.is_valid():
            return {name: form}
        try:
            self._make(request, subject, name, dict(form.cleaned_data))
        except Refused as refusal:
            subject.refresh_from_db()  # somebody may have been quicker: what is shown is how it stands now
            if name not in {
                one.name for one in self.flow.open_to(me(request), state=subject.status, site=subject.site)
            }:
                raise  # nothing on the page could show it: a page of its own says why
            add_refusal(form, refusal)
            return {name: form}
        messages.success(request, _("Done: %(step)s.") % {"step": self.flow.states(transition.target).label})
        return redirect(subject.get_absolute_url())

    @transaction.atomic
    def _make(self, request: HttpRequest, subject: Any, name: str, data: dict[str, Any]) -> None:
        actor, now = me(request), timezone.now()
        if "evidence" in self.flow.find(name).needs:
            data["evidence"] = evidence_of(subject, data.pop("text"), data.pop("file"), actor=actor, now=now)
        self.services[name](**{self.key: subject.pk}, actor=actor, now=now, **data)


def evidence_of(
    subject: models.Model, text: str, file: "File[bytes] | None", *, actor: Any, now: Any
) -> dict[str, Any]:
    """Words and a file (PDF, PNG or JPG) as what a transition keeps. Raises FileRefused."""
    evidence: dict[str, Any] = {"text": text.strip()} if text.strip() else {}
    if file is not None:
        kept = attachment_add(file=file, subject=subject, actor=actor, now=now, purpose="evidence", allowed=EVIDENCE)
        evidence |= {"attachment": str(kept.pk), "name": kept.name, "sha256": kept.sha256}
    return evidence


# History -----------------------------------------------------------------------------------------------------------


def entries(flow: Flow, subject: Any, steps: list[WorkflowStep]) -> list[dict[str, Any]]:
    """What was done with a process, and what its deadlines did; newest first (partials/timeline.html)."""
    attached = {str(one.pk): one for one in Attachment.objects.filter(
        subject_type=subject._meta.label_lower, subject_id=str(subject.pk))}  # fmt: skip
    found: list[dict[str, Any]] = [_step_entry(flow, one, attached) for one in steps]
    kind = ContentType.objects.get_for_model(subject)
    duties = Obligation.objects.filter(content_type=kind, object_id=subject.pk).prefetch_related("events")
    for duty in duties:
        found += [entry for event in duty.events.all() if (entry := _event_entry(duty, event))]
    found.reverse()  # of one instant the later entry first
    return sorted(found, key=lambda one: one["at"], reverse=True)


def _step_entry(flow: Flow, row: WorkflowStep, attached: dict[str, Attachment]) -> dict[str, Any]:
    file = attached.get(row.evidence.get("attachment", ""))
    note = "\n".join(filter(None, [row.note, row.evidence.get("text", ""), file.name if file else ""]))
    tone = {"failed": "danger", "cancelled": "neutral", "void": "neutral"}.get(row.to_state, "success")
    return {
        "at": row.at,
        "title": str(flow.states(row.to_state).label),
        "actor": who(row.actor_label),
        "note": note,
        "icon": "arrow-right",
        "tone": tone,
        "url": file.get_absolute_url() if file else "",
    }


def _event_entry(duty: Obligation, event: Any) -> dict[str, Any] | None:
    """A ladder's step or a moved deadline; what only repeats the process's own steps is left out."""
    if event.kind == EventKind.MOVED:
        was = event.data.get("was", "")
        note = f"{_shown(was)} → {event.due_at.astimezone(JAKARTA):%Y-%m-%d %H:%M}" if was else ""
        return {"at": event.at, "title": _("Deadline moved"), "actor": who(event.actor_label), "note": note,
                "icon": "calendar-event", "tone": "info"}  # fmt: skip
    if event.kind == EventKind.STEP and not event.superseded:
        title, tone, icon = step_words(duty, event.step)
        return {"at": event.at, "title": title, "actor": _("System"), "icon": icon, "tone": tone}
    if event.kind == EventKind.PARKED:
        return {"at": event.at, "title": _("Parked with an error"), "icon": "alert-octagon", "tone": "danger"}
    return None


def _shown(was: str) -> str:
    return f"{datetime.fromisoformat(was).astimezone(JAKARTA):%Y-%m-%d %H:%M}"


def step_words(duty: Obligation, key: str) -> tuple[str, str, str]:
    """A ladder's step in words, tone and icon: whom it told, and what for."""
    ladder = policy_value(RULES[duty.rule].ladder_policy, at=duty.opened_at, site=duty.site)
    step = next((one for one in ladder if one["key"] == key), None)
    if step is None:  # the ladder was changed for that very day
        return key, "neutral", "bell"
    role = {"role": str(Role(step["role"]).label)}
    if step["kind"] == StepKind.BREACH:
        return _("Breach: %(role)s alerted") % role, "danger", "alert-octagon"
    if step["kind"] == StepKind.ESCALATE:
        return _("Still open: %(role)s alerted") % role, "danger", "alert-octagon"
    if step["anchor"] == "due":
        hours = role | {"hours": f"{-step['hours']:g}"}
        return _("%(role)s reminded: %(hours)s hours left") % hours, "warning", "bell"
    return _("%(role)s reminded") % role, "info", "bell"
