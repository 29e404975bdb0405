"""Leave: the list, asking for it, and the page on which it is decided (SDM-9)."""

from __future__ import annotations

from dataclasses import replace
from datetime import date, datetime, timedelta
from typing import Any

from django import forms
from django.db.models import QuerySet
from django.http import HttpRequest, HttpResponse
from django.shortcuts import render
from django.urls import reverse
from django.utils import timezone
from django.utils.translation import gettext as _
from django.utils.translation import gettext_lazy, ngettext
from django.views.decorators.http import require_GET, require_http_methods, require_POST

from occ.documents.attachments import attachments_of
from occ.errors import NotAllowed
from occ.form_pages import form_done, form_page
from occ.forms import DayField, OptionalNoteForm, PersonField
from occ.list_export import register_list
from occ.lists import listing, remembered
from occ.obligations.models import Obligation
from occ.people import choosing
from occ.people.access import get_visible, me
from occ.people.models import User
from occ.people.planned import planned_for
from occ.people.scope import has_role
from occ.processes import Stepping, plain_stepping, process_context, step_make
from occ.sheets.writing import OutColumn
from occ.times import JAKARTA, local_day
from occ.workflow.flows import Transition
from sdm.absence.choices import Group, LeaveStatus
from sdm.absence.filters import LeaveFilter
from sdm.absence.policies import kinds_on
from sdm.absence.workflow import ASKERS, LEAVE, ON_BEHALF
from sdm.absence.working import days_between, holidays_between
from sdm.models import LeaveRequest
from sdm.personal import is_self
from sdm.services import absence as services
from sdm.services.absence_reading import READERS, people_to_act_for

ACCEPT = ".pdf,.png,.jpg,.jpeg"
DAYS_SHOWN = 45
ICONS = {"approve": "check", "refuse": "x", "confirm": "calendar-check", "reject": "calendar-x", "cancel": "ban",
         "annul": "arrow-back-up"}  # fmt: skip


CHOOSER = choosing.register("sdm.leave", lambda user: people_to_act_for(user, timezone.now()))


class FileForm(forms.Form):
    file = forms.FileField(
        label=gettext_lazy("Doctor's note or other proof"), help_text=gettext_lazy("PDF, PNG or JPG, at most 10 MiB."),
        widget=forms.FileInput(attrs={"accept": ACCEPT}),
    )  # fmt: skip


class LeaveForm(forms.Form):
    person = PersonField(chooser=CHOOSER, label=gettext_lazy("Employee"))
    kind = forms.ChoiceField(label=gettext_lazy("Kind"))
    starts_on = DayField(label=gettext_lazy("First day"))
    ends_on = DayField(label=gettext_lazy("Last day"))
    reason = forms.CharField(
        label=gettext_lazy("Reason"), required=False, max_length=services.REASON,
        widget=forms.Textarea(attrs={"rows": 2}),
        help_text=gettext_lazy(
            "Read by HR, by who leads the person, and by the person. Needed for permission and unpaid leave."
        ),
    )  # fmt: skip
    file = forms.FileField(
        label=gettext_lazy("Doctor's note or other proof"), required=False,
        help_text=gettext_lazy("PDF, PNG or JPG, at most 10 MiB. It can be brought later."),
        widget=forms.FileInput(attrs={"accept": ACCEPT}),
    )  # fmt: skip

    def __init__(self, *args: Any, user: User, today: date, **kwargs: Any) -> None:
        super().__init__(*args, **kwargs)
        if has_role(user, ON_BEHALF):
            person: Any = self.fields["person"]
            person.for_user(user)
        else:
            del self.fields["person"]
        kind: Any = self.fields["kind"]
        kind.choices = [("", "–"), *grouped(today)]


