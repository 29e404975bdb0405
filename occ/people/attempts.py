"""How often a password or a code may be wrong before nobody may try for a while.

An attempt is counted before it is judged and taken back when it was right, so that twenty at once count twenty. While
too many stand, nothing is judged and nothing is counted: a lock ends when it said it would, whoever goes on trying.

Counted by three: wrong ones for a name from one place, for a name from everywhere, and from one address. A *place* is
a browser in which that user has logged in before, the inside of an open session, or else an address. The count from
everywhere shuts only addresses that nobody knows, so that strangers cannot keep a user out of the browser they use.
"""

import hashlib
import hmac
import ipaddress
from collections.abc import Callable
from dataclasses import dataclass
from datetime import datetime, timedelta

from django.conf import settings
from django.db import connection, models, transaction
from django.utils import timezone
from django.utils.translation import gettext as _

from occ.errors import Refused
from occ.people.models import Attempt, User

INSIDE = "inside"
LOCKS = 0x0CC_106  # the first half of the advisory locks' keys


@dataclass(frozen=True)
class Limits:
    """How many wrong ones within `window` shut a name at a place, a name everywhere, an address."""

    place: int
    name: int
    address: int
    window: timedelta


# occ.login registers here how they are read from the policies, of which people knows nothing.
LIMITS: list[Callable[[datetime], Limits]] = []


class TooManyAttempts(Refused):
    code = "too_many_attempts"
    status = 429

    def __init__(self, until: datetime, *, field: str | None = None) -> None:
        self.until = until
        # Rounded up to the minute: whoever believes the words does not come too early.
        shown = f"{timezone.localtime(until + timedelta(seconds=59)):%H:%M %Z}"
        super().__init__(_("Too many wrong ones. Try again after %(time)s.") % {"time": shown}, field=field)


def user_key(user: User) -> str:
    return f"user:{user.pk}"


def stranger_key(name: str) -> str:
    """For a name that no user has; the same for all its spellings that a user could have."""
    digest = hmac.new(settings.SECRET_KEY.encode(), f"attempt:{name.casefold()}".encode(), hashlib.sha256)
    return f"name:{digest.hexdigest()[:40]}"


def network(address: str) -> str:
    """An IPv4 address, or the /64 that one customer has of IPv6.

    A server that listens to both says ::ffff:192.0.2.1 of an IPv4 address; of those all would be in one /64.
    """
    try:
        ip = ipaddress.ip_address(address.partition("%")[0])
    except ValueError:
        return ""
    ip = getattr(ip, "ipv4_mapped", None) or ip
    return str(ipaddress.ip_network((ip, 64), strict=False).network_address) if ip.version == 6 else str(ip)


@transaction.atomic
def attempt_begin(*, who: str, place: str, address: str, now: datetime) -> int:
    """Count one. Raises TooManyAttempts; give the id to `attempt_right` when it was no wrong one."""
    limits = LIMITS[0](now)
    net = network(address)
    _take_turns(who, net)
    since = now - limits.window
    mine = Attempt.objects.filter(who=who, at__gt=since)
    stops = [_full(mine.filter(place=place), limits.place)]
    if place != INSIDE and not place.startswith("device:"):
        stops.append(_full(mine, limits.name))
    if net:
        stops.append(_full(Attempt.objects.filter(address=net, at__gt=since), limits.address))
    if reached := [at for at in stops if at is not None]:
        raise TooManyAttempts(max(reached) + limits.window)
    return Attempt.objects.create(who=who, place=place, address=net, at=now).pk


def attempt_right(attempt_id: int) -> None:
    Attempt.objects.filter(pk=attempt_id).delete()


def attempts_forget(*, who: list[str]) -> int:
    """Lift the locks of these names; how many attempts are forgotten."""
    return Attempt.objects.filter(who__in=who).delete()[0]


def locked_until(*, who: str, now: datetime) -> datetime | None:
    """Until when somebody whom no browser knows is kept out under that name, wherever they are; None: not."""
    limits = LIMITS[0](now)
    mine = Attempt.objects.filter(who=who, at__gt=now - limits.window)
    places = mine.exclude(place=INSIDE).values_list("place", flat=True).distinct()
    stops = [_full(mine, limits.name), *(_full(mine.filter(place=place), limits.place) for place in places)]
    return max((at + limits.window for at in stops if at is not None), default=None)


def clear(*, now: datetime) -> int:
    return Attempt.objects.filter(at__lt=now - timedelta(days=1)).delete()[0]


def _full(rows: "models.QuerySet[Attempt]", limit: int) -> datetime | None:
    """When the attempt was made with whose end of the window there is room again; None: there is room."""
    return rows.order_by("-at").values_list("at", flat=True)[limit - 1 : limit].first()


def _take_turns(*names: str) -> None:
    """Whoever counts for one of these waits for the others' counting, in one order for all."""
    keys = {int.from_bytes(hashlib.sha256(name.encode()).digest()[:4], "big", signed=True) for name in names if name}
    with connection.cursor() as cursor:
        for key in sorted(keys):
            cursor.execute("SELECT pg_advisory_xact_lock(%s, %s)", [LOCKS, key])
