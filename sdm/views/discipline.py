"""Pembinaan (SDM-5): the list, one case from decision to file or letter, its record and papers. Read by few."""

from __future__ import annotations

from datetime import date, datetime
from typing import Any

import django_filters as filters
from django import forms
from django.contrib import messages
from django.db.models import Max, OuterRef, Q, QuerySet, Subquery
from django.http import Http404, HttpRequest, HttpResponse, HttpResponseBase
from django.shortcuts import redirect, render
from django.urls import reverse
from django.utils import timezone
from django.utils.translation import gettext as _
from django.utils.translation import gettext_lazy
from django.views.decorators.cache import never_cache
from django.views.decorators.debug import sensitive_post_parameters
from django.views.decorators.http import require_GET, require_http_methods, require_POST

from occ.approvals.proving import identity_prove, second_factor_of
from occ.documents.attachments import attachments_of
from occ.documents.choices import Purpose, Status
from occ.documents.models import IssuedDocument
from occ.documents.signing import signing_confirm
from occ.downloads import download
from occ.errors import NotAllowed, Refused
from occ.filters import FromDay, OwnFilterSet, OwnSite, UntilDay
from occ.form_pages import form_done
from occ.forms import NoteForm, add_refusal
from occ.ledger.services import record
from occ.list_export import register_list
from occ.lists import listing, remembered
from occ.people.access import get_visible, me
from occ.people.models import User
from occ.people.scope import has_role
from occ.processes import Stepping, process_context, step_make
from occ.sheets.writing import OutColumn
from occ.times import JAKARTA, local_day
from occ.workflow.flows import Transition
from sdm.discipline.choices import CaseStatus, Matter
from sdm.discipline.forms import (
    FORMS,
    MonitorForm,
    OpenForm,
    ReceiveCodeForm,
    ReceiveForm,
    WordsForm,
)
from sdm.discipline.levels import TERMINATION
from sdm.discipline.workflow import OPENERS, PERSONS, RELATIONS, drawn_at
from sdm.models import DisciplineCase, WarningLetter
from sdm.services import discipline, discipline_letters
from sdm.services.discipline_common import is_own, leads

SERVICES: dict[str, Any] = {
    "coach": discipline.case_coach, "appreciate": discipline.case_appreciate, "cancel": discipline.case_cancel,
    "improve": discipline.case_improve, "proceed": discipline.case_proceed, "verify": discipline.case_verify,
    "identify": discipline.case_identify, "file": discipline.case_file,
    "request": discipline_letters.warning_request, "issue": discipline_letters.warning_issue,
    "finalise": discipline_letters.case_finalise, "return": discipline_letters.warning_return,
    "receive": discipline_letters.warning_receive, "refuse": discipline_letters.warning_refuse,
    "paper": discipline_letters.warning_on_paper,
    "exit": discipline_letters.case_exit, "spare": discipline_letters.case_spare, "end": discipline_letters.case_end,
}  # fmt: skip
ICONS = {
    "coach": "messages", "appreciate": "award", "cancel": "ban", "improve": "pencil", "proceed": "player-skip-forward",
    "verify": "checks", "identify": "zoom-exclamation", "file": "archive", "request": "send",
    "issue": "file-certificate", "finalise": "gavel", "return": "arrow-back-up", "receive": "signature",
    "refuse": "writing-sign-off", "paper": "scan",
    "exit": "door-exit", "spare": "arrow-back-up", "end": "lock",
}  # fmt: skip
OWN_STEPS = {"improve", "receive"}
HR_STEPS = {"file", "issue", "finalise", "return", "paper", "refuse", "exit", "spare", "end"}


def form_for(subject: DisciplineCase, transition: Transition, data: Any = None, files: Any = None) -> forms.Form:
    kind, initial = FORMS.get(transition.name, WordsForm), {}
    today = local_day(timezone.now(), subject.site.zone)
    if transition.name == "receive":
        owner = User.objects.filter(person_id=subject.person_id).first()
        kind = ReceiveCodeForm if owner is not None and second_factor_of(owner) else ReceiveForm
    elif transition.name == "coach":
        initial = {"improve_until": discipline.improve_bounds(subject, timezone.now())[0]}
    elif transition.name in {"request", "exit"}:
        initial = {"violated_on": today, "last_working_day": today}
    return kind(data, files, auto_id=f"id_{transition.name}_%s", initial=initial)


