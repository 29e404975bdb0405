"""Warning letters SP 1-3 (MO 4.1.3 10-13; PP 35/2021 art. 36 k): asked for, issued, signed for or refused, final.

The level is reckoned under the person's lock, when it is asked for and again when the letter is issued: of two at once
the second one finds the first. Proofs of identity are made before the transaction begins.
"""

from __future__ import annotations

from datetime import date, datetime, timedelta
from typing import Any

from django.core.files.base import File
from django.db import transaction
from django.utils.translation import gettext as _
from django.utils.translation import gettext_noop

from occ.approvals.proving import Proof
from occ.documents.choices import Purpose
from occ.documents.services import document_issue, document_revise
from occ.documents.signing import Signing, position_of
from occ.errors import Invalid, NotAllowed, WrongState
from occ.people.choices import LeavingReason
from occ.people.history import sign
from occ.people.lifecycle import person_locked
from occ.people.models import Person, User
from occ.people.scope import has_role
from occ.policies.services import policy_value
from occ.times import local_day
from occ.workflow.services import step
from sdm.choices import LeavingStatus
from sdm.discipline import notices
from sdm.discipline.choices import CaseStatus, EntryKind, Receipt
from sdm.discipline.documents import LETTER, letter_body
from sdm.discipline.levels import TERMINATION, Given, covering, in_force, next_level, valid_until
from sdm.discipline.policies import (
    ANSWER,
    ANSWER_DAYS,
    EXIT,
    EXIT_DAYS,
    LAW,
    MONTHS,
    RECEIPT,
    RECEIPT_DAYS,
    REQUEST,
    REQUEST_DAYS,
)
from sdm.discipline.workflow import DISCIPLINE, RELATIONS
from sdm.models import Leaving
from sdm.models.discipline import DisciplineCase, WarningLetter
from sdm.services import leavings
from sdm.services.discipline import await_person, improve_bounds
from sdm.services.discipline_common import (
    also_closed,
    done,
    entry,
    has_log_in,
    in_policy_days,
    keep_file,
    must_be_own,
    must_lead,
    nothing_owed,
    owe,
    tell_person,
    tell_relations,
    tell_superiors,
    words,
)

REASON, CLAUSE_LENGTH = 2_000, 200


def given_to(person_id: int) -> list[Given]:
    """The letters that count, as the arithmetic takes them."""
    rows = WarningLetter.objects.counting().filter(person_id=person_id).order_by("issued_on", "level")
    return [
        Given(level, issued_on, valid_until)
        for level, issued_on, valid_until in rows.values_list("level", "issued_on", "valid_until")
        if level and issued_on and valid_until
    ]


def _level(person: Person, violated_on: date, now: datetime) -> int:
    """Which level follows. Raises Invalid when a letter answers that violation already."""
    given, today = given_to(person.pk), local_day(now, person.site.zone)
    if other := covering(given, violated_on, today):
        says = _("SP %(level)s of %(day)s answers it already: only what happened after that day is a new violation.")
        raise Invalid(says % {"level": other.level, "day": other.issued_on.isoformat()}, field="violated_on",
                      code="covered")  # fmt: skip
    return next_level(given, violated_on)


def _signed(signing: Signing, actor: User, purpose: str) -> None:
    if signing.user_id != actor.pk or signing.purpose != purpose:
        raise NotAllowed


def _case(pk: int) -> DisciplineCase:
    return DisciplineCase.objects.select_related("site", "person__site").get(pk=pk)


def _request_of(case: DisciplineCase) -> WarningLetter:
    return WarningLetter.objects.unanswered().select_for_update(of=("self",), no_key=True).get(case=case)


