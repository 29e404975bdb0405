"""Events in (RTM-4): each is judged by itself, kept once, and waits as an `Arrival` to be worked in.

Accepted means committed: events and their arrival are one transaction. What is repeated changes nothing; the first to
come under an id is the one that counts.
"""

from __future__ import annotations

import json
from collections.abc import Sequence
from dataclasses import dataclass, field
from datetime import UTC, datetime, timedelta
from typing import Any

from django.db import connection, transaction
from django.utils.translation import gettext as _

from occ.errors import NotAllowed, Refused
from occ.ledger.services import record
from occ.people.actors import Actor, SystemActor
from occ.people.choices import Channel, Role
from occ.people.models import Site
from occ.people.scope import has_role, site_ids
from occ.times import in_reach
from realtime.choices import EventType
from realtime.deriving import agents, interactions
from realtime.models import Arrival, Source

KINDS = {str(one): one for one in EventType if one != EventType.WITHDRAWN}  # asked for each event
CHANNEL_CODES = frozenset(Channel.values)
SENDERS = frozenset({Role.IT, Role.RTFM, Role.WFM, Role.ADMINISTRATOR})
AHEAD = timedelta(minutes=5)
MOST_EVENTS = 5_000  # in one request
LONGEST = 16_384  # characters of one event
MOST_WAITING = 4_000  # arrivals: beyond that the source is asked to come again rather than pile up
ARRIVED = "occ_arrived"  # NOTIFY: something waits to be worked in
CHANNELS = {"phone": Channel.VOICE, "call": Channel.VOICE, "wa": Channel.WHATSAPP, "livechat": Channel.CHAT,
            "live_chat": Channel.CHAT, "mail": Channel.EMAIL, "videocall": Channel.VIDEO}  # fmt: skip


class Busy(Refused):
    """More waits than is worked in: come again later. Nothing was kept."""

    code = "busy"
    status = 429


@dataclass
class Rejected:
    index: int
    code: str
    message: str


@dataclass
class Taken:
    accepted: int = 0
    duplicates: int = 0
    rejected: list[Rejected] = field(default_factory=list)


@dataclass(frozen=True)
class Row:
    """A good event as the database takes it; `said` is the JSON of its columns."""

    source: str
    at: str
    said: str


class Bad(Exception):
    def __init__(self, code: str, message: str) -> None:
        super().__init__(message)
        self.code, self.message = code, message


def events_take(
    *,
    events: Sequence[Any],
    actor: Actor,
    now: datetime,
    said_before: dict[int, Rejected] | None = None,
    bounded: bool = True,
) -> Taken:
    """Keep the good ones; say of each bad one why. Raises NotAllowed and Busy, and then nothing was kept.

    `bounded`: refuse while too many wait; a file's rows all come at once. `said_before`: what was refused already, by
    index (a line that is no JSON).
    """
    must_send(actor)
    if bounded and Arrival.objects.filter(parked_at=None)[: MOST_WAITING + 1].count() > MOST_WAITING:
        raise Busy(_("Too many events wait to be worked in. Send these again in some seconds."))
    judge = Judge(actor, now)
    taken, rows = Taken(), []
    for index, one in enumerate(events):
        if said_before and index in said_before:
            taken.rejected.append(said_before[index])
            continue
        try:
            rows.append(judge.row(one))
        except Bad as bad:
            taken.rejected.append(Rejected(index, bad.code, bad.message))
    if rows:
        with transaction.atomic():
            kept = keep(rows, judge.sources(rows), now)
        taken.accepted, taken.duplicates = kept, len(rows) - kept
    return taken


def must_send(actor: Actor) -> None:
    if not (isinstance(actor, SystemActor) or has_role(actor, SENDERS)):
        raise NotAllowed


