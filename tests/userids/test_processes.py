"""Deactivation and replacement (UID-3, UID-9): every transition, every role, every refusal; the logbook after."""

from __future__ import annotations

from collections.abc import Callable
from datetime import timedelta
from typing import Any

import pytest
from django.contrib.contenttypes.models import ContentType
from django.db import DatabaseError, IntegrityError, connection, transaction
from django.test import Client
from django.urls import reverse

from occ.errors import Invalid, NotAllowed, Refused, WrongState
from occ.ledger.models import Entry
from occ.obligations.sweep import sweep
from occ.people.actors import CONNECTOR
from occ.people.choices import Role
from occ.people.models import Person
from occ.policies.services import policy_set
from occ.texts import said
from occ.workflow.flows import FLOWS, Flow, Transition
from occ.workflow.models import WorkflowStep
from occ.workflow.services import step
from tests.factories import DAY, NOW, Floor, account, person, trying, user
from tests.userids.test_ladder import in_threads
from userids.models import (
    AccessReview,
    Account,
    Assignment,
    BreachReview,
    DeactivationRequest,
    ReplacementRequest,
)
from userids.services import access_reviews, accounts, breach_reviews, deactivations, replacements
from userids.services.evidence import transition_make
from userids.workflow import ACCESS_REVIEW, BREACH_REVIEW, DEACTIVATION, REPLACEMENT

LATER = NOW + timedelta(days=3)


def deactivation(floor: Floor, state: str) -> DeactivationRequest:
    """A request in that state, brought there by its path."""
    request_now = state != "recorded"
    resignation = deactivations.resignation_record(
        person_id=floor.agent.pk, last_working_day=DAY, request=request_now, actor=floor.support, now=NOW
    )
    request = floor.request
    leader = {"request_id": request.pk, "actor": floor.leader, "now": LATER}
    if state in {"in_progress", "failed", "shut", "deactivated", "documented"}:
        deactivations.deactivation_start(**leader)
    if state == "shut":
        deactivations.deactivation_shut(request_id=request.pk, evidence={"text": "x"}, actor=CONNECTOR, now=LATER)
    if state == "failed":
        deactivations.deactivation_fail(**leader, note="galat")
    if state in {"deactivated", "documented"}:
        deactivations.deactivation_confirm(**leader, evidence={"text": "x"})
    if state == "documented":
        deactivations.deactivation_document(request_id=request.pk, actor=floor.support, now=LATER)
    if state == "cancelled":
        deactivations.resignation_withdraw(resignation_id=resignation.pk, note="x", actor=floor.support, now=NOW)
    request.refresh_from_db()
    assert request.status == state
    return request


def replacement(floor: Floor, state: str) -> ReplacementRequest:
    if not Assignment.objects.filter(account=floor.account, ends_at__isnull=False).exists():
        deactivation(floor, "documented")
    new = person(floor.jkt)
    request = replacements.replacement_request(
        account_id=floor.account.pk, person_id=new.pk, email=new.email, actor=floor.support, now=LATER
    )
    leader = {"request_id": request.pk, "actor": floor.leader, "now": LATER}
    if state in {"in_progress", "failed", "replaced", "documented"}:
        replacements.replacement_start(**leader)
    if state == "failed":
        replacements.replacement_fail(**leader, note="galat")
    if state in {"replaced", "documented"}:
        replacements.replacement_confirm(**leader, evidence={"text": "x"}, sessions_revoked=True, work_handed_over=True)
    if state == "documented":
        replacements.replacement_document(request_id=request.pk, actor=floor.support, now=LATER)
    if state == "cancelled":
        replacements.replacement_cancel(request_id=request.pk, note="x", actor=floor.support, now=LATER)
    request.refresh_from_db()
    assert request.status == state
    return request


