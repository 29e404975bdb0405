"""What every page needs: navigation by role, unread messages, whether beat is alive, the server's time."""

from typing import Any

from django.http import HttpRequest
from django.urls import reverse
from django.utils import timezone
from django.utils.translation import gettext as _

from occ.home.navigation import sections
from occ.ledger.heartbeats import silent
from occ.people.scope import roles_of


def page(request: HttpRequest) -> dict[str, Any]:
    theme = request.COOKIES.get("occ_theme")
    found: dict[str, Any] = {"now": timezone.now(), "theme": theme if theme in {"light", "dark"} else "auto"}
    user = getattr(request, "user", None)
    if user is None or not user.is_authenticated or request.headers.get("HX-Request"):
        return found
    return found | {
        "navigation": sections(user, request.path),
        "inbox_unread": user.notifications.unread().count(),
        "inbox_url": reverse("inbox"),
        "beat_silent": silent(now=found["now"]),
        "user_roles": sorted({held.role for held in roles_of(user)}),
        "beat_message": _("Deadlines are not being watched: the scheduler has not reported. Tell Team IT."),
    }