class Judge:
    """Whether an event can be, from this sender; sites and sources are asked for once."""

    def __init__(self, actor: Actor, now: datetime) -> None:
        self.actor, self.now = actor, now
        self.sites = dict(Site.objects.values_list("code", "pk"))
        self.allowed = None if isinstance(actor, SystemActor) else site_ids(actor, SENDERS)
        self.known: dict[str, Source] = {}
        self.foreign: set[str] = set()
        if self.allowed is not None:  # sources of all sites are everybody's
            others = Source.objects.exclude(site=None).exclude(site__in=self.allowed)
            self.foreign = set(others.values_list("code", flat=True))

    def row(self, event: Any) -> Row:
        if not isinstance(event, dict):
            raise Bad("not_an_object", _("An event is a JSON object."))
        source = text(event, "source", 40, needed=True)
        if source in self.foreign:
            raise Bad("source_not_allowed", _("This source belongs to another site."))
        event_id = text(event, "source_event_id", 120, needed=True)
        type_ = text(event, "type", 40, needed=True)
        agent, number = text(event, "agent", 80), text(event, "interaction_id", 120)
        parked = "" if type_ in KINDS else "unknown_type"
        if not parked:
            self.meaning(event, KINDS[type_], agent, number)
        self.site(event)
        at = instant(event, self.now).isoformat()
        columns = {
            "e": event_id, "q": whole(event, "seq"), "t": type_, "o": at, "a": agent, "p": parked,
            "i": number if parked or type_ in interactions.TYPES else "",
        }  # fmt: skip
        return Row(source, at, f'{json.dumps(columns)[:-1]}, "b": {kept_as(event)}}}')

    def site(self, event: dict[str, Any]) -> int | None:
        code = text(event, "site", 10)
        if code and code not in self.sites:
            raise Bad("unknown_site", _("There is no site %(code)s.") % {"code": code})
        if self.allowed is not None and (not code or self.sites[code] not in self.allowed):
            raise Bad("site_not_allowed", _("This sender may speak for its own sites only: name one in `site`."))
        return self.sites[code] if code else None

    def meaning(self, event: dict[str, Any], type_: EventType, agent: str, number: str) -> None:
        if type_ in agents.TYPES and not agent:
            raise Bad("agent_missing", _("This type of event needs `agent`."))
        if type_ == EventType.AGENT_STATE and not text(event, "state", 40):
            raise Bad("state_missing", _("This type of event needs `state`."))
        if type_ in interactions.TYPES:
            if not number:
                raise Bad("interaction_missing", _("This type of event needs `interaction_id`."))
            channel = text(event, "channel", 20).lower()
            if channel and (known := CHANNELS.get(channel, channel)) not in CHANNEL_CODES:
                raise Bad("unknown_channel", _("There is no channel %(code)s.") % {"code": known})
        if type_ == EventType.RECORD:
            try:
                interactions.of_record(interactions.Said(self.now, 0, "", type_, agent, event))
            except (KeyError, TypeError, ValueError, OverflowError) as error:
                raise Bad("record_invalid", _("The record's times or outcome cannot be read.")) from error

    def sources(self, rows: list[Row]) -> dict[str, int]:
        """Their keys; one that is not known yet is made, and the ledger says by whom."""
        codes = {row.source for row in rows}
        found = dict(Source.objects.filter(code__in=codes).values_list("code", "pk"))
        for code in sorted(codes - set(found)):
            only = next(iter(self.allowed)) if self.allowed and len(self.allowed) == 1 else None
            made, created = Source.objects.get_or_create(code=code, defaults={"name": code, "site_id": only})
            found[code] = made.pk
            if created:
                record(actor=self.actor, action="source.appeared", subject=made, data={"code": code}, now=self.now,
                       site=made.site)  # fmt: skip
        return found


def keep(rows: list[Row], sources: dict[str, int], now: datetime) -> int:
    """Write what is new; how many that were."""
    new = 0
    with connection.cursor() as cursor:
        for code in sorted(sources):
            mine = [row for row in rows if row.source == code]
            said, latest = f"[{','.join(row.said for row in mine)}]", max(row.at for row in mine)
            cursor.execute(KEEP, {"source": sources[code], "now": now, "rows": said, "latest": latest})
            new += cursor.fetchone()[0]
        cursor.execute("SELECT pg_notify(%s, '')", [ARRIVED])
    return new


