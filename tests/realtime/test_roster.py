"""A month's roster in versions: draft, validated, published, revised (RTM-1)."""

from __future__ import annotations

import threading
from datetime import date, time, timedelta
from typing import Any

import pytest
from django.db import IntegrityError, connections, transaction
from django.test import Client

from occ.errors import Invalid, NotAllowed, WrongState
from occ.ledger.models import Entry
from occ.notifications.models import Notification
from occ.obligations.models import Obligation
from occ.people.choices import Role
from occ.people.models import Person
from occ.workflow.models import WorkflowStep
from occ.workflow.turns import turns_for
from realtime.choices import RosterStatus
from realtime.models import Roster, RosterLine
from realtime.notices import ROSTER_RENUMBERED
from realtime.rostering.plan import last_shift, planned
from realtime.rostering.versions import cells_of, differences
from realtime.services import rosters as services
from realtime.services import shift_codes
from realtime.services.shift_codes import Terms, shift_edit, shift_make
from tests.factories import NOW, Floor, floor, user
from tests.realtime.rosters import DAYS, MONTH, Plan, log_in_of, plan_of
from userids.policies import DEACTIVATE
from userids.services.deactivations.clocks import clocks

pytestmark = pytest.mark.req("RTM-1")


@pytest.fixture
def plan(floor: Floor) -> Plan:
    return plan_of(floor)


def test_from_the_draft_to_what_holds(plan: Plan) -> None:
    sari, budi, _third = plan.people
    agent = log_in_of(sari)
    roster = plan.begin()
    plan.write(roster, (sari, DAYS[0], "m"), (sari, DAYS[1], "off"), (budi, DAYS[0], "P"), (budi, DAYS[1], "Cuti"))
    night = RosterLine.objects.get(person=sari, day=DAYS[0])
    assert night.starts_at and night.ends_at
    assert (night.starts_at.hour, night.ends_at - night.starts_at) == (15, timedelta(hours=9)), (
        "22:00 WIB, over midnight"
    )
    assert last_shift(sari.pk, DAYS[0]) is None, "a draft holds for nobody"
    assert plan.publish(roster).status == RosterStatus.PUBLISHED
    assert last_shift(sari.pk, DAYS[0]).at == night.ends_at  # type: ignore[union-attr]
    told = Notification.objects.get(user=agent)
    assert told.kind == "realtime.roster_published"
    steps = WorkflowStep.objects.filter(flow="realtime.roster").values_list("transition", flat=True)
    assert list(steps.order_by("pk")) == ["", "validate", "publish"]


def test_a_published_change_is_the_next_version_with_its_reason(plan: Plan) -> None:
    sari, budi, _third = plan.people
    agents = [log_in_of(sari), log_in_of(budi)]
    first = plan.published((sari, DAYS[4], "P"), (budi, DAYS[4], "S"))
    with pytest.raises(Invalid) as refused:
        plan.begin()
    assert refused.value.field == "reason"
    second = plan.begin(reason="Promo gajian")
    assert cells_of(second) == cells_of(first)
    plan.write(second, (sari, DAYS[4], "S"))
    first.refresh_from_db()
    assert first.status == RosterStatus.PUBLISHED, "until the next one is"
    plan.publish(second)
    first.refresh_from_db()
    assert first.status == RosterStatus.REVISED and (second.base, second.version) == (first, 2)
    (change,) = differences(cells_of(first), cells_of(second))
    assert (change.person_id, change.day) == (sari.pk, DAYS[4])
    changed = Notification.objects.filter(kind="realtime.roster_changed")
    assert [one.user for one in changed] == [agents[0]], "only whose days have changed"
    assert "5 Desember 2026" in changed[0].body and "Promo gajian" in changed[0].body


