"""An ID at the source may be the customer's number: masked as the customer is, also where no key opens that."""

from datetime import timedelta
from importlib import import_module
from pathlib import Path
from typing import Any
from unittest import mock

import pytest
from cryptography.fernet import Fernet
from django.apps import apps
from django.db import connection
from django.test import Client
from django.urls import reverse
from django.utils import timezone

from occ.errors import WrongState
from occ.ledger.models import Entry
from occ.people.choices import Role
from retention import finding, jobs
from retention.complying.jobs import record_line as figure_line
from retention.marks import names_customer
from retention.models import Batch, Problem, Record, Transcript
from retention.services import holds, records, transcripts
from retention.services.catalogue_exports import record_line
from tests.factories import NOW, Floor, site, user
from tests.retention.around import a_record, source
from tests.retention.meddling import past_the_triggers

pytestmark = [pytest.mark.django_db, pytest.mark.req("RET-13", "KER-9")]
NUMBER, OTHER = "08123456789", "08129998887"
# Landlines, a number after an instant, addresses, names, brackets: whatever is masked.
OTHERS = (
    ("02155512345", "call-02155512345-x"), ("081234567890", "20261130101500081234567890"),
    ("siti.aminah@mail.test", "mail-siti.aminah@mail.test"), ("0812 345 67890", "call-0812(345)67890"),
    ("Siti Aminah", "chat SITI AMINAH 7"), ("+62 812-7777-6666", "c-0812 7777 6666"),
)  # fmt: skip
PLAIN = (("Siti", "REC-1"), ("Jo", "REC-Jo-2"), ("123", "REC-123"), ("08125550001", "call-08125550002"))


def shut(table: str, pk: int) -> None:
    """As what a key encrypted that is not among ENCRYPTION_KEYS any more."""
    with past_the_triggers(), connection.cursor() as cursor:
        cursor.execute(f"UPDATE {table} SET customer = 'gAAAAA' WHERE id = %s", [pk])


@pytest.mark.usefixtures("english")
def test_ids_are_masked_as_their_customers_and_a_lost_key_breaks_no_page(tmp_path: Path, client: Client) -> None:
    at, control = source(site("JKT"), tmp_path), user(Role.DOCUMENT_CONTROL, site("JKT"))
    named = a_record(at, customer=NUMBER, external_id=f"call-{NUMBER}-x", path=f"{NUMBER}.wav")
    lost = a_record(at, customer=OTHER, external_id=f"call-{OTHER}-y", path=f"{OTHER}.wav")
    scope = holds.Scope(site=at.site, records=[named.pk, lost.pk], customer=OTHER)
    with pytest.raises(holds.Invalid):  # the second customer's only: nothing is both
        holds.hold_set(scope=scope, reason="", note="x", until=None, actor=control, now=NOW)
    given: Any = {"reason": "complaint", "note": "x", "until": None, "actor": control, "now": NOW}
    hold = holds.hold_set(scope=holds.Scope(site=at.site, customer=OTHER), **given)
    both = holds.hold_set(scope=holds.Scope(site=at.site, records=[named.pk, lost.pk]), **given)
    shut("retention_record", lost.pk)
    shut("retention_hold", hold.pk)
    client.force_login(control)
    client.cookies["django_language"] = "en"
    seen = ""
    for name, *args in (
        ("records",), ("record", named.pk), ("record", lost.pk), ("holds",), ("hold", hold.pk), ("hold", both.pk),
        ("figure_rows",),
    ):  # fmt: skip
        page = client.get(reverse(f"retention:{name}", args=args))
        assert page.status_code == 200, name
        seen += page.content.decode()
    assert seen.count("call-0812••••89-x") >= 4 and seen.count("call-0812••••87-y") >= 4
    assert seen.count("cannot be read: key missing") >= 3 and "Show the customer" not in seen
    found = client.get("/api/v1/retention/records/").json()["results"]
    assert {one["external_id"] for one in found} == {"call-0812••••89-x", "call-0812••••87-y"}
    assert {one["customer"] for one in found} == {"0812••••89", "cannot be read: key missing"}
    for url in (f"records/{lost.pk}/", f"holds/{both.pk}/records/", f"holds/{hold.pk}/", "holds/"):
        answer = client.get(f"/api/v1/retention/{url}")
        assert answer.status_code == 200, url
        seen += answer.content.decode()
    rows = list(jobs.record_rows(control))
    said = seen + str(found) + str([record_line(one) + figure_line(one) for one in rows])
    assert NUMBER not in said and OTHER not in said

    # A hold is set from its page all the same: by its number.
    ids = client.get(reverse("retention:hold_new"), {"record": named.pk}).context["form"].initial["ids"]
    assert holds.records_named(site=at.site, ids=[ids, "#0", "#99999999999999999"]) == (
        [named.pk], ["#0", "#99999999999999999"],
    )  # fmt: skip
    assert holds.records_named(site=site("YGY"), ids=[ids]) == ([], [ids])


