"""The list of who heard and read what (RET-13): for those who audit it, out of the ledger, masked, in few queries."""

from __future__ import annotations

import io
from datetime import timedelta
from pathlib import Path
from typing import Any

import pytest
from django.test import Client
from django.urls import reverse
from django.utils import timezone
from openpyxl import load_workbook

from occ.jobs.kinds import KINDS
from occ.jobs.models import Job
from occ.people.choices import Role
from retention.models import Record
from retention.services import listening
from tests.factories import Floor, user
from tests.retention.around import a_record, source

pytestmark = [pytest.mark.django_db, pytest.mark.req("RET-13")]
NUMBER = "08123456789"


def acting(actor: Any) -> Client:
    one = Client()
    one.force_login(actor)
    one.cookies["django_language"] = "en"
    return one


@pytest.fixture
def heard(floor: Floor, tmp_path: Path) -> Record:
    """A call heard twice and taken once, one of another site heard, and a search in chats."""
    now = timezone.now()
    call = a_record(source(floor.jkt, tmp_path / "j"), customer=NUMBER, external_id=f"call-{NUMBER}-x")
    other = a_record(source(floor.ygy, tmp_path / "y"), external_id="YGY-1")
    given: dict[str, Any] = {"record_id": call.pk, "note": "K-17"}
    listening.reading_open(**given, purpose="complaint", actor=floor.leader, now=now - timedelta(days=3))
    listening.reading_open(**given, purpose="quality", actor=floor.coordinator, now=now)
    listening.reading_download(record_id=call.pk, actor=floor.coordinator, now=now)
    theirs = user(Role.COORDINATOR, floor.ygy)
    listening.reading_open(record_id=other.pk, purpose="audit", note="", actor=theirs, now=now)
    listening.chats_search(
        words="kupon", within={}, found=3, more=False, purpose="audit", note="", actor=floor.leader, now=now
    )
    return call


def rows(client: Client, **query: Any) -> list[str]:
    answer = client.get(reverse("retention:readings"), query)
    assert answer.status_code == 200
    return [f"{row.said['what']} {row.said['record']}" for row in answer.context["page"].rows]


def test_who_audits_sees_who_heard_what_when_and_what_for(floor: Floor, heard: Record) -> None:
    auditor = acting(user(Role.AUDITOR))
    shown, coupon = "call-0812••••89-x", "Chats searched “kupon”: 3 found"
    everything = [coupon, "Heard YGY-1", f"File taken {shown}", f"Heard {shown}", f"Heard {shown}"]
    assert rows(auditor) == everything
    text = auditor.get(reverse("retention:readings")).content.decode()
    for words in (str(floor.leader), "Handling a complaint", "K-17", heard.get_absolute_url()):
        assert words in text
    assert NUMBER not in text
    mine, today = [f"File taken {shown}", f"Heard {shown}", f"Heard {shown}"], timezone.localdate()
    assert rows(auditor, record=heard.pk) == mine == rows(auditor, q=heard.external_id)
    assert rows(auditor, q=NUMBER) == rows(auditor, q="call-") == rows(auditor, record="x") == []
    assert rows(auditor, q=str(floor.leader)) == [coupon, f"Heard {shown}"]
    assert rows(auditor, what_for="quality") == [f"Heard {shown}"]
    assert rows(auditor, deed="record.downloaded") == [f"File taken {shown}"]
    assert rows(auditor, site=floor.ygy.pk) == ["Heard YGY-1"]
    assert rows(auditor, until=str(today - timedelta(days=2))) == [f"Heard {shown}"]
    assert len(rows(auditor, since=str(today - timedelta(days=1)))) == 4


@pytest.mark.req("KER-9")
def test_who_audits_one_site_sees_that_one_and_others_nothing(floor: Floor, heard: Record) -> None:
    client = acting(user(Role.QUALITY_ASSURANCE, floor.ygy))
    assert rows(client) == ["Heard YGY-1"]
    form = client.get(reverse("retention:readings")).context["filter"].form
    assert list(form.fields["site"].queryset) == [floor.ygy]
    for role in (Role.TEAM_LEADER, Role.COORDINATOR, Role.IT, Role.QUALITY_CONTROL, Role.ADMINISTRATOR):
        client = acting(user(role, floor.jkt, name=f"no.{role}"))
        assert client.get(reverse("retention:readings")).status_code == 403


def test_the_record_and_the_compliance_page_lead_there(floor: Floor, heard: Record) -> None:
    auditor, url = acting(user(Role.AUDITOR)), f"{reverse('retention:readings')}?record={heard.pk}"
    page = auditor.get(heard.get_absolute_url()).content.decode()
    assert "Heard or read 3 times" in page and url in page
    theirs = acting(floor.coordinator).get(heard.get_absolute_url()).content.decode()
    assert "Heard or read 3 times" in theirs and url not in theirs
    assert reverse("retention:readings") in auditor.get(reverse("retention:compliance")).content.decode()
    compliance = acting(user(Role.DOCUMENT_CONTROL, floor.jkt)).get(reverse("retention:compliance"))
    assert reverse("retention:readings") not in compliance.content.decode()


def test_the_list_asks_as_often_whatever_its_length(
    floor: Floor, heard: Record, django_assert_max_num_queries: Any
) -> None:
    auditor, now = acting(user(Role.AUDITOR)), timezone.now()
    for _n in range(30):
        listening.reading_open(record_id=heard.pk, purpose="quality", note="", actor=floor.coordinator, now=now)
    auditor.get(reverse("retention:readings"))
    with django_assert_max_num_queries(8):
        assert len(rows(auditor)) == 35


def test_the_export_says_what_the_list_says(floor: Floor, heard: Record) -> None:
    auditor, kind = user(Role.AUDITOR), KINDS["retention.readings"]
    assert kind.may(auditor) and not kind.may(floor.coordinator)
    job = Job(owner=auditor, params={"query": f"record={heard.pk}"})
    out = kind.run(job, lambda *args: None, timezone.now()).content
    assert out is not None and not isinstance(out, bytes)
    out.seek(0)
    lines = list(load_workbook(io.BytesIO(out.read())).worksheets[0].values)
    assert len(lines) == 4 and all(NUMBER not in str(line) for line in lines)
    assert [line[4] for line in lines[1:]] == ["call-0812••••89-x"] * 3 and lines[3][7] == "K-17"
