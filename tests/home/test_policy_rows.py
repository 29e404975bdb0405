"""Ladders and the clearance list are policies that a coordinator changes on the page, with a reason, from now on."""

from __future__ import annotations

from datetime import datetime, timedelta
from typing import Any

import pytest
from django.db import DatabaseError, connection, transaction
from django.test import Client
from django.test.utils import CaptureQueriesContext
from django.utils import timezone

from occ.errors import NotAllowed, Refused
from occ.home.navigation import FLOOR
from occ.home.policy_sections import OTHER, section_of
from occ.ledger.models import Entry
from occ.obligations.models import ObligationEvent
from occ.obligations.sweep import sweep
from occ.people.choices import Role
from occ.policies.models import Policy, TakenBack
from occ.policies.registry import DEFINITIONS
from occ.policies.services import Values, policy_last, policy_set, policy_take_back, policy_value
from occ.times import JAKARTA, start_of_day
from sdm.policies import ITEMS
from tests.factories import Floor, site, user
from tests.userids.test_ladder import in_threads
from userids.policies import DEACTIVATE

pytestmark = pytest.mark.django_db
LADDER = f"{DEACTIVATE}.ladder"
URL = f"/policies/{LADDER}/"
HOURS = "userids.deactivate.hours"


def posted(rows: list[dict[str, Any]], **more: Any) -> dict[str, Any]:
    data: dict[str, Any] = {"rows-TOTAL_FORMS": len(rows), "rows-INITIAL_FORMS": sum(bool(r.get("key")) for r in rows)}
    for i, row in enumerate(rows):
        data |= {f"rows-{i}-{name}": value for name, value in row.items()}
    return data | {"reason": "asked for by the client", "valid_from": timezone.localdate().isoformat()} | more


@pytest.fixture
def manager(floor: Floor, client: Client) -> Client:
    client.force_login(floor.manager)
    return client


def steps() -> list[dict[str, Any]]:
    return [dict(one) for one in policy_value(LADDER, at=timezone.now())]


@pytest.mark.req("UID-5", "KER-13")
def test_a_ladder_is_changed_for_what_is_opened_from_then_on(floor: Floor, manager: Client) -> None:
    now = timezone.now()
    before = floor.resign(now.date() + timedelta(days=3), now=now)
    rows = steps()
    rows[1]["DELETE"] = "on"
    new = {"key": "", "kind": "remind", "hours": "-6.5", "anchor": "due", "role": "coordinator"}
    answer = manager.post(URL, posted([*rows, new, {"key": "", "kind": "remind", "hours": ""}]))
    assert answer.status_code == 422, "a row that is begun is finished"
    assert manager.post(URL, posted([*rows, new])).status_code == 302
    kept = steps()
    assert [one["key"] for one in kept] == [
        "requested",
        "2h_before",
        "breach",
        "24h_after",
        "remind_6_5_due_coordinator",
    ]
    assert kept[-1] == {**new, "key": kept[-1]["key"], "hours": -6.5}
    page = manager.get(URL).content.decode()
    assert "asked for by the client" in page and "-6.5" in page.replace(",", ".")
    due = before.person.deactivations.get().due_at
    sweep(now=due - timedelta(hours=6))
    taken = set(ObligationEvent.objects.exclude(step="").values_list("step", flat=True))
    assert "12h_before" in taken and "remind_6_5_due_coordinator" not in taken, "what was opened keeps its ladder"


@pytest.mark.parametrize(
    ("change", "words"),
    [
        ({"hours": "1", "anchor": "due", "kind": "breach", "role": "manager"}, "one breach step"),
        ({"hours": "-1", "anchor": "due", "kind": "escalate", "role": "manager"}, "after the due time"),
        ({"hours": "-1", "anchor": "start", "kind": "remind", "role": "manager"}, "before the beginning"),
        ({"hours": "-2", "anchor": "due", "kind": "remind", "role": "team_leader"}, "twice"),
        ({"hours": "999999", "anchor": "due", "kind": "remind", "role": "manager"}, "ten years"),
        ({"hours": "-2", "anchor": "due", "kind": "remind", "role": "nobody"}, "Select a valid choice"),
        ({"hours": "x", "anchor": "due", "kind": "remind", "role": "manager"}, "Enter a length of time"),
    ],
)
@pytest.mark.req("UID-5")
def test_a_ladder_that_makes_no_sense_is_refused_in_words(
    floor: Floor, manager: Client, change: dict[str, Any], words: str
) -> None:
    manager.cookies["django_language"] = "en"
    before = Policy.objects.count()
    answer = manager.post(URL, posted([*steps(), {"key": "", **change}]))
    assert answer.status_code == 422 and words in answer.content.decode()
    assert Policy.objects.count() == before