def make(subject: DisciplineCase, name: str, data: dict[str, Any], *, actor: User, now: datetime) -> None:
    """Passwords are asked for before the step's transaction: one that a refusal undoes would forget the attempt."""
    data = dict(data)
    if name in {"request", "issue"}:
        purpose = Purpose.PREPARED if name == "request" else Purpose.APPROVED
        if not may(actor, subject, name):
            raise NotAllowed
        data["signing"] = signing_confirm(user=actor, password=data.pop("password"), purpose=purpose, now=now)
    elif name == "receive":
        if not is_own(actor, subject):
            raise NotAllowed
        data["proof"] = identity_prove(
            user=actor, password=data.pop("password"), code=data.pop("code", ""), reason="discipline.receipt", now=now
        )
    elif name == "refuse":
        data["witnesses"] = [
            {"name": data.pop(f"witness_{n}"), "position": data.pop(f"position_{n}")} for n in (1, 2)
        ]  # fmt: skip
    SERVICES[name](case_id=subject.pk, actor=actor, now=now, **data)


def may(user: User, found: DisciplineCase, name: str) -> bool:
    """Beyond the roles: the person's own steps, those of who leads, and of letter or end the one that follows."""
    now = timezone.now()
    if name in OWN_STEPS:
        return is_own(user, found)
    if is_own(user, found):
        return False
    if name in {"issue", "finalise"}:
        return (name == "finalise") == (discipline_letters.expected(found, now) == TERMINATION)
    if name == "paper" and discipline.has_log_in(found.person, now):
        return False
    if name in HR_STEPS or (name == "cancel" and has_role(user, RELATIONS, site=found.site)):
        return has_role(user, RELATIONS, site=found.site)
    if name == "proceed" and discipline.has_time(found, now):
        return False
    return leads(user, found.person, now)


def stepping(found: DisciplineCase) -> Stepping:
    """The flow, drawn on the branch of the chart on which the case stands."""
    warned = found.warnings.exclude(issued_on=None).exists()
    return Stepping(
        drawn_at(found.status, warned=warned), form_for, make,
        lambda one, name: reverse("sdm:discipline_step", args=[one.pk, name]),
        ICONS, frozenset({"cancel", "proceed", "return", "refuse", "spare"}), may,
    )  # fmt: skip


class CaseFilter(OwnFilterSet):
    readers = OPENERS
    others = ("site",)
    q = filters.CharFilter(method="by_words", label=gettext_lazy("Search"))
    status = filters.ChoiceFilter(
        choices=[("open", gettext_lazy("Open")), *CaseStatus.choices], method="by_status",
        label=gettext_lazy("Status"), empty_label=gettext_lazy("All"),
    )  # fmt: skip
    matter = filters.ChoiceFilter(choices=Matter.choices, label=gettext_lazy("About"), empty_label=gettext_lazy("All"))
    site = OwnSite()
    since = FromDay(field_name="opened_at", label=gettext_lazy("From"))
    until = UntilDay(field_name="opened_at", label=gettext_lazy("To"))

    def by_words(self, rows: QuerySet[DisciplineCase], name: str, value: str) -> QuerySet[DisciplineCase]:
        for word in value.replace("\x00", "").split()[:6]:
            rows = rows.filter(Q(person__name__icontains=word) | Q(person__number__iexact=word))
        return rows

    def by_status(self, rows: Any, name: str, value: str) -> Any:
        return rows.open() if value == "open" else rows.filter(status=value)


def rows_of(user: User, now: datetime) -> QuerySet[DisciplineCase]:
    """What that user may see, each with `sp`: the highest letter in force today."""
    return with_level(DisciplineCase.objects.visible_to(user), local_day(now, JAKARTA)).select_related(
        "site", "person", "opened_by"
    )


def with_level(rows: QuerySet[DisciplineCase], day: date) -> QuerySet[DisciplineCase]:
    held = WarningLetter.objects.standing().filter(person=OuterRef("person"), issued_on__lte=day, valid_until__gte=day)
    highest = held.order_by().values("person").annotate(most=Max("level")).values("most")
    return rows.annotate(sp=Subquery(highest))


