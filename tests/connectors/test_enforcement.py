"""At due time the connector shuts the ID by itself, where the application's policy says so (UID-6)."""

from __future__ import annotations

import time
from datetime import datetime, timedelta
from pathlib import Path
from typing import Any

import pytest
from django.db import DatabaseError, connection, transaction
from django.test import Client
from django.utils import timezone

from occ.errors import Invalid, NotAllowed, WrongState
from occ.ledger.models import Entry
from occ.notifications.models import Notification
from occ.obligations.models import Obligation
from occ.people.choices import Role
from occ.policies.services import policy_set
from occ.workflow.models import WorkflowStep
from tests import factories
from tests.connectors.servers import Faulty, deaf, status
from tests.factories import Floor
from tests.processes import running
from tests.userids.test_ladder import in_threads
from userids.models import Account, Application, ConnectorOrder, DeactivationRequest, Enforcement
from userids.policies import DEACTIVATE
from userids.services import connecting, deactivations
from userids.services import orders as ordering
from userids.services.applications import enforcement_set, mode_at
from userids.services.connecting import connect, enforcement_open, order_run
from userids.workflow import DEACTIVATION

pytestmark = [pytest.mark.req("UID-6", "KER-7"), pytest.mark.timeout(120)]
HOUR, MINUTE = timedelta(hours=1), timedelta(minutes=1)


