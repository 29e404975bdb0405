"""A report brought in from a page: its mapping made of the columns found, the preview, the import (RTM-4)."""

from __future__ import annotations

import io
from datetime import date
from typing import Any

import pytest
import yaml
from django.core.files.uploadedfile import SimpleUploadedFile
from django.db import DatabaseError, transaction
from django.test import Client
from django.utils import timezone
from openpyxl import Workbook

from occ.errors import Invalid, NotAllowed
from occ.jobs.models import Job
from occ.jobs.services import job_run
from occ.people.choices import Role
from occ.people.models import User
from occ.sheets.reading import SheetRefused, read_head
from realtime.models import Event, Interval, ReportMapping, ServiceMonth, Source
from realtime.report_forms import MappingForm
from realtime.reports.mapping import mapping_of
from realtime.services.call_reports import report_work
from realtime.services.figures import figures
from realtime.services.report_mappings import mapping_keep
from tests.factories import NOW, Floor, user
from tests.realtime.test_call_reports import DAY, HEAD, MAPPING, SMALL, as_csv, line

pytestmark = [pytest.mark.req("RTM-4"), pytest.mark.django_db]
CHOSEN = {
    "way": "columns", "name": "Harian bank", "kind": "calls", "channel": "voice", "source": "bank",
    "key": ["vru+line", "call_id"], "fixed": "1999-01-04", "dates": "%Y-%m-%d", "times": "", "never": "0:00:00",
    "nobody": "NO_SERVER", "role_arrived": "vru_entry", "role_queued": "q_start", "role_answered": "ser_start",
    "role_ended": "ser_exit", "role_agent": "server", "role_wait": "q_time", "role_talk": "ser_time",
    "if_ignore": "outcome", "says_ignore": "PHANTOM", "if_answered": "outcome", "says_answered": "AGENT",
    "if_abandoned": "q_start", "says_abandoned": "", "otherwise": "menu", "reason": "",
}  # fmt: skip


@pytest.fixture
def sender(floor: Floor, client: Client) -> User:
    found = user(Role.RTFM, floor.jkt)
    client.force_login(found)
    return found


def ran(url: str) -> Job:
    job = Job.objects.latest("created_at")
    assert str(job.pk) in url
    job_run(job_id=job.pk, now=timezone.now())
    job.refresh_from_db()
    return job


def upload(client: Client, floor: Floor, content: bytes, *, mapping: ReportMapping | None = None,
           name: str = "calls.csv") -> Job:  # fmt: skip
    data = {"site": floor.jkt.pk, "mapping": mapping.pk if mapping else "", "file": SimpleUploadedFile(name, content)}
    answer = client.post("/realtime/reports/", data)
    assert answer.status_code == 302, answer.context["form"].errors
    return ran(answer["Location"])


def keep(floor: Floor, actor: User, text: str = MAPPING, name: str = "bank", reason: str = "") -> ReportMapping:
    return mapping_keep(site=floor.jkt, name=name, text=text, reason=reason, actor=actor, now=NOW)


def test_from_a_file_with_unknown_columns_to_its_figures(floor: Floor, sender: User, client: Client) -> None:
    job = upload(client, floor, as_csv(SMALL).getvalue())
    assert job.result["headings"] == HEAD and job.result["rows"][0][0] == "L1"
    page = f"/realtime/reports/{job.pk}/mapping/"
    assert client.get(page).status_code == 200
    answer = client.post(page, CHOSEN)
    assert answer.status_code == 302, answer.context["form"].errors
    looked = ran(answer["Location"])
    assert looked.result["outcomes"] == {"answered": 3, "abandoned": 1, "menu": 1}, looked.error
    assert (looked.result["ignored"], looked.result["new"], looked.result["known"]) == (1, 5, 0)
    assert looked.result["faults"] == {"no_agent": 1}
    assert looked.result["sample"][1][1] == "1999-01-04 10:00:00", "by the site's clocks"
    assert dict(looked.result["days"])["1999-01-04"] == {"answered": 3, "abandoned": 1, "menu": 1}
    assert client.get(answer["Location"]).status_code == 200 and not Event.objects.exists()
    answer = client.post(f"/realtime/reports/{looked.pk}/apply/")
    done = ran(answer["Location"])
    assert done.result["accepted"] == 5, done.error
    page_done = client.get(answer["Location"])
    assert page_done.context["waiting"] and "first=1999-01-04" in page_done.context["figures"]
    report_work(timezone.now())
    (day,) = figures(site=floor.jkt, channel="voice", first=DAY, last=DAY, interval="day")
    assert (day["offered"], day["answered"], day["abandoned"], day["menu_only"], day["aht"]) == (4, 3, 1, 1, 150.0)
    again = upload(client, floor, as_csv(SMALL[::-1]).getvalue(), mapping=ReportMapping.objects.get())
    assert (again.result["new"], again.result["known"]) == (0, 5)
    ran(client.post(f"/realtime/reports/{again.pk}/apply/")["Location"])
    report_work(timezone.now())
    assert figures(site=floor.jkt, channel="voice", first=DAY, last=DAY, interval="day") == [day]


