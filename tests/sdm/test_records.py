"""People's records: who reads what, contracts, import, push, the searchable field, what pages cost (SDM-1, SDM-11)."""

from __future__ import annotations

import contextlib
import io
import json
from datetime import date, timedelta
from typing import Any

import pytest
from django.core.exceptions import ValidationError
from django.db import IntegrityError, connection, transaction
from django.test import Client
from django.test.utils import CaptureQueriesContext
from django.urls import reverse
from django.utils import timezone
from hypothesis import given, settings
from hypothesis import strategies as st
from openpyxl import Workbook

from occ.errors import Invalid, NotAllowed, Refused, WrongState
from occ.forms import PersonField
from occ.jobs.models import Job, State
from occ.jobs.services import job_run
from occ.ledger.models import Entry
from occ.people.choices import Role
from occ.people.models import Person, Team, User
from occ.times import local_day
from sdm.models import Employee, Employment, Placement
from sdm.services import employees, employments
from sdm.services.employments import Terms
from sdm.services.importing import people_import, people_read
from tests.factories import DAY, NOW, Floor, person, user
from tests.sdm.conftest import Hire, hiring
from tests.userids.test_ladder import in_threads

pytestmark = pytest.mark.req("SDM-1")
NIK = "3171014203900001"


def acting(actor: User) -> Client:
    one = Client()
    one.force_login(actor)
    one.cookies["django_language"] = "en"
    return one


# Personal data ----------------------------------------------------------------------------------------------------


def test_the_number_is_encrypted_at_rest_and_nowhere_in_history_or_ledger(floor: Floor, hr: User, hire: Hire) -> None:
    one = hire(nik="3171.0142 0390-0001", birth_date=date(1990, 3, 2))
    assert Employee.objects.get(pk=one.pk).nik == NIK
    employees.employee_edit(person_id=one.pk, name="Nama Baru", email="", nik="3171014203900002", actor=hr, now=NOW)
    with connection.cursor() as cursor:
        cursor.execute("SELECT row_to_json(e)::text FROM sdm_employee e WHERE person_id = %s", [one.pk])
        rows = [cursor.fetchone()[0]]
        cursor.execute("SELECT row_to_json(e)::text FROM sdm_historicalemployee e")
        rows += [text for (text,) in cursor.fetchall()]
    rows += [json.dumps(entry.data) for entry in Entry.objects.all()]
    assert not [text for text in rows if "31710142039" in text]


@pytest.mark.req("KER-9")
def test_who_sees_personal_data(floor: Floor, hire: Hire) -> None:
    one = hire(nik=NIK, phone="+62 811 000", birth_date=date(1990, 3, 2))
    own = User.objects.create_user("sendiri", person=one.person)
    url, api = reverse("sdm:person", args=[one.pk]), reverse("api:sdm-employee", args=[one.person.number])
    seen = {
        role: (
            "+62 811 000" in acting(user(role)).get(url).content.decode(),
            "0001" in acting(user(role)).get(api).json().get("nik", ""),
        )
        for role in Role
        if role not in {Role.AGENT, Role.CLIENT}
    }
    readers = {Role.HR_RECRUITMENT, Role.HR_TRAINING, Role.HR_RELATIONS, Role.HR_PAYROLL, Role.AUDITOR}
    assert {role for role, (page, _api) in seen.items() if page} == readers
    assert {role for role, (_page, said) in seen.items() if said} == readers
    for actor in (own, user(Role.HR_PAYROLL), user(Role.AUDITOR)):
        assert NIK not in acting(actor).get(url).content.decode()
        assert NIK not in acting(actor).get(api).content.decode()
    assert "+62 811 000" in acting(own).get(url).content.decode()


def test_the_whole_number_is_shown_on_demand_and_that_is_in_the_ledger(floor: Floor, hire: Hire) -> None:
    one = hire(nik=NIK)
    url = reverse("sdm:person_nik", args=[one.pk])
    payroll = user(Role.HR_PAYROLL)
    assert NIK in acting(payroll).post(url).content.decode()
    assert acting(user(Role.HR_TRAINING)).post(url).status_code == 403
    (entry,) = Entry.objects.filter(action="employee.nik_read")
    assert (entry.actor_label, entry.subject_id) == (str(payroll), str(one.pk))