@pytest.fixture(autouse=True)
def nobody_else(monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr(ordering, "enqueue", lambda pk: None)


def enforce(application: Application, mode: str = "enforce", *, at: datetime) -> Enforcement:
    return enforcement_set(
        application_id=application.pk, mode=mode, valid_from=None, reason="uji", actor=factories.user(Role.IT), now=at
    )


@pytest.fixture
def due(live_floor: Floor, omni: Application) -> DeactivationRequest:
    """A request whose 24 hours were up some hours ago, under a policy set long before."""
    enforce(omni, at=timezone.now() - timedelta(days=10))
    live_floor.resign(timezone.localdate() - timedelta(days=2), now=timezone.now() - timedelta(days=5))
    assert live_floor.request.due_at < timezone.now()
    return live_floor.request


def test_at_due_time_and_not_a_moment_before(live_floor: Floor, faulty: Faulty, due: DeactivationRequest) -> None:
    assert connect(now=due.due_at - timedelta(microseconds=1)) == 0
    assert faulty.asked == [] and not ConnectorOrder.objects.exists()
    assert connect(now=due.due_at) == 1
    due.refresh_from_db()
    assert (due.status, due.confirmed_at) == ("shut", None)
    assert due.inactive_since is not None and due.due_at <= due.inactive_since <= due.due_at + MINUTE
    trail = list(
        WorkflowStep.objects.filter(object_id=due.pk, flow=DEACTIVATION.key).values_list("transition", "actor_label")
    )
    assert trail[-2:] == [("take_over", "system:connector"), ("shut", "system:connector")]
    assert Account.objects.get(pk=live_floor.account.pk).status == "inactive"
    assert Obligation.objects.get(object_id=due.pk, rule=DEACTIVATE).state == "fulfilled"
    actions = list(Entry.objects.filter(actor_label="system:connector").values_list("action", flat=True))
    assert {"connector.enforced", "userids.deactivation.take_over", "userids.deactivation.shut"} <= set(actions)
    assert Notification.objects.get(kind="userids.enforced").user == live_floor.leader
    assert connect(now=timezone.now()) == 0 and faulty.count("PATCH") == 1


def test_the_team_leader_confirms_afterwards(live_floor: Floor, due: DeactivationRequest) -> None:
    connect(now=timezone.now())
    due.refresh_from_db()
    since, now = due.inactive_since, timezone.now()
    with pytest.raises(NotAllowed):
        deactivations.deactivation_acknowledge(request_id=due.pk, actor=live_floor.support, now=now)
    with pytest.raises(WrongState):
        deactivations.deactivation_document(request_id=due.pk, actor=live_floor.support, now=now)
    leader = Client()
    leader.force_login(live_floor.leader)
    leader.cookies["django_language"] = "en"
    page = leader.get(due.get_absolute_url()).content.decode()
    assert "Confirm what the connector did" in page and "Shut by the connector" in page
    assert "Confirm what the connector did" in leader.get("/").content.decode()  # Today
    assert leader.post(f"{due.get_absolute_url()}acknowledge/", {"note": "dilihat"}).status_code == 302
    due.refresh_from_db()
    assert (due.status, due.inactive_since) == ("deactivated", since) and due.confirmed_at is not None
    deactivations.deactivation_document(request_id=due.pk, actor=live_floor.support, now=timezone.now())


@pytest.mark.parametrize("state", ["recorded", "requested", "in_progress", "failed"])
def test_from_wherever_people_stand(live_floor: Floor, omni: Application, faulty: Faulty, state: str) -> None:
    now = timezone.now()
    enforce(omni, at=now - timedelta(days=10))
    deactivations.resignation_record(
        person_id=live_floor.agent.pk, last_working_day=timezone.localdate() - timedelta(days=2),
        request=state != "recorded", actor=live_floor.support, now=now - timedelta(days=5),
    )  # fmt: skip
    leader = {"request_id": live_floor.request.pk, "actor": live_floor.leader, "now": now - timedelta(days=4)}
    if state in {"in_progress", "failed"}:
        deactivations.deactivation_start(**leader)
    if state == "failed":
        deactivations.deactivation_fail(note="galat", **leader)
    assert live_floor.request.status == state
    connect(now=now)
    assert live_floor.request.status == "shut"


def test_people_are_only_reminded_where_the_policy_says_so(
    live_floor: Floor, faulty: Faulty, omni: Application
) -> None:
    live_floor.resign(timezone.localdate() - timedelta(days=2), now=timezone.now() - timedelta(days=5))
    assert connect(now=timezone.now()) == 0 and faulty.asked == []


def test_a_policy_reaches_neither_back_nor_beyond_its_end(live_floor: Floor, faulty: Faulty, omni: Application) -> None:
    now = timezone.now()
    live_floor.resign(timezone.localdate() - timedelta(days=2), now=now - timedelta(days=5))
    due_at = live_floor.request.due_at
    enforce(omni, at=due_at + MINUTE)
    assert connect(now=now) == 0  # set after its time was up: people have been told, and see to it
    enforce(omni, at=due_at - HOUR)
    enforce(omni, "remind", at=due_at + 2 * MINUTE)
    assert (mode_at(omni, due_at), mode_at(omni, now)) == ("enforce", "remind")
    assert connect(now=now) == 0 and faulty.asked == []
    assert connect(now=due_at + MINUTE / 2) == 1


def test_the_operation_may_have_it_begin_earlier(live_floor: Floor, due: DeactivationRequest) -> None:
    policy_set(
        key="userids.enforce.minutes_before", value=15, valid_from=due.due_at - 5 * HOUR, reason="uji", site=None,
        actor=factories.user(Role.COORDINATOR), now=due.due_at - 5 * HOUR,
    )  # fmt: skip
    assert connect(now=due.due_at - 16 * MINUTE) == 0
    assert connect(now=due.due_at - 15 * MINUTE) == 1
    due.refresh_from_db()
    assert due.status == "shut" and not due.late


def test_two_beats_order_it_once(live_floor: Floor, faulty: Faulty, due: DeactivationRequest) -> None:
    results = in_threads(4, lambda: enforcement_open(now=timezone.now()))
    assert sorted(map(str, results)) == ["0", "0", "0", "1"]
    in_threads(4, lambda: connect(now=timezone.now()))
    assert faulty.count("PATCH") == 1
    assert WorkflowStep.objects.filter(transition="shut").count() == 1


def test_without_its_lock_two_beats_race_and_the_database_decides(
    live_floor: Floor, faulty: Faulty, due: DeactivationRequest, monkeypatch: pytest.MonkeyPatch
) -> None:
    """The race is real: with the lock taken out both come to the insert, and the constraint lets one through."""
    import threading

    barrier = threading.Barrier(2)
    real = connecting.enforceable

    def unlocked(request: Any) -> Any:
        rows = type(request).objects.select_related("account__application", "person", "site")
        return rows.get(pk=request.pk)

    def together(request: Any, now: datetime) -> bool:
        found = real(request, now)
        barrier.wait(10)
        return found

    monkeypatch.setattr(connecting, "locked", unlocked)
    monkeypatch.setattr(connecting, "enforceable", together)
    assert sorted(in_threads(2, lambda: enforcement_open(now=timezone.now()))) == [0, 1]  # type: ignore[type-var]
    assert ConnectorOrder.objects.count() == 1


@pytest.mark.parametrize("how", ["withdrawn", "moved", "confirmed", "policy"])
def test_nothing_is_shut_that_changed_after_it_was_ordered(
    live_floor: Floor, faulty: Faulty, due: DeactivationRequest, how: str
) -> None:
    now = timezone.now()
    assert enforcement_open(now=now) == 1
    order = ConnectorOrder.objects.get()
    resignation, by = due.person.resignations.get(), {"actor": live_floor.support, "now": now}
    if how == "withdrawn":
        deactivations.resignation_withdraw(resignation_id=resignation.pk, note="tetap", **by)
    elif how == "moved":
        later = timezone.localdate() + timedelta(days=9)
        deactivations.resignation_move(resignation_id=resignation.pk, last_working_day=later, note="x", **by)
    elif how == "confirmed":
        leader = {"request_id": due.pk, "actor": live_floor.leader, "now": now}
        deactivations.deactivation_start(**leader)
        deactivations.deactivation_confirm(evidence={"text": "x"}, **leader)
    else:
        enforce(live_floor.account.application, "remind", at=now)
    assert not order_run(order_id=order.pk, now=now + MINUTE)
    order.refresh_from_db()
    assert order.state == "dropped" and faulty.asked == []
    if how == "moved":  # and at the new due time it is ordered anew
        due.refresh_from_db()
        assert connect(now=due.due_at - MINUTE) == 0
        assert connect(now=due.due_at + MINUTE) == 1


def test_starting_by_hand_stops_no_enforcement(live_floor: Floor, faulty: Faulty, due: DeactivationRequest) -> None:
    """Who starts and forgets it leaves no ID open: only what ends the request, or moves it, ends the order."""
    faulty.always = lambda one: one.command == "PATCH" and status(503)(one)
    connect(now=timezone.now())
    order = ConnectorOrder.objects.get()
    assert order.state == "waiting"
    deactivations.deactivation_start(request_id=due.pk, actor=live_floor.leader, now=timezone.now())
    order.refresh_from_db()
    assert order.state == "waiting" and order.next_at is not None
    faulty.always = None
    connect(now=order.next_at)
    due.refresh_from_db()
    assert due.status == "shut"


def test_what_fails_for_good_is_told_once_and_not_tried_for_ever(
    live_floor: Floor, faulty: Faulty, due: DeactivationRequest
) -> None:
    it, now = factories.user(Role.IT), timezone.now()
    faulty.always = deaf
    for i in range(3):
        connect(now=now + i * HOUR)
    due.refresh_from_db()
    assert due.status == "failed" and faulty.count("PATCH") == 1
    assert Notification.objects.filter(kind="userids.connector_failed", user=it).count() == 1
    assert Obligation.objects.get(object_id=due.pk, rule=DEACTIVATE).state == "open"  # nobody's clock is stopped


def test_one_that_cannot_be_ordered_stops_no_other(
    live_floor: Floor, faulty: Faulty, due: DeactivationRequest, monkeypatch: pytest.MonkeyPatch
) -> None:
    other = factories.person(live_floor.jkt, team=live_floor.team)
    account = factories.account(other)
    faulty.add(account.user_id)
    deactivations.resignation_record(
        person_id=other.pk, last_working_day=timezone.localdate() - timedelta(days=2), actor=live_floor.support,
        now=timezone.now() - timedelta(days=5),
    )  # fmt: skip
    real = connecting.locked

    def bad(request: Any) -> Any:
        if request.pk == due.pk:
            raise KeyError("a bad row")
        return real(request)

    monkeypatch.setattr(connecting, "locked", bad)
    assert connect(now=timezone.now()) == 1
    assert DeactivationRequest.objects.get(account=account).status == "shut"


@pytest.mark.timeout(240)
def test_beat_and_worker_do_it_by_themselves(
    live_floor: Floor, faulty: Faulty, due: DeactivationRequest, tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.undo()
    with running(tmp_path, beats=2):
        deadline = time.monotonic() + 150
        while live_floor.request.status != "shut":
            assert time.monotonic() < deadline, (tmp_path / "process0.log").read_text()[-2000:]
            time.sleep(0.2)
    assert faulty.count("PATCH") == 1
    assert ConnectorOrder.objects.count() == 1


def test_policies_are_dated_reasoned_and_stay(live_floor: Floor, omni: Application) -> None:
    now, it = timezone.now(), factories.user(Role.IT)
    good: dict[str, Any] = {
        "application_id": omni.pk, "mode": "enforce", "valid_from": now, "reason": "uji", "actor": it, "now": now,
    }  # fmt: skip
    for wrong in ({"reason": " "}, {"valid_from": now - MINUTE}, {"mode": "x"}, {"valid_from": now.replace(year=2150)}):
        with pytest.raises(Invalid):
            enforcement_set(**good | wrong)
    site_it = factories.user(Role.IT, live_floor.jkt)
    for actor in (live_floor.leader, live_floor.coordinator, live_floor.manager, site_it):
        with pytest.raises(NotAllowed):
            enforcement_set(**good | {"actor": actor})
    enforcement_set(**good)
    with pytest.raises(Invalid, match=r"already|sudah"):
        enforcement_set(**good)
    enforcement_set(**good | {"mode": "remind", "valid_from": now + HOUR})
    assert [mode_at(omni, now + one) for one in (-MINUTE, 0 * HOUR, HOUR - MINUTE, HOUR)] == [
        "remind", "enforce", "enforce", "remind",
    ]  # fmt: skip
    assert Entry.objects.filter(action="application.enforcement").count() == 2
    for statement in ("UPDATE {} SET mode = 'remind'", "DELETE FROM {}"):
        with pytest.raises(DatabaseError, match="only grows"), transaction.atomic(), connection.cursor() as cursor:
            cursor.execute(statement.format("userids_enforcement"))
