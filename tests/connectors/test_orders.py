"""The connector at work on requests: asked for, carried out once, read back, or failed in words."""

from __future__ import annotations

import os
import subprocess
import sys
import threading
import time
from datetime import UTC, datetime, timedelta
from pathlib import Path
from typing import Any

import pytest
from django.db import connection, transaction
from django.test import Client
from django.utils import timezone, translation

from occ.errors import Invalid, NotAllowed, WrongState
from occ.ledger.models import Entry
from occ.notifications.models import Notification
from occ.obligations.models import Obligation
from occ.people.actors import CONNECTOR
from occ.people.choices import Role
from occ.texts import said
from occ.workflow.models import WorkflowStep
from tests import factories
from tests.connectors.conftest import connect
from tests.connectors.servers import TOKEN, Faulty, deaf, silence, status
from tests.factories import Floor
from tests.processes import ROOT, environment, running
from tests.userids.test_ladder import in_threads
from userids.connectors.base import ConnectorError, RemoteUser
from userids.models import Account, Application, Assignment, ConnectorOrder, DeactivationRequest, ReplacementRequest
from userids.models.applications import SILENT
from userids.services import deactivations, replacements
from userids.services import orders as ordering
from userids.services.connecting import WAITS, connector_ask, order_run, orders_take_up
from userids.services.connecting import connect as connect_all
from userids.services.readback import evidence_clock

pytestmark = [pytest.mark.req("UID-10", "KER-8"), pytest.mark.timeout(120)]
MINUTE = timedelta(minutes=1)


@pytest.fixture(autouse=True)
def nobody_else(monkeypatch: pytest.MonkeyPatch) -> None:
    """No message goes to a worker: the tests carry orders out themselves."""
    monkeypatch.setattr(ordering, "enqueue", lambda pk: None)


@pytest.fixture
def request_(live_floor: Floor, omni: Application) -> DeactivationRequest:
    """Requested, with its last day behind and its time not up."""
    live_floor.resign(timezone.localdate() - timedelta(days=1), now=timezone.now() - timedelta(days=3))
    return live_floor.request


def asked(floor: Floor, request: Any, **more: Any) -> ConnectorOrder:
    return connector_ask(request=request, actor=floor.leader, now=timezone.now(), **more)


def steps(request: Any) -> list[tuple[str, str]]:
    rows = WorkflowStep.objects.filter(object_id=request.pk, flow__startswith=f"userids.{request._meta.model_name[:5]}")
    return list(rows.exclude(transition__in=["", "request"]).values_list("transition", "actor_label"))


@pytest.mark.req("UID-3", "UID-4")
def test_asked_for_carried_out_and_read_back(live_floor: Floor, faulty: Faulty, request_: DeactivationRequest) -> None:
    began = timezone.now()
    order = asked(live_floor, request_)
    assert order_run(order_id=order.pk, now=timezone.now())
    request_.refresh_from_db()
    order.refresh_from_db()
    assert (request_.status, order.state, order.attempts) == ("deactivated", "done", 1)
    assert steps(request_) == [("start", "system:connector"), ("confirm", "system:connector")]
    user = next(one for one in faulty.users.values() if one["userName"] == live_floor.account.user_id)
    assert user["active"] is False and faulty.count("PATCH") == 1
    # The evidence clock: what the application says, as it lies between our seeing it active and reading it back.
    said = datetime.fromisoformat(user["meta"]["lastModified"])
    assert request_.inactive_since == said and began <= said
    kept = WorkflowStep.objects.get(transition="confirm").evidence
    assert kept["application_modified_at"] == user["meta"]["lastModified"]
    assert kept["active_at"] <= kept["application_modified_at"] <= kept["read_back_at"]
    assert live_floor.account.user_id in kept["text"]
    assert TOKEN not in str(list(Entry.objects.values_list("data", flat=True)))
    account = Account.objects.get(pk=live_floor.account.pk)
    assert (account.status, account.deactivated_at, account.holder) == ("inactive", said, None)
    duty = Obligation.objects.get(rule="userids.deactivate", object_id=request_.pk)
    assert (duty.state, duty.fulfilled_at) == ("fulfilled", said)


