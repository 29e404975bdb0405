"""Agents' own roster: what they see, the swap of two shifts, and the calendar feed (RTM-1)."""

from __future__ import annotations

import re
import threading
from datetime import timedelta
from typing import Any

import pytest
from django.db import IntegrityError, connections, transaction
from django.test import Client
from icalendar import Calendar

from occ.errors import Invalid, NotAllowed, WrongState
from occ.notifications.models import Notification
from occ.people.models import Person, User
from occ.workflow.flows import FLOWS
from realtime.choices import SwapStatus
from realtime.models import CalendarFeed, Roster, RosterLine, ShiftSwap
from realtime.rostering.codes import codes_of
from realtime.rostering.versions import cells_of
from realtime.rotg.workflow import PROPOSAL, VIOLATION
from realtime.services import swaps
from realtime.services.calendars import calendar_of, feed_make, feed_owner, feed_revoke
from realtime.workflow import CHECK, HANDOVER, RECOVERY, ROSTER, SWAP
from tests.factories import NOW, Floor
from tests.realtime.rosters import DAYS, Plan, log_in_of, plan_of

pytestmark = pytest.mark.req("RTM-1")


@pytest.fixture
def plan(floor: Floor) -> Plan:
    made = plan_of(floor)
    sari, budi, tia = made.people
    made.published(
        (sari, DAYS[4], "P"),
        (budi, DAYS[4], "S"),
        (sari, DAYS[6], "OFF"),
        (budi, DAYS[6], "M"),
        (tia, DAYS[4], "CT"),
        (sari, DAYS[5], "M"),
    )
    return made


@pytest.fixture
def agents(plan: Plan) -> list[User]:
    return [log_in_of(one) for one in plan.people]


def ask(plan: Plan, who: User, other: Person, **fields: Any) -> ShiftSwap:
    given = {"day": DAYS[4], "other_id": other.pk, "other_day": DAYS[4], "reason": "keluarga", "actor": who, "now": NOW}
    return swaps.swap_ask(**(given | fields))


def codes(plan: Plan) -> dict[tuple[str, int], str]:
    roster = Roster.objects.published().get()
    names, known = {one.pk: one.name for one in plan.people}, codes_of(plan.floor.jkt)
    return {(names[person], day.day): known.shown(cell) for (person, day), cell in cells_of(roster).items()}


def test_asked_agreed_approved_and_published_at_once(plan: Plan, agents: list[User]) -> None:
    sari, budi, _tia = plan.people
    swap = ask(plan, agents[0], budi)
    assert Notification.objects.filter(user=agents[1], kind="realtime.swap_asked").exists()
    with pytest.raises(WrongState):
        swaps.swap_approve(swap_id=swap.pk, actor=plan.floor.leader, now=NOW)
    with pytest.raises(NotAllowed):
        swaps.swap_accept(swap_id=swap.pk, actor=agents[0], now=NOW)
    swaps.swap_accept(swap_id=swap.pk, actor=agents[1], now=NOW)
    assert Notification.objects.filter(user=plan.floor.leader, kind="realtime.swap_agreed").exists()
    with pytest.raises(NotAllowed):
        swaps.swap_approve(swap_id=swap.pk, actor=plan.wfm, now=NOW)
    done = swaps.swap_approve(swap_id=swap.pk, actor=plan.floor.leader, now=NOW)
    assert done.roster is not None
    assert (done.status, done.roster.version, done.roster.published_by) == ("approved", 2, plan.floor.leader)
    assert sari.name in done.roster.note
    now = codes(plan)
    assert (now[sari.name, 5], now[budi.name, 5], now[sari.name, 6]) == ("S", "P", "M")
    assert Notification.objects.filter(kind="realtime.swap_ended").count() == 2
    assert Notification.objects.filter(kind="realtime.roster_changed").count() == 2


def test_two_days_are_changed_both(plan: Plan, agents: list[User]) -> None:
    sari, budi, _tia = plan.people
    swap = ask(plan, agents[0], budi, other_day=DAYS[6])
    swaps.swap_accept(swap_id=swap.pk, actor=agents[1], now=NOW)
    swaps.swap_approve(swap_id=swap.pk, actor=plan.floor.leader, now=NOW)
    now = codes(plan)
    assert (now[sari.name, 5], now[budi.name, 5]) == ("S", "P")
    assert (now[sari.name, 7], now[budi.name, 7]) == ("M", "OFF")