@pytest.mark.req("RTM-12")
def test_calls_of_a_month_that_is_frozen_are_said_to_want_a_revision(
    floor: Floor, sender: User, client: Client
) -> None:
    for month in (date(1998, 12, 1), date(1999, 1, 1)):
        ServiceMonth.objects.create(site=floor.jkt, month=month)
    job = upload(client, floor, as_csv(SMALL).getvalue(), mapping=keep(floor, sender))
    shown = client.get(f"/realtime/reports/{job.pk}/")
    assert [one.month for one in shown.context["frozen"]] == [date(1999, 1, 1)]
    assert "Januari 1999 sudah dibekukan" in shown.content.decode()
    brought = client.post(f"/realtime/reports/{job.pk}/apply/")["Location"]
    ran(brought)
    assert "Januari 1999 sudah dibekukan" in client.get(brought).content.decode()


def test_a_workbook_with_a_title_above_its_headings(floor: Floor, sender: User, client: Client) -> None:
    book = Workbook()
    sheet = book.active
    assert sheet is not None
    for row in (["Laporan panggilan"], [], HEAD, *SMALL):
        sheet.append(row)
    out = io.BytesIO()
    book.save(out)
    head = read_head(io.BytesIO(out.getvalue()), rows=2)
    assert head.headings == HEAD and len(head.rows) == 2
    job = upload(client, floor, out.getvalue(), name="x.xlsx")
    answer = client.post(f"/realtime/reports/{job.pk}/mapping/", {"way": "text", "name": "b", "text": MAPPING})
    assert ran(answer["Location"]).result["new"] == 5


def test_a_faulty_row_is_shown_and_nothing_can_be_imported(floor: Floor, sender: User, client: Client) -> None:
    mapping = keep(floor, sender)
    job = upload(client, floor, as_csv([*SMALL, line(7, "25:61:00", "AGENT")]).getvalue(), mapping=mapping)
    assert job.result["counts"]["faulty"] == 1
    page = client.get(f"/realtime/reports/{job.pk}/")
    assert "25:61:00" in page.content.decode()
    assert client.get(f"/realtime/reports/{job.pk}/faulty/").status_code == 302
    count = Job.objects.count()
    client.post(f"/realtime/reports/{job.pk}/apply/")
    assert Job.objects.count() == count and not Event.objects.exists()


def test_an_outcome_without_a_rule_is_named_and_the_reader_is_led_to_the_preview(
    floor: Floor, sender: User, client: Client
) -> None:
    text = MAPPING.replace("PHANTOM", "GHOST")
    assert text != MAPPING
    job = upload(client, floor, as_csv(SMALL).getvalue(), mapping=keep(floor, sender, text))
    assert "PHANTOM" in client.get(f"/realtime/reports/{job.pk}/").content.decode()
    waiting = client.get(job.get_absolute_url()).content.decode()
    assert "data-follow" in waiting and job.url in waiting and "Selesai." not in waiting


