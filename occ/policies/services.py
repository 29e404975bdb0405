import json
from collections.abc import Collection
from datetime import UTC, date, datetime, timedelta
from typing import Any

from django.db import IntegrityError, connection, transaction
from django.db.models import Count, Max
from django.utils.translation import gettext as _
from django.utils.translation import gettext_noop

from occ.errors import Invalid, NotAllowed, WrongState
from occ.ledger.services import record
from occ.people.models import Site, User
from occ.people.scope import site_ids
from occ.policies.models import Policy, TakenBack
from occ.policies.registry import DEFINITIONS
from occ.texts import kept
from occ.times import JAKARTA, end_of_day, local_day, start_of_day

ALWAYS = datetime(2000, 1, 1, tzinfo=UTC)
LONGEST_REASON = 300
# Nearly every rule asks for a value, some of them many times: the statement is written once and not drawn up each time.
HOLDS = """
    SELECT value FROM policies_policy AS held
    WHERE key = %(key)s AND valid_from <= %(at)s AND (site_id IS NULL OR site_id = %(site)s)
      AND id IS DISTINCT FROM %(apart)s
      AND NOT EXISTS (SELECT 1 FROM policies_takenback WHERE policy_id = held.id)
    ORDER BY site_id NULLS LAST, valid_from DESC LIMIT 1"""


def policy_value(key: str, *, at: datetime, site: Site | None = None) -> Any:
    """The value that holds at that instant, for that site. KeyError for a policy nobody registered."""
    return _value(key, at, site)


def value_without(policy: Policy) -> Any:
    """What would hold on the day that row begins, for its site or for all, if it were taken back: by the end of it, as
    what is planned for one day may be corrected."""
    over = end_of_day(local_day(policy.valid_from, JAKARTA), JAKARTA)
    return _value(policy.key, over - timedelta(microseconds=1), policy.site, apart_from=policy.pk)


def _value(key: str, at: datetime, site: Site | None, *, apart_from: int | None = None) -> Any:
    default = DEFINITIONS[key].default
    asked = {"key": key, "at": at, "site": site.pk if site else None, "apart": apart_from}
    with connection.cursor() as cursor:
        cursor.execute(HOLDS, asked)
        row = cursor.fetchone()
    return default if row is None else json.loads(row[0])


class Values:
    """Several policies as they hold at one instant, of all sites, by one query."""

    def __init__(self, keys: Collection[str], *, at: datetime) -> None:
        rows = Policy.objects.standing().filter(key__in=keys, valid_from__lte=at).order_by("valid_from")
        self.found: dict[tuple[str, int | None], Any] = {
            (key, site_id): value for key, site_id, value in rows.values_list("key", "site_id", "value")
        }

    def __call__(self, key: str, site_id: int | None = None) -> Any:
        default = self.found.get((key, None), DEFINITIONS[key].default)
        return self.found.get((key, site_id), default)


def install_defaults() -> None:
    """Write the first row of every registered policy that has none."""
    present = set(Policy.objects.filter(valid_from=ALWAYS, site=None).values_list("key", flat=True))
    Policy.objects.bulk_create(
        [
            Policy(
                key=d.key,
                value=d.default,
                valid_from=ALWAYS,
                set_at=ALWAYS,
                reason=kept(gettext_noop("As the procedure says: %(clause)s"), clause=d.clause),
            )
            for d in DEFINITIONS.values()
            if d.key not in present
        ],
        ignore_conflicts=True,
    )


def policy_begins(key: str, *, day: date, site: Site | None, now: datetime) -> datetime:
    """From when on a policy that is to hold from `day` holds: at once, else from when that day begins there.

    What begins on that day already is followed by it, so that a plan can be corrected before its day. A day in the
    past gives an instant in the past, which `policy_set` refuses.
    """
    zone = site.zone if site else JAKARTA
    if day == local_day(now, zone):
        return now
    begins = start_of_day(day, zone)
    planned = Policy.objects.filter(key=key, site=site, valid_from__gte=begins, valid_from__lt=end_of_day(day, zone))
    last = planned.aggregate(last=Max("valid_from"))["last"]
    return begins if last is None else last + timedelta(milliseconds=1)


def policy_last(key: str) -> int:
    """A number that grows with each row of the policy, whichever site it is for and whenever it begins, and with each
    that is taken back; 0 for none."""
    found = Policy.objects.filter(key=key).aggregate(last=Max("pk"), back=Count("taken_back"))
    return (found["last"] or 0) + found["back"]


