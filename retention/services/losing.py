"""Keys that open nothing any more (RET-6): tried again, or their records declared lost and backed up anew.

Nothing is erased by a loss: what was packed moves to a table of its own with its key, and the packages stay where they
are. The records are catalogued again and gather into a batch that is overdue; what their source has no more either
stands there as a problem, which a coordinator waives. Declared by Team IT, confirmed by a manager: four eyes.
"""

from __future__ import annotations

from dataclasses import dataclass, field
from datetime import datetime

from django.db import IntegrityError, connection, transaction
from django.db.models import Count, F, Q, QuerySet, Sum
from django.utils.translation import gettext as _
from django.utils.translation import gettext_noop

from occ.errors import Invalid, NotAllowed, WrongState
from occ.ledger.services import record
from occ.people.choices import Role
from occ.people.history import sign
from occ.people.models import Site, User
from occ.people.scope import has_role
from occ.texts import kept
from occ.times import local_day
from occ.workflow.services import begin, step
from retention.backing import keys
from retention.backing.frames import HEAD, Broken, Opener, length_in
from retention.backing.keys import KeyWrong
from retention.choices import FindingKind, RecordState
from retention.models import Batch, Copy, Finding, Loss, LostPacked, MonthFigures, Packed, Record
from retention.notices import lost_tell
from retention.personal import KEEPERS, LOSS_DECIDERS
from retention.services.bags import bag_key, let_go
from retention.services.findings import findings_write_off
from retention.services.sending import send
from retention.storing import PlaceAway, Unreadable, opened
from retention.workflow import LOSS

SOME = 2_000


@dataclass
class Tried:
    """Records of a finding: how many keys were tried, and those that open nothing."""

    tried: int = 0
    shut: list[int] = field(default_factory=list)
    bytes: int = 0


def keys_try(finding: Finding) -> Tried:
    """With the keys of today, each key that the finding is about; of one record's a first frame is read too."""
    done, by = Tried(), _bag_key(finding)
    rows = packed_of(finding).select_related("pack__bag").defer("pack__bag__key").order_by("record_id")
    for one in list(rows):
        done.tried += 1
        if by is None or not _opens(one, by, look=finding.record_id is not None):
            done.shut.append(one.record_id)
            done.bytes += one.size
    return done


def packed_of(finding: Finding) -> QuerySet[Packed]:
    """What the finding is about: one record, or with the bag's key all of it. None once that is declared lost."""
    rows = Packed.objects.filter(pack__bag=finding.bag_id, key__isnull=False)
    return rows.filter(record=finding.record_id) if finding.record_id else rows


def _bag_key(finding: Finding) -> bytes | None:
    try:
        return bag_key(finding.bag_id) if finding.bag_id else None
    except KeyWrong:
        return None


def _opens(one: Packed, by: bytes, *, look: bool) -> bool:
    """Whether the record's key can be unwrapped, and with `look` whether it opens what lies in a store.

    A store that does not answer says nothing against the key.
    """
    try:
        own = keys.unwrap(bytes(one.key or b""), by=by, name=f"{one.pack.bag.identifier}/{one.name}")
    except KeyWrong:
        return False
    if not look:
        return True
    copies = list(Copy.objects.filter(pack=one.pack_id, gone_at=None).select_related("store__credential"))
    let_go()
    shut = False
    for copy in copies:
        shelf = opened(copy.store)
        try:
            head = shelf.read_range(one.pack.name, one.offset, HEAD.size)
            body = shelf.read_range(one.pack.name, one.offset + HEAD.size, length_in(head))
            Opener(own).frame(head, body)
        except Broken:
            shut = True
        except (PlaceAway, FileNotFoundError, Unreadable):
            continue
        else:
            return True
    return not shut


def finding_keys_tried(*, finding_id: int, actor: User) -> Tried:
    """What the present keys open; stores are read, so never inside a transaction. Raises NotAllowed, WrongState."""
    return keys_try(_of_keys(finding_id, actor))


def loss_keys_tried(*, loss_id: int, actor: User) -> Tried:
    """As `finding_keys_tried`, of a declared loss, for who may decide it. Raises NotAllowed, WrongState."""
    return keys_try(_not_own(loss_id, actor).finding)


