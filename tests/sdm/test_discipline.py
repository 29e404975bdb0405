"""Pembinaan (SDM-5): every step as every role, the ways to the file and to the letter, receipts, final, and clocks."""

from __future__ import annotations

from datetime import date, timedelta
from decimal import Decimal
from typing import Any

import pytest
from django.contrib.contenttypes.models import ContentType
from django.db import IntegrityError, InternalError, transaction
from django.test import Client

from occ.documents.attachments import attachments_of
from occ.documents.choices import Purpose
from occ.documents.models import IssuedDocument
from occ.errors import Invalid, NotAllowed, WrongState
from occ.ledger.models import Entry
from occ.notifications.endings import endings
from occ.notifications.models import Notification
from occ.obligations.models import Obligation
from occ.obligations.sweep import sweep
from occ.people import lifecycle
from occ.people.actors import LIFECYCLE
from occ.people.choices import LeavingReason, Role
from occ.people.lifecycle import announce_left
from occ.people.models import Person, RoleAssignment, Team, User
from occ.policies.services import policy_set
from occ.workflow.models import WorkflowStep
from sdm.discipline.choices import CaseStatus, Receipt
from sdm.discipline.finding import turns
from sdm.discipline.opening import case_open
from sdm.discipline.policies import ANSWER, COMMIT, DECIDE, EXIT, FILE, JUDGE, MONTHS, RECEIPT, REQUEST
from sdm.discipline.workflow import DISCIPLINE, OWN_TURN
from sdm.evaluating import conditions
from sdm.evaluating.conditions import CONDITIONS
from sdm.evaluating.paying import pay, terms_of
from sdm.models import CaseEntry, DisciplineCase, WarningLetter
from sdm.services import discipline, discipline_letters, employees, leavings, placements
from tests.factories import DAY, NOW, Floor, person, user
from tests.sdm.discipline import (
    DAYS,
    SERVICES,
    WITNESSES,
    agent_user,
    at_problem,
    brought,
    do,
    given,
    letters,
    opened,
    proof,
    relations,
    signing,
    watch,
)
from tests.userids.test_ladder import in_threads

pytestmark = pytest.mark.req("SDM-5")
MADE_BY_PEOPLE = [one for one in DISCIPLINE.transitions if one.by_roles]


def allowed(case: DisciplineCase, name: str, role: Role, own: bool) -> bool:
    if name in {"improve", "receive"}:
        return own
    return role in DISCIPLINE.find(name).by_roles - {Role.HEAD_MANAGER} and not own


@pytest.mark.parametrize("state", list(CaseStatus))
def test_every_step_from_every_state_by_every_role(floor: Floor, state: CaseStatus) -> None:
    """By who leads the person at Jakarta, the same role at Yogyakarta, and the person."""
    case = brought(floor, state)
    if state == CaseStatus.IMPROVING:
        watch(floor, case)
    later = NOW + 5 * DAYS  # the time for the person's words is over
    kind = ContentType.objects.get_for_model(case)
    steps = WorkflowStep.objects.filter(content_type=kind, object_id=case.pk)
    before = steps.count()
    agent = agent_user(floor.agent)
    for one in MADE_BY_PEOPLE:
        for role, actor, here in actors_of(floor, one.by_roles):
            own = actor == agent
            may = here and allowed(case, one.name, role, own)
            right = state in one.source and (state, one.name) not in {
                (CaseStatus.SP_REQUESTED, "finalise"), (CaseStatus.EXITING, "end"), (CaseStatus.SP_ISSUED, "paper"),
            }  # fmt: skip
            asked = given(floor, case, one.name, actor, later)
            if not (may and right):
                with pytest.raises(WrongState if may else NotAllowed), transaction.atomic():
                    SERVICES[one.name](case_id=case.pk, actor=actor, now=later, **asked)
                assert steps.count() == before
                continue
            with transaction.atomic():
                SERVICES[one.name](case_id=case.pk, actor=actor, now=later, **asked)
                case.refresh_from_db()
                assert (case.status, steps.count()) == (one.target, before + 1)
                transaction.set_rollback(True)
            case.refresh_from_db()


