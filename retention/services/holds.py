"""Legal holds (RET-12): set, widened, extended, lifted, over; and which records they cover.

A hold counts from the instant at which it is committed: who sets, widens or extends one takes HOLD_LOCK alone, the
deletion takes it shared for each chunk and asks again inside (`holds_lock`), so that no record is deleted between a
hold and its notice.
"""

import contextlib
import re
from collections.abc import Iterable, Iterator, Sequence
from dataclasses import dataclass
from datetime import date, datetime, timedelta
from typing import Any

from django.db import DatabaseError, connection, transaction
from django.db.models import Exists, OuterRef, Q
from django.dispatch import Signal
from django.utils.translation import gettext as _
from django.utils.translation import gettext_noop

from occ.encryption import Shut
from occ.errors import Invalid, NotAllowed, WrongState
from occ.ledger.services import record
from occ.people.actors import BEAT, Actor
from occ.people.history import sign
from occ.people.identities import Holders
from occ.people.models import Person, Site, User
from occ.people.scope import has_role
from occ.policies.services import policy_value
from occ.texts import kept
from occ.times import in_reach, local_day, start_of_day
from retention.choices import HoldReason, RecordKind
from retention.holding import notices
from retention.marks import customer_mark
from retention.models import Hold, HoldRecord, MonthFigures, Record
from retention.models.holds import HoldQuerySet
from retention.models.records import RecordQuerySet
from retention.personal import HOLDERS, UNMASKED
from retention.policies import HOLD_NOTICE_DAYS

HOLD_LOCK = 0x0CC_401D
MOST_NAMED = 20_000
COUNTED = 100_000
SOME = 2_000
NUMBERED = re.compile(r"#[1-9]\d{0,17}", re.ASCII)
# Sent with hold, actor and now inside the transaction that sets it: open proposals let go of what it covers.
hold_was_set = Signal()


@dataclass(frozen=True, kw_only=True)
class Scope:
    """What a hold is to cover: all that is named must be met. `records`: keys of the records it is limited to."""

    site: Site
    kind: str = ""
    agent: Person | None = None
    without_agent: bool = False  # of the agent, also records whose agent nobody knew
    customer: str = ""
    first_day: date | None = None
    last_day: date | None = None
    records: Sequence[int] | None = None

    def unsaved(self) -> Hold:
        return Hold(
            site=self.site, kind=self.kind, agent=self.agent, customer=self.customer.strip(),
            customer_mark=customer_mark(self.customer), without_agent=self.without_agent,
            first_day=self.first_day, last_day=self.last_day,
            begins_at=start_of_day(self.first_day, self.site.zone) if self.first_day else None,
            ends_at=start_of_day(self.last_day + timedelta(days=1), self.site.zone) if self.last_day else None,
            named=self.records is not None,
        )  # fmt: skip


def holds_lock(*, shared: bool) -> None:
    """To the end of the transaction. Shared: no hold is set meanwhile, so that what is asked of holds stays true."""
    with connection.cursor() as cursor:
        cursor.execute(f"SELECT pg_advisory_xact_lock{'_shared' if shared else ''}(%s)", [HOLD_LOCK])


@contextlib.contextmanager
def holds_kept_out() -> Iterator[None]:
    """Until this ends nobody sets a hold; whoever is about to, is waited for. No transaction is needed around it."""
    with connection.cursor() as cursor:
        cursor.execute("SELECT pg_advisory_lock_shared(%s)", [HOLD_LOCK])
    try:
        yield
    finally:
        with contextlib.suppress(DatabaseError), connection.cursor() as cursor:
            cursor.execute("SELECT pg_advisory_unlock_shared(%s)", [HOLD_LOCK])


def may_hold(user: User, site: Site | None = None) -> bool:
    return has_role(user, HOLDERS, site=site)


# Which records --------------------------------------------------------------------------------------------------------


def covered(scope: Scope) -> RecordQuerySet:
    """The records that a hold of this scope would cover, less those destroyed."""
    hold = scope.unsaved()
    return _within(hold, _named(scope)).filter(_of_agent(hold))


def covered_by(hold: Hold) -> RecordQuerySet:
    """The records that a hold covers, in force or not, less those destroyed."""
    return _within(hold, _named(hold)).filter(_of_agent(hold))


def agentless(of: Scope | Hold) -> RecordQuerySet:
    """The records of all that is named but the agent, of which nobody knew the agent when they were catalogued.

    Some of them may be the agent's: a hold covers them only if it says so (`without_agent`).
    """
    return _within(of.unsaved() if isinstance(of, Scope) else of, _named(of)).filter(agent=None)


