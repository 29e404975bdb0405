"""A check that somebody asks for (RET-6, RET-14): this batch, or one package of it, is read or restored now, to prove
its backup.

What runs by itself runs beside it: a package that was read is read again when its turn comes, and the monthly drill
draws its batch all the same. The work is done in slices; what a dead worker left, beat goes on with.
"""

import uuid
from datetime import timedelta

from django.db import transaction
from django.db.models import F, Q
from django.utils.translation import gettext as _

from occ.errors import Invalid, NotAllowed, WrongState
from occ.ledger.services import record
from occ.people.models import User
from occ.people.scope import has_role
from retention.choices import BagStatus, CheckKind
from retention.models import Batch, Check, Pack
from retention.personal import CHECKERS
from retention.services import drilling, verifying
from retention.services.pulse import SILENT, beating
from retention.services.sending import send
from retention.services.verifying import SLICE, Clock

ASKED = {CheckKind.FIXITY, CheckKind.DRILL}


@transaction.atomic
def batch_check_ask(
    *, batch_id: int, kind: str, actor: User, clock: Clock, pack_id: int | None = None
) -> Check:  # fmt: skip
    """Begin it in the background, of all of the batch or of that package; its page shows how far it is.

    Raises NotAllowed, Invalid (no such check or package), WrongState (nothing of it is backed up, it is being checked).
    """
    batch, now = Batch.objects.select_for_update(no_key=True).get(pk=batch_id), clock()
    if not has_role(actor, CHECKERS, site=batch.site):
        raise NotAllowed
    if kind not in ASKED:
        raise Invalid(_("Choose what is to be done."), field="kind")
    if not batch.bags.filter(status=BagStatus.COMPLETE, files__gt=0).exists():
        raise WrongState(_("Nothing of it is backed up: there is nothing to check."))
    pack = _pack_of(batch, pack_id, kind) if pack_id is not None else None
    under_way = Check.objects.filter(kind=kind, ended_at=None, batch=batch)
    if under_way.filter(Q(pack=None) | Q(pack=pack)).exists():
        raise WrongState(_("That check of the batch is under way already."), code="under_way")
    if kind == CheckKind.DRILL:
        check = drilling.drill_begin(actor=actor, now=now, batch=batch, pack=pack)
        if check is None:
            raise WrongState(_("Another restore drill is under way: try again when it has ended."), code="under_way")
    else:
        check = Check.objects.create(kind=kind, batch=batch, pack=pack, started_at=now, by=str(actor)[:150])
    data = {"kind": kind, "batch": batch.identifier} | ({"package": pack.name} if pack else {})
    record(actor=actor, action="retention.check_asked", subject=check, data=data, now=now, site=batch.site)
    transaction.on_commit(lambda: send("check_asked", check.pk))
    return check


def _pack_of(batch: Batch, pack_id: int, kind: str) -> Pack:
    """Raises Invalid (none of the batch), WrongState (destroyed; none to be read; of tag files no record is restored).

    A restore takes a copy in a store that is not in use too, where there is no other; a reading does not.
    """
    pack = Pack.objects.filter(bag__batch=batch, pk=pack_id).first()
    if pack is None:
        raise Invalid(_("The batch has no such package."), field="package")
    if not pack.copies.filter(gone_at=None).exists():
        raise WrongState(_("This package was destroyed: there is nothing to check."))
    if kind == CheckKind.FIXITY and not verifying.live_copies().filter(pack=pack).exists():
        raise WrongState(_("No store in use has a copy of this package: there is nothing to check."))
    if kind == CheckKind.DRILL and not pack.number:
        raise WrongState(_("It holds the bag's tag files and no records: have it read instead."))
    return pack


def check_go_on(*, check_id: int, clock: Clock) -> int:
    """A slice of a check that was asked for; how much was read."""
    check = Check.objects.get(pk=check_id)
    if check.kind == CheckKind.DRILL:
        return drilling.drill_go_on(check_id=check_id, clock=clock)
    return _fixity_go_on(check_id, clock, SLICE)


def checks_go_on(*, clock: Clock) -> int:
    """Beat: readings of batches that were begun and stand still. Drills go on with `drill_run`."""
    left = Check.objects.filter(kind=CheckKind.FIXITY, batch__isnull=False, ended_at=None).order_by("pk")
    return sum(_fixity_go_on(pk, clock, SLICE) for pk in left.values_list("pk", flat=True))


def _fixity_go_on(check_id: int, clock: Clock, lasting: timedelta) -> int:
    """Read the batch's packages, if nobody else does; `last` is the copy that was read last."""
    now, run = clock(), uuid.uuid4()
    free = Q(run=None) | Q(heard_at__lt=now - SILENT)
    if not Check.objects.filter(free, pk=check_id, ended_at=None).update(run=run, heard_at=now):
        return 0
    check = Check.objects.get(pk=check_id)
    mine, ends_at, count = Check.objects.filter(pk=check_id, run=run), now + lasting, 0
    of = {"pack": check.pack_id} if check.pack_id else {"pack__bag__batch": check.batch_id}
    asked_by = "" if check.by.startswith("system:") else check.by
    copies = verifying.live_copies().filter(**of).order_by("pk")
    while clock() < ends_at or count == 0:
        some = list(copies.filter(pk__gt=check.last).values_list("pk", flat=True)[: verifying.GROUP])
        with beating(check_id, run):
            done = verifying.copies_verify(some, clock=clock, asked_by=asked_by)
        if done.away or not some:
            mine.update(note=done.away[:300])
            verifying.check_end(check_id, run, clock())
            return count
        check.last = some[-1]
        if not mine.update(
            last=check.last, heard_at=clock(), objects_count=F("objects_count") + done.objects,
            bytes_count=F("bytes_count") + done.bytes, failures=F("failures") + done.failures,
        ):  # fmt: skip
            return count
        count += len(some)
    mine.update(run=None)
    return count