def actors_of(floor: Floor, roles: set[str]) -> list[tuple[Role, User, bool]]:
    """The person; each role where the person works; and those that may, elsewhere: (role, user, here)."""
    found = [(Role.AGENT, agent_user(floor.agent), True)]
    for role in Role:
        found.append((role, user(role, floor.jkt, name=f"{role}-jkt"), True))
        if role in roles and len(roles) < 5:
            found.append((role, user(role, floor.ygy, name=f"{role}-ygy"), False))
    return found


@pytest.mark.parametrize("one", MADE_BY_PEOPLE, ids=lambda one: one.name)
def test_a_step_without_words_is_refused(floor: Floor, one: Any) -> None:
    if one.name in {"issue", "receive", "paper"}:
        return  # signed instead: see below
    case = brought(floor, sorted(one.source)[0] if one.name != "finalise" else CaseStatus.SP_REQUESTED)
    actor = relations() if one.by_roles == {Role.HR_RELATIONS} else floor.leader
    actor = agent_user(floor.agent) if one.name == "improve" else actor
    asked = given(floor, case, one.name, actor, NOW + 5 * DAYS)
    field = "reason" if one.name == "request" else "note"
    with pytest.raises(Invalid) as refused:
        SERVICES[one.name](case_id=case.pk, actor=actor, now=NOW + 5 * DAYS, **asked | {field: "  "})
    assert refused.value.field == field


def test_within_the_rules_it_is_appreciated_and_closed(floor: Floor) -> None:
    case = brought(floor, CaseStatus.APPRECIATED)
    assert case.closed_at == NOW
    assert [one.kind for one in case.entries.all()] == ["opened", "appreciated"]
    assert not open_duties(case)


def open_duties(case: DisciplineCase) -> list[str]:
    rows = Obligation.objects.filter(content_type__model="disciplinecase", object_id=case.pk, state="open")
    return list(rows.values_list("rule", flat=True))


def test_one_clock_at_a_time_all_the_way(floor: Floor) -> None:
    case, hr, agent = opened(floor), relations(), agent_user(floor.agent)
    seen = [open_duties(case)]
    for name, actor in (("coach", floor.leader), ("improve", agent)):
        do(floor, case, name, actor)
        seen.append(open_duties(case))
    watch(floor, case)
    for name, actor in (
        ("identify", floor.leader), ("request", floor.leader), ("issue", hr), ("receive", agent), ("improve", agent),
    ):  # fmt: skip
        do(floor, case, name, actor)
        seen.append(open_duties(case))
    watch(floor, case)
    for name, actor in (("verify", floor.leader), ("file", hr)):
        do(floor, case, name, actor)
        seen.append(open_duties(case))
    assert seen == [
        [DECIDE], [COMMIT], [JUDGE], [REQUEST], [ANSWER], [RECEIPT], [COMMIT], [JUDGE], [FILE], [],
    ]  # fmt: skip
    assert (case.status, case.due_at) == (CaseStatus.FILED, None)


def test_deadlines_end_with_the_sites_day(floor: Floor) -> None:
    case = opened(floor)
    assert case.due_at is not None
    assert case.due_at.isoformat() == "2026-11-23T17:00:00+00:00"  # three days later, midnight in Jakarta
    do(floor, case, "coach", floor.leader)
    do(floor, case, "improve", agent_user(floor.agent))
    assert case.due_at.isoformat() == "2026-12-05T17:00:00+00:00"  # the day after 4 December is over


def test_breach_and_escalation_name_nobody(floor: Floor) -> None:
    case = opened(floor)
    sweep(now=NOW + 4 * DAYS)
    sweep(now=NOW + 8 * DAYS)
    told = Notification.objects.filter(kind__startswith="obligation.")
    assert {one.user_id for one in told} >= {floor.coordinator.pk, floor.manager.pk}
    for one in Notification.objects.all():
        assert floor.agent.name not in f"{one.subject} {one.body}"
        assert "terlambat" not in f"{one.subject} {one.body} {one.params}"
    assert str(case) in told.latest("pk").subject


