"""The list fetched by connector: daily, once, outside transactions, and what happens when it cannot be (UID-11)."""

from __future__ import annotations

import threading
from collections.abc import Iterator
from contextlib import nullcontext
from datetime import datetime, timedelta
from typing import Any

import pytest
from django.db import connection
from django.test import Client
from django.urls import reverse
from django.utils import timezone

from occ.errors import Invalid, NotAllowed
from occ.home.beat import DUTIES
from occ.notifications.models import Notification
from occ.people.choices import Role
from occ.times import JAKARTA
from tests import factories
from tests.factories import Floor, account, person, user
from tests.reconcile.helpers import RUN, found, put_right, together
from userids.connectors.base import ConnectorError, RemoteUser
from userids.models.reconciliation import Finding, Pull, Reconciliation
from userids.reconciling import pulling
from userids.reconciling.findings import SOON
from userids.reconciling.notices import FAILED, pull_failure_tell
from userids.reconciling.pulling import listing_of, pull_ask, pull_run, pulls_due, reconcile_due

pytestmark = [pytest.mark.req("UID-11"), pytest.mark.req("KER-7", "KER-8")]
HOUR = timedelta(hours=1)


class Remote:
    """An application: its users, or what it raises."""

    def __init__(self) -> None:
        self.users: list[RemoteUser] = []
        self.error: Exception | None = None
        self.asked = 0
        self.in_transaction: list[bool] = []
        self.barrier: threading.Barrier | None = None

    def list_accounts(self) -> Iterator[RemoteUser]:
        self.asked += 1
        self.in_transaction.append(connection.in_atomic_block)
        yield from self.users
        if self.error is not None:
            raise self.error


@pytest.fixture
def remote(monkeypatch: pytest.MonkeyPatch) -> Remote:
    one = Remote()
    monkeypatch.setattr(pulling, "has_connector", lambda application: application.code == "OMNI")
    monkeypatch.setattr(pulling, "connected", lambda application: nullcontext(one))
    monkeypatch.setattr(pulling, "enqueue", lambda pk: None)
    return one


def user_of(floor: Floor, **changes: Any) -> RemoteUser:
    facts: dict[str, Any] = {"user_id": floor.account.user_id, "active": True, "name": floor.agent.name,
                             "last_login_at": RUN - HOUR}  # fmt: skip
    return RemoteUser(**facts | changes)


def test_an_application_without_a_connector_is_never_asked(floor: Floor) -> None:
    assert reconcile_due(now=RUN) == 0
    assert not Pull.objects.exists()
    with pytest.raises(Invalid):
        pull_ask(application=factories.application(), actor=user(Role.IT), now=RUN)


def test_a_connected_application_is_reconciled_daily_and_once(live_floor: Floor, remote: Remote) -> None:
    remote.users = [user_of(live_floor), RemoteUser("ASING", True)]
    assert DUTIES["reconcile"](RUN) == 1
    assert found() == [("unknown", "ASING")]
    run = Reconciliation.objects.get()
    assert (run.source, run.started_by, run.started_by_label) == ("connector", None, "system:reconciliation")
    for later in (timedelta(seconds=1), 23 * HOUR):
        assert reconcile_due(now=RUN + later) == 0
    assert reconcile_due(now=RUN + 24 * HOUR) == 1
    assert (remote.asked, Finding.objects.count()) == (2, 1)
    assert reconcile_due(now=RUN + 24 * 5 * HOUR) == 1, "four days of sleep are one run"
    assert remote.in_transaction == [False] * 3


def test_what_is_said_while_the_application_is_asked_has_it_asked_again_soon(floor: Floor, remote: Remote) -> None:
    remote.users = [user_of(floor, name="Budi")]
    reconcile_due(now=RUN)
    day = RUN + 24 * HOUR

    def asked() -> Iterator[RemoteUser]:
        put_right(Finding.objects.get(), floor.leader, now=day + timedelta(minutes=1))
        yield from remote.users

    remote.list_accounts = asked  # type: ignore[method-assign]
    assert reconcile_due(now=day) == 1
    assert Pull.objects.get().next_at == day + SOON
    remote.list_accounts = lambda: iter(remote.users)  # type: ignore[method-assign]
    assert reconcile_due(now=day + SOON) == 1
    assert (found(), Pull.objects.get().next_at) == (
        [("holder_differs", floor.account.user_id)], day + SOON + 24 * HOUR
    )  # fmt: skip


def test_two_workers_ask_once(live_floor: Floor, remote: Remote) -> None:
    remote.users = [user_of(live_floor)]
    (pk,) = pulls_due(now=RUN)
    together(*(lambda: pull_run(pull_id=pk, now=RUN) for _one in range(3)))
    assert remote.asked == Reconciliation.objects.count() == 1


def test_a_worker_that_died_while_asking_is_followed_by_another_when_its_claim_is_over(
    live_floor: Floor, remote: Remote
) -> None:
    remote.users = [user_of(live_floor)]
    (pk,) = pulls_due(now=RUN)
    remote.error = KeyboardInterrupt()  # nothing handles it: as if the process had gone
    with pytest.raises(KeyboardInterrupt):
        pull_run(pull_id=pk, now=RUN)
    remote.error = None
    assert pulls_due(now=RUN + pulling.CLAIM - timedelta(seconds=1)) == []
    assert reconcile_due(now=RUN + pulling.CLAIM) == 1


