"""The database and the pages mean the same by "held" (RET-12), and a hold that was confirmed is not overtaken."""

from __future__ import annotations

import threading
from datetime import UTC, datetime, timedelta
from pathlib import Path
from typing import Any

import pytest
from django.db import connection, connections, transaction
from django.db.models import Exists
from hypothesis import given, settings
from hypothesis import strategies as st

from retention.models import Hold, HoldRecord, Proposal, Record, Tombstone
from retention.services import disposing
from retention.services.holds import HOLD_LOCK, hold_was_set
from tests import factories
from tests.retention.disposal import NOW, Dead, dead
from tests.retention.meddling import past_the_triggers

pytestmark = pytest.mark.req("RET-9")
T0 = datetime(2024, 3, 1, tzinfo=UTC)
hours = st.one_of(st.none(), st.integers(-3, 3))


@pytest.mark.django_db
@settings(max_examples=60, deadline=None)
@given(
    kind=st.sampled_from(["", "recording", "chat"]), agent=st.sampled_from([None, 0, 1]),
    mark=st.sampled_from(["", "m1", "m2"]), first=hours, last=hours, named=st.sampled_from([None, True, False]),
    until=hours, lifted=st.booleans(), other_site=st.booleans(), whose=st.sampled_from([None, 0, 1]),
    record_mark=st.sampled_from(["", "m1"]),
)  # fmt: skip
def test_both_agree(tmp_path: Path, **facts: Any) -> None:
    with transaction.atomic():
        _agree(tmp_path, **facts)
        transaction.set_rollback(True)


def _agree(
    tmp_path: Path, *, kind: str, agent: int | None, mark: str, first: int | None, last: int | None,
    named: bool | None, until: int | None, lifted: bool, other_site: bool, whose: int | None, record_mark: str,
) -> None:  # fmt: skip
    world = dead(tmp_path, count=1)
    people = [factories.person(world.site) for _one in range(2)]
    one = world.records[0]
    with past_the_triggers():
        Record.objects.filter(pk=one.pk).update(
            agent=people[whose] if whose is not None else None, customer_mark=record_mark, started_at=T0,
            ended_at=T0 + timedelta(hours=1),
        )  # fmt: skip
    day = T0.date()
    begins, ends = (T0 + timedelta(hours=n) if n is not None else None for n in (first, last))
    if begins and ends and ends < begins:
        begins, ends = ends, begins
    needs_scope = not (named is not None or agent is not None or mark or begins or ends)
    hold = Hold.objects.create(
        number="H", reason="audit", note="x", site=factories.site("YGY") if other_site else world.site, kind=kind,
        agent=people[agent] if agent is not None else None, customer_mark=mark, named=named is not None or needs_scope,
        first_day=begins.date() if begins else None, last_day=ends.date() if ends else None, begins_at=begins,
        ends_at=ends, until=day + timedelta(days=until) if until is not None else None, set_by=world.leader, set_at=T0,
        **({"lifted_at": T0, "lifted_by": world.leader, "lifted_because": "x"} if lifted else {}),
    )  # fmt: skip
    if named:
        HoldRecord.objects.create(hold=hold, record=one)
    said = Record.objects.annotate(held=Exists(Hold.objects.in_force(day).covering())).get(pk=one.pk).held
    with connection.cursor() as cursor:
        cursor.execute("SELECT retention_held(%s, %s)", [one.pk, day])
        assert cursor.fetchone()[0] == said


@pytest.fixture
def live(tmp_path: Path, live_floor: Any) -> Dead:
    return dead(tmp_path, count=40, in_pack=10)


def set_hold(world: Dead, lock: bool, waiting: threading.Event, result: dict[str, Any]) -> None:
    """As the service that sets a hold does it; what was gone when it was confirmed is in `result`."""
    try:
        with transaction.atomic():
            waiting.set()
            if lock:
                connection.cursor().execute("SELECT pg_advisory_xact_lock(%s)", [HOLD_LOCK])
            hold = Hold.objects.create(
                number="RACE", reason="police", note="x", site=world.site, kind="recording", first_day=T0.date(),
                begins_at=T0 - timedelta(days=4000), set_by=world.coordinator, set_at=NOW,
            )  # fmt: skip
            hold_was_set.send(sender=Hold, hold=hold, actor=world.coordinator, now=NOW)
        result["destroyed"] = Tombstone.objects.count()
        result["files"] = len(world.files)
    finally:
        connections.close_all()


@pytest.mark.django_db(transaction=True)
@pytest.mark.parametrize("lock", [True, False])
def test_a_hold_that_was_confirmed_is_not_overtaken(live: Dead, lock: bool, monkeypatch: pytest.MonkeyPatch) -> None:
    """With the lock taken out the race is real: files go after the hold was confirmed."""
    proposal = live.executing()
    monkeypatch.setattr(disposing, "PART", 10)
    delete, waiting, result = disposing._delete, threading.Event(), {}
    thread = threading.Thread(target=set_hold, args=(live, lock, waiting, result))

    def meanwhile(lines: list[disposing.looking.Line]) -> dict[int, str]:
        if not thread.ident:
            thread.start()
            waiting.wait(10)
            thread.join(1 if lock else 30)  # with the lock it waits for this part to be over
        return delete(lines)

    monkeypatch.setattr(disposing, "_delete", meanwhile)
    live.run(proposal)
    thread.join(30)
    proposal = Proposal.objects.get(pk=proposal.pk)
    gone_after = result["files"] - len(live.files)
    if not lock:
        assert gone_after > 0
        return
    assert gone_after == 0 and result["destroyed"] == Tombstone.objects.count() == 10
    assert proposal.items.filter(state="pulled").count() == 30 and proposal.status == "destroyed"