@pytest.mark.parametrize("content", [b"%PDF-1.7", b"\x00\x01\x02", b"<html></html>"])
def test_what_is_seen_to_be_no_report_is_refused_at_the_form(
    floor: Floor, sender: User, client: Client, content: bytes
) -> None:
    data = {"site": floor.jkt.pk, "mapping": "", "file": SimpleUploadedFile("calls.csv", content)}
    page = client.post("/realtime/reports/", data)
    assert page.status_code == 422 and page.context["form"].errors["file"]
    with pytest.raises(SheetRefused):
        read_head(io.BytesIO(content))


@pytest.mark.parametrize("content", [b"", b"PK\x03\x04rubbish",
                                     b"\xd0\xcf\x11\xe0\xa1\xb1\x1a\xe1rubbish", b"1,2,3\n4,5,6\n"])  # fmt: skip
def test_what_is_no_report_is_refused_in_words(floor: Floor, sender: User, client: Client, content: bytes) -> None:
    with pytest.raises(SheetRefused):
        read_head(io.BytesIO(content))
    mapping = keep(floor, sender)
    if content:  # a form refuses an empty file itself
        for which in (None, mapping):
            job = upload(client, floor, content, mapping=which)
            assert job.state == "refused" and job.error
            name = "mapping/" if which is None else ""
            assert client.get(f"/realtime/reports/{job.pk}/{name}").status_code == 200
    assert not Event.objects.exists()


@pytest.mark.parametrize("change", [{"key": []}, {"role_arrived": ""}, {"source": "a b"}, {"kind": "faxes"},
                                    {"role_talk": "no such column"}, {"fixed": ""}, {"name": ""},
                                    {"otherwise": "", "if_ignore": "", "if_answered": "",
                                     "if_abandoned": ""}])  # fmt: skip
def test_a_mapping_that_makes_no_sense_is_said_at_the_form(
    floor: Floor, sender: User, client: Client, change: dict[str, Any]
) -> None:
    job = upload(client, floor, as_csv(SMALL).getvalue())
    answer = client.post(f"/realtime/reports/{job.pk}/mapping/", CHOSEN | change)
    assert answer.status_code == 422 and answer.context["form"].errors
    assert not ReportMapping.objects.exists()


def test_a_hostile_mapping_as_text_is_refused(floor: Floor, sender: User, client: Client) -> None:
    job = upload(client, floor, as_csv(SMALL).getvalue())
    for text in ("a: !!python/object/apply:os.system ['true']", "x" * 19_000, "a: &a [*a]", "[" * 5_000):
        answer = client.post(f"/realtime/reports/{job.pk}/mapping/", {"way": "text", "name": "b", "text": text})
        assert answer.status_code == 422 and answer.context["text"].errors


def test_versions_of_a_mapping_are_kept_and_never_changed(floor: Floor, sender: User, client: Client) -> None:
    first = keep(floor, sender)
    assert keep(floor, sender) == first, "the same words are the same version"
    other = yaml.safe_dump(yaml.safe_load(MAPPING) | {"nobody": ["NO_SERVER", "-"]})
    with pytest.raises(Invalid) as refused:
        keep(floor, sender, other)
    assert refused.value.field == "reason"
    second = keep(floor, sender, other, reason="Agent kosong")
    assert (second.version, list(ReportMapping.objects.latest_versions())) == (2, [second])
    for counted_twice in ({"source": "bank2"}, {"key": ["call_id"]}):
        with pytest.raises(Invalid) as refused:
            keep(floor, sender, yaml.safe_dump(yaml.safe_load(MAPPING) | counted_twice), reason="x")
        assert refused.value.field == "name"
    page = client.get(first.get_absolute_url())
    assert [one.version for one in page.context["versions"]] == [2, 1]
    third = MAPPING + "\n# lain\n"
    assert (
        client.post(first.get_absolute_url(), {"name": "bank", "text": third, "reason": "Komentar"}).status_code == 302
    )
    assert ReportMapping.objects.count() == 3
    with pytest.raises(DatabaseError), transaction.atomic():
        ReportMapping.objects.filter(pk=first.pk).update(text="")
    with pytest.raises(DatabaseError), transaction.atomic():
        ReportMapping.objects.filter(pk=first.pk).delete()