def columns() -> list[OutColumn]:
    return [OutColumn(_("Number"), 18), OutColumn(_("Employee number"), 14), OutColumn(_("Employee"), 26),
            OutColumn(_("Site"), 14), OutColumn(_("About"), 14), OutColumn(_("What was seen"), 50),
            OutColumn(_("Status"), 24), OutColumn(_("Letter in force"), 10), OutColumn(_("Opened"), 18),
            OutColumn(_("Opened by"), 24), OutColumn(_("What is to improve"), 50),
            OutColumn(_("Time for it until"), 14), OutColumn(_("Closed"), 18)]  # fmt: skip


def line(one: Any) -> list[Any]:
    return [str(one), one.person.number, one.person.name, one.site.name, one.get_matter_display(), one.about,
            one.get_status_display(), f"SP {one.sp}" if one.sp else "", one.opened_at, str(one.opened_by or ""),
            one.target, one.improve_until, one.closed_at]  # fmt: skip


register_list(
    "sdm.discipline", gettext_lazy("Pembinaan"), may=lambda user: has_role(user, PERSONS), filters=CaseFilter,
    order=["-opened_at", "-pk"], rows=rows_of, columns=columns, line=line,
)  # fmt: skip


def crumbs() -> list[dict[str, str]]:
    return [{"label": _("Pembinaan"), "url": reverse("sdm:discipline")}]


@require_GET
@never_cache
def cases(request: HttpRequest) -> HttpResponse:
    user, now = me(request), timezone.now()
    if not has_role(user, PERSONS):
        raise NotAllowed
    if again := remembered(request):
        return again
    sorts = {"opened": "opened_at", "name": "person__name"}
    opens = has_role(user, OPENERS)
    before = {"label": _("Import"), "url": reverse("sdm:letter_import:import"), "icon": "upload"}
    letters = [before] if has_role(user, RELATIONS) else []
    new = {"label": _("Open a pembinaan"), "url": reverse("sdm:discipline_new"), "icon": "plus", "tone": "primary"}
    by_month = {"label": _("By month"), "url": reverse("sdm:discipline_overview"), "icon": "calendar-stats"}
    context = listing(request, rows_of(user, now), filters=CaseFilter, sorts=sorts, default="-opened")
    context |= {
        "title": _("Pembinaan") if opens else _("My pembinaan"), "opens": opens, "now": now,
        "subtitle": _("Read by the person, the own superiors, HR Industrial Relations and the manager only"),
        "actions": [*letters, by_month, new] if opens else [], "export_kind": "sdm.discipline",
        "search": _("Name or employee number"),
    }  # fmt: skip
    return render(request, "sdm/discipline/cases.html", context)


@require_http_methods(["GET", "POST"])
@never_cache
def case_new(request: HttpRequest) -> HttpResponse:
    user = me(request)
    if not has_role(user, OPENERS):
        raise NotAllowed
    form = OpenForm(request.POST or None, request.FILES or None, user=user)
    if request.method == "POST" and form.is_valid():
        try:
            made = discipline.case_open(actor=user, now=timezone.now(), **form.cleaned_data)
        except Refused as refusal:
            add_refusal(form, refusal)
        else:
            messages.success(request, _("Opened. Decide now: appreciation or pembinaan."))
            return redirect(made)
    context = {"title": _("Open a pembinaan"), "crumbs": crumbs(), "form": form, "submit": _("Open")}
    context |= {"cancel_url": reverse("sdm:discipline")}
    return render(request, "sdm/form.html", context, status=422 if form.errors else 200)


@require_GET
@never_cache
def case(request: HttpRequest, pk: int) -> HttpResponse:
    return _detail(request, get_visible(DisciplineCase, me(request), pk), {})


@sensitive_post_parameters("password", "code")
@require_POST
def case_step(request: HttpRequest, pk: int, transition: str) -> HttpResponse:
    found = get_visible(DisciplineCase, me(request), pk)
    done = step_make(request, stepping(found), found, transition)
    return done if isinstance(done, HttpResponse) else _detail(request, found, done, status=422)