def test_one_number_is_one_person_also_at_once(live_floor: Floor) -> None:
    hr = user(Role.HR_RELATIONS)
    make = hiring(live_floor, hr)
    results = in_threads(2, lambda: make(nik=NIK))
    assert sorted(type(one).__name__ for one in results) == ["Employee", "Invalid"]
    with pytest.raises(Invalid) as refused:
        make(nik=NIK)
    assert refused.value.code == "nik_taken"


@pytest.mark.parametrize("values", [
    {"nik": "123"}, {"nik": "317101420390000A"}, {"birth_date": date(2024, 1, 1)}, {"phone": "<script>"},
    {"channels": ["telegraf"]}, {"name": " "}, {"name": "A\u200bB"}, {"number": "A B"}, {"number": "X" * 21},
    {"email": "x"}, {"position": ""}, {"joined_on": date(1900, 1, 1)}, {"skills": ["x" * 41]},
    {"contract": Terms("pkwt", DAY, None)}, {"contract": Terms("pkwtt", DAY, DAY)}, {"contract": Terms("x", DAY, DAY)},
    {"contract": Terms("pkwt", DAY, DAY - timedelta(days=1))},
])  # fmt: skip
def test_what_hiring_refuses_makes_nobody(floor: Floor, hire: Hire, values: dict[str, Any]) -> None:
    before = Person.objects.count()
    with pytest.raises(Invalid):
        hire(**values)
    assert (Person.objects.count(), Placement.objects.filter(began="hired").count()) == (before, 0)


def test_a_number_belongs_to_one_and_only_hr_of_the_site_hires(floor: Floor, hire: Hire) -> None:
    with pytest.raises(Invalid) as refused:
        hire(number=floor.agent.number)
    assert refused.value.code == "number_taken"
    for actor in (floor.support, floor.coordinator, user(Role.HR_PAYROLL), user(Role.HR_RECRUITMENT, floor.ygy)):
        with pytest.raises(NotAllowed):
            employees.employee_hire(
                number="Z1", name="Z", position="Agent", site=floor.jkt, joined_on=DAY, actor=actor, now=NOW
            )


# Contracts --------------------------------------------------------------------------------------------------------


def test_contracts_follow_each_other_and_never_overlap(floor: Floor, hr: User, hire: Hire) -> None:
    one = hire()
    first = one.employments.get()
    for terms in (Terms("pkwt", date(2026, 12, 31), date(2027, 5, 1)), Terms("pkwtt", date(2024, 1, 1), None)):
        with pytest.raises(Invalid) as refused:
            employments.employment_add(person_id=one.pk, terms=terms, actor=hr, now=NOW)
        assert refused.value.code == "contract_overlaps"
    again = employments.employment_extend(employment_id=first.pk, agreed_until=date(2027, 12, 31), actor=hr, now=NOW)
    assert (again.starts_on, again.extends) == (date(2027, 1, 1), first)
    with pytest.raises(WrongState):
        employments.employment_extend(employment_id=first.pk, agreed_until=date(2028, 1, 1), actor=hr, now=NOW)
    with pytest.raises(WrongState):
        employments.employment_end(employment_id=first.pk, ends_on=DAY, note="x", actor=hr, now=NOW)
    employments.employment_end(employment_id=again.pk, ends_on=date(2027, 6, 30), note="x", actor=hr, now=NOW)
    with pytest.raises(IntegrityError, match="one_at_a_time"), transaction.atomic():
        Employment.objects.create(employee=one, kind="pkwtt", starts_on=DAY)
    with pytest.raises(IntegrityError, match="pkwt_ends"), transaction.atomic():
        Employment.objects.create(employee=one, kind="pkwt", starts_on=date(2030, 1, 1))


def test_two_extensions_at_once_make_one(live_floor: Floor) -> None:
    hr = user(Role.HR_RELATIONS)
    held = hiring(live_floor, hr)().employments.get()
    results = in_threads(2, lambda: employments.employment_extend(
        employment_id=held.pk, agreed_until=date(2027, 12, 31), actor=hr, now=NOW))  # fmt: skip
    assert sorted(type(one).__name__ for one in results) == ["Employment", "WrongState"]


# Import -----------------------------------------------------------------------------------------------------------

HEADER = ["Nomor Karyawan", "Nama", "Jabatan", "Lokasi", "Tim", "Atasan", "Tanggal Masuk", "Kontrak", "Akhir Kontrak",
          "NIK", "Tanggal Lahir", "Kanal"]  # fmt: skip
