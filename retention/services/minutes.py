"""The berita acara of a destruction (RET-10): issued when all of it is gone, was looked for, and counted anew."""

from collections.abc import Iterator, Sequence
from datetime import datetime
from typing import IO, Any
from zoneinfo import ZoneInfo

from django.db import transaction
from django.db.models import Q, QuerySet
from django.template.defaultfilters import filesizeformat
from django.utils import translation
from django.utils.formats import date_format
from django.utils.translation import gettext as _

from occ.approvals.services import name_of, position_of
from occ.documents import signing as documents
from occ.documents.choices import Purpose
from occ.documents.models import IssuedDocument
from occ.documents.services import document_issue, document_preview
from occ.documents.signing import Signing, signer_of
from occ.errors import Invalid, NotAllowed, WrongState
from occ.people.models import Person, User
from occ.sheets.writing import OutColumn, write_workbook
from occ.times import local_day
from occ.workflow.services import step
from retention.choices import ItemDecision, ItemState, ProposalStatus, RecordKind, Result
from retention.disposal import notices
from retention.documents.disposal import CLASSES, DISPOSAL, Destroyed, DestroyedPaper, Facts, Signer, disposal_body
from retention.models import Proposal, Record
from retention.services import paper_minutes
from retention.services.probing import recount
from retention.services.schedule import rule_of, rules_on
from retention.services.witnesses import Witness, names_of, witnesses_named
from retention.workflow import PROPOSAL

CHUNK = 2_000


def disposal_issue(
    *, proposal_id: int, place: str, witnesses: Sequence[Witness], language: str, signatures: Sequence[Signing],
    actor: User, now: datetime,
) -> IssuedDocument:  # fmt: skip
    """Issue it and close the proposal; one witness at least.

    Raises NotAllowed, WrongState (not all gone, or not proved to be), Invalid (no place; a witness who is none).
    """
    with transaction.atomic():
        rows = Proposal.objects.select_for_update(of=("self",), no_key=True)
        facts, body, proposal = _drawn_up(rows, proposal_id, place, witnesses, language, actor, now)
        slots = _slots(proposal, witnesses)
        document = document_issue(
            type=DISPOSAL, site=proposal.site, subject=proposal, title=str(DISPOSAL.title), data=body,
            language=language, actor=actor, now=now, period=facts.period, signatures=tuple(signatures),
            slots=slots,
        )  # fmt: skip
        also = {"document": document}
        with step(PROPOSAL, Proposal, proposal_id, "issue", actor=actor, now=now, also=also):
            notices.issued_tell(proposal, facts.count, document.full_number, now=now)
            notices.sign_ask(document, [one.user_id for one in slots if one.user_id is not None], now=now)
            return document


def disposal_preview(
    *, proposal_id: int, place: str, witnesses: Sequence[Witness], language: str, actor: User, now: datetime
) -> bytes:
    """The PDF as `disposal_issue` would issue it, marked as a draft; nothing is kept. Raises as that does."""
    _facts, body, proposal = _drawn_up(Proposal.objects.all(), proposal_id, place, witnesses, language, actor, now)
    return document_preview(
        type=DISPOSAL, site=proposal.site, title=str(DISPOSAL.title), data=body, language=language,
        signers=[signer_of(actor, Purpose.PREPARED)], actor=actor, now=now,
    )  # fmt: skip


def _drawn_up(
    rows: "QuerySet[Proposal]", proposal_id: int, place: str, witnesses: Sequence[Witness], language: str, actor: User,
    now: datetime,
) -> tuple[Facts, dict[str, Any], Proposal]:  # fmt: skip
    """What it says, checked; beside the template's data its facts and the proposal."""
    proposal = rows.select_related("site", "approval__decided_by__person", "executed_by__person").get(pk=proposal_id)
    if not PROPOSAL.find("issue").open_to(actor, proposal.site):
        raise NotAllowed
    if proposal.status != ProposalStatus.DESTROYED:
        raise WrongState(_("A berita acara is issued once, when all that was approved is destroyed."))
    _proved(proposal)
    day = local_day(now, proposal.site.zone)
    named = witnesses_named(witnesses, parties=_parties(proposal, actor), day=day)
    if proposal.of_documents and paper_minutes.saw(proposal, actor):
        raise WrongState(
            _("You are named as a witness of papers destroyed by hand: somebody else issues the berita acara.")
        )
    if not place.strip():
        raise Invalid(_("Say where it was drawn up."), field="place")
    documents = proposal.of_documents
    with translation.override(language):
        lines: list[Destroyed] | list[DestroyedPaper]
        if documents:
            facts, lines = paper_minutes.facts_of(proposal, place.strip()), paper_minutes.destroyed(proposal)
            named = [*named, *paper_minutes.witnesses_of(proposal, named)]
        else:
            facts, lines = _facts(proposal, place.strip(), now), list(destroyed(proposal))
        signers = _signers(proposal, named)
    body = disposal_body(facts=facts, lines=lines, signers=signers, language=language, of_documents=documents)
    return facts, body, proposal