def test_what_was_published_cannot_be_changed_behind_the_services(plan: Plan) -> None:
    roster = plan.published()
    line = RosterLine.objects.filter(roster=roster)
    for deed in (
        lambda: line.update(kind="off", shift=None, starts_at=None, ends_at=None),
        lambda: line.delete(),
        lambda: RosterLine.objects.create(roster=roster, person=plan.people[1], day=DAYS[9], kind="off"),
        lambda: Roster.objects.filter(pk=roster.pk).update(status="draft"),
        lambda: Roster.objects.filter(pk=roster.pk).update(note="anders"),
        lambda: Roster.objects.filter(pk=roster.pk).delete(),
    ):
        with pytest.raises(IntegrityError), transaction.atomic():
            deed()
    other = plan.begin(reason="ganti")
    plan.write(other, (plan.people[1], DAYS[9], "P"))  # a draft's lines do change
    with pytest.raises(IntegrityError), transaction.atomic():  # and are not carried into what is published
        RosterLine.objects.filter(roster=other).update(roster=roster)


def test_who_may_and_when(plan: Plan) -> None:
    roster = plan.begin()
    with pytest.raises(NotAllowed):
        plan.write(roster, (plan.people[0], DAYS[0], "P"), actor=plan.floor.support)
    with pytest.raises(NotAllowed):
        plan.begin(month=date(2027, 1, 1), actor=user(Role.TEAM_LEADER, plan.floor.ygy))
    with pytest.raises(WrongState):
        plan.begin()
    with pytest.raises(Invalid):  # nothing on it
        services.roster_validate(roster_id=roster.pk, actor=plan.floor.leader, now=NOW)
    plan.write(roster, (plan.people[0], DAYS[0], "P"))
    with pytest.raises(WrongState):
        services.roster_publish(roster_id=roster.pk, actor=plan.wfm, now=NOW)
    services.roster_validate(roster_id=roster.pk, actor=plan.floor.leader, now=NOW)
    with pytest.raises(WrongState):
        plan.write(roster, (plan.people[0], DAYS[1], "P"))
    with pytest.raises(NotAllowed):  # the team leader validates, WFM publishes
        services.roster_publish(roster_id=roster.pk, actor=plan.floor.leader, now=NOW)
    roster = services.roster_reopen(roster_id=roster.pk, note="kurang satu", actor=plan.floor.leader, now=NOW)
    assert (roster.status, roster.validated_by) == (RosterStatus.DRAFT, None)
    services.roster_cancel(roster_id=roster.pk, note="salah bulan", actor=plan.wfm, now=NOW)
    assert plan.begin().version == 2


def test_who_wrote_in_a_version_does_not_validate_it(plan: Plan) -> None:
    """MO 4.3.6: the team leader validates; of two who wrote in it neither does, whoever wrote last."""
    other, wfm_two = user(Role.TEAM_LEADER, plan.floor.jkt, name="leader.two"), user(Role.WFM, name="wfm.two")
    roster = plan.begin()
    plan.write(roster, (plan.people[0], DAYS[0], "P"), actor=plan.floor.leader)
    plan.write(roster, (plan.people[1], DAYS[0], "P"))
    assert set(roster.hands.all()) == {plan.wfm, plan.floor.leader}
    for who in (plan.wfm, wfm_two, plan.floor.leader):
        with pytest.raises(NotAllowed):
            services.roster_validate(roster_id=roster.pk, actor=who, now=NOW)
    assert roster.get_absolute_url() in {one.url for one in turns_for(other)}
    assert roster.get_absolute_url() not in {one.url for one in turns_for(plan.floor.leader)}
    assert services.roster_validate(roster_id=roster.pk, actor=other, now=NOW).validated_by == other
    assert services.roster_publish(roster_id=roster.pk, actor=plan.wfm, now=NOW).published_by == plan.wfm
    changed = plan.begin(reason="ganti")
    assert set(changed.hands.all()) == {plan.wfm}, "what was validated once is not the change's"
    with pytest.raises(IntegrityError), transaction.atomic():
        changed.hands.clear()