def late_review(floor: Floor, state: str) -> BreachReview:
    request = deactivation(floor, "in_progress")
    sweep(now=request.due_at)
    review = BreachReview.objects.get(request=request)
    coordinator = {"review_id": review.pk, "actor": floor.coordinator}
    if state == "void":
        breach_reviews.review_void(review_id=review.pk, note="x", actor=floor.coordinator, now=LATER)
    else:
        deactivations.deactivation_confirm(request_id=request.pk, evidence={"text": "x"}, actor=floor.leader, now=LATER)
    if state in {"action", "closed"}:
        breach_reviews.review_analyse(**coordinator, **ANALYSIS, now=LATER)
    if state == "closed":
        breach_reviews.review_close(**coordinator, evidence={"text": "x"}, now=LATER)
    review.refresh_from_db()
    assert review.status == state
    return review


ANALYSIS: dict[str, Any] = {
    "cause": "overlooked", "cause_note": "lupa", "correction": "ditutup", "corrective_action": "daftar periksa",
    "action_due": (LATER + timedelta(days=9)).date(),
}  # fmt: skip
SETTLED = {"cause": "overlooked", "correction": "ditutup"}


def attempt_review(subject: Any, one: Transition, actor: Any, *, complete: bool = True) -> None:
    """Beat's own transitions are asked for as nobody may ask for them."""
    arguments: dict[str, Any] = {"review_id": subject.pk, "actor": actor, "now": LATER}
    note = {"note": "catatan" if complete else ""}
    more: dict[str, dict[str, Any]] = {
        "analyse": ANALYSIS,
        "settle": SETTLED | note,
        "close": {"evidence": {"text": "bukti"} if complete else {}},
        "void": note,
        "postpone": {"action_due": (LATER + timedelta(days=30)).date()} | note,
        "reopen": note,
    }
    if one.name in breach_reviews.TRANSITIONS:
        breach_reviews.TRANSITIONS[one.name](**arguments, **more[one.name])
    else:
        with step(BREACH_REVIEW, BreachReview, subject.pk, one.name, actor=actor, now=LATER, **note):
            pass


def campaign(floor: Floor, state: str) -> AccessReview:
    review = access_reviews.access_review_open(site=floor.jkt, now=NOW)
    assert review is not None
    access_reviews.items_decide(
        review_id=review.pk, item_ids=list(review.items.values_list("pk", flat=True)), decision="confirmed",
        actor=floor.leader, now=NOW,
    )  # fmt: skip
    if state == "closed":
        close_campaign(review, None, floor.coordinator)
    review.refresh_from_db()
    return review


def close_campaign(subject: Any, one: Any, actor: Any, *, complete: bool = True) -> None:
    access_reviews.access_review_close(review_id=subject.pk, language="id", signatures=(), actor=actor, now=LATER)


def attempt(subject: Any, one: Transition, actor: Any, *, complete: bool = True) -> None:
    arguments: dict[str, Any] = {}
    if one.name not in {"request", "start"}:
        arguments["note"] = "catatan" if complete else ""
    if one.name == "confirm" and isinstance(subject, ReplacementRequest):
        arguments |= {"sessions_revoked": True, "work_handed_over": True}
    text = "bukti" if complete and one.name == "confirm" else ""
    if one.name == "cancel" and isinstance(subject, DeactivationRequest):  # a leaver's is not, while they leave
        Person.objects.filter(pk=subject.person_id).update(last_working_day=None)
    transition_make(request=subject, name=one.name, text=text, actor=actor, now=LATER, **arguments)


Walk = tuple[Flow, Callable[[Floor, str], Any], Callable[..., None]]
WALKS: dict[str, Walk] = {
    "userids.deactivation": (DEACTIVATION, deactivation, attempt),
    "userids.replacement": (REPLACEMENT, replacement, attempt),
    "userids.breach_review": (BREACH_REVIEW, late_review, attempt_review),
    "userids.access_review": (ACCESS_REVIEW, campaign, close_campaign),
}
CASES = [(key, state, one) for key, (flow, *_how) in WALKS.items() for state in flow.states for one in flow.transitions]


def state_of(subject: Any) -> tuple[Any, ...]:
    subject.refresh_from_db()
    kind = ContentType.objects.get_for_model(subject)
    return (
        subject.status,
        WorkflowStep.objects.filter(content_type=kind, object_id=subject.pk).count(),
        (subject.history.count()),
    )


