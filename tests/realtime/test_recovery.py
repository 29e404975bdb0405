"""A recovery plan from its alert to the issued form (RTM-14, SOP-RTM 6.6, 8.2, 10)."""

from __future__ import annotations

import threading
from collections.abc import Callable
from datetime import timedelta
from typing import Any

import pytest
from django.db import connections
from django.test import Client

from occ.documents.models import IssuedDocument
from occ.errors import Invalid, NotAllowed, WrongState
from occ.obligations.models import Obligation
from occ.people.choices import Role
from realtime.models import AgentNow, Alert, Interval, PlanAction, RecoveryPlan
from realtime.policies import DRAW_UP, VERIFY
from realtime.services import recovery
from realtime.services.alerting import alerts_watch
from realtime.services.intervals import QUARTER, quarter_of
from realtime.services.what_if import USUAL_PATIENCE, Question, agents_at, answers, patience_at
from realtime.workflow import RECOVERY
from tests.factories import NOW, Floor, person, user
from tests.realtime.floors import known, past_triggers, rostered, source
from tests.realtime.test_alerts import LATER, quarters

pytestmark = pytest.mark.req("RTM-14")
MADE: dict[str, Any] = {"channel": "voice"}


def opened(floor: Floor) -> RecoveryPlan:
    quarters(floor, (100, 95), (100, 80), (100, 70))
    alerts_watch(now=LATER)
    alert = Alert.objects.get()
    return recovery.plan_open(site=floor.jkt, alert_id=alert.pk, actor=floor.leader, now=LATER, **MADE)


def act(plan: RecoveryPlan, floor: Floor) -> Any:
    return recovery.action_add(
        plan_id=plan.pk, kind="cancel_aux", what="", who="Tim A", due_at=LATER + timedelta(minutes=5),
        actor=floor.leader, now=LATER,
    )  # fmt: skip


def settle(plan: RecoveryPlan, floor: Floor) -> None:
    for one in PlanAction.objects.open().filter(plan=plan):
        recovery.action_done(action_id=one.pk, actor=floor.leader, now=LATER)


def test_from_the_alert_to_the_form_that_is_kept_two_years(floor: Floor) -> None:
    plan = opened(floor)
    assert (plan.situation["offered"], plan.situation["scr"], plan.situation["target"]) == (200, 75.0, 90.0)
    assert plan.situation["alert"]["figures"]["scr"] == 70.0 and len(plan.situation["series"]) == 3
    assert Obligation.objects.get(rule=DRAW_UP).state == "fulfilled"
    with pytest.raises(Invalid) as refused:  # no action yet
        recovery.plan_start(plan_id=plan.pk, cause="traffic", analysis="a promo", actor=floor.leader, now=LATER)
    assert (refused.value.field, refused.value.code) == ("actions", "no_action"), "not of the cause"
    action = act(plan, floor)
    recovery.plan_expect(
        plan_id=plan.pk, question=Question(120, 30, 450, 240), agents=28, more=2, actor=floor.leader, now=LATER
    )
    recovery.plan_start(plan_id=plan.pk, cause="traffic", analysis="a promo", actor=floor.leader, now=LATER)
    Interval.objects.update(offered=1, answered=1)  # a correction later: what was frozen stays
    quarters(floor, (50, 50), until=LATER + 2 * QUARTER)
    recovery.action_done(action_id=action.pk, actor=floor.leader, now=LATER + QUARTER)
    done = LATER + 2 * QUARTER
    plan = recovery.plan_finish(plan_id=plan.pk, note="all back at work", actor=floor.leader, now=done)
    assert plan.situation["scr"] == 75.0 and plan.result["scr"] == 100.0
    duty = Obligation.objects.get(rule=VERIFY)
    assert duty.due_at == done + timedelta(hours=24)
    plan = recovery.plan_verify(plan_id=plan.pk, note="the day reached it", actor=floor.coordinator, now=done)
    document = IssuedDocument.objects.get(type_code="FRP")
    assert (plan.status, plan.verified_by, document.subject_id) == ("verified", floor.coordinator, str(plan.pk))
    assert document.expires_on is not None and document.expires_on.year == done.year + 2
    body = document.data
    assert "28" in str(body) and "87,8" in str(body) and "91,6" in str(body), "the what-if stands in the form"
    assert Obligation.objects.get(rule=VERIFY).state == "fulfilled"