GOOD = ["K1", "Siti", "Agent", "JKT", "JKT-A", None, "1 Agustus 2025", "PKWT", "31/07/2027", NIK, "29/02/1988", "WA"]


def xlsx(*rows: list[Any], header: list[str] = HEADER) -> io.BytesIO:
    book, out = Workbook(), io.BytesIO()
    for values in (header, *rows):
        book.active.append(values)
    book.save(out)
    out.seek(0)
    out.name = "orang.xlsx"
    return out


def row(**changes: Any) -> list[Any]:
    names = [
        "number",
        "name",
        "position",
        "site",
        "team",
        "leader",
        "joined",
        "kind",
        "until",
        "nik",
        "born",
        "channels",
    ]
    return [changes.get(name, value) for name, value in zip(names, GOOD, strict=True)]


def codes(hr: User, *rows: list[Any]) -> list[set[str]]:
    reading = people_read(file=xlsx(*rows), site=None, actor=hr, now=NOW)
    return [{one.code for one in found.problems} for found in reading.preview.rows]


def bring_in(hr: User, *rows: list[Any]) -> dict[str, int]:
    return people_import(file=xlsx(*rows), name="orang.xlsx", site=None, actor=hr, now=NOW)


def test_a_preview_writes_nothing_and_an_import_all(floor: Floor, hr: User) -> None:
    before = (Person.objects.count(), Entry.objects.count(), Employee.history.count())
    boss = row(number="K0", name="Bos", nik=None, position="Team Leader")
    rows = [row(leader="K0"), boss]  # the leader stands behind
    assert codes(hr, *rows) == [set(), set()]
    assert (Person.objects.count(), Entry.objects.count(), Employee.history.count()) == before
    assert bring_in(hr, *rows) == {"created": 2, "changed": 0, "unchanged": 0}
    one = Employee.objects.get(person__number="K1")
    assert (one.birth_date, one.nik, one.channels) == (date(1988, 2, 29), NIK, ["whatsapp"])
    placed = one.placements.get()
    assert placed.leader is not None and placed.leader.number == "K0"
    assert one.person.team_on(DAY) == floor.team
    assert bring_in(hr, *rows) == {"created": 0, "changed": 0, "unchanged": 2}


@pytest.mark.parametrize(("changes", "code"), [
    ({"site": "BDG"}, "unknown"), ({"team": "X"}, "unknown"), ({"leader": "404"}, "unknown"), ({"nik": "12"}, "nik"),
    ({"joined": "31/02/2025"}, "date_impossible"), ({"joined": None}, "empty"), ({"kind": "magang"}, "choice"),
    ({"until": None}, "pkwt_without_end"), ({"born": "1/1/1850"}, "date_out_of_range"), ({"leader": "K1"}, "unknown"),
    ({"channels": "telegraf"}, "unknown"), ({"name": None}, "required"), ({"number": None}, "empty"),
    ({"until": "1/1/2020"}, "order"),
])  # fmt: skip
def test_what_is_wrong_with_a_row_is_said(floor: Floor, hr: User, changes: dict[str, Any], code: str) -> None:
    assert codes(hr, row(**changes)) == [{code}]
    with pytest.raises(WrongState):
        bring_in(hr, row(number="K9", nik=None), row(**changes))
    assert not Person.objects.filter(number="K9").exists()


def test_the_same_number_twice_and_a_site_that_is_not_ones_own(floor: Floor, hr: User) -> None:
    assert codes(hr, row(), row(name="Lain", nik=None)) == [{"duplicate"}, {"duplicate"}]
    local = user(Role.HR_RELATIONS, floor.ygy, name="hr.ygy")
    assert codes(local, row()) == [{"not_allowed"}]
    assert codes(local, [floor.agent.number, "Nama Lain", *[None] * 10]) == [{"not_allowed"}]


