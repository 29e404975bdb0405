"""Retention periods (RET-3): whole years on the calendar, the most special row first, a change looked at before."""

import random
from datetime import UTC, date, datetime, timedelta
from typing import Any

import pytest
from django.db.models import Q
from django.test import Client
from hypothesis import given
from hypothesis import strategies as st

from occ.errors import Invalid, NotAllowed
from occ.people.choices import Role
from occ.times import JAKARTA, end_of_day
from retention.choices import RecordState
from retention.deadlines import anniversary, backup_due, ended_by, may_go_on
from retention.models import Record, Schedule
from retention.services.ages import past, rules_of
from retention.services.schedule import (
    due_bounds,
    rule_of,
    rules_on,
    schedule_for,
    schedule_set,
    schedule_simulate,
)
from tests.factories import DAY, NOW, site, user
from tests.retention.catalogue import record_in, source_at
from tests.retention.meddling import past_the_triggers

pytestmark = [pytest.mark.req("RET-3")]


@pytest.mark.parametrize(
    ("day", "years", "last"),
    [
        (date(2026, 11, 20), 1, date(2025, 11, 20)),
        (date(2025, 2, 28), 1, date(2024, 2, 29)),
        (date(2025, 2, 27), 1, date(2024, 2, 27)),
        (date(2028, 2, 28), 4, date(2024, 2, 28)),
        (date(2028, 2, 29), 4, date(2024, 2, 29)),
        (date(2028, 2, 29), 1, date(2027, 2, 28)),
        (date(2026, 1, 1), 2, date(2024, 1, 1)),
    ],
)
def test_the_last_day_that_is_old_enough(day: date, years: int, last: date) -> None:
    assert ended_by(day, years) == last


@given(st.dates(date(1995, 1, 1), date(2095, 1, 1)), st.integers(1, 10))
def test_it_is_the_anniversary_the_other_way_round(day: date, years: int) -> None:
    last = ended_by(day, years)
    assert anniversary(last, years) <= day < anniversary(last + timedelta(days=1), years)


@given(st.datetimes(datetime(2000, 1, 1), datetime(2060, 1, 1), timezones=st.just(UTC)), st.integers(0, 2000))
def test_bounds_say_what_the_deadlines_say(ended_at: datetime, later: int) -> None:
    """`ended_at < bound` on a day is the same as asking each record for its own deadline."""
    day = anniversary(ended_at.astimezone(JAKARTA).date(), 1) + timedelta(days=later - 1000)
    backup = end_of_day(ended_by(day, 1), JAKARTA)
    delete = end_of_day(ended_by(day - timedelta(days=1), 2), JAKARTA)
    assert (ended_at < backup) == (backup_due(ended_at, JAKARTA, 1) <= end_of_day(day, JAKARTA))
    assert (ended_at < delete) == (may_go_on(ended_at, JAKARTA, 2) <= day)


def row(**values: Any) -> Schedule:
    given: dict[str, Any] = {
        "record_kind": "recording", "channel": "", "client": "", "valid_from": date(2020, 1, 1),
        "backup_after_years": 1, "delete_after_years": 3, "basis": "x", "reason": "y",
    }  # fmt: skip
    return Schedule(**(given | values))


def first_rows() -> None:
    """Those of the first migration; tests that empty the tables take them away."""
    for kind in ("chat", "recording"):
        keys = {"record_kind": kind, "channel": "", "client": "", "valid_from": date(1990, 1, 1)}
        others = {"backup_after_years": 1, "delete_after_years": 2, "basis": "SOP-RET 5", "reason": "x", "set_at": NOW}
        Schedule.objects.get_or_create(**keys, defaults=others)


def keep(**values: Any) -> Schedule:
    made = row(set_at=NOW, **values)
    made.save()
    return made


