"""What was so on a day stays so: a change dated from a day on alters no answer for the days before it (SDM-1)."""

from __future__ import annotations

from datetime import date, datetime, timedelta
from typing import Any

import pytest
from django.db import IntegrityError, transaction
from django.test import Client
from django.urls import reverse
from hypothesis import given, settings
from hypothesis import strategies as st

from occ.errors import Invalid, NotAllowed, Refused, WrongState
from occ.obligations.models import Obligation
from occ.people.choices import LeavingReason, Role
from occ.people.lifecycle import announce_left, joined, moved, person_leave, person_stay
from occ.people.models import Person, Team, User
from occ.times import JAKARTA
from sdm.choices import Began, Standing
from sdm.deadlines import age_on, tenure
from sdm.models import Employee, Placement
from sdm.services import employees, placements
from sdm.services.employments import Terms
from tests.factories import DAY, NOW, Floor, account, user
from tests.sdm.conftest import Hire, hiring
from userids.models import DeactivationRequest

pytestmark = pytest.mark.req("SDM-1")
FIRST = date(2025, 1, 1)


def noon(day: date) -> datetime:
    return datetime(day.year, day.month, day.day, 12, tzinfo=JAKARTA)


def answers(days: list[date], reader: User | None = None) -> list[Any]:
    """Who was where, under whom, in which team and by which contract, on each of the days."""
    found = []
    for day in days:
        rows = Employee.objects.visible_to(reader, on=day) if reader else Employee.objects.all()
        for one in rows.as_of(day).order_by("pk"):
            place, contract = one.place, one.contract
            assert place is not None
            found.append((
                day, one.pk, place.site.code, place.position, place.leader_id, one.team and one.team.code,
                contract and contract.starts_on,
            ))  # fmt: skip
    return found


deeds = st.lists(
    st.tuples(
        st.sampled_from(["transfer", "leave", "stay", "contract", "rejoin", "time"]),
        st.integers(0, 40), st.booleans(), st.integers(0, 1),
    ),
    min_size=1, max_size=5,
)  # fmt: skip


@pytest.mark.timeout(400)
@given(deeds)
@settings(max_examples=8, deadline=None)
def test_no_change_alters_an_answer_for_a_day_before_it(db: None, done: list[tuple[str, int, bool, int]]) -> None:
    with transaction.atomic():
        _live_through(done)
        transaction.set_rollback(True)


def _live_through(done: list[tuple[str, int, bool, int]]) -> None:
    from tests.factories import floor as make_floor

    floor = make_floor()
    hr, reader = user(Role.HR_RELATIONS), user(Role.COORDINATOR, floor.jkt)
    one = hiring(floor, hr)(team=floor.team)
    teams = {"JKT": floor.team, "YGY": Team.objects.create(code="YGY-A", name="Tim Y", site=floor.ygy)}
    today = DAY
    days = [FIRST - timedelta(days=1), FIRST, *(DAY + timedelta(days=n) for n in (0, 1, 9, 33))]
    for what, ahead, west, team in done:
        on = today + timedelta(days=ahead)
        site = floor.ygy if west else floor.jkt
        before = [day for day in days if day < on]
        seen = (answers(before), answers(before, reader))
        common: dict[str, Any] = {"actor": hr, "now": noon(today)}
        try:
            with transaction.atomic():
                if what == "transfer":
                    placements.person_transfer(
                        person_id=one.pk, on=on, site=site, position="Agent", leader=None, note="x",
                        team=teams[site.code] if team else None, **common,
                    )  # fmt: skip
                elif what == "leave":
                    person_leave(person_id=one.pk, last_working_day=on, reason=LeavingReason.RESIGNATION, **common)
                elif what == "stay":
                    before = [day for day in before if day <= (Person.objects.get(pk=one.pk).last_working_day or on)]
                    seen = (answers(before), answers(before, reader))
                    person_stay(person_id=one.pk, note="x", **common)
                elif what == "rejoin":
                    employees.employee_rejoin(
                        person_id=one.pk, on=on, position="Agent", site=site,
                        contract=Terms("pkwt", on, on + timedelta(days=60)) if team else None, **common,
                    )  # fmt: skip
                elif what == "time":
                    today = on
                    announce_left(now=noon(today))
                    placements.placements_take_effect(now=noon(today))
                    continue
        except Refused:
            assert (answers(before), answers(before, reader)) == seen
            continue
        if what == "leave":  # moved to a later day, the days until then are no longer those of a leaver
            previous = [row for row in seen[0] if row in answers(before)]
            assert previous == seen[0]
        else:
            assert (answers(before), answers(before, reader)) == seen, what


