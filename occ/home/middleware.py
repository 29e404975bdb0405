"""What every request goes through: an id for the logs, the user's language, refusals as pages, the log-in wall."""

import contextlib
import uuid
from collections.abc import Callable

from django.conf import settings
from django.contrib.auth.views import redirect_to_login
from django.http import Http404, HttpRequest, HttpResponse, HttpResponseBase
from django.middleware.gzip import GZipMiddleware
from django.shortcuts import redirect, render
from django.urls import Resolver404, resolve
from django.utils import translation
from django.utils.translation import gettext as _

from occ.errors import NotAllowed, Refused
from occ.home.navigation import DOORS
from occ.logs import request_id
from occ.people.access import me
from occ.people.scope import has_role

Handler = Callable[[HttpRequest], HttpResponseBase]
# URL names open to whoever asks; everything else needs a log-in, so that a forgotten decorator opens nothing.
PUBLIC = {
    "login", "account_login", "mfa_authenticate", "openid_connect_login", "openid_connect_callback", "set_language",
    "healthz", "readyz", "metrics", "verify", "calendar",
}  # fmt: skip


class RequestId:
    def __init__(self, get_response: Handler) -> None:
        self.get_response = get_response

    def __call__(self, request: HttpRequest) -> HttpResponseBase:
        token = request_id.set(uuid.uuid4().hex[:16])
        try:
            if "\x00" in request.path:
                raise Http404
            response = self.get_response(request)
            response.headers["X-Request-Id"] = request_id.get()
            response.headers["Permissions-Policy"] = "camera=(), geolocation=(), microphone=(), payment=()"
            # Pages speak of people: no proxy keeps them, and going back after logging out shows none of them.
            response.headers.setdefault("Cache-Control", "private, no-cache")
            return response
        finally:
            request_id.reset(token)


class Compressed(GZipMiddleware):
    """But no stream of events: it would wait until there is enough to compress, and be compressed for each reader."""

    def process_response(self, request: HttpRequest, response: HttpResponseBase) -> HttpResponseBase:
        if response.headers.get("Content-Type", "").startswith("text/event-stream"):
            return response
        return super().process_response(request, response)


class PersonLanguage:
    """The language chosen: the cookie of this browser, else the user's own, else the installation's.

    The browser's Accept-Language is not asked: Indonesian is the house's language until somebody chooses.
    """

    def __init__(self, get_response: Handler) -> None:
        self.get_response = get_response

    def __call__(self, request: HttpRequest) -> HttpResponseBase:
        chosen = request.COOKIES.get(settings.LANGUAGE_COOKIE_NAME)
        if chosen not in dict(settings.LANGUAGES):
            chosen = request.user.language if request.user.is_authenticated else settings.LANGUAGE_CODE
        with translation.override(chosen):
            request.LANGUAGE_CODE = translation.get_language()
            response = self.get_response(request)
        response.headers.setdefault("Content-Language", chosen)
        return response


class Refusals:
    """A service's refusal that no form has shown becomes a page that says it, with the refusal's own status.

    Who opens the address that only a form sends to (the language is changed or the page asked again after a form came
    back with its mistakes) goes to the page that the form is on: a browser has nothing to show for a 405.
    """

    def __init__(self, get_response: Handler) -> None:
        self.get_response = get_response

    def __call__(self, request: HttpRequest) -> HttpResponseBase:
        response = self.get_response(request)
        if response.status_code == 405 and request.method == "GET" and "text/html" in request.headers.get("Accept", ""):
            match = request.resolver_match
            if match and match.namespaces[:1] != ["api"]:
                return redirect(above(request.path_info))
        return response

    def process_exception(self, request: HttpRequest, error: Exception) -> HttpResponse | None:
        if not isinstance(error, Refused):
            return None
        return refused_page(request, error)


class Doors:
    """A page of the navigation is refused to whom none of its roles belongs, before it is made.

    What they may see of it is nothing, and a page that is empty for that reason would say that all is well.
    """

    def __init__(self, get_response: Handler) -> None:
        self.get_response = get_response

    def __call__(self, request: HttpRequest) -> HttpResponseBase:
        return self.get_response(request)

    def process_view(
        self, request: HttpRequest, view: Callable[..., HttpResponse], args: tuple[object], kwargs: dict[str, object]
    ) -> HttpResponse | None:
        match = request.resolver_match or resolve(request.path_info)
        roles = DOORS.get(match.view_name)
        if roles is None or has_role(me(request), roles):
            return None
        return refused_page(request, NotAllowed(_("Your role does not cover this page.")))


def refused_page(request: HttpRequest, error: Refused) -> HttpResponse:
    """It leads to what the refusal speaks of, else to the page on which the form stands."""
    if request.headers.get("HX-Request"):  # a piece of a page cannot hold a whole one: the browser shows the words
        status = 409 if error.status == 422 else error.status
        return HttpResponse(str(error), status=status, content_type="text/plain; charset=utf-8")
    url = error.url or (above(request.path_info) if request.method == "POST" and error.status != 403 else "")
    return render(request, "refused.html", {"refusal": error, "url": url}, status=error.status)


def above(path: str) -> str:
    """The nearest address above that there is."""
    while path.count("/") > 2:
        path = path.rstrip("/").rpartition("/")[0] + "/"
        with contextlib.suppress(Resolver404):
            resolve(path)
            return path
    return "/"


class LoginRequired:
    def __init__(self, get_response: Handler) -> None:
        self.get_response = get_response

    def __call__(self, request: HttpRequest) -> HttpResponseBase:
        return self.get_response(request)

    def process_view(
        self, request: HttpRequest, view: Callable[..., HttpResponse], args: tuple[object], kwargs: dict[str, object]
    ) -> HttpResponse | None:
        match = request.resolver_match or resolve(request.path_info)
        # The API authenticates by token too and answers 401 by itself.
        if request.user.is_authenticated or match.url_name in PUBLIC or match.namespaces[:1] == ["api"]:
            return None
        return redirect_to_login(request.get_full_path())