@pytest.mark.django_db
def test_the_most_special_row_goes_first_and_the_latest_of_a_line_holds() -> None:
    first_rows()
    general = schedule_for("recording", "voice", "", DAY)
    keep(channel="voice", valid_from=date(2021, 1, 1), delete_after_years=5)
    voice = keep(channel="voice", valid_from=date(2022, 1, 1))
    client = keep(client="Pegadaian")
    both = keep(channel="video", client="Pegadaian")
    keep(channel="video", valid_from=date(2030, 1, 1))
    assert rules_on(DAY)[:4] == [both, client, voice, schedule_for("chat", "voice", "Pegadaian", DAY)]
    assert schedule_for("recording", "video", "Pegadaian", DAY) == both
    assert schedule_for("recording", "voice", "Pegadaian", DAY) == client
    assert schedule_for("recording", "voice", "", DAY) == voice
    assert schedule_for("recording", "email", "", DAY) == general
    assert schedule_for("recording", "voice", "", date(2021, 6, 1)).delete_after_years == 5


@pytest.mark.django_db
def test_without_any_row_the_procedure_holds() -> None:
    with past_the_triggers():
        Schedule.objects.all().delete()
    found = schedule_for("chat", "voice", "", DAY)
    assert (found.backup_after_years, found.delete_after_years, found.basis) == (1, 2, "SOP-RET 5.1, 5.3")
    assert len(due_bounds(DAY)) == 2


@pytest.mark.django_db
def test_every_record_is_governed_by_one_row() -> None:
    first_rows()
    keep(channel="voice")
    keep(client="Pegadaian", delete_after_years=4)
    keep(channel="video", client="Pegadaian", delete_after_years=5)
    keep(record_kind="chat", channel="whatsapp")
    for i, client in enumerate(("", "Pegadaian", "Other")):
        for j, kind in enumerate(("recording", "chat")):
            where = source_at(site(), "file:///x", code=f"S{i}{j}", client=client, record_kind=kind)
            for channel in ("voice", "video", "whatsapp", "email"):
                record_in(where, channel=channel)
    rules = rules_on(DAY)
    governed: dict[int, int] = {}
    for bound in due_bounds(DAY):
        for record in Record.objects.filter(bound.among).select_related("source"):
            assert record.pk not in governed
            governed[record.pk] = bound.rule.pk
            assert rule_of(record, rules) == bound.rule
    assert len(governed) == 24 == Record.objects.count()


@pytest.mark.django_db
def test_a_change_is_counted_before_it_is_made() -> None:
    where = source_at(site(), "file:///x", code="S")
    day = DAY + timedelta(days=10)
    cases = {"fresh": 0.5, "second": 1.5, "third": 2.5, "fourth": 3.5}
    for name, years in cases.items():
        record_in(where, name, ended_at=NOW - timedelta(days=int(365.25 * years)))
    Record.objects.filter(external_id="fourth").update(state=RecordState.BACKED_UP)
    longer = {(one.kind, one.month.year): one for one in schedule_simulate(row(valid_from=day))}
    assert sum(one.kept_longer for one in longer.values()) == 1  # two years and a half
    assert not any(one.destroyable or one.backup_later or one.backup_sooner for one in longer.values())
    later = schedule_simulate(row(valid_from=day, backup_after_years=2, channel="voice"))
    assert [one.backup_later for one in later if one.backup_later] == [1]
    assert not schedule_simulate(row(valid_from=day, channel="email"))
    keep(valid_from=date(2026, 1, 1), delete_after_years=5)
    sooner = schedule_simulate(row(valid_from=day, delete_after_years=2))
    assert sum(one.destroyable for one in sooner) == 2
    assert sum(one.kept_longer for one in sooner) == 0
    assert Schedule.objects.filter(valid_from=day).count() == 0


