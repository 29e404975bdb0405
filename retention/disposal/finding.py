"""Lists of what is to be destroyed in the search across modules, by their number."""

from collections.abc import Iterator

from django.urls import reverse
from django.utils.translation import gettext_lazy

from occ.people.models import User
from occ.people.scope import has_role
from occ.search import Result, register
from retention.models import Proposal
from retention.personal import CATALOGUE_READERS


def find_proposals(user: User, text: str, limit: int) -> Iterator[Result]:
    rows = Proposal.objects.visible_to(user).filter(number__icontains=text).select_related("site")
    for one in rows.order_by("-pk")[:limit]:
        ours = has_role(user, CATALOGUE_READERS, site=one.site)
        url = one.get_absolute_url() if ours else reverse("retention:decision", args=[one.pk])
        yield Result(one.number, f"{one.get_status_display()} · {one.kind_label} · {one.site.name}", url)


register(gettext_lazy("Disposal lists"), find_proposals)