def _parties(proposal: Proposal, author: User) -> list[str]:
    """Who approved it, started it, destroyed papers of it by hand and draws this up; also by their log-in's name."""
    executor, approval = proposal.executed_by, proposal.approval
    assert executor is not None and approval is not None
    by_hand = paper_minutes.executors_of(proposal, executor) if proposal.of_documents else []
    return [
        approval.name, *names_of(approval.decided_by), *names_of(executor), *names_of(author),
        *(name for name, _position in by_hand),
    ]  # fmt: skip


def _proved(proposal: Proposal) -> None:
    last = proposal.probes.exclude(ran_at=None).order_by("-ran_at", "-pk").first()
    if last is None:
        raise WrongState(_("It was not looked for yet, so nobody knows that it is gone."))
    if last.result != Result.OK:
        raise WrongState(_("Something that should be gone was found: see the absence probe."))
    counts = recount(proposal)
    if len(set(counts.values())) != 1 or not counts["lines"]:
        shown = ", ".join(f"{name} {count}" for name, count in counts.items())
        raise WrongState(_("Counted anew, the numbers differ: %(counts)s.") % {"counts": shown})


def destroyed(proposal: Proposal) -> Iterator[Destroyed]:
    """In the order of the list that was approved."""
    rows = proposal.items.filter(state=ItemState.DESTROYED).order_by("position")
    values = rows.values_list(
        "record__external_id", "record__tombstone__kind", "record__tombstone__ended_on", "record__tombstone__size",
        "record__tombstone__sha256", "record__tombstone__bag",
    )  # fmt: skip
    return (Destroyed(*row) for row in values.iterator(chunk_size=CHUNK))


def _facts(proposal: Proposal, place: str, now: datetime) -> Facts:
    zone, approval = proposal.site.zone, proposal.approval
    assert approval is not None and proposal.completed_at is not None
    lines = list(destroyed(proposal))
    days = [one.ended_on for one in lines]
    said = {"name": approval.name, "position": approval.position, "day": day_of(approval.decided_at, zone)}
    return Facts(
        day=local_day(proposal.completed_at, zone), place=place, number=proposal.number,
        kinds=str(RecordKind(proposal.kind).label), period=(min(days), max(days)), count=len(lines),
        volume=filesizeformat(sum(one.size for one in lines)), list_sha256=proposal.list_sha256,
        basis=[
            _("SOP-RET 5.3 and 5.4: kept for the period below and approved by the client before it is destroyed."),
            _("Approval by %(name)s, %(position)s, on %(day)s, of the list with the hash above.") % said,
        ],
        method=[
            _("Each file was deleted at its source, with all its versions."),
            _("Each record's own key was destroyed, so that every copy of the backup is unreadable (NIST SP 800-88, "
              "cryptographic erase); packages without a readable record were deleted from every store."),
            _("Afterwards it was looked for at the source, in every store and among exports, and nothing was found."),
        ],
        remarks=remarks_of(proposal),
        retention=retention_of(proposal),
    )  # fmt: skip


def remarks_of(proposal: Proposal) -> list[str]:
    """What was on the list and was not destroyed."""
    approved = proposal.items.filter(decision=ItemDecision.APPROVED)
    pulled = approved.filter(state=ItemState.PULLED).count()
    left = approved.filter(state=ItemState.RELEASED).count()
    refused = proposal.items.filter(decision=ItemDecision.REFUSED).count()
    said = (
        (refused, _("Refused by the client and kept: %(count)s.") % {"count": refused}),
        (pulled, _("Approved and not destroyed, as they are held: %(count)s.") % {"count": pulled}),
        (left, _("Approved, but could not be deleted and are kept: %(count)s.") % {"count": left}),
    )
    return [text for count, text in said if count]


def day_of(at: datetime, zone: ZoneInfo) -> str:
    return str(date_format(local_day(at, zone), "j F Y"))


