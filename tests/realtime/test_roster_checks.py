"""The roster validated on the day before, by shift, with a name and a time (RTM-2; SOP-RTM 8.2)."""

from __future__ import annotations

from datetime import UTC, date, datetime, timedelta
from typing import Any

import pytest
from django.test import Client
from django.utils import timezone

from occ.errors import Invalid, NotAllowed, WrongState
from occ.obligations.models import Obligation
from occ.obligations.sweep import sweep
from occ.people.choices import Role
from occ.people.models import Absence
from occ.policies.services import policy_set
from occ.texts import said
from occ.times import local_day
from occ.workflow.models import WorkflowStep
from occ.workflow.turns import turns_for
from realtime.choices import CheckStatus
from realtime.models import RosterCheck
from realtime.policies import BLOCKING, VALIDATE, VALIDATE_BY
from realtime.rostering.codes import Cell
from realtime.services.roster_checks import channels_unserved, check_sign, checks_watch, due_of
from realtime.services.rosters import roster_amend, roster_publish, roster_validate
from realtime.turns import checks
from tests.factories import NOW, Floor, user
from tests.realtime.rosters import DAYS, Plan, log_in_of, plan_of

pytestmark = pytest.mark.req("RTM-2")
DAY = DAYS[9]  # 10 December
EVE = datetime(2026, 12, 8, 17, 0, tzinfo=UTC)  # 9 December, 00:00 WIB


@pytest.fixture
def plan(floor: Floor) -> Plan:
    made = plan_of(floor)
    sari, budi, tia = made.people
    edits = [(one, day, "P") for one in (sari, budi) for day in (DAYS[9], DAYS[10])]
    made.published(*edits, (tia, DAYS[9], "M"), (tia, DAYS[10], "OFF"), (made.leader, DAYS[9], "TP"))
    checks_watch(now=EVE - timedelta(days=1))  # a first look opens the ninth: nobody works it
    return made


def check(code: str = "P", day: date = DAY) -> RosterCheck:
    return RosterCheck.objects.get(day=day, shift__code=code)


def duty(one: RosterCheck) -> Obligation:
    return Obligation.objects.filter(rule=VALIDATE, object_id=one.pk).latest("pk")


def sign(one: RosterCheck, actor: Any, *, now: datetime = EVE + timedelta(hours=8), note: str = "") -> RosterCheck:
    one.refresh_from_db()
    return check_sign(check_id=one.pk, digest=one.digest, note=note, actor=actor, now=now)


def test_a_shift_with_nobody_on_voice_is_signed_off_with_a_reason(plan: Plan, client: Client) -> None:
    tia = plan.people[2]
    tia.employee.channels = ["chat"]
    tia.employee.save(update_fields=["channels"])
    checks_watch(now=EVE)
    one = check("M")
    with pytest.raises(Invalid, match="Suara") as refused:
        sign(one, plan.floor.leader)
    assert (refused.value.field, refused.value.code) == ("note", "unserved")
    assert check("M").status == CheckStatus.OPEN and sign(check("P"), plan.floor.leader).status == CheckStatus.SIGNED
    client.force_login(plan.floor.leader)
    page = client.get(one.get_absolute_url())
    assert page.context["next"][0]["form"].fields["note"].help_text
    one.refresh_from_db()
    done = check_sign(
        check_id=one.pk, digest=one.digest, note="Yogyakarta melayani voice", actor=plan.floor.leader,
        now=EVE + timedelta(hours=8),
    )  # fmt: skip
    assert done.status == CheckStatus.SIGNED
    one.findings, one.cover = [], [{"need": 2, "cover": 0.0}, {"need": 0, "cover": 0.0}]
    assert channels_unserved(one) == ["Suara"], "there are calls, and who could take them does something else"
    one.cover = [{"need": 2, "cover": 0.0}, {"need": 2, "cover": 0.9}]
    assert channels_unserved(one) == [], "short, and not without anybody"


