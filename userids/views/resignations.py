"""Resignations: recorded by Support, moved, withdrawn (SOP-UID 8.1, step 1)."""

from django.contrib import messages
from django.db import transaction
from django.http import HttpRequest, HttpResponse, QueryDict
from django.shortcuts import redirect, render
from django.urls import reverse
from django.utils import timezone
from django.utils.translation import gettext as _
from django.views.decorators.http import require_GET, require_http_methods

from occ.documents.attachments import attachment_add, attachments_of
from occ.errors import NotAllowed, Refused
from occ.form_pages import form_done
from occ.forms import NoteForm, add_refusal
from occ.lists import listing, remembered
from occ.paging import key_of
from occ.people.access import get_visible, me
from occ.people.choices import Role
from occ.people.scope import has_role
from userids.filters import ResignationFilter
from userids.forms import BulkResignationForm, MoveForm, ResignationForm
from userids.models import LOGBOOK_READERS, Account, DeactivationRequest, Resignation
from userids.selectors import changes
from userids.services import deactivations as services
from userids.services.evidence import ALLOWED

MOST = 200  # user IDs at once


def crumbs() -> list[dict[str, str]]:
    return [{"label": _("Resignations"), "url": reverse("userids:resignations")}]


@require_GET
def resignations(request: HttpRequest) -> HttpResponse:
    if again := remembered(request):
        return again
    rows = Resignation.objects.visible_to(me(request)).select_related("person__site")
    sorts = {"recorded": "recorded_at", "day": "last_working_day", "name": "person__name"}
    context = listing(request, rows, filters=ResignationFilter, sorts=sorts, default="-recorded")
    new = {"label": _("Record a resignation"), "url": reverse("userids:resignation_new"), "icon": "plus"}
    actions = [new | {"tone": "primary"}] if has_role(me(request), {Role.SUPPORT}) else []
    context |= {"title": _("Resignations"), "actions": actions}
    context["export_kind"] = "userids.resignations" if has_role(me(request), LOGBOOK_READERS) else ""
    return render(request, "userids/resignations.html", context)


@require_http_methods(["GET", "POST"])
def resignation_new(request: HttpRequest) -> HttpResponse:
    user = me(request)
    if not has_role(user, {Role.SUPPORT}):
        raise NotAllowed
    given = key_of(request.GET.get("person", ""))
    form = ResignationForm(request.POST or None, request.FILES or None, user=user, initial={"person": given})
    if request.method == "POST" and form.is_valid():
        try:
            return redirect("userids:resignation", _record(request, form).pk)
        except Refused as refusal:
            add_refusal(form, refusal)
    context = {"title": _("Record a resignation"), "crumbs": crumbs(), "form": form}
    context |= {"submit": _("Record and request the team leader"), "cancel_url": reverse("userids:resignations")}
    return render(request, "form_page.html", context, status=422 if form.errors else 200)


@transaction.atomic
def _record(request: HttpRequest, form: ResignationForm) -> Resignation:
    user, now, data = me(request), timezone.now(), form.cleaned_data
    resignation = services.resignation_record(
        person_id=data["person"].pk, last_working_day=data["last_working_day"], reason=data["reason"],
        note=data["note"], actor=user, now=now,
    )  # fmt: skip
    if data["letter"]:
        attachment_add(file=data["letter"], subject=resignation, actor=user, now=now, purpose="letter", allowed=ALLOWED)
    count = DeactivationRequest.objects.filter(person=data["person"]).open().count()
    if count:
        messages.success(request, _("Recorded. User IDs that the team leader now has to shut: %(n)s.") % {"n": count})
    else:
        messages.warning(request, _("Recorded. This person holds no user ID."))
    late = DeactivationRequest.objects.filter(person=data["person"]).open().filter(due_at__lt=now).count()
    if late:
        words = _("With that last day their time is over already, for %(n)s of them: the coordinator is told.")
        messages.warning(request, words % {"n": late})
    return resignation