def test_improvement_is_judged_only_once_it_was_watched(floor: Floor) -> None:
    case = brought(floor, CaseStatus.IMPROVING)
    for name in ("verify", "identify"):
        with pytest.raises(WrongState):
            do(floor, case, name, floor.leader)
    watch(floor, case)
    do(floor, case, "verify", floor.leader)
    document = IssuedDocument.objects.get(type_code="PBN")
    assert [row[1] for row in document.data["rows"]][-1] == "Membaik, diverifikasi"


def test_after_a_letter_it_is_watched_anew(floor: Floor) -> None:
    case = brought(floor, CaseStatus.SP_ISSUED)
    do(floor, case, "receive", agent_user(floor.agent))
    do(floor, case, "improve", agent_user(floor.agent))
    with pytest.raises(WrongState):
        do(floor, case, "identify", floor.leader)


def test_a_message_says_that_the_step_was_made(floor: Floor) -> None:
    own = agent_user(floor.agent)
    case = opened(floor)
    do(floor, case, "coach", floor.leader)
    asked = Notification.objects.get(kind="sdm.discipline.yours", user=own)
    assert not endings([asked])
    do(floor, case, "improve", own, now=NOW + DAYS)
    assert (endings([asked])[asked.pk].how, endings([asked])[asked.pk].by) == ("done", str(own))


def test_the_person_has_time_to_answer(floor: Floor) -> None:
    case = brought(floor, CaseStatus.COACHED)
    with pytest.raises(WrongState):
        do(floor, case, "proceed", floor.leader)
    silent = person(floor.jkt)  # has no log-in
    other = opened(floor, silent)
    do(floor, other, "coach", floor.leader)
    assert do(floor, other, "proceed", floor.leader).status == CaseStatus.IMPROVING


def test_one_matter_has_one_open_case(floor: Floor) -> None:
    opened(floor)
    with pytest.raises(WrongState) as refused:
        opened(floor)
    assert refused.value.code == "open_already"
    opened(floor, matter="performance")


def test_nobody_opens_one_of_themselves_or_of_a_stranger(floor: Floor) -> None:
    elsewhere = person(floor.ygy)
    for who, whom in ((floor.leader, elsewhere), (user(Role.SUPPORT), floor.agent), (floor.support, floor.agent)):
        with pytest.raises(NotAllowed):
            opened(floor, whom, actor=who)
    floor.leader.person = floor.agent
    floor.leader.save(update_fields=["person"])
    with pytest.raises(NotAllowed):
        opened(floor)


def test_modules_above_open_one_with_where_it_came_from(floor: Floor) -> None:
    made = case_open(
        person=floor.agent, matter="discipline", about="Pelanggaran berulang", source_label="Usulan 7",
        source_url="/realtime/violations/proposals/7/", actor=LIFECYCLE, now=NOW,
    )  # fmt: skip
    assert (made.opened_by, made.source_label) == (None, "Usulan 7")


# Letters ----------------------------------------------------------------------------------------------------------


def test_first_letter_says_why_until_when_and_by_whom(floor: Floor) -> None:
    case = brought(floor, CaseStatus.SP_ISSUED)
    letter = WarningLetter.objects.get(case=case)
    assert (letter.level, letter.issued_on, letter.valid_until) == (1, DAY, date(2027, 5, 19))
    document = letter.document
    assert document is not None
    assert (document.number, document.revision) == ("SP/JKT/2026/000001", 0)
    assert floor.agent.name not in document.title
    assert {one.purpose for one in document.signatures.all()} == {Purpose.PREPARED, Purpose.APPROVED}
    assert document.data["reason"] == "Rahasia: terlambat lagi"


