"""The live board (RTM-5): the page; what it shows comes over /api/v1/realtime/board/stream/."""

from __future__ import annotations

from typing import Any

from django.http import HttpRequest, HttpResponse
from django.shortcuts import render
from django.urls import reverse
from django.utils.translation import gettext as _
from django.utils.translation import pgettext
from django.views.decorators.http import require_GET

from occ.people.access import me
from occ.people.choices import Channel
from occ.people.models import Site, Team, User
from occ.people.scope import has_role
from realtime.choices import Activity, AgentState, AuxReason
from realtime.floorwatch.audience import BOARD_READERS, Audience, audience_or_404, own_teams


@require_GET
def board(request: HttpRequest) -> HttpResponse:
    user = me(request)
    audience = audience_or_404(user)
    sites, teams = places(audience)
    context = {
        "title": _("Live board"),
        "subtitle": _("Who should be working now, and what they do"),
        "sites": sites,
        "teams": teams,
        "channels": Channel.choices,
        "needs": needs(),
        "state_icons": [(str(state), name) for state, name in STATE_ICONS.items()],
        "wall": request.GET.get("wall") == "1",
        "own": not has_role(user, BOARD_READERS),
        "said": said(user, sites, teams),
    }
    return render(request, "realtime/board.html", context)


def places(audience: Audience) -> tuple[list[Site], list[Team]]:
    """What one may filter by: what one sees."""
    teams = Team.objects.select_related("site").order_by("site__code", "name")
    if audience.everywhere:
        return list(Site.objects.all()), list(teams)
    return list(Site.objects.filter(pk__in=audience.sites)), list(teams.filter(site__in=audience.sites))


def needs() -> list[tuple[str, str, str, str]]:
    """(need, words, tone, icon), in the order of the board (realtime.floorwatch.rows.NEEDS)."""
    return [
        ("absent", _("Absent"), "danger", "user-x"), ("gone", _("Gone early"), "danger", "door-exit"),
        ("aux", _("AUX used up"), "danger", "clock-exclamation"),
        ("out", _("Out of adherence"), "warning", "alert-triangle"),
        ("unknown", _("Not known"), "info", "help-circle"), ("in", _("In adherence"), "success", "circle-check"),
        ("neutral", _("Neutral"), "neutral", "circle-dot"), ("off", _("Not on shift"), "neutral", "moon"),
    ]  # fmt: skip


STATE_ICONS = {
    AgentState.AVAILABLE: "headset", AgentState.BUSY: "phone-call", AgentState.HOLD: "player-pause",
    AgentState.WRAPUP: "pencil", AgentState.AUX: "coffee", AgentState.OFFLINE: "logout",
    AgentState.UNKNOWN: "help-circle",
}  # fmt: skip


def said(user: User, sites: list[Site], teams: list[Team]) -> dict[str, Any]:
    """The words of the page's script, and where it asks. `teams`: the own ones, which it begins with."""
    own = own_teams(user)
    person = user.person if user.person_id else None
    return {
        "stream": reverse("api:realtime-board-stream"),
        "snapshot": reverse("api:realtime-board"),
        "day": reverse("realtime:attendance_person_day", args=[0, "DAY"]),
        "place": ", ".join(one.name for one in sites) or (person.name if person else ""),
        "sites": {one.code: one.name for one in sites},
        "teams": [one.name for one in teams if one.pk in own],
        "zones": {one.code: one.timezone for one in Site.objects.all()},
        "needs": {need: words for need, words, _tone, _icon in needs()},
        "states": dict(AgentState.choices),
        "activities": dict(Activity.choices),
        "reasons": dict(AuxReason.choices),
        "channels": dict(Channel.choices),
        "words": {
            "until": _("{activity} until {time}"),
            "from": _("begins {time}"),
            "outside": _("outside the shift"),
            "unplanned": _("No shift"),
            "stale": _("Stale: heard last {time}"),
            "unheard": _("Nothing can be heard of them"),
            "late": _("Late {n} min"),
            "early": _("Early {n} min"),
            "used": _("{reason} {used}/{allowed} min"),
            "over": _("{reason} {used}/{allowed} min, used up"),
            "waiting": _("Connecting …"),
            "live": pgettext("connection", "Live"),
            "again": _("Live again; everything is caught up."),
            "lost": _("Connection lost. What you see is as of {time}. Trying again …"),
            "shown": _("{n} of {all} agents"),
            "floor": _("Floor: {place}"),
            "more": _("and {n} more"),
            "none": _("Nobody is on the floor"),
            "nothing": _("Nobody matches. Take a filter away."),
            "down": _("{source} says that its feed is down: whom it tells of is not known."),
            "silent": _("{source} is silent: whom it tells of is not known."),
            "wall": _("Wall"),
            "leave": _("Leave the wall"),
        },
    }
