"""Who is told that a hold ends: who set it, and the site's coordinators."""

from datetime import datetime

from django.utils.translation import gettext_noop

from occ.notifications.addressees import audience, reachable
from occ.notifications.kinds import Kind, register
from occ.notifications.services import notify
from occ.people.choices import Role
from occ.people.models import User
from occ.times import end_of_day, local_day
from retention.models import Hold

ENDS = register(
    Kind(
        "retention.hold_ends",
        gettext_noop("Legal hold %(number)s ends soon"),
        gettext_noop(
            "Legal hold %(number)s ends on %(ends_at)s. After that the records it covers may be destroyed"
            " once they are old enough: extend the hold if they are still needed."
        ),
        "warning",
    )
)
ENDED = register(
    Kind(
        "retention.hold_ended",
        gettext_noop("Legal hold %(number)s has ended"),
        gettext_noop(
            "Legal hold %(number)s ended on %(ends_at)s. The records it covered may be proposed for"
            " destruction again once they are old enough."
        ),
    )
)


def tell_of_end(hold: Hold, *, now: datetime) -> int:
    """Once for each last day: an extended hold is told of again."""
    return _tell(hold, ENDS, now)


def tell_of_ended(hold: Hold, *, now: datetime) -> int:
    return _tell(hold, ENDED, now)


def _tell(hold: Hold, kind: Kind, now: datetime) -> int:
    assert hold.until is not None
    day = local_day(now, hold.site.zone)
    to: dict[int, User] = {one.pk: one for one in reachable([hold.set_by], day=day)}
    to |= {one.pk: one for one in audience(Role.COORDINATOR, site=hold.site, now=now)}
    ends_at = end_of_day(hold.until, hold.site.zone).isoformat()
    params = {"number": hold.number, "ends_at": ends_at, "site_zone": hold.site.timezone}
    key = f"{kind.key}:{hold.pk}:{hold.until.isoformat()}"
    told = notify(to=to.values(), kind=kind.key, params=params, key=key, url=hold.get_absolute_url(), now=now)
    return len(told)