@given(st.lists(st.lists(st.one_of(
    st.none(), st.text(max_size=12), st.integers(), st.dates(), st.sampled_from(["K1", "JKT", "PKWT", NIK, "=1+1"])
), min_size=12, max_size=12), max_size=3))  # fmt: skip
@settings(max_examples=10, deadline=None)
@pytest.mark.timeout(300)
def test_any_table_is_judged_and_none_breaks_it(floor: Floor, rows: list[list[Any]]) -> None:
    from openpyxl.utils.exceptions import IllegalCharacterError

    hr = user(Role.HR_RELATIONS)
    try:
        file = xlsx(*rows)
    except (IllegalCharacterError, ValueError, OverflowError):
        return
    before = Person.objects.count()
    with contextlib.suppress(Refused):
        people_read(file=file, site=floor.jkt, actor=hr, now=NOW)
    assert Person.objects.count() == before


def test_of_two_imports_at_once_the_second_finds_nothing_new(live_floor: Floor) -> None:
    hr = user(Role.HR_RELATIONS)
    results = in_threads(2, lambda: bring_in(hr, row()))
    assert sorted(one["created"] for one in results) == [0, 1]  # type: ignore[index]


def test_the_wizard_shows_then_writes(live_floor: Floor) -> None:
    client = acting(user(Role.HR_RECRUITMENT))
    assert client.post(reverse("sdm:import"), {"file": xlsx(row())}).status_code == 302
    job = Job.objects.latest("created_at")
    job_run(job_id=job.pk, now=job.created_at)
    job.refresh_from_db()
    assert job.state == State.DONE, job.error
    page = client.get(reverse("sdm:import_preview", args=[job.pk])).content.decode()
    assert "1 person is taken on" in page and NIK not in page
    client.post(reverse("sdm:import_apply", args=[job.pk]))
    started = Job.objects.latest("created_at")
    job_run(job_id=started.pk, now=started.created_at)
    assert Person.objects.filter(number="K1").exists()
    assert client.get(reverse("sdm:import_preview", args=[started.pk])).status_code == 200
    export = client.post("/exports/new/", {"kind": "sdm.people", "query": "q=K1"})
    assert export.status_code == 302
    job = Job.objects.latest("created_at")
    job_run(job_id=job.pk, now=job.created_at)
    data = b"".join(client.get(f"/exports/{job.pk}/file/").streaming_content)  # type: ignore[attr-defined]
    from openpyxl import load_workbook

    lines = list(load_workbook(io.BytesIO(data)).worksheets[0].iter_rows(values_only=True))
    assert [line[0] for line in lines[1:]] == ["K1"] and lines[1][12] == "PKWT"


# API --------------------------------------------------------------------------------------------------------------


def put(client: Client, number: str, body: dict[str, Any]) -> Any:
    return client.put(f"/api/v1/sdm/employees/{number}/", json.dumps(body), content_type="application/json")


@pytest.mark.req("SDM-11")
def test_the_push_of_hrs_system_is_idempotent(floor: Floor, hr: User) -> None:
    client, today = acting(hr), timezone.localdate()
    body = {
        "name": "Budi", "position": "Agent", "site": "JKT", "team": "JKT-A", "joined_on": "2026-01-05", "nik": NIK,
        "contract": {"kind": "pkwt", "starts_on": "2026-01-05", "agreed_until": "2027-01-04"},
    }  # fmt: skip
    made = put(client, "P1", body)
    assert made.status_code == 201, made.content
    counts = (Entry.objects.count(), Employee.history.count(), Placement.history.count())
    assert put(client, "P1", body).status_code == 200
    assert (Entry.objects.count(), Employee.history.count(), Placement.history.count()) == counts
    moved = put(client, "P1", {"site": "YGY", "team": None, "effective_on": today.isoformat()})
    assert (moved.json()["site"], moved.json()["team"]) == ("YGY", None)
    assert put(client, "P1", {"site": "YGY", "effective_on": today.isoformat()}).status_code == 200
    assert Placement.objects.filter(employee__person__number="P1").count() == 2
    again = put(client, "P1", {"position": "Verifikator", "effective_on": today.isoformat()})
    assert again.status_code == 200 and Placement.objects.filter(employee__person__number="P1").count() == 2
    before = client.get("/api/v1/sdm/employees/P1/", {"as_of": (today - timedelta(days=1)).isoformat()}).json()
    assert (before["site"], before["position"], before["team"]) == ("JKT", "Agent", "JKT-A")
    more = {"contract": {"kind": "pkwt", "starts_on": "2027-01-05", "agreed_until": "2028-01-04"}}
    assert put(client, "P1", more).status_code == 200
    assert Employment.objects.filter(extends__isnull=False).count() == 1
    other = {"contract": {"kind": "pkwt", "starts_on": "2027-01-05", "agreed_until": "2029-01-04"}}
    assert put(client, "P1", other).json()["code"] == "contract_differs"
    for wrong in ({"site": "XXX"}, {"leader": "404"}, {"birth_date": "1850-01-01"}, {"effective_on": "0001-01-01"}):
        assert put(client, "P1", wrong).status_code == 400
    assert put(acting(floor.coordinator), "P1", {"name": "x"}).status_code == 404
    assert put(acting(floor.support), "P1", {"name": "x"}).status_code == 403