def test_tidak_goes_on_and_what_is_cancelled_is_over(floor: Floor) -> None:
    plan = opened(floor)
    act(plan, floor)
    recovery.plan_start(plan_id=plan.pk, cause="aht", analysis="long calls", actor=floor.leader, now=LATER)
    settle(plan, floor)
    recovery.plan_finish(plan_id=plan.pk, note="done", actor=floor.leader, now=LATER)
    recovery.plan_resume(plan_id=plan.pk, note="still below", actor=floor.coordinator, now=LATER)
    assert Obligation.objects.get(rule=VERIFY).state == "cancelled"
    act(plan, floor)
    settle(plan, floor)
    recovery.plan_finish(plan_id=plan.pk, note="done", actor=floor.leader, now=LATER)
    with pytest.raises(WrongState):
        recovery.plan_cancel(plan_id=plan.pk, note="no", actor=floor.leader, now=LATER)
    with pytest.raises(WrongState):
        act(plan, floor)


def test_no_plan_is_finished_or_verified_while_an_action_is_open(floor: Floor) -> None:
    plan = opened(floor)
    done, dropped = act(plan, floor), act(plan, floor)
    recovery.plan_start(plan_id=plan.pk, cause="aht", analysis="long calls", actor=floor.leader, now=LATER)
    recovery.action_done(action_id=done.pk, actor=floor.leader, now=LATER)
    finish = {"plan_id": plan.pk, "note": "done", "actor": floor.leader, "now": LATER}
    with pytest.raises(Invalid, match="Tim A") as refused:
        recovery.plan_finish(**finish)
    assert refused.value.code == "actions_open" and RecoveryPlan.objects.get().status == "running"
    drop = {"action_id": dropped.pk, "actor": floor.leader, "now": LATER}
    with pytest.raises(Invalid) as refused:
        recovery.action_drop(why=" ", **drop)
    assert refused.value.field == "why"
    recovery.action_drop(why="antrean sudah habis", **drop)
    for again in (recovery.action_done, lambda **given: recovery.action_drop(why="x", **given)):
        for one in (done, dropped):
            with pytest.raises(WrongState):
                again(action_id=one.pk, actor=floor.leader, now=LATER)
    recovery.plan_finish(**finish)
    late = plan.actions.create(kind="overtime", who="Budi", due_at=LATER)  # of before this was asked for
    verify = {"plan_id": plan.pk, "note": "fine", "actor": floor.coordinator, "now": LATER, "few_why": "malam"}
    with pytest.raises(Invalid) as refused:
        recovery.plan_verify(**verify)
    assert refused.value.code == "actions_open" and not IssuedDocument.objects.exists()
    recovery.plan_resume(plan_id=plan.pk, note="Budi?", actor=floor.coordinator, now=LATER)
    recovery.action_done(action_id=late.pk, actor=floor.leader, now=LATER)
    recovery.plan_finish(**finish)
    recovery.plan_verify(**verify)
    assert "antrean sudah habis" in str(IssuedDocument.objects.get(type_code="FRP").data)


def test_two_presses_make_one_draft(floor: Floor, client: Client) -> None:
    client.force_login(floor.leader)
    asked = {"site": floor.jkt.pk, "channel": "voice"}
    first = client.post("/realtime/plans/new/", asked)
    again = client.post("/realtime/plans/new/", asked, follow=True)
    plan = RecoveryPlan.objects.get()
    assert first["Location"] == again.redirect_chain[-1][0] == plan.get_absolute_url()
    assert "sudah ada" in again.content.decode()
    client.post("/realtime/plans/new/", asked | {"channel": "chat"})
    assert RecoveryPlan.objects.count() == 2, "of another channel there is another"
    recovery.plan_cancel(plan_id=plan.pk, note="x", actor=floor.leader, now=LATER)
    client.post("/realtime/plans/new/", asked)
    assert RecoveryPlan.objects.filter(channel="voice").count() == 2


def test_every_transition_is_open_to_its_roles_alone(floor: Floor) -> None:
    names = {one.name for one in RECOVERY.transitions}
    assert names == set(recovery.TRANSITIONS)
    for role in Role:
        who = user(role, floor.jkt, name=f"walk.{role}")
        for one in RECOVERY.transitions:
            assert one.open_to(who, floor.jkt) == (role in one.by_roles)
            assert not one.open_to(who, floor.ygy)


def test_nobody_verifies_the_own_plan(floor: Floor) -> None:
    both = user(Role.COORDINATOR, floor.jkt, name="both")
    from occ.people.models import RoleAssignment

    RoleAssignment.objects.create(user=both, role=Role.RTFM, site=floor.jkt, starts_on="2020-01-01")
    plan = recovery.plan_open(site=floor.jkt, actor=both, now=LATER, **MADE)
    act(plan, floor)
    recovery.plan_start(plan_id=plan.pk, cause="system", analysis="x", actor=both, now=LATER)
    settle(plan, floor)
    recovery.plan_finish(plan_id=plan.pk, note="done", actor=both, now=LATER)
    with pytest.raises(NotAllowed):
        recovery.plan_verify(plan_id=plan.pk, note="fine", actor=both, now=LATER)
    assert RecoveryPlan.objects.get().status == "done"


