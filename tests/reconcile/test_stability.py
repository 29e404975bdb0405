"""The same difference is the same finding, however often, in whatever order and by how many it is looked for."""

from __future__ import annotations

import random
from datetime import timedelta
from importlib import import_module
from typing import Any

import pytest
from django.apps import apps
from django.contrib.contenttypes.models import ContentType
from django.db import IntegrityError, connection, transaction
from django.utils.translation import override
from hypothesis import given, settings
from hypothesis import strategies as st

from occ.documents.models import IssuedDocument
from occ.errors import Invalid, NotAllowed, WrongState
from occ.home.selectors import with_ends
from occ.ledger.models import Entry
from occ.notifications.models import Notification
from occ.obligations.models import Obligation
from occ.obligations.sweep import sweep
from occ.people.choices import Role
from occ.people.models import RoleAssignment
from occ.policies.services import policy_set
from occ.workflow.drawing import history
from occ.workflow.models import WorkflowStep
from tests import factories
from tests.factories import DAY, Floor, account, person, user
from tests.reconcile.helpers import RUN, SAID, TELLS, found, listing, put_right, reconcile, shown, together
from userids.choices import ListSource, Way
from userids.models import Account, DeactivationRequest
from userids.models.reconciliation import Finding, FindingSighting, Pull, Reconciliation, RemoteAccount
from userids.reconciling import keeping
from userids.reconciling.findings import finding_accept, finding_confirm, finding_refuse, findings_wake
from userids.reconciling.flow import RECONCILER
from userids.reconciling.keeping import findings_reopen
from userids.reconciling.reading import Listed
from userids.reconciling.runs import ConfirmationNeeded, reconciliation_run
from userids.reconciling.words import said

pytestmark = pytest.mark.req("UID-11")
DAYS = timedelta(days=1)
HOUR = timedelta(hours=1)


def kept() -> dict[str, int]:
    """How much there is of what a run writes about findings."""
    kind = ContentType.objects.get_for_model(Finding)
    return {
        "findings": Finding.objects.count(), "history": Finding.history.count(),
        "steps": WorkflowStep.objects.filter(content_type=kind).count(),
        "obligations": Obligation.objects.filter(content_type=kind).count(),
        "news": Notification.objects.count(),
        "entries": Entry.objects.filter(subject_type="userids.finding").count(),
    }  # fmt: skip


def messy(floor: Floor) -> list[Listed]:
    """A list with a finding of nearly every kind."""
    floor.resign()
    second, third, gone = (account(person(floor.jkt)) for _one in range(3))
    assert gone.status == "active"
    return [
        shown(floor.account, last_login_at=RUN - DAYS), shown(second, name="Lain", email="lain@x.test"),
        shown(third, active=False), Listed("ASING", True, name="Asing"), Listed("ASING-2", False),
    ]  # fmt: skip


def test_the_same_list_again_changes_nothing(floor: Floor) -> None:
    rows = messy(floor)
    first = reconcile(*rows)
    before, open_before = kept(), found()
    assert len(open_before) >= 7
    second = reconcile(*rows, now=RUN + HOUR)
    assert (kept(), found()) == (before, open_before)
    assert set(second.sightings.values_list("sight", flat=True)) == {"again"}
    assert set(first.sightings.values_list("sight", flat=True)) == {"new"}
    assert set(Finding.objects.values_list("first_run", "last_run")) == {(first.pk, second.pk)}


@settings(max_examples=12, deadline=None)
@given(seed=st.integers(0, 2**32), cases=st.lists(st.sampled_from([str.lower, str.upper, str]), min_size=5, max_size=5))
def test_in_any_order_and_case_the_findings_are_the_same(floor: Floor, seed: int, cases: list[Any]) -> None:
    with transaction.atomic():
        rows = messy(floor)
        reconcile(*rows)
        before, keys = kept(), set(Finding.objects.values_list("pk", flat=True))
        mixed = [row._replace(user_id=case(row.user_id)) for row, case in zip(rows, cases, strict=True)]
        random.Random(seed).shuffle(mixed)
        reconcile(*mixed, now=RUN + HOUR)
        assert kept() == before
        assert set(Finding.objects.open().values_list("pk", flat=True)) == keys
        transaction.set_rollback(True)


