"""After the log-in: nobody goes on without the second factor that a role of theirs needs; sessions are seen."""

from collections.abc import Callable
from datetime import timedelta

from allauth.account.authentication import get_authentication_records
from django.contrib.auth import logout
from django.http import HttpRequest, HttpResponse, HttpResponseBase, JsonResponse
from django.shortcuts import redirect
from django.urls import resolve, reverse
from django.utils import timezone
from django.utils.translation import gettext as _

from occ.login.models import Session
from occ.login.policies import SECOND_FACTOR
from occ.login.services.second_factor import needed_for
from occ.people.models import User
from occ.policies.services import policy_value

Handler = Callable[[HttpRequest], HttpResponseBase]
# What somebody may do who has yet to set up the second factor.
MEANWHILE = {"second_factor_set", "logout", "set_language", "healthz", "readyz", "metrics", "verify"}
SEEN_EVERY = timedelta(minutes=5)


class SecondFactor:
    def __init__(self, get_response: Handler) -> None:
        self.get_response = get_response

    def __call__(self, request: HttpRequest) -> HttpResponseBase:
        return self.get_response(request)

    def process_view(
        self, request: HttpRequest, view: Callable[..., HttpResponse], args: tuple[object], kwargs: dict[str, object]
    ) -> HttpResponse | None:
        user = request.user
        if not isinstance(user, User) or not user.is_authenticated:
            return None  # a machine's token is no session: the API asks it for itself
        seen(request)
        match = request.resolver_match or resolve(request.path_info)
        if match.url_name in MEANWHILE or not lacking(request, user):
            return None
        has_one = request.session.has_second_factor  # type: ignore[attr-defined]
        words = _("Your role needs a second factor. Log in again and set it up.")
        if match.namespaces[:1] == ["api"]:
            body = {"code": "second_factor_needed", "message": words, "field": None, "index": None}
            return JsonResponse(body, status=403)
        if has_one:  # it was set up elsewhere after this session began
            logout(request)
        goal = reverse("login" if has_one else "second_factor_set")
        if request.headers.get("HX-Request"):
            return HttpResponse(status=204, headers={"HX-Redirect": goal})
        return redirect(goal)


def lacking(request: HttpRequest, user: User) -> bool:
    """Whether a role of the user's needs a second factor that this session has not shown."""
    session = request.session
    demanded: list[str] | None = session.demanded  # type: ignore[attr-defined]
    if demanded is None:  # not read from the database in this request
        demanded = policy_value(SECOND_FACTOR, at=timezone.now())
    if not demanded:
        return False
    shown = session.has_second_factor and any(  # type: ignore[attr-defined]
        one["method"] == "mfa" for one in get_authentication_records(request, user)
    )
    return not shown and needed_for(user, demanded)


def seen(request: HttpRequest) -> None:
    """Note now and then that the session lives: a row of its own, not the session's data, which may be changing."""
    at, now = request.session.last_seen_at, timezone.now()  # type: ignore[attr-defined]
    if at is None or now - at > SEEN_EVERY:
        Session.objects.filter(session_key=request.session.session_key).update(last_seen_at=now)
