"""What so many agents make of so many calls (RTM-14): a page of its own, and the piece of it on a plan's page."""

from __future__ import annotations

from typing import Any

from django.http import HttpRequest, HttpResponse
from django.shortcuts import render
from django.utils.translation import gettext as _
from django.views.decorators.http import require_GET

from occ.errors import NotAllowed, Refused
from occ.forms import add_refusal
from occ.people.access import me
from occ.people.scope import has_role
from realtime.models import FLOOR_READERS
from realtime.plan_forms import WhatIfForm
from realtime.services.what_if import answers, around


@require_GET
def what_if(request: HttpRequest) -> HttpResponse:
    """A page of its own, and the piece of it that a plan's page asks for while one types."""
    if not has_role(me(request), FLOOR_READERS):
        raise NotAllowed
    asked = {**ASKED, **request.GET.dict()}
    form = WhatIfForm(asked)
    context: dict[str, Any] = {"title": _("What if"), "form": form, "rows": [], "chosen": None}
    context |= {"subtitle": _("What so many agents make of so many calls: Erlang A, and Erlang C beside it")}
    if form.is_valid():
        context |= rows_for(form)
    template = "realtime/what_if_rows.html" if request.htmx and "piece" in request.GET else "realtime/what_if.html"  # type: ignore[attr-defined]
    return render(request, template, context, status=422 if form.errors else 200)


ASKED = {"calls": "120", "minutes": "30", "handling": "450", "patience": "240", "agents": "30", "more": ""}


def rows_for(form: WhatIfForm) -> dict[str, Any]:
    """Of a form that is valid; a question that makes no sense is told at it."""
    given = form.cleaned_data
    wanted = around(given["agents"], more=max(6, (given["more"] or 0) + 1))[:40]
    try:
        return {"rows": answers(form.question(), wanted), "chosen": given["agents"],
                "then": given["agents"] + given["more"] if given["more"] else None}  # fmt: skip
    except Refused as refusal:
        add_refusal(form, refusal)
        return {"rows": [], "chosen": None}
