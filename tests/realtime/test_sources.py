"""Sources: who tells, whether they live, and what could not be worked in (RTM-4)."""

from __future__ import annotations

from collections.abc import Callable
from datetime import timedelta

import pytest
from django.test import Client

from occ.errors import Invalid, NotAllowed, WrongState
from occ.people.choices import Role
from realtime.floorwatch.feeds import state_of
from realtime.models import AgentNow, Arrival, Source
from realtime.services.ingesting import Taken
from realtime.services.sources import Terms, arrivals_retry, source_edit
from realtime.services.working import arrivals_work
from tests.factories import NOW, Floor, user
from tests.realtime.conftest import event

pytestmark = pytest.mark.req("RTM-4")
Tell = Callable[..., Taken]


@pytest.mark.parametrize(
    ("fields", "state"),
    [
        ({}, "never"),
        ({"received_at": NOW - timedelta(seconds=119)}, "live"),
        ({"received_at": NOW - timedelta(seconds=121)}, "silent"),
        ({"received_at": NOW, "down_since": NOW}, "down"),
        ({"received_at": NOW - timedelta(days=9), "heartbeat_seconds": 0}, "live"),
        ({"heartbeat_seconds": 0}, "never"),
        ({"from_files": True}, "files"),
        ({"active": False, "received_at": NOW}, "off"),
    ],
)
def test_whether_a_source_lives(fields: dict[str, object], state: str) -> None:
    assert state_of(Source(code="omni", **fields), NOW) == state


def test_editing_leaves_history_and_asks_who_may(floor: Floor) -> None:
    source = Source.objects.create(code="omni", name="omni", site=floor.jkt)
    rtfm, everywhere = user(Role.RTFM, floor.jkt), user(Role.IT, None)
    terms = Terms("Omni Channel", floor.jkt, 30, True)
    source_edit(source_id=source.pk, terms=terms, reason="named", actor=rtfm, now=NOW)
    source.refresh_from_db()
    entry = source.history.get(history_type="~")
    assert (source.name, entry.history_user, entry.history_change_reason) == ("Omni Channel", rtfm, "named")
    with pytest.raises(NotAllowed):
        source_edit(source_id=source.pk, terms=Terms("x", floor.ygy, 30, True), reason="", actor=rtfm, now=NOW)
    with pytest.raises(NotAllowed):
        source_edit(source_id=source.pk, terms=terms, reason="", actor=floor.leader, now=NOW)
    with pytest.raises(Invalid):
        source_edit(source_id=source.pk, terms=Terms("x", None, 4, True), reason="", actor=everywhere, now=NOW)
    source_edit(source_id=source.pk, terms=Terms("x", None, 0, True, True), reason="", actor=everywhere, now=NOW)
    source.refresh_from_db()
    assert (source.heartbeat_seconds, source.each_agent) == (0, False), "who gives no sign of life gives none of agents"
    source_edit(source_id=source.pk, terms=Terms("x", None, 60, True), reason="", actor=everywhere, now=NOW)
    with pytest.raises(NotAllowed):
        source_edit(source_id=source.pk, terms=terms, reason="of all sites now", actor=rtfm, now=NOW)


def test_what_was_parked_is_worked_in_again_by_a_click(floor: Floor, tell: Tell, client: Client) -> None:
    tell(event("agent.login", NOW, agent="A1"), work=False)
    Arrival.objects.update(parked_at=NOW, error="trap")
    source = Source.objects.get()
    client.force_login(user(Role.IT))
    assert b"trap" in client.get(source.get_absolute_url()).content
    arrivals_work(now=NOW)
    assert not AgentNow.objects.exists()
    assert client.post(f"{source.get_absolute_url()}retry/").status_code == 302
    arrivals_work(now=NOW)
    assert AgentNow.objects.exists()
    with pytest.raises(WrongState):
        arrivals_retry(source_id=source.pk, actor=user(Role.IT), now=NOW)


@pytest.mark.req("KER-12")
def test_the_pages_ask_the_database_the_same_however_many_there_are(
    floor: Floor, tell: Tell, client: Client, django_assert_max_num_queries: Callable[..., object]
) -> None:
    for number in range(30):
        tell(event("agent.danced", NOW, source=f"omni{number}"), work=False)
    client.force_login(floor.coordinator)
    client.get("/realtime/sources/")
    with django_assert_max_num_queries(14):
        page = client.get("/realtime/sources/?q=omni1")
    assert page.status_code == 200 and b"omni19" in page.content
    with django_assert_max_num_queries(16):
        found = client.get(Source.objects.get(code="omni3").get_absolute_url())
    assert b"agent.danced" in found.content
