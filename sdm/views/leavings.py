"""Leavings: the list, and the page on which interview, clearance and closing are done (SDM-8)."""

from datetime import datetime
from typing import Any

from django import forms
from django.db import transaction
from django.http import HttpRequest, HttpResponse
from django.shortcuts import render
from django.urls import reverse
from django.utils import timezone
from django.utils.translation import gettext as _
from django.views.decorators.http import require_GET, require_http_methods, require_POST

from occ.documents.attachments import attachment_add, attachments_of
from occ.documents.models import IssuedDocument
from occ.errors import NotAllowed
from occ.form_pages import form_done, form_page
from occ.lists import listing, remembered
from occ.obligations.models import Obligation
from occ.paging import key_of
from occ.people.access import get_visible, me
from occ.people.actors import Actor
from occ.people.scope import has_role
from occ.processes import Stepping, process_context, step_make
from occ.times import local_day
from occ.workflow.flows import Transition
from sdm.filters import LeavingFilter
from sdm.forms import CloseForm, InterviewForm, ItemForm, LeavingForm, MoveForm, RequiredNoteForm, StepForm
from sdm.jobs import reads
from sdm.models import ClearanceItem, Leaving
from sdm.personal import is_self, reads_interview, reads_letters
from sdm.providers import panels_of
from sdm.services import clearance, leavings
from sdm.workflow import LEAVING, RECORDERS

ALLOWED = ("pdf", "png", "jpg")
ICONS = {
    "interview": "messages", "waive": "message-off", "clear": "checks", "reopen": "rotate-2", "close": "lock",
    "withdraw": "arrow-back-up",
}  # fmt: skip
FORMS: dict[str, type[forms.Form]] = {"interview": InterviewForm, "clear": StepForm, "close": CloseForm}
SORTS = {"day": "last_working_day", "name": "employee__person__name", "recorded": "recorded_at"}


def form_for(subject: Leaving, transition: Transition, data: Any = None, files: Any = None) -> forms.Form:
    kind = FORMS.get(transition.name, RequiredNoteForm)
    today = local_day(timezone.now(), subject.site.zone)
    initial = {"held_on": today} if transition.name == "interview" else {}
    return kind(data, files, auto_id=f"id_{transition.name}_%s", initial=initial)


def make(subject: Leaving, name: str, data: dict[str, Any], *, actor: Actor, now: datetime) -> None:
    service: Any = leavings.TRANSITIONS[name]
    service(leaving_id=subject.pk, actor=actor, now=now, **data)


def step_url(subject: Leaving, name: str) -> str:
    return reverse("sdm:leaving_step", args=[subject.pk, name])


STEPPING = Stepping(
    LEAVING, form_for, make, step_url, ICONS, frozenset({"waive", "reopen", "withdraw"}),
    hinders=lambda subject, name: clearance.hinders(subject, name, now=timezone.now()),
)  # fmt: skip


def crumbs() -> list[dict[str, str]]:
    return [{"label": _("Leavings"), "url": reverse("sdm:leavings")}]


@require_GET
def leavings_list(request: HttpRequest) -> HttpResponse:
    if again := remembered(request):
        return again
    user = me(request)
    rows = Leaving.objects.visible_to(user).select_related("employee__person", "site").prefetch_related("items")
    context = listing(request, rows, filters=LeavingFilter, sorts=SORTS, default="-day")
    new = {"label": _("Record a leaving"), "url": reverse("sdm:leaving_new"), "icon": "plus", "tone": "primary"}
    context |= {
        "title": _("Leavings"),
        "search": _("Name or employee number"),
        "actions": [new] if has_role(user, RECORDERS) else [],
        "export_kind": "sdm.leavings" if reads(user) else "",
    }
    return render(request, "sdm/leavings.html", context)


@require_http_methods(["GET", "POST"])
def leaving_new(request: HttpRequest) -> HttpResponse:
    user = me(request)
    if not has_role(user, RECORDERS):
        raise NotAllowed
    given = key_of(request.GET.get("person", ""))
    form = LeavingForm(request.POST or None, request.FILES or None, user=user, initial={"person": given})
    return form_page(
        request, form, lambda data: _record(request, data),
        said=_("Recorded. Every module that has to do with the person was told."), title=_("Record a leaving"),
        crumbs=crumbs(), submit=_("Record"), cancel_url=reverse("sdm:leavings"),
    )  # fmt: skip