@pytest.mark.req("UID-3", "UID-9", "KER-5")
@pytest.mark.parametrize(("key", "state", "one"), CASES, ids=lambda value: getattr(value, "name", str(value)))
def test_every_transition_from_every_state_by_every_role(floor: Floor, key: str, state: str, one: Transition) -> None:
    """Allowed ones go and leave a step, history and a ledger entry; refused ones change nothing at all."""
    _flow, bring, try_it = WALKS[key]
    subject = bring(floor, state)
    before = state_of(subject)
    for role, where in trying(floor, one, state):
        actor = user(role, where, name=f"{role}-{where.code}")
        allowed = role in one.by_roles and where == floor.jkt
        entries = Entry.objects.count()
        if not allowed or state not in one.source:
            with pytest.raises(WrongState if allowed else NotAllowed), transaction.atomic():
                try_it(subject, one, actor)
            assert (state_of(subject), Entry.objects.count()) == (before, entries)
            continue
        if one.needs:
            with pytest.raises(Invalid), transaction.atomic():
                try_it(subject, one, actor, complete=False)
            assert state_of(subject) == before
        with transaction.atomic():
            try_it(subject, one, actor)
            after = state_of(subject)
            assert after == (one.target, before[1] + 1, before[2] + 1)
            assert subject.history.latest("history_id").history_user == actor
            assert Entry.objects.filter(action=f"{key}.{one.name}").exists()
            transaction.set_rollback(True)


@pytest.mark.req("UID-3")
def test_every_registered_flow_is_walked() -> None:
    known = {key for key in FLOWS if key.startswith("userids.")}
    elsewhere = {"userids.finding", "userids.id_request"}  # tests/reconcile/test_pages.py, test_id_requests.py
    assert WALKS.keys() | elsewhere == known


@pytest.mark.req("UID-3")
def test_several_ids_get_a_request_each_from_one_resignation(floor: Floor) -> None:
    account(floor.agent)
    floor.resign()
    assert DeactivationRequest.objects.filter(person=floor.agent, status="requested").count() == 2


@pytest.mark.req("UID-3", "UID-1")
def test_a_shut_id_is_inactive_and_nobody_holds_it(floor: Floor) -> None:
    request = deactivation(floor, "deactivated")
    found = Account.objects.get(pk=request.account_id)
    assert (found.status, found.deactivated_at, found.holder) == ("inactive", LATER, None)
    assert said(Assignment.objects.get(account=found).ended) == "Pengunduran diri"


@pytest.mark.req("UID-3", "KER-8")
def test_of_two_who_confirm_at_once_one_wins(live_floor: Floor) -> None:
    request = deactivation(live_floor, "in_progress")

    def confirm() -> Any:
        return deactivations.deactivation_confirm(
            request_id=request.pk, evidence={"text": "x"}, actor=live_floor.leader, now=LATER
        )

    results = in_threads(2, confirm)
    assert sorted(type(one).__name__ for one in results) == ["DeactivationRequest", "WrongState"]
    assert WorkflowStep.objects.filter(to_state="deactivated").count() == 1


@pytest.mark.req("UID-9")
def test_the_logbook_says_both_holders(floor: Floor) -> None:
    request = replacement(floor, "documented")
    found = Account.objects.get(pk=floor.account.pk)
    assert found.holder is not None
    assert (found.status, found.holder.person) == ("active", request.person)
    old = Assignment.objects.get(account=found, person=floor.agent)
    assert old.ends_at == LATER


@pytest.mark.req("UID-9")
def test_only_an_id_whose_holder_leaves_can_be_replaced(floor: Floor) -> None:
    new = person(floor.jkt)
    with pytest.raises(WrongState, match=floor.agent.name):
        replacements.replacement_request(
            account_id=floor.account.pk, person_id=new.pk, email=new.email, actor=floor.support, now=NOW
        )
    floor.resign()
    request = replacements.replacement_request(
        account_id=floor.account.pk, person_id=new.pk, email=new.email, actor=floor.support, now=NOW
    )
    replacements.replacement_start(request_id=request.pk, actor=floor.leader, now=NOW)
    with pytest.raises(WrongState):  # asked for in time, but the old holder's ID is active still
        replacements.replacement_confirm(
            request_id=request.pk, evidence={"text": "x"}, sessions_revoked=True, work_handed_over=True,
            actor=floor.leader, now=LATER,
        )  # fmt: skip


