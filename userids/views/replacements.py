"""Replacement requests (SOP-UID 8.2): a leaver's ID passed on to a new agent."""

from typing import Any

from django import forms
from django.http import Http404, HttpRequest, HttpResponse
from django.shortcuts import render
from django.urls import reverse
from django.utils import timezone
from django.utils.translation import gettext as _
from django.views.decorators.http import require_GET, require_http_methods, require_POST

from occ.documents.attachments import attachments_of
from occ.errors import NotAllowed
from occ.form_pages import form_page
from occ.lists import listing, remembered
from occ.paging import key_of
from occ.people.access import get_visible, me
from occ.people.choices import Role
from occ.people.scope import has_role
from userids.filters import ReplacementFilter
from userids.forms import ReplacementForm
from userids.models import Account, ReplacementRequest
from userids.services import replacements as services
from userids.views.processes import ask, make, process_context
from userids.workflow import REPLACEMENT


def crumbs() -> list[dict[str, str]]:
    return [{"label": _("Replacements"), "url": reverse("userids:replacements")}]


@require_GET
def replacements(request: HttpRequest) -> HttpResponse:
    if again := remembered(request):
        return again
    rows = ReplacementRequest.objects.visible_to(me(request)).select_related("account", "person", "site")
    sorts = {"requested": "requested_at", "user_id": "account__user_id", "name": "person__name"}
    context = listing(request, rows, filters=ReplacementFilter, sorts=sorts, default="-requested")
    context |= {"title": _("Replacements"), "search": _("User ID, name or number")}
    context |= {"export_kind": "userids.replacements"}
    return render(request, "userids/replacements.html", context)


@require_http_methods(["GET", "POST"])
def replacement_new(request: HttpRequest) -> HttpResponse:
    user, pk = me(request), key_of(request.GET.get("account", ""))
    if pk is None:
        raise Http404
    account = get_visible(Account, user, pk)
    if not has_role(user, {Role.SUPPORT}, site=account.site):
        raise NotAllowed
    now = timezone.now()
    form = ReplacementForm(request.POST or None, user=user, account=account)

    def ask_for(data: dict[str, Any]) -> ReplacementRequest:
        return services.replacement_request(
            account_id=account.pk, person_id=data["person"].pk, email=data["email"] or data["person"].email, actor=user,
            now=now,
        )  # fmt: skip

    return form_page(
        request, form, ask_for, said=_("Requested; the team leader has been told."),
        template="userids/replacement_new.html", title=_("Replace the holder of %(id)s") % {"id": account.user_id},
        crumbs=[*crumbs(), {"label": account.user_id, "url": account.get_absolute_url()}], account=account,
        submit=_("Request the team leader"), cancel_url=account.get_absolute_url(),
        early=services.passes_on_early(account, now=now),
    )  # fmt: skip


@require_GET
def replacement(request: HttpRequest, pk: int) -> HttpResponse:
    return _detail(request, get_visible(ReplacementRequest, me(request), pk), {}, 200)


@require_POST
def replacement_step(request: HttpRequest, pk: int, transition: str) -> HttpResponse:
    found = get_visible(ReplacementRequest, me(request), pk)
    done = make(request, REPLACEMENT, found, transition)
    return done if isinstance(done, HttpResponse) else _detail(request, found, done, 422)


@require_POST
def replacement_connector(request: HttpRequest, pk: int) -> HttpResponse:
    found = get_visible(ReplacementRequest, me(request), pk)
    done = ask(request, REPLACEMENT, found)
    return done if isinstance(done, HttpResponse) else _detail(request, found, done, 422)


def _detail(request: HttpRequest, found: ReplacementRequest, tried: dict[str, forms.Form], status: int) -> HttpResponse:
    context = process_context(request, REPLACEMENT, found, tried)
    context |= {
        "title": _("Replacement of %(id)s") % {"id": found.account.user_id},
        "crumbs": crumbs(),
        "subtitle": f"{found.person.name} · {found.site}",
        "request_": found,
        "holder": found.account.holder,
        "early": found.is_open and services.passes_on_early(found.account, now=timezone.now()),
        "evidence": attachments_of(found),
    }
    return render(request, "userids/replacement.html", context, status=status)