def test_the_page_offers_validation_to_who_may(plan: Plan, client: Client) -> None:
    roster = plan.begin()
    plan.write(roster, (plan.people[0], DAYS[0], "P"))
    for who, offered in ((plan.wfm, False), (plan.floor.leader, True)):
        client.force_login(who)
        page = client.get(roster.get_absolute_url())
        assert ("validate" in {one["name"] for one in page.context["next"]}) is offered
    client.force_login(plan.wfm)
    assert client.post(f"{roster.get_absolute_url()}validate/").status_code == 403


def test_what_no_cell_can_hold(plan: Plan) -> None:
    roster, sari = plan.begin(), plan.people[0]
    stranger = Person.objects.create(
        number="Y1", name="Orang Yogya", site=plan.floor.ygy, position="Agent", joined_on=date(2024, 1, 1)
    )
    for who, day, code, field in (
        (sari, DAYS[0], "Q9", "code"), (sari, date(2027, 1, 1), "P", "day"), (stranger, DAYS[0], "P", "person"),
    ):  # fmt: skip
        with pytest.raises(Invalid) as refused:
            plan.write(roster, (who, day, code))
        assert refused.value.field == field
    assert not roster.lines.exists()


def test_a_blocking_finding_keeps_a_roster_from_validation(plan: Plan) -> None:
    roster, sari = plan.begin(), plan.people[0]
    plan.write(roster, (sari, DAYS[0], "M"), (sari, DAYS[1], "P"))
    with pytest.raises(Invalid) as refused:
        services.roster_validate(roster_id=roster.pk, actor=plan.floor.leader, now=NOW)
    assert refused.value.code == "blocked"
    roster.refresh_from_db()
    assert roster.status == RosterStatus.DRAFT


def test_leaders_are_on_the_roster_and_not_among_the_agents(plan: Plan) -> None:
    sari = plan.people[0]
    plan.published((sari, DAYS[0], "P"), (plan.leader, DAYS[0], "TP"))
    line = RosterLine.objects.get(person=sari)
    assert line.starts_at and line.ends_at
    assert list(planned(start=line.starts_at, end=line.ends_at)) == [sari.pk]


def test_times_that_a_roster_has_used_stay(plan: Plan) -> None:
    shift = plan.shifts["P"]
    later = Terms("Pagi", time(8), 540, 480, [])
    draft = plan.begin()
    plan.write(draft, (plan.people[0], DAYS[0], "P"))
    shift_edit(shift_id=shift.pk, terms=later, reason="belum dipakai", actor=plan.wfm, now=NOW)
    line = RosterLine.objects.select_related("shift", "roster__site").get()
    assert (line.hours, line.own_hours) == ("08:00–17:00", False), "a draft follows its code"
    plan.publish(draft)
    with pytest.raises(Invalid) as refused:
        shift_edit(shift_id=shift.pk, terms=Terms("Pagi", time(9), 540, 480, []), reason="x", actor=plan.wfm, now=NOW)
    assert refused.value.code == "used"
    shift_edit(shift_id=shift.pk, terms=Terms("Pagi sekali", time(8), 540, 480, []), reason="nama", actor=plan.wfm,
               now=NOW)  # fmt: skip
    for terms in (
        Terms("", time(8), 540, 480), Terms("x", time(8), 20, 10), Terms("x", time(8), 540, 600),
        Terms("x", time(8), 540, 480, [{"activity": "meal", "after": 500, "minutes": 60}]),
        Terms("x", time(8), 540, 480, [{"activity": "meal", "after": 60, "minutes": 60},
                                       {"activity": "break", "after": 100, "minutes": 10}]),
    ):  # fmt: skip
        with pytest.raises(Invalid):
            shift_make(site=plan.floor.jkt, code="X1", terms=terms, actor=plan.wfm, now=NOW)
    with pytest.raises(Invalid):
        shift_make(site=plan.floor.jkt, code="off", terms=later, actor=plan.wfm, now=NOW)
    with pytest.raises(Invalid):
        shift_make(site=plan.floor.jkt, code="p", terms=later, actor=plan.wfm, now=NOW)
    with pytest.raises(NotAllowed):
        shift_make(site=plan.floor.jkt, code="X2", terms=later, actor=plan.floor.leader, now=NOW)
    assert shift_codes.KEEPERS


