"""The logbook: its list, as it was at any instant, and a row with its holders and history (UID-1, UID-2)."""

from typing import Any

from django.http import HttpRequest, HttpResponse
from django.shortcuts import render
from django.urls import reverse
from django.utils import timezone
from django.utils.translation import gettext as _
from django.views.decorators.http import require_GET, require_http_methods

from occ.errors import NotAllowed
from occ.form_pages import form_page
from occ.lists import listing, remembered
from occ.people.access import get_visible, me
from occ.people.choices import Role
from occ.people.scope import has_role
from userids.choices import AccountStatus
from userids.filters import AccountFilter
from userids.forms import AccountEditForm, AccountForm
from userids.models import LOGBOOK_READERS, Account, Application
from userids.selectors import account_entries
from userids.services import accounts as services
from userids.services.deactivations import leaving_hindered
from userids.services.others import may_ask
from userids.services.replacements import passes_on_early


def crumbs(account: Account | None = None) -> list[dict[str, str]]:
    found = [{"label": _("Logbook"), "url": reverse("userids:accounts")}]
    return [*found, {"label": account.user_id, "url": account.get_absolute_url()}] if account else found


@require_GET
def accounts(request: HttpRequest) -> HttpResponse:
    if again := remembered(request):
        return again
    user = me(request)
    sorts = {"user_id": "user_id", "created": "created_at"}
    rows = Account.objects.visible_to(user)
    if request.GET.get("as_of") and not has_role(user, LOGBOOK_READERS):
        raise NotAllowed  # it would name who had one's ID before
    context = listing(request, rows, filters=AccountFilter, sorts=sorts, default="user_id")
    form = context["filter"].form
    actions = []
    issue = {"label": _("Issue as PDF"), "url": reverse("userids:logbook_issue"), "icon": "file-certificate"}
    if has_role(user, services.KEEPERS):
        actions = [
            *([issue] if has_role(user, {Role.DOCUMENT_CONTROL}) else []),
            {"label": _("Import"), "url": reverse("userids:import"), "icon": "upload"},
            {"label": _("New user ID"), "url": reverse("userids:account_new"), "icon": "plus", "tone": "primary"},
        ]
    context |= {
        "title": _("Logbook User ID Omni Channel"),
        "search": _("User ID, name, number or e-mail"),
        "as_of": form.cleaned_data.get("as_of") if form.is_valid() else None,
        "actions": actions,
        "export_kind": "userids.logbook" if has_role(user, LOGBOOK_READERS) else "",
    }
    context["bulk"] = has_role(user, {Role.SUPPORT}) and not context["as_of"]
    for row in context["page"].rows if context["bulk"] else []:
        row.hindered = leaving_hindered(row)
    return render(request, "userids/accounts.html", context)


@require_GET
def account(request: HttpRequest, pk: int) -> HttpResponse:
    user, found = me(request), get_visible(Account, me(request), pk)
    site_reader = has_role(user, LOGBOOK_READERS, site=found.site)
    holders = found.assignments.select_related("person").order_by("-starts_at")
    if not site_reader:  # an agent sees the own time with the ID, not who else had it
        holders = holders.filter(person=user.person)
    context = {
        "title": found.user_id,
        "crumbs": crumbs(),
        "subtitle": f"{found.application} · {found.site}",
        "account": found,
        "zone": found.site.zone,
        "holders": holders,
        "deactivations": found.deactivations.select_related("person").order_by("-pk") if site_reader else [],
        "replacements": found.replacements.select_related("person").order_by("-pk") if site_reader else [],
        "entries": account_entries(found) if site_reader else [],
        "site_reader": site_reader,
        "actions": _actions(request, found),
        "early": passes_on_early(found, now=timezone.now()),
        "kept_for": services.kept_for(found),
    }
    return render(request, "userids/account.html", context)


def _actions(request: HttpRequest, found: Account) -> list[dict[str, str]]:
    user, actions, holder = me(request), [], found.holder
    if has_role(user, services.KEEPERS, site=found.site):
        url = reverse("userids:account_edit", args=[found.pk])
        actions.append({"label": _("Edit"), "url": url, "icon": "pencil"})
    if holder is not None and found.status == AccountStatus.ACTIVE and may_ask(user, found.site):
        url = reverse("userids:account_shut", args=[found.pk])
        actions.append({"label": _("Shut it"), "url": url, "icon": "ban"})
    if services.kept_for(found) is not None and has_role(user, {Role.TEAM_LEADER}, site=found.site):
        url = reverse("userids:account_resume", args=[found.pk])
        actions.append({"label": _("Open it again"), "url": url, "icon": "player-play", "tone": "primary"})
    if has_role(user, {Role.SUPPORT}, site=found.site):
        if holder is not None and holder.person.last_working_day is None:
            url = f"{reverse('userids:resignation_new')}?person={holder.person_id}"
            actions.append({"label": _("Record a resignation"), "url": url, "icon": "user-off"})
        else:
            url = f"{reverse('userids:replacement_new')}?account={found.pk}"
            actions.append({"label": _("Replace the holder"), "url": url, "icon": "replace", "tone": "primary"})
    return actions


@require_http_methods(["GET", "POST"])
def account_new(request: HttpRequest) -> HttpResponse:
    user = me(request)
    if not has_role(user, services.KEEPERS):
        raise NotAllowed
    now = timezone.now()
    initial = {"activated_at": now, "application": Application.objects.first()}
    form = AccountForm(request.POST or None, user=user, initial=initial)

    def create(data: dict[str, Any]) -> Account:
        email = data["email"] or (data["person"].email if data["person"] else "")
        return services.account_create(**data | {"email": email}, actor=user, now=now)

    return form_page(
        request, form, create, said=lambda made: _("User ID %(id)s is in the logbook.") % {"id": made.user_id},
        title=_("New user ID"), crumbs=crumbs(), submit=_("Enter into the logbook"),
        cancel_url=reverse("userids:accounts"),
    )  # fmt: skip


@require_http_methods(["GET", "POST"])
def account_edit(request: HttpRequest, pk: int) -> HttpResponse:
    user, found = me(request), get_visible(Account, me(request), pk)
    if not has_role(user, services.KEEPERS, site=found.site):
        raise NotAllowed
    initial = {"role": found.role, "channels": found.channels, "remarks": found.remarks}
    form = AccountEditForm(request.POST or None, initial=initial)
    return form_page(
        request, form, lambda data: services.account_edit(account_id=pk, actor=user, now=timezone.now(), **data),
        said=_("Saved."), to=found, title=_("Edit %(id)s") % {"id": found.user_id}, crumbs=crumbs(found),
        submit=_("Save"), cancel_url=found.get_absolute_url(),
    )  # fmt: skip
