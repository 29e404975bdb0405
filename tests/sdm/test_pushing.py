"""What HR's own system pushes (SDM-11): names that collide, people who come back, 29 February, the same twice."""

from __future__ import annotations

import json
from datetime import date, timedelta
from typing import Any

import pytest
from django.test import Client

from occ.people.choices import LeavingReason
from occ.people.lifecycle import announce_left
from occ.people.models import Person, User
from sdm.models import Employee, Employment, Placement
from sdm.services import leavings
from tests.factories import NOW, Floor, user
from tests.sdm.conftest import Hire

pytestmark = pytest.mark.req("SDM-11")
NEW: dict[str, Any] = {"name": "Dewi Lestari", "position": "Agent", "site": "JKT", "joined_on": "2024-02-29"}


@pytest.fixture
def system(hr: User) -> Client:
    client = Client()
    client.force_login(hr)
    return client


def put(client: Client, number: str, body: dict[str, Any]) -> Any:
    return client.put(f"/api/v1/sdm/employees/{number}/", json.dumps(body), content_type="application/json")


def test_two_people_of_one_name_stay_two(floor: Floor, system: Client) -> None:
    assert put(system, "D1", NEW).status_code == 201
    assert put(system, "D2", NEW | {"position": "Verifikator"}).status_code == 201
    assert put(system, "D2", {"phone": "0812"}).status_code == 200
    found = {one.person.number: one.phone for one in Employee.objects.filter(person__name="Dewi Lestari")}
    assert found == {"D1": "", "D2": "0812"}
    rows = system.get("/api/v1/sdm/employees/", {"q": "dewi lestari"}).json()["results"]
    assert sorted(one["number"] for one in rows) == ["D1", "D2"]


def test_a_leader_is_named_by_number_and_never_guessed_by_name(floor: Floor, system: Client) -> None:
    put(system, "D1", NEW)
    put(system, "D2", NEW)
    assert put(system, "D3", NEW | {"leader": "Dewi Lestari"}).status_code == 400
    assert put(system, "D3", NEW | {"leader": "D2"}).status_code == 201
    assert Placement.objects.get(employee__person__number="D3").leader == Person.objects.get(number="D2")
    assert put(system, "D2", {"leader": "D2"}).json()["code"] == "own_leader"


@pytest.mark.parametrize("born", ["2000-02-29", "2000-02-28", "2000-03-01"])
def test_born_on_29_february(floor: Floor, system: Client, born: str) -> None:
    assert put(system, "F1", NEW | {"birth_date": born}).json()["birth_date"] == born
    assert put(system, "F1", {"birth_date": "2001-02-29"}).status_code == 400
    assert system.get("/api/v1/sdm/employees/F1/").json()["birth_date"] == born


def test_who_left_comes_back_with_a_later_day_of_joining_and_once_only(floor: Floor, system: Client, hr: User) -> None:
    put(system, "R1", NEW | {"contract": {"kind": "pkwt", "starts_on": "2024-02-29", "agreed_until": "2025-02-28"}})
    person = Person.objects.get(number="R1")
    last = date(2025, 2, 28)
    leavings.leaving_record(
        person_id=person.pk, last_working_day=last, reason=LeavingReason.NON_RENEWAL, actor=hr, now=NOW
    )
    announce_left(now=NOW)
    assert system.get("/api/v1/sdm/employees/", {"status": "left", "q": "dewi"}).json()["results"]
    back = {
        "joined_on": "2025-09-01", "site": "YGY",
        "contract": {"kind": "pkwt", "starts_on": "2025-09-01", "agreed_until": "2026-08-31"},
    }  # fmt: skip
    assert put(system, "R1", back).status_code == 200
    counts = Placement.history.count(), Employment.history.count()
    assert put(system, "R1", back).status_code == 200
    assert (Placement.history.count(), Employment.history.count()) == counts
    person.refresh_from_db()
    assert (person.joined_on, person.last_working_day, person.site) == (date(2025, 9, 1), None, floor.ygy)
    assert Employment.objects.filter(employee=person.pk, extends=None).count() == 2
    old = system.get("/api/v1/sdm/employees/R1/", {"as_of": "2024-06-01"}).json()
    assert (old["site"], old["status"]) == ("JKT", "working")


def test_contracts_that_follow_are_extensions_and_the_same_twice_is_one(floor: Floor, system: Client) -> None:
    first = {"kind": "pkwt", "starts_on": "2024-02-29", "agreed_until": "2025-02-28", "number": "K/1"}
    then = {"kind": "pkwt", "starts_on": "2025-03-01", "agreed_until": "2026-02-28", "number": "K/2"}
    for contract in (first, then, first, then, then):
        assert put(system, "C1", NEW | {"contract": contract}).status_code in (200, 201)
    rows = list(Employment.objects.filter(employee__person__number="C1").order_by("starts_on"))
    assert [(one.number, one.extends_id) for one in rows] == [("K/1", None), ("K/2", rows[0].pk)]


def test_a_number_that_comes_later_is_kept_with_the_contract(floor: Floor, system: Client) -> None:
    terms = {"kind": "pkwt", "starts_on": "2024-02-29", "agreed_until": "2025-02-28"}
    put(system, "N1", NEW | {"contract": terms})
    put(system, "N1", {"contract": terms | {"number": "K/9"}})
    one = Employment.objects.get(employee__person__number="N1")
    assert (one.number, Employment.history.filter(id=one.pk).count()) == ("K/9", 2)
    put(system, "N1", {"contract": terms | {"number": "K/9"}})
    put(system, "N1", {"contract": terms})
    one.refresh_from_db()
    assert (one.number, Employment.history.filter(id=one.pk).count()) == ("K/9", 2)


def test_lists_filter_by_site_status_and_day_and_go_on_by_key(floor: Floor, system: Client, hire: Hire) -> None:
    for n in range(5):
        hire(name=f"Sari {n}", joined_on=date(2026, 1, 1) + timedelta(days=n), contract=None)
    hire(name="Sari Y", site=floor.ygy, joined_on=date(2026, 1, 1), contract=None)
    asked = {"q": "sari", "site": "JKT", "size": "2"}
    seen, url = [], "/api/v1/sdm/employees/"
    answer = system.get(url, asked).json()
    while True:
        seen += [one["name"] for one in answer["results"]]
        if answer["next"] is None:
            break
        answer = system.get(answer["next"]).json()
    assert sorted(seen) == [f"Sari {n}" for n in range(5)]
    early = system.get(url, {"q": "sari", "as_of": "2026-01-02"}).json()["results"]
    assert sorted(one["name"] for one in early) == ["Sari 0", "Sari 1", "Sari Y"]
    assert system.get(url, {"status": "nonsense"}).status_code == 400
    other = Client()
    other.force_login(user("hr_relations", floor.ygy, name="hr.y"))  # type: ignore[arg-type]
    assert [one["name"] for one in other.get(url, {"q": "sari"}).json()["results"]] == ["Sari Y"]
