"""People: the list, as it is and as it was on any day, and a person with what the reader may see (SDM-1)."""

from collections.abc import Iterable
from typing import Any

from django.http import Http404, HttpRequest, HttpResponse
from django.shortcuts import render
from django.urls import reverse
from django.utils import timezone
from django.utils.translation import gettext as _
from django.views.decorators.cache import never_cache
from django.views.decorators.http import require_GET, require_http_methods, require_POST

from occ.documents.models import Attachment
from occ.errors import NotAllowed
from occ.form_pages import form_page
from occ.lists import listing, remembered
from occ.people.access import get_visible, me
from occ.people.models import User
from occ.people.scope import has_role, site_ids
from occ.times import local_day
from sdm.choices import Standing
from sdm.contracts.workflow import HI
from sdm.filters import PeopleFilter, asked_day, people_seen
from sdm.forms import EditForm, HireForm
from sdm.jobs import reads
from sdm.models import Employee, Employment
from sdm.personal import CONTRACT_READERS, KEEPERS, MOVERS, WAGE_READERS, is_self, masked, reads_nik
from sdm.selectors import person_page
from sdm.services import employees as services
from sdm.workflow import RECORDERS

SORTS = {"name": "person__name", "number": "person__number"}


def crumbs(employee: Employee | None = None) -> list[dict[str, str]]:
    found = [{"label": _("People"), "url": reverse("sdm:people")}]
    return [*found, {"label": employee.person.name, "url": employee.get_absolute_url()}] if employee else found


@require_GET
def people(request: HttpRequest) -> HttpResponse:
    if again := remembered(request):
        return again
    user = me(request)
    rows = people_seen(user, request.GET)
    day = asked_day(request.GET)
    usual = rows.as_of(day or local_day(timezone.now(), timezone.get_default_timezone()))
    context = listing(request, rows, filters=PeopleFilter, sorts=SORTS, default="name", otherwise=usual)
    for row in context["page"].rows:
        row.standing_now = row.standing_on(day or local_day(timezone.now(), row.person.site.zone))
    sites = site_ids(user, CONTRACT_READERS)
    context |= {
        "title": _("People"),
        "search": _("Name or employee number"),
        "as_of": day,
        "contract_sites": sites,
        "show_contracts": sites is None or bool(sites),
        "actions": _list_actions(user),
        "export_kind": "sdm.people" if reads(user) else "",
    }
    return render(request, "sdm/people.html", context)


def _list_actions(user: User) -> list[dict[str, str]]:
    if not has_role(user, KEEPERS):
        return []
    return [
        {"label": _("Import"), "url": reverse("sdm:import"), "icon": "upload"},
        {"label": _("Take somebody on"), "url": reverse("sdm:person_new"), "icon": "user-plus", "tone": "primary"},
    ]


def employee_seen(request: HttpRequest, pk: int) -> tuple[Employee, bool]:
    """The employee as placed on the day asked for, else 404; and whether today's state is the reader's to see as well.

    Who was in the reader's scope then but is not now is shown as they were then, and nothing more.
    """
    user, day = me(request), asked_day(request.GET)
    zone = timezone.get_default_timezone()
    seen = Employee.objects.visible_to(user).filter(pk=pk).exists()
    if not seen and (day is None or not Employee.objects.visible_to(user, on=day).filter(pk=pk).exists()):
        raise Http404
    on = day or local_day(timezone.now(), zone)
    found = Employee.objects.filter(pk=pk).placed_on(on).defer(None).get()
    return found, seen


@require_GET
@never_cache
def person(request: HttpRequest, pk: int) -> HttpResponse:
    employee, present = employee_seen(request, pk)
    return _page(request, employee, present)


def _page(request: HttpRequest, employee: Employee, present: bool, **more: Any) -> HttpResponse:
    user, now, day = me(request), timezone.now(), asked_day(request.GET)
    zone = employee.person.site.zone
    context = person_page(user, employee, day=day or local_day(now, zone), now=now, present=present)
    place = context["place"]
    kept = present and not is_self(user, employee.pk)
    context |= {
        "title": employee.person.name,
        "crumbs": crumbs(),
        "subtitle": f"{employee.person.number} · {(place or employee.person).position}",
        "as_of": day,
        "unread": bool(request.GET.get("as_of")) and day is None,
        "zone": zone,
        "actions": _actions(user, employee, context["standing"]) if present and day is None else [],
        "may_register": kept and has_role(user, HI, site=employee.person.site),
        "may_keep": kept and has_role(user, KEEPERS, site=employee.person.site),
        "may_move": kept and has_role(user, MOVERS, site=employee.person.site),
    }
    _with_proofs(context.get("employments") or [])
    return render(request, "sdm/person.html", context | more)