def _same(key: str, value: Any, other: Any) -> bool:
    """Ticked codes are the same in any order; rows are not."""
    return set(value) == set(other) if DEFINITIONS[key].choices else bool(value == other)


def may_set(actor: User, key: str, site: Site | None) -> bool:
    allowed = site_ids(actor, DEFINITIONS[key].setters)
    return allowed is None or (site is not None and site.pk in allowed)


def _say_why(reason: str) -> None:
    if not reason.strip():
        raise Invalid(_("Say why the policy changes."), field="reason")
    if len(reason) > LONGEST_REASON:
        words = _("This is longer than %(n)s characters.") % {"n": LONGEST_REASON}
        raise Invalid(words, field="reason", code="too_long")


def _locked(key: str) -> None:
    """One changes it at a time."""
    Policy.objects.select_for_update(no_key=True).filter(key=key).order_by("pk").first()


@transaction.atomic
def policy_set(
    *, key: str, value: Any, valid_from: datetime, reason: str, site: Site | None, seen: int | None = None,
    actor: User, now: datetime,
) -> Policy:  # fmt: skip
    """Set a policy from an instant on, not in the past: what was judged stays judged.

    `seen`: the policy's last row that the actor has looked at (`policy_last`); one that came since is not overwritten
    unread. Raises NotAllowed, Invalid, WrongState.
    """
    if not may_set(actor, key, site):
        raise NotAllowed
    if site is not None and DEFINITIONS[key].everywhere:
        raise Invalid(_("This policy holds for all sites."), field="site")
    _say_why(reason)
    if valid_from < now:
        raise Invalid(_("A policy cannot change the past."), field="valid_from")
    try:
        DEFINITIONS[key].valid(value)
    except (ValueError, TypeError) as error:
        words = _("This value does not fit the policy: %(why)s.") % {"why": error}
        if DEFINITIONS[key].length:
            within = _("This value does not fit the policy: %(why)s (in %(unit)s).")
            words = within % {"why": error, "unit": DEFINITIONS[key].unit}
        raise Invalid(words, field="value") from error
    _locked(key)
    if seen is not None and seen != policy_last(key):
        words = _("Somebody has changed this policy meanwhile. Load the page anew and look at what holds now.")
        raise WrongState(words, code="changed")
    # A site may fix what holds for all today: it is its own then, whatever holds for all later.
    own = site is None or Policy.objects.standing().filter(key=key, site=site, valid_from__lte=valid_from).exists()
    if own and _same(key, value, policy_value(key, at=valid_from, site=site)):
        words = _("From then on this value holds already, so nothing would change. Enter the one that is to hold.")
        raise Invalid(words, field="value", code="unchanged")
    try:
        with transaction.atomic():
            policy = Policy.objects.create(
                key=key, site=site, value=value, valid_from=valid_from, reason=reason, set_by=actor, set_at=now
            )
    except IntegrityError as error:
        raise Invalid(_("For this instant it is set already."), field="valid_from", code="set_already") from error
    data = {"key": key, "value": value, "valid_from": valid_from, "reason": reason}
    record(actor=actor, action="policy.set", subject=policy, data=data, now=now, site=site)
    return policy


@transaction.atomic
def policy_take_back(*, policy_id: int, reason: str, actor: User, now: datetime) -> TakenBack:
    """A planned row will not hold: from its day on what held before it does. It stays in the history.

    Raises NotAllowed, Invalid (no reason), WrongState (it has begun, or is taken back already).
    """
    policy = Policy.objects.select_related("site").get(pk=policy_id)
    if not may_set(actor, policy.key, policy.site):
        raise NotAllowed
    _say_why(reason)
    _locked(policy.key)
    if policy.valid_from <= now:
        raise WrongState(_("It holds already: what was judged by it stays judged. Set another value instead."))
    if not Policy.objects.standing().filter(pk=policy.pk).exists():
        raise WrongState(_("It is taken back already."))
    made = TakenBack.objects.create(policy=policy, reason=reason.strip(), by=actor, at=now)
    data = {"key": policy.key, "value": policy.value, "valid_from": policy.valid_from, "reason": made.reason}
    record(actor=actor, action="policy.taken_back", subject=policy, data=data, now=now, site=policy.site)
    return made