def _named(of: Scope | Hold) -> Q:
    if isinstance(of, Scope):
        return Q(pk__in=of.records) if of.records is not None else Q()
    return Q(Exists(HoldRecord.objects.filter(hold=of, record=OuterRef("pk")))) if of.named else Q()


def _of_agent(hold: Hold) -> Q:
    if not hold.agent_id:
        return Q()
    return Q(agent=hold.agent_id) | Q(agent=None) if hold.without_agent else Q(agent=hold.agent_id)


def _within(hold: Hold, named: Q) -> RecordQuerySet:
    rows = Record.objects.kept().filter(named, site=hold.site)
    if hold.kind:
        rows = rows.filter(kind=hold.kind)
    if hold.customer_mark:
        rows = rows.filter(customer_mark=hold.customer_mark)
    if hold.begins_at:
        rows = rows.filter(ended_at__gte=hold.begins_at)
    if hold.ends_at:
        rows = rows.filter(started_at__lt=hold.ends_at)
    return rows


def holds_of(one: Record, day: date) -> HoldQuerySet:
    """What keeps this record on that day of its site."""
    return Hold.objects.in_force(day).over(one).select_related("set_by", "site").order_by("set_at", "pk")


def held(day: date) -> Exists:
    """Condition on records: a hold covers them on that day."""
    return Exists(Hold.objects.in_force(day).covering())


def counted(rows: RecordQuerySet) -> tuple[int, bool]:
    """How many, and whether they are more than what is counted on a page."""
    found = rows.order_by()[: COUNTED + 1].count()
    return min(found, COUNTED), found > COUNTED


def records_named(*, site: Site, ids: Iterable[str]) -> tuple[list[int], list[str]]:
    """The site's kept records with these IDs at their sources (of one ID in two sources both), and the unknown IDs.

    `#12`: the record of that number, for whom its ID is masked.
    """
    wanted = list(dict.fromkeys(one for text in ids if (one := text.replace("\x00", "").strip())))
    found: list[int] = []
    known: set[str] = set()
    for i in range(0, len(wanted), SOME):
        rows = Record.objects.kept().filter(site=site, external_id__in=wanted[i : i + SOME])
        for pk, name in rows.values_list("pk", "external_id"):
            found.append(pk)
            known.add(name)
    by_number = {int(one[1:]): one for one in wanted if one not in known and NUMBERED.fullmatch(one)}
    for pk in Record.objects.kept().filter(site=site, pk__in=by_number).values_list("pk", flat=True):
        found.append(pk)
        known.add(by_number[pk])
    return sorted(set(found)), [one for one in wanted if one not in known]


# Deeds ----------------------------------------------------------------------------------------------------------------


@transaction.atomic
def hold_set(*, scope: Scope, reason: str, note: str, until: date | None, actor: Actor, now: datetime) -> Hold:
    """Keep what the scope covers from destruction, from now on; open proposals let go of it.

    Raises NotAllowed, Invalid.
    """
    if not isinstance(actor, User) or not may_hold(actor, scope.site):
        raise NotAllowed
    if reason not in HoldReason.values:
        raise Invalid(_("Choose the reason."), field="reason")
    if not note.strip():
        raise Invalid(_("Say what it is for."), field="note")
    if until is not None and (not in_reach(until) or until < local_day(now, scope.site.zone)):
        raise Invalid(_("Its last day is past already."), field="until")
    scope_check(scope)
    holds_lock(shared=False)  # before any row: a deletion holds it shared while it waits for rows
    recognised = _recognised(scope.agent, scope.site) if scope.agent is not None else []
    hold = scope.unsaved()
    hold.number, hold.reason, hold.note, hold.until = _number(scope.site, now), reason, note.strip()[:300], until
    hold.set_by, hold.set_at = actor, now
    sign(hold, actor, kept(gettext_noop("Set")), now=now)
    hold.save(force_insert=True)
    _name(hold, scope)
    record(actor=actor, action="hold.set", subject=hold, data=_facts(hold, scope), now=now, site=hold.site)
    if recognised:
        data = {"number": hold.number, "agent": hold.agent.number, "records": recognised}  # type: ignore[union-attr]
        record(actor=actor, action="hold.agent_recognised", subject=hold, data=data, now=now, site=hold.site)
    _touch(hold)
    hold_was_set.send(sender=Hold, hold=hold, actor=actor, now=now)
    return hold