@transaction.atomic
def _record(request: HttpRequest, data: dict[str, Any]) -> Leaving:
    user, now = me(request), timezone.now()
    made = leavings.leaving_record(
        person_id=data["person"].pk, last_working_day=data["last_working_day"], reason=data["reason"],
        note=data["note"], actor=user, now=now,
    )  # fmt: skip
    if data["letter"]:
        attachment_add(file=data["letter"], subject=made, actor=user, now=now, purpose="letter", allowed=ALLOWED)
    return made


@require_GET
def leaving(request: HttpRequest, pk: int) -> HttpResponse:
    return _detail(request, get_visible(Leaving, me(request), pk), {})


@require_POST
def leaving_step(request: HttpRequest, pk: int, transition: str) -> HttpResponse:
    found = get_visible(Leaving, me(request), pk)
    done = step_make(request, STEPPING, found, transition)
    return done if isinstance(done, HttpResponse) else _detail(request, found, done, status=422)


def _detail(
    request: HttpRequest, found: Leaving, tried: dict[str, forms.Form], *, move: MoveForm | None = None,
    item: tuple[int, ItemForm] | None = None, status: int = 200,
) -> HttpResponse:  # fmt: skip
    user, person = me(request), found.employee.person
    may = found.is_open and has_role(user, RECORDERS, site=found.site) and not is_self(user, person.pk)
    moving = {"last_working_day": found.last_working_day, "reason": found.reason}
    context = process_context(request, STEPPING, found, tried)
    documents = IssuedDocument.objects.visible_to(user).filter(subject_type="sdm.leaving", subject_id=str(found.pk))
    context |= {
        "title": person.name,
        "crumbs": crumbs(),
        "subtitle": f"{person.number} · {found.site}",
        "leaving": found,
        "items": _items(found, may, item),
        "matters": clearance.matters_of(person),
        "duties": Obligation.objects.filter(
            content_type__app_label="sdm", content_type__model="leaving", object_id=found.pk
        ).order_by("due_at"),
        "interview": getattr(found, "interview", None) if reads_interview(user, person.pk, found.site) else None,
        "interview_held": hasattr(found, "interview"),
        "letters": attachments_of(found) if reads_letters(me(request), found.employee_id, found.site) else [],
        "documents": documents.defer("data").order_by("-pk"),
        "may": may,
        "move": move or MoveForm(initial=moving),
        "move_open": move is not None,
        "actions": [{"label": _("Move the last day"), "icon": "calendar-event", "dialog": "move"}] if may else [],
    }
    return render(request, "sdm/leaving.html", context | panels_of(user, person), status=status)


def _items(found: Leaving, may: bool, tried: tuple[int, ItemForm] | None) -> list[dict[str, Any]]:
    """The clearance list; each with its form for who may tick it."""
    rows = []
    for one in found.items.select_related("settled_by"):
        form = None
        if may:
            initial = {"outcome": one.outcome or "returned", "note": one.note}
            form = tried[1] if tried and tried[0] == one.pk else ItemForm(initial=initial, auto_id=f"id_{one.pk}_%s")
        rows.append({"item": one, "form": form})
    return rows


@require_POST
def leaving_move(request: HttpRequest, pk: int) -> HttpResponse:
    found = get_visible(Leaving, me(request), pk)
    if not has_role(me(request), RECORDERS, site=found.site):
        raise NotAllowed
    form = MoveForm(request.POST)
    done = form_done(
        request, form, lambda data: leavings.leaving_move(leaving_id=pk, actor=me(request), now=timezone.now(), **data),
        said=_("Moved; the deadlines moved with it."), to=found,
    )  # fmt: skip
    return done or _detail(request, found, {}, move=form, status=422)


@require_POST
def clearance_item(request: HttpRequest, pk: int) -> HttpResponse:
    item = get_visible(ClearanceItem, me(request), pk)
    if not has_role(me(request), RECORDERS, site=item.leaving.site):
        raise NotAllowed
    form = ItemForm(request.POST, auto_id=f"id_{pk}_%s")
    done = form_done(
        request, form, lambda data: clearance.item_settle(item_id=pk, actor=me(request), now=timezone.now(), **data),
        said=_("Settled: %(item)s.") % {"item": item}, to=item.leaving,
    )  # fmt: skip
    return done or _detail(request, item.leaving, {}, item=(pk, form), status=422)