def test_a_finding_goes_comes_back_and_keeps_its_history(floor: Floor) -> None:
    agree, differ = shown(floor.account), shown(floor.account, name="Budi")
    reconcile(differ)
    finding = Finding.objects.get()
    gone = reconcile(agree, now=RUN + DAYS)
    finding.refresh_from_db()
    assert (finding.status, finding.settled_at) == ("gone", RUN + DAYS)
    duty = Obligation.objects.get(object_id=finding.pk, rule__startswith="userids.finding")
    assert (duty.state, duty.evidence["run"], duty.evidence["sha256"]) == ("fulfilled", gone.pk, gone.sha256)
    reconcile(differ, now=RUN + 2 * DAYS)
    assert Finding.objects.get() == finding
    finding.refresh_from_db()
    assert (finding.status, finding.settled_at, finding.found_at) == ("open", None, RUN + 2 * DAYS)
    assert finding.due_at == RUN + 5 * DAYS
    assert list(finding.sightings.order_by("pk").values_list("sight", flat=True)) == ["new", "gone", "reopened"]
    assert Obligation.objects.filter(object_id=finding.pk, rule__startswith="userids.finding").count() == 2
    assert finding.history.count() >= 3


def test_what_was_resolved_comes_back_only_by_a_list_made_after_that(floor: Floor) -> None:
    differ = shown(floor.account, name="Budi")
    reconcile(differ)
    finding = Finding.objects.get()
    was = finding.due_at
    put_right(finding, floor.leader, now=RUN + 5 * HOUR)
    assert duty_of(finding).state == "open", "its clock runs on"
    reconcile(differ, taken_at=RUN + 4 * HOUR, now=RUN + 6 * HOUR)
    assert found("claimed") == [("holder_differs", floor.account.user_id)]
    run = reconcile(differ, taken_at=RUN + 6 * HOUR, now=RUN + 7 * HOUR)
    finding.refresh_from_db()
    assert (finding.status, finding.way, finding.said_by, finding.due_at) == ("open", "", None, was)
    assert run.sightings.get().sight == "reopened"
    assert Obligation.objects.get(object_id=finding.pk, rule__startswith="userids.finding").due_at == was
    said = history(finding)[-1]
    assert (said.transition, str(run.pk) in said.note) == ("still", True), "the history says that it was not"
    put_right(finding, floor.leader, now=RUN + 7 * HOUR, way=Way.LOGBOOK)
    shows = reconcile(shown(floor.account), now=RUN + 8 * HOUR)
    finding.refresh_from_db()
    assert (finding.status, finding.way, finding.settled_at) == ("resolved", "logbook", RUN + 8 * HOUR)
    duty = duty_of(finding)
    assert (duty.state, duty.fulfilled_at, duty.evidence["run"]) == ("fulfilled", RUN + 8 * HOUR, shows.pk)
    reconcile(shown(floor.account), now=RUN + 9 * HOUR)
    assert found("resolved") == [("holder_differs", floor.account.user_id)], "and stays so"
    reconcile(differ, now=RUN + 10 * HOUR)
    assert Finding.objects.get().due_at > was, "and what comes back after that is owed anew"


def duty_of(finding: Finding) -> Obligation:
    return Obligation.objects.filter(object_id=finding.pk, rule__startswith="userids.finding").latest("pk")


def test_what_is_said_to_be_put_right_and_is_not_shown_in_time_is_a_breach(floor: Floor) -> None:
    reconcile(shown(floor.account, name="Budi"))
    finding = Finding.objects.get()
    put_right(finding, floor.leader)
    sweep(now=finding.due_at)
    assert Notification.objects.filter(user=floor.coordinator, kind="obligation.breach").count() == 1
    assert finding in Finding.objects.open()


@pytest.mark.parametrize(("attempts", "hours"), [(0, 0.5), (3, 9)])
def test_a_connector_is_asked_soon_for_the_list_that_shows_it(floor: Floor, attempts: int, hours: float) -> None:
    reconcile(shown(floor.account, name="Budi"))
    pull = Pull.objects.create(application=factories.application(), next_at=RUN + 9 * HOUR, attempts=attempts)
    put_right(Finding.objects.get(), floor.leader)
    pull.refresh_from_db()
    assert pull.next_at == RUN + hours * HOUR, "one that does not answer now is left alone"


def test_a_list_that_cannot_tell_leaves_what_was_said_as_it_is(floor: Floor) -> None:
    reconcile(shown(floor.account, name="Budi"))
    put_right(Finding.objects.get(), floor.leader)
    reconcile(shown(floor.account, name=""), tells=TELLS - {"name"}, now=RUN + HOUR)
    assert found("claimed") == [("holder_differs", floor.account.user_id)]