@transaction.atomic
def warning_request(
    *, case_id: int, violated_on: date, reason: str, clause: str, file: File[bytes] | None = None, signing: Signing,
    actor: User, now: datetime,
) -> WarningLetter:  # fmt: skip
    """The superior asks for a warning letter and signs the request (box 10).

    Raises NotAllowed, WrongState, Invalid (the day; a letter in force answers it already).
    """
    found = _case(case_id)
    _signed(signing, actor, Purpose.PREPARED)
    must_lead(actor, found, now)
    person = person_locked(found.person_id)
    reason, clause = words(reason, "reason", REASON), words(clause, "clause", CLAUSE_LENGTH)
    if not person.joined_on <= violated_on <= local_day(now, person.site.zone):
        raise Invalid(_("The day lies in the future, or before the person joined."), field="violated_on")
    with step(DISCIPLINE, DisciplineCase, case_id, "request", actor=actor, now=now) as case:
        _level(person, violated_on, now)
        made = WarningLetter(
            case=case, person=person, violated_on=violated_on, reason=reason, clause=clause, requested_at=signing.at,
            requested_by=actor, requested_name=signing.name, requested_position=signing.position,
        )  # fmt: skip
        sign(made, actor, "requested", now=now)
        made.save()
        entry(case, EntryKind.REQUESTED, f"{clause}\n{reason}", actor=actor, now=now)
        keep_file(case, file, "request", actor=actor, now=now)
        done(case, REQUEST, actor=actor, now=now)
        owe(case, ANSWER, in_policy_days(case, ANSWER_DAYS, now), actor=actor, now=now)
        tell_relations(case, notices.WAITS, now)
    return made


def warning_return(*, case_id: int, note: str, actor: User, now: datetime) -> DisciplineCase:
    """HR sends the request back: it is not complete, or not just."""
    text = words(note)
    with step(DISCIPLINE, DisciplineCase, case_id, "return", actor=actor, now=now) as case:
        _close_request(case, actor, now)
        entry(case, EntryKind.RETURNED, text, actor=actor, now=now)
        done(case, ANSWER, actor=actor, now=now)
        owe(case, REQUEST, in_policy_days(case, REQUEST_DAYS, now), actor=actor, now=now)
        tell_superiors(case, notices.WAITS, now)
    return case


def _close_request(case: DisciplineCase, actor: User, now: datetime) -> WarningLetter:
    request = _request_of(case)
    request.returned_at = now
    sign(request, actor, "answered", now=now)
    request.save(update_fields=["returned_at"])
    return request


def expected(case: DisciplineCase, now: datetime) -> int | None:
    """The level that would follow from the request that waits, for the page; None where none does."""
    request = WarningLetter.objects.unanswered().filter(case=case).first()
    return next_level(given_to(case.person_id), request.violated_on) if request else None


@transaction.atomic
def warning_issue(
    *, case_id: int, signing: Signing, note: str = "", language: str = "id", actor: User, now: datetime
) -> WarningLetter:
    """HR issues the letter of the level that follows, with both signatures (box 11).

    Raises NotAllowed, WrongState (inside SP 3: it is final), Invalid (a letter issued meanwhile answers it).
    """
    _signed(signing, actor, Purpose.APPROVED)
    person = person_locked(_case(case_id).person_id)
    with step(DISCIPLINE, DisciplineCase, case_id, "issue", actor=actor, now=now) as case:
        letter = _request_of(case)
        level = _level(person, letter.violated_on, now)
        if level == TERMINATION:
            raise WrongState(_("The violation lies within SP 3: no letter follows. Decide whether it is final."))
        today = local_day(now, case.site.zone)
        months = int(policy_value(MONTHS, at=now, site=case.site))
        letter.level, letter.issued_on, letter.valid_until = level, today, valid_until(today, months)
        letter.issued_at, letter.issued_by = now, actor
        letter.issued_name, letter.issued_position = signing.name, signing.position
        letter.document = document_issue(
            type=LETTER, site=case.site, subject=case, title=f"{LETTER.title} (SP {level})",
            data=letter_body(letter, _earlier(letter), language=language, law=LAW), language=language,
            signatures=[_superior(letter), signing], actor=actor, now=now,
        )  # fmt: skip
        sign(letter, actor, "issued", now=now)
        letter.save(
            update_fields=["level", "issued_on", "valid_until", "issued_at", "issued_by", "issued_name",
                           "issued_position", "document"]
        )  # fmt: skip
        entry(case, EntryKind.ISSUED, f"SP {level} {note}".strip(), actor=actor, now=now)
        done(case, ANSWER, actor=actor, now=now)
        owe(case, RECEIPT, in_policy_days(case, RECEIPT_DAYS, now), actor=actor, now=now)
        tell_person(case, notices.YOURS, now)
        tell_superiors(case, notices.TOLD, now)
    return letter


