"""Recovery plans that wait for somebody, on "Today"; and alerts that nobody looks after."""

from collections.abc import Iterator
from typing import Any

from django.utils.translation import gettext as _

from occ.people.models import User
from occ.people.scope import has_role
from occ.workflow.turns import Source, Stuck, register, register_stuck
from realtime.models import Alert, Handover, RecoveryPlan
from realtime.services.alerting import ACKNOWLEDGERS
from realtime.workflow import HANDOVER, RECOVERY


def plans(user: User) -> Any:
    """Not those of one's own: somebody else verifies."""
    rows = RecoveryPlan.objects.visible_to(user).exclude(status="done", opened_by=user)
    return rows.select_related("site").order_by("opened_at", "pk")


def handovers(user: User) -> Any:
    """Who handed a shift over does not take it over."""
    rows = Handover.objects.visible_to(user).exclude(status="handed", handed_by=user)
    return rows.select_related("site", "shift").order_by("ends_at", "pk")


def unattended(user: User) -> Iterator[Stuck]:
    if has_role(user, ACKNOWLEDGERS):
        rows = Alert.objects.visible_to(user).open().filter(acknowledged_at=None).select_related("site")
        for one in rows.order_by("opened_at", "pk")[:10]:
            words = _("Alert at %(site)s: %(alert)s") % {"site": one.site.code, "alert": one}
            yield Stuck(words, one.get_absolute_url(), heading=_("Nobody looks after it"))


register(Source(RECOVERY, rows=plans, title=lambda row: str(row), due_at=lambda row: None))
register(
    Source(
        HANDOVER, rows=handovers, title=lambda row: _("Shift handover %(shift)s") % {"shift": row},
        due_at=lambda row: row.ends_at,
    )
)  # fmt: skip
register_stuck(unattended)