def test_what_is_published_meanwhile_is_taken_over_by_the_draft(plan: Plan) -> None:
    """An approved swap goes first; the draft that was begun before it keeps its own changes."""
    sari, budi, _third = plan.people
    first = plan.published((sari, DAYS[2], "P"), (budi, DAYS[2], "S"), (sari, DAYS[9], "P"))
    draft = plan.begin(reason="minggu kedua")
    plan.write(draft, (sari, DAYS[9], "S"))
    services.roster_validate(roster_id=draft.pk, actor=plan.floor.leader, now=NOW)
    there = cells_of(first)
    swapped = {(sari.pk, DAYS[2]): there[budi.pk, DAYS[2]], (budi.pk, DAYS[2]): there[sari.pk, DAYS[2]],
               (sari.pk, DAYS[9]): None}  # fmt: skip
    amended = services.roster_amend(plan.floor.jkt, MONTH, swapped, reason="tukar", actor=plan.floor.leader, now=NOW)
    draft.refresh_from_db()
    assert (draft.status, draft.base, draft.version) == ("draft", amended, 4)
    (told,) = Notification.objects.filter(kind=ROSTER_RENUMBERED.key)
    assert told.user in draft.hands.all() and (told.params["was"], told.params["version"]) == (2, 4)
    codes = {key: cell.shift_id for key, cell in cells_of(draft).items()}
    assert codes[sari.pk, DAYS[2]] == plan.shifts["S"].pk, "the swap's"
    assert codes[sari.pk, DAYS[9]] == plan.shifts["S"].pk, "the draft's own"
    plan.publish(draft)
    assert Roster.objects.published().get() == draft
    assert Entry.objects.filter(action="roster.changed").count() >= 4


@pytest.mark.django_db(transaction=True)
def test_of_two_who_begin_at_once_one_does() -> None:
    plan = plan_of(floor())
    together, said = threading.Barrier(2), []

    def begin() -> None:
        together.wait()
        try:
            plan.begin()
            said.append("begun")
        except WrongState:
            said.append("refused")
        finally:
            connections.close_all()

    threads = [threading.Thread(target=begin) for _n in range(2)]
    for one in threads:
        one.start()
    for one in threads:
        one.join()
    assert sorted(said) == ["begun", "refused"]


@pytest.mark.req("UID-4")
def test_a_roster_that_changes_a_leavers_last_shift_moves_the_deadline(plan: Plan) -> None:
    sari = plan.people[0]
    last = DAYS[3]
    roster = plan.published((sari, last, "P"))
    plan.floor.agent = sari
    plan.floor.resign(last, now=NOW)
    ends = last_shift(sari.pk, last).at  # type: ignore[union-attr]
    request = plan.floor.request
    assert (request.starts_at, request.due_at) == (ends, ends + timedelta(hours=24))
    changed = plan.begin(reason="jadi malam")
    plan.write(changed, (sari, last, "M"))
    plan.publish(changed)
    request = plan.floor.request
    night: Any = last_shift(sari.pk, last).at  # type: ignore[union-attr]
    assert night == ends + timedelta(hours=15)
    assert (request.starts_at, request.due_at) == (night, night + timedelta(hours=24))
    assert Obligation.objects.get(object_id=request.pk, rule=DEACTIVATE).due_at == request.due_at
    (clock,) = clocks(request)
    assert clock.why.endswith("menurut roster Desember 2026, versi 2.") and "07:00 tanggal 5 Desember 2026" in clock.why
    free = plan.begin(reason="libur")
    plan.write(free, (sari, last, "OFF"))
    plan.publish(free)
    assert plan.floor.request.starts_at.isoformat() == "2026-12-04T17:00:00+00:00", "no shift: the end of the day"
    (clock,) = clocks(plan.floor.request)
    assert "tidak ada roster" in clock.why
    assert roster.pk