def test_a_transfer_to_come_takes_effect_on_its_day_and_is_told_once(floor: Floor, hr: User, hire: Hire) -> None:
    one, heard = hire(), []
    receiver = lambda **sent: heard.append((sent["previous"].site.code, sent["on"]))  # noqa: E731
    moved.connect(receiver)
    try:
        on = DAY + timedelta(days=3)
        placements.person_transfer(
            person_id=one.pk, on=on, site=floor.ygy, position="Agent", team=None, leader=None, actor=hr, now=NOW
        )
        midnight = noon(on) - timedelta(hours=12)
        for at in (midnight - timedelta(seconds=1), midnight, midnight, midnight + timedelta(days=9)):
            placements.placements_take_effect(now=at)
            assert Person.objects.get(pk=one.pk).site == (floor.jkt if at < midnight else floor.ygy)
    finally:
        moved.disconnect(receiver)
    assert heard == [("JKT", on)]


def test_two_beats_at_once_bring_a_transfer_about_once(live_floor: Floor) -> None:
    from tests.userids.test_ladder import in_threads

    hr = user(Role.HR_RELATIONS)
    one = hiring(live_floor, hr)()
    placements.person_transfer(
        person_id=one.pk, on=DAY + timedelta(days=1), site=live_floor.ygy, position="Agent", team=None, leader=None,
        actor=hr, now=NOW,
    )  # fmt: skip
    done = in_threads(3, lambda: placements.placements_take_effect(now=NOW + timedelta(days=5)))
    assert sorted(done) == [0, 0, 1]  # type: ignore[type-var]


def test_two_transfers_at_once_are_one_after_the_other(live_floor: Floor) -> None:
    from tests.userids.test_ladder import in_threads

    hr = user(Role.HR_RELATIONS)
    one = hiring(live_floor, hr)()

    def transfer() -> Any:
        return placements.person_transfer(
            person_id=one.pk, on=DAY, site=live_floor.ygy, position="Agent", team=None, leader=None, actor=hr, now=NOW
        )

    results = in_threads(2, transfer)
    assert sorted(type(one).__name__ for one in results) == ["Invalid", "Placement"]
    assert Placement.objects.filter(employee_id=one.pk).count() == 2


@pytest.mark.parametrize(("changes", "refusal", "code"), [
    ({"on": FIRST - timedelta(days=1)}, WrongState, None), ({"on": FIRST}, Invalid, "change_on_that_day"),
    ({"site": "jkt"}, Invalid, "nothing_changes"), ({"on": DAY - timedelta(days=2), "note": " "}, Invalid, None),
    ({"team": "own"}, Invalid, "team_of_other_site"), ({"leader": "self"}, Invalid, "own_leader"),
    ({"position": " "}, Invalid, None), ({"on": date(1980, 1, 1)}, Invalid, None),
])  # fmt: skip
def test_what_a_transfer_refuses(
    floor: Floor, hr: User, hire: Hire, changes: dict[str, Any], refusal: type[Refused], code: str | None
) -> None:
    one = hire()
    given: dict[str, Any] = {"on": DAY, "site": floor.ygy, "position": "Agent", "team": None, "leader": None}
    given |= {
        key: {"jkt": floor.jkt, "own": floor.team, "self": one.person}.get(value, value)
        for key, value in changes.items()
    }
    with pytest.raises(refusal) as refused:
        placements.person_transfer(person_id=one.pk, actor=hr, now=NOW, **({"note": ""} | given))
    assert code is None or refused.value.code == code
    assert Placement.objects.filter(employee_id=one.pk).count() == 1