def test_a_swap_that_breaks_a_rule_that_blocks_is_not_approved(plan: Plan, agents: list[User]) -> None:
    """Budi has the day shift of the 7th; after the night of the 6th there is no rest."""
    version = plan.begin(reason="x")
    plan.write(version, (plan.people[1], DAYS[6], "P"), (plan.people[1], DAYS[5], "OFF"))
    plan.publish(version)
    swap = ask(plan, agents[0], plan.people[1], day=DAYS[5], other_day=DAYS[5])
    swaps.swap_accept(swap_id=swap.pk, actor=agents[1], now=NOW)
    with pytest.raises(Invalid) as refused:
        swaps.swap_approve(swap_id=swap.pk, actor=plan.floor.leader, now=NOW)
    assert refused.value.code == "blocked"
    assert Roster.objects.published().get() == version and ShiftSwap.objects.get().status == "accepted"


def test_what_cannot_be_asked(plan: Plan, agents: list[User]) -> None:
    sari, budi, tia = plan.people
    elsewhere = Person.objects.create(
        number="Y1", name="Yogya", site=plan.floor.ygy, position="Agent", joined_on=DAYS[0]
    )
    for field, fields in (
        ("other", {"other_id": sari.pk}), ("other", {"other_id": elsewhere.pk}), ("reason", {"reason": " "}),
        ("day", {"day": DAYS[6]}), ("day", {"day": NOW.date()}), ("day", {"day": DAYS[0] + timedelta(days=90)}),
        ("other_day", {"other_id": tia.pk}), ("other_day", {"other_day": DAYS[20]}),
    ):  # fmt: skip
        with pytest.raises(Invalid) as refused:
            ask(plan, agents[0], budi, **fields)
        assert refused.value.field == field, fields
    ask(plan, agents[0], budi)
    with pytest.raises(Invalid) as refused:
        ask(plan, agents[0], budi)
    assert refused.value.code == "asked"
    with pytest.raises(NotAllowed):
        ask(plan, plan.wfm, budi)


def test_declined_refused_withdrawn_are_told_and_over(plan: Plan, agents: list[User]) -> None:
    budi = plan.people[1]
    for deed, actor, state in (
        (swaps.swap_decline, agents[1], "declined"), (swaps.swap_refuse, plan.floor.leader, "refused"),
        (swaps.swap_withdraw, agents[0], "withdrawn"),
    ):  # fmt: skip
        swap = ask(plan, agents[0], budi)
        assert deed(swap_id=swap.pk, note="maaf", actor=actor, now=NOW).status == state
        with pytest.raises(WrongState):
            swaps.swap_accept(swap_id=swap.pk, actor=agents[1], now=NOW)
    assert Roster.objects.count() == 1


def test_nobody_approves_their_own_swap(plan: Plan, agents: list[User]) -> None:
    plan.floor.leader.person = Person.objects.get(pk=plan.people[1].pk)
    agents[1].person = None
    agents[1].save(update_fields=["person"])
    plan.floor.leader.save(update_fields=["person"])
    swap = ask(plan, agents[0], plan.people[1])
    ShiftSwap.objects.filter(pk=swap.pk).update(status=SwapStatus.ACCEPTED)
    with pytest.raises(NotAllowed):
        swaps.swap_approve(swap_id=swap.pk, actor=plan.floor.leader, now=NOW)


def test_a_roster_that_has_changed_is_no_longer_swapped(plan: Plan, agents: list[User]) -> None:
    swap = ask(plan, agents[0], plan.people[1])
    swaps.swap_accept(swap_id=swap.pk, actor=agents[1], now=NOW)
    version = plan.begin(reason="x")
    plan.write(version, (plan.people[0], DAYS[4], "OFF"))
    plan.publish(version)
    with pytest.raises(WrongState) as refused:
        swaps.swap_approve(swap_id=swap.pk, actor=plan.floor.leader, now=NOW)
    assert refused.value.code == "changed"


