"""Alerts over live figures: when they come up, stay, are over, and who is told (RTM-13)."""

from __future__ import annotations

from collections.abc import Callable
from datetime import timedelta
from typing import Any

import pytest
from django.test import Client
from django.utils import translation

from occ.errors import NotAllowed, WrongState
from occ.notifications.models import Notification
from occ.obligations.models import Obligation
from occ.people.choices import Role
from realtime.choices import AlertKind
from realtime.judging import (
    BETTER,
    CLOSE,
    KEEP,
    NOTHING,
    OPEN,
    WORSE,
    Quarter,
    Reading,
    Standing,
    aht_reading,
    aux_reading,
    become,
    cover_reading,
    queue_reading,
    scr_reading,
    source_reading,
)
from realtime.models import Alert, Interval, Source
from realtime.policies import DRAW_UP
from realtime.services import recovery
from realtime.services.alerting import alert_acknowledge, alert_dismiss, alerts_watch
from realtime.services.ingesting import Taken
from realtime.services.intervals import QUARTER, quarter_of
from tests.factories import DAY, NOW, Floor, user
from tests.realtime.conftest import event
from tests.realtime.floors import rostered

pytestmark = pytest.mark.req("RTM-13")
Tell = Callable[..., Taken]


def q(offered: int, answered: int) -> Quarter:
    return Quarter(offered, answered, answered, answered * 400_000)


@pytest.mark.parametrize(
    ("last", "bad", "better"),
    [
        ([q(10, 8), q(10, 8)], True, False),
        ([q(10, 9), q(10, 8)], False, False),  # one quarter is chance
        ([q(10, 8), q(10, 9)], False, True),  # just the target
        ([q(10, 8)], False, False),
        ([q(10, 8), q(4, 0)], False, False),  # too few calls to say anything
        ([], False, False),
        ([q(10, 8), q(0, 0)], False, False),
    ],
)
def test_scr_is_bad_after_two_quarters(last: list[Quarter], bad: bool, better: bool) -> None:
    found = scr_reading("voice", last, target=90, least=5)
    assert (found.bad, found.better) == (bad, better)


@pytest.mark.parametrize(
    ("longer", "bad", "better", "minutes"),
    [
        ([q(2, 0)] * 6 + [q(2, 1)], True, False, 105),  # the night of 14 calls and one answer
        ([q(1, 1)] * 3 + [q(2, 0)], False, False, 60),  # two lost are chance
        ([q(2, 0), q(1, 0)], True, False, 30),
        ([q(20, 0), *[q(4, 4)] * 5], False, True, 75),  # the last twenty calls are all answered
        ([q(4, 4), q(0, 0)], False, True, 30),
        ([q(40, 0), q(4, 4)], True, False, 30),
    ],
)
def test_few_calls_are_judged_together(longer: list[Quarter], bad: bool, better: bool, minutes: int) -> None:
    found = scr_reading("voice", longer[-2:], target=90, least=5, longer=longer)
    assert (found.bad, found.better, found.figures["minutes"]) == (bad, better, minutes)


def test_the_other_readings_at_their_edges() -> None:
    assert aht_reading("voice", [q(9, 9), q(9, 9)], target=399, least=5).bad
    assert not aht_reading("voice", [q(9, 9), q(9, 9)], target=400, least=5).bad
    assert (
        queue_reading("voice", 5, 0, most=5, longest=60).bad and queue_reading("voice", 1, 61, most=5, longest=60).bad
    )
    middle = queue_reading("voice", 3, 31, most=5, longest=60)
    assert (middle.bad, middle.better) == (False, False)
    assert queue_reading("voice", 2, 30, most=5, longest=60).better
    assert cover_reading(8, 10, 0, share=90).bad and not cover_reading(9, 10, 0, share=90).bad
    assert not cover_reading(0, 10, 10, share=90).bad, "whom nobody can see is not absent"
    assert not cover_reading(0, 0, 0, share=90).bad
    assert aux_reading(3, 10, share=30).bad and not aux_reading(4, 4, share=30).bad
    assert source_reading("omni", "silent", 300).bad and source_reading("omni", "live", 3).better


def minutes(n: float) -> timedelta:
    return timedelta(minutes=n)


@pytest.mark.parametrize(
    ("bad", "better", "standing", "what"),
    [
        (True, False, Standing(False), OPEN),
        (True, False, Standing(False, closed_at=NOW - minutes(9)), NOTHING),
        (True, False, Standing(False, closed_at=NOW - minutes(10)), OPEN),
        (False, True, Standing(False), NOTHING),
        (True, False, Standing(True), KEEP),
        (False, False, Standing(True), KEEP),
        (False, True, Standing(True), BETTER),
        (False, True, Standing(True, NOW - minutes(4.9)), KEEP),
        (False, True, Standing(True, NOW - minutes(5)), CLOSE),
        (True, False, Standing(True, NOW - minutes(4)), WORSE),
        (False, False, Standing(True, NOW - minutes(9)), KEEP),
    ],
)
def test_what_an_alert_becomes(bad: bool, better: bool, standing: Standing, what: str) -> None:
    reading = Reading(AlertKind.SCR, "voice", bad, better, {})
    assert become(reading, standing, now=NOW, better_for=minutes(5), quiet=minutes(10)) == what


