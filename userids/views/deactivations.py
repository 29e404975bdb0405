"""Deactivation requests (SOP-UID 8.1): the list by time left, and the page on which each step is made."""

from collections.abc import Iterable

from django import forms
from django.http import HttpRequest, HttpResponse
from django.shortcuts import render
from django.urls import reverse
from django.utils.translation import gettext as _
from django.views.decorators.http import require_GET, require_POST

from occ.documents.attachments import attachments_of
from occ.documents.models import Attachment
from occ.lists import listing, remembered
from occ.people.access import get_visible, me
from userids.filters import DeactivationFilter
from userids.models import BreachReview, DeactivationRequest, Resignation
from userids.reconciling.figures import offer_shown, shown_inactive
from userids.selectors import letter_visible, time_parts
from userids.services.deactivations.clocks import clocks
from userids.views.processes import ask, make, process_context
from userids.workflow import DEACTIVATION

SORTS = {
    "queue": "queue",
    "due": "due_at",
    "recorded": "recorded_at",
    "user_id": "account__user_id",
    "name": "person__name",
}


def rows_for(request: HttpRequest):  # type: ignore[no-untyped-def]
    rows = DeactivationRequest.objects.visible_to(me(request))
    return rows.select_related("account", "person", "site", "team")


@require_GET
def deactivations(request: HttpRequest) -> HttpResponse:
    if again := remembered(request):
        return again
    rows = rows_for(request).queued()
    context = listing(request, rows, filters=DeactivationFilter, sorts=SORTS, default="queue")
    context |= {"title": _("Deactivations"), "search": _("User ID, name or number")}
    context |= {"export_kind": "userids.deactivations"}
    return render(request, "userids/deactivations.html", context)


@require_GET
def deactivation(request: HttpRequest, pk: int) -> HttpResponse:
    return _detail(request, get_visible(DeactivationRequest, me(request), pk), {}, 200)


@require_POST
def deactivation_step(request: HttpRequest, pk: int, transition: str) -> HttpResponse:
    found = get_visible(DeactivationRequest, me(request), pk)
    done = make(request, DEACTIVATION, found, transition)
    return done if isinstance(done, HttpResponse) else _detail(request, found, done, 422)


@require_POST
def deactivation_connector(request: HttpRequest, pk: int) -> HttpResponse:
    found = get_visible(DeactivationRequest, me(request), pk)
    done = ask(request, DEACTIVATION, found)
    return done if isinstance(done, HttpResponse) else _detail(request, found, done, 422)


def _detail(
    request: HttpRequest, found: DeactivationRequest, tried: dict[str, forms.Form], status: int
) -> HttpResponse:
    context = process_context(request, DEACTIVATION, found, tried)
    documented = next((one.at for one in context["history"] if one.to_state == "documented"), None)
    resignation = Resignation.objects.visible_to(me(request)).filter(person=found.person).order_by("-pk").first()
    letters: Iterable[Attachment] | None = []  # None: there may be some, and this role does not read them
    if resignation is not None:
        may_read = letter_visible(me(request), str(resignation.pk))
        letters = attachments_of(resignation) if may_read else None
    elif Resignation.objects.filter(person=found.person).exists():
        letters = None
    context |= {
        "title": _("Deactivation of %(id)s") % {"id": found.account.user_id},
        "crumbs": [{"label": _("Deactivations"), "url": reverse("userids:deactivations")}],
        "subtitle": f"{found.person.name} · {found.site}",
        "request_": found,
        "clocks": clocks(found),
        "parts": time_parts(found, documented),
        "resignation": resignation,
        "letters": letters,
        "evidence": attachments_of(found),
    }
    context["shown"] = shown_inactive(found)
    context["breach"] = BreachReview.objects.filter(request=found).exclude(status="void").first()
    if "confirm" not in tried:
        offer_shown(context["next"], context["shown"], zone=found.site.zone)
    return render(request, "userids/deactivation.html", context, status=status)
