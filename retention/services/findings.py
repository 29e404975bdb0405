"""What checks find to be wrong, brought together with the findings there are: one wrong thing stays one row (RET-6)."""

from collections.abc import Callable, Iterable, Sequence
from dataclasses import dataclass
from datetime import datetime, timedelta
from typing import Any

from django.db import transaction
from django.db.models import QuerySet
from django.utils.translation import gettext as _
from django.utils.translation import gettext_noop

from occ.errors import Invalid, WrongState
from occ.obligations.services import Owed, obligation_fulfil, obligations_fulfil, obligations_open
from occ.people.actors import Actor
from occ.people.history import create_many
from occ.people.models import Site, User
from occ.policies.services import policy_value
from occ.texts import kept
from occ.workflow.drawing import history, last_steps
from occ.workflow.services import begin_many, step, step_many
from retention.choices import STANDING, FindingKind, FindingStatus, LossStatus
from retention.models import Bag, Batch, Finding, Loss, MonthFigures, Packed, Record, Source, Store
from retention.notices import found_again_tell, not_resolved_tell, proposed_tell
from retention.personal import FINDING_CONFIRMERS
from retention.policies import FINDING_HOURS, FINDING_SETTLED
from retention.services.transcripts import transcripts_again
from retention.workflow import CHECKER, FINDING

# A key lies in no place: what is wrong with one has none.
Place = Source | Store | None
SOME = 2_000
# What somebody's word has settled is held to it for so long; what was written anew and read back is not.
HELD_TO, BY_WORD = timedelta(days=7), {"resolve", "confirm"}
WORDS = 3
# What a check of the package itself finds, and finds gone once it is.
CHECKED = {
    FindingKind.DAMAGED, FindingKind.SIZE, FindingKind.PACK_MISSING, FindingKind.NOT_COPIED, FindingKind.KEY_MISSING,
}  # fmt: skip


@dataclass(frozen=True)
class Seen:
    """Something wrong with the object `name` of a place, or with a key; `site` is whose it is."""

    name: str
    site: Site
    detail: str = ""
    bag: Bag | None = None
    record: Record | None = None


@transaction.atomic
def findings_keep(
    *, kind: FindingKind, place: Place, seen: Sequence[Seen], complete: bool, now: datetime
) -> list[Finding]:
    """Open a finding for each that is new, open again what came back, and refresh what is still so.

    `complete`: the check looked at everything of that kind there, so that what it did not see is gone. For a part of a
    place give `findings_gone` what was looked at and found in order. Returns those that are new or open again.
    """
    of_place = _of(place).filter(kind=kind)
    by_name = {one.name[:600]: one for one in seen}
    known = _locked(of_place, by_name)
    made = []
    unknown = sorted(by_name.keys() - known)  # in this order: two checks that find the same wait in turn
    for i in range(0, len(unknown), SOME):
        new = [_row(kind, place, name, by_name[name], now) for name in unknown[i : i + SOME]]
        create_many(new, actor=CHECKER, why=kept(gettext_noop("Found by a check")), now=now, unless_there="name")
        some = [one for one in new if one.pk is not None]
        begin_many(FINDING, some, actor=CHECKER, now=now, note=kept(gettext_noop("Found by a check")))
        made += some
        known |= _locked(of_place, [one.name for one in new if one.pk is None])  # another check was quicker
    proposed = {one.pk: one.proposed_by for one in known.values() if one.status == FindingStatus.PROPOSED}
    taken_back = step_many(
        FINDING, Finding.objects.filter(pk__in=proposed), "still", actor=CHECKER, now=now,
        note=kept(gettext_noop("Found again by a check")), also={"proposed_by": None},
    )  # fmt: skip
    for one in taken_back:
        if proposer := proposed[one.pk]:
            found_again_tell(one, proposer, now=now)
    again = _reopened([one for one in known.values() if not one.is_open], now)
    _owe([*made, *again], now)
    _touch([*made, *again])
    of_place.filter(name__in=list(by_name)).update(seen_at=now)
    if complete:
        _go(of_place.open().exclude(name__in=list(by_name)), now)
    return [*made, *again]


def _reopened(back: list[Finding], now: datetime) -> list[Finding]:
    """With a time limit of its own; where somebody's word settled it a short while ago, with the old one: it never was
    as they said, and no word begins the clock anew."""

    def reopen(pks: set[int], **also: Any) -> list[Finding]:
        also |= {"settled_at": None, "proposed_by": None, "confirmed_by": None}
        note = kept(gettext_noop("Found again by a check"))
        rows = Finding.objects.filter(pk__in=pks)
        return step_many(FINDING, rows, "reopen", actor=CHECKER, now=now, note=note, also=also)

    lately = {one.pk for one in back if one.settled_at is not None and now - one.settled_at < HELD_TO}
    said = {pk for pk, last in last_steps(Finding, lately).items() if last in BY_WORD}
    others = {one.pk for one in back} - said
    return [*reopen(said), *reopen(others, found_at=now, due_at=now + _within(now))]