def _superior(letter: WarningLetter) -> Signing:
    return Signing(
        letter.requested_by_id, letter.requested_name, letter.requested_position, Purpose.PREPARED, letter.requested_at
    )


def _earlier(letter: WarningLetter) -> list[WarningLetter]:
    """Those in force on the day of the violation, which make this one the next."""
    rows = WarningLetter.objects.counting().filter(person_id=letter.person_id).exclude(pk=letter.pk)
    standing = set(in_force(given_to(letter.person_id), letter.violated_on))
    return [
        one for one in rows.order_by("issued_on", "level")
        if Given(one.level or 0, one.issued_on or date.min, one.valid_until or date.min) in standing
    ]  # fmt: skip


def _letter_awaited(case: DisciplineCase) -> WarningLetter:
    rows = WarningLetter.objects.standing().filter(case=case, receipt="")
    return rows.select_for_update(of=("self",), no_key=True).latest("pk")


def _received(letter: WarningLetter, receipt: Receipt, signings: list[Signing], actor: User, now: datetime) -> None:
    """The letter with its receipt is the next revision of the document."""
    assert letter.document is not None and letter.issued_by_id is not None and letter.issued_at is not None
    letter.receipt, letter.receipt_at = receipt, now
    relations = Signing(
        letter.issued_by_id, letter.issued_name, letter.issued_position, Purpose.APPROVED, letter.issued_at
    )
    language = letter.document.language
    letter.document = document_revise(
        document_id=letter.document.pk, type=LETTER, title=letter.document.title,
        data=letter_body(letter, _earlier(letter), language=language, law=LAW), language=language,
        reason=gettext_noop("Receipt"), signatures=[_superior(letter), relations, *signings], actor=actor, now=now,
    )  # fmt: skip
    sign(letter, actor, "receipt", now=now)
    letter.save(update_fields=["receipt", "receipt_at", "document", "second_factor", "witnesses"])


def warning_receive(*, case_id: int, proof: Proof, note: str = "", actor: User, now: datetime) -> WarningLetter:
    """The person signs for the letter, in the own session and having proved who they are.

    To sign is to have received, not to agree: `note` is for the person's own words.
    """
    must_be_own(actor, _case(case_id))
    if proof.user_id != actor.pk:
        raise NotAllowed
    with step(DISCIPLINE, DisciplineCase, case_id, "receive", actor=actor, now=now, also=_again(case_id, now)) as case:
        letter = _letter_awaited(case)
        letter.second_factor = proof.second_factor
        name = actor.person.name if actor.person else str(actor)
        mine = Signing(actor.pk, name, position_of(actor), Purpose.ACKNOWLEDGED, proof.at)
        _received(letter, Receipt.SIGNED, [mine], actor, now)
        entry(case, EntryKind.RECEIVED, f"SP {letter.level}\n{note.strip()}".strip(), actor=actor, now=now)
        done(case, RECEIPT, actor=actor, now=now)
        await_person(case, actor=actor, now=now)
        tell_superiors(case, notices.TOLD, now)
    return letter


