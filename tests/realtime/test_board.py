"""The board out of the database, and what changes of it (RTM-5)."""

from __future__ import annotations

import asyncio
import json
from collections.abc import Callable
from datetime import timedelta
from typing import Any

import pytest
from django.test import Client
from django.utils import timezone

from occ.api.authentication import token_create
from occ.people.choices import Role
from occ.people.models import RoleAssignment
from realtime.floorwatch.audience import Audience, Place, audience_of
from realtime.floorwatch.board import Board, Changes, Shown, rows_body, snapshot_body
from realtime.floorwatch.hub import Hub, delta
from realtime.floorwatch.tickets import Ticket, tickets_ended
from realtime.models import AgentNow, AgentSegment, Roster, Source
from realtime.services.ingesting import Taken
from tests.factories import NOW, Floor, account, person, user
from tests.realtime.conftest import event
from tests.realtime.floors import known, past_triggers, roster, rostered, shift, source, wib

pytestmark = pytest.mark.req("RTM-5")
Tell = Callable[..., Taken]
EVERYBODY = Audience(everywhere=True)


def rows(board: Board, audience: Audience = EVERYBODY) -> dict[str, dict[str, Any]]:
    body = json.loads(snapshot_body(rows_body(board.shown.values(), audience), board.feeds, NOW))
    return {one["name"]: one for one in body["rows"]}


def test_what_is_planned_and_what_was_told_meet_on_the_board(floor: Floor, tell: Tell) -> None:
    """NOW is 10:00 in Jakarta; the shift began at 8."""
    late, absent, unplanned = (person(floor.jkt, name=name) for name in ("Lambat", "Absen", "Lembur"))
    held = {one: account(one).user_id for one in (late, unplanned)}
    for one in (late, absent):
        rostered(one, wib(8))
    state = {"channel": "voice"}
    tell(
        event("agent.login", wib(8, 20), agent=held[late], **state),
        event("agent.state", wib(8, 30), agent=held[late], state="aux", reason="toilet"),
        event("agent.state", wib(8, 42), agent=held[late], state="available"),
        event("agent.state", wib(9, 55), agent=held[late], state="aux", reason="toilet"),
        event("agent.heartbeat", NOW, agent=held[late]),
        event("agent.state", NOW - timedelta(minutes=1), agent=held[unplanned], state="busy", channel="wa"),
        event("agent.state", NOW, agent="NOBODY-1", state="busy"),
    )
    said = rows(Board(NOW))
    assert set(said) == {"Lambat", "Absen", "Lembur", "NOBODY-1"}
    one = said["Lambat"]
    assert one["aux"] == [{"reason": "toilet", "used_seconds": 720, "allowed_seconds": 900}]
    assert (one["state"], one["reason"], one["need"], one["late_minutes"]) == ("aux", "toilet", "aux", 20)
    assert one["since"] == "2026-11-20T02:55:00Z"
    assert one["shift"] == {"code": "P", "starts_at": "2026-11-20T01:00:00Z", "ends_at": "2026-11-20T10:00:00Z"}
    assert (one["activity"], one["activity_until"]) == ("break", "2026-11-20T03:15:00Z")
    assert (one["site"], one["channel"], one["stale"]) == ("JKT", "voice", False)
    assert (said["Absen"]["need"], said["Absen"]["late_minutes"], said["Absen"]["since"]) == ("absent", 120, None)
    assert (said["Lembur"]["need"], said["Lembur"]["shift"], said["Lembur"]["channel"]) == ("neutral", None, "whatsapp")
    assert (said["NOBODY-1"]["person"], said["NOBODY-1"]["site"]) == (None, "JKT")


@pytest.mark.req("RTM-7")
def test_with_the_feed_down_nobody_is_absent(floor: Floor, tell: Tell) -> None:
    absent = person(floor.jkt, name="Absen")
    rostered(absent, wib(8))
    tell(event("agent.state", NOW, agent=floor.account.user_id, state="busy"))
    board = Board(NOW)
    assert rows(board)["Absen"]["need"] == "absent"
    tell(event("feed.down", NOW))
    later = board.refresh(NOW + timedelta(seconds=1))
    assert later.feeds and json.loads(later.feeds)[0]["state"] == "down"
    said = rows(board)
    assert {(one["adherence"], one["need"], one["stale"]) for one in said.values()} == {("unknown", "unknown", True)}
    assert len(later.rows) == len(said) == 2
    tell(event("feed.up", NOW + timedelta(seconds=2)))
    board.refresh(NOW + timedelta(seconds=3))
    assert rows(board)["Absen"]["need"] == "absent"