def test_the_receipt_is_signed_by_nobody_else(floor: Floor) -> None:
    case = brought(floor, CaseStatus.SP_ISSUED)
    agent, hr = agent_user(floor.agent), relations()
    with pytest.raises(NotAllowed):
        do(floor, case, "receive", hr)
    with pytest.raises(NotAllowed):
        do(floor, case, "receive", agent, proof=proof(hr))
    do(floor, case, "receive", agent)
    letter = WarningLetter.objects.get(case=case)
    assert (letter.receipt, letter.receipt_at, case.status) == (Receipt.SIGNED, NOW, CaseStatus.COACHED)
    assert letter.document is not None and letter.document.revision == 1
    assert {one.user_id for one in letter.document.signatures.all()} == {floor.leader.pk, hr.pk, agent.pk}


@pytest.mark.parametrize(
    "witnesses",
    [
        [], WITNESSES[:1], [WITNESSES[0], WITNESSES[0]], [WITNESSES[0], {"name": "", "position": "x"}],
        [WITNESSES[0], {"name": "Saksi", "position": " "}],
        [WITNESSES[0], {"name": "hr_relations.all", "position": "HR"}],
    ],
)  # fmt: skip
def test_a_refused_receipt_needs_two_witnesses(floor: Floor, witnesses: list[dict[str, str]]) -> None:
    case = brought(floor, CaseStatus.SP_ISSUED)
    with pytest.raises(Invalid):
        do(floor, case, "refuse", relations(), witnesses=witnesses)
    with pytest.raises(Invalid):
        do(floor, case, "refuse", relations(), witnesses=[WITNESSES[0], {"name": floor.agent.name, "position": "x"}])
    do(floor, case, "refuse", relations())
    letter = WarningLetter.objects.get(case=case)
    assert (letter.receipt, letter.witnesses) == (Receipt.REFUSED, WITNESSES)
    assert letter.document is not None and "Saksi Dua" in letter.document.data["receipt"]


def test_signatures_are_of_who_acts_and_for_that(floor: Floor) -> None:
    case = brought(floor, CaseStatus.PROBLEM)
    for wrong in (signing(relations(), Purpose.PREPARED), signing(floor.leader, Purpose.APPROVED)):
        with pytest.raises(NotAllowed):
            do(floor, case, "request", floor.leader, signing=wrong)


def test_a_violation_inside_a_letter_leads_to_the_next_up_to_final(floor: Floor) -> None:
    case = brought(floor, CaseStatus.FINAL)
    rows = WarningLetter.objects.standing().filter(person=floor.agent).order_by("pk")
    assert [one.level for one in rows] == [1, 2, 3]
    assert rows[2].document is not None
    assert [row.split(" · ")[0] for row in rows[2].document.data["earlier"]] == ["SP 1", "SP 2"]
    with pytest.raises(WrongState):
        do(floor, case, "issue", relations())


def test_inside_sp_3_no_letter_follows_and_outside_it_is_not_final(floor: Floor) -> None:
    case = brought(floor, CaseStatus.SP_REQUESTED)
    with pytest.raises(WrongState) as refused:
        do(floor, case, "finalise", relations())
    assert "SP 1" in str(refused.value)


def test_what_a_letter_answers_already_is_no_new_violation(floor: Floor) -> None:
    other = opened(floor, matter="performance")
    at_problem(floor, other)
    case = brought(floor, CaseStatus.SP_ISSUED)
    with pytest.raises(Invalid) as refused:
        do(floor, other, "request", floor.leader, violated_on=DAY)
    assert refused.value.code == "covered"
    do(floor, case, "receive", agent_user(floor.agent))
    later = NOW + 2 * DAYS
    do(floor, other, "request", floor.leader, later)
    assert discipline_letters.expected(other, later) == 2


def test_two_requests_answered_at_once_give_one_letter(live_floor: Floor) -> None:
    floor = live_floor
    first, other = at_problem(floor, opened(floor)), at_problem(floor, opened(floor, matter="performance"))
    for one in (first, other):
        do(floor, one, "request", floor.leader)
    hr = relations()

    cases = iter((first, other))

    def issue() -> None:
        case = next(cases)
        discipline_letters.warning_issue(case_id=case.pk, signing=signing(hr, Purpose.APPROVED), actor=hr, now=NOW)

    found = in_threads(2, issue)
    assert [one.level for one in WarningLetter.objects.standing()] == [1]
    assert sum(isinstance(one, Invalid) for one in found) == 1


