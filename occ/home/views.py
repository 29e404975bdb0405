"""Today, the inbox, search, compliance and the obligations behind its figures."""

from django.contrib import messages
from django.http import HttpRequest, HttpResponse
from django.shortcuts import redirect, render
from django.utils import timezone
from django.utils.http import url_has_allowed_host_and_scheme
from django.utils.translation import gettext as _
from django.views.decorators.http import require_GET, require_POST

from occ.errors import NotAllowed, Refused
from occ.home.filters import ComplianceForm, ObligationFilter
from occ.home.navigation import FLOOR
from occ.home.selectors import compliance_page, today_for, with_ends
from occ.lists import listing, remembered
from occ.notifications import services as notifications
from occ.notifications.models import Notification
from occ.obligations.models import Obligation
from occ.paging import paginate
from occ.people import saved_views
from occ.people.access import get_visible, me
from occ.people.models import SavedView
from occ.people.scope import has_role
from occ.search import search as search_everywhere


@require_GET
def today(request: HttpRequest) -> HttpResponse:
    user, now = me(request), timezone.now()
    context = {"title": _("Today"), "now": now, "subtitle": user.get_full_name() or user.username}
    return render(request, "home/today.html", context | today_for(user, now=now))


@require_GET
def inbox(request: HttpRequest) -> HttpResponse:
    unread_only = request.GET.get("unread") == "1"
    rows = Notification.objects.visible_to(me(request))
    if unread_only:
        rows = rows.unread()
    page = paginate(rows, request.GET, order="-created_at", size=30)
    with_ends(page.rows)
    return render(request, "home/inbox.html", {"title": _("Inbox"), "page": page, "unread_only": unread_only})


@require_POST
def notification_open(request: HttpRequest, pk: int) -> HttpResponse:
    """Mark as read and go where it leads."""
    notification = get_visible(Notification, me(request), pk)
    notifications.notification_read(notification_id=pk, actor=me(request), now=timezone.now())
    local = url_has_allowed_host_and_scheme(notification.url, allowed_hosts=None)
    return redirect(notification.url if notification.url and local else "inbox")


@require_POST
def inbox_read_all(request: HttpRequest) -> HttpResponse:
    notifications.notifications_read_all(actor=me(request), now=timezone.now())
    return redirect("inbox")


@require_GET
def search(request: HttpRequest) -> HttpResponse:
    text = request.GET.get("q", "")
    context = {"title": _("Search"), "q": text, "groups": search_everywhere(me(request), text)}
    return render(request, "home/search.html", context)


@require_GET
def compliance(request: HttpRequest) -> HttpResponse:
    user = me(request)
    if not has_role(user, FLOOR):
        raise NotAllowed
    form, query = ComplianceForm(request.GET or None, user=user), request.GET.copy()
    query["all"] = "1"
    context = {
        "title": _("Compliance"),
        "form": form,
        "all_url": f"?{query.urlencode()}",
        "subtitle": _("How far what the procedures demand by a time was done in time; cancelled ones do not count."),
    }
    return render(
        request,
        "home/compliance.html",
        context | compliance_page(user, now=timezone.now(), chosen=form.chosen(), all_months="all" in request.GET),
    )


@require_GET
def obligations(request: HttpRequest) -> HttpResponse:
    user = me(request)
    if not has_role(user, FLOOR):
        raise NotAllowed
    if again := remembered(request):
        return again
    rows = Obligation.objects.visible_to(user).select_related("site", "team", "owner")
    context = listing(request, rows, filters=ObligationFilter, sorts={"due": "due_at"}, default="-due")
    return render(
        request, "home/obligations.html", context | {"title": _("Obligations"), "export_kind": "home.obligations"}
    )


@require_POST
def saved_view_new(request: HttpRequest) -> HttpResponse:
    page, query = request.POST.get("page", ""), request.POST.get("query", "")
    try:
        kept = saved_views.saved_view_keep(page=page, name=request.POST.get("name", ""), query=query, actor=me(request))
    except Refused as refusal:
        messages.error(request, str(refusal))
        local = url_has_allowed_host_and_scheme(page, allowed_hosts=None)
        return redirect(f"{page}?{query}" if local and page.startswith("/") else "home")
    messages.success(request, _("The view “%(name)s” is kept; it stands above the list.") % {"name": kept.name})
    return redirect(kept.url)


@require_POST
def saved_view_remove(request: HttpRequest, pk: int) -> HttpResponse:
    found = get_visible(SavedView, me(request), pk)
    saved_views.saved_view_remove(view_id=pk, actor=me(request))
    return redirect(found.page)
