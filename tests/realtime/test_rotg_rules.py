"""Rules of the game by date, and floor walks by them (RTM-9; SOP-RTM 6.4, 7.5)."""

from __future__ import annotations

from collections.abc import Callable
from datetime import date, timedelta
from typing import Any

import pytest
from django.db import DatabaseError, connection, transaction
from django.test import Client
from django.utils import timezone

from occ.errors import Invalid, NotAllowed, WrongState
from occ.ledger.models import Entry
from occ.people.choices import Role
from realtime.models import FloorWalk, RuleVersion, WalkLine
from realtime.services import rotg, rotg_rules, rotg_walks
from tests.factories import DAY, NOW, Floor, user
from tests.realtime.rotg import quality, rule, seen
from tests.userids.test_ladder import in_threads

pytestmark = pytest.mark.req("RTM-9")
MORE: dict[str, Any] = {"text": "Telepon mati di loker", "severity": "major", "note": "Temuan audit"}


def test_a_change_is_a_new_version_and_what_held_stays(floor: Floor) -> None:
    made = rule("1.1")
    later = DAY + timedelta(days=10)
    rotg_rules.rule_change(rule_id=made.pk, starts_on=later, actor=quality(), now=NOW, **MORE)

    def held(day: date) -> tuple[int, str]:
        one = RuleVersion.objects.in_force(day, floor.jkt).get(rule=made)
        return one.version, one.severity

    assert held(DAY) == held(later - timedelta(days=1)) == (1, "minor")
    assert held(later) == (2, "major")
    first = made.versions.get(version=1)
    assert [one.history_change_reason for one in first.history.all()] == ["Temuan audit", "Hasil rapat"]
    assert Entry.objects.filter(action="rotg.rule").count() == 2
    rotg_rules.rule_end(rule_id=made.pk, ends_on=later, note="Diganti", actor=quality(), now=NOW)
    assert not RuleVersion.objects.in_force(later + timedelta(days=1)).exists()


@pytest.mark.parametrize(
    ("change", "field"),
    [({"text": " "}, "text"), ({"severity": "worst"}, "severity"), ({"note": ""}, "note"),
     ({"starts_on": DAY - timedelta(days=1)}, "starts_on"), ({"starts_on": date(2026, 1, 1)}, "starts_on")],
)  # fmt: skip
def test_a_change_says_what_and_why_and_never_reaches_back(floor: Floor, change: dict[str, Any], field: str) -> None:
    made = rule("1.1")
    given = MORE | {"starts_on": DAY} | change
    with pytest.raises(Invalid) as refused:
        rotg_rules.rule_change(rule_id=made.pk, actor=quality(), now=NOW, **given)
    assert refused.value.field == field and made.versions.count() == 1


def test_who_keeps_one_site_keeps_no_rule_of_all(floor: Floor) -> None:
    everywhere = rule("1.1")
    with pytest.raises(NotAllowed):
        rotg_rules.rule_change(rule_id=everywhere.pk, starts_on=DAY, actor=floor.coordinator, now=NOW, **MORE)
    with pytest.raises(NotAllowed):
        rotg_rules.rule_add(number="9", site=floor.ygy, starts_on=DAY, actor=floor.coordinator, now=NOW, **MORE)
    with pytest.raises(NotAllowed):
        rotg_rules.rule_add(number="9", site=floor.jkt, starts_on=DAY, actor=floor.leader, now=NOW, **MORE)
    own = rotg_rules.rule_add(number="9", site=floor.jkt, starts_on=DAY, actor=floor.coordinator, now=NOW, **MORE)
    assert RuleVersion.objects.in_force(DAY, floor.jkt).count() == 2
    assert own not in RuleVersion.objects.in_force(DAY, floor.ygy)
    with pytest.raises(Invalid) as refused:
        rotg_rules.rule_add(number="9", site=floor.jkt, starts_on=DAY, actor=floor.coordinator, now=NOW, **MORE)
    assert refused.value.field == "number"