@pytest.mark.parametrize(
    ("hour", "due"), [(24, (9, 17)), (1, (8, 18)), (17, (9, 10)), (23, (9, 16))]
)  # fmt: skip
def test_on_the_day_before_by_the_sites_clocks(plan: Plan, hour: int, due: tuple[int, int]) -> None:
    day, at = due
    assert due_of(DAY, plan.floor.jkt, hour) == datetime(2026, 12, day, at, tzinfo=UTC)


def test_each_shift_of_the_next_day_is_owed_once(plan: Plan) -> None:
    assert not RosterCheck.objects.filter(day=DAY).exists(), "a minute before the day before"
    assert checks_watch(now=EVE) == 2
    assert checks_watch(now=EVE + timedelta(minutes=5)) == 0
    one = check()
    owed = duty(one)
    assert (owed.starts_at, owed.due_at, owed.owner_role) == (EVE, EVE + timedelta(days=1), Role.TEAM_LEADER)
    assert (one.people, one.status, check("M").people) == (2, CheckStatus.OPEN, 1)
    assert {finding["code"] for finding in check("M").findings} == {"leader"}
    assert not RosterCheck.objects.filter(shift__code="TP").exists(), "who leads is looked at with the agents' shift"


def test_three_days_of_sleep_are_caught_up(plan: Plan) -> None:
    checks_watch(now=EVE)
    checks_watch(now=EVE + timedelta(days=3))
    late = check("P", DAYS[10])
    assert duty(late).breached_at is not None, "its day before is over"
    assert RosterCheck.objects.filter(day=DAYS[10]).count() == 1


def test_a_shift_that_nobody_looked_at_is_a_breach(plan: Plan) -> None:
    checks_watch(now=EVE)
    sweep(now=EVE + timedelta(days=1))
    assert duty(check()).breached_at == EVE + timedelta(days=1)
    sign(check(), plan.floor.leader, now=EVE + timedelta(days=1, minutes=1))
    assert (duty(check()).state, duty(check()).on_time) == ("fulfilled", False)


def test_signed_with_a_name_and_a_time(plan: Plan) -> None:
    checks_watch(now=EVE)
    with pytest.raises(NotAllowed):
        sign(check(), plan.floor.support)
    with pytest.raises(NotAllowed):
        sign(check(), user(Role.TEAM_LEADER, plan.floor.ygy))
    at = EVE + timedelta(hours=8)
    signed = sign(check(), plan.floor.leader, now=at)
    assert (signed.status, signed.signed_by, signed.signed_at) == (CheckStatus.SIGNED, plan.floor.leader, at)
    assert duty(signed).fulfilled_at == at
    step = WorkflowStep.objects.get(flow="realtime.roster_check", transition="sign")
    assert step.evidence["digest"] == signed.digest and step.actor == plan.floor.leader
    with pytest.raises(WrongState):
        sign(check(), plan.floor.leader)


def test_who_drew_up_the_roster_does_not_sign_it_off(plan: Plan) -> None:
    checks_watch(now=EVE)
    other = user(Role.WFM, name="wfm.two")
    with pytest.raises(NotAllowed):
        sign(check(), plan.wfm)
    assert check().status == CheckStatus.OPEN
    # A version of the leader's own holds from now on, and a swap that the leader approves makes no difference.
    version = plan.begin(reason="x", actor=plan.floor.leader)
    plan.write(version, (plan.people[2], DAYS[12], "P"), actor=plan.floor.leader)
    roster_validate(roster_id=version.pk, actor=user(Role.TEAM_LEADER, plan.floor.jkt, name="leader.two"), now=EVE)
    roster_publish(roster_id=version.pk, actor=plan.wfm, now=EVE)
    with pytest.raises(NotAllowed):
        sign(check(), plan.floor.leader)
    assert sign(check(), other).signed_by == other
    third = user(Role.TEAM_LEADER, plan.floor.jkt, name="leader.three")
    swapped = {(plan.people[2].pk, DAYS[20]): Cell("off")}
    roster_amend(plan.floor.jkt, DAYS[0], swapped, reason="tukar", actor=third, now=EVE)
    assert sign(check("M"), third).signed_by == third


