"""Backups declared lost (RET-6): the list, and the page on which a manager decides and one sees what became of them."""

from typing import Any

from django import forms
from django.http import HttpRequest, HttpResponse
from django.shortcuts import render
from django.urls import reverse
from django.utils.translation import gettext as _
from django.views.decorators.http import require_GET, require_POST

from occ.lists import listing, remembered
from occ.paging import paginate
from occ.people.access import get_visible, me
from occ.people.models import User
from occ.processes import plain_stepping, process_context, step_make
from retention.batching.losses import LossFilter, fates, loss_rows
from retention.models import Loss, Record
from retention.services import losing as services
from retention.workflow import LOSS


def may(user: User, loss: Any, name: str) -> bool:
    """Four eyes: who declared it does not decide."""
    return loss.declared_by_id != user.pk


STEPPING = plain_stepping(
    LOSS, services.TRANSITIONS, key="loss_id", url_name="retention:loss_step", own_forms={},
    icons={"confirm": "key-off", "refuse": "arrow-back-up"}, aside=frozenset({"refuse"}), may=may,
)  # fmt: skip


@require_GET
def losses(request: HttpRequest) -> HttpResponse:
    if again := remembered(request):
        return again
    sorts = {"declared": "declared_at", "number": "number"}
    context = listing(request, loss_rows(me(request)), filters=LossFilter, sorts=sorts, default="-declared")
    of_page = Loss.objects.filter(pk__in=[one.pk for one in context["page"].rows])
    became = services.became(of_page)
    for one in context["page"].rows:
        one.fates = fates(became.get(one.pk, {}))
    context |= {
        "title": _("Backups declared lost"),
        "subtitle": _("Records whose key opens nothing any more, and what became of them"),
        "search": _("Number, bag or reason"),
        "export_kind": "retention.losses",
    }
    return render(request, "retention/losses.html", context)


@require_GET
def loss(request: HttpRequest, pk: int) -> HttpResponse:
    return _detail(request, get_visible(Loss, me(request), pk), {}, 200)


@require_POST
def loss_step(request: HttpRequest, pk: int, transition: str) -> HttpResponse:
    found = get_visible(Loss, me(request), pk)
    done = step_make(request, STEPPING, found, transition)
    return done if isinstance(done, HttpResponse) else _detail(request, found, done, 422)


def _detail(request: HttpRequest, found: Loss, tried: dict[str, forms.Form], status: int) -> HttpResponse:
    user = me(request)
    rows = Record.objects.visible_to(user).filter(lost__loss=found).select_related("site", "agent")
    page = paginate(rows, request.GET, order="pk")
    context = process_context(request, STEPPING, found, tried)
    context |= {
        "title": found.number,
        "crumbs": [{"label": _("Backups declared lost"), "url": reverse("retention:losses")}],
        "subtitle": found.bag.identifier,
        "loss": found,
        "finding_url": found.finding.get_absolute_url(),
        "batch_url": found.bag.batch.get_absolute_url(),
        "fates": fates(services.became(Loss.objects.filter(pk=found.pk)).get(found.pk, {})),
        "page": page,
        "rows": [{"record": one, "url": one.get_absolute_url()} for one in page.rows],
        "own": found.is_open and found.declared_by_id == user.pk,
    }
    return render(request, "retention/loss.html", context, status=status)