def test_who_read_an_older_version_changes_nothing(floor: Floor) -> None:
    made = rule("1.1")
    rotg_rules.rule_change(rule_id=made.pk, starts_on=DAY, seen=1, actor=quality(), now=NOW, **MORE)
    with pytest.raises(WrongState):
        rotg_rules.rule_change(
            rule_id=made.pk, starts_on=DAY + timedelta(days=1), seen=1, actor=quality(), now=NOW, **MORE
        )


def test_the_database_keeps_what_was_said(floor: Floor) -> None:
    made = rule("1.1").versions.get()
    walk = rotg_walks.walk_start(site=floor.jkt, actor=floor.leader, now=NOW)
    line = walk.lines.get()
    rotg_walks.walk_answer(line_id=line.pk, answer="ok", actor=floor.leader, now=NOW)
    rotg_walks.walk_finish(walk_id=walk.pk, actor=floor.leader, now=NOW)
    violation = seen(floor, made.rule)
    for change in (
        lambda: RuleVersion.objects.filter(pk=made.pk).update(text="x"),
        lambda: RuleVersion.objects.create(rule=made.rule, version=2, text="x", severity="minor", reason="x",
                                           starts_on=DAY, made_at=NOW, made_by=quality()),
        lambda: WalkLine.objects.filter(pk=line.pk).update(answer="na"),
        lambda: WalkLine.objects.filter(pk=line.pk).delete(),
        lambda: FloorWalk.objects.filter(pk=walk.pk).update(note="x"),
        lambda: type(violation).objects.filter(pk=violation.pk).update(what="x"),
        lambda: type(violation).objects.filter(pk=violation.pk).update(status="upheld"),
    ):  # fmt: skip
        with pytest.raises(DatabaseError), transaction.atomic():
            change()


def test_a_walk_has_the_rules_of_its_day_and_ends_when_each_has_an_answer(floor: Floor, client: Client) -> None:
    phone, desk = rule("1"), rule("2", severity="major")
    rule("3", site=floor.ygy)
    rule("4", starts_on=DAY + timedelta(days=1))
    walk = rotg_walks.walk_start(site=floor.jkt, actor=floor.leader, now=NOW)
    assert rotg_walks.walk_start(site=floor.jkt, actor=floor.leader, now=NOW) == walk, "a second tap comes back to it"
    first, second = walk.lines.order_by("version__rule__number")
    assert (first.version.rule, second.version.rule) == (phone, desk)
    with pytest.raises(Invalid) as refused:
        rotg_walks.walk_finish(walk_id=walk.pk, actor=floor.leader, now=NOW)
    assert (refused.value.field, refused.value.code) == ("answer", "unanswered") and "1, 2" in str(refused.value)
    rotg_walks.walk_answer(line_id=first.pk, answer="ok", actor=floor.leader, now=NOW)
    rotg_walks.walk_answer(line_id=second.pk, answer="violation", actor=floor.leader, now=NOW)
    with pytest.raises(Invalid) as refused:
        rotg_walks.walk_finish(walk_id=walk.pk, actor=floor.leader, now=NOW)
    assert refused.value.code == "nobody_named" and "2" in str(refused.value)
    client.force_login(floor.leader)
    page = client.post(f"{walk.get_absolute_url()}finish/", {"note": ""})
    assert page.status_code == 422 and list(page.context["form"].errors) == ["__all__"], "not of the note"
    assert [bool(one.lacks) for one in page.context["lines"]] == [False, True], "said at the rule that lacks it"
    found = seen(floor, desk, line_id=second.pk)
    assert found.line == second
    with pytest.raises(Invalid):  # what was recorded is not tapped away
        rotg_walks.walk_answer(line_id=second.pk, answer="ok", actor=floor.leader, now=NOW)
    done = rotg_walks.walk_finish(walk_id=walk.pk, note="rapi", actor=floor.leader, now=NOW)
    assert (done.status, done.finished_by) == ("finished", floor.leader)
    with pytest.raises(WrongState):
        rotg_walks.walk_answer(line_id=first.pk, answer="na", actor=floor.leader, now=NOW)
    with pytest.raises(WrongState):
        seen(floor, desk, line_id=second.pk)