def test_hr_sends_a_request_back_and_another_follows(floor: Floor) -> None:
    case = brought(floor, CaseStatus.SP_REQUESTED)
    do(floor, case, "return", relations())
    assert case.status == CaseStatus.PROBLEM
    do(floor, case, "request", floor.leader)
    assert WarningLetter.objects.filter(case=case).count() == 2


def test_the_validity_is_that_of_the_policy_of_the_day(floor: Floor) -> None:
    policy_set(
        key=MONTHS,
        site=None,
        value=3,
        valid_from=NOW,
        reason="Peraturan perusahaan",
        actor=floor.manager,
        now=NOW,
    )
    case = brought(floor, CaseStatus.SP_ISSUED)
    assert WarningLetter.objects.get(case=case).valid_until == date(2027, 2, 19)


def test_a_withdrawn_letter_counts_no_more_and_says_so(floor: Floor) -> None:
    case = brought(floor, CaseStatus.SP_ISSUED)
    letter, hr = WarningLetter.objects.get(case=case), relations()
    withdraw: dict[str, Any] = {"warning_id": letter.pk, "note": "Salah orang", "now": NOW}
    with pytest.raises(WrongState):
        discipline_letters.warning_withdraw(actor=hr, **withdraw)
    do(floor, case, "receive", agent_user(floor.agent))
    with pytest.raises(NotAllowed):
        discipline_letters.warning_withdraw(actor=floor.leader, **withdraw)
    discipline_letters.warning_withdraw(actor=hr, **withdraw)
    assert discipline_letters.given_to(floor.agent.pk) == []
    letter.refresh_from_db()
    assert letter.document is not None and "Salah orang" in letter.document.data["withdrawn"]
    with pytest.raises(WrongState):
        discipline_letters.warning_withdraw(actor=hr, **withdraw)


def test_what_was_said_and_signed_cannot_be_changed(floor: Floor) -> None:
    case = brought(floor, CaseStatus.SP_ISSUED)
    for change in ({"reason": "lain"}, {"level": 2}, {"valid_until": DAY}):
        with pytest.raises(InternalError), transaction.atomic():
            WarningLetter.objects.filter(case=case).update(**change)
    with pytest.raises(IntegrityError), transaction.atomic():
        CaseEntry.objects.filter(case=case).update(text="lain")
    with pytest.raises(InternalError), transaction.atomic():
        WarningLetter.objects.filter(case=case).delete()


# Final, and what the person's life brings -------------------------------------------------------------------------


def test_final_opens_the_leaving_by_dismissal(floor: Floor) -> None:
    case = brought(floor, CaseStatus.EXITING)
    assert case.leaving is not None
    assert (case.leaving.reason, case.leaving.last_working_day) == (LeavingReason.DISMISSAL, DAY + 3 * DAYS)
    with pytest.raises(WrongState):
        do(floor, case, "end", relations())
    leavings.interview_waive(leaving_id=case.leaving.pk, note="Tidak hadir", actor=relations(), now=NOW)
    assert do(floor, case, "end", relations()).status == CaseStatus.ENDED


def test_once_sp_3_is_withdrawn_nobody_is_dismissed(floor: Floor) -> None:
    case, hr = brought(floor, CaseStatus.FINAL), relations()
    letter = WarningLetter.objects.get(case__person=floor.agent, level=3)
    discipline_letters.warning_withdraw(warning_id=letter.pk, note="Keberatan benar", actor=hr, now=NOW)
    with pytest.raises(WrongState):
        do(floor, case, "exit", hr)
    assert not floor.agent.employee.leavings.exists()
    do(floor, case, "spare", hr)
    assert case.status == CaseStatus.COACHED