def test_of_several_sources_the_one_heard_last_is_shown(floor: Floor) -> None:
    old, new = source("omni"), source("voice")
    known(floor.agent, "available", NOW, of=old, heard_at=NOW - timedelta(seconds=30))
    known(floor.agent, "busy", NOW - timedelta(minutes=5), of=new, heard_at=NOW)
    board = Board(NOW)
    assert rows(board)[floor.agent.name]["state"] == "busy"
    AgentNow.objects.filter(source=old).update(heard_at=NOW + timedelta(seconds=1))
    board.heard([AgentNow.objects.get(source=old).pk], NOW)
    assert rows(board)[floor.agent.name]["state"] == "available"


def test_only_what_changed_is_told_and_read_by_one_query(
    floor: Floor, tell: Tell, django_assert_num_queries: Callable[..., Any]
) -> None:
    names = [account(person(floor.jkt)).user_id for _one in range(20)]
    tell(*(event("agent.state", NOW, agent=name, state="available") for name in names))
    board = Board(NOW)
    tell(*(event("agent.state", NOW + timedelta(seconds=1), agent=name, state="busy") for name in names[:3]),
         *(event("agent.heartbeat", NOW + timedelta(seconds=1), agent=name) for name in names), work=True)  # fmt: skip
    ids = list(AgentNow.objects.values_list("pk", flat=True))
    with django_assert_num_queries(1):
        changed = board.heard(ids, NOW + timedelta(seconds=1))
    assert len(changed.rows) == 3
    assert not board.heard(ids, NOW + timedelta(seconds=1)).rows
    with django_assert_num_queries(1):
        assert not board.refresh(NOW + timedelta(seconds=2)).rows


def test_who_comes_and_who_goes(floor: Floor, tell: Tell) -> None:
    board = Board(NOW)
    assert not board.shown
    tell(event("agent.login", NOW, agent=floor.account.user_id))
    (now,) = AgentNow.objects.all()
    key = f"p{floor.agent.pk}"
    assert list(board.heard([now.pk], NOW).rows) == [key]
    tell(event("agent.logout", NOW + timedelta(seconds=5), agent=floor.account.user_id))
    assert board.heard([now.pk], NOW + timedelta(seconds=5)).rows == {key: None}


def test_a_name_whose_holder_becomes_known_is_one_row(floor: Floor, tell: Tell) -> None:
    tell(event("agent.login", NOW, agent="BARU-1"))
    (now,) = AgentNow.objects.all()
    board = Board(NOW)
    assert list(rows(board)) == ["BARU-1"]
    now.person, now.site = floor.agent, floor.jkt
    now.save()
    changed = board.heard([now.pk], NOW)
    assert changed.rows.keys() == {f"n{now.pk}", f"p{floor.agent.pk}"} and changed.rows[f"n{now.pk}"] is None
    assert list(rows(board)) == [floor.agent.name]
    board.refresh(NOW + timedelta(seconds=1))
    tell(event("feed.down", NOW + timedelta(seconds=2)))
    assert len(board.refresh(NOW + timedelta(seconds=3)).rows) == 1, "nothing is left of the name"


def test_who_logs_in_for_the_first_time_is_judged_by_this_shift(floor: Floor, tell: Tell) -> None:
    rostered(floor.agent, wib(8))
    board = Board(NOW)
    assert rows(board)[floor.agent.name]["need"] == "absent"
    tell(event("agent.login", wib(9, 50), agent=floor.account.user_id), event("agent.heartbeat", NOW,
         agent=floor.account.user_id))  # fmt: skip
    board.heard(list(AgentNow.objects.values_list("pk", flat=True)), NOW)
    assert rows(board)[floor.agent.name]["late_minutes"] == 110


def test_time_passes_by_itself(floor: Floor) -> None:
    one = source("omni", each_agent=False, heartbeat_seconds=86_400)
    rostered(floor.agent, wib(8))
    known(floor.agent, "busy", wib(9), of=one)
    board = Board(wib(9, 59))
    assert rows(board)[floor.agent.name]["activity"] == "work"
    assert not board.refresh(wib(9, 59) + timedelta(seconds=1)).rows
    changed = board.refresh(wib(10))
    assert list(changed.rows) == [f"p{floor.agent.pk}"]
    assert (rows(board)[floor.agent.name]["activity"], rows(board)[floor.agent.name]["adherence"]) == (
        "break", "neutral",
    )  # fmt: skip


