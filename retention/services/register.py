"""The register of documents (RET-11, SOP-RET 5.6): what people enter by hand, and what has come to its last day.

Issued documents and backed-up batches are in the register by themselves (`RegisterLine`).
"""

from dataclasses import dataclass
from datetime import date, datetime
from typing import Any

from django.db import IntegrityError, transaction
from django.utils.translation import gettext as _
from django.utils.translation import gettext_noop

from occ.errors import Invalid, NotAllowed, WrongState
from occ.ledger.services import record
from occ.people.actors import Actor
from occ.people.choices import Role
from occ.people.history import sign
from occ.people.models import Site, User
from occ.people.scope import has_role
from occ.texts import kept
from occ.times import in_reach
from retention.choices import EntryStatus, ItemState, Medium, RegisterKind
from retention.models import Entry, Item, RegisterLine
from retention.models.register import RegisterLineQuerySet
from retention.personal import REGISTRARS


@dataclass(frozen=True, kw_only=True)
class Line:
    """What is entered; days as on the paper."""

    number: str
    title: str
    medium: str
    site: Site
    owner_role: str
    place: str
    issued_on: date
    expires_on: date
    classification: str = ""
    copies: str = ""
    quantity: str = ""
    note: str = ""


FIELDS = tuple(Line.__dataclass_fields__)
LONGEST = {
    "number": 60, "title": 200, "classification": 30, "copies": 40, "quantity": 40, "place": 120, "note": 300,
}  # fmt: skip


def may_register(user: User, site: Site | None = None) -> bool:
    return has_role(user, REGISTRARS, site=site)


def expired(site: Site | None, day: date) -> RegisterLineQuerySet:
    """Documents and entries of the site (None: documents for all sites) that may be disposed of on that day.

    Batches are not among them: their records go by proposals of their own.
    """
    return RegisterLine.objects.filter(site=site).exclude(kind=RegisterKind.BATCH).expired(day)


@transaction.atomic
def entry_add(*, line: Line, actor: Actor, now: datetime, why: str = "") -> Entry:
    """Enter a document. Raises NotAllowed, Invalid (also where the site has the number already)."""
    _must_register(actor, line.site)
    _check(line)
    assert isinstance(actor, User)
    entry = Entry(entered_by=actor, entered_at=now, **_values(line))
    sign(entry, actor, why or kept(gettext_noop("Entered")), now=now)
    _save(entry, None)
    record(actor=actor, action="entry.added", subject=entry, data=_facts(entry), now=now, site=entry.site)
    return entry


@transaction.atomic
def entry_change(*, entry_id: int, line: Line, why: str, actor: Actor, now: datetime) -> Entry:
    """Put an entry right; both the old and the new are kept. Raises NotAllowed, WrongState (destroyed), Invalid."""
    entry = Entry.objects.select_for_update(of=("self",), no_key=True).select_related("site").get(pk=entry_id)
    _must_register(actor, entry.site)
    _must_register(actor, line.site)
    if entry.status == EntryStatus.DESTROYED:
        raise WrongState(_("This document was destroyed: its entry stays as it is."))
    if Item.objects.filter(entry=entry, live=True, state=ItemState.STARTED).exists():
        raise WrongState(_("This document is being destroyed: its entry stays as it is."))
    if not why.strip():
        raise Invalid(_("Say why."), field="why")
    _check(line)
    changed = [name for name, value in _values(line).items() if getattr(entry, name) != value]
    if not changed:
        return entry
    for name in changed:
        setattr(entry, name, getattr(line, name))
    sign(entry, actor, why.strip(), now=now)
    _save(entry, changed)
    data = _facts(entry) | {"changed": changed}
    record(actor=actor, action="entry.changed", subject=entry, data=data, now=now, site=entry.site)
    return entry


def entry_push(*, line: Line, why: str, actor: Actor, now: datetime) -> str:
    """Add it, or change the one with its number: "created", "changed" or "unchanged"."""
    known = Entry.objects.filter(site=line.site, number=line.number).first()
    if known is None:
        entry_add(line=line, actor=actor, now=now, why=why)
        return "created"
    if all(getattr(known, name) == value for name, value in _values(line).items()):
        return "unchanged"
    entry_change(entry_id=known.pk, line=line, why=why, actor=actor, now=now)
    return "changed"


@transaction.atomic
def entry_destroy(*, entry_id: int, on: date, note: str, actor: Actor, now: datetime) -> Entry:
    """Write down that the paper or file is no more; for the disposal, which has the approval. Raises WrongState."""
    entry = Entry.objects.select_for_update(of=("self",), no_key=True).select_related("site").get(pk=entry_id)
    if entry.status == EntryStatus.DESTROYED:
        raise WrongState(_("This document is destroyed already."))
    if on <= entry.expires_on:
        raise WrongState(_("It must still be kept."))
    entry.status, entry.destroyed_on = EntryStatus.DESTROYED, on
    sign(entry, actor, note, now=now)
    entry.save(update_fields=["status", "destroyed_on"])
    data = _facts(entry) | {"destroyed_on": on}
    record(actor=actor, action="entry.destroyed", subject=entry, data=data, now=now, site=entry.site)
    return entry


def _must_register(actor: Actor, site: Site) -> None:
    if not isinstance(actor, User) or not may_register(actor, site):
        raise NotAllowed


def _values(line: Line) -> dict[str, Any]:
    return {name: getattr(line, name) for name in FIELDS}


def _check(line: Line) -> None:
    for name in ("number", "title", "place"):
        if not getattr(line, name).strip():
            raise Invalid(_("This is empty."), field=name, code="empty")
    for name, most in LONGEST.items():
        if len(getattr(line, name)) > most:
            raise Invalid(_("This is longer than %(n)s characters.") % {"n": most}, field=name, code="too_long")
    if line.medium not in Medium.values:
        raise Invalid(_("It is hardcopy or softcopy."), field="medium")
    if line.owner_role not in Role.values:
        raise Invalid(_("There is no such owner."), field="owner_role", code="unknown")
    for name in ("issued_on", "expires_on"):
        if not in_reach(getattr(line, name)):
            raise Invalid(_("This date is not possible."), field=name)
    if line.expires_on < line.issued_on:
        raise Invalid(_("It expires before it was issued."), field="expires_on", code="order")


def _save(entry: Entry, changed: list[str] | None) -> None:
    try:
        with transaction.atomic():
            entry.save(update_fields=changed, force_insert=changed is None)
    except IntegrityError as error:
        words = _("The register of this site has a document with the number %(number)s already.")
        raise Invalid(words % {"number": entry.number}, field="number", code="known") from error


def _facts(entry: Entry) -> dict[str, Any]:
    return {"number": entry.number, "title": entry.title, "issued_on": entry.issued_on, "expires_on": entry.expires_on}
