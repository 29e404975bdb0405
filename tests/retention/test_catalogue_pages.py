"""The catalogue's pages, API, import and export (RET-1, RET-13's search, RET-15)."""

import io
from datetime import timedelta
from typing import Any

import pytest
from django.core.files.base import ContentFile
from django.db import connection
from django.test import Client
from django.test.utils import CaptureQueriesContext
from openpyxl import Workbook, load_workbook

from occ.errors import Invalid, NotAllowed, WrongState
from occ.jobs.models import Job
from occ.jobs.services import job_run, job_start
from occ.ledger.models import Entry
from occ.people.choices import Role
from occ.people.models import User
from retention import jobs
from retention.models import Record, Source
from retention.services.importing import records_import, records_read
from tests.factories import NOW, Floor, person, site, user
from tests.retention.catalogue import facts, record_in, source_at

pytestmark = [pytest.mark.django_db, pytest.mark.req("RET-15")]
API = "/api/v1/retention/records/"


@pytest.fixture
def source() -> Source:
    return source_at(site("JKT"), "file:///x", code="VOICE")


@pytest.fixture
def it(client: Client) -> User:
    found = user(Role.IT, site("JKT"))
    client.force_login(found)
    return found


def shown(client: Client, query: str = "") -> list[str]:
    page = client.get(f"/retention/records/?{query or 'sort=-ended'}")
    assert page.status_code == 200
    return [row.external_id for row in page.context["page"].rows]


def test_the_list_is_filtered_by_all_it_promises(client: Client, it: User, source: Source) -> None:
    agent = person(site("JKT"))
    end = NOW.replace(year=2025, month=3, day=10)
    record_in(source, "A-1", ended_at=end, agent=agent.number)
    record_in(source, "A-2", ended_at=end + timedelta(days=40), channel="video")
    record_in(source, "B-1", ended_at=end - timedelta(days=20))
    record_in(source_at(site("YGY"), "file:///y", code="Y"), "Y-1")
    assert shown(client) == ["A-2", "A-1", "B-1"]
    assert shown(client, "q=A-") == ["A-2", "A-1"]
    assert shown(client, "month=2025-03") == ["A-1"]
    assert shown(client, "since=2025-03-01&until=2025-03-10") == ["A-1"]
    assert shown(client, "channel=video") == ["A-2"]
    assert shown(client, f"agent={agent.number}") == ["A-1"]
    assert shown(client, "kind=chat") == []
    assert shown(client, "state=catalogued&sort=ended") == ["B-1", "A-1", "A-2"]
    for nonsense in ("month=2025-13", "month=0001-01", "agent=nobody", "since=x", "kind=fax", "q=%00"):
        assert client.get(f"/retention/records/?{nonsense}").status_code == 200


def test_the_list_asks_as_much_for_many_as_for_one(client: Client, it: User, source: Source) -> None:
    agent = person(site("JKT"))
    record_in(source, agent=agent.number)
    shown(client)
    with CaptureQueriesContext(connection) as one:
        shown(client)
    for _i in range(30):
        record_in(source, agent=agent.number, customer="0812")
    with CaptureQueriesContext(connection) as many:
        shown(client)
    assert len(many) == len(one) <= 14


def test_a_page_follows_a_page_where_many_ended_at_once(client: Client, it: User, source: Source) -> None:
    ids = {record_in(source, ended_at=NOW - timedelta(days=400)).external_id for _i in range(120)}
    seen: list[str] = []
    url = "/retention/records/?sort=-ended"
    while url:
        page = client.get(url).context["page"]
        seen += [row.external_id for row in page.rows]
        url = f"/retention/records/{page.next_url}" if page.next_url else ""
    assert len(seen) == 120 and set(seen) == ids


@pytest.mark.req("RET-13")
def test_customers_are_masked_and_whoever_looks_is_noted(client: Client, source: Source) -> None:
    record = record_in(source, customer="081234567890", path="2025/agent_081234567890.wav")
    url = f"/retention/records/{record.pk}/"
    for role in (Role.IT, Role.TEAM_LEADER, Role.AUDITOR):
        client.force_login(user(role, site("JKT")))
        page = client.get(url).content.decode()
        assert "0812••••90" in page and "081234567890" not in page
        assert client.post(url + "customer/").status_code == 403
    client.force_login(user(Role.COORDINATOR, site("JKT")))
    assert "081234567890" not in client.get(url).content.decode()
    assert "081234567890" in client.post(url + "customer/").content.decode()
    assert "081234567890" not in client.get(f"{API}{record.pk}/").content.decode()
    assert Entry.objects.filter(action="record.customer_read", subject_id=str(record.pk)).count() == 1
    client.force_login(user(Role.COORDINATOR, site("YGY")))
    assert client.get(url).status_code == client.post(url + "customer/").status_code == 404


def test_a_team_leader_of_one_team_sees_its_people(client: Client, source: Source, floor: Floor) -> None:
    mine = record_in(source, agent=floor.agent.number)
    other = record_in(source, agent=person(floor.jkt).number)
    client.force_login(user(Role.TEAM_LEADER, floor.jkt, name="leader.a", team=floor.team))
    assert shown(client) == [mine.external_id]
    assert client.get(f"/retention/records/{other.pk}/").status_code == 404


