"""What the pages of every process have in common: its steps drawn, those open to the reader as forms, its history.

An app says once how its process is stepped (`Stepping`); its views then are `process_context` and `step_make`.
"""

from collections.abc import Callable, Mapping
from dataclasses import dataclass
from datetime import datetime
from typing import Any

from django import forms
from django.contrib import messages
from django.db import models, transaction
from django.http import Http404, HttpRequest, HttpResponse
from django.shortcuts import redirect
from django.urls import reverse
from django.utils import timezone
from django.utils.translation import gettext as _

from occ.documents.attachments import attachment_add
from occ.errors import NotAllowed, Refused
from occ.forms import EvidenceForm, NoteForm, PersonField, add_refusal
from occ.people.access import me
from occ.people.choices import Role
from occ.people.models import User
from occ.texts import said
from occ.timeline import process_entries
from occ.workflow.drawing import drawing, history
from occ.workflow.flows import Flow, Transition
from occ.workflow.turns import WAYS_OUT, waits_for

EVIDENCE = ("pdf", "png", "jpg")
FormFor = Callable[[Any, Transition, Any, Any], forms.Form]


@dataclass(frozen=True)
class Stepping:
    """`form_for(subject, transition, data, files)` asks for what a step needs; `make(subject, name, data, actor, now)`
    calls its service with the form's cleaned data; `url(subject, name)` is where it is posted.

    `aside`: ways out, which open a dialog instead of standing on the page. `warns(subject, name)` says in its dialog
    what is meant by one; `calm`: those that are asked about like them, and are no way out. `may(user, subject, name)`
    says who else may not, beyond what the flow's roles say. `waits(subject)`: whether it waits for somebody, and not
    for its time to come. `hinders(subject, name)`: what would refuse the step as it stands, in words; it is said
    instead of the form. `elsewhere`: steps that are made on a page of their own, of whose people `may` knows nothing.
    """

    flow: Flow
    form_for: FormFor
    make: Callable[..., Any]
    url: Callable[[Any, str], str]
    icons: Mapping[str, str]
    aside: frozenset[str]
    may: Callable[[User, Any, str], bool] = lambda user, subject, name: True
    warns: Callable[[Any, str], str] = lambda subject, name: ""
    waits: Callable[[Any], bool] = lambda subject: True
    hinders: Callable[[Any, str], str] = lambda subject, name: ""
    calm: frozenset[str] = frozenset()
    elsewhere: frozenset[str] = frozenset()

    def leaves_to(self, user: User, subject: Any, name: str) -> bool:
        """Whether the step may be that user's, here or elsewhere."""
        return name in self.elsewhere or self.may(user, subject, name)


@transaction.atomic
def evidence_of(
    subject: models.Model, data: dict[str, Any], *, actor: Any, now: datetime, allowed: tuple[str, ...] = EVIDENCE
) -> dict[str, Any]:
    """What an EvidenceForm brought (`text` and `file`, taken out of `data`) as a transition keeps it.

    Raises FileRefused."""
    text, file = data.pop("text", "").strip(), data.pop("file", None)
    evidence: dict[str, Any] = {"text": text} if text else {}
    if file is not None:
        kept = attachment_add(file=file, subject=subject, actor=actor, now=now, purpose="evidence", allowed=allowed)
        evidence |= {"attachment": str(kept.pk), "name": kept.name, "sha256": kept.sha256}
    return evidence


def plain_stepping(
    flow: Flow, services: Mapping[str, Callable[..., Any]], *, key: str, url_name: str,
    own_forms: Mapping[str, type[forms.Form]], icons: Mapping[str, str], aside: frozenset[str],
    may: Callable[[User, Any, str], bool] = lambda user, subject, name: True,
    hinders: Callable[[Any, str], str] = lambda subject, name: "",
) -> Stepping:  # fmt: skip
    """A process whose services take `<key>=pk`, the form's fields, actor and now.

    What a transition needs (note, evidence) says its form, where `own_forms` has none for it.
    """

    def form_for(subject: Any, transition: Transition, data: Any, files: Any) -> forms.Form:
        needs = transition.needs
        usual = EvidenceForm if "evidence" in needs else NoteForm if "note" in needs else forms.Form
        kind = own_forms.get(transition.name, usual)
        initial = {name: getattr(subject, name) for name in kind.base_fields if hasattr(subject, name)}
        initial |= {name: said(value) for name, value in initial.items() if isinstance(value, str)}
        return kind(data, files, auto_id=f"id_{transition.name}_%s", initial=initial)

    def make(subject: Any, name: str, data: dict[str, Any], *, actor: Any, now: datetime) -> None:
        """With evidence one transaction, else the service's own: some ask stores first, some leave a refused try."""
        data = dict(data)
        if "evidence" not in flow.find(name).needs:
            services[name](**{key: subject.pk}, actor=actor, now=now, **data)
            return
        with transaction.atomic():
            data["evidence"] = evidence_of(subject, data, actor=actor, now=now)
            services[name](**{key: subject.pk}, actor=actor, now=now, **data)

    def url(subject: Any, name: str) -> str:
        return reverse(url_name, args=[subject.pk, name])

    return Stepping(flow, form_for, make, url, icons, aside, may, hinders=hinders)


