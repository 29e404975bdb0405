"""A spreadsheet roster brought in (RTM-1): all of it or nothing, into a draft; twice the same changes nothing."""

from __future__ import annotations

from datetime import date, datetime
from typing import Any

from django.db import transaction
from django.utils.translation import gettext as _
from django.utils.translation import gettext_noop

from occ.errors import Invalid, WrongState
from occ.people.history import sign
from occ.people.models import Site, User
from occ.texts import kept
from realtime.choices import RosterStatus
from realtime.models import Roster
from realtime.services.roster_reading import Upload, roster_read
from realtime.services.rosters import cells_put, month_locked, roster_begin, roster_reopen


@transaction.atomic
def roster_import(
    *, file: Upload, name: str, site: Site, month: date, actor: User, now: datetime, seen: str = "",
    reason: str = "",
) -> dict[str, Any]:  # fmt: skip
    """Write the file into the draft (of a published month: into a new version). Returns what came of it.

    `seen`: what the preview said it would do, where there was one; `reason`: why a published month changes. Raises
    NotAllowed, SheetRefused, WrongState while a cell has a problem or where it would do something else by now, Invalid
    (no row, no reason).
    """
    month_locked(site, month)
    reading = roster_read(file=file, site=site, month=month, actor=actor, now=now)
    if faulty := reading.preview.counts["faulty"]:
        words = _("Nothing was imported. Rows that have problems: %(n)s. Look at the preview again.")
        raise WrongState(words % {"n": faulty})
    if not reading.cells or (not reading.changes and reading.target is None):
        raise Invalid(_("The file holds no row to import."))
    target = reading.target
    if not reading.changes and target is not None:
        return _told(target, 0)
    if seen and seen != reading.seen:  # a preview can be weeks old
        words = _("The roster has changed since the preview: upload the file again and look at what it does now.")
        raise WrongState(words, code="changed")
    if target is None or target.status == RosterStatus.PUBLISHED:
        reason = reason.strip() or kept(gettext_noop("Imported from %(file)s"), file=name[:200])
        target = roster_begin(site=site, month=month, reason=reason, actor=actor, now=now)
    elif target.status == RosterStatus.VALIDATED:
        note = kept(gettext_noop("Imported from %(file)s"), file=name[:200])
        target = roster_reopen(roster_id=target.pk, note=note, actor=actor, now=now)
    source = {"file": name, "sha256": reading.sha256}
    changes = cells_put(target, reading.cells, reading.codes, actor=actor, now=now, source=source)
    target.file_name, target.file_sha256 = name[:200], reading.sha256
    sign(target, actor, kept(gettext_noop("Imported from %(file)s"), file=name[:200]), now=now)
    target.save(update_fields=["file_name", "file_sha256"])
    return _told(target, len(changes))


def _told(roster: Roster, changes: int) -> dict[str, Any]:
    return {"roster": roster.pk, "version": roster.version, "changes": changes, "status": str(roster.status)}
