"""Suggestions for fields in which one person is chosen (occ.forms.PersonField)."""

from django.http import Http404, HttpRequest, JsonResponse
from django.views.decorators.http import require_GET

from occ.paging import key_of
from occ.people.access import me
from occ.people.choosing import CHOOSERS, label, matching, offered


@require_GET
def people_find(request: HttpRequest, chooser: str) -> JsonResponse:
    """{"results": [{"value", "hint"}]}: those whom the user may choose there, and nobody else."""
    if chooser not in CHOOSERS:
        raise Http404
    people = offered(chooser, me(request), key_of(request.GET.get("of", "")))
    found = matching(people, request.GET.get("q", "")[:100])
    results = [{"value": label(one), "hint": f"{one.position}, {one.site.code}"} for one in found]
    return JsonResponse({"results": results})