def grouped(day: date) -> list[tuple[str, list[tuple[str, str]]]]:
    """The kinds of that day under their groups, each with its days."""
    found: dict[str, list[tuple[str, str]]] = {}
    for one in kinds_on(day).values():
        words = ngettext("%(name)s (at most %(n)s day)", "%(name)s (at most %(n)s days)", one.days or 0)
        limit = words % {"name": one.name, "n": one.days} if one.days else one.name
        found.setdefault(str(Group(one.group).label), []).append((one.key, limit))
    return list(found.items())


def may_step(user: User, leave: LeaveRequest, name: str) -> bool:
    if name in ("approve", "refuse"):
        return services.may_decide(user, leave)
    if name == "cancel":
        begun = leave.status == LeaveStatus.CONFIRMED and leave.starts_on <= local_day(timezone.now(), leave.site.zone)
        return not begun and services.may_act_for(user, leave.employee_id, leave.site)
    return True


class DecidedAboveForm(forms.Form):
    note = forms.CharField(
        label=gettext_lazy("Who decided it, and when"), widget=forms.Textarea(attrs={"rows": 2}), max_length=300,
        help_text=gettext_lazy(
            "Nobody here stands above this person: enter what was decided above the contact center."
        ),
    )  # fmt: skip


class RequiredReasonForm(forms.Form):
    note = forms.CharField(
        label=gettext_lazy("Reason"), widget=forms.Textarea(attrs={"rows": 2}), max_length=300,
        help_text=gettext_lazy("Kept in the history, and read by all who see the leave: nothing of illness here."),
    )  # fmt: skip


PLAIN: Stepping = plain_stepping(
    LEAVE, services.TRANSITIONS, key="leave_id", url_name="sdm:leave_step", icons=ICONS,
    own_forms={"approve": OptionalNoteForm, "confirm": OptionalNoteForm, "refuse": RequiredReasonForm,
               "reject": RequiredReasonForm, "cancel": RequiredReasonForm, "annul": RequiredReasonForm},
    aside=frozenset({"refuse", "reject", "cancel", "annul"}), may=may_step,
)  # fmt: skip


def form_for(subject: LeaveRequest, transition: Transition, data: Any, files: Any) -> forms.Form:
    form = PLAIN.form_for(subject, transition, data, files)
    if transition.name == "approve" and services.decided_above(subject):
        return DecidedAboveForm(data, files, auto_id=form.auto_id)
    return form


STEPPING = replace(PLAIN, form_for=form_for)


def rows_of(user: User, now: datetime) -> QuerySet[LeaveRequest]:
    rows = LeaveRequest.objects.visible_to(user).with_why(user)
    return rows.select_related("site", "employee__person", "asked_by", "decided_by", "confirmed_by")


def columns() -> list[OutColumn]:
    return [OutColumn(_("Employee number"), 14), OutColumn(_("Employee"), 28), OutColumn(_("Site"), 8),
            OutColumn(_("Kind"), 30), OutColumn(_("First day"), 14), OutColumn(_("Last day"), 14),
            OutColumn(_("Days that count"), 12), OutColumn(_("Paid"), 8), OutColumn(_("Status"), 28),
            OutColumn(_("Asked"), 18), OutColumn(_("Asked by"), 24), OutColumn(_("Decided"), 18),
            OutColumn(_("Decided by"), 24), OutColumn(_("Confirmed"), 18), OutColumn(_("Confirmed by"), 24),
            OutColumn(_("Reason"), 40)]  # fmt: skip


def line(one: LeaveRequest) -> list[Any]:
    why = one.why  # type: ignore[attr-defined]
    return [one.person.number, one.person.name, one.site.code, one.called, one.starts_on, one.ends_on, len(one.days),
            _("yes") if one.paid else _("no"), one.get_status_display(), one.asked_at, str(one.asked_by or ""),
            one.decided_at, str(one.decided_by or ""), one.confirmed_at, str(one.confirmed_by or ""),
            one.reason if why else ""]  # fmt: skip