@transaction.atomic
def hold_widen(*, hold_id: int, note: str, actor: Actor, now: datetime) -> Hold:
    """Let it cover the records without an agent too; open proposals let go of them.

    Raises NotAllowed, WrongState (over; of no agent; it does so already), Invalid (no note).
    """
    holds_lock(shared=False)
    hold = _standing(hold_id, actor, now)
    if not note.strip():
        raise Invalid(_("Say why."), field="note")
    if hold.agent_id is None or hold.without_agent:
        raise WrongState(_("It covers records without an agent already."))
    hold.without_agent = True
    sign(hold, actor, note.strip(), now=now)
    hold.save(update_fields=["without_agent"])
    data = {"number": hold.number, "without_agent": True}
    record(actor=actor, action="hold.widened", subject=hold, data=data, now=now, site=hold.site)
    _touch(hold)
    hold_was_set.send(sender=Hold, hold=hold, actor=actor, now=now)
    return hold


@transaction.atomic
def hold_extend(*, hold_id: int, until: date | None, note: str, actor: Actor, now: datetime) -> Hold:
    """Let it last longer; None: until it is lifted. Raises NotAllowed, WrongState (over), Invalid (not longer)."""
    holds_lock(shared=False)
    hold = _standing(hold_id, actor, now)
    if not note.strip():
        raise Invalid(_("Say why."), field="note")
    if hold.until is None:
        raise WrongState(_("It has no end: it holds until it is lifted."))
    if until is not None and (not in_reach(until) or until <= hold.until):
        raise Invalid(
            _("The new last day must be later than the present one. To end it sooner, lift it."), field="until"
        )
    was, hold.until = hold.until, until
    sign(hold, actor, note.strip(), now=now)
    hold.save(update_fields=["until"])
    data = {"number": hold.number, "was": was, "until": until}
    record(actor=actor, action="hold.extended", subject=hold, data=data, now=now, site=hold.site)
    return hold


@transaction.atomic
def hold_lift(*, hold_id: int, because: str, actor: Actor, now: datetime) -> Hold:
    """What it covered may be proposed again. Raises NotAllowed, WrongState (over), Invalid (no reason)."""
    hold = _standing(hold_id, actor, now)
    if not because.strip():
        raise Invalid(_("Say why it is lifted."), field="because")
    assert isinstance(actor, User)
    hold.lifted_by, hold.lifted_at, hold.lifted_because = actor, now, because.strip()[:300]
    sign(hold, actor, because.strip(), now=now)
    hold.save(update_fields=["lifted_by", "lifted_at", "lifted_because"])
    record(actor=actor, action="hold.lifted", subject=hold, data={"number": hold.number}, now=now, site=hold.site)
    _touch(hold)
    return hold


@transaction.atomic
def hold_customer(*, hold_id: int, actor: Actor, now: datetime) -> str:
    """Whose records it covers, in full, and the entry that somebody looked. Raises NotAllowed, WrongState (no key)."""
    hold = Hold.objects.select_related("site").get(pk=hold_id)
    if not isinstance(actor, User) or not has_role(actor, UNMASKED, site=hold.site):
        raise NotAllowed
    if isinstance(hold.customer, Shut):
        raise WrongState(_("The customer cannot be read: the key is missing. Team IT knows which keys there were."))
    record(
        actor=actor, action="hold.customer_seen", subject=hold, data={"number": hold.number}, now=now, site=hold.site
    )
    return hold.customer


def holds_watch(*, now: datetime) -> int:
    """Beat: tell of holds that end soon, and write down those that have ended; how many. Each once."""
    count = 0
    for site in Site.objects.all():
        today = local_day(now, site.zone)
        soon = today + timedelta(days=policy_value(HOLD_NOTICE_DAYS, at=now, site=site))
        standing = Hold.objects.in_force(today).filter(site=site, until__lte=soon)
        for hold in standing.select_related("site", "set_by"):
            count += notices.tell_of_end(hold, now=now)
        over = Hold.objects.over_by(today).filter(site=site, expired_at=None)
        count += sum(_expire(pk, now) for pk in over.values_list("pk", flat=True))
    return count


@transaction.atomic
def _expire(pk: int, now: datetime) -> bool:
    hold = Hold.objects.select_for_update(of=("self",), no_key=True).select_related("site", "set_by").get(pk=pk)
    if hold.expired_at or hold.lifted_at or hold.stands_on(local_day(now, hold.site.zone)):
        return False  # somebody was quicker
    hold.expired_at = now
    sign(hold, BEAT, kept(gettext_noop("Its last day is past")), now=now)
    hold.save(update_fields=["expired_at"])
    data = {"number": hold.number, "until": hold.until}
    record(actor=BEAT, action="hold.ended", subject=hold, data=data, now=now, site=hold.site)
    _touch(hold)
    notices.tell_of_ended(hold, now=now)
    return True