@pytest.mark.usefixtures("english")
def test_who_may_see_customers_sees_the_id_too_and_no_one_a_shut_one(tmp_path: Path, client: Client) -> None:
    at, coordinator = source(site("JKT"), tmp_path), user(Role.COORDINATOR, site("JKT"))
    named = a_record(at, customer=NUMBER, external_id=f"call-{NUMBER}-x")
    client.force_login(coordinator)
    client.cookies["django_language"] = "en"
    masked = client.get(named.get_absolute_url()).content.decode()
    whole = client.post(reverse("retention:record_customer", args=[named.pk])).content.decode()
    assert "Show the customer" in masked and f"call-{NUMBER}-x" not in masked and f"call-{NUMBER}-x" in whole
    shut("retention_record", named.pk)
    found = Record.objects.get(pk=named.pk)
    with pytest.raises(WrongState):
        records.record_customer(record_id=named.pk, actor=coordinator, now=NOW)
    refused = client.post(reverse("retention:record_customer", args=[named.pk]))
    assert refused.status_code == 409 and "key is missing" in refused.content.decode()
    assert Entry.objects.filter(action="record.customer_read").count() == 1
    found.save(update_fields=["customer"])  # it goes back as it lay there
    with connection.cursor() as cursor:
        cursor.execute("SELECT customer FROM retention_record")
        assert cursor.fetchone() == ("gAAAAA",)


@pytest.mark.usefixtures("english")
def test_what_is_decided_about_a_record_names_it_masked(tmp_path: Path, client: Client) -> None:
    at, coordinator = source(site("JKT"), tmp_path), user(Role.COORDINATOR, site("JKT"))
    batch = Batch.objects.create(
        kind="recording", site=at.site, month=NOW.date().replace(day=1), due_at=NOW, opened_at=NOW
    )
    rows = [a_record(at, customer=one, external_id=f"call-{one}", batch=batch) for one in (NUMBER, OTHER)]
    for one in rows:
        Problem.objects.create(batch=batch, record=one, kind="changed", found_at=NOW, tried_at=timezone.now())
    shut("retention_record", rows[1].pk)
    client.force_login(coordinator)
    client.cookies["django_language"] = "en"
    for url in (
        batch.get_absolute_url(), *(reverse("retention:record_waive", args=[one.pk]) for one in rows),
        *(reverse("retention:record_take_file", args=[one.pk]) for one in rows),
        reverse("retention:listen", args=[rows[0].pk]), reverse("retention:listen", args=[rows[1].pk]),
    ):  # fmt: skip
        page = client.get(url)
        assert page.status_code == 200, url
        assert "••••" in page.content.decode(), url
        assert NUMBER not in page.content.decode() and OTHER not in page.content.decode(), url


def test_a_masked_number_is_not_found_out_digit_by_digit(tmp_path: Path, client: Client) -> None:
    at = source(site("JKT"), tmp_path)
    a_record(at, customer=NUMBER, external_id=f"call-{NUMBER}-x")
    plain = a_record(at, customer=OTHER, external_id="REC-0000123456")
    for customer, name in OTHERS:
        a_record(at, customer=customer, external_id=name)
    client.force_login(user(Role.DOCUMENT_CONTROL, site("JKT")))

    def found(text: str) -> list[str]:
        by_api = client.get("/api/v1/retention/records/", {"q": text}).json()["results"]
        page = client.get(reverse("retention:records"), {"q": text})
        assert (f"/records/{plain.pk}/" in page.content.decode()) == any(one["id"] == plain.pk for one in by_api)
        return [one["external_id"] for one in by_api]

    assert found(f"call-{NUMBER}-x") == ["call-0812••••89-x"], "who knows the whole of it finds it"
    for part in ("call-", "call-08123", f"call-{NUMBER}"):
        assert found(part) == []
    assert found("REC-00001") == ["REC-0000123456"], "a number that only counts names nobody"
    for _customer, name in OTHERS:
        assert found(name[:-3]) == [] and len(found(name)) == 1, name


