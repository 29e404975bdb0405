"""Breaches (UID-7, SOP-UID 8.3): the IDs shut too late, and the review that each of them gets."""

from django import forms
from django.http import HttpRequest, HttpResponse
from django.shortcuts import render
from django.urls import reverse
from django.utils import timezone
from django.utils.translation import gettext as _
from django.views.decorators.http import require_GET, require_POST

from occ.documents.attachments import attachments_of
from occ.lists import listing, remembered
from occ.people.access import get_visible, me
from occ.people.scope import sites_for
from occ.policies.lengths import worded
from occ.policies.services import Values
from occ.processes import plain_stepping, process_context, step_make
from userids.filters import BreachFilter
from userids.forms import AnalyseForm, PostponeForm, SettleForm
from userids.jobs import late_requests
from userids.models import LOGBOOK_READERS, BreachReview
from userids.policies import WITHIN
from userids.services import breach_reviews as services
from userids.workflow import BREACH_REVIEW

SORTS = {"due": "due_at", "user_id": "account__user_id", "name": "person__name"}
STEPPING = plain_stepping(
    BREACH_REVIEW, services.TRANSITIONS, key="review_id", url_name="userids:breach_review_step",
    own_forms={"analyse": AnalyseForm, "settle": SettleForm, "postpone": PostponeForm},
    icons={"analyse": "player-play", "settle": "lock", "close": "lock", "postpone": "calendar-event",
           "reopen": "arrow-back-up", "void": "ban"},
    aside=frozenset({"settle", "postpone", "reopen", "void"}), hinders=services.hinders,
)  # fmt: skip


@require_GET
def breaches(request: HttpRequest) -> HttpResponse:
    """The IDs of leavers that were, or are, active for longer than allowed."""
    if again := remembered(request):
        return again
    now = timezone.now()
    rows, within = late_requests(me(request), now), Values([WITHIN], at=now)
    context = listing(request, rows, filters=BreachFilter, sorts=SORTS, default="-due")
    context |= {
        "title": _("Breaches"),
        "subtitle": _("User IDs that stayed active for longer than the procedure allows (SOP-UID 8.3)"),
        "search": _("User ID, name or number"),
        "export_kind": "userids.breaches",
        "now": now,
        "policy": WITHIN,
        "limit": worded(within(WITHIN), "hours"),
        "limits": [
            (one, worded(within(WITHIN, one.pk), "hours"))
            for one in sites_for(me(request), LOGBOOK_READERS)
            if (WITHIN, one.pk) in within.found
        ],
    }
    return render(request, "userids/breaches.html", context)


@require_GET
def breach_review(request: HttpRequest, pk: int) -> HttpResponse:
    return _detail(request, get_visible(BreachReview, me(request), pk), {}, 200)


@require_POST
def breach_review_step(request: HttpRequest, pk: int, transition: str) -> HttpResponse:
    found = get_visible(BreachReview, me(request), pk)
    done = step_make(request, STEPPING, found, transition)
    return done if isinstance(done, HttpResponse) else _detail(request, found, done, 422)


def _detail(request: HttpRequest, found: BreachReview, tried: dict[str, forms.Form], status: int) -> HttpResponse:
    late = found.request
    today, action_due = timezone.localdate(timezone=late.site.zone), found.action_due
    context = process_context(request, STEPPING, found, tried)
    context |= {
        "title": _("Breach of %(id)s") % {"id": late.account.user_id},
        "crumbs": [{"label": _("Breaches"), "url": reverse("userids:breaches")}],
        "subtitle": f"{late.person.name} · {late.site}",
        "review": found,
        "late": late,
        "now": timezone.now(),
        "evidence": attachments_of(found),
        "overdue": found.status == "action" and action_due is not None and action_due < today,
    }
    return render(request, "userids/breach_review.html", context, status=status)