def test_what_both_had_is_kept_and_nothing_else_is_carried_out(plan: Plan, agents: list[User], client: Client) -> None:
    """Budi's afternoon becomes a night: that is not what Sari asked for, nor what Budi agreed to."""
    sari, budi, _tia = plan.people
    asked = ask(plan, agents[0], budi)
    kept = {(one["person"], one["day"]): (one["code"], one["hours"]) for one in asked.agreed}
    assert kept == {(sari.pk, "2026-12-05"): ("P", "07:00–16:00"), (budi.pk, "2026-12-05"): ("S", "13:00–22:00")}
    agreed = ask(plan, agents[0], budi, day=DAYS[5], other_day=DAYS[6])
    swaps.swap_accept(swap_id=agreed.pk, actor=agents[1], now=NOW)
    version = plan.begin(reason="x")
    plan.write(version, (budi, DAYS[4], "M"), (budi, DAYS[6], "S"))
    plan.publish(version)
    with pytest.raises(WrongState) as refused:
        swaps.swap_accept(swap_id=asked.pk, actor=agents[1], now=NOW)
    assert refused.value.code == "changed"
    with pytest.raises(WrongState) as refused:
        swaps.swap_approve(swap_id=agreed.pk, actor=plan.floor.leader, now=NOW)
    assert refused.value.code == "changed" and Roster.objects.published().get() == version
    client.force_login(plan.floor.leader)
    page = client.get(agreed.get_absolute_url())
    assert page.context["changed"] and "22:00–07:00" in page.content.decode()
    with pytest.raises(IntegrityError), transaction.atomic():
        ShiftSwap.objects.filter(pk=asked.pk).update(agreed=[])
    back = plan.begin(reason="kembali")
    plan.write(back, (budi, DAYS[4], "S"), (budi, DAYS[6], "M"))
    plan.publish(back)
    swaps.swap_accept(swap_id=asked.pk, actor=agents[1], now=NOW)
    assert swaps.swap_approve(swap_id=asked.pk, actor=plan.floor.leader, now=NOW).status == "approved"


def test_leave_is_nobody_elses(plan: Plan, agents: list[User]) -> None:
    """Budi is on leave, by the roster, on the day on which Sari would have his place."""
    swap = ask(plan, agents[0], plan.people[1], other_day=DAYS[6])
    swaps.swap_accept(swap_id=swap.pk, actor=agents[1], now=NOW)
    version = plan.begin(reason="x")
    plan.write(version, (plan.people[1], DAYS[4], "CT"))
    plan.publish(version)
    with pytest.raises(WrongState) as refused:
        swaps.swap_approve(swap_id=swap.pk, actor=plan.floor.leader, now=NOW)
    assert refused.value.code == "changed" and ShiftSwap.objects.get().status == "accepted"


def test_a_shift_that_has_begun_is_swapped_no_more(plan: Plan, agents: list[User]) -> None:
    swap = ask(plan, agents[0], plan.people[1])
    swaps.swap_accept(swap_id=swap.pk, actor=agents[1], now=NOW)
    begins = RosterLine.objects.in_force().filter(day=DAYS[4], starts_at__isnull=False).earliest("starts_at").starts_at
    with pytest.raises(WrongState):
        swaps.swap_approve(swap_id=swap.pk, actor=plan.floor.leader, now=begins)
    done = swaps.swap_approve(swap_id=swap.pk, actor=plan.floor.leader, now=begins - timedelta(minutes=1))
    assert done.status == "approved"


def test_an_agent_sees_the_own_roster_and_swaps_only(plan: Plan, agents: list[User], client: Client) -> None:
    swap = ask(plan, agents[0], plan.people[1])
    client.force_login(agents[0])
    assert client.get(f"/realtime/swaps/{swap.pk}/").status_code == 200
    assert client.get("/realtime/my-roster/").status_code == 200
    assert client.get("/realtime/rosters/").status_code == 403
    assert client.get(Roster.objects.get().get_absolute_url()).status_code == 404
    client.force_login(agents[2])
    assert client.get(f"/realtime/swaps/{swap.pk}/").status_code == 404
    assert client.post(f"/realtime/swaps/{swap.pk}/withdraw/", {"note": "x"}).status_code == 404
    assert [line.person for line in RosterLine.objects.visible_to(agents[2])] == [plan.people[2]]


def test_asking_on_the_page(plan: Plan, agents: list[User], client: Client) -> None:
    client.force_login(agents[0])
    sent = {"day": "2026-12-05", "other": plan.people[1].number, "other_day": "2026-12-05", "reason": "x"}
    answer = client.post("/realtime/my-roster/swap/", sent | {"other": "nobody"})
    assert answer.status_code == 422
    # The clock of the page is the real one: the day has to lie ahead of it.
    answer = client.post("/realtime/my-roster/swap/", sent)
    assert answer.status_code in (302, 422)