def test_who_may_ask_and_when(live_floor: Floor, faulty: Faulty, request_: DeactivationRequest) -> None:
    now = timezone.now()
    for actor in (live_floor.support, live_floor.coordinator, factories.user(Role.TEAM_LEADER, live_floor.ygy)):
        with pytest.raises(NotAllowed):
            connector_ask(request=request_, actor=actor, now=now)
    order = asked(live_floor, request_)
    assert asked(live_floor, request_).pk == order.pk  # a second click is the same order
    order_run(order_id=order.pk, now=timezone.now())
    with pytest.raises(WrongState):
        asked(live_floor, request_)
    assert not order_run(order_id=order.pk, now=timezone.now())
    assert faulty.count("PATCH") == 1


def test_who_still_works_is_shut_out_on_purpose_only(live_floor: Floor, faulty: Faulty, omni: Application) -> None:
    live_floor.resign(timezone.localdate() + timedelta(days=2), now=timezone.now() - timedelta(days=3))
    with pytest.raises(Invalid, match=live_floor.agent.name):
        asked(live_floor, live_floor.request)
    leader = Client()
    leader.force_login(live_floor.leader)
    url = f"{live_floor.request.get_absolute_url()}connector/"
    answer = leader.post(url)
    assert answer.status_code == 422 and 'id="id_connector_early"' in answer.content.decode()
    assert not ConnectorOrder.objects.exists()
    assert leader.post(url, {"early": "on"}).status_code == 302
    assert connect_all(now=timezone.now()) == 1 and live_floor.request.status == "deactivated"


def test_an_application_without_connector_has_none_to_ask(live_floor: Floor) -> None:
    live_floor.resign()
    with pytest.raises(WrongState):
        asked(live_floor, live_floor.request)


def test_no_transaction_is_open_while_the_application_is_asked(
    live_floor: Floor, faulty: Faulty, request_: DeactivationRequest
) -> None:
    order, seen = asked(live_floor, request_), []

    class Watching:
        def __enter__(self) -> Watching:
            return self

        def __exit__(self, *raised: object) -> None:
            pass

        def get(self, user_id: str) -> RemoteUser:
            seen.append(connection.in_atomic_block)
            return RemoteUser(user_id, active=False, remote_id="x")

    order_run(order_id=order.pk, now=timezone.now(), connecting=lambda application: Watching())
    assert seen == [False]
    with pytest.raises(RuntimeError, match="durable"), transaction.atomic():
        order_run(order_id=order.pk, now=timezone.now())


# Failures -----------------------------------------------------------------------------------------------------------


def test_what_a_person_must_look_at_is_a_failed_step_and_told(
    live_floor: Floor, faulty: Faulty, request_: DeactivationRequest
) -> None:
    it = factories.user(Role.IT)
    faulty.always = deaf
    order = asked(live_floor, request_)
    order_run(order_id=order.pk, now=timezone.now())
    request_.refresh_from_db()
    order.refresh_from_db()
    assert (request_.status, order.state, request_.inactive_since) == ("failed", "failed", None)
    assert live_floor.account.user_id in WorkflowStep.objects.get(transition="fail").note == order.error
    for language, words in (("id", "masih menampilkan"), ("en", "still shows")):
        with translation.override(language):
            assert words in said(order.error)
    told = set(Notification.objects.filter(kind="userids.connector_failed").values_list("user__username", flat=True))
    assert told == {live_floor.leader.username, it.username}
    assert Account.objects.get(pk=live_floor.account.pk).status == "active"
    faulty.always = None
    again = asked(live_floor, request_)  # the leader may ask again
    order_run(order_id=again.pk, now=timezone.now())
    request_.refresh_from_db()
    assert request_.status == "deactivated"


