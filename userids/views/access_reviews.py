"""The quarterly access review (UID-12): campaigns, and one campaign's list on which each ID is decided."""

from collections.abc import Collection, Iterable
from typing import Any

from django import forms
from django.contrib import messages
from django.db.models import Count, Q
from django.http import HttpRequest, HttpResponse, QueryDict
from django.shortcuts import redirect, render
from django.urls import reverse
from django.utils import timezone
from django.utils.translation import gettext as _
from django.utils.translation import gettext_lazy
from django.views.decorators.http import require_GET, require_http_methods, require_POST

from occ.documents.choices import Purpose
from occ.documents.signing import signing_confirm
from occ.errors import NotAllowed, Refused
from occ.form_pages import form_page
from occ.jobs.models import Job
from occ.jobs.services import job_start
from occ.lists import as_left, listing
from occ.paging import key_of, paginate
from occ.people.access import get_visible, me
from occ.people.choices import Role
from occ.people.models import User
from occ.people.scope import has_role, roles_of
from occ.workflow.turns import Waiting, waiting
from userids import jobs
from userids.choices import AccessDecision
from userids.filters import AccessReviewItemFilter
from userids.forms import CloseReviewForm, RevokeForm, StillNeededForm
from userids.models import AccessReview, AccessReviewItem
from userids.services import access_reviews as services

DECIDED = Count("items", filter=~Q(items__decision=AccessDecision.PENDING))
REVOKED = Count("items", filter=Q(items__decision=AccessDecision.REVOKED))
ASKING = {
    AccessDecision.CONFIRMED: (
        gettext_lazy("Confirm the ticked: still needed (%(count)s)"),
        gettext_lazy("You answer for it that each of these holders needs the ID. The answer cannot be taken back."),
    ),
    AccessDecision.REVOKED: (
        gettext_lazy("Revoke the ticked (%(count)s)"),
        gettext_lazy("Each of these user IDs gets a deactivation request at once. The answer cannot be taken back."),
    ),
}


def crumbs() -> list[dict[str, str]]:
    return [{"label": _("Access reviews"), "url": reverse("userids:access_reviews")}]


@require_GET
def access_reviews(request: HttpRequest) -> HttpResponse:
    rows = AccessReview.objects.visible_to(me(request)).select_related("site", "document")
    rows = rows.annotate(total=Count("items"), decided=DECIDED, revoked=REVOKED)
    context = {
        "title": _("Access reviews"),
        "subtitle": _("Every quarter each team leader confirms or revokes each user ID of the own team."),
        "page": paginate(rows, request.GET, order="-opened_at", size=30),
    }
    return render(request, "userids/access_reviews.html", context)


@require_GET
def access_review(request: HttpRequest, pk: int) -> HttpResponse:
    """Who leads a team begins at its IDs; all others are one click away."""
    found = get_visible(AccessReview, me(request), pk)
    if not request.GET and (own := _own_team(me(request), found)):
        return redirect(f"{request.path}?team={own}")
    return _detail(request, found, "", 200)


def _own_team(user: User, found: AccessReview) -> int | None:
    led = {held.team_id for held in roles_of(user) if held.role == Role.TEAM_LEADER and held.team_id is not None}
    return found.parts.filter(team__in=led).order_by("team__name").values_list("team", flat=True).first()


def _detail(
    request: HttpRequest, found: AccessReview, refused: str, status: int, ticked: Collection[int] = ()
) -> HttpResponse:
    user = me(request)
    gone = set(services.no_longer_held(found.pending()).values_list("pk", flat=True))
    mine = set(found.pending().decided_by(user, found.site).values_list("pk", flat=True)) - gone
    rows = jobs.review_items(user).filter(review=found)
    sorts = {"user_id": "account__user_id", "name": "person__name"}
    context = listing(request, rows, filters=AccessReviewItemFilter, sorts=sorts, default="user_id", size=200)
    for chip in context["chips"]:
        if chip["remove_url"] == "?":  # all teams, and not the own one again
            chip["remove_url"] = context["clear_url"]
    parts = found.parts.select_related("team").annotate(total=Count("items"), decided=DECIDED).order_by("team__name")
    pending = found.pending().count()
    _with_requests(context["page"].rows)
    context |= {
        "title": _("Access review %(quarter)s") % {"quarter": found.quarter_label},
        "crumbs": crumbs(),
        "subtitle": found.site.name,
        "search": _("User ID, name or number"),
        "review": found,
        "zone": found.site.zone,
        "parts": parts,
        "mine": mine,
        "gone": gone,
        "ticked": ticked,
        "pending": pending,
        "may_close": found.is_open and pending == len(gone) and has_role(user, {Role.COORDINATOR}, site=found.site),
        "refused": refused,
        "waits": _waits(user, found, mine | gone) if found.is_open else [],
        "export_kind": "userids.access_review_items",
        "export_scope": f"review={found.pk}",
    }
    return render(request, "userids/access_review.html", context, status=status)


