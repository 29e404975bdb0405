"""The deadline of SOP-UID 5.1: pure, and with all its edges (UID-4)."""

from __future__ import annotations

from datetime import UTC, date, datetime, timedelta
from zoneinfo import ZoneInfo

import pytest
from django.test import Client

from occ.errors import Invalid
from occ.obligations.models import Obligation, State
from occ.obligations.sweep import sweep
from occ.people import shifts
from tests.factories import DAY, NOW, Floor
from userids.deadlines import clock_start, deactivation_due
from userids.models import Account, BreachReview, DeactivationRequest
from userids.services import accounts, breach_reviews, deactivations
from userids.services.deactivations.clocks import clocks

WIB = ZoneInfo("Asia/Jakarta")
DAY_LONG = timedelta(hours=24)
pytestmark = [pytest.mark.req("UID-4", "KER-6"), pytest.mark.usefixtures("only_user_ids")]


def wib(*parts: int) -> datetime:
    return datetime(*parts, tzinfo=WIB)  # type: ignore[arg-type, misc]


@pytest.mark.parametrize(
    ("last_day", "due"),
    [
        (date(2026, 11, 20), wib(2026, 11, 22)),
        (date(2026, 11, 30), wib(2026, 12, 2)),  # month end
        (date(2028, 2, 28), wib(2028, 3, 1)),  # 29 February lies between
        (date(2028, 2, 29), wib(2028, 3, 2)),
        (date(2026, 12, 31), wib(2027, 1, 2)),  # year end
    ],
)
def test_without_a_roster_the_day_ends_at_midnight_at_the_site(last_day: date, due: datetime) -> None:
    assert deactivation_due(last_day, WIB, None, DAY_LONG) == due
    assert clock_start(last_day, WIB, None) == due - DAY_LONG


@pytest.mark.parametrize("minutes", [23 * 60 + 59, 24 * 60, 24 * 60 + 1, 24 * 60 + 6 * 60 + 59, 24 * 60 + 7 * 60])
def test_the_last_shift_starts_the_clock_also_when_it_ends_next_morning(minutes: int) -> None:
    """23:59, 00:00, 00:01, 06:59 and 07:00 WIB."""
    shift_ends = wib(2026, 11, 20) + timedelta(minutes=minutes)
    assert clock_start(date(2026, 11, 20), WIB, shift_ends) == shift_ends
    assert deactivation_due(date(2026, 11, 20), WIB, shift_ends, DAY_LONG) == shift_ends + DAY_LONG


def test_other_zones_have_other_midnights() -> None:
    jayapura = ZoneInfo("Asia/Jayapura")
    assert deactivation_due(DAY, jayapura, None, DAY_LONG) == datetime(2026, 11, 21, 15, tzinfo=UTC)


def test_the_roster_is_asked_where_there_is_one(floor: Floor) -> None:
    ends = wib(2026, 11, 21, 7)
    provider = lambda person, day: shifts.ShiftEnd(ends, "roster uji") if person == floor.agent and day == DAY else None  # noqa: E731
    shifts.register_last_shift(provider)
    try:
        floor.resign()
        assert [one.why for one in clocks(floor.request)] == [
            "Akhir shift terakhir, pukul 07:00 tanggal 21 November 2026, menurut roster uji."
        ]
    finally:
        shifts.unregister_last_shift(provider)
    assert "ketika ini dihitung" in clocks(floor.request)[0].why, "what the roster says now is not what it said then"
    assert (floor.request.starts_at, floor.request.due_at) == (ends, ends + DAY_LONG)


def duty() -> Obligation:
    return Obligation.objects.get(rule="userids.deactivate")


def test_recorded_after_its_own_deadline_it_is_breached_at_once(floor: Floor) -> None:
    floor.resign(date(2026, 11, 1), now=NOW)
    assert (duty().breached_at, duty().cause) == (duty().due_at, "late_notice")


def test_in_time_there_is_no_cause(floor: Floor) -> None:
    floor.resign()
    assert (duty().breached_at, duty().cause) == (None, "")


def test_moving_the_day_moves_the_deadline_and_keeps_the_old_one(floor: Floor) -> None:
    resignation = floor.resign()
    was = duty().due_at
    deactivations.resignation_move(
        resignation_id=resignation.pk, last_working_day=date(2026, 11, 27), note="Serah terima.", actor=floor.support,
        now=NOW,
    )  # fmt: skip
    assert duty().due_at == wib(2026, 11, 29) == floor.request.due_at
    moved = duty().events.get(kind="moved")
    assert datetime.fromisoformat(moved.data["was"]) == was
    assert floor.request.history.count() == 3  # opened, requested, moved


def test_withdrawing_ends_it_without_counting(floor: Floor) -> None:
    resignation = floor.resign(date(2026, 11, 1), now=NOW)
    deactivations.resignation_withdraw(resignation_id=resignation.pk, note="Tetap.", actor=floor.support, now=NOW)
    assert duty().state == State.CANCELLED
    assert not Obligation.objects.breached().exists()
    floor.agent.refresh_from_db()
    assert floor.agent.last_working_day is None
    assert floor.request.status == "cancelled"