def test_what_may_mend_itself_is_tried_again_with_growing_waits_and_then_given_up(
    live_floor: Floor, faulty: Faulty, request_: DeactivationRequest, monkeypatch: pytest.MonkeyPatch
) -> None:
    order, now, waits = asked(live_floor, request_), timezone.now(), []
    tries = 0

    class Away:
        def __enter__(self) -> Away:
            return self

        def __exit__(self, *raised: object) -> None:
            pass

        def get(self, user_id: str) -> RemoteUser:
            nonlocal tries
            tries += 1
            raise ConnectorError("away", temporary=True, retry_after=7_200 if tries == 2 else None)

    for _attempt in range(len(WAITS)):
        assert order_run(order_id=order.pk, now=now, connecting=lambda application: Away())
        order.refresh_from_db()
        assert order.state == "waiting" and order.next_at is not None
        request_.refresh_from_db()
        assert request_.status == "failed"
        waits.append(round((order.next_at - now).total_seconds() / 60))
        assert not order_run(order_id=order.pk, now=order.next_at - MINUTE / 2, connecting=lambda application: Away())
        now = order.next_at
    assert waits == [1, 120, *[round(one.total_seconds() / 60) for one in WAITS[2:]]]
    order_run(order_id=order.pk, now=now, connecting=lambda application: Away())
    order.refresh_from_db()
    assert (order.state, order.attempts, tries) == ("failed", len(WAITS) + 1, len(WAITS) + 1)
    assert Notification.objects.filter(kind="userids.connector_failed").exists()


def test_a_mistake_of_ours_stops_one_order_and_no_other(
    live_floor: Floor, faulty: Faulty, request_: DeactivationRequest
) -> None:
    def broken(application: Application) -> Any:
        raise KeyError("a bug")

    order = asked(live_floor, request_)
    order_run(order_id=order.pk, now=timezone.now(), connecting=broken)
    order.refresh_from_db()
    request_.refresh_from_db()
    assert (order.state, request_.status) == ("failed", "failed")
    assert "a bug" not in order.error and order.error


def test_a_logbook_that_does_not_take_it_says_so(
    live_floor: Floor, faulty: Faulty, request_: DeactivationRequest
) -> None:
    Assignment.objects.filter(account=live_floor.account).update(starts_at=timezone.now() + timedelta(days=1))
    order = asked(live_floor, request_)
    order_run(order_id=order.pk, now=timezone.now())
    order.refresh_from_db()
    request_.refresh_from_db()
    assert (order.state, request_.status) == ("failed", "failed")


# Races, kills, hands ------------------------------------------------------------------------------------------------


def test_two_workers_ask_the_application_once(live_floor: Floor, faulty: Faulty, request_: DeactivationRequest) -> None:
    order = asked(live_floor, request_)
    faulty.faults = [silence(0.5)]
    results = in_threads(4, lambda: order_run(order_id=order.pk, now=timezone.now()))
    assert sorted(map(str, results)) == ["False"] * 3 + ["True"]
    assert faulty.count("PATCH") == 1
    assert WorkflowStep.objects.filter(transition="confirm").count() == 1


KILLED = """
import os, sys, django
django.setup()
from django.utils import timezone
from userids.services import connecting
setattr(connecting, sys.argv[2], lambda *args, **kwargs: os.kill(os.getpid(), 9))
connecting.order_run(order_id=int(sys.argv[1]), now=timezone.now())
"""