register_list(
    "sdm.leaves", gettext_lazy("Leave"), may=lambda user: has_role(user, READERS | ASKERS), filters=LeaveFilter,
    order=["-starts_on", "-pk"], rows=rows_of, columns=columns, line=line,
)  # fmt: skip


def crumbs() -> list[dict[str, str]]:
    return [{"label": _("Leave"), "url": reverse("sdm:leaves")}]


def tabs(user: User, here: str) -> list[dict[str, Any]]:
    """The pages of leave that the user's roles lead to."""
    pages = [
        ("sdm:my_leave", _("My leave"), ASKERS), ("sdm:leaves", _("Requests"), READERS),
        ("sdm:leave_calendar", _("Calendar"), READERS), ("sdm:leave_balances", _("Balances"), READERS),
    ]  # fmt: skip
    found = [(name, label) for name, label, roles in pages if has_role(user, roles)]
    return [{"label": label, "url": reverse(name), "active": name == here} for name, label in found]


@require_GET
def leaves(request: HttpRequest) -> HttpResponse:
    """Whose role reads no others' sees the own."""
    user, now = me(request), timezone.now()
    if not has_role(user, READERS | ASKERS):
        raise NotAllowed
    if again := remembered(request):
        return again
    sorts = {"first": "starts_on", "name": "employee__person__name", "asked": "asked_at"}
    context = listing(request, rows_of(user, now), filters=LeaveFilter, sorts=sorts, default="-first")
    reads = has_role(user, READERS)
    others = _("Who asked to be away, who agreed, and what the roster says")
    context |= {
        "title": _("Leave"), "subtitle": others if reads else _("Your own: that of others is not shown to your roles"),
        "reads": reads,
        "actions": [*import_action(user), *new_action(user)], "tabs": tabs(user, "sdm:leaves"),
        "export_kind": "sdm.leaves", "search": _("Name or employee number"),
    }  # fmt: skip
    return render(request, "sdm/absence/leaves.html", context)


def import_action(user: User) -> list[dict[str, str]]:
    if not has_role(user, services.TAKERS_UP):
        return []
    return [{"label": _("Import"), "url": reverse("sdm:leave_file:import"), "icon": "upload"}]


def new_action(user: User) -> list[dict[str, str]]:
    if not (user.person_id and has_role(user, ASKERS)) and not has_role(user, ON_BEHALF):
        return []
    label = _("Ask for leave") if not has_role(user, ON_BEHALF) else _("Record a leave")
    return [{"label": label, "url": reverse("sdm:leave_new"), "icon": "plus", "tone": "primary"}]


@require_http_methods(["GET", "POST"])
def leave_new(request: HttpRequest) -> HttpResponse:
    user, now = me(request), timezone.now()
    if not has_role(user, ASKERS) or (user.person is None and not has_role(user, ON_BEHALF)):
        raise NotAllowed
    zone = user.person.site.zone if user.person else JAKARTA
    number = request.GET.get("person", "")
    given = int(number) if number.isascii() and number.isdigit() and len(number) < 19 else user.person_id
    form = LeaveForm(
        request.POST or None, request.FILES or None, user=user, today=local_day(now, zone),
        initial={"person": given, "starts_on": request.GET.get("day", "")[:10]},
    )  # fmt: skip
    today = local_day(now, zone)
    return form_page(
        request, form, lambda data: _ask(user, data, now), said=_("Asked. The team leader is told, and then WFM."),
        template="sdm/absence/new.html", title=_("Ask for leave"), crumbs=crumbs(), submit=_("Ask"),
        cancel_url=reverse("sdm:leaves"), kinds=kinds_on(today).values(),
        balance=services.balance_on(user.person, today) if user.person else None,
    )  # fmt: skip


def _ask(user: User, data: dict[str, Any], now: datetime) -> LeaveRequest:
    person: Any = data.get("person") or user.person
    return services.leave_ask(
        person_id=person.pk, kind=data["kind"], starts_on=data["starts_on"], ends_on=data["ends_on"],
        reason=data["reason"], file=data["file"], actor=user, now=now,
    )  # fmt: skip