def _locked(rows: "QuerySet[Finding]", names: Iterable[str]) -> dict[str, Finding]:
    found = rows.filter(name__in=list(names)).select_related("site", "proposed_by__person")
    found = found.select_for_update(of=("self",), no_key=True)
    return {one.name: one for one in found.order_by("pk")}


@transaction.atomic
def findings_gone(
    *, kinds: Iterable[FindingKind], place: Place, names: Iterable[str], asked_by: str = "", now: datetime
) -> int:
    """What was looked at just now and is in order: its open findings of those kinds are gone; how many."""
    return findings_over(rows=_of(place).filter(kind__in=list(kinds), name__in=list(names)), asked_by=asked_by, now=now)


@transaction.atomic
def findings_over(*, rows: "QuerySet[Finding]", asked_by: str = "", now: datetime) -> int:
    """A check found in order what they are about: those that are open are gone; how many.

    `asked_by`: who asked for the check, in words; "" where it came by itself.
    """
    return _go(rows.filter(status__in=STANDING), now, asked_by)


def findings_write_off(*, rows: "QuerySet[Finding]", note: str, now: datetime) -> int:
    """What they are about was given up in due form, as the note says; how many."""
    return _decided("write_off", rows, note, now)


def findings_taken(*, rows: "QuerySet[Finding]", note: str, now: datetime) -> int:
    """The file as it is now became the record's, as the note says by whom and why; how many."""
    return _decided("take", rows, note, now)


@transaction.atomic
def _decided(name: str, rows: "QuerySet[Finding]", note: str, now: datetime) -> int:
    """Something that somebody decided elsewhere settles them, and no check."""
    done = step_many(FINDING, rows, name, actor=CHECKER, now=now, note=note, also={"settled_at": now})
    obligations_fulfil(
        subjects=done, rules=[FINDING_SETTLED], at=now, evidence={"text": note}, actor=CHECKER, now=now
    )  # fmt: skip
    _touch(done)
    return len(done)


def finding_mend(*, finding_id: int, evidence: dict[str, Any], now: datetime) -> Finding:
    """The system has put it right and read it back; a check that still finds it opens it again. Raises WrongState."""
    also = {"settled_at": now}
    with step(FINDING, Finding, finding_id, "mend", actor=CHECKER, now=now, evidence=evidence, also=also) as row:
        _settle(row, evidence, CHECKER, now)
    return row


def _settle(row: Finding, evidence: dict[str, Any], actor: Actor, now: datetime) -> None:
    obligation_fulfil(subject=row, rule=FINDING_SETTLED, at=now, evidence=evidence, actor=actor, now=now)
    _touch([row])


def _where(place: Place) -> dict[str, Any]:
    return {
        "store": place if isinstance(place, Store) else None,
        "source": place if isinstance(place, Source) else None,
    }


def _of(place: Place) -> Any:
    return Finding.objects.filter(**_where(place))


def _row(kind: FindingKind, place: Place, name: str, one: Seen, now: datetime) -> Finding:
    return Finding(
        kind=kind, name=name, site=one.site, bag=one.bag, record=one.record, detail=one.detail[:300], found_at=now,
        seen_at=now, due_at=now + _within(now), **_where(place),
    )  # fmt: skip


def _within(now: datetime) -> timedelta:
    return timedelta(hours=policy_value(FINDING_HOURS, at=now))


def _owe(findings: list[Finding], now: datetime) -> None:
    owed = [
        Owed(one, f"{kept(FindingKind(one.kind).label)}: {one.name}", one.site, None, one.found_at, one.due_at)
        for one in findings
    ]
    obligations_open(rule=FINDING_SETTLED, owed=owed, actor=CHECKER, now=now)


def _go(rows: "QuerySet[Finding]", now: datetime, asked_by: str = "") -> int:
    asked = {"asked_by": asked_by} if asked_by else {}
    gone = step_many(FINDING, rows, "gone", actor=CHECKER, now=now, evidence=asked, also={"settled_at": now})
    evidence = {"text": kept(gettext_noop("A later check found it in order."))} | asked
    obligations_fulfil(
        subjects=gone, rules=[FINDING_SETTLED], at=now, evidence=evidence, actor=CHECKER, now=now
    )  # fmt: skip
    _touch(gone)
    transcripts_again(bags={one.bag_id for one in gone if one.kind == FindingKind.KEY_MISSING and one.bag_id})
    return len(gone)