def _standing(hold_id: int, actor: Actor, now: datetime) -> Hold:
    hold = Hold.objects.select_for_update(of=("self",), no_key=True).select_related("site").get(pk=hold_id)
    if not isinstance(actor, User) or not may_hold(actor, hold.site):
        raise NotAllowed
    if not hold.stands_on(local_day(now, hold.site.zone)):
        raise WrongState(_("This hold is over. Set a new one if it is needed."))
    return hold


def scope_check(scope: Scope) -> None:
    """Raises Invalid: it names nothing, or what cannot be."""
    if scope.kind not in {"", *RecordKind.values}:
        raise Invalid(_("There is no such kind."), field="kind")
    if scope.customer.strip() and not customer_mark(scope.customer):
        raise Invalid(_("This is no customer's name or number."), field="customer")
    if scope.without_agent and scope.agent is None:
        raise Invalid(_("Name the agent: without one, records without an agent are covered anyway."), field="agent")
    for field in ("first_day", "last_day"):
        day = getattr(scope, field)
        if day is not None and not in_reach(day):
            raise Invalid(_("This date is not possible."), field=field)
    if scope.first_day and scope.last_day and scope.last_day < scope.first_day:
        raise Invalid(_("The period ends before it begins."), field="last_day")
    if scope.records is None and not (scope.agent or scope.customer.strip() or scope.first_day or scope.last_day):
        raise Invalid(
            _("Name records, an agent, a customer or a period: a hold over all of a site is a matter of the schedule."),
            code="no_scope",
        )
    if scope.records is not None:
        _check_records(scope.site, scope.records)


def _check_records(site: Site, pks: Sequence[int]) -> None:
    if not pks:
        raise Invalid(_("None of these records is known at this site."), field="ids")
    if len(pks) > MOST_NAMED:
        words = _("At most %(n)s records can be named; name a period or an agent instead.")
        raise Invalid(words % {"n": MOST_NAMED}, field="ids")
    if Record.objects.kept().filter(site=site, pk__in=pks).count() != len(set(pks)):
        raise Invalid(_("Some of these records are not of this site, or destroyed."), field="ids")


def _number(site: Site, now: datetime) -> str:
    """The next of the site and year; HOLD_LOCK is held, and holds never go."""
    prefix = f"HOLD-{site.code}-{local_day(now, site.zone).year}-"
    last = Hold.objects.filter(number__startswith=prefix).order_by("-pk").values_list("number", flat=True).first()
    return f"{prefix}{int(last.removeprefix(prefix)) + 1 if last else 1:04}"


def _recognised(agent: Person, site: Site) -> list[int]:
    """Records that were catalogued before this person was known bear only what their source calls them.

    Theirs are those under the employee number, or under a name that they held when the conversation began: names go
    from one to another (UID-1), so that nobody is told by the address of today. Returns the records' keys.
    """
    unknown = Record.objects.kept().filter(site=site, agent=None).exclude(agent_label="")
    held = Holders(unknown.order_by().values_list("agent_label", flat=True).distinct()).held.values()
    called = Q(agent_label__iexact=agent.number) if agent.number else Q(pk__in=[])
    for one in (one for some in held for one in some if one.person_id == agent.pk and one.name != agent.number):
        since = Q(started_at__gte=one.starts_at) if one.starts_at else Q()
        until = Q(started_at__lt=one.ends_at) if one.ends_at else Q()
        called |= Q(agent_label__iexact=one.name) & since & until
    rows = unknown.filter(called).order_by("pk")
    found = list(rows.select_for_update(of=("self",), no_key=True).values_list("pk", flat=True))
    Record.objects.filter(pk__in=found).update(agent=agent)
    return found


def _name(hold: Hold, scope: Scope) -> None:
    rows = [HoldRecord(hold=hold, record_id=pk) for pk in dict.fromkeys(scope.records or ())]
    HoldRecord.objects.bulk_create(rows, batch_size=SOME)


def _facts(hold: Hold, scope: Scope) -> dict[str, Any]:
    """For the ledger, which never forgets: no customer, and not the words of the note."""
    return {
        "number": hold.number, "reason": hold.reason, "kind": hold.kind, "first_day": hold.first_day,
        "agent": hold.agent.number if hold.agent else "", "of_a_customer": bool(hold.customer_mark),
        "without_agent": hold.without_agent,
        "last_day": hold.last_day, "named": len(scope.records) if scope.records is not None else None,
        "until": hold.until,
    }  # fmt: skip


def _touch(hold: Hold) -> None:
    """The months whose figures it changes."""
    first, last = hold.first_day, hold.last_day
    MonthFigures.objects.touched(site_id=hold.site_id, kind=hold.kind, first=first, last=last)
