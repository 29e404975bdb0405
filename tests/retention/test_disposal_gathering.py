"""What may stand on a list for destruction, to the day, and what keeps a record off it (RET-7)."""

from __future__ import annotations

from datetime import date, datetime, timedelta
from pathlib import Path
from zoneinfo import ZoneInfo

import pytest

from occ.errors import Invalid
from occ.people.models import Site
from retention.choices import ItemState, RecordState, Result
from retention.models import Copy, Record
from retention.services import destroyable
from retention.services.proposals import condition_say, held_pull, proposal_submit
from tests.retention.disposal import NOW, Dead, dead
from tests.retention.meddling import past_the_triggers

pytestmark = [pytest.mark.django_db, pytest.mark.req("RET-7")]


@pytest.fixture
def world(tmp_path: Path) -> Dead:
    return dead(tmp_path)


def listed(world: Dead, now: datetime = NOW) -> set[int]:
    try:
        proposal = world.proposal(now=now)
    except Invalid:
        return set()
    found = set(proposal.items.values_list("record_id", flat=True))
    assert proposal.items_count == len(found) and all(one.reason for one in proposal.items.all())
    return found


def standing(world: Dead) -> list[int]:
    """May be proposed, held, not backed up, not verified, listed, refused until later, not deletable."""
    today = NOW.astimezone(world.site.zone).date()
    return list(destroyable.standing(site=world.site, kind="recording", day=today).values())


@pytest.mark.parametrize(
    ("ended", "first"),  # the end of the conversation in Jakarta, and the first day on which it may be proposed
    [
        ("2023-11-20T00:00:00", "2025-11-21"), ("2023-11-20T23:59:59.999", "2025-11-21"),
        ("2023-11-21T00:00:00", "2025-11-22"), ("2024-02-28T12:00:00", "2026-03-01"),
        ("2024-02-29T23:59:59", "2026-03-01"), ("2024-03-01T00:00:00", "2026-03-02"),
        ("2023-12-31T23:59:59", "2026-01-01"), ("2024-01-01T00:00:00", "2026-01-02"),
    ],
)  # fmt: skip
def test_two_whole_years_from_its_end_on_the_sites_calendar(world: Dead, ended: str, first: str) -> None:
    zone, day = ZoneInfo("Asia/Jakarta"), date.fromisoformat(first)
    at = datetime.fromisoformat(ended).replace(tzinfo=zone)
    with past_the_triggers():
        Record.objects.update(ended_at=at, started_at=at - timedelta(minutes=1))
    before = datetime.combine(day - timedelta(days=1), datetime.max.time(), zone)
    assert listed(world, before) == set()
    assert listed(world, datetime.combine(day, datetime.min.time(), zone)) == {one.pk for one in world.records}


@pytest.mark.parametrize("result", [Result.FAILED, Result.NOT_RUN])
def test_what_keeps_a_record_off_the_list(world: Dead, result: str) -> None:
    free, held, bare, *unread = world.records  # the last three lie in a package of their own
    world.hold(held)
    Record.objects.filter(pk=bare.pk).update(state=RecordState.CATALOGUED)
    Copy.objects.filter(pack__packed__record=unread[0]).update(result=result)
    other = type(world.source).objects.create(
        code="KEEP", name="Keeps", kind="directory", url="file:///nowhere", record_kind="recording", site=world.site,
        channel="voice", pattern="(?P<id>.+)", may_delete=False,
    )  # fmt: skip
    with past_the_triggers():
        Record.objects.filter(pk=unread[2].pk).update(source=other)
    assert standing(world) == [1, 1, 1, 3, 0, 0, 1]
    Copy.objects.update(result=Result.OK)
    assert standing(world) == [3, 1, 1, 0, 0, 0, 1]
    assert listed(world) == {free.pk, *(one.pk for one in unread[:2])}


def test_one_bad_copy_of_two_is_enough_to_keep_it(world: Dead) -> None:
    second = type(world.store).objects.create(code="SECOND", name="Second", kind="directory", url="file:///second")
    for one in Copy.objects.all():
        Copy.objects.create(pack=one.pack, store=second, checked_at=NOW, result=Result.FAILED)
    assert listed(world) == set()
    Copy.objects.filter(store=second).update(result=Result.OK)
    assert listed(world) == {one.pk for one in world.records}


def test_what_was_waived_may_go_without_a_backup(world: Dead) -> None:
    one = world.records[0]
    Record.objects.exclude(pk=one.pk).update(state=RecordState.CATALOGUED)
    Record.objects.filter(pk=one.pk).update(state=RecordState.WAIVED)
    assert listed(world) == {one.pk}


def test_nothing_stands_on_two_lists_and_what_was_refused_waits_for_its_day(world: Dead) -> None:
    first = world.submitted()
    line = first.items.order_by("position")[0]
    assert standing(world)[0] == 0 and standing(world)[4] == 6
    again = NOW + timedelta(days=30)
    world.decide(first, refused={line.pk}, reason="Masih dipakai", again_on=again.astimezone(world.site.zone).date())
    with pytest.raises(Invalid):  # the others are still on the list that was approved
        world.proposal()
    assert standing(world)[5] == 1
    assert listed(world, NOW + timedelta(days=29)) == set()
    assert listed(world, again) == {line.record_id}


def test_another_sites_records_and_another_kind_stay_away(world: Dead, tmp_path: Path) -> None:
    there = dead(tmp_path / "there", code="YGY")
    assert listed(world) == {one.pk for one in world.records}
    with past_the_triggers():
        Record.objects.filter(site=there.site).update(kind="chat")
    assert listed(there) == set()
    assert Site.objects.count() == 2


def test_a_hold_on_a_draft_takes_its_lines_out_and_the_rest_is_put_before_the_client(world: Dead) -> None:
    draft = world.vouched()
    first, second = draft.items.order_by("position")[:2]
    hold = world.hold(first.record, second.record)
    assert held_pull(hold=hold, actor=world.coordinator, now=NOW) == 2
    draft.refresh_from_db()
    assert draft.items_count == len(world.records) - 2 == draft.items.filter(live=True).count()
    assert draft.bytes_count == sum(one.record.size for one in draft.items.filter(live=True))
    for key in ("law", "case"):  # said of the list with them in it
        condition_say(proposal_id=draft.pk, key=key, note="Diperiksa lagi", actor=world.control, now=NOW)
    asked = proposal_submit(proposal_id=draft.pk, actor=world.leader, now=NOW)
    live = asked.items.filter(live=True).order_by("position").values_list("position", flat=True)
    assert list(live) == list(range(1, len(world.records) - 1)) and asked.items_count == len(live)
    out = asked.items.filter(live=False).values_list("state", flat=True)
    assert set(out) == {ItemState.PULLED} and len(out) == 2
