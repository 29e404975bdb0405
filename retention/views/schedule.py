"""Retention periods (RET-3): what holds, what held, and a change that is looked at before it is made."""

from datetime import date
from typing import Any

from django.contrib import messages
from django.core import signing
from django.http import HttpRequest, HttpResponse
from django.shortcuts import redirect, render
from django.utils import timezone
from django.utils.translation import gettext as _
from django.views.decorators.http import require_http_methods

from occ.errors import NotAllowed, Refused
from occ.forms import add_refusal
from occ.people.access import me
from occ.people.scope import has_role
from occ.times import JAKARTA, local_day
from retention.forms import ScheduleForm
from retention.models import Schedule
from retention.personal import PLACE_READERS
from retention.services import schedule as services

SALT = "retention.schedule"
# What was looked at can be confirmed for an hour; then it is counted anew.
SHOWN_SECONDS = 3600


@require_http_methods(["GET", "POST"])
def schedule(request: HttpRequest) -> HttpResponse:
    user, now = me(request), timezone.now()
    may = services.may_schedule(user)
    if not has_role(user, PLACE_READERS) and not may:
        raise NotAllowed
    if request.method == "GET":
        return _page(request, ScheduleForm(initial={"basis": "SOP-RET"}) if may else None)
    if not may:
        raise NotAllowed
    if "confirm" in request.POST:
        return _confirm(request)
    form = ScheduleForm(request.POST)
    changes, token = None, ""
    if form.is_valid():
        try:
            row = services.schedule_checked(Schedule(**form.cleaned_data), now=now)
        except Refused as refusal:
            add_refusal(form, refusal)
        else:
            changes = services.schedule_simulate(row)
            values = form.cleaned_data | {"valid_from": form.cleaned_data["valid_from"].isoformat()}
            token = signing.dumps([user.pk, values], salt=SALT)
    return _page(request, form, changes=changes, token=token, status=422 if form.errors else 200)


def _confirm(request: HttpRequest) -> HttpResponse:
    """Only what was shown to the same person a short time ago."""
    user = me(request)
    try:
        pk, values = signing.loads(request.POST["confirm"], salt=SALT, max_age=SHOWN_SECONDS)
    except signing.BadSignature:
        pk, values = None, {}
    if pk != user.pk:
        messages.error(request, _("What was counted is too old: look at it again."))
        return redirect("retention:schedule")
    values["valid_from"] = date.fromisoformat(values["valid_from"])
    try:
        services.schedule_set(values=values, actor=user, now=timezone.now())
    except NotAllowed:
        raise
    except Refused as refusal:
        messages.error(request, str(refusal))
    else:
        messages.success(request, _("The period is set."))
    return redirect("retention:schedule")


def _page(
    request: HttpRequest, form: ScheduleForm | None, *, changes: list[services.Change] | None = None, token: str = "",
    status: int = 200,
) -> HttpResponse:  # fmt: skip
    today = local_day(timezone.now(), JAKARTA)
    present = {one.pk for one in services.rules_on(today)}
    rows = list(Schedule.objects.select_related("set_by"))
    for one in rows:
        one.standing = "active" if one.pk in present else "pending" if one.valid_from > today else "expired"  # type: ignore[attr-defined]
    context: dict[str, Any] = {
        "title": _("Retention periods"),
        "subtitle": _("How long conversations are kept, counted in whole years from their end"),
        "rows": sorted(rows, key=lambda one: one.standing == "expired"),
        "form": form,
        "changes": changes,
        "totals": _totals(changes) if changes is not None else None,
        "token": token,
    }
    return render(request, "retention/schedule.html", context, status=status)


def _totals(changes: list[services.Change]) -> dict[str, int]:
    names = ("backup_sooner", "backup_later", "kept_longer", "destroyable")
    return {name: sum(getattr(one, name) for one in changes) for name in names}