def test_a_list_made_before_the_word_shows_nothing_of_it_and_one_made_after_the_last_reopens_it(floor: Floor) -> None:
    agree, differ = shown(floor.account), shown(floor.account, name="Budi")
    reconcile(differ)
    put_right(Finding.objects.get(), floor.leader, now=RUN + 2 * HOUR)
    reconcile(agree, taken_at=RUN + HOUR, now=RUN + 3 * HOUR)
    assert found("claimed") == [("holder_differs", floor.account.user_id)]
    reconcile(agree, taken_at=RUN + 4 * HOUR, now=RUN + 8 * HOUR)
    assert found("resolved") == [("holder_differs", floor.account.user_id)]
    reconcile(differ, taken_at=RUN + 6 * HOUR, now=RUN + 9 * HOUR)
    assert found() == [("holder_differs", floor.account.user_id)], "though made before the other one was reconciled"


def test_what_was_said_of_a_leavers_id_is_owed_once_its_request_is_over(floor: Floor) -> None:
    floor.resign()
    active, until = shown(floor.account, active=True, last_login_at=None), (RUN + 3 * DAYS).date()
    reconcile(active)
    finding = Finding.objects.get(kind="active_after_leaving")
    DeactivationRequest.objects.update(status="cancelled")
    put_right(finding, floor.leader, now=RUN + HOUR, way=Way.AS_IT_IS, until=until)
    assert not Obligation.objects.filter(rule__startswith="userids.finding").exists(), "the request was its duty"
    reconcile(active, now=RUN + 2 * HOUR)
    finding.refresh_from_db()
    assert (finding.status, duty_of(finding).state, duty_of(finding).due_at) == ("claimed", "open", finding.due_at)


def test_who_decides_reads_the_difference_as_it_is_now(floor: Floor) -> None:
    reconcile(shown(floor.account, name="Budi"))
    finding = Finding.objects.get()
    put_right(finding, floor.leader, way=Way.AS_IT_IS, until=(RUN + 3 * DAYS).date())
    reconcile(shown(floor.account, name="Tono"), now=RUN + HOUR)
    finding.refresh_from_db()
    assert (finding.status, finding.details["listed"]) == ("claimed", "Tono")


def test_that_it_stays_as_it_is_no_owner_decides(floor: Floor) -> None:
    differ, until = shown(floor.account, name="Budi"), (RUN + 3 * DAYS).date()
    reconcile(differ)
    finding = Finding.objects.get()
    for wrong in (None, (RUN - DAYS).date(), (RUN + 400 * DAYS).date()):
        with pytest.raises(Invalid):
            put_right(finding, floor.leader, way=Way.AS_IT_IS, until=wrong)
    put_right(finding, floor.leader, way=Way.AS_IT_IS, until=until)
    reconcile(differ, now=RUN + HOUR)
    finding.refresh_from_db()
    assert (finding.status, duty_of(finding).state) == ("claimed", "open"), "the list says nothing about that"
    finding_accept(finding_id=finding.pk, note=SAID, until=until, actor=floor.coordinator, now=RUN + 2 * HOUR)
    finding.refresh_from_db()
    assert (finding.status, finding.settled_by, finding.said_by) == ("accepted", floor.coordinator, floor.leader)
    assert (duty_of(finding).state, duty_of(finding).on_time) == ("fulfilled", True)


def test_a_step_that_comes_too_late_is_told_what_came_before_it_and_not_what_was_done_long_ago(floor: Floor) -> None:
    reconcile(shown(floor.account, name="Budi"))
    given: dict[str, Any] = {"finding_id": Finding.objects.get().pk, "note": SAID, "actor": floor.coordinator}
    finding_accept(**given, until=RUN.date(), now=RUN)
    findings_wake(now=RUN + 2 * DAYS)
    reconcile(shown(floor.account), now=RUN + 3 * DAYS)
    with pytest.raises(WrongState, match="“Tidak ditemukan lagi” dilakukan"):
        finding_accept(**given, until=(RUN + 9 * DAYS).date(), now=RUN + 4 * DAYS)