def test_a_leaving_that_stands_is_taken(floor: Floor) -> None:
    case = brought(floor, CaseStatus.FINAL)
    resigned = leavings.leaving_record(
        person_id=floor.agent.pk, last_working_day=DAY + 9 * DAYS, reason=LeavingReason.RESIGNATION, actor=relations(),
        now=NOW,
    )  # fmt: skip
    do(floor, case, "exit", relations())
    assert (case.leaving_id, case.status) == (resigned.pk, CaseStatus.EXITING)


def test_not_final_goes_back_to_improvement(floor: Floor) -> None:
    case = brought(floor, CaseStatus.FINAL)
    do(floor, case, "spare", relations())
    assert (case.status, open_duties(case)) == (CaseStatus.COACHED, [COMMIT])


def test_who_stays_after_all_is_decided_anew(floor: Floor) -> None:
    case = brought(floor, CaseStatus.EXITING)
    leavings.leaving_withdraw(leaving_id=case.leaving_id or 0, note="Tetap", actor=relations(), now=NOW)
    case.refresh_from_db()
    assert (case.status, case.leaving, open_duties(case)) == (CaseStatus.FINAL, None, [EXIT])


def test_who_leaves_ends_what_is_open(floor: Floor) -> None:
    case = brought(floor, CaseStatus.IMPROVING)
    leavings.leaving_record(
        person_id=floor.agent.pk, last_working_day=DAY, reason=LeavingReason.RESIGNATION, actor=relations(), now=NOW
    )
    announce_left(now=NOW + 2 * DAYS)
    case.refresh_from_db()
    assert (case.status, open_duties(case)) == (CaseStatus.ENDED, [])


def test_a_case_goes_with_the_person(floor: Floor) -> None:
    case = opened(floor)
    placements.person_transfer(
        person_id=floor.agent.pk, on=DAY, site=floor.ygy, position="Agent", team=None, leader=None, note="Pindah",
        actor=relations(), now=NOW,
    )  # fmt: skip
    case.refresh_from_db()
    assert case.site == floor.ygy
    assert not DisciplineCase.objects.visible_to(floor.leader).filter(pk=case.pk).exists()
    duty = Obligation.objects.get(content_type__model="disciplinecase", object_id=case.pk, state="open")
    assert (duty.site, duty.due_at) == (floor.ygy, case.due_at)
    there = user(Role.TEAM_LEADER, floor.ygy)
    assert do(floor, case, "coach", there).status == CaseStatus.COACHED


def test_what_was_late_is_seen_where_it_was_late_until_it_is_done(floor: Floor, client: Client) -> None:
    case = opened(floor)
    late = NOW + 9 * DAYS
    sweep(now=late)
    own, stranger = user(Role.HR_RELATIONS, floor.jkt), user(Role.COORDINATOR, floor.ygy, name="stranger")
    leader = user(Role.TEAM_LEADER, floor.jkt, name="tl.a", team=floor.team)
    other = Team.objects.create(code="JKT-B", name="Tim B", site=floor.jkt)
    beside = user(Role.TEAM_LEADER, floor.jkt, name="tl.b", team=other)
    move = {"person_id": floor.agent.pk, "position": "Agent", "leader": None, "actor": relations(), "now": late}
    placements.person_transfer(on=DAY + 9 * DAYS, site=floor.jkt, team=other, **move)
    assert set(Obligation.objects.open().values_list("rule", "team")) == {
        (DECIDE, floor.team.pk), (f"{DECIDE}_after_move", other.pk)}  # fmt: skip
    placements.person_transfer(on=DAY + 10 * DAYS, site=floor.ygy, team=None, **move | {"now": late + DAYS})
    duty = Obligation.objects.open().get(rule=DECIDE)
    for who, seen in ((leader, 200), (floor.coordinator, 200), (own, 200), (beside, 404)):
        client.force_login(who)
        assert client.get(duty.url).status_code == seen, who
    client.force_login(stranger)
    assert client.get(duty.url).status_code == 200, "above by rank where the person works now"
    do(floor, case, "coach", user(Role.TEAM_LEADER, floor.ygy), late + DAYS)
    for who in (leader, floor.coordinator, own):
        client.force_login(who)
        assert client.get(duty.url).status_code == 404, who