@pytest.mark.django_db
@pytest.mark.parametrize("seed", range(6))
def test_ages_and_bounds_say_the_same_as_each_record_s_own_row(seed: int) -> None:
    """Random schedules, records at the edges of their periods: three ways of asking, one answer."""
    draw = random.Random(seed)
    first_rows()
    lines = [(k, ch, cl) for k in ("recording", "chat") for ch in ("", "voice", "video") for cl in ("", "A", "B")]
    for kind, channel, client in draw.sample(lines, 9):
        for valid_from in draw.sample([date(2018, 1, 1), date(2022, 2, 28), DAY, DAY + timedelta(days=1)], 2):
            years = draw.randint(1, 4)
            keep(record_kind=kind, channel=channel, client=client, valid_from=valid_from, backup_after_years=years,
                 delete_after_years=years + draw.randint(1, 3))  # fmt: skip
    for number, (kind, client) in enumerate((k, c) for k in ("recording", "chat") for c in ("", "A", "B", "C")):
        where = source_at(site(), "file:///x", code=f"S{number}", client=client, record_kind=kind)
        for channel in ("voice", "video", "email"):
            edge = end_of_day(anniversary(DAY, -draw.randint(1, 6)), JAKARTA)
            for seconds in (-1, 0, -86_400, draw.randint(-700, 700) * 86_400):
                record_in(where, channel=channel, ended_at=edge + timedelta(seconds=seconds))
    records = list(Record.objects.select_related("source"))
    rules, bounds = rules_on(DAY), due_bounds(DAY)
    for age in ("backup_after_years", "delete_after_years"):
        own = {
            one.pk for one in records
            if may_go_on(one.ended_at, JAKARTA, getattr(rule_of(one, rules), age)) <= DAY
        }  # fmt: skip
        assert 0 < len(own) < len(records)
        asked: set[int] = set()
        for kind in ("recording", "chat"):
            older = past(rules_of(kind, DAY), age, DAY, JAKARTA)
            asked |= set(Record.objects.filter(older, kind=kind).values_list("pk", flat=True))
        assert asked == own
    destroyable = {
        pk for bound in bounds
        for pk in Record.objects.filter(bound.among, ended_at__lt=bound.delete_before).values_list("pk", flat=True)
    }  # fmt: skip
    assert destroyable == own


@pytest.mark.django_db
def test_who_may_change_it_and_from_when() -> None:
    manager = user(Role.MANAGER)
    values = {"record_kind": "chat", "channel": "", "client": "", "valid_from": DAY + timedelta(days=1),
              "backup_after_years": 1, "delete_after_years": 5, "basis": "Kontrak",
              "reason": "Diminta client"}  # fmt: skip
    for wrong, field in (
        ({"valid_from": DAY}, "valid_from"), ({"delete_after_years": 1}, "delete_after_years"),
        ({"backup_after_years": 0}, "delete_after_years"), ({"reason": " "}, "reason"),
    ):  # fmt: skip
        with pytest.raises(Invalid) as refusal:
            schedule_set(values=values | wrong, actor=manager, now=NOW)
        assert refusal.value.field == field
    for other in (user(Role.COORDINATOR, site()), user(Role.IT), user(Role.MANAGER, site())):
        with pytest.raises(NotAllowed):
            schedule_set(values=values, actor=other, now=NOW)
    made = schedule_set(values=values, actor=manager, now=NOW)
    assert schedule_for("chat", "voice", "", DAY + timedelta(days=1)) == made
    assert schedule_for("chat", "voice", "", DAY) != made
    with pytest.raises(Invalid):
        schedule_set(values=values, actor=manager, now=NOW)


@pytest.mark.django_db
def test_the_page_counts_first_and_sets_only_what_was_shown(client: Client) -> None:
    record_in(source_at(site(), "file:///x", code="S"), ended_at=NOW - timedelta(days=900))
    client.force_login(user(Role.MANAGER))
    url = "/retention/schedule/"
    given = {"record_kind": "recording", "channel": "", "client": "", "valid_from": "2099-01-01",
             "backup_after_years": "1", "delete_after_years": "90", "basis": "K", "reason": "R"}  # fmt: skip
    page = client.post(url, given)
    assert page.status_code == 200
    assert page.context["totals"]["kept_longer"] == 1
    assert not Schedule.objects.filter(valid_from=date(2099, 1, 1)).exists()
    token = page.context["token"]
    client.post(url, given | {"confirm": token[:-2] + "xx"})
    other = Client()
    other.force_login(user(Role.ADMINISTRATOR))
    other.post(url, {"confirm": token})
    assert not Schedule.objects.filter(valid_from=date(2099, 1, 1)).exists()
    assert client.post(url, {"confirm": token}).status_code == 302
    assert Schedule.objects.get(valid_from=date(2099, 1, 1)).delete_after_years == 90
    assert client.post(url, given).status_code == 422
    other.force_login(user(Role.AUDITOR))
    assert other.get(url).status_code == 200
    assert other.post(url, given).status_code == 403
    assert Record.objects.filter(Q(kind="recording")).count() == 1