@pytest.mark.req("SDM-8")
def test_the_clearance_list_is_one_too(floor: Floor, manager: Client) -> None:
    rows = [dict(one) for one in policy_value(ITEMS, at=timezone.now())]
    rows[0]["DELETE"] = "on"
    assert manager.post(f"/policies/{ITEMS}/", posted([*rows, {"key": "", "label": "Laptop & tas"}])).status_code == 302
    kept = policy_value(ITEMS, at=timezone.now())
    assert [one["key"] for one in kept] == ["headset", "locker", "customer_data", "laptop_tas"]


def test_who_may_not_sees_it_and_cannot_change_it(floor: Floor, client: Client) -> None:
    client.force_login(user(Role.AUDITOR))
    page = client.get(URL)
    assert page.status_code == 200 and b"rows-TOTAL_FORMS" not in page.content
    assert client.post(URL, posted(steps())).status_code == 403
    hostile = {"rows-TOTAL_FORMS": "9999999", "rows-INITIAL_FORMS": "x", "reason": "r"}
    client.force_login(floor.manager)
    assert client.post(URL, hostile).status_code == 422


@pytest.mark.req("KER-5", "UID-5")
def test_of_two_who_change_it_at_once_the_second_looks_again(floor: Floor, manager: Client) -> None:
    """Each sends the whole list: the second would take back, unread, what the first has done."""
    first, second = steps(), steps()
    seen = manager.get(URL).context["form"]["seen"].value()
    first[1]["DELETE"] = "on"
    second[2]["role"] = "coordinator"
    manager.cookies["django_language"] = "en"
    assert manager.post(URL, posted(first, seen=seen)).status_code == 302
    answer = manager.post(URL, posted(second, seen=seen))
    assert (answer.status_code, len(steps())) == (422, len(first) - 1)
    assert "changed this policy meanwhile" in answer.content.decode()
    third = steps()
    third[1]["role"] = "coordinator"
    assert manager.post(URL, posted(third, seen=manager.get(URL).context["form"]["seen"].value())).status_code == 302


def test_two_at_the_same_moment_are_one_after_the_other(live_floor: Floor) -> None:
    at, seen, days = timezone.now(), policy_last(LADDER), iter((1, 2))

    def change(begins: datetime, rows: list[dict[str, Any]], **given: Any) -> str:
        try:
            policy_set(
                key=LADDER, value=rows, valid_from=begins, reason="r", site=None, actor=live_floor.manager, now=at,
                **given,
            )  # fmt: skip
        except Refused as refusal:
            return refusal.code
        return "set"

    said = in_threads(2, lambda: change(at + timedelta(days=next(days)), steps()[:-1], seen=seen))
    assert sorted(map(str, said)) == ["changed", "set"]
    last = Policy.objects.get(pk=policy_last(LADDER))
    assert change(last.valid_from, steps()) == "set_already"
    assert policy_last(LADDER) == last.pk, "nothing of the refused one stays"


def test_who_sets_it_for_one_site_begins_with_what_holds_there(floor: Floor, client: Client) -> None:
    client.force_login(user(Role.COORDINATOR, floor.jkt))
    rows = steps()
    rows[1]["hours"] = "-7"
    assert client.post(URL, posted(rows, site=floor.jkt.pk)).status_code == 302
    assert client.get(URL).context["rows"][1].initial["hours"] == -7
    assert client.post(URL, posted(rows, site=site("YGY").pk)).status_code == 422


@pytest.mark.req("KER-6")
def test_the_form_begins_with_what_holds_at_the_site_that_is_chosen(floor: Floor, manager: Client) -> None:
    now, key = timezone.now(), "userids.deactivate.hours"
    policy_set(key=key, value=12, valid_from=now, reason="r", site=floor.jkt, actor=floor.manager, now=now)
    url = f"/policies/{key}/"
    for query, value, where in (("", 24, None), (f"?site={floor.jkt.pk}", 12, floor.jkt), ("?site=x", 24, None)):
        form = manager.get(url + query).context["form"]
        shown = f"{value} jam"
        assert (form["value"].value(), form["site"].value()) == (shown, where and where.pk)
        assert form["valid_from"].value() == timezone.localdate()
    rows = steps()
    rows[1]["hours"] = "-7"
    assert manager.post(URL, posted(rows, site=floor.jkt.pk)).status_code == 302
    assert manager.get(f"{URL}?site={floor.jkt.pk}").context["rows"][1].initial["hours"] == -7
    assert manager.get(URL).context["rows"][1].initial["hours"] != -7
    assert manager.post(URL, posted(rows, site=999_999)).status_code == 422