def test_a_grave_finding_stays_as_it_is_by_two_persons_only(floor: Floor) -> None:
    floor.resign()
    DeactivationRequest.objects.update(status="cancelled")
    reconcile(shown(floor.account, active=True, last_login_at=None))
    finding, until = Finding.objects.get(kind="active_after_leaving"), (RUN + 3 * DAYS).date()
    given: dict[str, Any] = {"finding_id": finding.pk, "note": SAID, "until": until, "now": RUN + HOUR}
    with pytest.raises(WrongState):
        finding_accept(**given, actor=floor.coordinator)
    both = user(Role.TEAM_LEADER, floor.jkt, name="both")
    RoleAssignment.objects.create(user=both, role=Role.COORDINATOR, site=floor.jkt, starts_on="2020-01-01")
    put_right(finding, both, way=Way.AS_IT_IS, until=until)
    with pytest.raises(NotAllowed, match="orang lain"):
        finding_accept(**given, actor=both)
    with pytest.raises(IntegrityError), transaction.atomic():
        Finding.objects.filter(pk=finding.pk).update(status="accepted", settled_at=RUN, settled_by=both)
    finding_accept(**given, actor=floor.coordinator)
    assert found("accepted") == [("active_after_leaving", floor.account.user_id)]


def test_what_was_settled_before_ways_were_named_is_told_apart_and_neither_lost_nor_opened(floor: Floor) -> None:
    """The migration, on rows as they stood before it."""
    reconcile(*(Listed(f"A{i}", True) for i in range(4)))
    states = ["open", "resolved", "accepted", "gone"]
    rows = list(Finding.objects.filter(kind="unknown").order_by("pk"))
    with connection.cursor() as cursor, transaction.atomic():
        cursor.execute("SET CONSTRAINTS ALL IMMEDIATE")
        cursor.execute("ALTER TABLE userids_finding DROP CONSTRAINT finding_way_named")
        for one, state in zip(rows, states, strict=True):
            settled = None if state == "open" else RUN + HOUR
            Finding.objects.filter(pk=one.pk).update(
                status=state, settled_at=settled, way="", accepted_until=RUN.date() if state == "accepted" else None
            )
        import_module("userids.migrations.0011_finding_ways_before").name(apps, None)
        found = Finding.objects.filter(kind="unknown").order_by("pk").values_list("status", "way")
        assert list(found) == [("open", ""), ("resolved", "before"), ("accepted", "as_it_is"), ("gone", "")]
        transaction.set_rollback(True)


def test_what_was_settled_before_ways_were_named_is_kept_as_it_was(floor: Floor) -> None:
    differ = shown(floor.account, name="Budi")
    reconcile(differ)
    finding = Finding.objects.get()
    was = finding.due_at
    Finding.objects.update(status="resolved", settled_at=RUN + HOUR, way=Way.BEFORE)
    Obligation.objects.update(state="fulfilled", fulfilled_at=RUN + HOUR, next_at=None)
    reconcile(differ, now=RUN + 2 * HOUR)
    finding.refresh_from_db()
    assert (finding.status, finding.way, finding.due_at) == ("open", "", was), "words alone have not put it right"
    Finding.objects.update(status="resolved", settled_at=RUN + 3 * HOUR, way=Way.BEFORE)
    reconcile(shown(floor.account), now=RUN + 4 * HOUR)
    finding.refresh_from_db()
    assert (finding.status, finding.way, finding.settled_at) == ("gone", "", RUN + 3 * HOUR)


def test_a_covered_finding_that_comes_back_is_due_when_its_request_is(floor: Floor) -> None:
    reconcile(shown(floor.account, name="Budi"))
    finding = Finding.objects.get()
    Finding.objects.update(status="resolved", settled_at=RUN + HOUR, way=Way.BEFORE)
    given: dict[str, Any] = {"note": "x", "now": RUN + 2 * HOUR, "owed": {finding.pk: finding.due_at}}
    (back,) = findings_reopen(Finding.objects.all(), **given, floors={finding.pk: RUN + 9 * DAYS})
    assert back.due_at == RUN + 9 * DAYS


def test_a_leavers_id_is_not_resolved_beside_its_open_deactivation(floor: Floor) -> None:
    floor.resign(now=RUN - 20 * DAYS)
    reconcile(shown(floor.account, active=True))
    finding = Finding.objects.get(kind="active_after_leaving")
    with pytest.raises(WrongState, match="masih terbuka"):
        put_right(finding, floor.leader)
    finding.refresh_from_db()
    assert finding.status == "open"