def finding_keys_try(*, finding_id: int, actor: User, now: datetime, looked: Tried | None = None) -> int:
    """Try the present keys; where they open, the packages are read again, which settles the finding. How many keys.

    `looked`: what was found right before. Raises NotAllowed, WrongState (still shut; it is about no key; the background
    is away).
    """
    finding = _of_keys(finding_id, actor)
    done = looked or keys_try(finding)
    data = {"tried": done.tried, "shut": len(done.shut)}
    record(actor=actor, action="retention.keys_tried", subject=finding, data=data, now=now, site=finding.site)
    if done.shut:
        words = _("With the present keys %(shut)s of %(tried)s records still do not open.")
        raise StillShut(words % {"shut": len(done.shut), "tried": done.tried})
    if not send("reverify", finding.pk, actor.pk):
        raise WrongState(_("The background is away: try again in some minutes."))
    return done.tried


class StillShut(WrongState):
    """The try is kept."""

    code = "still_shut"
    leaves = True


def may_declare(finding: Finding, user: User) -> None:
    """Raises NotAllowed."""
    if not has_role(user, KEEPERS, site=finding.site):
        raise NotAllowed


def _of_keys(finding_id: int, actor: User) -> Finding:
    finding = Finding.objects.select_related("site").get(pk=finding_id)
    may_declare(finding, actor)
    if not finding.is_open or finding.kind != FindingKind.KEY_MISSING or finding.bag is None:
        raise WrongState(_("No key is missing here."))
    return finding


def packs_of(finding: Finding) -> list[int]:
    """The packages that are read again once the keys open."""
    others = Finding.objects.open().filter(kind=FindingKind.KEY_MISSING, bag=finding.bag_id)
    assert finding.bag is not None
    packs = finding.bag.packs.filter(copies__gone_at=None)
    if not others.filter(record=None).exists():
        packs = packs.filter(packed__record__in=others.values("record"))
    return list(packs.order_by("number").distinct().values_list("pk", flat=True))


# Declared and decided -------------------------------------------------------------------------------------------------


def loss_declare(
    *, finding_id: int, reason: str, actor: User, now: datetime, looked: Tried | None = None
) -> Loss:  # fmt: skip
    """Team IT: the key is lost for good; a manager decides. `looked`: what was found right before.

    Raises NotAllowed, WrongState (it opens; declared already), Invalid (no reason).
    """
    finding = _of_keys(finding_id, actor)
    if not reason.strip():
        raise Invalid(_("Say why the key is lost, and what was tried."), field="reason")
    done = looked or keys_try(finding)
    if not done.shut:
        raise WrongState(_("The present keys open it: nothing is lost. Have the keys tried again."))
    with transaction.atomic():
        site = Site.objects.select_for_update(no_key=True).get(pk=finding.site_id)
        loss = Loss(
            number=_number(site, now), site=site, finding=finding, bag_id=finding.bag_id or 0,
            reason=reason.strip()[:300], records_count=len(done.shut), bytes_count=done.bytes, declared_by=actor,
            declared_at=now,
        )  # fmt: skip
        sign(loss, actor, reason.strip(), now=now)
        try:
            with transaction.atomic():
                loss.save(force_insert=True)
        except IntegrityError as error:
            raise WrongState(_("It was declared lost already, and waits for a decision.")) from error
        begin(LOSS, loss, actor=actor, now=now, note=reason.strip()[:300])
        lost_tell(loss, list(LOSS_DECIDERS), now=now)
    return loss


def _number(site: Site, now: datetime) -> str:
    """The next of the site and year; the site is locked, and losses never go."""
    prefix = f"LOSS-{site.code}-{local_day(now, site.zone).year}-"
    last = Loss.objects.filter(number__startswith=prefix).order_by("-pk").values_list("number", flat=True).first()
    return f"{prefix}{int(last.removeprefix(prefix)) + 1 if last else 1:04}"


def loss_refuse(*, loss_id: int, note: str, actor: User, now: datetime) -> Loss:
    """It is not lost, or not yet: look again. Raises NotAllowed, WrongState, Invalid (no note)."""
    _not_own(loss_id, actor)
    also = {"decided_by": actor, "decided_at": now}
    with step(LOSS, Loss, loss_id, "refuse", actor=actor, now=now, note=note, also=also) as loss:
        return loss