def warning_on_paper(
    *, case_id: int, file: File[bytes] | None, note: str = "", actor: User, now: datetime
) -> WarningLetter:  # fmt: skip
    """Who has no log-in signs the printed letter, and HR keeps its scan. Raises WrongState (there is one), Invalid."""
    with step(DISCIPLINE, DisciplineCase, case_id, "paper", actor=actor, now=now, also=_again(case_id, now)) as case:
        if has_log_in(case.person, now):
            raise WrongState(_("The person has a log-in: they sign in their own session."))
        if file is None:
            raise Invalid(_("Upload the scan of the signed letter."), field="file")
        letter = _letter_awaited(case)
        keep_file(case, file, "receipt", actor=actor, now=now)
        _received(letter, Receipt.PAPER, [], actor, now)
        entry(case, EntryKind.RECEIVED, f"SP {letter.level}\n{note.strip()}".strip(), actor=actor, now=now)
        done(case, RECEIPT, actor=actor, now=now)
        await_person(case, actor=actor, now=now)
        tell_superiors(case, notices.TOLD, now)
    return letter


def warning_refuse(
    *, case_id: int, witnesses: list[dict[str, str]], note: str, actor: User, now: datetime
) -> WarningLetter:  # fmt: skip
    """The person does not sign: two witnesses saw that the letter was handed over. It is valid all the same."""
    text, seen = words(note), _two(witnesses, _case(case_id).person, actor)
    with step(DISCIPLINE, DisciplineCase, case_id, "refuse", actor=actor, now=now, also=_again(case_id, now)) as case:
        letter = _letter_awaited(case)
        letter.witnesses = seen
        _received(letter, Receipt.REFUSED, [], actor, now)
        names = "; ".join(f"{one['name']} ({one['position']})" for one in seen)
        entry(case, EntryKind.REFUSED, f"SP {letter.level}\n{names}\n{text}", actor=actor, now=now)
        done(case, RECEIPT, actor=actor, now=now)
        await_person(case, actor=actor, now=now)
        tell_superiors(case, notices.TOLD, now)
    return letter


def _again(case_id: int, now: datetime) -> dict[str, Any]:
    """Back at box 5 with new time for the improvement."""
    return {"improve_until": improve_bounds(_case(case_id), now)[0]}


def _two(witnesses: list[dict[str, str]], person: Person, actor: User) -> list[dict[str, str]]:
    """Two people, neither the person nor who hands the letter over. Raises Invalid."""
    seen = [
        {name: " ".join(one.get(name, "").split())[:most] for name, most in (("name", 120), ("position", 80))}
        for one in witnesses
    ]
    names = {one["name"].casefold() for one in seen}
    mine = {person.name.casefold(), (actor.person.name if actor.person else str(actor)).casefold()}
    if len(seen) != 2 or len(names) != 2 or names & mine or not all(one["name"] and one["position"] for one in seen):
        says = _("Two witnesses with name and position are needed: neither the person nor who hands the letter over.")
        raise Invalid(says, field="witness_1")
    return seen


@transaction.atomic
def warning_withdraw(*, warning_id: int, note: str, actor: User, now: datetime) -> WarningLetter:
    """HR takes a letter back: it was wrong, or an objection was right. It counts no more; the document says so."""
    text = words(note, most=1_000)
    person_locked(WarningLetter.objects.values_list("person_id", flat=True).get(pk=warning_id))
    letter = WarningLetter.objects.select_for_update(of=("self",), no_key=True).get(pk=warning_id)
    case = DisciplineCase.objects.select_for_update(of=("self",), no_key=True).get(pk=letter.case_id)
    if not has_role(actor, RELATIONS, site=case.site) or actor.person_id == letter.person_id:
        raise NotAllowed
    if letter.level is None or letter.document is None or letter.withdrawn_at is not None:
        raise WrongState(_("There is no letter that could be withdrawn."))
    if not letter.receipt:
        raise WrongState(_("The letter is not signed for or refused yet."))
    letter.withdrawn_at, letter.withdrawn_why = now, text
    language = letter.document.language
    letter.document = document_revise(
        document_id=letter.document.pk, type=LETTER, title=letter.document.title,
        data=letter_body(letter, _earlier(letter), language=language, law=LAW), language=language,
        reason=gettext_noop("Withdrawn"), actor=actor, now=now,
    )  # fmt: skip
    sign(letter, actor, "withdrawn", now=now)
    letter.save(update_fields=["withdrawn_at", "withdrawn_why", "document"])
    entry(case, EntryKind.WITHDRAWN, f"SP {letter.level}\n{text}", actor=actor, now=now)
    tell_person(case, notices.TOLD, now)
    return letter