def test_two_who_decide_at_once_one_does(live_floor: Floor) -> None:
    case = opened(live_floor)
    deeds = iter((
        lambda: discipline.case_appreciate(case_id=case.pk, note="a", actor=live_floor.leader, now=NOW),
        lambda: discipline.case_coach(
            case_id=case.pk, method="coaching", note="b", target="c", improve_until=DAY + 9 * DAYS,
            actor=live_floor.coordinator, now=NOW,
        ),
    ))  # fmt: skip
    found = in_threads(2, lambda: next(deeds)())
    assert sum(isinstance(one, WrongState) for one in found) == 1


def test_whose_turn_it_is(floor: Floor) -> None:
    case = brought(floor, CaseStatus.COACHED)
    assert set(OWN_TURN) == {CaseStatus.COACHED, CaseStatus.SP_ISSUED}
    assert list(turns(agent_user(floor.agent))) == [case]
    assert list(turns(floor.leader)) == []
    do(floor, case, "improve", agent_user(floor.agent))
    assert list(turns(agent_user(floor.agent))) == []
    assert list(turns(floor.leader)) == [case]


def test_letters_of_another_kind_of_matter_count_too(floor: Floor) -> None:
    """Levels are the person's, not the case's."""
    someone: Person = person(floor.jkt)
    letters(floor, someone, 2, NOW - 30 * DAYS)
    other = opened(floor, someone, matter="performance")
    do(floor, other, "coach", floor.leader)
    do(floor, other, "improve", agent_user(someone))
    watch(floor, other)
    do(floor, other, "identify", floor.leader)
    do(floor, other, "request", floor.leader)
    assert discipline_letters.expected(other, NOW) == 3
    assert Entry.objects.filter(action="sdm.discipline.request").exists()


@pytest.mark.req("SDM-6")
def test_letters_in_force_on_the_last_day_hold_an_incentive_back(floor: Floor) -> None:
    """From the day of issue to the last of its validity; a letter that was withdrawn never counts."""
    case = brought(floor, CaseStatus.SP_ISSUED)
    letter = WarningLetter.objects.get(case=case)
    assert letter.issued_on is not None and letter.valid_until is not None
    measure, one = CONDITIONS["warnings"].measure, timedelta(days=1)
    began, ends = letter.issued_on, letter.valid_until
    days = (began - one, began, ends, ends + one)
    assert [measure(floor.agent, began, day) for day in days] == [0, 1, 1, 0]
    assert measure(person(floor.jkt), began, began) == 0 and not CONDITIONS["warnings"].more
    terms = {"amounts": [{"position": "Agent", "amount": "500000"}], "step": "1",
             "bands": [{"basis": "total", "least": "0", "percent": "100"}],
             "demands": [{"key": "warnings", "value": "0", "keeps": "0"}]}  # fmt: skip

    def paid(day: date) -> Decimal:
        found, measured = terms_of(terms, demands=CONDITIONS), {"warnings": measure(floor.agent, began, day)}
        return pay(
            found,
            position="Agent",
            total=Decimal(90),
            points={},
            measured=measured,
            more=conditions.more(),
            least=Decimal(50),
        ).amount

    assert (paid(began - one), paid(began)) == (Decimal(500_000), Decimal(0))
    letter.withdrawn_at, letter.withdrawn_why = NOW, "Keliru"
    letter.save(update_fields=["withdrawn_at", "withdrawn_why"])
    assert paid(began) == Decimal(500_000)