def test_the_feed_has_the_published_shifts_and_can_be_taken_back(plan: Plan, agents: list[User]) -> None:
    token = feed_make(actor=agents[0], now=NOW)
    assert CalendarFeed.objects.get().token_sha256 != token
    person = feed_owner(token, now=NOW)
    assert person == plan.people[0]
    assert person is not None
    events = {str(one["uid"]): one for one in Calendar.from_ical(calendar_of(person, now=NOW)).walk("VEVENT")}
    assert len(events) == 3
    shift = events[f"{person.pk}-2026-12-05@roster.occ"]
    assert shift.decoded("dtstart").isoformat() == "2026-12-05T00:00:00+00:00" and shift["sequence"] == 1
    assert str(shift["summary"]).startswith("P ")
    off = events[f"{person.pk}-2026-12-07@roster.occ"]
    assert off.decoded("dtstart") == DAYS[6]
    again = feed_make(actor=agents[0], now=NOW)
    assert feed_owner(token, now=NOW) is None and feed_owner(again, now=NOW) == person
    feed_revoke(actor=agents[0], now=NOW)
    assert feed_owner(again, now=NOW) is None
    with pytest.raises(WrongState):
        feed_revoke(actor=agents[0], now=NOW)
    with pytest.raises(NotAllowed):
        feed_make(actor=plan.wfm, now=NOW)


def test_the_feeds_address_is_shown_once_and_ends_with_the_job(plan: Plan, agents: list[User], client: Client) -> None:
    client.force_login(agents[0])
    page = client.post("/realtime/my-roster/calendar/").content.decode()
    found = re.search(r"/realtime/calendar/[\w-]+\.ics", page)
    assert found is not None
    assert found[0] not in client.get("/realtime/my-roster/").content.decode()
    stranger = Client()
    answer = stranger.get(found[0])
    assert (answer.status_code, answer["Content-Type"]) == (200, "text/calendar; charset=utf-8")
    assert stranger.get("/realtime/calendar/wrong.ics").status_code == 404
    Person.objects.filter(pk=plan.people[0].pk).update(last_working_day=NOW.date() - timedelta(days=400),
                                                       joined_on=NOW.date() - timedelta(days=800))  # fmt: skip
    assert stranger.get(found[0]).status_code == 404
    Person.objects.filter(pk=plan.people[0].pk).update(last_working_day=None)
    User.objects.filter(pk=agents[0].pk).update(is_active=False)
    assert stranger.get(found[0]).status_code == 404


@pytest.mark.django_db(transaction=True)
def test_of_two_who_approve_at_once_one_does(live_floor: Floor) -> None:
    plan = plan_of(live_floor)
    sari, budi, _tia = plan.people
    plan.published((sari, DAYS[4], "P"), (budi, DAYS[4], "S"))
    agents = [log_in_of(one) for one in plan.people]
    swap = ask(plan, agents[0], budi)
    swaps.swap_accept(swap_id=swap.pk, actor=agents[1], now=NOW)
    together, said = threading.Barrier(2), []

    def approve() -> None:
        together.wait()
        try:
            swaps.swap_approve(swap_id=swap.pk, actor=User.objects.get(pk=plan.floor.leader.pk), now=NOW)
            said.append("approved")
        except WrongState:
            said.append("refused")
        finally:
            connections.close_all()

    threads = [threading.Thread(target=approve) for _n in range(2)]
    for one in threads:
        one.start()
    for one in threads:
        one.join()
    assert sorted(said) == ["approved", "refused"] and Roster.objects.count() == 2
    assert codes(plan)[sari.name, 5] == "S", "changed once, not back again"


def test_every_flow_of_the_floor_is_known() -> None:
    """Each step is open to a role, or to a part of the system that says its name."""
    flows = {key: flow for key, flow in FLOWS.items() if key.startswith("realtime.")}
    assert {one.key for one in (ROSTER, CHECK, SWAP, RECOVERY, HANDOVER, VIOLATION, PROPOSAL)} == set(flows)
    assert all(one.by for flow in flows.values() for one in flow.transitions)
