"""How what was told has ended: an app that tells says so, and the inbox says it beside the message.

A source gets all messages of a page and answers with one query, whatever their number. What runs still is not named.
"""

from collections.abc import Callable, Mapping, Sequence
from dataclasses import dataclass
from datetime import datetime
from zoneinfo import ZoneInfo

from django.db import models
from django.utils.translation import gettext_lazy as _

from occ.notifications.models import Notification
from occ.people.actors import who


class How(models.TextChoices):
    DONE = "done", _("Done")
    MOVED = "moved", _("Moved to another site")
    DROPPED = "cancelled", _("No longer needed")


@dataclass(frozen=True)
class Ending:
    """`by` as a history keeps an actor; "" where it ended by itself."""

    how: How
    by: str
    at: datetime
    zone: ZoneInfo

    @property
    def who(self) -> str:
        return who(self.by)


Source = Callable[[Sequence[Notification]], Mapping[int, Ending]]
SOURCES: list[Source] = []


def register(source: Source) -> Source:
    """`source(messages)`: of those whose matter is over, by the message's key in the database, how it ended."""
    SOURCES.append(source)
    return source


def endings(messages: Sequence[Notification]) -> dict[int, Ending]:
    return {pk: ending for source in SOURCES for pk, ending in source(messages).items()}


def subject_id(message: Notification) -> int | None:
    """What the message is about, where its key is `WHAT:ID:…`."""
    parts = message.key.split(":")
    return int(parts[1]) if len(parts) > 1 and parts[1].isdecimal() else None