@require_GET
def leave(request: HttpRequest, pk: int) -> HttpResponse:
    return _detail(request, get_visible(LeaveRequest, me(request), pk), {})


@require_POST
def leave_step(request: HttpRequest, pk: int, transition: str) -> HttpResponse:
    user, found = me(request), get_visible(LeaveRequest, me(request), pk)
    if transition == "cancel" and not services.may_act_for(user, found.employee_id, found.site):
        raise NotAllowed
    if transition in ("approve", "refuse") and not services.may_decide(user, found):
        raise NotAllowed
    done = step_make(request, STEPPING, found, transition)
    return done if isinstance(done, HttpResponse) else _detail(request, found, done, status=422)


@require_POST
def leave_proof(request: HttpRequest, pk: int) -> HttpResponse:
    found = get_visible(LeaveRequest, me(request), pk)
    if not services.may_act_for(me(request), found.employee_id, found.site):
        raise NotAllowed
    form = FileForm(request.POST, request.FILES)

    def keep(data: dict[str, Any]) -> Any:
        return services.proof_add(leave_id=pk, file=data["file"], actor=me(request), now=timezone.now())

    said, to = _("The proof is kept with the leave."), f"{found.get_absolute_url()}#proof"
    if done := form_done(request, form, keep, said=said, to=to):
        return done
    return _detail(request, found, {}, proof=form, status=422)


def _detail(
    request: HttpRequest, found: LeaveRequest, tried: dict[str, forms.Form], *, proof: FileForm | None = None,
    status: int = 200,
) -> HttpResponse:  # fmt: skip
    user, person = me(request), found.person
    why, own = services.reads_why(user, found), is_self(user, found.employee_id)
    may_add = found.is_alive and services.may_act_for(user, found.employee_id, found.site)
    decides = services.may_decide(user, found) or has_role(user, LEAVE.find("confirm").by_roles, site=found.site)
    context = process_context(request, STEPPING, found, tried)
    context |= {
        "title": person.name, "subtitle": f"{person.number} · {found.site}", "crumbs": crumbs(), "leave": found,
        "called": found.named(why), "why": why, "own": own, "paid": found.paid,
        "source": _source(found) if why else "", "days": _days(found), "more_days": _more_days(found),
        "files": attachments_of(found).order_by("uploaded_at") if why else [],
        "proof_form": proof or (FileForm() if may_add else None),
        "duties": Obligation.objects.filter(
            content_type__app_label="sdm", content_type__model="leaverequest", object_id=found.pk
        ).order_by("due_at"),
        "colleagues": services.colleagues_away(found) if decides and found.is_alive else None,
        "balance": services.balance_on(person, found.starts_on) if why and found.group == Group.ANNUAL else None,
    }  # fmt: skip
    return render(request, "sdm/absence/leave.html", context, status=status)


def _source(leave: LeaveRequest) -> str:
    kind = kinds_on(leave.starts_on).get(leave.kind)
    return kind.source if kind else ""


def _days(leave: LeaveRequest) -> list[dict[str, Any]]:
    """The first days of the leave with what the roster says of them, and whether they count."""
    last = min(leave.ends_on, leave.starts_on + timedelta(days=DAYS_SHOWN - 1))
    plans = planned_for([leave.employee_id], leave.starts_on, last)
    holidays, counted = holidays_between(leave.starts_on, last), set(leave.days)
    found = []
    for day in days_between(leave.starts_on, last):
        plan = plans.get((leave.employee_id, day))
        words = plan.words if plan else _("Public holiday") if day in holidays else ""
        found.append({"day": day, "words": words, "counts": day in counted})
    return found


def _more_days(leave: LeaveRequest) -> int:
    return max(0, (leave.ends_on - leave.starts_on).days + 1 - DAYS_SHOWN)