@pytest.mark.req("KER-6")
def test_a_policy_is_planned_for_a_day_and_never_for_one_that_is_past(floor: Floor, manager: Client) -> None:
    key, today = "userids.deactivate.hours", timezone.localdate()
    url = f"/policies/{key}/"

    def change(value: Any, day: Any) -> int:
        return int(manager.post(url, {"value": value, "valid_from": day, "reason": "rapat"}).status_code)

    for wrong in (today - timedelta(days=1), "", "x", "01/12/2026", "9999-01-01"):
        assert change(12, wrong) == 422
    then = today + timedelta(days=3)
    assert (change(12, then), change(10, then)) == (302, 302), "a plan is corrected before its day"
    begins = start_of_day(then, JAKARTA)
    values = [policy_value(key, at=begins + after) for after in (-timedelta(seconds=1), timedelta(seconds=1))]
    assert values == [24, 10] and policy_value(key, at=begins) == 12
    assert [one["planned"] for one in manager.get(url).context["history"]] == [True, True, False]
    assert change(20, today) == 302 and policy_value(key, at=timezone.now()) == 20


@pytest.mark.req("KER-6")
def test_what_is_planned_is_taken_back_until_it_begins_and_stays_in_the_history(floor: Floor, manager: Client) -> None:
    url, now, then = f"/policies/{HOURS}/", timezone.now(), timezone.now() + timedelta(days=3)
    given: dict[str, Any] = {"key": HOURS, "reason": "rapat", "actor": floor.manager, "now": now}
    held = policy_set(value=30, valid_from=now, site=None, **given)
    planned, local = (policy_set(value=12, valid_from=then, site=site, **given) for site in (None, floor.ygy))

    def back(one: Policy, client: Client = manager, **more: Any) -> Any:
        return client.post(f"{url}take-back/", {"planned": one.pk, "reason": "batal"} | more)

    assert "30 jam" in manager.get(url).context["history"][1]["back"]["text"], "what holds then is said before"
    refused = back(planned, reason=" ")
    opened = [one["row"] for one in refused.context["history"] if one["back"] and one["back"]["open"]]
    assert refused.status_code == 422 and opened == [planned]
    assert back(held).status_code == 409, "it holds"
    with pytest.raises(Refused, match="berlaku"):
        policy_take_back(policy_id=planned.pk, reason="x", actor=floor.manager, now=then)
    of_jakarta = Client()
    of_jakarta.force_login(user(Role.COORDINATOR, floor.jkt))
    page = of_jakarta.get(url)
    assert {one["back"] for one in page.context["history"]} == {None} and back(local, of_jakarta).status_code == 403
    seen = policy_last(HOURS)
    assert back(planned).status_code == 302
    assert (policy_value(HOURS, at=then), Values([HOURS], at=then)(HOURS)) == (30, 30)
    assert policy_value(HOURS, at=then, site=floor.ygy) == 12 and policy_last(HOURS) > seen
    shown = manager.get(url)
    (row,) = [one for one in shown.context["history"] if one["row"] == planned]
    assert (row["planned"], row["holds"], row["back"], row["taken"].by) == (False, False, None, floor.manager)
    assert "batal" in shown.content.decode()
    assert Entry.objects.get(action="policy.taken_back").data["reason"] == "batal"
    assert "planned" in manager.post(f"{url}take-back/", {"reason": "batal"}).context["tried"].errors
    assert "sudah ditarik" in back(planned).content.decode()
    with pytest.raises(DatabaseError), transaction.atomic():
        TakenBack.objects.all().delete()
    again = {"value": "10", "valid_from": timezone.localdate(then).isoformat(), "reason": "jadi"}
    assert manager.post(url, again).status_code == 302, "the day can be planned anew"
    assert policy_value(HOURS, at=then + timedelta(days=1)) == 10
    assert manager.post(url, again | {"value": "8"}).status_code == 302, "and be corrected"
    history = {one["row"].value: one["back"] for one in manager.get(url).context["history"] if one["back"]}
    assert "8 jam" in history[10]["text"], "what was corrected for that day is not what holds then"
    assert "10 jam" in history[8]["text"]


@pytest.mark.req("KER-9")
@pytest.mark.parametrize("key", [one for one in DEFINITIONS if one.startswith("login.")])
def test_who_comes_in_and_how_is_the_administrators_to_set(floor: Floor, key: str) -> None:
    """Every role: whoever could lower the bar could pass under it with somebody else's name."""
    url = f"/policies/{key}/"
    choices = DEFINITIONS[key].choices
    value: Any = [choices[0][0]] if choices else DEFINITIONS[key].default + 1
    given = {"value": value, "reason": "uji", "valid_from": timezone.localdate().isoformat()}
    for role in Role:
        client = Client()
        client.force_login(user(role))
        may, reads = role == Role.ADMINISTRATOR, role in FLOOR
        answer = client.get(url)
        assert answer.status_code == (200 if reads else 403)
        assert not reads or (answer.context["form"] is not None) is may
        assert client.post(url, given).status_code == (302 if may else 403)
    now = timezone.now()
    with pytest.raises(NotAllowed):
        policy_set(key=key, value=value, valid_from=now, reason="r", site=None, actor=floor.manager, now=now)
    local = Client()
    local.force_login(user(Role.ADMINISTRATOR, floor.jkt))
    assert local.post(url, given).status_code == 403, "they hold everywhere"