@pytest.mark.parametrize(("line", "patched"), [("_ask", 0), ("_succeeded", 1), ("_write", 1)])
def test_a_worker_killed_anywhere_is_taken_up_without_harm(
    live_floor: Floor, faulty: Faulty, request_: DeactivationRequest, tmp_path: Path, line: str, patched: int
) -> None:
    order = asked(live_floor, request_)
    command = [sys.executable, "-c", KILLED, str(order.pk), line]
    assert subprocess.run(command, env=environment(tmp_path), cwd=ROOT, check=False).returncode == -9
    order.refresh_from_db()
    request_.refresh_from_db()
    assert (order.state, request_.status, faulty.count("PATCH")) == ("running", "in_progress", patched)
    user = next(one for one in faulty.users.values() if one["userName"] == live_floor.account.user_id)
    said = datetime.fromisoformat(user["meta"]["lastModified"])
    soon = timezone.now() + MINUTE
    assert not order_run(order_id=order.pk, now=soon)  # it may be alive still
    later = timezone.now() + SILENT + MINUTE
    assert order_run(order_id=order.pk, now=later)
    order.refresh_from_db()
    request_.refresh_from_db()
    assert (order.state, request_.status, faulty.count("PATCH")) == ("done", "deactivated", 1)
    if patched:  # shut by the one that died: since then, and not since the second one looked
        assert request_.inactive_since == said
    assert WorkflowStep.objects.filter(transition="confirm").count() == 1


def test_a_worker_that_dies_each_time_is_given_up(
    live_floor: Floor, faulty: Faulty, request_: DeactivationRequest
) -> None:
    order = asked(live_floor, request_)
    ConnectorOrder.objects.filter(pk=order.pk).update(
        state="running", attempts=len(WAITS) + 1, claimed_at=timezone.now() - 2 * SILENT
    )
    assert not order_run(order_id=order.pk, now=timezone.now())
    order.refresh_from_db()
    assert order.state == "failed" and faulty.asked == []


def test_what_is_being_shut_cannot_be_called_off_and_what_is_called_off_is_not_shut(
    live_floor: Floor, faulty: Faulty, request_: DeactivationRequest
) -> None:
    """The connector holds no lock while it asks; people are told to wait that moment."""
    from django.db import connections

    order, refused = asked(live_floor, request_), []
    heard, go = threading.Event(), threading.Event()

    def hold(one: Any) -> bool:
        if one.command == "PATCH":
            heard.set()
            go.wait(20)
        return False

    def work() -> None:
        order_run(order_id=order.pk, now=timezone.now())
        connections.close_all()

    faulty.always = hold
    worker = threading.Thread(target=work)
    worker.start()
    assert heard.wait(20)
    resignation = live_floor.request.person.resignations.get()
    by = {"actor": live_floor.support, "now": timezone.now()}
    leader = {"request_id": request_.pk, "actor": live_floor.leader, "now": timezone.now()}
    attempts = [
        lambda: deactivations.resignation_withdraw(resignation_id=resignation.pk, note="tetap", **by),
        lambda: deactivations.deactivation_cancel(request_id=request_.pk, note="tetap", stays=True, **by),
        lambda: deactivations.resignation_move(
            resignation_id=resignation.pk, last_working_day=timezone.localdate() + timedelta(days=9), note="x", **by
        ),
        lambda: deactivations.deactivation_fail(note="x", **leader),
        lambda: deactivations.deactivation_confirm(evidence={"text": "x"}, **leader),
    ]
    for attempt in attempts:
        try:
            attempt()
        except WrongState as refusal:
            refused.append(refusal)
    go.set()
    worker.join(30)
    assert len(refused) == len(attempts)
    request_.refresh_from_db()
    assert request_.status == "deactivated"


@pytest.mark.parametrize("how", ["withdrawn", "cancelled", "moved", "by hand", "no connector"])
def test_what_changed_a_moment_before_is_not_asked_for(
    live_floor: Floor, faulty: Faulty, request_: DeactivationRequest, how: str
) -> None:
    order, now = asked(live_floor, request_), timezone.now()
    resignation = request_.person.resignations.get()
    by = {"actor": live_floor.support, "now": now}
    if how == "withdrawn":
        deactivations.resignation_withdraw(resignation_id=resignation.pk, note="tetap", **by)
    elif how == "cancelled":
        deactivations.deactivation_cancel(request_id=request_.pk, note="tetap", stays=True, **by)
    elif how == "moved":
        later = timezone.localdate() + timedelta(days=9)
        deactivations.resignation_move(resignation_id=resignation.pk, last_working_day=later, note="x", **by)
    elif how == "by hand":
        deactivations.deactivation_start(request_id=request_.pk, actor=live_floor.leader, now=now)
    else:
        Application.objects.update(connector="manual", base_url="")
    assert not order_run(order_id=order.pk, now=timezone.now())
    order.refresh_from_db()
    assert order.state == "dropped" and order.error
    assert faulty.asked == []


