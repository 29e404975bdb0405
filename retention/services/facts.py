"""What a file's path and its sidecar say of a conversation (RET-1). Nothing is taken from times of files or uploads.

What cannot be meant is refused in words: a year out of reach, an end before its start, a number that is none.
"""

from __future__ import annotations

import json
import math
import unicodedata
from collections.abc import Iterator, Mapping, Sequence
from dataclasses import dataclass, replace
from datetime import datetime, timedelta
from typing import Any

from django.utils.translation import gettext as _

from occ.errors import Invalid
from occ.times import in_reach
from retention.choices import Channel
from retention.models import Source
from retention.services.matching import LONGEST, Matcher, TooSlow
from retention.storing import Shelf, Unreadable

ENDING = ".json"
SIDECAR_BYTES = 64 * 2**10
# No conversation takes longer: what says so was measured wrongly.
LONGEST_TALK = timedelta(days=30)
AHEAD = timedelta(days=1)  # for clocks that run ahead, and zones
CHANNELS = {str(one): one for one in Channel} | {
    "suara": Channel.VOICE, "telepon": Channel.VOICE, "call": Channel.VOICE, "phone": Channel.VOICE,
    "inbound": Channel.VOICE, "wa": Channel.WHATSAPP, "sosmed": Channel.SOCIAL, "social media": Channel.SOCIAL,
    "media sosial": Channel.SOCIAL, "instagram": Channel.SOCIAL, "facebook": Channel.SOCIAL,
    "twitter": Channel.SOCIAL, "e-mail": Channel.EMAIL, "surel": Channel.EMAIL, "livechat": Channel.CHAT,
    "live chat": Channel.CHAT, "webchat": Channel.CHAT, "video call": Channel.VIDEO, "vicall": Channel.VIDEO,
}  # fmt: skip
TEXTS = {"id": 120, "agent": 80, "channel": 40, "customer": 120, "sha256": 64}


@dataclass(frozen=True)
class Facts:
    """A conversation as its source describes it; `agent` and `customer` in the source's words."""

    external_id: str
    path: str
    channel: str
    started_at: datetime
    ended_at: datetime
    size: int
    agent: str = ""
    customer: str = ""
    sha256: str = ""
    fingerprint: str = ""


@dataclass(frozen=True)
class File:
    """As a source lists it; `odd`: why it is no file that could be a conversation."""

    path: str
    size: int
    fingerprint: str
    odd: str = ""


@dataclass(frozen=True)
class Read:
    """A file with what was read out of its path and sidecar, or why nothing was."""

    path: str
    facts: Facts | None
    why: str = ""


def understood(
    source: Source, shelf: Shelf, matcher: Matcher, files: Sequence[File], *, now: datetime
) -> Iterator[Read]:
    """Each file as the source's pattern and its sidecar read it, in their order. Raises PlaceAway."""
    fitting = [one for one in files if not one.odd and plain(one.path)]
    groups = dict(zip((one.path for one in fitting), matcher.match([one.path for one in fitting]), strict=True))
    for one in files:
        try:
            yield Read(one.path, _facts(source, shelf, one, groups.get(one.path), now))
        except Invalid as refusal:
            yield Read(one.path, None, str(refusal))


def _facts(source: Source, shelf: Shelf, one: File, groups: dict[str, str] | TooSlow | None, now: datetime) -> Facts:
    if one.odd or not plain(one.path):
        raise Invalid(one.odd or _("Its name holds characters that cannot be kept."))
    if isinstance(groups, TooSlow):
        raise Invalid(_("The pattern of paths does not come to an end on it."))
    beside = _sidecar(shelf, one.path) if source.sidecar else None
    if groups is None and beside is None:
        raise Invalid(_("Its path does not fit the source's pattern."))
    return facts_of(source, one.path, groups or {}, beside, size=one.size, fingerprint=one.fingerprint, now=now)


def _sidecar(shelf: Shelf, path: str) -> dict[str, Any] | None:
    content = b""
    try:
        for piece in shelf.read(path + ENDING, SIDECAR_BYTES + 1):
            content += piece
            if len(content) > SIDECAR_BYTES:
                break
    except FileNotFoundError:
        return None
    except Unreadable as error:
        raise Invalid(_("The .json beside it cannot be read: %(why)s") % {"why": error}) from error
    return sidecar_of(content)


def facts_of(
    source: Source, path: str, groups: Mapping[str, Any], sidecar: Mapping[str, Any] | None, *, size: int,
    fingerprint: str, now: datetime,
) -> Facts:  # fmt: skip
    """Raises Invalid in words. What the sidecar says goes before the path's groups."""
    said = {**groups, **{key: value for key, value in (sidecar or {}).items() if value not in (None, "")}}
    texts = {name: text(said.get(name), name, most) for name, most in TEXTS.items()}
    start = instant(said.get("start"), source, "start")
    end = said.get("end")
    seconds = said.get("seconds")
    if sidecar and "seconds" in sidecar and "end" not in sidecar:  # the path's end is the older word
        end = None
    ended_at = instant(end, source, "end") if end not in (None, "") else start + length(seconds)
    return checked(
        Facts(
            external_id=texts["id"], path=path, channel=channel_of(texts["channel"], source), started_at=start,
            ended_at=ended_at, size=size, agent=texts["agent"], customer=texts["customer"],
            sha256=texts["sha256"].lower(), fingerprint=fingerprint,
        ),
        now=now,
    )  # fmt: skip