def test_who_comes_back_begins_without_the_letters_of_before(floor: Floor, hr: User) -> None:
    letters(floor, floor.agent, 2, NOW - 60 * DAYS)
    assert len(discipline_letters.given_to(floor.agent.pk)) == 2
    leavings.leaving_record(
        person_id=floor.agent.pk, last_working_day=DAY - 3 * DAYS, reason=LeavingReason.RESIGNATION, actor=hr, now=NOW
    )
    lifecycle.announce_left(now=NOW)
    employees.employee_rejoin(
        person_id=floor.agent.pk, on=DAY, position="Agent", site=floor.jkt, team=floor.team, actor=hr, now=NOW
    )
    assert discipline_letters.given_to(floor.agent.pk) == []
    assert WarningLetter.objects.standing().count() == 2 and not WarningLetter.objects.in_force_on(DAY).exists()
    later = NOW + DAYS
    case = opened(floor, Person.objects.get(pk=floor.agent.pk), now=later)
    do(floor, case, "coach", floor.leader, later)
    do(floor, case, "proceed", floor.leader, later)
    watch(floor, case, later)
    do(floor, case, "identify", floor.leader, later)
    do(floor, case, "request", floor.leader, later)
    do(floor, case, "issue", hr, later)
    assert case.warnings.get().level == 1


@pytest.mark.parametrize("name", ["issue", "finalise"])
def test_who_asks_for_a_letter_does_not_answer_it(floor: Floor, name: str) -> None:
    case = brought(floor, CaseStatus.PROBLEM)
    both = user(Role.COORDINATOR, floor.jkt, name="both")
    RoleAssignment.objects.create(user=both, role=Role.HR_RELATIONS, site=floor.jkt, starts_on=date(2020, 1, 1))
    do(floor, case, "request", both)
    with pytest.raises(NotAllowed, match="sendiri"):
        do(floor, case, name, both)
    assert case not in turns(both) and case in turns(relations())
    assert do(floor, case, "issue", relations()).status == CaseStatus.SP_ISSUED


def test_an_old_sites_file_tells_nothing_of_letters_given_elsewhere(floor: Floor) -> None:
    old = brought(floor, CaseStatus.FILED)
    placements.person_transfer(
        person_id=floor.agent.pk, on=DAY, site=floor.ygy, position="Agent", team=None, leader=None, actor=relations(),
        now=NOW,
    )  # fmt: skip
    there = user(Role.TEAM_LEADER, floor.ygy, name="there")
    case = opened(floor, Person.objects.get(pk=floor.agent.pk), matter="performance", actor=there)
    do(floor, case, "coach", there)
    later = NOW + 9 * DAYS
    do(floor, case, "proceed", there, later)
    discipline.monitoring_add(case_id=case.pk, note="x", actor=there, now=later)
    do(floor, case, "identify", there, later)
    do(floor, case, "request", there, later)
    do(floor, case, "issue", relations(), later)
    assert case.warnings.get().level == 1
    for who, shown in ((floor.coordinator, False), (relations(), True)):
        client = Client()
        client.force_login(who)
        assert ("<strong>SP 1</strong>" in client.get(old.get_absolute_url()).content.decode()) is shown


def test_who_has_no_log_in_signs_the_printed_letter(floor: Floor) -> None:
    """One who has a log-in signs there, and nobody signs for them by a scan."""
    case = opened(floor)
    do(floor, case, "coach", floor.leader)
    do(floor, case, "proceed", floor.leader)
    discipline.monitoring_add(case_id=case.pk, note="x", actor=floor.leader, now=NOW)
    do(floor, case, "identify", floor.leader)
    do(floor, case, "request", floor.leader)
    do(floor, case, "issue", relations())
    client = Client()
    client.force_login(relations())
    url = f"{case.get_absolute_url()}paper/"
    assert url in client.get(case.get_absolute_url()).content.decode()
    with pytest.raises(Invalid):
        do(floor, case, "paper", relations(), file=None)
    own = agent_user(floor.agent)
    assert url not in client.get(case.get_absolute_url()).content.decode()
    with pytest.raises(WrongState, match="log-in"):
        do(floor, case, "paper", relations())
    RoleAssignment.objects.filter(user=own).delete()
    assert do(floor, case, "paper", relations()).status == CaseStatus.COACHED
    letter = case.warnings.get()
    assert letter.receipt == Receipt.PAPER
    assert attachments_of(case).filter(purpose="receipt").exists()
