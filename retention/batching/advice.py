"""What can be done about a finding, as its page says it."""

from typing import Any

from django.utils.translation import gettext_lazy as _

from retention.choices import FindingKind, RecordState
from retention.models import Finding

ANEW = _("Write it anew from another store's copy, then look why the store changed it.")
ADVICE: dict[FindingKind, Any] = {
    FindingKind.DAMAGED: ANEW,
    FindingKind.SIZE: ANEW,
    FindingKind.PACK_MISSING: _("Write it anew from another store's copy, then look who removed it."),
    FindingKind.NOT_COPIED: _(
        "It is tried again by itself. Look whether the other stores answer and have it in order: until they do, this"
        " store holds less than it should."
    ),
    FindingKind.KEY_MISSING: _(
        "Without its key nobody reads the record again. Look whether ENCRYPTION_KEYS lacks an old key, or restore the"
        " key from a backup of the database, then try again. If it is truly lost, declare it: once a manager confirms"
        " it, the records are backed up anew while their source has them."
    ),
    FindingKind.FOREIGN_PACK: _(
        "No row names this object: it was left by a run that was cut off, or somebody put it there. Look at it, then"
        " remove it in the store."
    ),
    FindingKind.UNKNOWN_FILE: _(
        "No record could be made of this file, so it is neither backed up nor destroyed; the words above say why. If it"
        " is a conversation: correct the pattern of paths at the source (“Try it” shows what is read out of them), or"
        " lay a .json beside the file, then scan the source. If it is none, move it out of the source. The next scan"
        " settles this by itself."
    ),
    FindingKind.FILE_CHANGED: _(
        "Look which program wrote over it. Put the original back under the same path, from the recorder or, if the"
        " record is backed up, from its backup (retention_restore); the next scan settles this by itself. If the new"
        " content is the right one and is not backed up yet, a coordinator takes the file as it is now on the record's"
        " page once the batch names it as changed."
    ),
    FindingKind.REAPPEARED: _(
        "It was destroyed with the client's approval and is not catalogued again. Look what put it back (an old disk, a"
        " restored recorder), and remove the file from the source; the next scan settles this by itself. If it is"
        " another conversation, have the recorder give it an ID of its own."
    ),
    FindingKind.NOT_RUN: _(
        "Look whether beat and the workers run, and whether the place answers with all of its disks."
    ),
}
GONE_KEPT = _(
    "The record is backed up: nothing is lost. Look who removed the file, as nothing is deleted at the source before"
    " the client approves it, and put it back under the same path from the backup (retention_restore); the next scan"
    " settles this by itself. Words settle it only until then."
)
GONE_LOST = _(
    "The record is not backed up: this file was the only one. Stop what empties the source, look for the file at the"
    " recorder and in its own backups, and put it back under the same path; the next scan settles this by itself. If it"
    " is nowhere, a coordinator waives its backup on the record's page once the batch names it as missing."
)
GONE_WAIVED = _(
    "The record goes without a backup, and nobody can put the file back. Find out who removed it, as nothing is deleted"
    " at the source before the client approves it, and say so: that settles it, unless the file comes and goes again."
)
GONE: dict[str, Any] = {RecordState.BACKED_UP: GONE_KEPT, RecordState.WAIVED: GONE_WAIVED}


def advice_for(finding: Finding) -> Any:
    """What is to be done; of a file that is gone it depends on whether the record is backed up."""
    if finding.kind != FindingKind.FILE_GONE:
        return ADVICE[FindingKind(finding.kind)]
    return GONE.get(finding.record.state, GONE_LOST) if finding.record is not None else GONE_LOST