# One statement: events, their arrival, and the source's sign of life.
KEEP = """
WITH came AS (
    INSERT INTO realtime_event (source_id, source_event_id, seq, type, occurred_at, received_at, agent, interaction,
                                parked, body)
    SELECT %(source)s, e, q, t, o, %(now)s, a, i, p, b
    FROM jsonb_to_recordset(%(rows)s::jsonb)
         AS r(e text, q bigint, t text, o timestamptz, a text, i text, p text, b jsonb)
    ON CONFLICT (source_id, source_event_id) DO NOTHING
    RETURNING id, parked
), waits AS (
    INSERT INTO realtime_arrival (source_id, received_at, events, error)
    SELECT %(source)s, %(now)s, array_agg(id ORDER BY id), '' FROM came WHERE parked = '' HAVING count(*) > 0
), heard AS (
    UPDATE realtime_source SET received_at = %(now)s, occurred_at = GREATEST(occurred_at, %(latest)s::timestamptz)
    WHERE id = %(source)s
)
SELECT count(*) FROM came
"""


def kept_as(event: dict[str, Any]) -> str:
    """The event as JSON that a database can keep."""
    try:
        said = json.dumps(event, ensure_ascii=False, allow_nan=False)
        said.encode()
    except (ValueError, RecursionError) as error:
        raise Bad("not_storable", _("The event holds what is no text or no number.")) from error
    if "\\u0000" in said.replace("\\\\", ""):
        raise Bad("not_storable", _("The event holds what is no text or no number."))
    if len(said) > LONGEST:
        raise Bad("too_large", _("An event has at most %(most)s characters.") % {"most": LONGEST})
    return said


def text(event: dict[str, Any], name: str, longest: int, *, needed: bool = False) -> str:
    value = event.get(name)
    if value is None or value == "":
        if needed:
            raise Bad(f"{name}_missing", _("`%(field)s` is missing.") % {"field": name})
        return ""
    if isinstance(value, bool) or not isinstance(value, str | int):
        raise Bad(f"{name}_invalid", _("`%(field)s` must be a text.") % {"field": name})
    value = str(value).strip()
    if len(value) > longest or "\x00" in value:
        raise Bad(f"{name}_invalid", _("`%(field)s` is too long, or holds what is no text.") % {"field": name})
    return value


def whole(event: dict[str, Any], name: str) -> int | None:
    value = event.get(name)
    if value is None:
        return None
    if isinstance(value, bool) or not isinstance(value, int) or abs(value) >= 2**63:
        raise Bad(f"{name}_invalid", _("`%(field)s` must be a whole number.") % {"field": name})
    return value


def instant(event: dict[str, Any], now: datetime) -> datetime:
    """ISO 8601 with a zone, to the millisecond."""
    value = event.get("occurred_at")
    if not isinstance(value, str) or not value:
        raise Bad("occurred_at_missing", _("`occurred_at` must be an instant as ISO 8601 with a time zone."))
    try:
        at = datetime.fromisoformat(value)
        at = at.astimezone(UTC) if at.tzinfo else at
    except (ValueError, OverflowError) as error:
        raise Bad("occurred_at_invalid", _("`occurred_at` must be an instant as ISO 8601 with a time zone.")) from error
    if at.tzinfo is None:
        raise Bad("occurred_at_invalid", _("`occurred_at` lacks its time zone."))
    if not in_reach(at):
        raise Bad("occurred_at_invalid", _("`occurred_at` is not possible."))
    if at > now + AHEAD:
        raise Bad("in_the_future", _("`occurred_at` lies more than five minutes ahead: the sender's clock is wrong."))
    return at.replace(microsecond=at.microsecond // 1000 * 1000)