# Final ------------------------------------------------------------------------------------------------------------


@transaction.atomic
def case_finalise(*, case_id: int, note: str, actor: User, now: datetime) -> DisciplineCase:
    """A violation inside SP 3: no letter follows, the employment may be ended (box 12 "final").

    Raises WrongState where a letter follows instead.
    """
    text = words(note)
    person = person_locked(_case(case_id).person_id)
    with step(DISCIPLINE, DisciplineCase, case_id, "finalise", actor=actor, now=now) as case:
        request = _request_of(case)
        level = _level(person, request.violated_on, now)
        if level != TERMINATION:
            raise WrongState(_("The violation does not lie within SP 3: SP %(level)s follows.") % {"level": level})
        _close_request(case, actor, now)
        entry(case, EntryKind.FINAL, text, actor=actor, now=now)
        done(case, ANSWER, actor=actor, now=now)
        owe(case, EXIT, in_policy_days(case, EXIT_DAYS, now), actor=actor, now=now)
        tell_superiors(case, notices.TOLD, now)
    return case


def case_spare(*, case_id: int, note: str, actor: User, now: datetime) -> DisciplineCase:
    """Not final after all ("Tidak"): the person goes on improving."""
    text, also = words(note), _again(case_id, now)
    with step(DISCIPLINE, DisciplineCase, case_id, "spare", actor=actor, now=now, also=also) as case:
        entry(case, EntryKind.SPARED, text, actor=actor, now=now)
        done(case, EXIT, actor=actor, now=now)
        await_person(case, actor=actor, now=now)
    return case


@transaction.atomic
def case_exit(*, case_id: int, last_working_day: date, note: str, actor: User, now: datetime) -> DisciplineCase:
    """Open the leaving, by dismissal; its exit interview is accompanied by the superior (box 13).

    Raises NotAllowed, WrongState (a letter on which it rests was withdrawn), Invalid (the day); one that stands already
    is taken.
    """
    text = words(note)
    found = _case(case_id)
    person = person_locked(found.person_id)
    leaving = Leaving.objects.open().filter(employee_id=person.pk).first()
    if not DISCIPLINE.find("exit").open_to(actor, found.site) or actor.person_id == person.pk:
        raise NotAllowed
    if leaving is None and found.status == CaseStatus.FINAL:
        asked = WarningLetter.objects.filter(case=found, level=None).order_by("-pk").first()
        if asked is None or next_level(given_to(person.pk), asked.violated_on) != TERMINATION:
            raise WrongState(_("A letter on which this rests was withdrawn: the violation lies within SP 3 no more."))
        if last_working_day < local_day(now, found.site.zone) - timedelta(days=31):
            raise Invalid(_("The last working day lies too far back."), field="last_working_day")
        leaving = leavings.leaving_record(
            person_id=person.pk, last_working_day=last_working_day, reason=LeavingReason.DISMISSAL, note=str(found),
            actor=actor, now=now,
        )  # fmt: skip
    with step(DISCIPLINE, DisciplineCase, case_id, "exit", actor=actor, now=now, also={"leaving": leaving}) as case:
        entry(case, EntryKind.EXIT, text, actor=actor, now=now)
        done(case, EXIT, actor=actor, now=now)
        nothing_owed(case, actor=actor, now=now)
        tell_superiors(case, notices.WAITS, now)
    return case


def case_end(*, case_id: int, note: str, actor: User, now: datetime) -> DisciplineCase:
    """The exit interview was held, or waived with its reason: the case ends. Raises WrongState before."""
    text = words(note)
    with step(DISCIPLINE, DisciplineCase, case_id, "end", actor=actor, now=now, also=also_closed(now)) as case:
        if case.leaving is None or case.leaving.status == LeavingStatus.RECORDED:
            raise WrongState(_("The exit interview is still to be held: do that in the leaving."))
        entry(case, EntryKind.EXIT, text, actor=actor, now=now)
    return case