@pytest.mark.req("SDM-11")
def test_employees_are_listed_as_pages_show_them(floor: Floor, hr: User, hire: Hire) -> None:
    one = hire(name="Zulkifli")
    client = acting(hr)
    (found,) = client.get("/api/v1/sdm/employees/", {"q": "zulk"}).json()["results"]
    assert (found["number"], found["status"], found["contract"]["kind"]) == (one.person.number, "working", "pkwt")
    assert client.get("/api/v1/sdm/employees/", {"q": "zulk", "as_of": "2020-01-01"}).json()["results"] == []
    assert client.get("/api/v1/sdm/employees/", {"as_of": "x"}).status_code == 400
    posted = client.post("/api/v1/sdm/employees/", json.dumps({"number": one.person.number}), "application/json")
    assert posted.json()["code"] == "number_taken"
    body = {"employee": one.person.number, "last_working_day": DAY.isoformat()}
    assert client.post("/api/v1/sdm/leavings/", json.dumps(body), "application/json").status_code == 201
    (leaving,) = client.get("/api/v1/sdm/leavings/").json()["results"]
    assert leaving["employee"] == one.person.number


# Pages ------------------------------------------------------------------------------------------------------------


def test_forms_do_what_they_say(floor: Floor, hr: User) -> None:
    client = acting(hr)
    data = {"number": "W1", "name": "Wati", "joined_on": "2026-11-02", "site": floor.jkt.pk, "position": "Agent",
            "team": floor.team.pk, "leader": floor.agent.number, "kind": "pkwt", "agreed_until": "2027-11-01",
            "birth_date": "1988-02-29", "skills": "Gadai, Excel", "channels": ["voice"], "nik": NIK}  # fmt: skip
    made = client.post(reverse("sdm:person_new"), data)
    assert made.status_code == 302, made.content
    one = Employee.objects.get(person__number="W1")
    url = one.get_absolute_url()
    today, day = timezone.localdate(), timedelta(days=1)
    move = {"on": (today + day).isoformat(), "site": floor.jkt.pk, "position": "Verifikator", "team": "", "leader": "",
            "note": ""}  # fmt: skip
    assert client.post(reverse("sdm:person_transfer", args=[one.pk]), move).status_code == 302
    page = client.get(url).content.decode()
    assert "planned" in page and NIK not in page
    planned = one.placements.get(told_at=None)
    withdraw = reverse("sdm:placement_withdraw", args=[planned.pk])
    assert client.post(withdraw, {"note": ""}).status_code == 422
    assert client.post(withdraw, {"note": "batal"}).status_code == 302
    held = one.employments.get()
    extend = reverse("sdm:employment_extend", args=[held.pk])
    assert client.post(extend, {"agreed_until": "2028-11-01"}).status_code == 302
    assert client.post(extend, {"agreed_until": "2028-11-01"}).status_code == 422
    edit = {"name": "Wati Baru", "email": "", "nik": "", "note": "menikah", "skills": "", "channels": []}
    assert client.post(reverse("sdm:person_edit", args=[one.pk]), edit).status_code == 302
    one.refresh_from_db()
    assert (one.nik, Person.objects.get(pk=one.pk).name) == (NIK, "Wati Baru")
    leaving = {"person": "W1", "last_working_day": today.isoformat(), "reason": "resignation"}
    done = client.post(reverse("sdm:leaving_new"), leaving, follow=True)
    assert done.status_code == 200 and "Wati Baru" in done.content.decode()
    assert client.post(reverse("sdm:leaving_new"), leaving).status_code == 422