@pytest.mark.parametrize(
    ("change", "field"),
    [
        ({"kind": "magic"}, "kind"), ({"who": " "}, "who"), ({"kind": "other"}, "what"),
        ({"due_at": NOW + timedelta(days=9)}, "due_at"),
    ],
)  # fmt: skip
def test_an_action_has_a_person_and_a_time(floor: Floor, change: dict[str, Any], field: str) -> None:
    plan = opened(floor)
    fine = {"kind": "overtime", "what": "", "who": "Budi", "due_at": LATER}
    with pytest.raises(Invalid) as refused:
        recovery.action_add(plan_id=plan.pk, actor=floor.leader, now=LATER, **(fine | change))
    assert refused.value.field == field


def test_two_leaders_at_once_draw_up_one_plan(live_floor: Floor) -> None:
    quarters(live_floor, (100, 80), (100, 70))
    alerts_watch(now=LATER)
    alert, barrier, refused = Alert.objects.get(), threading.Barrier(2), []
    leaders = [live_floor.leader, user(Role.RTFM, live_floor.jkt)]

    def draw(actor: Any) -> None:
        barrier.wait()
        try:
            recovery.plan_open(site=live_floor.jkt, alert_id=alert.pk, actor=actor, now=LATER, **MADE)
        except WrongState as error:
            refused.append(error)
        finally:
            connections.close_all()

    threads = [threading.Thread(target=draw, args=[one]) for one in leaders]
    for one in threads:
        one.start()
    for one in threads:
        one.join()
    assert RecoveryPlan.objects.count() == 1 and len(refused) == 1


def test_what_if_agrees_with_the_check_values() -> None:
    found = {one.agents: one for one in answers(Question(120, 30, 450, 240), [28, 30])}
    assert round(found[30].scr, 1) == 91.6 and round(found[28].scr, 1) == 87.8
    assert found[28].service_level_c is None, "without patience its queue never ends"
    (nobody,) = answers(Question(1, 30, 450, 240), [0])
    assert (nobody.scr, nobody.service_level, nobody.asa) == (0.0, 0.0, None), "everybody waits"
    with pytest.raises(Invalid):
        answers(Question(1, 30, 450, 240), [-1])


def test_the_what_if_begins_with_the_agents_of_the_channel_who_are_at_work(floor: Floor) -> None:
    told = source("omni")
    for state, channel in (("busy", "voice"), ("available", ""), ("aux", "voice"), ("available", "email"),
                           ("offline", "voice")):  # fmt: skip
        one = person(floor.jkt)
        known(one, state, NOW, of=told, channel=channel)
    assert agents_at(floor.jkt, "voice", NOW) == 1, "whose channel nobody tells is nobody's"
    assert agents_at(floor.jkt, "email", NOW) == 1
    untold = AgentNow.objects.get(channel="").person
    assert untold is not None
    line = rostered(untold, NOW - timedelta(hours=1))
    line.channel = "voice"
    with past_triggers():
        line.save(update_fields=["channel"])
    assert agents_at(floor.jkt, "voice", NOW) == 2
    plan = recovery.plan_open(site=floor.jkt, channel="chat", actor=floor.leader, now=NOW)
    assert recovery.question_of(plan)[1] == plan.situation["agents"] == 0
    recovery.plan_expect(
        plan_id=plan.pk, question=Question(12, 30, 450, 240), agents=0, more=2, actor=floor.leader, now=NOW
    )
    assert RecoveryPlan.objects.get().expected["scr"] == 0.0


def test_a_plan_that_nothing_came_since_is_verified_with_a_reason_only(floor: Floor) -> None:
    plan = opened(floor)
    act(plan, floor)
    recovery.plan_start(plan_id=plan.pk, cause="aht", analysis="x", actor=floor.leader, now=LATER)
    settle(plan, floor)
    then = LATER + timedelta(minutes=2)
    recovery.plan_finish(plan_id=plan.pk, note="done", actor=floor.leader, now=then)
    verify = {"plan_id": plan.pk, "note": "fine", "actor": floor.coordinator, "now": then}
    with pytest.raises(Invalid) as refused:
        recovery.plan_verify(**verify)
    assert refused.value.field == "few_why" and RecoveryPlan.objects.get().status == "done"
    plan = recovery.plan_verify(**verify, few_why="antrean kosong")
    assert plan.day["few"] == {"calls": 0, "why": "antrean kosong"}
    form = str(IssuedDocument.objects.get(type_code="FRP").data)
    assert "antrean kosong" in form and "Hari itu sampai 10:04" in form, "its figures are not those of a whole day"