def test_who_may_not_sign_is_not_waited_for(floor: Floor) -> None:
    """ "Today" has the real clock: a roster of this month, and a validation of tomorrow."""
    plan = plan_of(floor)
    now = timezone.now()
    tomorrow = local_day(now, floor.jkt.zone) + timedelta(days=1)
    roster = plan.begin(month=tomorrow.replace(day=1))
    plan.write(roster, (plan.people[0], tomorrow, "P"))
    plan.publish(roster)
    one = RosterCheck.objects.create(
        site=floor.jkt, day=tomorrow, shift=plan.shifts["P"], opened_at=now, due_at=now, judged_at=now, digest="x"
    )
    assert one.get_absolute_url() in {turn.url for turn in turns_for(floor.leader)}
    assert one.get_absolute_url() not in {turn.url for turn in turns_for(plan.wfm)}
    assert one.get_absolute_url() in {turn.url for turn in turns_for(user(Role.WFM, name="wfm.two"))}


def test_a_validation_that_is_late_is_waited_for_after_those_to_come(floor: Floor) -> None:
    plan, now = plan_of(floor), timezone.now()
    today = local_day(now, floor.jkt.zone)
    made = [
        RosterCheck.objects.create(
            site=floor.jkt, day=today + timedelta(days=days), shift=plan.shifts["P"], opened_at=now, due_at=now,
            judged_at=now, digest="x",
        )
        for days in (-40, 1)
    ]  # fmt: skip
    assert list(checks(floor.leader)) == made[::-1]
    assert {one.get_absolute_url() for one in made} <= {turn.url for turn in turns_for(floor.leader)}


def test_what_blocks_is_mended_first(plan: Plan) -> None:
    checks_watch(now=EVE)
    agent = log_in_of(plan.people[0])
    Absence.objects.create(user=agent, deputy=plan.floor.leader, starts_on=DAY, ends_on=DAY)
    seen = check()
    with pytest.raises(WrongState) as refused:  # it has come since it was looked at
        check_sign(check_id=seen.pk, digest=seen.digest, actor=plan.floor.leader, now=EVE + timedelta(hours=2))
    assert refused.value.code == "changed"
    checks_watch(now=EVE + timedelta(hours=2))
    assert check().blocking == 1
    with pytest.raises(Invalid) as blocked:
        sign(check(), plan.floor.leader)
    assert blocked.value.code == "blocked"
    policy_set(key=BLOCKING, value=[], valid_from=EVE + timedelta(hours=3), reason="rapat", site=plan.floor.jkt,
               actor=plan.floor.manager, now=EVE + timedelta(hours=3))  # fmt: skip
    checks_watch(now=EVE + timedelta(hours=4))
    signed = sign(check(), plan.floor.leader)
    assert {one["code"] for one in signed.findings} == {"leave", "missing"}, "it warns now, and is signed with"
    assert (signed.status, signed.warnings) == (CheckStatus.SIGNED, 2)


def test_a_change_after_the_sign_off_reopens_it(plan: Plan) -> None:
    checks_watch(now=EVE)
    for code in ("P", "M"):
        sign(check(code), plan.floor.leader)
    later = EVE + timedelta(hours=10)
    version = plan.begin(reason="sakit", now=later)
    plan.write(version, (plan.people[1], DAY, "SK"))
    plan.publish(version, now=later)
    again = check()
    assert (again.status, again.signed_by, again.people) == (CheckStatus.REOPENED, None, 1)
    assert check("M").status == CheckStatus.SIGNED, "of another shift"
    owed = duty(again)
    assert owed.state == "open" and owed.due_at == again.due_at >= later, "the page says what is owed"
    assert Obligation.objects.filter(rule=VALIDATE, object_id=again.pk).count() == 2
    note = WorkflowStep.objects.filter(object_id=again.pk, transition="reopen").latest("pk").note
    assert plan.people[1].name in said(note) and "→ –" in said(note), "it says whose cell is another"
    with pytest.raises(Invalid) as refused:
        sign(again, plan.floor.leader, now=later)
    assert refused.value.field == "note", "what was signed already is signed again with a reason"
    sign(again, plan.floor.leader, now=later, note="Digantikan siaga")
    assert check().status == CheckStatus.SIGNED