def test_who_may_transfer(floor: Floor, hire: Hire) -> None:
    one, stranger = hire(), Team.objects.create(code="JKT-B", name="Tim B", site=floor.jkt)
    given: dict[str, Any] = {"person_id": one.pk, "on": DAY, "position": "Agent", "leader": None, "now": NOW}
    for actor, site in ((floor.support, floor.jkt), (floor.leader, floor.jkt), (floor.coordinator, floor.ygy),
                        (user(Role.HR_RELATIONS, floor.ygy), floor.ygy)):  # fmt: skip
        with pytest.raises(NotAllowed):
            placements.person_transfer(site=site, team=None, actor=actor, **given)
    placements.person_transfer(site=floor.jkt, team=stranger, actor=floor.coordinator, **given)
    assert one.person.team_on(DAY) == stranger


def test_a_correction_of_the_past_needs_hr_and_a_reason_and_is_kept(floor: Floor, hr: User, hire: Hire) -> None:
    one = hire()
    made = placements.person_transfer(
        person_id=one.pk, on=DAY - timedelta(days=10), site=floor.ygy, position="Agent", team=None, leader=None,
        note="terlambat", actor=hr, now=NOW,
    )  # fmt: skip
    right: dict[str, Any] = {
        "placement_id": made.pk, "starts_on": DAY - timedelta(days=12), "site": floor.ygy, "position": "Verifikator",
        "leader": None,
    }  # fmt: skip
    with pytest.raises(NotAllowed):
        placements.placement_correct(**right, note="salah", actor=floor.coordinator, now=NOW)
    with pytest.raises(Invalid):
        placements.placement_correct(**right, note=" ", actor=hr, now=NOW)
    with pytest.raises(Invalid):
        placements.placement_correct(**(right | {"starts_on": FIRST}), note="x", actor=hr, now=NOW)
    placements.placement_correct(**right, note="salah tanggal", actor=hr, now=NOW)
    rows = Placement.objects.filter(employee_id=one.pk).order_by("starts_on")
    assert [(row.starts_on, row.ends_on) for row in rows] == [
        (FIRST, DAY - timedelta(days=13)), (DAY - timedelta(days=12), None)
    ]  # fmt: skip
    assert Person.objects.get(pk=one.pk).position == "Verifikator"
    past = made.history.latest("history_id")
    assert (past.history_change_reason, past.history_user) == ("salah tanggal", hr)


def test_a_planned_transfer_is_withdrawn_and_what_held_goes_on(floor: Floor, hr: User, hire: Hire) -> None:
    one = hire(team=floor.team)
    planned = placements.person_transfer(
        person_id=one.pk, on=DAY + timedelta(days=5), site=floor.ygy, position="Agent", team=None, leader=None,
        actor=hr, now=NOW,
    )  # fmt: skip
    assert one.person.team_on(DAY + timedelta(days=5)) is None
    placements.placement_withdraw(placement_id=planned.pk, note="batal", actor=hr, now=NOW)
    (row,) = Placement.objects.filter(employee_id=one.pk)
    assert row.ends_on is None and one.person.team_on(DAY + timedelta(days=5)) == floor.team


def test_who_leaves_before_a_planned_transfer_is_not_transferred(floor: Floor, hr: User, hire: Hire) -> None:
    one = hire()
    placements.person_transfer(
        person_id=one.pk, on=DAY + timedelta(days=20), site=floor.ygy, position="Agent", team=None, leader=None,
        actor=hr, now=NOW,
    )  # fmt: skip
    last = DAY + timedelta(days=9)
    person_leave(person_id=one.pk, last_working_day=last, reason=LeavingReason.RESIGNATION, actor=hr, now=NOW)
    later = NOW + timedelta(days=30)
    announce_left(now=later)
    assert placements.placements_take_effect(now=later) == 0
    (row,) = Placement.objects.filter(employee_id=one.pk)
    assert row.ends_on == last
    assert Employee.objects.filter(pk=one.pk).placed_on(last).get().standing_on(last) is Standing.LEAVING
    assert not Employee.objects.as_of(last + timedelta(days=1)).filter(pk=one.pk).exists()