def loss_confirm(*, loss_id: int, note: str, actor: User, now: datetime, looked: Tried | None = None) -> Loss:
    """The backups are lost: their records are catalogued again, and backed up anew while their source has them.

    The keys are tried once more (`looked`: right before): what opens by now is not lost. Raises NotAllowed (also: who
    declared it does not confirm it), WrongState (all of it opens), Invalid (no note).
    """
    loss = _not_own(loss_id, actor)
    done = looked or keys_try(loss.finding)
    if not done.shut:
        raise WrongState(_("The present keys open it: nothing is lost. Have the keys tried again."))
    also = {"decided_by": actor, "decided_at": now, "records_count": len(done.shut), "bytes_count": done.bytes}
    with step(LOSS, Loss, loss_id, "confirm", actor=actor, now=now, note=note, also=also) as loss:
        records = _moved(loss, done.shut)
        why = kept(gettext_noop("Declared lost: %(number)s"), number=loss.number)
        findings_write_off(rows=_settled(loss), note=why, now=now)
        data = {"number": loss.number, "bag": loss.bag.identifier, "records": len(records), "first": records[0],
                "last": records[-1]}  # fmt: skip
        record(actor=actor, action="retention.records_lost", subject=loss, data=data, now=now, site=loss.site)
        lost_tell(loss, [*sorted(KEEPERS), Role.COORDINATOR], now=now)
    return loss


def may_decide(loss: Loss, user: User) -> None:
    """Raises NotAllowed: another role, or the two eyes that declared it."""
    if not has_role(user, LOSS_DECIDERS, site=loss.site):
        raise NotAllowed
    if loss.declared_by_id == user.pk:
        raise NotAllowed(_("You declared it: somebody else has to decide."))


def _not_own(loss_id: int, actor: User) -> Loss:
    loss = Loss.objects.select_related("site", "finding").get(pk=loss_id)
    may_decide(loss, actor)
    if not loss.is_open:
        raise WrongState(_("It was decided already."))
    return loss


def _moved(loss: Loss, wanted: list[int]) -> list[int]:
    """Those of the records that are still as they were: out of their packages, and to be backed up anew.

    Raises WrongState: there is none.
    """
    rows = Record.objects.filter(pk__in=wanted, state=RecordState.BACKED_UP).order_by("pk")
    locked = list(rows.select_for_update(of=("self",), no_key=True).values_list("pk", "batch_id", "ended_at"))
    records = [pk for pk, _batch, _ended in locked]
    if not records:
        raise WrongState(_("None of its records is backed up any more."))
    with connection.cursor() as cursor:
        cursor.execute(
            """INSERT INTO retention_lostpacked
                      (loss_id, record_id, pack_id, name, "offset", length, size, sha256, sha512, key)
               SELECT %s, record_id, pack_id, name, "offset", length, size, sha256, sha512, key
               FROM retention_packed WHERE record_id = ANY(%s) AND key IS NOT NULL""",
            [loss.pk, records],
        )
        cursor.execute("DELETE FROM retention_packed WHERE record_id = ANY(%s)", [records])
    Record.objects.filter(pk__in=records).update(state=RecordState.CATALOGUED, batch=None)
    moved = LostPacked.objects.filter(loss=loss).aggregate(n=Count("pk"), size=Sum("size"))
    Loss.objects.filter(pk=loss.pk).update(records_count=moved["n"], bytes_count=moved["size"] or 0)
    Batch.objects.filter(pk=loss.bag.batch_id).update(
        records_count=F("records_count") - moved["n"], done_count=F("done_count") - moved["n"],
        bytes_count=F("bytes_count") - (moved["size"] or 0),
    )  # fmt: skip
    first, last = (local_day(at(one[2] for one in locked), loss.site.zone) for at in (min, max))
    MonthFigures.objects.touched(site_id=loss.site_id, first=first, last=last)
    return records


def _settled(loss: Loss) -> QuerySet[Finding]:
    """The open findings that were about keys of which nothing is in the bag any more."""
    rows = Finding.objects.open().filter(kind=FindingKind.KEY_MISSING, bag=loss.bag_id)
    left = Packed.objects.filter(pack__bag=loss.bag_id, key__isnull=False)
    gone = Q(record__in=LostPacked.objects.filter(loss=loss).values("record"))
    return rows.filter(gone) if left.exists() else rows


# What became of them --------------------------------------------------------------------------------------------------


def became(losses: QuerySet[Loss]) -> dict[int, dict[str, int]]:
    """By loss: how many of its records are in which state by now; catalogued ones wait to be backed up anew."""
    states = LostPacked.objects.filter(loss__in=losses).values_list("loss", "record__state").annotate(n=Count("pk"))
    found: dict[int, dict[str, int]] = {}
    for loss, state, count in states.order_by():
        found.setdefault(loss, {})[state] = count
    return found


TRANSITIONS = {"confirm": loss_confirm, "refuse": loss_refuse}