def test_what_was_accepted_stays_so_until_its_day_is_over(floor: Floor) -> None:
    differ = shown(floor.account, name="Budi")
    reconcile(differ)
    finding = Finding.objects.get()
    until = (RUN + 3 * DAYS).date()
    with pytest.raises(NotAllowed):
        finding_accept(finding_id=finding.pk, note=SAID, until=until, actor=floor.leader, now=RUN)
    for note, day in (("", until), ("x", (RUN - DAYS).date()), ("x", (RUN + 400 * DAYS).date())):
        with pytest.raises(Invalid):
            finding_accept(finding_id=finding.pk, note=note, until=day, actor=floor.coordinator, now=RUN)
    finding_accept(finding_id=finding.pk, note=SAID, until=until, actor=floor.coordinator, now=RUN)
    assert duty_of(finding).state == "fulfilled"
    reconcile(differ, now=RUN + 3 * DAYS)
    assert (found(), findings_wake(now=RUN + 3 * DAYS)) == ([], 0)
    assert findings_wake(now=RUN + 4 * DAYS) == 1
    assert findings_wake(now=RUN + 4 * DAYS) == 0
    assert found() == [("holder_differs", floor.account.user_id)]
    finding.refresh_from_db()
    assert finding.accepted_until is None


def test_what_is_accepted_after_its_time_was_late_all_the_same(floor: Floor) -> None:
    reconcile(shown(floor.account, name="Budi"))
    finding, late = Finding.objects.get(), RUN + 30 * DAYS
    finding_accept(
        finding_id=finding.pk, note=SAID, until=(late + DAYS).date(), actor=floor.coordinator, now=late
    )  # fmt: skip
    duty = duty_of(finding)
    assert (duty.state, duty.on_time, duty.breached_at) == ("fulfilled", False, finding.due_at)


def test_a_run_after_the_day_opens_what_was_accepted(floor: Floor) -> None:
    differ = shown(floor.account, name="Budi")
    reconcile(differ)
    until = (RUN + DAYS).date()
    pk = Finding.objects.get().pk
    finding_accept(finding_id=pk, note=SAID, until=until, actor=floor.coordinator, now=RUN)
    reconcile(differ, now=RUN + 2 * DAYS)
    assert found() == [("holder_differs", floor.account.user_id)]


def test_an_incident_stays_until_somebody_answers_for_it_and_comes_back_by_other_activity_only(floor: Floor) -> None:
    floor.resign()
    first, other = RUN - 2 * DAYS, RUN + DAYS
    reconcile(shown(floor.account, active=False, last_login_at=first))
    reconcile(shown(floor.account, active=False, last_login_at=None), now=RUN + HOUR)
    assert found() == [("activity_after_last_day", floor.account.user_id)], "a list that hides it does not undo it"
    finding = Finding.objects.get()
    it = user(Role.IT)
    put_right(finding, it, now=RUN + 2 * HOUR)
    reconcile(shown(floor.account, active=False, last_login_at=first), now=RUN + 3 * HOUR)
    assert (found("claimed"), duty_of(finding).state) == ([("activity_after_last_day", floor.account.user_id)], "open")
    RoleAssignment.objects.create(user=it, role=Role.MANAGER, site=floor.jkt, starts_on="2020-01-01")
    it.__dict__.pop("_roles_by_day", None)
    with pytest.raises(NotAllowed, match="orang lain"):
        finding_confirm(finding_id=finding.pk, note=SAID, actor=it, now=RUN + 4 * HOUR)
    finding_refuse(finding_id=finding.pk, note=SAID, actor=floor.coordinator, now=RUN + 4 * HOUR)
    assert found() == [("activity_after_last_day", floor.account.user_id)]
    put_right(finding, it, now=RUN + 5 * HOUR)
    incidents = Notification.objects.filter(kind="userids.incident", user=floor.coordinator)
    assert [one.ended for one in with_ends(incidents)] == [None]  # type: ignore[attr-defined]
    finding_confirm(finding_id=finding.pk, note=SAID, actor=floor.coordinator, now=RUN + 6 * HOUR)
    assert [one.ended.by for one in with_ends(incidents)] == [str(floor.coordinator)]  # type: ignore[attr-defined]
    duty = duty_of(finding)
    assert (duty.fulfilled_at, duty.evidence["text"]) == (RUN + 6 * HOUR, SAID)
    reconcile(shown(floor.account, active=False, last_login_at=first), now=RUN + 7 * HOUR)
    reconcile(shown(floor.account, active=False, last_login_at=first - HOUR), now=RUN + 8 * HOUR)
    assert found() == [], "what came before is none that was not answered for"
    told = Notification.objects.filter(kind="userids.incident").count()
    reconcile(shown(floor.account, active=False, last_login_at=other), now=RUN + 2 * DAYS)
    assert found() == [("activity_after_last_day", floor.account.user_id)]
    finding.refresh_from_db()
    assert finding.moment("at") == other
    assert Notification.objects.filter(kind="userids.incident").count() > told, "another incident, told anew"