@require_http_methods(["GET", "POST"])
def resignations_bulk(request: HttpRequest) -> HttpResponse:
    """The holders of the IDs that were ticked in the logbook leave on one day; here ticks may still be taken away."""
    user = me(request)
    if not has_role(user, {Role.SUPPORT}):
        raise NotAllowed
    shown = Account.objects.visible_to(user).filter(pk__in=_keys(request.GET)).with_holder().order_by("user_id")
    given = _keys(request.POST if "ticked" in request.POST else request.GET)
    ticked = [one.pk for one in shown if one.pk in given]
    if not shown:
        messages.warning(request, _("Tick the user IDs whose holders leave, then choose this again."))
        return redirect("userids:accounts")
    form = BulkResignationForm(request.POST or None)
    if request.method == "POST" and form.is_valid():
        try:
            made = services.resignations_record(account_ids=ticked, actor=user, now=timezone.now(), **form.cleaned_data)
        except Refused as refusal:
            add_refusal(form, refusal)
        else:
            count = DeactivationRequest.objects.filter(person__in=[one.person_id for one in made]).open().count()
            words = _("%(people)s leavings are recorded; the team leader now has to shut %(n)s user IDs.")
            messages.success(request, words % {"people": len(made), "n": count})
            return redirect(reverse("userids:deactivations") + "?status=open")
    accounts = [(one, services.leaving_hindered(one)) for one in shown.all()]  # after a refusal as they are now
    context = {"title": _("Record leavings"), "crumbs": crumbs(), "form": form, "accounts": accounts, "ticked": ticked}
    context |= {"submit": _("Record and request the team leader"), "cancel_url": reverse("userids:accounts")}
    return render(request, "userids/bulk.html", context, status=422 if form.errors else 200)


def _keys(given: QueryDict) -> set[int]:
    return {pk for one in given.getlist("account")[:MOST] if (pk := key_of(one)) is not None}


@require_GET
def resignation(request: HttpRequest, pk: int) -> HttpResponse:
    return _detail(request, get_visible(Resignation, me(request), pk), MoveForm(), NoteForm())


def _detail(
    request: HttpRequest, found: Resignation, move: MoveForm, withdraw: NoteForm, opened: str = "", status: int = 200
) -> HttpResponse:
    may = (
        found.withdrawn_at is None
        and found.ended_at is None
        and has_role(me(request), {Role.SUPPORT}, site=found.person.site)
    )
    actions = [
        {"label": _("Move the last working day"), "icon": "calendar-event", "dialog": "move"},
        {"label": _("Withdraw"), "icon": "arrow-back-up", "dialog": "withdraw", "tone": "danger"},
    ]
    requests = DeactivationRequest.objects.visible_to(me(request)).filter(
        person=found.person, recorded_at__gte=found.recorded_at
    )
    context = {
        "title": found.person.name,
        "crumbs": crumbs(),
        "subtitle": _("Resignation"),
        "resignation": found,
        "zone": found.person.site.zone,
        "actions": actions if may else [],
        "may": may,
        "requests": requests.select_related("account", "site").order_by("account__user_id"),
        "attachments": attachments_of(found),
        "entries": changes(found.history.all()),
        "shut": ", ".join(one.user_id for one in services.shut_already(found.person)) if may else "",
        "move": move,
        "withdraw": withdraw,
        "move_open": opened == "move",
        "withdraw_open": opened == "withdraw",
    }
    return render(request, "userids/resignation.html", context, status=status)


def _support_only(request: HttpRequest, pk: int) -> Resignation:
    found = get_visible(Resignation, me(request), pk)
    if not has_role(me(request), {Role.SUPPORT}, site=found.person.site):
        raise NotAllowed
    return found


@require_http_methods(["POST"])
def resignation_move(request: HttpRequest, pk: int) -> HttpResponse:
    found, form = _support_only(request, pk), MoveForm(request.POST)
    done = form_done(
        request, form,
        lambda data: services.resignation_move(resignation_id=pk, actor=me(request), now=timezone.now(), **data),
        said=_("Moved; the deadlines moved with it."), to=reverse("userids:resignation", args=[pk]),
    )  # fmt: skip
    return done or _detail(request, found, form, NoteForm(), "move", 422)


@require_http_methods(["POST"])
def resignation_withdraw(request: HttpRequest, pk: int) -> HttpResponse:
    found, form = _support_only(request, pk), NoteForm(request.POST)
    done = form_done(
        request, form,
        lambda data: services.resignation_withdraw(resignation_id=pk, actor=me(request), now=timezone.now(), **data),
        said=_("Withdrawn; open requests are cancelled."), to=reverse("userids:resignation", args=[pk]),
    )  # fmt: skip
    if done and (shut := services.shut_already(found.person)):
        words = _("Shut already, and not opened again by this: %(ids)s. Where none is left, a user ID is asked for.")
        messages.warning(request, words % {"ids": ", ".join(one.user_id for one in shut)})
    return done or _detail(request, found, MoveForm(), form, "withdraw", 422)