def test_called_off_after_it_was_tried_somebody_looks(
    live_floor: Floor, faulty: Faulty, request_: DeactivationRequest
) -> None:
    faulty.always = lambda one: one.command == "PATCH" and status(503)(one)
    order = asked(live_floor, request_)
    order_run(order_id=order.pk, now=timezone.now())
    order.refresh_from_db()
    assert order.state == "waiting"
    deactivations.deactivation_cancel(
        request_id=request_.pk, note="tetap", actor=live_floor.support, now=timezone.now(), stays=True
    )
    order.refresh_from_db()
    assert order.state == "dropped"
    assert Notification.objects.filter(kind="userids.connector_check", user=live_floor.leader).count() == 1


def test_a_stale_worker_that_wakes_up_writes_nothing(
    live_floor: Floor, faulty: Faulty, request_: DeactivationRequest
) -> None:
    order = asked(live_floor, request_)

    class Sleeper:
        def __enter__(self) -> Sleeper:
            return self

        def __exit__(self, *raised: object) -> None:
            pass

        def get(self, user_id: str) -> RemoteUser:
            # While it slept, another one has taken the order up and ended it.
            later = timezone.now() + SILENT + MINUTE
            assert order_run(order_id=order.pk, now=later)
            return RemoteUser(user_id, active=False, remote_id="x")

    order_run(order_id=order.pk, now=timezone.now(), connecting=lambda application: Sleeper())
    assert WorkflowStep.objects.filter(transition="confirm").count() == 1
    order.refresh_from_db()
    assert order.state == "done"


def test_with_the_broker_away_beat_finds_it(
    live_floor: Floor, faulty: Faulty, request_: DeactivationRequest, monkeypatch: pytest.MonkeyPatch
) -> None:
    from userids.services import connecting

    order, sent = asked(live_floor, request_), []
    monkeypatch.setattr(connecting, "enqueue", sent.append)
    assert orders_take_up(now=timezone.now()) == 1 and sent == [order.pk]
    assert connect_all(now=timezone.now()) == 1
    assert connect_all(now=timezone.now()) == 0