def test_another_holder_makes_another_finding(floor: Floor) -> None:
    reconcile(shown(floor.account, name="Budi"))
    new = person(floor.jkt)
    floor.account.assignments.update(ends_at=RUN)
    floor.account.assignments.create(person=new, email=new.email, starts_at=RUN)
    reconcile(Listed(floor.account.user_id, True, name="Budi", last_login_at=RUN), now=RUN + DAYS)
    rows = {(one.person, one.status) for one in Finding.objects.filter(kind="holder_differs")}
    assert rows == {(floor.agent, "gone"), (new, "open")}


def test_an_older_list_after_a_newer_one_is_refused(floor: Floor) -> None:
    reconcile(shown(floor.account))
    with pytest.raises(WrongState, match=r"\d"):
        reconcile(shown(floor.account), taken_at=RUN - HOUR, now=RUN + HOUR)
    with pytest.raises(Invalid):
        reconcile(shown(floor.account), taken_at=RUN + DAYS, now=RUN + HOUR)


@pytest.mark.parametrize("tells", [TELLS, TELLS - {"last_login"}])
def test_a_list_that_is_silent_about_a_log_in_leaves_the_known_one(floor: Floor, tells: frozenset[str]) -> None:
    seen = RUN - 60 * DAYS
    reconcile(shown(floor.account, last_login_at=seen))
    before = said(Finding.objects.get(kind="dormant"))
    reconcile(shown(floor.account, last_login_at=None), tells=tells, now=RUN + HOUR)
    assert said(Finding.objects.get()) == before
    assert RemoteAccount.objects.get().last_login_at == seen


def test_very_many_new_findings_of_one_kind_are_asked_about(floor: Floor) -> None:
    """And none that is grave waits for the answer."""
    rows = [shown(floor.account), *(shown(account(person(floor.jkt))) for _one in range(30))]
    reconcile(*rows, confirmed=False)
    other = [row._replace(email=f"{n}@x.test") for n, row in enumerate(rows)]
    reconcile(*other[:20], *rows[20:], confirmed=False, now=RUN + HOUR)  # twenty are few
    assert Finding.objects.count() == 20
    reconcile(*rows, confirmed=False, now=RUN + 2 * HOUR)
    with override("en"), pytest.raises(ConfirmationNeeded, match="31 new findings of the kind “E-mail differs”"):
        reconcile(*other, confirmed=False, now=RUN + 3 * HOUR)
    reconcile(*other, now=RUN + 3 * HOUR)
    assert Finding.objects.open().count() == 31
    reconcile(*other, confirmed=False, now=RUN + 4 * HOUR)  # none of them is new


def test_an_empty_or_much_shorter_list_has_to_be_confirmed(floor: Floor) -> None:
    others = [account(person(floor.jkt)) for _one in range(3)]
    rows = [shown(one) for one in (floor.account, *others)]
    with pytest.raises(ConfirmationNeeded):
        reconcile(confirmed=False)
    reconcile(*rows, confirmed=False)
    reconcile(*rows[:2], confirmed=False, now=RUN + HOUR)  # half of it: not more than the policy's share
    reconcile(*rows, confirmed=False, now=RUN + 2 * HOUR)
    with pytest.raises(ConfirmationNeeded):
        reconcile(rows[0], confirmed=False, now=RUN + 3 * HOUR)
    strangers = [Listed(f"Z{i}", True) for i in range(4)]
    with pytest.raises(ConfirmationNeeded):  # as long as the last one, but not its IDs
        reconcile(*strangers, confirmed=False, now=RUN + 3 * HOUR)
    assert Reconciliation.objects.count() == 3
    assert reconcile(rows[0], confirmed=True, now=RUN + 3 * HOUR).confirmed
    policy_set(
        key="userids.reconcile.shrink_percent", value=100, valid_from=RUN + 4 * HOUR, reason="x", site=None,
        actor=floor.manager, now=RUN + 4 * HOUR,
    )  # fmt: skip
    reconcile(shown(others[2]), confirmed=False, now=RUN + 5 * HOUR)


def test_an_id_twice_in_whatever_case_is_refused(floor: Floor) -> None:
    with pytest.raises(Invalid, match=floor.account.user_id):
        reconcile(shown(floor.account), shown(floor.account)._replace(user_id=floor.account.user_id.lower()))
    assert not Reconciliation.objects.exists()


