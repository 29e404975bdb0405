"""The words by which a chat is found (RET-13): read out of its file once, customers left out, gone with the record."""

import re
import time
from collections.abc import Collection
from datetime import datetime, timedelta

from django.contrib.postgres.fields import ArrayField
from django.contrib.postgres.search import SearchQuery, SearchVectorField
from django.db import models, transaction
from django.db.models import Exists, Func, Max, OuterRef, Q, Value

from occ.encryption import Shut
from occ.masking import HIDDEN, masked_text
from retention.choices import RecordKind, RecordState
from retention.models import Packed, Record, Transcript
from retention.models.records import RecordQuerySet
from retention.models.transcripts import AWAY, KEY_BACK, SHUT
from retention.reading.chats import HEAD_BYTES, is_text, read_chat
from retention.services.derived import register_derived
from retention.services.listening import NotThere, beginning, content_of

MOST_BYTES = 2 * 2**20
MOST_WORDS = 20_000
WORD = re.compile(r"\w{2,40}")
MASK = re.compile(HIDDEN + r"\d{0,2}")
SOME = 200
# Records that were catalogued beside each other are committed in any order: so far back they are looked for again.
LOOK_BACK = 5_000
AGAIN = timedelta(hours=6)


def transcripts_make(*, now: datetime, seconds: float) -> int:
    """Beat: the words of chats that have none yet, the oldest first, and of those that could not be read; how many.

    Stops after so many seconds; the next run goes on. A file that cannot be read keeps no other one waiting.
    """
    until, count = time.monotonic() + seconds, 0
    seen: set[int] = set()
    while time.monotonic() < until:
        waiting = [pk for pk in _waiting(now) if pk not in seen]
        if not waiting:
            break
        for pk in waiting:
            seen.add(pk)
            if time.monotonic() >= until:
                break
            count += transcript_make(record_id=pk, now=now)
    return count


def _waiting(now: datetime) -> list[int]:
    last = Transcript.objects.aggregate(last=Max("pk"))["last"] or 0
    chats = Record.objects.kept().filter(kind=RecordKind.CHAT, pk__gt=last - LOOK_BACK)
    none = ~Exists(Transcript.objects.filter(record=OuterRef("pk")))
    found = list(chats.filter(none).order_by("pk").values_list("pk", flat=True)[:SOME])
    if not found:
        found = list(due(now).values_list("pk", flat=True)[:SOME])
    return found


def due(now: datetime) -> "models.QuerySet[Transcript]":
    """What is tried again now."""
    again = Q(why=KEY_BACK) | Q(why__in=[AWAY, SHUT], made_at__lt=now - AGAIN)
    return Transcript.objects.filter(again).order_by("made_at")


def transcripts_again(*, bags: Collection[int]) -> int:
    """Keys open again: the chats that have no words in their bags, and those whose customer no key opened; how many.

    The next run makes them, and need not wait as for a file that is away.
    """
    if not bags:
        return 0
    packed = Packed.objects.filter(pack__bag__in=bags, key__isnull=False)
    # One after the other: either has an index, both in one condition would read through the words of all chats.
    without = Transcript.objects.filter(words=None, record__in=packed.values("record")).update(why=KEY_BACK)
    return without + Transcript.objects.filter(why=SHUT).update(why=KEY_BACK)


def transcript_make(*, record_id: int, now: datetime) -> bool:
    """Read one chat for its words; False where there were none to be had. Reads outside any transaction."""
    one = Record.objects.select_related("source", "source__credential", "site").get(pk=record_id)
    if one.kind != RecordKind.CHAT or one.state == RecordState.DESTROYED:
        return False
    if isinstance(one.customer, Shut):
        _keep(one, None, SHUT, now)
        return False
    try:
        content = content_of(one)
        data = beginning(content, MOST_BYTES)
    except NotThere as refusal:
        _keep(one, None, AWAY if one.gone_at is None else str(refusal)[:100], now)
        return False
    if not is_text(data[:HEAD_BYTES]):
        _keep(one, None, "no text", now)
        return False
    chat = read_chat(data, one.site.zone, cut=content.size > MOST_BYTES)
    text = "\n".join(masked_text(message.text, [one.customer]) for message in chat.messages)
    _keep(one, words_of(text), "", now)
    return True


def words_of(text: str) -> list[str]:
    """Each word once, folded, none of six digits or more: numbers are customers'. In no order that says anything."""
    found: set[str] = set()
    for word in WORD.finditer(MASK.sub(" ", text)):
        folded = word.group().casefold()
        if sum(one.isdigit() for one in folded) < 6:
            found.add(folded[:40])
        if len(found) == MOST_WORDS:
            break
    return sorted(found)


@transaction.atomic
def _keep(one: Record, words: list[str] | None, why: str, now: datetime) -> None:
    """Locked and asked again: the words of a record that was destroyed meanwhile are never kept."""
    locked = Record.objects.select_for_update(no_key=True).filter(pk=one.pk).values_list("state", flat=True).first()
    if locked is None or locked == RecordState.DESTROYED:
        return
    vector = None
    if words is not None:
        array = Value(words, output_field=ArrayField(models.TextField()))
        vector = Func(array, function="array_to_tsvector", output_field=SearchVectorField())
    Transcript.objects.update_or_create(record=one, defaults={"words": vector, "why": why, "made_at": now})


def saying(rows: RecordQuerySet, text: str) -> RecordQuerySet:
    """Those of the rows in whose chat every one of these words, or its beginning, was said; without words none."""
    words = [word.casefold() for word in re.findall(r"\w{1,40}", text.replace("\x00", ""))][:8]
    if not words:
        return rows.none()
    query = SearchQuery(" & ".join(f"{word}:*" for word in words), config="simple", search_type="raw")
    return rows.filter(pk__in=Transcript.objects.filter(words=query).values("pk"))


def _destroy(record_ids: Collection[int]) -> int:
    return Transcript.objects.filter(record__in=record_ids).delete()[0]


register_derived("transcripts", _destroy)