def _waits(user: User, found: AccessReview, apart_from: set[int]) -> list[Waiting]:
    """For whom each team's undecided IDs wait, but for those that the reader decides and those that need nobody."""
    pending = found.pending()
    if len(apart_from) == pending.count():
        return []
    now, waits = timezone.now(), []
    for part in found.parts.filter(items__in=pending.exclude(pk__in=apart_from)).select_related("team").distinct():
        label = part.team.name if part.team else _("no team")
        role = Role.TEAM_LEADER if part.team else Role.COORDINATOR
        waits.append(waiting(label, {role}, site=found.site, team=part.team, now=now))
    return sorted(waits, key=lambda one: one.label)


@require_POST
def access_review_decide(request: HttpRequest, pk: int) -> HttpResponse:
    """What was ticked is first shown, by ID and holder, and asked about: an answer cannot be taken back."""
    found, decision = get_visible(AccessReview, me(request), pk), request.POST.get("decision", "")
    ticked, sure = _ticked(request), "sure" in request.POST
    rows = _asked(request, found, ticked) if decision in ASKING else []
    form = _reason(decision, rows, request.POST if sure else None)
    if rows and not (sure and (form is None or form.is_valid())):
        return _ask(request, found, rows, form)
    note = form.cleaned_data["note"] if form is not None and rows else ""
    try:
        count = services.items_decide(
            review_id=pk, item_ids=ticked, decision=decision, note=note, actor=me(request), now=timezone.now()
        )  # fmt: skip
    except NotAllowed:
        raise
    except Refused as refusal:
        as_left(request, path=found.get_absolute_url(), query=_back(request))
        return _detail(request, found, str(refusal), 422, ticked)
    messages.success(request, _("Decided: %(count)s.") % {"count": count})
    return redirect(f"{found.get_absolute_url()}?{_back(request)}")


def _asked(request: HttpRequest, found: AccessReview, ticked: set[int]) -> list[AccessReviewItem]:
    """What was ticked, where all of it can be decided by the reader; else the service says why not."""
    rows = found.pending().decided_by(me(request), found.site).filter(pk__in=ticked)
    rows = rows.select_related("account", "person", "part__team").order_by("account__user_id")
    return _with_requests(rows) if found.is_open and len(rows) == len(ticked) else []


def _reason(decision: str, rows: list[AccessReviewItem], posted: QueryDict | None) -> forms.Form | None:
    """What has to be said: why an ID is revoked, or why one that is being shut is needed until then."""
    if decision == AccessDecision.REVOKED:
        return RevokeForm(posted)
    return StillNeededForm(posted) if any(one.shutting for one in rows) else None  # type: ignore[attr-defined]


def _with_requests(rows: Iterable[AccessReviewItem]) -> list[AccessReviewItem]:
    """Each with `shutting`: the open request to shut its ID, or None."""
    items = list(rows)
    found = services.being_shut(one.account_id for one in items)
    for one in items:
        one.shutting = found.get(one.account_id)  # type: ignore[attr-defined]
    return items


def _ask(
    request: HttpRequest, found: AccessReview, rows: list[AccessReviewItem], form: forms.Form | None
) -> HttpResponse:
    submit, text = ASKING[AccessDecision(request.POST["decision"])]
    values = {"count": len(rows)}
    context = {
        "title": submit % values,
        "crumbs": [*crumbs(), {"label": str(found), "url": found.get_absolute_url()}],
        "subtitle": found.site.name,
        "review": found,
        "rows": rows,
        "decision": request.POST["decision"],
        "form": form,
        "back": _back(request),
        "submit": submit % values,
        "text": text,
        "zone": found.site.zone,
    }
    status = 422 if form is not None and form.errors else 200
    return render(request, "userids/access_review_ask.html", context, status=status)


def _back(request: HttpRequest) -> str:
    return request.POST.get("back", "")[:500]


def _ticked(request: HttpRequest) -> set[int]:
    return {pk for one in request.POST.getlist("item")[:1000] if (pk := key_of(one)) is not None}


@require_http_methods(["GET", "POST"])
def access_review_close(request: HttpRequest, pk: int) -> HttpResponse:
    user, now = me(request), timezone.now()
    found = get_visible(AccessReview, user, pk)
    if not has_role(user, {Role.COORDINATOR}, site=found.site):
        raise NotAllowed
    form = CloseReviewForm(request.POST or None, initial={"language": request.LANGUAGE_CODE})

    def start(data: dict[str, Any]) -> Job:
        signing = signing_confirm(user=user, password=data["password"], purpose=Purpose.APPROVED, now=now)
        params = {"review": found.pk, "language": data["language"], "signing": signing.kept()}
        return job_start(kind=jobs.CLOSE_REVIEW.key, params=params, owner=user, now=now)

    return form_page(
        request, form, start, title=_("Close the access review %(quarter)s") % {"quarter": found.quarter_label},
        crumbs=[*crumbs(), {"label": str(found), "url": found.get_absolute_url()}], submit=_("Sign, issue and close"),
        cancel_url=found.get_absolute_url(),
    )  # fmt: skip
