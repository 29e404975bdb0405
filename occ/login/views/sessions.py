"""Where one is logged in, and ending it there."""

from django.contrib import messages
from django.http import HttpRequest, HttpResponse
from django.shortcuts import redirect, render
from django.utils import timezone
from django.utils.translation import gettext as _
from django.views.decorators.http import require_GET, require_POST

from occ.login.agents import device
from occ.login.models import Session
from occ.login.services import sessions as services
from occ.people.access import me


@require_GET
def sessions(request: HttpRequest) -> HttpResponse:
    rows = Session.objects.visible_to(me(request)).filter(expire_date__gt=timezone.now()).order_by("-last_seen_at")
    found = [
        {"row": row, "device": device(row.agent), "own": row.session_key == request.session.session_key} for row in rows
    ]
    context = {
        "title": _("Your sessions"),
        "subtitle": _("Where you are logged in now. End what you do not know, and change your password then."),
        "rows": sorted(found, key=lambda one: not one["own"]),
    }
    return render(request, "login/sessions.html", context)


@require_POST
def session_end(request: HttpRequest, handle: str) -> HttpResponse:
    key = services.session_end(handle=handle, actor=me(request), now=timezone.now())
    if key == request.session.session_key:
        request.session.flush()
        return redirect("login")
    messages.success(request, _("That session is over."))
    return redirect("sessions")


@require_POST
def sessions_end_others(request: HttpRequest) -> HttpResponse:
    user = me(request)
    count = services.sessions_end(user=user, but=request.session.session_key, why="own", actor=user, now=timezone.now())
    messages.success(request, _("Ended: %(n)s. Only this session is left.") % {"n": count})
    return redirect("sessions")