def test_somebody_who_left_comes_back_as_the_same_person(floor: Floor, hr: User, hire: Hire) -> None:
    """Two contracts in one month; the old leaving, resignation and last day stay in the records."""
    one, heard = hire(team=floor.team), []
    account(one.person, since=NOW - timedelta(days=20))
    receiver = lambda **sent: heard.append((sent["on"], sent["returned"]))  # noqa: E731
    joined.connect(receiver)
    last, back = DAY + timedelta(days=2), DAY + timedelta(days=8)
    leave: dict[str, Any] = {"person_id": one.pk, "reason": LeavingReason.RESIGNATION, "actor": hr}
    try:
        person_leave(last_working_day=last, now=NOW, **leave)
        again: dict[str, Any] = {"person_id": one.pk, "position": "Agent", "site": floor.ygy, "actor": hr}
        with pytest.raises(WrongState):
            employees.employee_rejoin(on=last, now=NOW, **again)
        terms = Terms("pkwt", back, back + timedelta(days=364))
        made = employees.employee_rejoin(on=back, contract=terms, now=NOW, **again)
        assert made.told_at is None and made.began == Began.RETURNED
        with pytest.raises(Invalid, match=r"kembali|come back"):
            person_leave(last_working_day=back, now=NOW, **leave)
        with pytest.raises(WrongState):
            person_stay(person_id=one.pk, note="x", actor=hr, now=NOW)
        placements.placements_take_effect(now=noon(back) - timedelta(days=1))
        assert Person.objects.get(pk=one.pk).last_working_day == last
        placements.placements_take_effect(now=noon(back))
    finally:
        joined.disconnect(receiver)
    person = Person.objects.get(pk=one.pk)
    assert (person.last_working_day, person.joined_on, person.site) == (None, back, floor.ygy)
    assert heard == [(back, True)]
    assert [one.ended_at is not None for one in person.resignations.all()] == [True]
    assert [row.ends_on for row in one.employments.order_by("starts_on")] == [last, back + timedelta(days=364)]
    assert not Employee.objects.as_of(last + timedelta(days=1)).filter(pk=one.pk).exists()
    person_leave(last_working_day=back + timedelta(days=30), now=noon(back), **leave)
    assert one.leavings.count() == person.resignations.count() == 2


@pytest.mark.req("KER-7")
def test_a_transfer_that_cannot_be_brought_about_is_shown_and_its_fellow_goes_on(
    floor: Floor, hr: User, hire: Hire, client: Client
) -> None:
    bad, good = hire(), hire()
    on = DAY + timedelta(days=1)
    for one in (bad, good):
        placements.person_transfer(
            person_id=one.pk, on=on, site=floor.ygy, position="Agent", team=None, leader=None, actor=hr, now=NOW
        )

    def refuse(person: Person, **sent: Any) -> None:
        if person.pk == bad.pk:
            raise Invalid("Belum boleh pindah.")

    moved.connect(refuse)
    try:
        assert placements.placements_take_effect(now=noon(on)) == 1
    finally:
        moved.disconnect(refuse)
    assert Placement.objects.get(employee_id=good.pk, starts_on=on).told_at is not None
    (stuck,) = Placement.objects.stuck()
    assert (stuck.employee_id, stuck.stuck_because) == (bad.pk, "Belum boleh pindah.")
    client.force_login(hr)
    for url in (reverse("home"), bad.get_absolute_url()):
        assert "Belum boleh pindah." in client.get(url).content.decode()
    client.force_login(floor.leader)
    assert "Belum boleh pindah." not in client.get(reverse("home")).content.decode()
    assert placements.placements_take_effect(now=noon(on)) == 1
    assert not Placement.objects.stuck().exists()


