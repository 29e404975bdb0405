"""Documents that somebody is named in and has not signed yet, on their "Today"."""

from collections.abc import Iterator

from django.utils.translation import gettext as _

from occ.documents.policies import SIGNED
from occ.obligations.models import Obligation
from occ.people.models import User
from occ.workflow.turns import LIMIT, Turn, register_asked


def to_sign(user: User) -> Iterator[Turn]:
    rows = Obligation.objects.open().filter(rule=SIGNED, owner=user).select_related("site", "owner")
    for one in rows.order_by("due_at", "pk")[:LIMIT]:
        yield Turn(one.title, f"{one.url}#sign", _("Sign it"), one.site.code, one.due_at, one.site.zone)


register_asked(to_sign)