# The API -------------------------------------------------------------------------------------------------------------


def given(name: str = "T-1", **values: Any) -> dict[str, Any]:
    return {"source": "VOICE", "external_id": name, "path": f"{name}.wav", "started_at": "2025-03-10T10:00:00+07:00",
            "ended_at": "2025-03-10T10:05:00+07:00"} | values  # fmt: skip


def post(client: Client, data: Any, **headers: Any) -> Any:
    return client.post(API, data, content_type="application/json", headers=headers)


def test_records_are_given_in_once(client: Client, it: User, source: Source) -> None:
    agent = person(site("JKT"))
    first = post(client, [given(), given("T-2", agent=agent.email, customer="0812345678", channel="video", size=7)])
    assert first.status_code == 201
    assert (first.json()["created"], first.json()["known"]) == (2, 0)
    again = post(client, [given(), given("T-2"), given("T-3")])
    assert [one["outcome"] for one in again.json()["results"]] == ["known", "known", "created"]
    assert post(client, given()).status_code == 200
    record = Record.objects.get(external_id="T-2")
    assert (record.agent, record.channel, record.size) == (agent, "video", 7)
    said = client.get(f"{API}{record.pk}/").json()
    assert (said["customer"], said["agent"], said["source"]) == ("0812••••78", agent.number, "VOICE")
    assert Entry.objects.filter(action="records.given").count() == 3


REFUSED = {
    "source": "NONE", "external_id": "", "path": "../../etc/passwd", "channel": "pigeon", "size": -1, "sha256": "xyz",
    "ended_at": "9999-01-01T00:00:00Z", "customer": "a\u0007b", "started_at": "2025-03-11T10:00:00+07:00",
}  # fmt: skip


@pytest.mark.parametrize("field", REFUSED)
def test_what_cannot_be_right_is_refused_and_stops_no_other(
    client: Client, it: User, source: Source, field: str
) -> None:
    answer = post(client, [given("GOOD"), given("BAD", **{field: REFUSED[field]}), {"x": 1}, "text", None])
    outcomes = [one["outcome"] for one in answer.json()["results"]]
    assert outcomes == ["created", "refused", "refused", "refused", "refused"], answer.json()
    bad = answer.json()["results"][1]
    assert bad["message"] and bad["code"]
    assert Record.objects.count() == 1


def test_contradictions_and_foreign_sources_are_refused(client: Client, it: User, source: Source) -> None:
    source_at(site("YGY"), "file:///y", code="YGY")
    post(client, given())
    wrong = [
        given(ended_at="2025-03-10T11:00:00+07:00"), given(path="other.wav"), given("T-9", path="T-1.wav"),
        given("Y", source="YGY"), given("D"), given("D", path="d2.wav"),
    ]  # fmt: skip
    answer = post(client, wrong).json()
    assert [one["code"] for one in answer["results"]] == [
        "differs", "id_taken", "path_taken", "unknown_source", "", "id_taken"]  # fmt: skip
    assert post(client, [given(str(i)) for i in range(1001)]).status_code == 422
    assert post(client, []).status_code == 422
    client.force_login(user(Role.AUDITOR))
    assert post(client, given()).status_code == 403


def test_a_repeated_request_gets_the_same_answer(client: Client, it: User, source: Source) -> None:
    first = post(client, [given()], **{"Idempotency-Key": "k1"})
    again = post(client, [given()], **{"Idempotency-Key": "k1"})
    assert first.json() == again.json()
    assert first.status_code == again.status_code == 201


def test_the_api_filters_and_pages(client: Client, it: User, source: Source) -> None:
    for i in range(5):
        record_in(source, f"A-{i}", ended_at=NOW - timedelta(days=400 - i))
    record_in(source_at(site("YGY"), "file:///y", code="Y"), "Y-1")
    page = client.get(API, {"size": 2}).json()
    seen = [one["external_id"] for one in page["results"]]
    while page["next"]:
        page = client.get(page["next"]).json()
        seen += [one["external_id"] for one in page["results"]]
    assert seen == [f"A-{i}" for i in range(5)]
    day = (NOW - timedelta(days=398)).date().isoformat()
    assert [one["external_id"] for one in client.get(API, {"from": day, "to": day}).json()["results"]] == ["A-2"]
    assert client.get(API, {"q": "A-3", "site": "JKT", "kind": "recording"}).json()["results"][0]["id"]
    assert client.get(API, {"kind": "fax"}).status_code == 400
    assert [one["code"] for one in client.get("/api/v1/retention/sources/").json()["results"]] == ["VOICE"]
    assert client.get("/api/v1/retention/stores/").json()["results"] == []


# Files ---------------------------------------------------------------------------------------------------------------

HEAD = ["ID Percakapan", "File", "Mulai", "Selesai", "Kanal", "Agent", "Nasabah", "Ukuran"]


def sheet(*rows: list[Any]) -> io.BytesIO:
    book = Workbook()
    assert book.active is not None
    book.active.append(HEAD)
    for row in rows:
        book.active.append(row)
    out = io.BytesIO()
    book.save(out)
    out.seek(0)
    return out