def test_a_shift_without_people_is_void_and_comes_back(plan: Plan) -> None:
    checks_watch(now=EVE)
    version = plan.begin(reason="libur")
    plan.write(version, (plan.people[2], DAY, "OFF"))
    plan.publish(version, now=EVE)
    assert (check("M").status, duty(check("M")).state) == (CheckStatus.VOID, "cancelled")
    back = plan.begin(reason="kembali")
    plan.write(back, (plan.people[2], DAY, "M"))
    plan.publish(back, now=EVE + timedelta(hours=1))
    assert (check("M").status, duty(check("M")).state) == (CheckStatus.REOPENED, "open")


def test_what_has_begun_stays_as_it_was_judged(plan: Plan) -> None:
    checks_watch(now=EVE)
    sign(check(), plan.floor.leader)
    begun = datetime(2026, 12, 10, 0, 1, tzinfo=UTC)  # 07:01 WIB
    version = plan.begin(reason="koreksi", now=begun)
    plan.write(version, (plan.people[1], DAY, "SK"))
    plan.publish(version, now=begun)
    assert check().status == CheckStatus.SIGNED


def test_no_published_roster_is_a_finding_that_blocks(floor: Floor) -> None:
    made = plan_of(floor)
    checks_watch(now=EVE)
    assert RosterCheck.objects.filter(site=floor.jkt, day=DAY).count() == 3
    assert [one["code"] for one in check().findings] == ["not_published"] and check().blocking == 1
    made.published((made.people[0], DAY, "P"))
    checks_watch(now=EVE + timedelta(hours=1))
    assert (check().blocking, check("S").status) == (0, CheckStatus.VOID)


def test_the_hour_is_a_dated_policy(plan: Plan) -> None:
    policy_set(key=VALIDATE_BY, value=17, valid_from=NOW, reason="rapat", site=plan.floor.jkt,
               actor=plan.floor.manager, now=NOW)  # fmt: skip
    checks_watch(now=EVE)
    assert duty(check()).due_at == EVE + timedelta(hours=17)


def test_the_page_signs_what_it_shows(
    plan: Plan, client: Client, django_assert_max_num_queries: Any, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setattr(timezone, "now", lambda: EVE + timedelta(hours=2))
    checks_watch(now=EVE)
    client.force_login(plan.floor.leader)
    one = check()
    with django_assert_max_num_queries(45):
        page = client.get(one.get_absolute_url())
    assert page.status_code == 200 and one.digest in page.content.decode()
    answer = client.post(f"{one.get_absolute_url()}sign/", {"digest": "other", "note": ""})
    assert answer.status_code in (409, 422)
    seen = check().digest
    away = Absence.objects.create(
        user=log_in_of(plan.people[0]), deputy=plan.floor.leader, starts_on=DAY, ends_on=DAY
    )  # fmt: skip
    answer = client.post(f"{one.get_absolute_url()}sign/", {"digest": seen, "note": ""})
    assert answer.status_code == 422 and check().digest != seen and check().blocking == 1
    assert check().digest in answer.content.decode(), "what it is now is shown at once"
    away.delete()
    client.post(f"{one.get_absolute_url()}sign/", {"digest": check().digest, "note": "ok"})
    answer = client.post(f"{one.get_absolute_url()}sign/", {"digest": check().digest, "note": "ok"})
    assert answer.status_code == 302 and check().status == CheckStatus.SIGNED
    assert client.get("/realtime/checks/").status_code == 200
