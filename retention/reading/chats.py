"""A chat's file as a conversation, whatever it holds: JSON lines, a JSON list, or lines of text. Never raises."""

import json
import re
from collections.abc import Iterator
from dataclasses import dataclass
from datetime import UTC, datetime
from typing import Any
from zoneinfo import ZoneInfo

from occ.times import in_reach

MOST_BYTES = 16 * 2**20
HEAD_BYTES = 4_096
MOST_MESSAGES = 20_000
LONGEST = 4_000
WHEN = ("at", "time", "timestamp", "ts", "created_at", "sent_at", "date", "datetime")
WHO = ("from", "sender", "author", "who", "user", "nick", "name", "role")
TEXT = ("text", "message", "body", "content", "msg")
CLOCK = r"(?P<time>\d{2}:\d{2}(?::\d{2})?)"
SAID = r"(?P<who>[^:]{1,80}): ?(?P<text>.*)"
LINES = [
    # room 2019-09-04 [22:44:46] <nick> text
    re.compile(
        rf"(?:\S{{1,80}} )?(?P<day>\d{{4}}-\d{{2}}-\d{{2}})(?: \[{CLOCK}\])? <(?P<who>[^>]{{1,80}})> ?(?P<text>.*)"
    ),
    # [2026-11-20 10:00:01] Name: text, also without the brackets or with a hyphen
    re.compile(rf"\[?(?P<day>\d{{4}}-\d{{2}}-\d{{2}})[ T]{CLOCK}\]?(?: -)? {SAID}"),
    # [10:00:01] Name: text
    re.compile(rf"\[?{CLOCK}\]?(?: -)? {SAID}"),
]


@dataclass(frozen=True, slots=True)
class Message:
    """`when` in words as the file has it, or in the site's clock where the file says an instant."""

    when: str
    who: str
    text: str


@dataclass(frozen=True)
class Chat:
    """`cut`: the file goes on beyond what is shown."""

    messages: list[Message]
    cut: bool


def read_chat(content: bytes, zone: ZoneInfo, *, cut: bool = False) -> Chat:
    """`cut`: `content` is only the beginning of the file."""
    text = decoded(content)
    found: list[Message] = []
    for message in _json(text, zone) if _is_json(text) else _lines(text):
        if len(found) == MOST_MESSAGES:
            cut = True
            break
        found.append(message)
    return Chat(found, cut)


def _is_json(text: str) -> bool:
    """Whether it begins like JSON, and not with a time in brackets."""
    begins = text.lstrip()[:LONGEST]
    return begins[:1] in {"{", "["} and not any(one.match(begins) for one in LINES)


def decoded(content: bytes) -> str:
    """UTF-8, or UTF-16 where it says so; what is neither is shown with replacement characters."""
    if content[:2] in {b"\xff\xfe", b"\xfe\xff"}:
        return content.decode("utf-16", "replace").replace("\x00", "")
    return content.decode("utf-8-sig", "replace").replace("\x00", "")


def is_text(head: bytes) -> bool:
    """Whether a file that begins so can be shown as text."""
    if head[:2] in {b"\xff\xfe", b"\xfe\xff"}:
        return True
    return b"\x00" not in head and sum(byte < 9 or 13 < byte < 27 for byte in head) * 50 <= len(head)


def _json(text: str, zone: ZoneInfo) -> Iterator[Message]:
    try:
        whole = json.loads(text)
    except (ValueError, RecursionError):
        whole = None
    if whole is None:  # a message per line; a line that is none is shown as it is
        for line in text.split("\n"):
            if line.strip():
                yield _message(_loaded(line), zone)
        return
    if isinstance(whole, dict):
        lists = [one for one in whole.values() if isinstance(one, list)]
        whole = max(lists, key=len) if lists and not _first(whole, TEXT) else [whole]
    for one in whole if isinstance(whole, list) else [whole]:
        yield _message(one, zone)


def _loaded(line: str) -> Any:
    try:
        return json.loads(line)
    except (ValueError, RecursionError):
        return line.rstrip("\r")


def _message(value: Any, zone: ZoneInfo) -> Message:
    if not isinstance(value, dict):
        return Message("", "", _text(value))
    return Message(_when(_first(value, WHEN), zone), _text(_first(value, WHO))[:80], _text(_first(value, TEXT)))


def _first(value: dict[str, Any], names: tuple[str, ...]) -> Any:
    """The first of these that is there, in any case; of a person as an object its name."""
    folded = {str(key).casefold(): one for key, one in value.items()}
    found = next((folded[name] for name in names if folded.get(name) not in (None, "")), "")
    return next((found[key] for key in ("name", "id") if key in found), "") if isinstance(found, dict) else found


def _text(value: Any) -> str:
    try:
        said = value if isinstance(value, str) else json.dumps(value, ensure_ascii=False)
    except (ValueError, RecursionError):
        said = ""
    # Half a surrogate pair is no character.
    said = said.encode("utf-8", "replace").decode()
    return said if len(said) <= LONGEST else said[:LONGEST] + " …"


def _when(value: Any, zone: ZoneInfo) -> str:
    try:
        if isinstance(value, int | float) and not isinstance(value, bool):
            at = datetime.fromtimestamp(value / 1000 if value > 10**11 else value, UTC)
        else:
            at = datetime.fromisoformat(str(value)[:40])
        if not in_reach(at):
            return ""
        local = at.astimezone(zone) if at.tzinfo else at
        return f"{local:%Y-%m-%d %H:%M:%S}"
    except (ValueError, OverflowError, OSError):
        return _text(value)[:40]


def _lines(text: str) -> Iterator[Message]:
    for line in text.split("\n"):
        line = line.rstrip("\r")
        if not line.strip():
            continue
        head = line[:LONGEST]
        found = next((one for pattern in LINES if (one := pattern.match(head))), None)
        if found is None:
            yield Message("", "", _text(line))
            continue
        parts = found.groupdict()
        when = " ".join(filter(None, (parts.get("day"), parts.get("time"))))
        rest = line[found.start("text") :]
        yield Message(when, parts["who"].strip(), _text(rest))
