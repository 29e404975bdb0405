"""Log-ins, for administrators: who has one, and what to do when somebody does not come in."""

from collections.abc import Callable
from typing import Any

from django.contrib import messages
from django.http import Http404, HttpRequest, HttpResponse
from django.shortcuts import redirect, render
from django.urls import reverse
from django.utils import timezone
from django.utils.translation import gettext as _
from django.views.decorators.http import require_GET, require_POST

from occ.errors import NotAllowed, Refused
from occ.forms import add_refusal
from occ.lists import listing, remembered
from occ.login.filters import LoginFilter
from occ.login.forms import ReasonForm
from occ.login.selectors import administers, login_page, logins
from occ.login.services.identities import identity_unlink
from occ.login.services.logins import lockout_lift, login_switch
from occ.login.services.second_factor import second_factor_reset
from occ.login.services.sessions import sessions_end
from occ.people.access import get_visible, me
from occ.people.models import User


@require_GET
def login_list(request: HttpRequest) -> HttpResponse:
    if not administers(me(request)):
        raise NotAllowed
    if again := remembered(request):
        return again
    sorts = {"username": "username", "since": "date_joined"}
    context = listing(
        request, logins(me(request), timezone.now()), filters=LoginFilter, sorts=sorts, default="username"
    )
    context |= {
        "title": _("Log-ins"),
        "subtitle": _("Who may come in, with what, and what to do when somebody cannot"),
        "search": _("Name, user name or employee number"),
        "export_kind": "login.logins",
    }
    return render(request, "login/logins.html", context)


def page(request: HttpRequest, user: User, **refused: ReasonForm) -> HttpResponse:
    context: dict[str, Any] = {
        "title": user.get_full_name() or user.username,
        "subtitle": user.username,
        "crumbs": [{"label": _("Log-ins"), "url": reverse("logins")}],
        "own": user == me(request),
        "open": next(iter(refused), ""),
    }
    context |= {name: ReasonForm(prefix=name) for name in DEEDS}
    context |= login_page(user, now=timezone.now()) | refused
    return render(request, "login/login_page.html", context, status=422 if refused else 200)


@require_GET
def login_one(request: HttpRequest, pk: int) -> HttpResponse:
    return page(request, get_visible(User, me(request), pk))


@require_POST
def login_unlock(request: HttpRequest, pk: int) -> HttpResponse:
    user = get_visible(User, me(request), pk)
    lockout_lift(user=user, actor=me(request), now=timezone.now())
    messages.success(request, _("%(name)s may try again at once.") % {"name": user})
    return redirect("login_one", pk)


@require_POST
def login_sessions_end(request: HttpRequest, pk: int) -> HttpResponse:
    user = get_visible(User, me(request), pk)
    count = sessions_end(user=user, why="administrator", actor=me(request), now=timezone.now())
    if user == me(request):
        return redirect("login")
    messages.success(request, _("Sessions ended: %(n)s.") % {"n": count})
    return redirect("login_one", pk)


# What needs a reason: name in the address -> the service, as it is called for the user of the page.
DEEDS: dict[str, Callable[..., None]] = {
    "reset": lambda user, **given: second_factor_reset(user=user, **given),
    "off": lambda user, **given: login_switch(user=user, on=False, **given),
    "on": lambda user, **given: login_switch(user=user, on=True, **given),
    "unlink": lambda user, **given: identity_unlink(user=user, **given),
}


@require_POST
def login_deed(request: HttpRequest, pk: int, deed: str) -> HttpResponse:
    user = get_visible(User, me(request), pk)
    if deed not in DEEDS:
        raise Http404
    form = ReasonForm(request.POST, prefix=deed)
    if not form.is_valid():
        return page(request, user, **{deed: form})
    try:
        DEEDS[deed](user, reason=form.cleaned_data["reason"], actor=me(request), now=timezone.now())
    except Refused as refusal:
        add_refusal(form, refusal)
        return page(request, user, **{deed: form})
    messages.success(request, _("Done, and written into the evidence ledger."))
    return redirect("login_one", pk)