def test_only_a_role_that_covers_every_site_of_the_application_reconciles(floor: Floor) -> None:
    account(person(floor.ygy))
    one_site = user(Role.DOCUMENT_CONTROL, floor.jkt)
    for actor in (one_site, floor.leader, floor.support, floor.coordinator, user(Role.AUDITOR)):
        with pytest.raises(NotAllowed):
            reconcile(shown(floor.account), actor=actor)
    RoleAssignment.objects.create(user=one_site, role=Role.IT, site=floor.ygy, starts_on="2020-01-01")
    one_site.__dict__.pop("_roles_by_day", None)
    assert reconcile(shown(floor.account), actor=one_site).started_by == one_site


def test_a_run_leaves_its_report_and_a_ledger_entry(floor: Floor) -> None:
    run = reconcile(*messy(floor))
    document = IssuedDocument.objects.get(type_code="REK-UID")
    assert (document.subject_id, document.site) == (str(run.pk), floor.jkt)
    assert document.data["sha256"]["value"] == run.sha256
    assert {row["title"] for row in document.data["kinds"]}
    entry = Entry.objects.get(action="userids.reconciled")
    assert entry.data["sha256"] == run.sha256 and entry.data["report"] == document.full_number


def test_each_owner_is_told_once_of_all_that_is_theirs(floor: Floor) -> None:
    control = user(Role.DOCUMENT_CONTROL)
    reconcile(shown(floor.account), *(Listed(f"A{i}", True) for i in range(30)))
    told = Notification.objects.filter(kind="userids.findings")
    assert [(one.user, one.params["count"]) for one in told] == [(control, 30)]
    sweep(now=RUN + timedelta(seconds=20))
    assert Notification.objects.filter(user=control).count() == 1


def test_a_message_about_findings_is_over_once_none_of_them_is_open(floor: Floor) -> None:
    control = user(Role.DOCUMENT_CONTROL)
    reconcile(shown(floor.account), Listed("A", True), Listed("B", True))

    def ended() -> Any:
        (one,) = with_ends(Notification.objects.filter(user=control))
        return one.ended  # type: ignore[attr-defined]

    put_right(Finding.objects.get(user_id="A"), control)
    reconcile(shown(floor.account), Listed("B", True), now=RUN + HOUR)
    assert ended() is None, "one is left"
    finding = Finding.objects.get(user_id="B")
    reconcile(shown(floor.account), now=RUN + 2 * HOUR)
    assert (ended().how, ended().at, ended().who) == ("done", RUN + 2 * HOUR, ""), "nobody did anything: it went"
    reconcile(shown(floor.account), Listed("B", True), now=RUN + 3 * HOUR)
    Notification.objects.filter(user=control).exclude(
        key__startswith=f"reconciliation:{finding.first_run_id}:"
    ).delete()
    put_right(finding, control, now=RUN + 4 * HOUR)
    assert ended() is None, "its owner said so; no list shows it yet"
    reconcile(shown(floor.account), now=RUN + 5 * HOUR)
    assert (ended().at, ended().who) == (RUN + 5 * HOUR, str(control))


def test_a_finding_not_dealt_with_in_time_is_a_breach_of_which_the_coordinator_hears(floor: Floor) -> None:
    reconcile(shown(floor.account, name="Budi"))
    due = Finding.objects.get().due_at
    sweep(now=due - timedelta(seconds=1))
    assert not Notification.objects.filter(user=floor.coordinator).exists()
    sweep(now=due)
    assert Notification.objects.filter(user=floor.coordinator, kind="obligation.breach").count() == 1
    reconcile(shown(floor.account), now=due + HOUR)
    duty = Obligation.objects.get(rule="userids.finding.team_leader")
    assert (duty.state, duty.breached_at, duty.on_time) == ("fulfilled", due, False)


def test_a_late_finding_that_goes_before_the_sweep_saw_it_is_a_breach_all_the_same(floor: Floor) -> None:
    reconcile(shown(floor.account, name="Budi"))
    due = Finding.objects.get().due_at
    reconcile(shown(floor.account), now=due + HOUR)
    duty = Obligation.objects.get(rule="userids.finding.team_leader")
    assert duty.breached_at == due
    assert Notification.objects.filter(user=floor.coordinator, kind="obligation.breach").count() == 1


@pytest.mark.parametrize("again", [False, True])
def test_two_runs_at_once_make_one_finding_each(live_floor: Floor, again: bool) -> None:
    control = user(Role.DOCUMENT_CONTROL)
    rows = [shown(live_floor.account, name="Budi"), *(Listed(f"A{i}", True) for i in range(20))]
    if again:
        reconcile(*rows)

    def run() -> None:
        reconciliation_run(
            application=factories.application(), listing=listing(rows), source=ListSource.FILE, taken_at=RUN,
            actor=control, now=RUN + HOUR,
        )  # fmt: skip

    together(run, run)
    assert Finding.objects.count() == 21
    assert Reconciliation.objects.count() == 2 + again
    sights = sorted(FindingSighting.objects.values_list("sight", flat=True))
    assert sights == sorted(["new"] * 21 + ["again"] * 21 * (1 + again))
    assert Obligation.objects.filter(rule__startswith="userids.finding").count() == 21


