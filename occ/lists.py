"""What every list page does: filter, sort, page by key, say what it is filtered by, and remember that (KER-12)."""

from datetime import date, datetime
from typing import Any

from django.db import models
from django.http import HttpRequest, HttpResponse, QueryDict
from django.shortcuts import redirect
from django.utils.formats import date_format
from django.utils.timezone import localtime
from django_filters import FilterSet

from occ.paging import paginate
from occ.people.access import me
from occ.people.models import SavedView
from occ.texts import month_said

POSITION = {"after", "before", "clear"}


def remembered(request: HttpRequest) -> HttpResponse | None:
    """Come back to a list without parameters and it is filtered as it was left; `?clear=1` forgets that."""
    key = f"list:{request.path}"
    if "clear" in request.GET:
        request.session.pop(key, None)
        return redirect(request.path)
    if not request.GET:
        return redirect(f"{request.path}?{kept}") if (kept := request.session.get(key)) else None
    if (query := standing(request)) != request.session.get(key, ""):
        request.session[key] = query
    return None


def as_left(request: HttpRequest, *, path: str, query: str) -> None:
    """Have the list at `path` shown as it stood at `query`, in the answer to a form below it that was refused."""
    request.path, request.GET = path, QueryDict(query)


def standing(request: HttpRequest) -> str:
    """What the list is filtered and sorted by, without the position in it, as a query string."""
    chosen = request.GET.copy()
    for name in list(chosen):
        if name in POSITION or not chosen[name]:
            del chosen[name]
    return chosen.urlencode()[:1000]


def listing(
    request: HttpRequest, rows: "models.QuerySet[Any]", *, filters: type[FilterSet], sorts: dict[str, str],
    default: str, size: int = 50, otherwise: "models.QuerySet[Any] | None" = None,
) -> dict[str, Any]:  # fmt: skip
    """Context of partials/list.html: filter, chips, clear_url, page, default_sort, views, standing.

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
        found.append({"label": label, "value": value, "remove_url": f"?{query.urlencode()}"})
    return found


def applied(chosen: FilterSet) -> list[tuple[str, str, str]]:
    """What a list is filtered by: the field's name, and its label and value in words."""
    given = {name: one for name, one in getattr(chosen.form, "cleaned_data", {}).items() if one not in (None, "", [])}
    fields = chosen.form.fields
    return [(name, str(fields[name].label), _shown(fields[name], value)) for name, value in given.items()]


def _shown(field: Any, value: Any) -> str:
    """A value in words: choices by label; days, instants and months as the language writes them."""
    value = dict(getattr(field, "choices", [])).get(value, value)
    if isinstance(value, datetime):
        return str(date_format(localtime(value), "j F Y, H:i"))
    if isinstance(value, date):
        return str(date_format(value, "j F Y"))
    return month_said(str(value)) if field.widget.attrs.get("type") == "month" else str(value)