@pytest.mark.req("UID-9")
def test_an_email_in_use_is_refused_with_the_place(floor: Floor) -> None:
    other, new = person(floor.jkt), person(floor.jkt)
    used = account(other)
    deactivation(floor, "documented")
    with pytest.raises(Invalid, match=used.user_id):
        replacements.replacement_request(
            account_id=floor.account.pk, person_id=new.pk, email=other.email.upper(), actor=floor.support, now=LATER
        )


@pytest.mark.req("UID-9", "UID-11")
def test_who_holds_an_id_of_the_application_is_not_given_another(floor: Floor) -> None:
    new = person(floor.jkt)
    held = account(new)
    floor.resign()

    def ask() -> ReplacementRequest:
        return replacements.replacement_request(
            account_id=floor.account.pk, person_id=new.pk, email=new.email, actor=floor.support, now=NOW
        )

    with pytest.raises(Invalid, match=held.user_id):
        ask()
    Account.objects.filter(pk=held.pk).update(status="inactive", deactivated_at=NOW)
    assert ask().person == new


@pytest.mark.req("UID-9")
def test_one_person_is_not_promised_two_ids_of_an_application(floor: Floor) -> None:
    new, resting = person(floor.jkt), [account(None, floor.jkt) for _n in range(2)]
    Account.objects.filter(pk__in=[one.pk for one in resting]).update(
        status="inactive", deactivated_at=NOW - timedelta(days=150)
    )

    def ask(one: Account) -> ReplacementRequest:
        return replacements.replacement_request(
            account_id=one.pk, person_id=new.pk, email=new.email, actor=floor.support, now=NOW
        )

    ask(resting[0])
    with pytest.raises(Invalid, match=resting[0].user_id):
        ask(resting[1])


@pytest.mark.req("UID-9")
@pytest.mark.parametrize(("sessions", "work"), [(False, True), (True, False), (False, False)])
def test_the_check_list_must_be_done(floor: Floor, sessions: bool, work: bool) -> None:
    request = replacement(floor, "in_progress")
    with pytest.raises(Invalid):
        replacements.replacement_confirm(
            request_id=request.pk, evidence={"text": "x"}, sessions_revoked=sessions, work_handed_over=work,
            actor=floor.leader, now=LATER,
        )  # fmt: skip


@pytest.mark.req("UID-9")
def test_an_id_rests_as_long_as_the_policy_says(floor: Floor) -> None:
    policy_set(
        key="userids.replace.quarantine_days", value=7, valid_from=NOW, reason="uji", site=None,
        actor=user(Role.COORDINATOR), now=NOW,
    )  # fmt: skip
    request = replacement(floor, "in_progress")
    confirm = {"request_id": request.pk, "evidence": {"text": "x"}, "sessions_revoked": True, "work_handed_over": True}
    with pytest.raises(WrongState) as refused:
        replacements.replacement_confirm(**confirm, actor=floor.leader, now=LATER + timedelta(days=6))
    said = replacements.hinders(request, "confirm", now=LATER + timedelta(days=6))
    assert said == str(refused.value)
    assert not replacements.hinders(request, "confirm", now=LATER + timedelta(days=7))
    replacements.replacement_confirm(**confirm, actor=floor.leader, now=LATER + timedelta(days=7))