def line(name: str, **other: Any) -> list[Any]:
    values = {"end": "2025-03-10 10:05:00", "channel": "", "agent": "", "customer": "0812", "size": 5} | other
    return [name, f"{name}.wav", "2025-03-10 10:00:00", values["end"], values["channel"], values["agent"],
            values["customer"], values["size"]]  # fmt: skip


@pytest.mark.req("RET-1")
def test_a_spreadsheet_is_previewed_and_brought_in_whole_or_not(it: User, source: Source) -> None:
    good = sheet(line("A"), line("B", channel="WA"))
    seen = records_read(file=good, source=source, actor=it, now=NOW)
    assert (seen.preview.counts["good"], seen.done) == (2, {"created": 2, "known": 0})
    assert not Record.objects.exists()
    good.seek(0)
    assert records_import(file=good, name="x", source=source, actor=it, now=NOW) == {"created": 2, "known": 0}
    assert Record.objects.get(external_id="A").ended_at.isoformat() == "2025-03-10T03:05:00+00:00"
    assert Record.objects.get(external_id="B").channel == "whatsapp"
    good.seek(0)
    assert records_import(file=good, name="x", source=source, actor=it, now=NOW)["known"] == 2
    bad = sheet(line("C"), line("D", channel="pigeon"), line("E", end="2024-01-01 00:00:00"), line("F"), line("F"),
                line("A", end="2025-03-10 12:00:00"), line("G", size="x"))  # fmt: skip
    seen = records_read(file=bad, source=source, actor=it, now=NOW)
    assert {row.values["external_id"] for row in seen.preview.rows if row.problems} == {"D", "E", "F", "A", "G"}
    bad.seek(0)
    with pytest.raises(WrongState):
        records_import(file=bad, name="x", source=source, actor=it, now=NOW)
    assert Record.objects.count() == 2
    with pytest.raises(NotAllowed):
        records_read(file=sheet(line("C")), source=source, actor=user(Role.IT, site("YGY")), now=NOW)


@pytest.mark.req("RET-1", "KER-9")
@pytest.mark.parametrize(
    ("row", "column"),
    [(["H" * 121, "h.wav", "2025-03-10 10:00:00"], "external_id"), (["H", "h.wav", "n/a"], "started_at"),
     (["H", "h.wav", "-"], "started_at"), (["H", "h" * 700, "2025-03-10 10:00:00"], "path")],
)  # fmt: skip
def test_what_cannot_be_kept_is_the_rows_problem(it: User, source: Source, row: list[str], column: str) -> None:
    seen = records_read(file=sheet(line("A"), row), source=source, actor=it, now=NOW)
    assert [[one.column for one in read.problems] for read in seen.preview.rows] == [[], [column]]


def run(kind: str, owner: User, params: dict[str, Any], file: Any = None) -> Job:
    job = job_start(kind=kind, params=params, owner=owner, now=NOW, file=file)
    job_run(job_id=job.pk, now=NOW)
    job.refresh_from_db()
    return job


@pytest.mark.django_db(transaction=True)
def test_the_pages_of_an_import_and_the_export(client: Client) -> None:
    source = source_at(site("JKT"), "file:///x", code="VOICE")
    it = user(Role.IT, site("JKT"))
    client.force_login(it)
    file = ContentFile(sheet(line("A"), line("B")).read(), name="catalogue.xlsx")
    assert client.get("/retention/import/").status_code == 200
    preview = run(jobs.IMPORT.preview.key, it, {"source": source.pk}, file)
    page = client.get(f"/retention/import/{preview.pk}/")
    assert page.status_code == 200 and page.context["result"]["done"]["created"] == 2
    applied = client.post(f"/retention/import/{preview.pk}/apply/")
    job = Job.objects.get(pk=applied.url.rstrip("/").rpartition("/")[2])
    job_run(job_id=job.pk, now=NOW)
    assert client.get(applied.url).status_code == 200
    assert Record.objects.count() == 2
    record_in(source, "C", customer="08123", path="C_08123.wav")
    record_in(source_at(site("YGY"), "file:///y", code="Y"), "Y-1")
    from django.core.files.storage import storages

    out = run("retention.records", it, {"query": "channel=voice"})
    assert out.state == "done", out.error
    with storages["default"].open(out.output_file) as made:
        rows = list(load_workbook(io.BytesIO(made.read())).worksheets[0].values)
    assert {row[0] for row in rows[1:]} == {"A", "B", "C"}
    assert "08123" not in str(rows)
    for kind in ("retention.sources", "retention.stores"):
        assert run(kind, it, {"query": ""}).state == "done"


def test_an_export_has_an_end(it: User, source: Source, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr(jobs, "MOST_ROWS", 3)
    for _i in range(4):
        record_in(source)
    job = Job(owner=it, params={"query": ""})
    with pytest.raises(Invalid, match="bulan"):
        jobs.records(job, lambda share: None, NOW)


def test_two_facts_with_one_id_make_one_record(source: Source) -> None:
    one = record_in(source, "same")
    assert facts("same").external_id == one.external_id