def test_records_from_before_say_whether_their_ids_name_customers(tmp_path: Path) -> None:
    at, migration = source(site("JKT"), tmp_path), import_module("retention.migrations.0024_ids_that_name_customers")
    rows = [a_record(at, customer=customer, external_id=name) for customer, name in (*OTHERS, *PLAIN)]
    lost, nobody = a_record(at, customer=OTHER, external_id="REC-7"), a_record(at, external_id="call-081234567")
    shut("retention_record", lost.pk)
    for one in rows:
        assert migration.names(one.external_id, one.customer) == names_customer(one.external_id, one.customer)
    assert [one.names_customer for one in rows] == [True] * len(OTHERS) + [False] * len(PLAIN)
    Record.objects.update(names_customer=False)
    with mock.patch.object(migration, "SOME", 2):
        migration.say(apps, None)
    named = set(Record.objects.filter(names_customer=True).values_list("pk", flat=True))
    assert named == {*(one.pk for one in rows[: len(OTHERS)]), lost.pk} and nobody.pk not in named


@pytest.mark.usefixtures("english")
def test_where_no_key_opens_the_customer_no_name_gets_out_by_text(floor: Floor, tmp_path: Path, settings: Any) -> None:
    """A chat is not shown to who may see no customers, its words wait for the key, and an entry takes no note."""
    text = b"customer 2019-09-04 [22:44:46] <customer> my name is Sulastri\nx 2019-09-04 [22:45:46] <agent> hello\n"
    chats = source(floor.jkt, tmp_path, kind="chat")
    one = a_record(chats, content=text, customer="Sulastri Wibowo")
    lost = Fernet.generate_key().decode()
    with connection.cursor() as cursor:
        sealed = Fernet(lost).encrypt(b"Sulastri Wibowo").decode()
        cursor.execute("UPDATE retention_record SET customer = %s WHERE id = %s", [sealed, one.pk])
    url, leader, now = reverse("retention:read", args=[one.pk]), Client(), timezone.now()
    leader.force_login(floor.leader)
    leader.cookies["django_language"] = "en"
    refused = leader.post(url, {"purpose": "complaint", "note": "Sulastri rang"})
    assert refused.status_code == 422 and "Leave the note empty" in refused.content.decode()
    assert leader.post(url, {"purpose": "complaint", "note": " "}).status_code == 302
    assert "Sulastri" not in str(Entry.objects.get(action="record.read").data)
    page = leader.get(url)
    assert page.status_code == 200 and "key is missing" in page.content.decode()
    assert "Sulastri" not in page.content.decode() and "Messages:" not in page.content.decode()
    whole = Client()
    whole.force_login(floor.coordinator)
    whole.post(url, {"purpose": "complaint"})
    assert "Sulastri" in whole.get(url).content.decode(), "who may see customers reads it"

    assert transcripts.transcripts_make(now=now, seconds=5) == 0
    assert Transcript.objects.get().words is None
    settings.ENCRYPTION_KEYS = [*settings.ENCRYPTION_KEYS, lost]
    assert transcripts.transcripts_make(now=now + timedelta(hours=7), seconds=5) == 1
    words = str(Transcript.objects.get().words)
    assert "hello" in words and "sulastri" not in words


@pytest.mark.usefixtures("english")
def test_the_search_across_modules_finds_a_conversation_by_the_whole_of_its_id(floor: Floor, tmp_path: Path) -> None:
    at = source(floor.jkt, tmp_path, kind="chat")
    named = a_record(at, customer=NUMBER, external_id=f"chat-{NUMBER}-x")
    longest = a_record(at, external_id="7" * 120)
    plain = a_record(at, customer="Siti Aminah", external_id="REC-77", content=b"gadai emas", agent=floor.agent)
    transcripts.transcripts_make(now=timezone.now(), seconds=60)
    control = user(Role.DOCUMENT_CONTROL, floor.jkt)
    (found,) = finding.find_records(control, named.external_id, 8)
    assert found.title == "chat-0812••••89-x" and "0812••••89" in found.subtitle and NUMBER not in found.subtitle
    (found,) = finding.find_records(control, "REC-77", 8)
    assert found.url == plain.get_absolute_url() and "S••••" in found.subtitle and "Siti" not in found.subtitle
    for nothing in ("REC-7", "rec", "chat-", NUMBER, "Siti", "Siti Aminah", "emas", "0812", "%", "REC-__"):
        assert not list(finding.find_records(control, nothing, 8)), nothing
    of_the_team = user(Role.TEAM_LEADER, floor.jkt, name="tl.team", team=floor.team)
    assert list(finding.find_records(of_the_team, "REC-77", 8))
    assert not list(finding.find_records(of_the_team, named.external_id, 8))
    for role, where in ((Role.TEAM_LEADER, floor.ygy), (Role.AGENT, floor.jkt), (Role.CLIENT, floor.jkt)):
        assert not list(finding.find_records(user(role, where, name=f"a.{role}"), "REC-77", 8)), role
    page = Client()
    page.force_login(control)
    for one in (plain, longest):
        assert one.get_absolute_url() in page.get("/search/", {"q": one.external_id}).content.decode()
