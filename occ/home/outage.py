"""What a request is answered that reached no view or whose error nobody foresaw; the API's in its own shape.

An unforeseen error is 503 while the database is away, else 500. Django asks for these pages after every middleware, so
that also an error in reading the session is answered in words.
"""

import sys

import psycopg2
from django.conf import settings
from django.db import InterfaceError, OperationalError
from django.http import HttpRequest, HttpResponse, JsonResponse
from django.template.loader import render_to_string
from django.utils import translation
from django.utils.translation import gettext as _
from django.views import defaults

from occ.api.errors import shape
from occ.logs import request_id

RETRY_SECONDS = 30
# SQLSTATE classes: connection, two at once (undone, it may be tried again), insufficient resources (disk, connections),
# operator intervention, system error.
AWAY = ("08", "40", "53", "57P", "58")


def is_away(error: BaseException | None) -> bool:
    """Whether the database is away, full, restarting or undid it: the same request may succeed in a while.

    Also the driver's own errors: closing a cursor on a lost connection raises one that Django has not translated.
    """
    if isinstance(error, InterfaceError | psycopg2.InterfaceError):
        return True
    if isinstance(error, OperationalError):
        error = error.__cause__
    code = getattr(error, "pgcode", None) if isinstance(error, psycopg2.OperationalError) else ""
    return code is None or code.startswith(AWAY)


def server_error(request: HttpRequest) -> HttpResponse:
    """`handler500`: called while the error is being handled."""
    away = is_away(sys.exc_info()[1])
    chosen = request.COOKIES.get(settings.LANGUAGE_COOKIE_NAME)
    with translation.override(chosen if chosen in dict(settings.LANGUAGES) else settings.LANGUAGE_CODE):
        response = _said(request, away)
    if away:
        response.headers["Retry-After"] = str(RETRY_SECONDS)
    response.headers["Cache-Control"] = "no-store"
    return response


def _said(request: HttpRequest, away: bool) -> HttpResponse:
    status = 503 if away else 500
    words = _("OCC is not ready at the moment.") if away else _("OCC made a mistake.")
    if request.headers.get("HX-Request"):  # the page that is there stays, and shows the words
        return HttpResponse(words, status=status, content_type="text/plain; charset=utf-8")
    if of_api(request):
        return JsonResponse(shape("not_ready" if away else "server_error", words), status=status)
    return HttpResponse(render_to_string(f"{status}.html", {"request_id": request_id.get()}), status=status)


def of_api(request: HttpRequest) -> bool:
    return request.path_info.startswith("/api/")


def not_found(request: HttpRequest, exception: Exception) -> HttpResponse:
    """`handler404`."""
    if of_api(request):
        return JsonResponse(shape("not_found", _("Not found.")), status=404)
    return defaults.page_not_found(request, exception)


def bad_request(request: HttpRequest, exception: Exception) -> HttpResponse:
    """`handler400`: a host that is not ours, too many fields, a request cut short."""
    if of_api(request):
        return JsonResponse(shape("bad_request", _("The request cannot be read.")), status=400)
    return defaults.bad_request(request, exception)