def _touch(rows: Iterable[Finding]) -> None:
    """What cannot be restored counts as no backup: the months of their bags are counted anew."""
    bags = {one.bag_id for one in rows if one.bag_id}
    months = Batch.objects.filter(bags__in=bags).values_list("site", "kind", "month").distinct() if bags else ()
    for site_id, kind, month in months:
        MonthFigures.objects.touched(site_id=site_id, kind=kind, first=month, last=month)


def is_packed(finding: Finding) -> bool:
    """Whether records still lie in the package that the finding is about: then a check of it says how it stands."""
    if finding.kind not in CHECKED or finding.bag_id is None:
        return False
    rows = Packed.objects.filter(pack__bag=finding.bag_id, key__isnull=False)
    if finding.kind != FindingKind.KEY_MISSING:
        rows = rows.filter(pack__name=finding.name)
    return (rows.filter(record=finding.record_id) if finding.record_id else rows).exists()


# By hand: what no check can see --------------------------------------------------------------------------------------


def finding_resolve(*, finding_id: int, evidence: dict[str, Any], actor: Actor, now: datetime) -> Finding:
    """It was put right, as words or a file show; a check that still finds it opens it again.

    Raises NotAllowed, WrongState (a grave one is proposed; a check says how it stands), Invalid (says nothing).
    """
    _words_settle(finding_id, evidence)
    also = {"settled_at": now}
    with step(FINDING, Finding, finding_id, "resolve", actor=actor, now=now, evidence=evidence, also=also) as row:
        _settle(row, evidence, actor, now)
    return row


def finding_propose(*, finding_id: int, evidence: dict[str, Any], actor: User, now: datetime) -> Finding:
    """A grave one was put right, as words or a file show; it stays open until somebody else has confirmed it.

    Raises NotAllowed, WrongState (not grave; a check says how it stands; a loss waits for its decision), Invalid.
    """
    _words_settle(finding_id, evidence)
    also = {"proposed_by": actor}
    with step(FINDING, Finding, finding_id, "propose", actor=actor, now=now, evidence=evidence, also=also) as row:
        proposed_tell(row, actor, sorted(FINDING_CONFIRMERS), now=now)
    return row


def finding_confirm(*, finding_id: int, note: str, actor: User, now: datetime) -> Finding:
    """Another person has looked, and it is resolved. Raises NotAllowed (the own proposal), WrongState, Invalid."""
    also = {"settled_at": now, "confirmed_by": actor}
    with step(FINDING, Finding, finding_id, "confirm", actor=actor, now=now, note=note, also=also) as row:
        said = next(one.evidence for one in reversed(history(row)) if one.transition == "propose")
        _settle(row, said | {"confirmed": note.strip()}, actor, now)
    return row


def finding_refuse(*, finding_id: int, note: str, actor: User, now: datetime) -> Finding:
    """Another person has looked, and it is not resolved. Raises NotAllowed (the own proposal), WrongState, Invalid."""
    also = {"proposed_by": None}
    with transaction.atomic():
        was = Finding.objects.select_for_update(of=("self",), no_key=True).select_related("proposed_by__person")
        proposer = was.get(pk=finding_id).proposed_by
        with step(FINDING, Finding, finding_id, "refuse", actor=actor, now=now, note=note, also=also) as row:
            if proposer is not None:
                not_resolved_tell(row, proposer, who=actor, note=note, now=now)
    return row


def _words_settle(finding_id: int, evidence: dict[str, Any]) -> None:
    finding = Finding.objects.get(pk=finding_id)
    if finding.bag_id and Loss.objects.filter(bag=finding.bag_id, status=LossStatus.DECLARED).exists():
        raise WrongState(_("Its backup was declared lost, which waits for a decision."))
    if is_packed(finding):
        words = _("Words do not settle this one: have it mended or checked again; it goes once it is found in order.")
        raise WrongState(words, code="checked")
    text = evidence.get("text", "")
    if not evidence.get("attachment") and len(text.split()) < WORDS:
        raise Invalid(_("Say in some words what was done and what shows it, or attach a file."), field="text")


TRANSITIONS: dict[str, Callable[..., Finding]] = {
    "resolve": finding_resolve, "propose": finding_propose, "confirm": finding_confirm, "refuse": finding_refuse,
}  # fmt: skip
