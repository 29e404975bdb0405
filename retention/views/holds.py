"""Legal holds (RET-12): the list, one with what it covers, setting with a look at what it would cover, ending."""

from typing import Any

from django.contrib import messages
from django.http import HttpRequest, HttpResponse
from django.shortcuts import redirect, render
from django.urls import reverse
from django.utils import timezone
from django.utils.translation import gettext as _
from django.views.decorators.cache import never_cache
from django.views.decorators.http import require_GET, require_http_methods, require_POST

from occ.encryption import Shut
from occ.errors import NotAllowed, Refused
from occ.form_pages import form_done
from occ.forms import add_refusal
from occ.lists import listing, remembered
from occ.paging import key_of, paginate
from occ.people.access import get_visible, me
from occ.people.models import User
from occ.people.scope import has_role
from occ.timeline import changes
from occ.times import local_day
from retention.holding.filters import HoldFilter
from retention.holding.forms import ExtendForm, HoldForm, LiftForm, WidenForm
from retention.holding.words import period, scope_of, state_of
from retention.marks import id_of
from retention.models import Hold, Record
from retention.personal import CATALOGUE_READERS, UNMASKED
from retention.services import holds as services
from retention.services.paper_lists import kept_by

PREVIEWED = 10


def crumbs() -> list[dict[str, str]]:
    return [{"label": _("Legal holds"), "url": reverse("retention:holds")}]


@require_GET
def holds(request: HttpRequest) -> HttpResponse:
    user = me(request)
    if not has_role(user, CATALOGUE_READERS):
        raise NotAllowed
    if again := remembered(request):
        return again
    rows = Hold.objects.visible_to(user).select_related("site", "agent", "set_by")
    sorts = {"set": "set_at", "number": "number"}
    context = listing(request, rows, filters=HoldFilter, sorts=sorts, default="-set")
    today = timezone.localdate()
    for row in context["page"].rows:
        row.state, row.scope = state_of(row, today), scope_of(row)
    new = {"label": _("Set a hold"), "url": reverse("retention:hold_new"), "icon": "lock", "tone": "primary"}
    context |= {
        "title": _("Legal holds"),
        "subtitle": _("What may not be destroyed, whatever its age"),
        "search": _("Number, what for, or agent"),
        "export_kind": "retention.holds",
        "actions": [new] if services.may_hold(user) else [],
    }
    return render(request, "retention/holds.html", context)


@require_GET
def hold(request: HttpRequest, pk: int) -> HttpResponse:
    return _detail(request, get_visible(Hold, me(request), pk))


def _detail(
    request: HttpRequest, found: Hold, extend: ExtendForm | None = None, lift: LiftForm | None = None,
    widen: WidenForm | None = None, whole: str = "",
) -> HttpResponse:  # fmt: skip
    user, now = me(request), timezone.now()
    today = local_day(now, found.site.zone)
    may = services.may_hold(user, found.site) and found.stands_on(today)
    rows = services.covered_by(found).visible_to(user).select_related("site", "agent", "source")
    count, more = services.counted(services.covered_by(found))
    nobodys, more_of_nobody = (0, False) if not found.agent_id else services.counted(services.agentless(found))
    page = paginate(rows, request.GET, order="-ended_at")
    context: dict[str, Any] = {
        "title": found.number,
        "crumbs": crumbs(),
        "hold": found,
        "state": state_of(found, today),
        "scope": scope_of(found, whole),
        "may_unmask": bool(found.customer_mark)
        and not whole
        and not isinstance(found.customer, Shut)
        and has_role(user, UNMASKED, site=found.site),
        "period": period(found),
        "page": page,
        "rows": linked(page.rows),
        "count": count,
        "more": more,
        "documents": kept_by(found),
        "agentless": nobodys,
        "more_agentless": more_of_nobody,
        "widen": widen or WidenForm() if may and nobodys and not found.without_agent else None,
        "extend": extend or ExtendForm() if may and found.until else None,
        "lift": lift or LiftForm() if may else None,
        "entries": changes(found.history.all()),
        "zone": found.site.zone,
    }
    failed = any(form is not None and form.errors for form in (extend, lift, widen))
    return render(request, "retention/hold.html", context, status=422 if failed else 200)


def linked(rows: list[Record]) -> list[dict[str, Any]]:
    return [{"record": one, "url": one.get_absolute_url()} for one in rows]