@require_POST
def monitoring(request: HttpRequest, pk: int) -> HttpResponse:
    found = get_visible(DisciplineCase, me(request), pk)
    if not leads(me(request), found.person, timezone.now()):
        raise NotAllowed
    form = MonitorForm(request.POST, request.FILES)

    def add(data: dict[str, Any]) -> Any:
        return discipline.monitoring_add(case_id=pk, actor=me(request), now=timezone.now(), **data)

    done = form_done(request, form, add, said=_("Written down."), to=found)
    return done or _detail(request, found, {}, monitor=form, status=422)


@require_POST
def warning_withdraw(request: HttpRequest, pk: int) -> HttpResponse:
    letter = get_visible(WarningLetter, me(request), pk)
    if not has_role(me(request), RELATIONS, site=letter.case.site):
        raise NotAllowed
    form = NoteForm(request.POST, auto_id=f"id_withdraw_{pk}_%s")

    def withdraw(data: dict[str, Any]) -> Any:
        return discipline_letters.warning_withdraw(
            warning_id=pk, note=data["note"], actor=me(request), now=timezone.now()
        )  # fmt: skip

    words = _("Withdrawn: it counts no more, and the document says so.")
    done = form_done(request, form, withdraw, said=words, to=letter.case)
    return done or _detail(request, letter.case, {}, withdraw=(pk, form), status=422)


@require_GET
@never_cache
def document(request: HttpRequest, pk: int) -> HttpResponseBase:
    """A case's paper, for who may see the case: the register shows it to HR and the manager only."""
    user = me(request)
    found = IssuedDocument.objects.filter(pk=pk, subject_type="sdm.disciplinecase").select_related("site").first()
    if found is None or found.status == Status.DESTROYED:
        raise Http404
    get_visible(DisciplineCase, user, found.subject_id)
    answer = download("documents", found.file, shown=found.file_name, content_type="application/pdf")
    data = {"number": found.number, "sha256": found.sha256}
    record(actor=user, action="document.downloaded", subject=found, data=data, now=timezone.now(), site=found.site)
    return answer


def _detail(
    request: HttpRequest, found: DisciplineCase, tried: dict[str, forms.Form], *, monitor: MonitorForm | None = None,
    withdraw: tuple[int, forms.Form] | None = None, status: int = 200,
) -> HttpResponse:  # fmt: skip
    user, now = me(request), timezone.now()
    own = is_own(user, found)
    today = local_day(now, found.site.zone)
    watches = found.status == CaseStatus.IMPROVING and leads(user, found.person, now)
    relations = has_role(user, RELATIONS, site=found.site) and not own
    given = WarningLetter.objects.filter(person_id=found.person_id).issued()
    if found.site_id != found.person.site_id:  # an old site's file tells nothing of what was given elsewhere
        given = given.filter(case__in=DisciplineCase.objects.visible_to(user))
    letters = list(given.select_related("document").order_by("pk"))
    for one in letters:
        one.now_in_force = one.in_force_on(today)  # type: ignore[attr-defined]
        if relations and one.withdrawn_at is None and one.receipt and one.case_id == found.pk:
            tried_one = withdraw[1] if withdraw and withdraw[0] == one.pk else None
            one.form = tried_one or NoteForm(auto_id=f"id_withdraw_{one.pk}_%s")  # type: ignore[attr-defined]
    documents = IssuedDocument.objects.filter(subject_type="sdm.disciplinecase", subject_id=str(found.pk))
    context = process_context(request, stepping(found), found, tried)
    context |= {
        "title": _("My pembinaan") if own else found.person.name,
        "subtitle": f"{found} · {found.get_matter_display()} · {found.site.name}", "crumbs": crumbs(), "case": found,
        "own": own, "now": now, "words": found.entries.order_by("-pk"), "letters": letters,
        "request_": WarningLetter.objects.unanswered().filter(case=found).first(),
        "expected": discipline_letters.expected(found, now), "termination": TERMINATION,
        "files": attachments_of(found).order_by("uploaded_at"),
        "documents": documents.exclude(status=Status.DESTROYED).defer("data").order_by("-pk"),
        "monitor_form": monitor or (MonitorForm() if watches else None),
        "leaving": found.leaving if found.leaving_id and not own else None,
    }  # fmt: skip
    return render(request, "sdm/discipline/case.html", context, status=status)