def test_half_a_list_is_no_list(live_floor: Floor, remote: Remote) -> None:
    """What came before the error is thrown away: nothing is missing because the application broke off."""
    remote.error = ConnectorError("terputus", temporary=True)
    assert reconcile_due(now=RUN) == 0
    assert not Reconciliation.objects.exists() and not Finding.objects.exists()
    assert Pull.objects.get().error == "terputus"


def test_temporary_errors_are_tried_again_with_growing_waits_and_told_when_they_last(
    live_floor: Floor, remote: Remote
) -> None:
    it = user(Role.IT)
    remote.error, now, waits = ConnectorError("sibuk", temporary=True), RUN, []
    for _time in range(5):
        reconcile_due(now=now)
        following = Pull.objects.get().next_at
        waits.append(following - now)
        now = following
    assert waits == [timedelta(minutes=m) for m in (5, 15, 60, 180, 180)]
    assert Notification.objects.filter(user=it, kind="userids.pull_failed").count() == 1
    remote.error, remote.users = None, [user_of(live_floor)]
    assert reconcile_due(now=now) == 1
    pull = Pull.objects.get()
    assert (pull.error, pull.attempts, pull.next_at) == ("", 0, now + 24 * HOUR)


def test_the_applications_own_wish_to_wait_is_heard_within_a_day(live_floor: Floor, remote: Remote) -> None:
    remote.error = ConnectorError("429", temporary=True, retry_after=77)
    reconcile_due(now=RUN)
    assert Pull.objects.get().next_at == RUN + timedelta(seconds=77)
    remote.error = ConnectorError("429", temporary=True, retry_after=10**9)
    reconcile_due(now=RUN + HOUR)
    assert Pull.objects.get().next_at == RUN + 25 * HOUR


@pytest.mark.parametrize("error", [ConnectorError("401", temporary=False), RuntimeError("a bug")])
def test_what_does_not_pass_by_itself_is_told_at_once_and_never_stops_the_others(
    live_floor: Floor, remote: Remote, error: Exception
) -> None:
    it = user(Role.IT)
    remote.error = error
    assert reconcile_due(now=RUN) == 0
    told = Notification.objects.get(user=it, kind="userids.pull_failed")
    assert "a bug" not in told.body
    assert Pull.objects.get().next_at == RUN + 24 * HOUR


def test_a_much_shorter_list_waits_for_somebody_who_says_that_it_is_right(live_floor: Floor, remote: Remote) -> None:
    it = user(Role.IT)
    account(person(live_floor.jkt))
    remote.users = [user_of(live_floor), *(RemoteUser(f"A{i}", True) for i in range(3))]
    reconcile_due(now=RUN)
    remote.users = remote.users[:1]
    assert reconcile_due(now=RUN + 24 * HOUR) == 0
    pull = Pull.objects.get()
    assert pull.error and Reconciliation.objects.count() == 1
    pull_ask(application=pull.application, confirmed=True, actor=it, now=RUN + 25 * HOUR)
    assert reconcile_due(now=RUN + 25 * HOUR) == 1
    run = Reconciliation.objects.latest("pk")
    assert (run.confirmed, run.started_by) == (True, it)
    assert not Pull.objects.get().confirmed, "it was for that time only"


def test_who_may_ask_now(live_floor: Floor, remote: Remote) -> None:
    application = factories.application()
    with pytest.raises(NotAllowed):
        pull_ask(application=application, actor=live_floor.leader, now=RUN)
    remote.users = [user_of(live_floor)]
    client = Client()
    client.force_login(user(Role.IT))
    url = reverse("userids:reconciliation_pull", args=[application.pk])
    assert client.post(url).status_code == 302
    assert Pull.objects.get().asked_by == user(Role.IT)
    assert reconcile_due(now=timezone.now()) == 1
    page = client.get(reverse("userids:reconciliations")).content.decode()
    assert url in page


def test_what_failed_for_somebody_runs_in_the_systems_name_a_day_later(live_floor: Floor, remote: Remote) -> None:
    application = factories.application()
    pull_ask(application=application, actor=user(Role.IT), now=RUN)
    remote.error = ConnectorError("away", temporary=True)
    reconcile_due(now=RUN)
    assert Pull.objects.get().asked_by == user(Role.IT), "soon tried again: what was asked for"
    remote.error = ConnectorError("wrong token", temporary=False)
    reconcile_due(now=Pull.objects.get().next_at)
    assert Pull.objects.get().asked_by is None
    remote.error, remote.users = None, [user_of(live_floor)]
    assert reconcile_due(now=Pull.objects.get().next_at) == 1
    assert Reconciliation.objects.get().started_by is None


def test_the_same_users_have_the_same_hash_in_whatever_order() -> None:
    users = [RemoteUser("B", True, name="x"), RemoteUser("A", False)]
    one, other = listing_of(users, name="x"), listing_of(reversed(users), name="x")
    assert one.sha256 == other.sha256 and one.tells == {"name"}
    with pytest.raises(Invalid):
        listing_of([RemoteUser(" ", True)], name="x")


def test_a_failure_is_told_once_a_day_of_the_site(floor: Floor) -> None:
    it = user(Role.IT, floor.jkt)
    application = factories.application()

    def told(hour: int, minute: int, day: int = 20) -> int:
        now = datetime(2026, 11, day, hour, minute, tzinfo=JAKARTA)
        pull_failure_tell(application, "away", sites=[floor.jkt], now=now)
        return Notification.objects.filter(kind=FAILED.key, user=it).count()

    assert [told(6, 0), told(8, 0), told(23, 59)] == [1, 1, 1]  # 07:00 in Jakarta is midnight elsewhere
    assert told(0, 1, day=21) == 2