def process_context(
    request: HttpRequest, stepping: Stepping, subject: Any, tried: dict[str, forms.Form]
) -> dict[str, Any]:
    """The flow drawn, the transitions open to this user with their forms, and the history.

    `next`: the transitions that bring the process on, shown on the page; `others` open a dialog; `brings_on`: there is
    more than ways out of it; `hindered` cannot be made yet. `tried`: the form that was refused, by transition.
    `waits`: for whom it waits, where the reader cannot bring it on.
    """
    flow, steps = stepping.flow, history(subject)
    open_now, hindered = [], []
    for one in flow.open_to(me(request), state=subject.status, site=subject.site):
        if not one.is_for(subject) or one.refusal(me(request), subject):
            continue
        if not stepping.may(me(request), subject, one.name):
            continue
        if one.name not in tried and (why := stepping.hinders(subject, one.name)):
            hindered.append({"label": flow.called(one, subject.status), "why": why})
            continue
        form = tried.get(one.name) or _form(request, stepping, subject, one)
        open_now.append({"name": one.name, "label": flow.called(one, subject.status), "form": form,
                         "url": stepping.url(subject, one.name), "icon": stepping.icons[one.name],
                         "tried": one.name in tried, "text": stepping.warns(subject, one.name),
                         "tone": "" if one.name in stepping.calm else "danger"})  # fmt: skip
    waits = stepping.waits(subject)
    onward = [one for one in open_now if one["name"] not in stepping.aside]
    return {
        "waits": waits_for(flow, subject, reader=me(request), now=timezone.now(), may=stepping.leaves_to)
        if waits
        else [],
        "steps": drawing(flow, subject, steps),
        "history": steps,
        "entries": process_entries(flow, subject, steps),
        "hindered": hindered,
        "next": onward,
        "brings_on": bool(onward) or any(one["name"] not in WAYS_OUT for one in open_now),
        "others": [one for one in open_now if one["name"] in stepping.aside],
        "zone": subject.site.zone,
    }


def _tell(request: HttpRequest, flow: Flow, subject: Any, state: str) -> None:
    """How it stands now. What failed or was called off is no success: said what comes next, if anything does."""
    words = _("It now stands at: %(state)s.") % {"state": flow.states(state).label}
    if state not in flow.off_path or state in flow.waiting:
        messages.success(request, words)
        return
    onward = [one for one in flow.transitions if state in one.source and one.by_roles and one.name not in WAYS_OUT]
    onward = [one for one in onward if one.is_for(subject)]
    if not onward:
        messages.info(request, words)
        return
    steps = [
        _("%(step)s (%(roles)s)")
        % {
            "step": flow.called(one, state),
            "roles": ", ".join(str(role.label) for role in Role if role in one.by_roles),
        }
        for one in onward
    ]
    after = _("What comes next: %(steps)s.") % {"steps": " / ".join(steps)}
    messages.warning(request, f"{words} {after}")


def _form(
    request: HttpRequest, stepping: Stepping, subject: Any, transition: Transition, data: Any = None, files: Any = None
) -> forms.Form:
    """What the step asks for; where it asks for a person, the reader's choice of them.

    A form with `for_user` asks each reader for what that one has.
    """
    form = stepping.form_for(subject, transition, data, files)
    if hasattr(form, "for_user"):
        form.for_user(me(request))
    for one in form.fields.values():
        if isinstance(one, PersonField):
            one.for_user(me(request))
    return form


def step_make(
    request: HttpRequest, stepping: Stepping, subject: Any, name: str
) -> HttpResponse | dict[str, forms.Form]:
    """Make the transition that was posted: a redirect when done, else the refused form by name."""
    flow = stepping.flow
    transition = next((one for one in flow.transitions if one.name == name), None)
    if transition is None or not transition.by_roles:
        raise Http404
    if not transition.open_to(me(request), subject.site):
        raise NotAllowed
    form = _form(request, stepping, subject, transition, request.POST, request.FILES)
    if form.is_valid():
        try:
            stepping.make(subject, name, form.cleaned_data, actor=me(request), now=timezone.now())
        except Refused as refusal:
            subject.refresh_from_db()  # somebody may have been quicker: what is shown is how it stands now
            standing = flow.open_to(me(request), state=subject.status, site=subject.site)
            there = {one.name for one in standing if one.is_for(subject)}
            if name not in there or not stepping.may(me(request), subject, name):
                # Nothing on the page could show it: a page of its own says why, and leads to it.
                refusal.url, refusal.about = subject.get_absolute_url(), str(subject)
                raise
            add_refusal(form, refusal)
        else:
            _tell(request, flow, subject, transition.target)
            return redirect(subject.get_absolute_url())
    return {name: form}