def test_without_the_lock_two_runs_at_once_would_collide(live_floor: Floor, monkeypatch: pytest.MonkeyPatch) -> None:
    """The race is real: the database's own constraint is what would stop it."""
    import threading

    barrier = threading.Barrier(2, timeout=20)
    real = keeping._make

    def both(*args: Any) -> Any:
        barrier.wait()
        return real(*args)

    monkeypatch.setattr(keeping, "_make", both)
    monkeypatch.setattr("userids.reconciling.runs.lock", lambda application: None)
    # Keeping the copy of the list waits for the other run too, by its unique constraint.
    monkeypatch.setattr("userids.reconciling.comparing.mirror_keep", lambda *args: None)
    control, errors = user(Role.DOCUMENT_CONTROL), []

    def run() -> None:
        try:
            reconciliation_run(
                application=factories.application(), listing=listing([Listed("A", True)]), source=ListSource.FILE,
                taken_at=RUN, confirmed=True, actor=control, now=RUN,
            )  # fmt: skip
        except IntegrityError as error:
            errors.append(error)

    together(run, run)
    assert len(errors) == 1
    assert Finding.objects.filter(kind="unknown").count() == 1


def test_somebody_resolves_while_a_run_closes_and_nothing_is_done_twice(live_floor: Floor) -> None:
    reconcile(shown(live_floor.account, name="Budi"))
    finding = Finding.objects.get()
    refused: list[Exception] = []

    def resolve() -> None:
        try:
            put_right(finding, live_floor.leader, now=RUN + HOUR)
        except WrongState as error:
            refused.append(error)

    together(resolve, lambda: reconcile(shown(live_floor.account), now=RUN + HOUR))
    finding.refresh_from_db()
    assert (finding.status, len(refused)) in {("resolved", 0), ("claimed", 0), ("gone", 1)}
    kind = ContentType.objects.get_for_model(Finding)
    steps = {"resolved": 3, "claimed": 2, "gone": 2}
    assert WorkflowStep.objects.filter(content_type=kind).count() == steps[finding.status]
    duty = Obligation.objects.get(rule__startswith="userids.finding")
    assert duty.state == ("open" if finding.status == "claimed" else "fulfilled")


def test_the_database_keeps_findings_single_and_sightings_unchanged(floor: Floor) -> None:
    run = reconcile(shown(floor.account), Listed("Ab", True))
    finding = Finding.objects.get()
    twin = {one.attname: getattr(finding, one.attname) for one in Finding._meta.concrete_fields if one.name != "id"}
    with pytest.raises(IntegrityError), transaction.atomic():
        Finding.objects.create(**twin | {"user_id": "aB"})
    for query in ("UPDATE userids_findingsighting SET sight = 'gone'", "DELETE FROM userids_historicalfinding"):
        with pytest.raises(Exception, match="append"), transaction.atomic(), connection.cursor() as cursor:
            cursor.execute(query)
    assert run.sightings.count() == 1
    for changes in ({"status": "resolved"}, {"status": "nonsense"}, {"kind": "nonsense"}, {"user_id": ""}):
        with pytest.raises(IntegrityError), transaction.atomic():
            Finding.objects.filter(pk=finding.pk).update(**changes)


def test_a_first_run_against_an_empty_logbook_and_the_run_after_the_import(floor: Floor) -> None:
    """Hundreds of findings at once, and hundreds that go at once."""
    users = [Listed(f"B{i:03}", True) for i in range(300)]
    reconcile(shown(floor.account), *users)
    assert Finding.objects.open().count() == 300
    Account.objects.bulk_create(
        Account(application=factories.application(), user_id=one.user_id, site=floor.jkt, created_at=RUN,
                activated_at=RUN) for one in users
    )  # fmt: skip
    reconcile(shown(floor.account), *users, now=RUN + HOUR)
    assert Finding.objects.filter(status="gone").count() == 300
    assert not Finding.objects.open().exists()


def test_no_person_may_make_the_steps_of_a_run(floor: Floor) -> None:
    from userids.reconciling.flow import FINDING

    for name in ("gone", "reopen", "shown", "still"):
        assert FINDING.find(name).by == {RECONCILER}
    assert DAY