def test_a_silent_source_makes_stale_without_anything_told(floor: Floor) -> None:
    known(floor.agent, "busy", NOW, of=source("omni", each_agent=False))
    board = Board(NOW)
    assert not rows(board)[floor.agent.name]["stale"]
    board.refresh(NOW + timedelta(seconds=119))
    assert not rows(board)[floor.agent.name]["stale"]
    board.refresh(NOW + timedelta(seconds=121))
    assert rows(board)[floor.agent.name]["stale"]


def test_another_version_of_the_roster_is_seen_within_seconds(floor: Floor) -> None:
    rostered(floor.agent, wib(8))
    source("omni")
    board = Board(NOW)
    old = Roster.objects.get()
    old.status = "revised"
    old.save(update_fields=["status"])
    new = Roster.objects.create(
        site=floor.jkt, month=old.month, version=2, status="published", made_at=NOW, published_at=NOW
    )
    assert roster(floor.jkt, NOW.date()) == new
    board.refresh(NOW + timedelta(seconds=3))
    assert floor.agent.name in rows(board)
    assert board.refresh(NOW + timedelta(seconds=6)).rows == {f"p{floor.agent.pk}": None}


def test_the_next_shift_is_read_from_its_own_beginning(floor: Floor) -> None:
    """Two shifts in a row: what was used of the allowance in the first is not the second's."""
    one = source("omni", each_agent=False, heartbeat_seconds=86_400)
    shift(floor.jkt, "S", minutes=240)
    rostered(floor.agent, wib(6), code="P", hours=3)
    line = rostered(floor.agent, wib(9, day=21), code="S", hours=4)
    line.starts_at, line.ends_at = wib(9), wib(13)
    with past_triggers():
        line.save(update_fields=["starts_at", "ends_at"])
    known(floor.agent, "available", wib(8), of=one)
    common = {"source": one, "agent": floor.agent.number, "person": floor.agent, "site": floor.jkt}
    AgentSegment.objects.create(starts_at=wib(7), ends_at=wib(8), state="aux", reason="meal", **common)
    AgentSegment.objects.create(starts_at=wib(8), state="available", **common)
    board = Board(wib(8, 59))
    assert rows(board)[floor.agent.name]["aux"]
    board.refresh(wib(9))
    said = rows(board)[floor.agent.name]
    assert (said["shift"]["code"], said["aux"], said["late_minutes"]) == ("S", [], 0)


# Who sees whom -------------------------------------------------------------------------------------------------------


def test_audiences(floor: Floor) -> None:
    assert audience_of(floor.manager) == Audience(everywhere=True)
    assert audience_of(floor.leader) == Audience(sites=frozenset({floor.jkt.pk}))
    of_team = user(Role.TEAM_LEADER, floor.jkt, name="tl.team", team=floor.team)
    assert audience_of(of_team) == Audience(sites=frozenset({floor.jkt.pk})), "on shift one watches all of the site"
    agent = user(Role.AGENT, floor.jkt, name="agent.own")
    agent.person = floor.agent
    assert audience_of(agent) == Audience(person_id=floor.agent.pk)
    assert not audience_of(user(Role.CLIENT, None, name="client"))
    assert not audience_of(user(Role.SUPPORT, None))
    here = Place(floor.jkt.pk, floor.team.pk, floor.agent.pk)
    there = Place(floor.ygy.pk, None, None)
    assert [audience_of(one).sees(here) for one in (floor.manager, floor.leader, of_team, agent)] == [True] * 4
    assert audience_of(floor.manager).sees(there)
    assert not any(audience_of(one).sees(there) for one in (floor.leader, of_team, agent))


def test_a_leader_of_a_team_sees_the_site_and_begins_with_the_own_team(floor: Floor, client: Client) -> None:
    """SOP-RTM 6.5: the team leader on shift watches everything; the own team is a filter."""
    now = timezone.now()
    other = person(floor.jkt, name="Tim Lain")
    known(other, "busy", now, of=source("omni", at=now), heard_at=now)
    client.force_login(user(Role.TEAM_LEADER, floor.jkt, name="tl.team", team=floor.team))
    assert [row["name"] for row in client.get("/api/v1/realtime/board/").json()["rows"]] == ["Tim Lain"]
    page = client.get("/realtime/board/")
    said = page.context["said"]
    assert (said["teams"], said["place"]) == ([floor.team.name], floor.jkt.name)
    assert f'<option value="{floor.team.name}">' in page.content.decode()
    day = said["day"].replace("/0/", f"/{other.pk}/").replace("DAY", now.date().isoformat())
    assert client.get(day).status_code == 200, "a name leads to the day, also of another team"