def test_patience_is_estimated_from_the_own_abandons(floor: Floor) -> None:
    assert patience_at(floor.jkt, "voice", NOW) == (USUAL_PATIENCE, 0)
    Interval.objects.create(
        site=floor.jkt, channel="voice", starts_at=quarter_of(NOW) - QUARTER, abandoned=40, wait_ms=4_000_000,
        lost_wait_ms=2_000_000, computed_at=NOW,
    )  # fmt: skip
    assert patience_at(floor.jkt, "voice", NOW) == (150.0, 40)


def test_the_pages_from_the_alert_to_the_verified_plan(floor: Floor, client: Client) -> None:
    quarters(floor, (100, 80), (100, 70))
    alerts_watch(now=LATER)
    client.force_login(floor.leader)
    alert = Alert.objects.get()
    asked = {"alert": alert.pk, "site": floor.jkt.pk, "channel": "voice"}
    assert client.get("/realtime/plans/new/", asked).status_code == 200
    made = client.post("/realtime/plans/new/", asked)
    plan = RecoveryPlan.objects.get()
    url = plan.get_absolute_url()
    assert made["Location"] == url
    assert client.post("/realtime/plans/new/", asked)["Location"] == url, "a second press leads to the plan"
    assert RecoveryPlan.objects.count() == 1
    page = client.get(url).content.decode()
    assert "what-if-rows" in page and "Erlang" in page
    refused = client.post(f"{url}start/", {"cause": "aht", "analysis": "x"})
    assert refused.status_code == 422 and list(refused.context["next"][0]["form"].errors) == ["__all__"]
    from django.utils import timezone

    soon = timezone.localtime(timezone.now(), floor.jkt.zone).strftime("%Y-%m-%dT%H:%M")
    action = {"kind": "overtime", "what": "", "who": "Budi", "due_at": soon}
    assert client.post(f"{url}actions/", action | {"who": ""}).status_code == 422
    assert client.post(f"{url}actions/", action).status_code == 302
    assert client.post(f"/realtime/plans/actions/{plan.actions.get().pk}/done/").status_code == 302
    assert client.post(f"{url}actions/", action | {"who": "Tia"}).status_code == 302
    drop = f"/realtime/plans/actions/{plan.actions.get(who='Tia').pk}/drop/"
    assert client.post(drop, {"why": ""}).status_code == 422
    assert client.post(drop, {"why": "sakit"}).status_code == 302
    assert "tidak dijalankan: sakit" in client.get(url).content.decode()
    what = {"calls": "120", "minutes": "30", "handling": "450", "patience": "240", "agents": "28", "more": "2"}
    assert client.post(f"{url}expect/", what | {"agents": "0"}).status_code == 302
    assert client.post(f"{url}expect/", what | {"agents": "-1"}).status_code == 422
    assert client.post(f"{url}expect/", what).status_code == 302
    assert client.post(f"{url}start/", {"cause": "aht", "analysis": "x"}).status_code == 302
    assert client.post(f"{url}finish/", {"note": "better"}).status_code == 302
    assert client.post(f"{url}verify/", {"note": "fine"}).status_code == 403
    client.force_login(floor.coordinator)
    assert client.post(f"{url}verify/", {"note": "fine"}).status_code == 422, "nothing came since"
    assert client.post(f"{url}verify/", {"note": "fine", "few_why": "malam"}).status_code == 302
    assert "FRP" in client.get(url).content.decode()


@pytest.mark.req("KER-13")
def test_the_piece_while_typing_takes_numbers_as_browsers_send_them(floor: Floor, client: Client) -> None:
    client.force_login(floor.leader)
    asked = {"piece": "1", "calls": "120.5", "minutes": "30", "handling": "450", "patience": "240", "agents": "30"}
    piece = client.get("/realtime/what-if/", asked, headers={"HX-Request": "true"})
    assert piece.status_code == 200 and b"<html" not in piece.content and b"91," in piece.content
    wrong = client.get("/realtime/what-if/", asked | {"calls": "x"}, headers={"HX-Request": "true"})
    assert wrong.status_code == 422
    for hostile in ("1e308", "nan", "inf", "-5", "9" * 400):
        assert client.get("/realtime/what-if/", asked | {"calls": hostile}).status_code in {200, 422}


@pytest.mark.req("KER-12")
def test_the_list_asks_the_same_however_long_it_is(
    floor: Floor, client: Client, django_assert_max_num_queries: Callable[..., Any]
) -> None:
    RecoveryPlan.objects.bulk_create(
        RecoveryPlan(site=floor.jkt, channel="voice", opened_at=NOW, opened_by=floor.leader) for _n in range(60)
    )
    client.force_login(floor.coordinator)
    client.get("/realtime/plans/")
    with django_assert_max_num_queries(16):
        assert client.get("/realtime/plans/?status=draft").status_code == 200
