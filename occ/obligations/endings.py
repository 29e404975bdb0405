"""How the obligation ended that a message asks for: fulfilled, moved to another site, or called off."""

from collections.abc import Mapping, Sequence

from occ.notifications.endings import Ending, How, register, subject_id
from occ.notifications.models import Notification
from occ.obligations.models import EventKind, ObligationEvent


@register
def ended(messages: Sequence[Notification]) -> Mapping[int, Ending]:
    asked = {one.pk: subject_id(one) for one in messages if one.kind.startswith("obligation.")}
    if not asked:
        return {}
    events = ObligationEvent.objects.filter(
        obligation__in=set(asked.values()), kind__in=(EventKind.FULFILLED, EventKind.CANCELLED)
    )
    last = {one.obligation_id: one for one in events.select_related("obligation__site").order_by("pk")}
    return {pk: _ending(last[duty]) for pk, duty in asked.items() if duty in last}


def _ending(event: ObligationEvent) -> Ending:
    off = How.MOVED if event.data.get("reason") == "moved" else How.DROPPED
    how = How.DONE if event.kind == EventKind.FULFILLED else off
    return Ending(how, event.actor_label, event.at, event.obligation.site.zone)
