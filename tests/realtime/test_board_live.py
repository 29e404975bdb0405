"""The board as it is watched: events posted to the web process are soon on every open board (RTM-5)."""

from __future__ import annotations

import json
import queue
import time
import urllib.request
from pathlib import Path
from typing import Any

import pytest
from django.db import connection
from django.utils import timezone

from occ.login.models import Session
from occ.people.choices import Role
from occ.people.models import RoleAssignment
from realtime.models import Arrival
from realtime.services.floor import floor_once
from tests.factories import Floor, user
from tests.processes import running
from tests.realtime.conftest import event
from tests.realtime.live import Stream, floor_process, post, session_of, token_of, until, web

pytestmark = [pytest.mark.req("RTM-5"), pytest.mark.timeout(180)]
# Seconds, where other tests run beside it; how quick it is, tests/benchmarks/realtime_board.py measures.
SOON = 5


def busy(floor: Floor, state: str = "busy") -> list[dict[str, Any]]:
    return [event("agent.state", timezone.now(), agent=floor.account.user_id, state=state)]


def test_events_are_soon_on_every_board(live_floor: Floor, tmp_path: Path) -> None:
    token = token_of(user(Role.RTFM, live_floor.jkt))
    cookie = session_of(live_floor.leader)
    with web(tmp_path) as site, floor_process(tmp_path):
        boards = [Stream(site.url, Cookie=cookie) for _one in range(6)]  # more than there are threads
        for one in boards:
            assert one.next("snapshot")["rows"] == []
        post(site.url, token, busy(live_floor, "aux"))
        assert {one.row(30)["state"] for one in boards} == {"aux"}, "both processes have begun"
        for state in ("available", "busy", "wrapup", "busy"):
            began = time.monotonic()
            assert post(site.url, token, busy(live_floor, state))["accepted"] == 1
            for one in boards:
                row = one.row()
                while row["state"] != state and time.monotonic() - began < SOON:
                    row = one.row()  # the one before, told once more: a row may be
                assert (row["name"], row["state"]) == (live_floor.agent.name, state)
            assert time.monotonic() - began < SOON
        with urllib.request.urlopen(f"{site.url}/healthz") as answer:
            assert json.loads(answer.read())["floor"] is True
        late = Stream(site.url, Cookie=cookie)
        assert [row["state"] for row in late.next("snapshot")["rows"]] == ["busy"]
        assert late.next("ping", 15)["at"]
        assert site.stop() < 6, "open streams keep no process from ending"
        assert all(one.ended.wait(5) for one in boards)


def test_without_the_floor_process_beat_does_it(live_floor: Floor, tmp_path: Path) -> None:
    token = token_of(user(Role.RTFM, live_floor.jkt))
    with web(tmp_path) as site, running(tmp_path):
        board = Stream(site.url, Cookie=session_of(live_floor.leader))
        board.next("snapshot")
        post(site.url, token, busy(live_floor))
        assert board.row(40)["state"] == "busy"


def test_a_stream_ends_with_the_session_and_with_the_role(live_floor: Floor, tmp_path: Path) -> None:
    machine = user(Role.RTFM, live_floor.jkt)
    token = token_of(machine)
    with web(tmp_path) as site:
        by_session = Stream(site.url, Cookie=session_of(live_floor.leader))
        by_token = Stream(site.url, Authorization=token)
        by_session.next("snapshot")
        by_token.next("snapshot")
        Session.objects.filter(user=live_floor.leader).delete()
        assert by_session.ended.wait(60)
        assert not by_token.ended.is_set()
        RoleAssignment.objects.filter(user=machine).delete()
        assert by_token.ended.wait(60)
        assert Stream(site.url, Authorization=token).answer.status == 404
        assert Stream(site.url).answer.status in {401, 403}


def test_while_the_database_is_away_no_board_stays_open_as_if_it_were_live(live_floor: Floor, tmp_path: Path) -> None:
    """The watcher's connection is cut; the streams end, and a new one begins with all of it."""
    cookie = session_of(live_floor.leader)
    token = token_of(user(Role.RTFM, live_floor.jkt))
    with web(tmp_path) as site:
        board = Stream(site.url, Cookie=cookie)
        board.next("snapshot")
        with connection.cursor() as cursor:
            cursor.execute(
                "SELECT pg_terminate_backend(pid) FROM pg_stat_activity WHERE datname = current_database()"
                " AND pid <> pg_backend_pid()"
            )
        assert board.ended.wait(10)
        post(site.url, token, busy(live_floor))
        assert Arrival.objects.exists()
        floor_once(now=timezone.now())
        again = Stream(site.url, Cookie=cookie)
        assert [row["state"] for row in again.next("snapshot")["rows"]] == ["busy"]
        floor_once(now=timezone.now())
        post(site.url, token, busy(live_floor, "wrapup"))
        floor_once(now=timezone.now())
        assert again.row()["state"] == "wrapup"
        with pytest.raises(queue.Empty):
            again.next("delta", 1)
        until(1, lambda: not again.ended.is_set())