def test_a_real_worker_against_the_real_server(
    live_floor: Floor, real: str, tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    from tests.connectors.test_scim import create, scim

    monkeypatch.undo()
    name = live_floor.account.user_id
    create(real, name)
    connect(real)
    live_floor.resign(timezone.localdate() - timedelta(days=1), now=timezone.now() - timedelta(days=3))
    with running(tmp_path, beats=0):
        for _again in range(2):
            asked(live_floor, live_floor.request)
        deadline = time.monotonic() + 60
        while live_floor.request.status != "deactivated":
            assert time.monotonic() < deadline, (tmp_path / "process0.log").read_text()[-2000:]
            time.sleep(0.2)
    found = scim(real).get(name)
    assert found is not None and not found.active
    assert live_floor.request.inactive_since == found.modified_at
    log = (tmp_path / "process0.log").read_text()
    assert TOKEN not in log and name not in log
    assert ConnectorOrder.objects.get().attempts == 1


# Replacement --------------------------------------------------------------------------------------------------------


def replacement(floor: Floor) -> ReplacementRequest:
    floor.resign(timezone.localdate() - timedelta(days=1), now=timezone.now() - timedelta(days=3))
    request, now = floor.request, timezone.now()
    if request.is_open:
        leader = {"request_id": request.pk, "actor": floor.leader, "now": now}
        deactivations.deactivation_start(**leader)
        deactivations.deactivation_confirm(evidence={"text": "x"}, **leader)
    new = factories.person(floor.jkt, name="Orang Baru")
    return replacements.replacement_request(
        account_id=floor.account.pk, person_id=new.pk, email=new.email, actor=floor.support, now=now
    )


@pytest.mark.req("UID-9")
def test_replaced_by_the_connector(live_floor: Floor, faulty: Faulty, omni: Application) -> None:
    request = replacement(live_floor)
    with pytest.raises(Invalid):
        asked(live_floor, request, sessions_revoked=True, work_handed_over=False)
    order = asked(live_floor, request, sessions_revoked=True, work_handed_over=True)
    assert order_run(order_id=order.pk, now=timezone.now())
    request.refresh_from_db()
    assert (request.status, request.sessions_revoked, request.work_handed_over) == ("replaced", True, True)
    holder = Account.objects.get(pk=live_floor.account.pk).holder
    assert holder is not None and holder.person == request.person
    user = next(one for one in faulty.users.values() if one["userName"] == live_floor.account.user_id)
    assert (user["active"], user["displayName"], user["emails"][0]["value"]) == (True, "Orang Baru", request.email)
    assert WorkflowStep.objects.get(transition="confirm", flow="userids.replacement").actor_label == str(CONNECTOR)


@pytest.mark.req("UID-9")
def test_what_the_logbook_would_refuse_is_not_asked_of_the_application(
    live_floor: Floor, faulty: Faulty, omni: Application
) -> None:
    request = replacement(live_floor)
    order = asked(live_floor, request, sessions_revoked=True, work_handed_over=True)
    other = factories.account(factories.person(live_floor.jkt))  # meanwhile somebody else received the e-mail
    Assignment.objects.filter(account=other).update(email=request.email)
    assert not order_run(order_id=order.pk, now=timezone.now())
    order.refresh_from_db()
    assert order.state == "dropped" and other.user_id in order.error
    assert faulty.asked == []


# The evidence clock -------------------------------------------------------------------------------------------------

T = datetime(2026, 11, 20, 3, tzinfo=UTC)


@pytest.mark.req("UID-4")
@pytest.mark.parametrize(("said", "active", "since"), [
    (None, 0, 60), (None, None, 60),  # it says nothing
    (30, 0, 30), (0, 0, 0), (60, 0, 60),  # between
    (61, 0, 60), (-1, 0, 60), (86_400, 0, 60),  # a clock that goes wrong, or another change
    (-3_600, None, -3_600),  # shut before we came
    (-864_000, None, 60), (-900_000, None, 60),  # before its holder had it: no evidence of this
    (-90_000, None, 60),  # never changed since it was made
])  # fmt: skip
def test_since_when_it_is_shown_to_be_inactive(said: int | None, active: int | None, since: int) -> None:
    def at(seconds: int | None) -> datetime | None:
        return None if seconds is None else T + timedelta(seconds=seconds)

    user = RemoteUser("A", active=False, created_at=at(-90_000), modified_at=at(said))
    back = T + timedelta(seconds=60)
    assert evidence_clock(user, held_since=at(-864_000), active_at=at(active), read_back_at=back) == at(since)


def test_the_database_keeps_orders_whole(live_floor: Floor, omni: Application, request_: DeactivationRequest) -> None:
    from django.db import IntegrityError

    now = timezone.now()
    good: dict[str, Any] = {"deactivation": request_, "asked_by": live_floor.leader, "asked_at": now, "next_at": now}
    bad: list[dict[str, Any]] = [
        {"deactivation": None}, {"asked_by": None}, {"next_at": None}, {"state": "x"}, {"state": "done"},
        {"asked_by": None, "enforced_due_at": now, "state": "done"},
    ]  # fmt: skip
    for wrong in bad:
        with pytest.raises(IntegrityError), transaction.atomic():
            ConnectorOrder.objects.create(**good | wrong)
    ConnectorOrder.objects.create(**good)
    with pytest.raises(IntegrityError, match="order_one_open"), transaction.atomic():
        ConnectorOrder.objects.create(**good)
    assert os.environ.get("SCIM_TOKEN_OMNI") is None