def checked(facts: Facts, *, now: datetime) -> Facts:
    """What must hold wherever a record comes from: a scan, the API, a spreadsheet. Raises Invalid with its field."""
    if not facts.external_id:
        raise Invalid(_("It has no ID."), field="external_id")
    if not facts.path or len(facts.path) > LONGEST or not plain(facts.path):
        raise Invalid(_("The path is empty, too long or holds characters that cannot be kept."), field="path")
    if facts.path.startswith("/") or any(part in ("", ".", "..") for part in facts.path.split("/")):
        raise Invalid(_("The path does not lie below the source's address."), field="path")
    for name, value in (("started_at", facts.started_at), ("ended_at", facts.ended_at)):
        if not in_reach(value):
            raise Invalid(_("The year %(year)s cannot be meant.") % {"year": value.year}, field=name)
        if value > now + AHEAD:
            raise Invalid(_("It lies in the future."), field=name)
    if facts.ended_at < facts.started_at:
        raise Invalid(_("It ended before it began."), field="ended_at")
    if facts.ended_at - facts.started_at > LONGEST_TALK:
        raise Invalid(_("No conversation takes longer than 30 days."), field="ended_at")
    if not 0 <= facts.size < 2**63:
        raise Invalid(_("The size is not possible."), field="size")
    if facts.sha256 and (len(facts.sha256) != 64 or set(facts.sha256) - set("0123456789abcdef")):
        raise Invalid(_("The SHA-256 is none: 64 digits from 0 to f."), field="sha256")
    return replace(facts, agent=facts.agent.strip(), customer=facts.customer.strip())


def sidecar_of(content: bytes) -> dict[str, Any]:
    """What lies beside the file, as it is. Raises Invalid in words."""
    if len(content) > SIDECAR_BYTES:
        raise Invalid(_("The .json beside it is larger than 64 KiB."))
    try:
        found = json.loads(content.decode(), parse_constant=no_number)
    except UnicodeDecodeError as error:
        raise Invalid(_("The .json beside it is not UTF-8.")) from error
    except (ValueError, RecursionError) as error:
        raise Invalid(_("The .json beside it is no JSON.")) from error
    if not isinstance(found, dict):
        raise Invalid(_("The .json beside it holds no object."))
    return found


def no_number(word: str) -> None:
    raise ValueError(word)  # NaN and Infinity, which JSON does not know


def plain(value: str) -> bool:
    """Whether a database and a page can hold it: no control characters, no half of a character."""
    return value.isprintable() or not any(unicodedata.category(char) in {"Cc", "Cs", "Cn"} for char in value)


def text(value: Any, name: str, most: int) -> str:
    if value is None:
        return ""
    if isinstance(value, bool) or not isinstance(value, str | int):
        raise Invalid(_("%(name)s is no text.") % {"name": name}, field=name)
    if isinstance(value, int) and abs(value) >= 10**40:  # before it is written out, which takes its square in time
        raise Invalid(_("%(name)s is longer than %(n)s characters.") % {"name": name, "n": most}, field=name)
    found = str(value).strip()
    if len(found) > most:
        raise Invalid(_("%(name)s is longer than %(n)s characters.") % {"name": name, "n": most}, field=name)
    if not plain(found):
        raise Invalid(_("%(name)s holds characters that cannot be kept.") % {"name": name}, field=name)
    return found


def instant(value: Any, source: Source, name: str) -> datetime:
    """By the source's format, or ISO 8601; without a zone it is the site's. Raises Invalid."""
    if value in (None, ""):
        raise Invalid(_("When it began is not said."), field=name)
    if not isinstance(value, str) or len(value) > 60:
        raise Invalid(_("%(name)s is no time.") % {"name": name}, field=name)
    try:
        try:
            found = datetime.strptime(value, source.time_format)  # noqa: DTZ007 - the zone follows
        except ValueError:
            found = datetime.fromisoformat(value)
        found = found if found.tzinfo else found.replace(tzinfo=source.site.zone)
        found.timestamp()  # the year 1 west of Greenwich is none
    except (ValueError, OverflowError) as error:
        words = _("%(name)s “%(value)s” does not fit the format of times.")
        raise Invalid(words % {"name": name, "value": value[:40]}, field=name) from error
    return found


def length(value: Any) -> timedelta:
    """Seconds as a number or as text; 0 where nothing is said. Raises Invalid."""
    if value in (None, ""):
        return timedelta(0)
    if isinstance(value, bool) or not isinstance(value, int | float | str) or len(str(value)[:60]) > 40:
        raise Invalid(_("The length is no number of seconds."), field="seconds")
    try:
        found = float(value)
    except (ValueError, OverflowError) as error:
        raise Invalid(_("The length is no number of seconds."), field="seconds") from error
    if not math.isfinite(found) or found < 0:
        raise Invalid(_("The length is no number of seconds."), field="seconds")
    if found > LONGEST_TALK.total_seconds():
        raise Invalid(_("No conversation takes longer than 30 days."), field="seconds")
    return timedelta(seconds=found)


def channel_of(word: str, source: Source) -> str:
    """What the path says, else what the source is for. Raises Invalid."""
    if not word:
        if source.channel:
            return source.channel
        raise Invalid(_("On which channel is not said, neither by the path nor by the source."), field="channel")
    found = CHANNELS.get(" ".join(word.casefold().replace("_", " ").split()))
    if found is None:
        raise Invalid(_("There is no channel “%(name)s”.") % {"name": word}, field="channel")
    return str(found)