@pytest.mark.req("KER-12")
@pytest.mark.parametrize("name", ["sdm:people", "sdm:leavings", "api:sdm-employees"])
def test_the_number_of_queries_does_not_grow_with_the_rows(floor: Floor, hr: User, hire: Hire, name: str) -> None:
    client = acting(hr)

    def cost() -> int:
        with CaptureQueriesContext(connection) as queries:
            assert client.get(reverse(name)).status_code == 200
        return len(queries)

    def more(number: int) -> None:
        for _one in range(number):
            made = hire(team=floor.team, leader=floor.agent, nik=None)
            if name == "sdm:leavings":
                from tests.sdm.test_leaving import record

                record(floor, hr, made.person)

    more(1)
    cost()
    before = cost()
    more(4)
    assert cost() == before <= 20


def test_lists_filter_by_what_was_so_on_the_day(floor: Floor, hr: User, hire: Hire) -> None:
    one, client = hire(name="Aaron", team=floor.team), acting(hr)
    team = Team.objects.create(code="YGY-A", name="Tim Y", site=floor.ygy)
    from sdm.services import placements

    placements.person_transfer(
        person_id=one.pk, on=DAY, site=floor.ygy, position="Agent", team=team, leader=None, actor=hr, now=NOW
    )
    before = (DAY - timedelta(days=1)).isoformat()

    def shown(**query: str) -> bool:
        return "Aaron" in client.get(reverse("sdm:people"), {"as_of": before, "q": "aaron"} | query).content.decode()

    assert shown(site="JKT") and shown(team="JKT-A") and shown(position="agent") and shown(contract="60")
    assert not (shown(site="YGY") or shown(team="YGY-A") or shown(status="left") or shown(contract="none"))
    assert not shown(contract="30") and not shown(as_of="2020-01-01") and shown(as_of="2020-01-01", status="planned")


# The searchable field ---------------------------------------------------------------------------------------------


def test_a_person_is_chosen_by_number_by_what_was_suggested_or_by_a_name_that_one_has(floor: Floor) -> None:
    first, twin = person(floor.jkt, name="Budi Santoso"), person(floor.jkt, name="Budi Santoso")
    field = PersonField(chooser="userids.leaver")
    field.for_user(floor.support)
    for text in (first.number, first.number.lower(), f"Budi Santoso · {first.number}", f" {first.number} "):
        assert field.clean(text) == first
    assert field.clean(floor.agent.name.upper()) == floor.agent
    for text in ("Budi Santoso", "404", "Budi", "\x00", "· ·"):
        with pytest.raises(ValidationError):
            field.clean(text)
    assert field.prepare_value(twin.pk) == f"Budi Santoso · {twin.number}"


def test_suggestions_are_those_one_may_choose(floor: Floor) -> None:
    there = person(floor.ygy, name="Zainal Yogya")
    url = reverse("people_find", args=["userids.leaver"])

    def found(actor: User, text: str) -> list[str]:
        return [one["value"] for one in acting(actor).get(url, {"q": text}).json()["results"]]

    assert found(floor.support, "zain yog") == [f"Zainal Yogya · {there.number}"]
    assert found(user(Role.SUPPORT, floor.jkt), "zain") == found(floor.leader, "zain") == []
    assert acting(floor.support).get(reverse("people_find", args=["nothing"])).status_code == 404
    assert found(floor.support, "\x00%_'") == []


@pytest.mark.req("KER-12")
@pytest.mark.parametrize("status", ["left", "planned", "leaving"])
def test_who_is_not_here_costs_no_query_each(floor: Floor, hr: User, hire: Hire, status: str) -> None:
    client, today = acting(hr), local_day(timezone.now(), floor.jkt.zone)

    def more(number: int) -> None:
        for _one in range(number):
            made = hire(team=floor.team, nik=None)
            first, last = {
                "left": (today - timedelta(days=90), today - timedelta(days=30)),
                "planned": (today + timedelta(days=9), None),
                "leaving": (today - timedelta(days=90), today + timedelta(days=9)),
            }[status]
            made.placements.update(starts_on=first)
            Person.objects.filter(pk=made.pk).update(last_working_day=last)

    def cost() -> tuple[int, int]:
        with CaptureQueriesContext(connection) as queries:
            page = client.get(reverse("sdm:people"), {"status": status})
        return len(page.context["page"].rows), len(queries)

    more(2)
    cost()
    (few, before), _more = cost(), more(5)
    many, after = cost()
    assert (many - few, after) == (5, before)