def test_whose_site_and_source_it_is(floor: Floor, sender: User, client: Client) -> None:
    with pytest.raises(NotAllowed):
        keep(floor, floor.leader)
    mapping = keep(floor, sender)
    foreign = mapping_keep(site=floor.ygy, name="bank", text=MAPPING, reason="", actor=user(Role.IT, None), now=NOW)
    data = {"site": floor.ygy.pk, "mapping": "", "file": SimpleUploadedFile("a.csv", b"a,b\n1,2\n")}
    assert client.post("/realtime/reports/", data).status_code == 422
    data |= {"site": floor.jkt.pk, "mapping": foreign.pk, "file": SimpleUploadedFile("a.csv", b"a,b\n1,2\n")}
    assert client.post("/realtime/reports/", data).status_code == 422
    assert client.get(foreign.get_absolute_url()).status_code == 404
    Source.objects.create(code="bank", name="Bank", site=floor.ygy, from_files=True)
    job = upload(client, floor, as_csv(SMALL).getvalue(), mapping=mapping)
    assert job.state == "refused", "another site's rows would be taken for these"
    with pytest.raises(Invalid):
        keep(floor, sender, MAPPING + "# x\n", reason="x")
    stranger = Client()
    stranger.force_login(user(Role.WFM, floor.jkt))
    assert stranger.get(f"/realtime/reports/{job.pk}/").status_code == 404
    assert not Interval.objects.exists()


def test_log_ins_come_the_same_way(floor: Floor, sender: User, client: Client) -> None:
    job = upload(client, floor, b"who;in;out\nN1;22:00;07:01\nN2;08:00;16:00\n")
    chosen = {"way": "columns", "name": "Absensi", "kind": "logins", "channel": "voice", "source": "absensi",
              "key": ["who", "in"], "fixed": "2026-11-19", "dates": "%Y-%m-%d", "role_agent": "who", "role_login": "in",
              "role_logout": "out"}  # fmt: skip
    looked = ran(client.post(f"/realtime/reports/{job.pk}/mapping/", chosen)["Location"])
    assert looked.result["outcomes"] == {"agent.login": 2, "agent.logout": 2}
    assert client.get(f"/realtime/reports/{looked.pk}/").status_code == 200
    done = ran(client.post(f"/realtime/reports/{looked.pk}/apply/")["Location"])
    assert done.result["accepted"] == 4
    assert client.get(f"/realtime/reports/{done.pk}/").status_code == 200


def test_what_no_rule_names_is_told_by_its_value_and_leads_to_the_mapping(
    floor: Floor, sender: User, client: Client
) -> None:
    mapping = keep(floor, sender, MAPPING.replace("  - {if: {outcome: PHANTOM}, is: ignore}\n", ""))
    job = upload(client, floor, as_csv(SMALL).getvalue(), mapping=mapping)
    page = client.get(f"/realtime/reports/{job.pk}/").content.decode()
    assert "PHANTOM" in page and mapping.get_absolute_url() in page
    assert "perbaiki di berkas" not in page, "the file is not what is mended"


def test_a_preview_is_not_taken_for_the_import(floor: Floor, sender: User, client: Client) -> None:
    job = upload(client, floor, as_csv(SMALL).getvalue(), mapping=keep(floor, sender))
    assert "data-follow" in client.get(job.get_absolute_url()).content.decode(), "it leads to the preview"


def test_what_a_mapping_says_is_described_where_a_report_is_uploaded(sender: User, client: Client) -> None:
    page = client.get("/realtime/reports/").content.decode()
    assert 'id="mapping-help"' in page and "%d/%m/%Y" in page and "<code>outcomes</code>" in page


def test_words_that_could_be_a_time_stand_in_quotation_marks() -> None:
    form = MappingForm(CHOSEN, headings=HEAD)
    assert form.is_valid(), form.errors
    text = form.text()
    assert '- "0:00:00"' in text and "source: bank" in text and mapping_of(text).never == {"", "0:00:00"}
