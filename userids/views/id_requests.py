"""User IDs for people who are taken on: the list, and one request with its steps (SDM-3; SOP-UID 5.3)."""

from __future__ import annotations

from datetime import datetime
from typing import Any

import django_filters as filters
from django import forms
from django.db.models import Q, QuerySet
from django.http import HttpRequest, HttpResponse
from django.shortcuts import render
from django.urls import reverse
from django.utils import timezone
from django.utils.translation import gettext as _
from django.utils.translation import gettext_lazy
from django.views.decorators.http import require_GET, require_POST

from occ.filters import OwnSite
from occ.forms import OptionalNoteForm
from occ.list_export import register_list
from occ.lists import listing, remembered
from occ.people.access import get_visible, me
from occ.people.choices import Role
from occ.people.models import User
from occ.people.scope import has_role
from occ.processes import plain_stepping, process_context, step_make
from occ.sheets.writing import OutColumn
from userids.choices import IdRequestStatus
from userids.jobs import reads
from userids.models import IdRequest
from userids.services import id_requests as services
from userids.workflow import ID_REQUEST

SORTS = {"due": "due_at", "name": "person__name", "requested": "requested_at"}
STEPPING = plain_stepping(
    ID_REQUEST,
    services.TRANSITIONS,
    key="request_id",
    url_name="userids:id_request_step",
    own_forms={"give": OptionalNoteForm},
    icons={"give": "check", "cancel": "ban"},
    aside=frozenset({"cancel"}),
    hinders=services.hinders,
)


class IdRequestFilter(filters.FilterSet):
    q = filters.CharFilter(method="by_words", label=gettext_lazy("Search"))
    status = filters.ChoiceFilter(
        choices=IdRequestStatus.choices, label=gettext_lazy("Status"), empty_label=gettext_lazy("All")
    )
    site = OwnSite()

    def by_words(self, rows: QuerySet[IdRequest], name: str, value: str) -> QuerySet[IdRequest]:
        for word in value.replace("\x00", "").split()[:6]:
            rows = rows.filter(Q(person__name__icontains=word) | Q(person__number__icontains=word))
        return rows


def rows_of(user: User, now: datetime) -> QuerySet[IdRequest]:
    return IdRequest.objects.visible_to(user).select_related("person", "site", "account")


def columns() -> list[OutColumn]:
    return [
        OutColumn(_("Employee"), width=30), OutColumn(_("Employee number"), width=16),
        OutColumn(_("Position"), width=24),
        OutColumn(_("Site"), width=8), OutColumn(_("First day"), width=14), OutColumn(_("Status"), width=16),
        OutColumn(_("User ID"), width=20), OutColumn(_("Requested"), width=18), OutColumn(_("Due"), width=18),
        OutColumn(_("Ended"), width=18),
    ]  # fmt: skip


def line(one: IdRequest) -> list[Any]:
    return [
        one.person.name, one.person.number, one.person.position, one.site.code, one.first_day,
        one.get_status_display(), one.account.user_id if one.account else "", one.requested_at, one.due_at,
        one.ended_at,
    ]  # fmt: skip


register_list(
    "userids.id_requests",
    gettext_lazy("User IDs for new employees"),
    may=reads,
    filters=IdRequestFilter,
    order=("-requested_at", "pk"),
    rows=rows_of,
    columns=columns,
    line=line,
)


@require_GET
def id_requests(request: HttpRequest) -> HttpResponse:
    if again := remembered(request):
        return again
    user, now = me(request), timezone.now()
    context = listing(request, rows_of(user, now), filters=IdRequestFilter, sorts=SORTS, default="-requested")
    context |= {
        "title": _("User IDs for new employees"), "search": _("Name or employee number"),
        "subtitle": _("Asked for by the hiring (MO 4.1.1)"), "actions": [],
        "export_kind": "userids.id_requests" if reads(user) else "",
    }  # fmt: skip
    return render(request, "userids/id_requests.html", context)


@require_GET
def id_request(request: HttpRequest, pk: int) -> HttpResponse:
    return _detail(request, get_visible(IdRequest, me(request), pk), {})


@require_POST
def id_request_step(request: HttpRequest, pk: int, transition: str) -> HttpResponse:
    found = get_visible(IdRequest, me(request), pk)
    done = step_make(request, STEPPING, found, transition)
    return done if isinstance(done, HttpResponse) else _detail(request, found, done, status=422)


def _detail(request: HttpRequest, found: IdRequest, tried: dict[str, forms.Form], *, status: int = 200) -> HttpResponse:
    user = me(request)
    new = {"label": _("Enter a new user ID"), "url": reverse("userids:account_new"), "icon": "plus", "tone": "primary"}
    waits = found.status == IdRequestStatus.REQUESTED and has_role(user, {Role.SUPPORT}, site=found.site)
    context = process_context(request, STEPPING, found, tried)
    context |= {
        "title": found.person.name,
        "subtitle": " · ".join(
            [_("No. %(n)s") % {"n": found.pk}, found.person.number, str(found.person.position), str(found.site)]
        ),
        "crumbs": [{"label": _("User IDs for new employees"), "url": reverse("userids:id_requests")}],
        "id_request": found, "actions": [new] if waits else [],
    }  # fmt: skip
    return render(request, "userids/id_request.html", context, status=status)
