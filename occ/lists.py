"""What every list page does: filter, sort, page by key, say what it is filtered by, and remember that (KER-12).

What somebody typed to find is not remembered: it is often a customer's or a colleague's name or number, and would come
back into an address and onto a screen unasked. Nor is a past instant: who comes back wants to see how it is. A view
that is saved keeps both, as somebody decided that.
"""

from datetime import date, datetime
from typing import Any

from django import forms
from django.db import models
from django.http import HttpRequest, HttpResponse, QueryDict
from django.shortcuts import redirect
from django.utils.formats import date_format
from django.utils.timezone import localtime
from django.utils.translation import gettext as _
from django_filters import Filter, FilterSet

from occ.filters import OneRow
from occ.paging import paginate
from occ.people.access import me
from occ.people.models import SavedView
from occ.texts import month_said

POSITION = {"after", "before", "clear"}
FLEETING = {"q", "agent", "as_of"}
RETURNED = "list-returned"


def remembered(request: HttpRequest) -> HttpResponse | None:
    """Come back to a list without parameters and it is filtered as it was left, and says so; `?clear=1` forgets."""
    key = f"list:{request.path}"
    if "clear" in request.GET:
        request.session.pop(key, None)
        return redirect(request.path)
    if not request.GET:
        if not (kept := request.session.get(key)):
            return None
        request.session[RETURNED] = request.path
        return redirect(f"{request.path}?{kept}")
    if (query := standing(request, fleeting=False)) != request.session.get(key, ""):
        request.session[key] = query
    return None


def as_left(request: HttpRequest, *, path: str, query: str) -> None:
    """Have the list at `path` shown as it stood at `query`, in the answer to a form below it that was refused."""
    request.path, request.GET = path, QueryDict(query)


def standing(request: HttpRequest, *, fleeting: bool = True) -> str:
    """What the list is filtered and sorted by, without the position in it, as a query string.

    `fleeting` False: without what is not to come back by itself (see above).
    """
    chosen = request.GET.copy()
    for name in list(chosen):
        if name in POSITION or not chosen[name] or (name in FLEETING and not fleeting):
            del chosen[name]
    return chosen.urlencode()[:1000]


def listing(
    request: HttpRequest, rows: "models.QuerySet[Any]", *, filters: type[FilterSet], sorts: dict[str, str],
    default: str, size: int = 50, otherwise: "models.QuerySet[Any] | None" = None,
) -> dict[str, Any]:  # fmt: skip
    """Context of partials/list.html: filter, chips, returned, clear_url, page, default_sort, views, standing.

    `sorts`: parameter -> field (never null); `default`: a parameter, with "-" for descending. A filter with nonsense
    in it filters nothing and says so at its field; `otherwise` are the rows then, where `rows` lack what filters add.
    """
    chosen = filters(request.GET, queryset=rows, request=request)
    found = chosen.qs if chosen.form.is_valid() else rows if otherwise is None else otherwise
    sort = request.GET.get("sort", default)
    if sort.lstrip("-") not in sorts:
        sort = default
    order = ("-" if sort.startswith("-") else "") + sorts[sort.lstrip("-")]
    return {
        "filter": chosen,
        "chips": chips(request, chosen),
        "returned": request.session.pop(RETURNED, "") == request.path,  # filtered as it was left, and not by this visit
        "clear_url": "?clear=1",
        "default_sort": default,
        "views": SavedView.objects.visible_to(me(request)).filter(page=request.path).order_by("name"),
        "standing": standing(request),
        "page": paginate(found, request.GET, order=order, size=size),
    }


def chips(request: HttpRequest, chosen: FilterSet) -> list[dict[str, str]]:
    found = []
    for name, label, value in applied(chosen):
        query = request.GET.copy()
        for other in (name, *POSITION):
            query.pop(other, None)
        # Without any parameter the list would come back as it was left, which is with this one.
        found.append({"label": label, "value": value, "remove_url": f"?{query.urlencode() or 'clear=1'}"})
    return found


def applied(chosen: FilterSet) -> list[tuple[str, str, str]]:
    """What a list is filtered by: the field's name, and its label and value in words."""
    given = {name: one for name, one in getattr(chosen.form, "cleaned_data", {}).items() if one not in (None, "", [])}
    fields = chosen.form.fields
    return [
        (name, str(fields[name].label), worded(fields[name], value, chosen.filters[name]))
        for name, value in given.items()
    ]


def worded(field: forms.Field, value: Any, by: Filter) -> str:
    """What was chosen as the reader says it: the name of a row, a choice's label, a day or month by its name."""
    if isinstance(by, OneRow):
        return by.named(value)
    if isinstance(value, models.Model):  # its choices would be asked of the database once more
        return str(value)
    if isinstance(value, bool):
        return _("yes") if value else _("no")
    if getattr(field.widget, "input_type", "") == "month":
        return month_said(f"{value:%Y-%m}" if isinstance(value, date) else str(value))
    if isinstance(value, datetime):
        return str(date_format(localtime(value), "j F Y, H:i"))
    if isinstance(value, date):
        return str(date_format(value, "j F Y"))
    return str(dict(getattr(field, "choices", [])).get(value, value))