def quarters(floor: Floor, *pairs: tuple[int, int], until: Any = NOW) -> None:
    """Quarters that ended before `until`, the latest last."""
    end = quarter_of(until)
    for back, (offered, answered) in enumerate(reversed(pairs), 1):
        Interval.objects.update_or_create(
            site=floor.jkt, channel="voice", starts_at=end - back * QUARTER,
            defaults={"offered": offered, "answered": answered, "computed_at": until, "handled": answered,
                      "talk_ms": answered * 1000},
        )  # fmt: skip


LATER = NOW + minutes(2)


def test_a_missed_scr_comes_up_once_is_told_and_asks_for_a_plan(floor: Floor) -> None:
    rtfm = user(Role.RTFM, floor.jkt)
    quarters(floor, (10, 8), (10, 7))
    assert alerts_watch(now=LATER) == 1
    alerts_watch(now=LATER + minutes(1))
    alert = Alert.objects.get()
    assert (alert.kind, alert.about, alert.figures["scr"], alert.figures["scr_before"]) == ("scr", "voice", 70.0, 80.0)
    told = Notification.objects.filter(kind="realtime.alert")
    assert {one.user for one in told} == {rtfm, floor.leader, floor.coordinator}
    duty = Obligation.objects.get(rule=DRAW_UP)
    assert (duty.due_at, duty.site) == (LATER + minutes(30), floor.jkt)
    with translation.override("en"):
        assert "SCR below its target (Voice)" in duty.title
    with translation.override("id"):  # in the language of who reads it, whatever was set when it came up
        assert "SCR di bawah target (Suara)" in duty.title


def test_a_night_of_few_calls_that_nobody_answers_comes_up(floor: Floor, client: Client) -> None:
    """Never five in a quarter: fourteen were offered, one was answered."""
    quarters(floor, (3, 0), (2, 1), (0, 0), (3, 0), (4, 0), (2, 0))
    assert alerts_watch(now=LATER) == 1
    alert = Alert.objects.get()
    assert (alert.kind, alert.figures["scr"], alert.figures["offered"]) == ("scr", 7.14, 14)
    alerts_watch(now=LATER + minutes(30))
    assert Alert.objects.get().closed_at is None, "half an hour without a call makes nothing better"
    client.force_login(floor.leader)
    told = "setidaknya 5 panggilan"
    assert told in client.get("/realtime/alerts/").content.decode()
    figures = client.get("/realtime/figures/", {"site": floor.jkt.pk, "first": DAY, "last": DAY, "interval": "15"})
    assert told in figures.content.decode()
    plan = recovery.plan_open(site=floor.jkt, channel="voice", alert_id=alert.pk, actor=floor.leader, now=LATER)
    assert (plan.situation["offered"], plan.situation["answered"]) == (14, 1)


def test_it_is_over_once_it_was_better_for_long_enough_and_rests_then(floor: Floor) -> None:
    quarters(floor, (10, 8), (10, 7))
    alerts_watch(now=LATER)
    then = LATER + 2 * QUARTER
    quarters(floor, (10, 7), (10, 10), until=then)
    alerts_watch(now=then)
    assert Alert.objects.get().better_since == then
    alerts_watch(now=then + minutes(5))
    assert Alert.objects.get().closed_at == then + minutes(5)
    quarters(floor, (10, 7), (10, 7), until=then + QUARTER)
    alerts_watch(now=then + minutes(14))
    assert Alert.objects.count() == 1
    alerts_watch(now=then + minutes(17))
    assert Alert.objects.count() == 2


def test_a_silent_source_and_a_queue_come_up_from_events(floor: Floor, tell: Tell) -> None:
    for number in range(5):
        tell(event("interaction.offered", NOW, interaction_id=f"c{number}", channel="voice"))
    alerts_watch(now=NOW + timedelta(seconds=20))
    assert list(Alert.objects.values_list("kind", "about")) == [("queue", "voice")]
    alerts_watch(now=NOW + minutes(3))
    here = Alert.objects.filter(site=floor.jkt)
    assert set(here.values_list("kind", "about")) == {("queue", "voice"), ("source", "omni")}
    assert Alert.objects.filter(site=floor.ygy).count() == 1, "a source of all sites is each site's"
    Source.objects.update(active=False)
    alerts_watch(now=NOW + minutes(4))
    alerts_watch(now=NOW + minutes(9))
    assert here.get(kind="source").closed_at is not None


