"""What a request is answered when nobody foresaw its error: 503 while the database is away, else 500.

Django asks for this page after every middleware, so that also an error in reading the session is answered in words.
"""

import sys

from django.conf import settings
from django.db import InterfaceError, OperationalError
from django.http import HttpRequest, HttpResponse, JsonResponse
from django.template.loader import render_to_string
from django.utils import translation
from django.utils.translation import gettext as _

from occ.api.errors import shape
from occ.logs import request_id

RETRY_SECONDS = 30
# SQLSTATE classes: connection, insufficient resources (disk, connections), operator intervention, system error.
AWAY = ("08", "53", "57P", "58")


def is_away(error: BaseException | None) -> bool:
    """Whether the database is away, full or restarting: the same request may succeed in a while."""
    if isinstance(error, InterfaceError):
        return True
    code = getattr(error.__cause__, "pgcode", None) if isinstance(error, OperationalError) else ""
    return code is None or (bool(code) and code.startswith(AWAY))


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
    if request.path.startswith("/api/"):
        return JsonResponse(shape("not_ready" if away else "server_error", words), status=status)
    return HttpResponse(render_to_string(f"{status}.html", {"request_id": request_id.get()}), status=status)