def test_what_nobody_can_be_named_for_is_said_in_a_note(floor: Floor) -> None:
    rule("1")
    walk = rotg_walks.walk_start(site=floor.jkt, actor=floor.leader, now=NOW)
    line = walk.lines.get()
    rotg_walks.walk_answer(line_id=line.pk, answer="violation", note="Gelas di meja 12", actor=floor.leader, now=NOW)
    before = Entry.objects.count()
    rotg_walks.walk_answer(line_id=line.pk, answer="violation", note="Gelas di meja 12", actor=floor.leader, now=NOW)
    assert Entry.objects.count() == before, "the same answer again changes nothing"
    assert rotg_walks.walk_finish(walk_id=walk.pk, actor=floor.leader, now=NOW).status == "finished"


def test_no_rule_no_walk(floor: Floor) -> None:
    with pytest.raises(Invalid):
        rotg_walks.walk_start(site=floor.jkt, actor=floor.leader, now=NOW)
    assert not FloorWalk.objects.exists()


def test_two_taps_at_once_begin_one_walk(live_floor: Floor) -> None:
    rule("1")
    walks = in_threads(4, lambda: rotg_walks.walk_start(site=live_floor.jkt, actor=live_floor.leader, now=NOW).pk)
    assert len(set(walks)) == 1 and WalkLine.objects.count() == 1


def test_a_tap_races_the_end_and_nothing_is_changed_after_it(live_floor: Floor) -> None:
    rule("1")
    walk = rotg_walks.walk_start(site=live_floor.jkt, actor=live_floor.leader, now=NOW)
    line = walk.lines.get()
    rotg_walks.walk_answer(line_id=line.pk, answer="ok", actor=live_floor.leader, now=NOW)
    deeds = [
        lambda: rotg_walks.walk_finish(walk_id=walk.pk, actor=live_floor.leader, now=NOW),
        lambda: rotg_walks.walk_answer(line_id=line.pk, answer="na", actor=live_floor.leader, now=NOW),
    ]
    results = in_threads(2, lambda: deeds.pop()())
    assert all(isinstance(one, FloorWalk | WalkLine | WrongState) for one in results)
    assert FloorWalk.objects.get().status == "finished"


def test_the_pages_of_rules(floor: Floor, client: Client) -> None:
    client.force_login(quality())
    today = timezone.localdate().isoformat()
    given = {
        "number": "2.1",
        "site": "",
        "text": "Rapikan meja",
        "severity": "minor",
        "starts_on": today,
        "note": "Baru",
    }
    assert client.post("/realtime/rules/new/", given | {"note": ""}).status_code == 422
    made = client.post("/realtime/rules/new/", given)
    assert made.status_code == 302
    assert client.post("/realtime/rules/new/", given).status_code == 422
    page = client.get(made["Location"]).content.decode()
    assert "Rapikan meja" in page and 'name="seen"' in page
    later = (timezone.localdate() + timedelta(days=3)).isoformat()
    change = {
        "text": "Rapikan meja dan laci",
        "severity": "moderate",
        "starts_on": later,
        "note": "Lengkap",
        "seen": "1",
    }
    assert client.post(f"{made['Location']}change/", change | {"starts_on": today}).status_code == 422
    assert client.post(f"{made['Location']}change/", change).status_code == 302
    assert client.post(f"{made['Location']}change/", change).status_code == 422
    assert client.post(f"{made['Location']}end/", {"ends_on": later, "note": ""}).status_code == 422
    assert client.post(f"{made['Location']}end/", {"ends_on": later, "note": "Cukup"}).status_code == 302
    rows = client.get("/realtime/rules/?q=laci").content.decode()
    assert "dan laci" in rows
    assert "dan laci" not in client.get(f"/realtime/rules/?q=meja&on={today}").content.decode()
    client.force_login(user(Role.AGENT, floor.jkt))
    assert "2.1" in client.get("/realtime/rules/").content.decode()
    assert 'name="seen"' not in client.get(made["Location"]).content.decode()