@require_http_methods(["GET", "POST"])
def hold_new(request: HttpRequest) -> HttpResponse:
    """First what it would cover; set only what was looked at just so."""
    user, now = me(request), timezone.now()
    if not services.may_hold(user):
        raise NotAllowed
    form = HoldForm(request.POST or None, request.FILES or None, user=user, initial=_asked(request, user))
    preview: dict[str, Any] | None = None
    if request.method == "POST" and form.is_valid():
        data, digest = form.cleaned_data, form.digest()
        try:
            if data["seen"] == digest:
                made = services.hold_set(
                    scope=form.scope(), reason=data["reason"], note=data["note"], until=data["until"], actor=user,
                    now=now,
                )  # fmt: skip
                messages.success(request, _("The hold %(number)s is in force.") % {"number": made.number})
                return redirect(made)
            preview = _preview(form, user)
            form.fill(seen=digest)
        except Refused as refusal:
            add_refusal(form, refusal)
    context = {
        "title": _("Set a legal hold"),
        "crumbs": crumbs(),
        "form": form,
        "preview": preview,
        "submit": _("Set the hold") if preview else _("See what it would cover"),
        "cancel_url": reverse("retention:holds"),
    }
    return render(request, "retention/hold_new.html", context, status=422 if form.errors else 200)


def _asked(request: HttpRequest, user: User) -> dict[str, Any]:
    """`?record=`: from a record's page, with its ID filled in, or its number where the ID names the customer."""
    pk = key_of(request.GET.get("record", ""))
    found = Record.objects.visible_to(user).filter(pk=pk).first() if pk is not None else None
    if found is None:
        return {}
    named = found.external_id if id_of(found) == found.external_id else f"#{found.pk}"
    return {"ids": named, "site": found.site_id}


def _preview(form: HoldForm, user: User) -> dict[str, Any]:
    """Raises Invalid where the scope names nothing."""
    scope = form.scope()
    services.scope_check(scope)
    rows = services.covered(scope)
    count, more = services.counted(rows)
    some = rows.visible_to(user).select_related("site", "agent").order_by("-ended_at", "-pk")
    nobodys, more_of_nobody = (0, False) if scope.agent is None else services.counted(services.agentless(scope))
    return {
        "count": count, "more": more, "rows": linked(list(some[:PREVIEWED])), "agentless": nobodys,
        "more_agentless": more_of_nobody, "without_agent": scope.without_agent, "documents": kept_by(scope.unsaved()),
    }  # fmt: skip


@require_POST
@never_cache
def hold_customer(request: HttpRequest, pk: int) -> HttpResponse:
    """Show the customer once; the ledger keeps who looked."""
    found = get_visible(Hold, me(request), pk)
    whole = services.hold_customer(hold_id=found.pk, actor=me(request), now=timezone.now())
    return _detail(request, found, whole=whole)


@require_POST
def hold_widen(request: HttpRequest, pk: int) -> HttpResponse:
    user, found, form = me(request), _ours(request, pk), WidenForm(request.POST)
    if form.is_valid():  # a refusal has a page of its own: the form is gone once the hold covers them
        services.hold_widen(hold_id=pk, actor=user, now=timezone.now(), **form.cleaned_data)
        messages.success(request, _("It covers records without an agent too."))
        return redirect(found)
    return _detail(request, found, widen=form)


@require_POST
def hold_extend(request: HttpRequest, pk: int) -> HttpResponse:
    user, found, form = me(request), _ours(request, pk), ExtendForm(request.POST)
    done = form_done(
        request, form, lambda data: services.hold_extend(hold_id=pk, actor=user, now=timezone.now(), **data),
        said=_("Saved."), to=found,
    )  # fmt: skip
    return done or _detail(request, found, extend=form)


@require_POST
def hold_lift(request: HttpRequest, pk: int) -> HttpResponse:
    user, found, form = me(request), _ours(request, pk), LiftForm(request.POST)
    done = form_done(
        request, form, lambda data: services.hold_lift(hold_id=pk, actor=user, now=timezone.now(), **data),
        said=_("The hold is lifted."), to=found,
    )  # fmt: skip
    return done or _detail(request, found, lift=form)


def _ours(request: HttpRequest, pk: int) -> Hold:
    found = get_visible(Hold, me(request), pk)
    if not services.may_hold(me(request), found.site):
        raise NotAllowed
    return found