def test_editing_anything_else_never_moves_it(floor: Floor) -> None:
    floor.resign()
    was = duty().due_at
    accounts.account_edit(
        account_id=floor.account.pk, role="Senior", channels=["chat"], remarks="x", note="naik", actor=floor.support,
        now=NOW,
    )  # fmt: skip
    deactivations.deactivation_start(request_id=floor.request.pk, actor=floor.leader, now=NOW)
    deactivations.deactivation_fail(request_id=floor.request.pk, note="galat", actor=floor.leader, now=NOW)
    assert duty().due_at == was == floor.request.due_at


def test_the_evidence_ends_the_clock_and_not_the_click(floor: Floor) -> None:
    floor.resign()
    due = duty().due_at
    click, shown = due + timedelta(hours=5), due - timedelta(minutes=1)
    deactivations.deactivation_start(request_id=floor.request.pk, actor=floor.leader, now=click)
    confirm = {"request_id": floor.request.pk, "inactive_since": shown, "actor": floor.leader, "now": click}
    with pytest.raises(Invalid, match="berkas"):
        deactivations.deactivation_confirm(**confirm, evidence={"text": "log"})
    deactivations.deactivation_confirm(**confirm, evidence={"text": "log", "attachment": "x"})
    assert (duty().fulfilled_at, duty().closed_at, duty().breached_at) == (shown, click, duty().due_at)
    assert not duty().on_time  # until the coordinator says that it was none
    review = BreachReview.objects.get()
    breach_reviews.review_void(review_id=review.pk, note="log aplikasi", actor=floor.coordinator, now=click)
    assert duty().on_time
    assert not floor.request.late
    assert (floor.request.inactive_since, floor.request.confirmed_at) == (shown, click)
    account = Account.objects.get(pk=floor.account.pk)
    assert (account.status, account.deactivated_at) == ("inactive", shown)


def shut(request: DeactivationRequest, floor: Floor, now: datetime, **more: object) -> None:
    deactivations.deactivation_start(request_id=request.pk, actor=floor.leader, now=now)
    given = {"evidence": {"text": "x"}} | more
    deactivations.deactivation_confirm(request_id=request.pk, actor=floor.leader, now=now, **given)  # type: ignore[arg-type]


@pytest.mark.req("UID-7")
@pytest.mark.parametrize("documented", [False, True])
def test_a_breach_that_is_over_is_not_moved_away(floor: Floor, documented: bool) -> None:
    resignation = floor.resign()
    due = floor.request.due_at
    shut(floor.request, floor, due + timedelta(hours=2))
    if documented:
        deactivations.deactivation_document(request_id=floor.request.pk, actor=floor.support, now=due + DAY_LONG)
    deactivations.resignation_move(
        resignation_id=resignation.pk, last_working_day=date(2026, 12, 20), note="x", actor=floor.support,
        now=due + 2 * DAY_LONG,
    )  # fmt: skip
    request = floor.request
    assert (request.due_at, request.last_working_day, request.late) == (due, DAY, True)
    assert (duty().due_at, duty().breached_at, duty().on_time) == (due, due, False)
    assert duty() in Obligation.objects.breached()


@pytest.mark.req("UID-7")
def test_an_open_breach_stays_and_the_new_deadline_counts(floor: Floor) -> None:
    resignation = floor.resign()
    due = floor.request.due_at
    sweep(now=due)
    deactivations.resignation_move(
        resignation_id=resignation.pk, last_working_day=date(2026, 12, 20), note="x", actor=floor.support,
        now=due + DAY_LONG,
    )  # fmt: skip
    assert (floor.request.due_at, duty().due_at, duty().breached_at) == (wib(2026, 12, 22), wib(2026, 12, 22), due)
    shut(floor.request, floor, due + 2 * DAY_LONG)
    assert (duty().breached_at, duty().on_time) == (due, False)
    client = Client()
    client.force_login(floor.coordinator)
    assert floor.account.user_id in client.get("/userids/breaches/").content.decode()
    review = BreachReview.objects.get()
    breach_reviews.review_void(review_id=review.pk, note="x", actor=floor.coordinator, now=due + 3 * DAY_LONG)
    assert (duty().breached_at, duty().on_time) == (None, True)


@pytest.mark.req("UID-3")
@pytest.mark.parametrize("minutes", [60, 61])
def test_words_alone_do_not_show_what_was_long_ago(floor: Floor, minutes: int) -> None:
    floor.resign()
    click = floor.request.due_at - timedelta(hours=3)
    more = {"inactive_since": click - timedelta(minutes=minutes)}
    if minutes > 60:
        with pytest.raises(Invalid, match="berkas"):
            shut(floor.request, floor, click, **more)
        assert floor.request.status == "in_progress"
    else:
        shut(floor.request, floor, click, **more)
        assert duty().on_time and not BreachReview.objects.exists()