def test_one_site_s_trouble_stops_no_other(floor: Floor, monkeypatch: pytest.MonkeyPatch) -> None:
    from realtime.services import alerting

    real = alerting.readings_of

    def broken(site: Any, now: Any) -> Any:
        if site.code == "YGY":
            raise RuntimeError
        return real(site, now)

    monkeypatch.setattr(alerting, "readings_of", broken)
    quarters(floor, (10, 8), (10, 7))
    assert alerts_watch(now=LATER) == 1


def test_who_looks_after_it_and_that_no_plan_is_needed(floor: Floor, client: Client) -> None:
    quarters(floor, (10, 8), (10, 7))
    alerts_watch(now=LATER)
    alert = Alert.objects.get()
    with pytest.raises(NotAllowed):
        alert_acknowledge(alert_id=alert.pk, actor=floor.support, now=LATER)
    client.force_login(floor.leader)
    page = client.get(alert.get_absolute_url())
    assert page.status_code == 200 and b"realtime/plans/new/?alert=" in page.content
    assert client.post(f"{alert.get_absolute_url()}acknowledge/", {"note": "on it"}).status_code == 302
    alert.refresh_from_db()
    assert (alert.acknowledged_by, alert.note) == (floor.leader, "on it")
    with pytest.raises(WrongState):
        alert_acknowledge(alert_id=alert.pk, actor=floor.coordinator, now=LATER)
    with pytest.raises(NotAllowed):
        alert_dismiss(alert_id=alert.pk, note="x", actor=floor.leader, now=LATER)
    client.force_login(floor.coordinator)
    assert client.post(f"{alert.get_absolute_url()}dismiss/", {"note": ""}).status_code == 422
    assert client.post(f"{alert.get_absolute_url()}dismiss/", {"note": "a test call campaign"}).status_code == 302
    assert Obligation.objects.get(rule=DRAW_UP).state == "cancelled"
    with pytest.raises(WrongState):
        alert_dismiss(alert_id=alert.pk, note="x", actor=floor.coordinator, now=LATER)


@pytest.mark.req("KER-12")
def test_the_list_filters_and_asks_the_same_however_long_it_is(
    floor: Floor, client: Client, django_assert_max_num_queries: Callable[..., Any]
) -> None:
    rows = [
        Alert(site=floor.jkt, kind="queue", about=f"c{n}", opened_at=NOW, seen_at=NOW, closed_at=NOW if n % 2 else None)
        for n in range(60)
    ]
    Alert.objects.bulk_create(rows)
    client.force_login(floor.coordinator)
    client.get("/realtime/alerts/")
    with django_assert_max_num_queries(16):
        page = client.get("/realtime/alerts/?state=open&kind=queue")
    assert page.status_code == 200 and page.content.count(b"/realtime/alerts/") >= 30


@pytest.mark.req("RTM-8")
def test_who_is_longer_in_aux_than_allowed_is_an_alert_while_it_lasts(floor: Floor, tell: Tell) -> None:
    """Fifteen minutes of toilet are allowed, in pieces too, and five are borne; the coordinator is not troubled."""
    number = floor.agent.number
    rostered(floor.agent, NOW - timedelta(hours=2))
    rtfm = user(Role.RTFM, floor.jkt)

    def state(minutes: int, what: str) -> dict[str, Any]:
        return event("agent.state", NOW + timedelta(minutes=minutes), agent=number, state=what, reason="toilet")

    login = event("agent.login", NOW - timedelta(hours=2), agent=number)
    tell(login, state(0, "aux"), state(10, "available"), state(20, "aux"), now=NOW + timedelta(minutes=20))
    Source.objects.update(each_agent=False, heartbeat_seconds=3_600)
    alerts_watch(now=NOW + timedelta(minutes=29))
    assert not Alert.objects.exists()
    alerts_watch(now=NOW + timedelta(minutes=31))
    alert = Alert.objects.get()
    assert (alert.kind, alert.about, alert.about_label) == ("overrun", number, floor.agent.name)
    assert alert.figures["used_minutes"] == 21.0
    told = set(Notification.objects.values_list("user__username", flat=True))
    assert told == {rtfm.username, "rtfm.all", floor.leader.username}
    tell(state(32, "available"), now=NOW + timedelta(minutes=32))
    for minutes in (33, 40):
        alerts_watch(now=NOW + timedelta(minutes=minutes))
    assert Alert.objects.get().closed_at is not None


@pytest.mark.req("KER-13")
def test_an_alert_is_told_in_the_readers_language(floor: Floor) -> None:
    quarters(floor, (100, 95), (100, 80), (100, 70))
    alerts_watch(now=LATER)
    told = Notification.objects.filter(user=floor.leader, kind="realtime.alert").get()
    for language, words in (("id", "SCR di bawah target"), ("en", "SCR below its target")):
        with translation.override(language):
            assert words in told.subject and words in told.body
