"""Today, the inbox, compliance."""

from django.http import HttpRequest, HttpResponse
from django.shortcuts import redirect, render
from django.utils import timezone
from django.utils.http import url_has_allowed_host_and_scheme
from django.views.decorators.http import require_GET, require_POST

from occ.home.selectors import today_for
from occ.notifications import services as notifications
from occ.notifications.models import Notification
from occ.obligations.selectors import compliance as compliance_figures
from occ.paging import paginate
from occ.people.access import get_visible
from occ.people.models import User


def me(request: HttpRequest) -> User:
    assert isinstance(request.user, User)
    return request.user


@require_GET
def today(request: HttpRequest) -> HttpResponse:
    return render(request, "home/today.html", today_for(me(request), now=timezone.now()))


@require_GET
def inbox(request: HttpRequest) -> HttpResponse:
    rows = Notification.objects.visible_to(request.user)
    if request.GET.get("unread"):
        rows = rows.unread()
    return render(request, "home/inbox.html", {"page": paginate(rows, request.GET, order="-pk", size=30)})


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
def compliance(request: HttpRequest) -> HttpResponse:
    figures = compliance_figures(user=me(request), now=timezone.now())
    return render(request, "home/compliance.html", {"figures": figures})