def test_what_nobody_types_is_refused_too(floor: Floor, manager: Client) -> None:
    rows = steps()
    rows[1] |= {"DELETE": "on", "key": "x" * 60}
    assert manager.post(URL, posted(rows)).status_code == 302, "what goes need not fit"
    assert manager.post(URL, posted(steps()) | {"rows-INITIAL_FORMS": 0}).status_code == 422
    assert manager.post(URL, posted(steps()) | {"reason": "r" * 301}).status_code == 422


@pytest.mark.req("KER-6")
def test_a_length_is_typed_in_words_and_shown_so(floor: Floor, manager: Client) -> None:
    url, day = "/policies/userids.deactivate.hours/", timezone.localdate().isoformat()
    for wrong in ("24:00:00", "besok", "1.440 menit", ""):
        page = manager.post(url, {"value": wrong, "valid_from": day, "reason": "rapat"})
        assert page.status_code == 422 and page.context["form"].errors["value"], wrong
    assert "2 hari" in page.content.decode()  # what to type instead
    assert manager.post(url, {"value": "1 hari 12 jam", "valid_from": day, "reason": "rapat"}).status_code == 302
    assert policy_value("userids.deactivate.hours", at=timezone.now()) == 36
    assert "36 jam" in manager.get("/policies/").content.decode()
    rows = steps()
    rows[1]["hours"] = "-2 hari"
    assert manager.post(URL, posted(rows)).status_code == 302
    assert "-48 jam (-2 hari)" in manager.get(URL).content.decode()
    too_long = manager.post(url, {"value": "3650 hari", "valid_from": day, "reason": "rapat"})
    assert too_long.status_code == 422 and "jam" in str(too_long.context["form"].errors["value"])


@pytest.mark.req("KER-6")
def test_policies_are_found_by_word_and_clause_and_each_has_a_name_of_its_own(floor: Floor, manager: Client) -> None:
    labels = [str(one.label) for one in DEFINITIONS.values()]
    assert len(set(labels)) == len(labels)
    label = str(DEFINITIONS[HOURS].label)
    page = manager.get("/policies/", {"q": label.split()[0].upper()}).content.decode()
    assert label in page and len(manager.get("/policies/", {"q": "tidak ada yang begini"}).context["rows"]) == 0
    assert label in manager.get("/search/", {"q": label}).content.decode()
    agent = Client()
    agent.force_login(user(Role.AGENT, floor.jkt))
    assert f"/policies/{HOURS}/" not in agent.get("/search/", {"q": label}).content.decode()


@pytest.mark.req("KER-6")
def test_policies_stand_under_headings_that_one_can_jump_to(floor: Floor, manager: Client) -> None:
    assert [key for key in DEFINITIONS if section_of(key) is OTHER] == []
    manager.get("/policies/")
    with CaptureQueriesContext(connection) as queries:
        page = manager.get("/policies/")
    assert len(queries) <= 7
    sections, text = page.context["sections"], page.content.decode()
    assert sum(len(one.rows) for one in sections) == len(DEFINITIONS) and len(sections) > 10
    for one in sections:
        assert f'href="#policies-{one.slug}"' in text and f'id="policies-{one.slug}"' in text
    (only,) = manager.get("/policies/", {"q": HOURS}).context["sections"]
    assert only.slug == section_of(HOURS).slug == "user-ids" and section_of("sdm.pkwt_x").slug == "people"


@pytest.mark.req("KER-6")
def test_a_sites_own_value_stands_beside_that_of_all_and_what_holds_is_marked(floor: Floor, manager: Client) -> None:
    url, day = "/policies/userids.deactivate.hours/", timezone.localdate().isoformat()
    given = {"value": "36 jam", "valid_from": day, "reason": "rapat", "site": floor.jkt.pk}
    assert "tersimpan" in manager.post(url, given, follow=True).content.decode()
    (row,) = [one for one in manager.get("/policies/").context["rows"] if one["definition"].key in url]
    assert row["value"].startswith("24") and [(site, said[:2]) for site, said in row["own"]] == [(floor.jkt, "36")]
    history = manager.get(url).context["history"]
    assert [(one["row"].site, one["holds"]) for one in history] == [(floor.jkt, True), (None, True)]
