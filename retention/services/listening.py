"""Listening to a recording and reading a chat (RET-13): who may, what for, and the entry that each time leaves.

The bytes come from the source; once its file is gone, or another one lies there (recorders count from 1 again), from
whoever has them otherwise (`register_content`). What another conversation left there is never given out as this one.
"""

import tempfile
from collections.abc import Callable, Iterator, Mapping
from datetime import datetime
from typing import IO

from django.db import models, transaction
from django.utils.translation import gettext as _

from occ.encryption import Shut
from occ.errors import Invalid, NotAllowed, Refused
from occ.ledger.models import Entry
from occ.ledger.services import record as ledger_record
from occ.masking import masked_text, masked_words
from occ.people.actors import Actor
from occ.people.models import User
from occ.people.scope import has_role
from retention.choices import Purpose, RecordKind, RecordState
from retention.models import Record
from retention.personal import DOWNLOADERS, LISTENERS, UNMASKED
from retention.reading.media import Content
from retention.storing import Known, Object, PlaceAway, Shelf, Unreadable, opened

PIECE = 2**20
IN_MEMORY = 8 * 2**20
HEARD, READ, TAKEN, SEARCHED = "record.heard", "record.read", "record.downloaded", "chats.searched"
Restore = Callable[[Record], Iterator[bytes] | None]
# Asked in turn when the source has the file no more: each gives the original bytes, or None.
CONTENT: list[Restore] = []


class NotThere(Refused):
    """There is nothing to be heard or read; says why."""

    code = "not_there"
    status = 409


def register_content(restore: Restore) -> None:
    """`restore(record)`: the record's original bytes from elsewhere than its source, None where it has none.

    It may raise PlaceAway, Unreadable, FileNotFoundError or a refusal, also half way; then the next one is asked.
    """
    CONTENT.append(restore)


# Who may --------------------------------------------------------------------------------------------------------------


def may_read(user: User, one: Record) -> bool:
    return Record.objects.audible_to(user).filter(pk=one.pk).exists()


def sees_customers(user: User, one: Record) -> bool:
    return has_role(user, UNMASKED, site=one.site)


def may_download(user: User, one: Record) -> bool:
    return has_role(user, DOWNLOADERS, site=one.site)


@transaction.atomic
def reading_open(*, record_id: int, purpose: str, note: str, actor: Actor, now: datetime) -> Record:
    """Leave the entry without which nobody hears or reads: who, which record, what for; no customer in it.

    Raises NotAllowed, NotThere (destroyed), Invalid (also a note, where no key opens the customer named in it).
    """
    one = _readable(record_id, actor)
    if purpose not in Purpose.values:
        raise Invalid(_("Say what for."), field="purpose")
    if note.strip() and isinstance(one.customer, Shut):
        words = _("Leave the note empty: the customer's key is missing, so nobody can leave out a name in it.")
        raise Invalid(words, field="note")
    data = {"purpose": purpose, "note": masked_text(note.strip()[:200], [one.customer])}
    action = READ if one.kind == RecordKind.CHAT else HEARD
    ledger_record(actor=actor, action=action, subject=one, data=data, now=now, site=one.site)
    return one


@transaction.atomic
def reading_download(*, record_id: int, actor: Actor, now: datetime) -> Record:
    """Leave the entry of a file that is taken away. Raises NotAllowed, NotThere."""
    one = _readable(record_id, actor)
    assert isinstance(actor, User)
    if not may_download(actor, one):
        raise NotAllowed
    ledger_record(actor=actor, action=TAKEN, subject=one, data={}, now=now, site=one.site)
    return one


def purpose_check(*, purpose: str, actor: Actor) -> None:
    """Before chats are searched. Raises NotAllowed, Invalid."""
    if not isinstance(actor, User) or not has_role(actor, LISTENERS):
        raise NotAllowed
    if purpose not in Purpose.values:
        raise Invalid(_("Say what for."), field="purpose")