def retention_of(proposal: Proposal) -> str:
    """The period that governed the list's first record, in words."""
    listed = Record.objects.filter(disposals__proposal=proposal).order_by("disposals__position")
    found = listed.select_related("source").defer("customer")[:1].get()
    rule = rule_of(found, rules_on(local_day(proposal.proposed_at, proposal.site.zone)))
    return _("%(years)s years") % {"years": rule.delete_after_years}


def _signers(proposal: Proposal, witnesses: Sequence[tuple[str, str]]) -> list[Signer]:
    executor, approval = proposal.executed_by, proposal.approval
    assert executor is not None and approval is not None
    by_hand = paper_minutes.executors_of(proposal, executor) if proposal.of_documents else []
    return [
        Signer(_("Executed by"), name_of(executor), position_of(executor)),
        *(Signer(_("Destroyed by hand by"), name, position) for name, position in by_hand),
        *(Signer(_("Witness"), name, position or "-") for name, position in witnesses),
        Signer(_("Approved by"), approval.name, approval.position),
    ]


def _slots(proposal: Proposal, witnesses: Sequence[Witness]) -> list[documents.Signer]:
    """Who signs it afterwards: who destroyed, who saw it and who approved; who cannot sign here, on paper."""
    executor, approval = proposal.executed_by, proposal.approval
    assert executor is not None and approval is not None
    executors, seen = {executor.pk: (name_of(executor), position_of(executor))}, []
    if proposal.of_documents:
        executors = paper_minutes.executors_by_user(proposal) | executors
    people = [one for one in witnesses if isinstance(one, Person)]
    users = User.objects.filter(Q(person__in=people) | Q(pk__in=[*executors, approval.decided_by_id]))
    able = {one.pk: one.person_id for one in users if documents.may_sign(one)}
    accounts = {person: pk for pk, person in able.items() if person is not None}
    for one in witnesses:
        if isinstance(one, Person):
            seen.append((one.name, one.position, accounts.get(one.pk)))
        else:
            seen.append((one.name.strip(), f"{one.position.strip()}, {one.organisation.strip()}", None))
    if proposal.of_documents:
        named = [(name, position) for name, position, _account in seen]
        seen += [(name, position, None) for name, position in paper_minutes.witnesses_of(proposal, named)]
    approver = approval.decided_by_id if approval.decided_by_id in able else None
    return [
        *(documents.Signer(*said, Purpose.EXECUTED, pk if pk in able else None) for pk, said in executors.items()),
        *(documents.Signer(name, position or "-", Purpose.WITNESSED, account) for name, position, account in seen),
        documents.Signer(approval.name, approval.position, Purpose.APPROVED, approver),
    ]


def annex_columns() -> list[OutColumn]:
    return [
        OutColumn(_("No."), width=8), OutColumn(_("Kind of record"), width=20),
        OutColumn(_("Classification code"), width=18), OutColumn(_("Period covered"), width=16),
        OutColumn(_("Quantity"), width=10), OutColumn(_("Stage"), width=12), OutColumn(_("Medium"), width=12),
        OutColumn(_("Retention"), width=12), OutColumn(_("Remarks"), width=34), OutColumn(_("Bag"), width=28),
        OutColumn("SHA-256", width=68),
    ]  # fmt: skip


def annex_workbook(out: IO[bytes], proposal: Proposal) -> int:
    """The annex as a spreadsheet; returns how many lines."""
    meta = {_("Proposal"): proposal.number, _("SHA-256 of the approved list"): proposal.list_sha256}
    if proposal.document is not None:
        meta[_("Document")] = proposal.document.full_number
    title = _("Annex: list of the destroyed documents")
    if proposal.of_documents:
        columns, rows = paper_minutes.annex_columns(), paper_minutes.annex_rows(proposal)
        return write_workbook(out, title=title, columns=columns, rows=rows, meta=meta, zone=proposal.site.zone)
    kinds, retention = dict(RecordKind.choices), retention_of(proposal)
    rows = (
        [n, str(kinds.get(one.kind, one.kind)), CLASSES.get(one.kind, "-"), one.ended_on, 1, _("Original"),
         _("Softcopy"), retention, f"ID {one.external_id}", one.bag, one.sha256]
        for n, one in enumerate(destroyed(proposal), 1)
    )  # fmt: skip
    return write_workbook(out, title=title, columns=annex_columns(), rows=rows, meta=meta, zone=proposal.site.zone)