def test_moved_out_of_the_team_a_leavers_request_stays_at_its_site(floor: Floor, hr: User) -> None:
    floor.resign(DAY + timedelta(days=9), now=NOW)
    request = floor.request
    assert request.team == floor.team
    placements.person_transfer(
        person_id=floor.agent.pk, on=DAY + timedelta(days=1), site=floor.ygy, position="Agent", team=None, leader=None,
        actor=hr, now=NOW,
    )  # fmt: skip
    placements.placements_take_effect(now=NOW + timedelta(days=1))
    request = DeactivationRequest.objects.get(pk=request.pk)
    assert (request.site, request.team) == (floor.jkt, None)
    assert Obligation.objects.get(rule="userids.deactivate").team is None
    notice = floor.support.notifications.get(kind="userids.moved")
    assert floor.agent.number in notice.body


def test_scope_of_a_day_is_that_days_scope(floor: Floor, hr: User, hire: Hire) -> None:
    """Who was Jakarta's on a day is shown to Jakarta as of that day, and nothing of them today."""
    one = hire(nik="3171010101900001")
    placements.person_transfer(
        person_id=one.pk, on=DAY, site=floor.ygy, position="Agent", team=None, leader=None, actor=hr, now=NOW
    )
    client = Client()
    client.force_login(floor.coordinator)
    url, before = reverse("sdm:person", args=[one.pk]), (DAY - timedelta(days=1)).isoformat()
    assert client.get(url).status_code == 404
    page = client.get(url, {"as_of": before})
    assert page.status_code == 200 and "Yogyakarta" not in page.content.decode()
    assert client.get(url, {"as_of": (DAY + timedelta(days=1)).isoformat()}).status_code == 404
    listed = client.get(reverse("sdm:people"), {"as_of": before, "q": one.person.number}).content.decode()
    assert one.person.name in listed
    assert one.person.name not in client.get(reverse("sdm:people"), {"q": one.person.number}).content.decode()
    found = client.get(reverse("api:sdm-employee", args=[one.person.number]), {"as_of": before}).json()
    assert found["site"] == "JKT"
    assert client.get(reverse("api:sdm-employee", args=[one.person.number])).status_code == 404


@pytest.mark.parametrize(("day", "age"), [
    (date(2026, 2, 28), 25), (date(2026, 3, 1), 26), (date(2028, 2, 28), 27), (date(2028, 2, 29), 28),
])  # fmt: skip
def test_a_birthday_on_29_february(day: date, age: int) -> None:
    assert age_on(date(2000, 2, 29), day) == age


def test_days_employed_count_each_day_once_over_all_stints() -> None:
    stints: list[tuple[date, date | None]] = [(FIRST, date(2025, 1, 10)), (date(2025, 1, 21), None)]
    assert [tenure(stints, date(2025, 1, n)) for n in (1, 10, 15, 21, 31)] == [1, 10, 10, 11, 21]


def test_the_database_says_no(floor: Floor, hire: Hire) -> None:
    one = hire()
    for name, change in (("one_at_a_time", {"ends_on": None}), ("order", {"ends_on": date(2020, 1, 1)})):
        with pytest.raises(IntegrityError, match=name), transaction.atomic():
            Placement.objects.create(
                employee=one, site=floor.jkt, position="x", starts_on=DAY, began=Began.HIRED, **change
            )
    with pytest.raises(IntegrityError, match="not_oneself"), transaction.atomic():
        Placement.objects.filter(employee=one).update(leader=one.person)
    with pytest.raises(IntegrityError, match="nik_marked"), transaction.atomic():
        Employee.objects.filter(pk=one.pk).update(nik="3171010101900001")


@pytest.mark.parametrize("asked", ["2026-13-40", "kemarin", "9999-01-01"])
def test_a_day_that_cannot_be_read_is_said_on_the_persons_page(
    hire: Hire, hr: User, client: Client, asked: str
) -> None:
    url = hire().get_absolute_url()
    client.force_login(hr)
    said = "Hari yang diminta tidak terbaca."
    assert said in client.get(url, {"as_of": asked}).content.decode()
    assert said not in client.get(url, {"as_of": ""}).content.decode()
    assert said not in client.get(url, {"as_of": DAY.isoformat()}).content.decode()