def _with_proofs(employments: Iterable[Any]) -> None:
    """Each contract with the files that show its registration."""
    found: dict[str, list[Attachment]] = {}
    rows = Attachment.objects.filter(
        subject_type=Employment._meta.label_lower, subject_id__in=[str(one.pk) for one in employments]
    )
    for one in rows.order_by("uploaded_at"):
        found.setdefault(one.subject_id, []).append(one)
    for contract in employments:
        contract.proofs = found.get(str(contract.pk), [])


def _actions(user: User, employee: Employee, standing: Standing) -> list[dict[str, str]]:
    site, pk, found = employee.person.site, employee.pk, []
    others = not is_self(user, pk)
    keeps = has_role(user, KEEPERS, site=site)
    if keeps:
        found.append({"label": _("Edit"), "url": reverse("sdm:person_edit", args=[pk]), "icon": "pencil"})
    if has_role(user, WAGE_READERS, site=site):
        found.append({"label": _("Wages"), "url": reverse("sdm:wages", args=[pk]), "icon": "receipt"})
    if standing in (Standing.WORKING, Standing.LEAVING):
        if keeps and others:
            url = reverse("sdm:employment_new", args=[pk])
            found.append({"label": _("New contract"), "url": url, "icon": "file-plus"})
        if has_role(user, RECORDERS, site=site) and employee.person.last_working_day is None:
            url = f"{reverse('sdm:leaving_new')}?person={pk}"
            found.append({"label": _("Record the leaving"), "url": url, "icon": "door-exit"})
        if has_role(user, MOVERS, site=site) and others:
            url = reverse("sdm:person_transfer", args=[pk])
            found.append({"label": _("Transfer"), "url": url, "icon": "arrows-exchange", "tone": "primary"})
    elif standing is Standing.LEFT and keeps:
        url = reverse("sdm:person_rejoin", args=[pk])
        found.append({"label": _("Take on again"), "url": url, "icon": "user-plus", "tone": "primary"})
    return found


@require_POST
@never_cache
def person_nik(request: HttpRequest, pk: int) -> HttpResponse:
    """Show the whole national ID number once; the ledger keeps who read it."""
    found = get_visible(Employee, me(request), pk)
    nik = services.nik_read(person_id=found.pk, actor=me(request), now=timezone.now())
    employee, present = employee_seen(request, pk)
    return _page(request, employee, present, whole_nik=nik)


@require_http_methods(["GET", "POST"])
def person_new(request: HttpRequest) -> HttpResponse:
    user = me(request)
    if not has_role(user, KEEPERS):
        raise NotAllowed
    form = HireForm(request.POST or None, user=user, initial={"position": "Agent"})
    return form_page(
        request, form, lambda values: services.employee_hire(**values, actor=user, now=timezone.now()),
        said=lambda made: _("%(name)s is taken on.") % {"name": made.person.name}, title=_("Take somebody on"),
        crumbs=crumbs(), submit=_("Take on"), cancel_url=reverse("sdm:people"),
    )  # fmt: skip


@require_http_methods(["GET", "POST"])
def person_edit(request: HttpRequest, pk: int) -> HttpResponse:
    user, found = me(request), get_visible(Employee, me(request), pk)
    if not has_role(user, KEEPERS, site=found.person.site):
        raise NotAllowed
    initial = {
        "name": found.person.name, "email": found.person.email, "birth_date": found.birth_date, "phone": found.phone,
        "skills": found.skills, "channels": found.channels,
    }  # fmt: skip
    form = EditForm(request.POST or None, initial=initial)
    if found.nik and reads_nik(user, pk, found.person.site):
        words = _("Recorded: %(nik)s. Empty: it stays.")
        form.fields["nik"].help_text = words % {"nik": masked(found.nik)}

    def edit(data: dict[str, Any]) -> None:
        data = {key: value for key, value in data.items() if key != "nik" or value}
        services.employee_edit(person_id=pk, actor=user, now=timezone.now(), **data)

    return form_page(
        request, form, edit, said=_("Saved."), to=found, title=_("Edit"), crumbs=crumbs(found), submit=_("Save"),
        cancel_url=found.get_absolute_url(),
    )  # fmt: skip