@transaction.atomic
def chats_search(
    *, words: str, within: Mapping[str, str], found: int, more: bool, purpose: str, note: str, actor: Actor,
    now: datetime,
) -> None:  # fmt: skip
    """Leave the entry of a search by what was said: that is reading too. `within`: where and when, as it was asked.

    `more`: there were more than the `found` that were counted. Raises NotAllowed, Invalid (no purpose).
    """
    purpose_check(purpose=purpose, actor=actor)
    data = {
        "words": masked_words(words)[:200], "within": dict(within), "found": found, "more": more, "purpose": purpose,
        "note": masked_words(note.strip()[:200]),
    }  # fmt: skip
    ledger_record(actor=actor, action=SEARCHED, subject=None, data=data, now=now)


def _readable(record_id: int, actor: Actor) -> Record:
    one = Record.objects.select_related("site", "source", "agent").get(pk=record_id)
    if not isinstance(actor, User) or not may_read(actor, one):
        raise NotAllowed
    if one.state == RecordState.DESTROYED:
        raise NotThere(_("This record was destroyed."))
    return one


def readings_of(one: Record) -> "models.QuerySet[Entry]":
    """Who has heard, read or taken it, the latest first."""
    rows = Entry.objects.filter(subject_type=Record._meta.label_lower, subject_id=str(one.pk))
    return rows.filter(action__in=(HEARD, READ, TAKEN)).order_by("-pk")


# Its bytes ------------------------------------------------------------------------------------------------------------


class AtSource(Content):
    """Read where it lies, part by part; no database is asked meanwhile."""

    def __init__(self, shelf: Shelf, found: Object) -> None:
        self.shelf, self.name, self.size = shelf, found.name, found.size
        self.tag = f'"{found.fingerprint}"'

    def pieces(self, start: int, length: int) -> Iterator[bytes]:
        end = start + length
        while start < end:
            piece = self.shelf.read_range(self.name, start, min(PIECE, end - start))
            start += len(piece)
            yield piece


class Restored(Content):
    """What was brought back from a backup, in memory while it is small, then in a file that has no name."""

    def __init__(self, pieces: Iterator[bytes]) -> None:
        self.file: IO[bytes] = tempfile.SpooledTemporaryFile(max_size=IN_MEMORY)  # noqa: SIM115 - lives with the answer
        for piece in pieces:
            self.file.write(piece)
        self.size = self.file.tell()

    def pieces(self, start: int, length: int) -> Iterator[bytes]:
        self.file.seek(start)
        while length > 0 and (piece := self.file.read(min(PIECE, length))):
            length -= len(piece)
            yield piece


def content_of(one: Record) -> Content:
    """The record's bytes, from its source or else from its backup. Raises NotThere; never inside a transaction."""
    if one.state == RecordState.DESTROYED:
        raise NotThere(_("This record was destroyed."))
    try:
        shelf = opened(one.source)
        found = shelf.head(one.path)
        if not (why := _other(one, shelf, found)):
            return AtSource(shelf, found)
    except FileNotFoundError:
        why = _("The source does not have this file any more.")
    except (PlaceAway, Unreadable) as error:
        why = _("The source cannot be read now: %(why)s") % {"why": error}
    for restore in CONTENT:
        try:
            if (pieces := restore(one)) is not None:
                return Restored(pieces)
        except (PlaceAway, Unreadable, FileNotFoundError, Refused):
            continue
    raise NotThere(why)


def _other(one: Record, shelf: Shelf, found: Object) -> str:
    """Why the file there is not the record's; "": it is. Raises FileNotFoundError, PlaceAway, Unreadable."""
    known = Known(one.fingerprint, one.size, one.sha256)
    if one.state == RecordState.CATALOGUED and not (known.fingerprint or known.sha256):  # told of, and not scanned yet
        return "" if found.size == known.size else _("Another file lies there by now.")
    return shelf.other(one.path, found, known)


def beginning(content: Content, most: int) -> bytes:
    """The first bytes of it. Raises NotThere."""
    try:
        return b"".join(content.pieces(0, min(most, content.size)))
    except FileNotFoundError as error:
        raise NotThere(_("The source does not have this file any more.")) from error
    except (PlaceAway, Unreadable) as error:
        raise NotThere(_("The source cannot be read now: %(why)s") % {"why": error}) from error