@pytest.mark.req("UID-1")
def test_who_held_it_at_any_instant(floor: Floor) -> None:
    request = replacement(floor, "replaced")
    began = floor.account.activated_at
    assert began is not None

    def held(at: Any) -> tuple[bool, list[Person]]:
        found = Account.objects.as_of(at).get(pk=floor.account.pk)
        return found.was_active, [one.person for one in found.held]  # type: ignore[attr-defined]

    assert not Account.objects.as_of(began - timedelta(seconds=1)).exists()
    assert held(began) == (True, [floor.agent])
    assert held(LATER - timedelta(microseconds=1)) == (True, [floor.agent])
    assert held(LATER) == (True, [request.person])


@pytest.mark.req("UID-1", "KER-10")
def test_the_database_refuses_two_holders_at_once(floor: Floor) -> None:
    with pytest.raises(IntegrityError, match="one_holder_at_a_time"), transaction.atomic():
        Assignment.objects.create(
            account=floor.account, person=person(floor.jkt), email="z@x.test", starts_at=NOW - timedelta(days=900),
            ends_at=NOW,
        )  # fmt: skip
    with pytest.raises(IntegrityError, match="assignment_not_empty"), transaction.atomic():
        Assignment.objects.filter(account=floor.account).update(ends_at=NOW - timedelta(days=900))


@pytest.mark.req("UID-1")
def test_an_id_is_known_once_whatever_its_case(floor: Floor) -> None:
    with pytest.raises(Invalid):
        accounts.account_create(
            application=floor.account.application, user_id=floor.account.user_id.lower(), person=None, email="",
            role="", channels=[], site=floor.jkt, activated_at=NOW, actor=floor.support, now=NOW,
        )  # fmt: skip


@pytest.mark.req("UID-2", "KER-11")
def test_the_history_says_who_when_why_and_cannot_be_changed(floor: Floor) -> None:
    accounts.account_edit(
        account_id=floor.account.pk, role="Senior", channels=["chat"], remarks="", note="naik", actor=floor.support,
        now=NOW,
    )  # fmt: skip
    row = floor.account.history.latest("history_id")
    assert (row.history_user, row.history_change_reason, row.history_date) == (floor.support, "naik", NOW)
    assert {one.field for one in row.diff_against(row.prev_record).changes} == {"role", "channels"}
    for statement in ("UPDATE {} SET role = 'x'", "DELETE FROM {}", "TRUNCATE {}"):
        with transaction.atomic(), connection.cursor() as cursor:
            cursor.execute("SET CONSTRAINTS ALL IMMEDIATE")
            with pytest.raises(DatabaseError, match="only grows"):
                cursor.execute(statement.format("userids_historicalaccount"))
            transaction.set_rollback(True)


@pytest.mark.req("KER-5")
def test_a_refusal_says_what_to_do(floor: Floor) -> None:
    floor.resign()
    with pytest.raises(Refused) as refused:
        deactivations.deactivation_confirm(
            request_id=floor.request.pk, evidence={"text": "x"}, actor=floor.leader, now=NOW
        )
    assert "“" in str(refused.value)


@pytest.mark.req("KER-5", "KER-12")
def test_a_step_that_was_made_in_another_tab_says_by_whom_and_leads_to_the_request(floor: Floor) -> None:
    floor.resign(NOW.date(), now=NOW)
    client = Client()
    client.force_login(floor.leader)
    url = reverse("userids:deactivation_step", args=[floor.request.pk, "start"])
    assert client.post(url).status_code == 302
    again = client.post(url)
    body = again.content.decode()
    assert again.status_code == 409
    assert f'href="{floor.request.get_absolute_url()}"' in body
    assert "dilakukan pada" in body and str(floor.leader) in body


@pytest.mark.req("KER-12")
def test_who_can_only_get_out_of_it_is_told_whose_turn_it_is(floor: Floor) -> None:
    """Cancelling is no next step."""
    floor.resign(NOW.date(), now=NOW)
    client = Client()
    client.force_login(floor.support)
    body = client.get(floor.request.get_absolute_url()).content.decode()
    assert "Giliran siapa" in body and "Yang juga dapat Anda lakukan" in body
    assert "Langkah Anda berikutnya" not in body
    client.force_login(floor.leader)
    assert "Langkah Anda berikutnya" in client.get(floor.request.get_absolute_url()).content.decode()