def test_the_first_snapshot_has_the_clock_of_now_however_long_nothing_changed(monkeypatch: pytest.MonkeyPatch) -> None:
    """Durations on a board are counted by it: one that was made for a reader two minutes ago would be behind."""
    loop = asyncio.new_event_loop()
    hub = Hub(loop)
    hub.take_up({"p1": Shown(Place(1, None, 1), b'{"id":"p1"}')}, b"[]")
    told = []
    for at in (NOW, NOW + timedelta(minutes=2)):
        monkeypatch.setattr("realtime.floorwatch.hub.timezone.now", lambda at=at: at)
        told.append(json.loads(hub.snapshot(EVERYBODY).decode().split("data: ")[1]))
    loop.close()
    assert [one["rows"] for one in told] == [[{"id": "p1"}]] * 2
    assert told[1]["at"] == "2026-11-20T03:02:00Z"


def test_the_snapshot_holds_whom_one_may_see(floor: Floor, client: Client) -> None:
    now = timezone.now()
    one = source("omni", at=now)
    known(floor.agent, "busy", now, of=one, heard_at=now)
    known(person(floor.ygy, name="Jauh"), "busy", now, of=one, heard_at=now)
    client.force_login(floor.leader)
    answer = client.get("/api/v1/realtime/board/")
    assert [row["name"] for row in answer.json()["rows"]] == [floor.agent.name]
    client.force_login(floor.manager)
    assert len(client.get("/api/v1/realtime/board/").json()["rows"]) == 2
    client.force_login(user(Role.SUPPORT, floor.jkt))
    assert client.get("/api/v1/realtime/board/").status_code == 403
    assert client.get("/api/v1/realtime/board/stream/").status_code == 404


def test_a_delta_says_to_each_audience_what_it_may_see() -> None:
    here, there = Place(1, None, 1), Place(2, None, 1)
    was, now = Shown(here, b'{"id":"p1"}'), Shown(there, b'{"id":"p1","site":2}')
    changes = Changes({"p1": now})

    def told(audience: Audience) -> Any:
        said = delta(changes, {"p1": was}, audience, b"")
        return json.loads(said.decode().split("data: ")[1]) if said else None

    assert told(Audience(sites=frozenset({1}))) == {"at": "", "rows": [], "gone": ["p1"]}
    assert told(Audience(sites=frozenset({2}))) == {"at": "", "rows": [{"id": "p1", "site": 2}], "gone": []}
    assert told(Audience(sites=frozenset({3}))) is None


@pytest.mark.req("KER-9")
def test_a_ticket_ends_with_the_session_the_roles_the_password_or_the_token(
    floor: Floor, client: Client, django_assert_num_queries: Callable[..., Any]
) -> None:
    now = timezone.now()
    client.force_login(floor.leader)
    key = client.session.session_key
    assert key
    leader = floor.leader
    hashed = leader.get_session_auth_hash()
    good = Ticket(leader.pk, audience_of(leader), key, hashed)
    machine = user(Role.RTFM, floor.jkt)
    token_create(name="wall", user=machine, now=now)
    (token,) = machine.api_tokens.all()  # type: ignore[attr-defined]
    by_token = Ticket(machine.pk, audience_of(machine), token_id=token.pk)
    tickets = {good, by_token}
    with django_assert_num_queries(4):
        assert not tickets_ended(tickets, now)
    assert tickets_ended({Ticket(leader.pk, audience_of(leader), "another", hashed)}, now)
    assert tickets_ended({Ticket(leader.pk, audience_of(leader), key, "changed")}, now)
    token.revoked_at = now
    token.save(update_fields=["revoked_at"])
    assert tickets_ended(tickets, now) == {by_token}
    RoleAssignment.objects.filter(user=leader).update(ends_on=now.date() - timedelta(days=2))
    assert good in tickets_ended(tickets, now)
    RoleAssignment.objects.filter(user=leader).update(ends_on=None)
    assert good not in tickets_ended(tickets, now)
    client.logout()
    assert good in tickets_ended(tickets, now)


@pytest.mark.req("KER-12")
def test_the_snapshot_asks_the_database_the_same_however_many_there_are(
    floor: Floor, client: Client, django_assert_max_num_queries: Callable[..., Any]
) -> None:
    now = timezone.now()
    one: Source = source("omni", at=now)
    for _one in range(40):
        made = person(floor.jkt, team=floor.team)
        rostered(made, now - timedelta(hours=1))
        known(made, "busy", now, of=one, heard_at=now)
    client.force_login(floor.coordinator)
    with django_assert_max_num_queries(14):
        assert len(client.get("/api/v1/realtime/board/").json()["rows"]) == 40
    with django_assert_max_num_queries(16):
        page = client.get("/realtime/board/")
    assert page.status_code == 200 and b"/api/v1/realtime/board/stream/" in page.content
