"""By SQL too: nothing is destroyed before its time; periods, holds and ages are not moved (RET-3, RET-8, RET-12)."""

from __future__ import annotations

from datetime import UTC, date, datetime, timedelta
from pathlib import Path
from typing import Any

import pytest
from django.db import IntegrityError, connection, transaction

from retention.choices import Channel
from retention.deadlines import anniversary
from retention.models import Hold, Item, Proposal, Record, Schedule
from retention.services import holds
from retention.services.schedule import rule_of, rules_on
from tests.retention.disposal import LATER, NOW, Dead, dead, make_records

pytestmark = [pytest.mark.django_db, pytest.mark.req("RET-8")]
DESTROY = (
    "UPDATE retention_record SET state = 'destroyed', customer = '', customer_mark = '',"
    " path = encode(sha256(path::bytea), 'hex') WHERE id = %s"
)


@pytest.fixture
def world(tmp_path: Path) -> Dead:
    return dead(tmp_path)


def refused(text: str, *values: Any) -> None:
    with connection.cursor() as cursor:
        cursor.execute("SET CONSTRAINTS ALL IMMEDIATE")
    with pytest.raises(IntegrityError) as caught, transaction.atomic(), connection.cursor() as cursor:
        cursor.execute(text, values)
    cause: Any = caught.value.__cause__
    assert cause.pgcode == "23514" and cause.diag.constraint_name is None, cause


def kept_until(one: Record) -> date:
    with connection.cursor() as cursor:
        cursor.execute("SELECT retention_kept_until(%s)", [one.pk])
        found: date = cursor.fetchone()[0]
        return found


def period(**given: Any) -> Schedule:
    facts: dict[str, Any] = {
        "record_kind": "recording", "valid_from": date(2001, 1, 1), "backup_after_years": 1, "delete_after_years": 2,
        "basis": "UU", "reason": "x", "set_at": NOW,
    }  # fmt: skip
    return Schedule.objects.create(**(facts | given))


def begun(world: Dead) -> Record:
    proposal = world.executing()
    line = proposal.items.order_by("position")[0]
    Item.objects.filter(pk=line.pk).update(state="started", started_at=LATER)
    assert line.record is not None
    return line.record


@pytest.mark.req("RET-3")
def test_what_must_be_kept_by_now_is_not_destroyed(world: Dead) -> None:
    one = begun(world)
    period(valid_from=(NOW + timedelta(days=1)).date(), delete_after_years=5)
    refused(DESTROY, one.pk)
    assert Proposal.objects.get().status == "executing"


@pytest.mark.req("RET-3")
def test_two_years_are_the_least(world: Dead) -> None:
    one = begun(world)
    (young,) = make_records(world, 1, 10, ended=NOW - timedelta(days=400), first=90)
    assert kept_until(young) == anniversary(young.ended_on, 2)
    with connection.cursor() as cursor:
        cursor.execute(DESTROY, [one.pk])  # which is three years old


@pytest.mark.req("RET-3")
@pytest.mark.parametrize(
    ("ended", "last"),
    [
        (datetime(2024, 2, 29, 10, tzinfo=UTC), date(2026, 2, 28)),
        (datetime(2024, 2, 28, 16, 59, 59, tzinfo=UTC), date(2026, 2, 28)),  # 23:59:59 in Jakarta
        (datetime(2024, 2, 28, 17, tzinfo=UTC), date(2026, 2, 28)),  # midnight of the 29th
        (datetime(2024, 2, 29, 17, tzinfo=UTC), date(2026, 3, 1)),
        (datetime(2023, 12, 31, 17, tzinfo=UTC), date(2026, 1, 1)),
    ],
)
def test_the_last_day_is_that_of_the_calendar_in_jakarta(world: Dead, ended: datetime, last: date) -> None:
    (one,) = make_records(world, 1, 10, ended=ended, first=90)
    assert kept_until(one) == last == anniversary(one.ended_on, 2)


@pytest.mark.req("RET-3")
def test_the_database_finds_the_period_that_the_services_find(world: Dead) -> None:
    world.source.client = "Pegadaian"
    world.source.save()
    period(delete_after_years=3)
    period(delete_after_years=4, channel="voice")
    period(delete_after_years=5, client="Pegadaian")
    period(delete_after_years=6, client="Pegadaian", channel="email")
    period(delete_after_years=9, client="Another", channel="voice")
    period(delete_after_years=9, valid_from=date(2999, 1, 1))
    for channel in Channel:
        Record.objects.filter(pk=world.records[0].pk).update(channel=channel)
        one = Record.objects.select_related("site", "source").get(pk=world.records[0].pk)
        years = rule_of(one, rules_on(NOW.date())).delete_after_years
        assert years == (6 if channel == "email" else 5) and kept_until(one) == anniversary(one.ended_on, years)


@pytest.mark.req("RET-3")
def test_a_period_is_not_rewritten(world: Dead) -> None:
    refused("UPDATE retention_schedule SET delete_after_years = 2, backup_after_years = 1")
    refused("DELETE FROM retention_schedule")
    refused("TRUNCATE retention_schedule CASCADE")


@pytest.mark.req("RET-1")
@pytest.mark.parametrize(
    "change",
    ["ended_at = ended_at - interval '2 years', started_at = started_at - interval '2 years'", "external_id = 'x'",
     "kind = 'chat'"],
)  # fmt: skip
def test_a_record_grows_no_older_than_it_is(world: Dead, change: str) -> None:
    refused(f"UPDATE retention_record SET {change} WHERE id = %s", world.records[0].pk)


@pytest.mark.req("RET-12")
@pytest.mark.parametrize(
    "change", ["named = true", "first_day = '2001-01-01', begins_at = now()", "customer_mark = 'x'", "kind = 'chat'",
               "until = '2001-01-01'", "set_at = now()"],
)  # fmt: skip
def test_a_hold_does_not_shrink(world: Dead, change: str) -> None:
    scope = holds.Scope(site=world.site, first_day=date(2000, 1, 1))
    holds.hold_set(scope=scope, reason="audit", note="x", until=None, actor=world.coordinator, now=NOW)
    refused(f"UPDATE retention_hold SET {change}")


@pytest.mark.req("RET-12")
def test_a_hold_of_named_records_names_them(world: Dead) -> None:
    held = world.hold(world.records[0], until=NOW.date() + timedelta(days=400))
    refused("UPDATE retention_holdrecord SET record_id = %s", world.records[1].pk)
    refused("UPDATE retention_hold SET until = until - 1")
    holds.hold_extend(hold_id=held.pk, until=None, note="x", actor=world.coordinator, now=NOW)
    holds.hold_lift(hold_id=held.pk, because="x", actor=world.coordinator, now=NOW)
    assert Hold.objects.get(pk=held.pk).lifted_at == NOW