def test_a_walk_by_its_pages_with_and_without_scripts(floor: Floor, client: Client) -> None:
    today = timezone.localdate()
    one, two = rule("1", starts_on=today, now=timezone.now()), rule("2", starts_on=today, now=timezone.now())
    client.force_login(floor.leader)
    started = client.post("/realtime/walks/start/", {"site": floor.jkt.pk})
    walk = FloorWalk.objects.get()
    assert started["Location"] == walk.get_absolute_url()
    assert client.post("/realtime/walks/start/", {"site": floor.ygy.pk})["Location"] == "/realtime/walks/"
    first, second = (walk.lines.get(version__rule=one) for one in (one, two))
    plain = client.post(f"/realtime/walks/lines/{first.pk}/", {"answer": "ok"})
    assert plain["Location"] == f"{walk.get_absolute_url()}#line-{first.pk}"
    script = {"headers": {"Accept": "application/json"}}
    told = client.post(f"/realtime/walks/lines/{second.pk}/", {"answer": "violation"}, **script)
    assert told.json() == {"answered": 2, "rules": 2}
    wrong = client.post(f"/realtime/walks/lines/{second.pk}/", {"answer": "perhaps"}, **script)
    assert wrong.status_code == 422 and wrong.json()["message"]
    assert client.post(f"{walk.get_absolute_url()}finish/", {"note": ""}).status_code == 422
    form = client.get(f"/realtime/violations/new/?line={second.pk}").content.decode()
    assert f'value="{second.pk}"' in form
    at = timezone.localtime(timezone.now(), floor.jkt.zone).strftime("%Y-%m-%dT%H:%M")
    given = {
        "person": floor.agent.number,
        "rule": second.version_id,
        "seen_at": at,
        "what": "HP di meja",
        "line": second.pk,
    }
    assert client.post("/realtime/violations/new/", given | {"what": ""}).status_code == 422
    back = client.post("/realtime/violations/new/", given)
    assert back["Location"] == f"{walk.get_absolute_url()}#line-{second.pk}"
    page = client.get(walk.get_absolute_url()).content.decode()
    assert floor.agent.name in page and 'aria-pressed="true"' in page
    assert client.post(f"{walk.get_absolute_url()}finish/", {"note": "selesai"}).status_code == 302
    assert "occ/walk.js" not in client.get(walk.get_absolute_url()).content.decode()
    assert rotg.Violation.objects.get().line == second


@pytest.mark.req("KER-12")
@pytest.mark.parametrize(("path", "most"), [("rules", 12), ("walks", 13)])
def test_lists_ask_the_same_however_long_they_are(
    floor: Floor, client: Client, path: str, most: int, django_assert_max_num_queries: Callable[..., Any]
) -> None:
    for n in range(30):
        rule(f"{n}")
    FloorWalk.objects.bulk_create(
        FloorWalk(site=floor.jkt, started_at=NOW, started_by=floor.leader, status="finished", finished_at=NOW,
                  finished_by=floor.leader) for _n in range(60)
    )  # fmt: skip
    client.force_login(floor.leader)
    client.get(f"/realtime/{path}/")
    with django_assert_max_num_queries(most):
        assert client.get(f"/realtime/{path}/?q=a").status_code == 200


def test_a_walks_page_asks_the_same_however_many_rules(
    floor: Floor, client: Client, django_assert_max_num_queries: Callable[..., Any]
) -> None:
    rules = [rule(f"{n}") for n in range(30)]
    walk = rotg_walks.walk_start(site=floor.jkt, actor=floor.leader, now=NOW)
    for one in rules[:5]:
        seen(floor, one, line_id=walk.lines.get(version__rule=one).pk)
    client.force_login(floor.leader)
    client.get(walk.get_absolute_url())
    with django_assert_max_num_queries(11):
        assert client.get(walk.get_absolute_url()).status_code == 200
    assert connection.queries is not None
