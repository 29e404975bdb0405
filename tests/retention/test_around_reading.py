"""Listening and reading (RET-13): a purpose first, an entry each time, parts of a sound, hostile files, masks."""

from __future__ import annotations

import json
import os
import time
from collections.abc import Iterator
from datetime import timedelta
from hashlib import sha256
from pathlib import Path
from typing import Any

import boto3
import pytest
from django.db import connection, transaction
from django.test import Client
from django.urls import reverse
from django.utils import timezone
from hypothesis import given, settings
from hypothesis import strategies as st
from moto.server import ThreadedMotoServer

from occ.errors import NotAllowed, Refused
from occ.ledger.models import Entry as LedgerEntry
from occ.masking import masked_text
from occ.people.choices import Role
from occ.times import JAKARTA
from retention.models import Credential, Packed, Record, Source, Transcript
from retention.models.transcripts import SHUT
from retention.panels import record_panels
from retention.reading import permits
from retention.reading.chats import MOST_BYTES, read_chat
from retention.reading.media import sniff, wanted
from retention.services import listening, transcripts
from retention.services.derived import derived_destroy
from retention.storing import opened as shelf_opened
from tests.factories import Floor, user
from tests.retention.around import a_record, sound, source
from tests.retention.backups import Ground
from tests.retention.meddling import destroyed, past_the_triggers

pytestmark = [pytest.mark.django_db, pytest.mark.req("RET-13")]
CHAT = """stripe 2019-09-04 [22:44:46] <w1zeman1p> If the customer was created, add a coupon
stripe 2019-09-04 [22:45:20] <apeksha> yeah, call me on 0812-3456-7890 or apeksha@mail.test
stripe 2019-09-04 [22:45:28] <w1zeman1p> thanks apeksha, then make the duration "Once"
"""


def acting(actor: Any) -> Client:
    one = Client()
    one.force_login(actor)
    one.cookies["django_language"] = "en"
    return one


def opened(client: Client, one: Record, name: str) -> Any:
    client.post(reverse(f"retention:{name}", args=[one.pk]), {"purpose": "complaint", "note": "K-17"})
    return client.get(reverse(f"retention:{name}", args=[one.pk]))


def body(answer: Any) -> bytes:
    return b"".join(answer.streaming_content)


# Asking ---------------------------------------------------------------------------------------------------------------


def test_nothing_is_heard_before_one_says_what_for_and_each_time_leaves_an_entry(floor: Floor, tmp_path: Path) -> None:
    one = a_record(source(floor.jkt, tmp_path), content=sound(), customer="Budi Santoso")
    page = acting(floor.leader)
    listen, media = (reverse(f"retention:{name}", args=[one.pk]) for name in ("listen", "media"))
    assert "<audio" not in page.get(listen).content.decode()
    assert page.get(media).status_code == 409
    assert page.post(listen, {"purpose": "", "note": "x"}).status_code == 422
    assert page.post(listen, {"purpose": "curiosity", "note": "x"}).status_code == 422
    assert not LedgerEntry.objects.filter(action="record.heard").exists()
    note = "Keluhan Budi Santoso 081234567890"
    assert page.post(listen, {"purpose": "complaint", "note": note}).status_code == 302
    entry = LedgerEntry.objects.get(action="record.heard")
    assert (entry.actor, entry.subject_id, entry.data["purpose"]) == (floor.leader, str(one.pk), "complaint")
    assert "Budi" not in str(entry.data) and "0812" not in str(entry.data)
    assert "<audio" in page.get(listen).content.decode()
    assert body(page.get(media)) == sound()
    other = acting(user(Role.QUALITY_CONTROL, floor.jkt))
    assert other.get(media).status_code == 409  # somebody else's answer lets nobody in
    said = record_panels(one, floor.leader, now=timezone.now())
    assert [row["what"] for row in said["readings"]] and said["read_url"] == listen


def test_the_half_hour_ends(floor: Floor, tmp_path: Path) -> None:
    session: dict[str, Any] = {}
    now = timezone.now()
    permits.grant(session, 7, now=now)
    assert permits.granted(session, 7, now=now + timedelta(minutes=29, seconds=59))
    assert not permits.granted(session, 7, now=now + timedelta(minutes=30))
    assert not permits.granted(session, 8, now=now)
    for pk in range(200):
        permits.grant(session, pk, now=now)
    assert len(session[permits.KEY]) == permits.MOST


@pytest.mark.req("KER-9")
def test_who_sees_the_catalogue_does_not_hear_by_it(floor: Floor, tmp_path: Path) -> None:
    one = a_record(source(floor.jkt, tmp_path), content=sound())
    listen = reverse("retention:listen", args=[one.pk])
    assert acting(user(Role.IT, floor.jkt)).get(listen).status_code == 403
    assert acting(user(Role.TEAM_LEADER, floor.ygy, name="other")).get(listen).status_code == 404
    of_another_team = user(Role.TEAM_LEADER, floor.jkt, name="tl.b", team=floor.team)
    assert acting(of_another_team).get(listen).status_code == 404  # nobody of the team had this call
    one.agent = floor.agent
    one.save(update_fields=["agent"])
    assert acting(of_another_team).get(listen).status_code == 200
    assert acting(floor.leader).get(reverse("retention:read", args=[one.pk])).status_code == 404  # it is no chat


def test_the_file_is_taken_by_right_only_and_leaves_its_own_entry(floor: Floor, tmp_path: Path) -> None:
    one = a_record(source(floor.jkt, tmp_path), content=sound())
    take = reverse("retention:take", args=[one.pk])
    leader, coordinator = acting(floor.leader), acting(floor.coordinator)
    assert "Take the file" not in opened(leader, one, "listen").content.decode()
    assert leader.get(take).status_code == 403
    assert coordinator.get(take).status_code == 409
    assert "Take the file" in opened(coordinator, one, "listen").content.decode()
    answer = coordinator.get(take)
    assert body(answer) == sound() and answer["Content-Disposition"].startswith("attachment")
    assert LedgerEntry.objects.filter(action="record.downloaded").count() == 1


# Sound ----------------------------------------------------------------------------------------------------------------


def test_a_player_gets_the_part_it_asks_for(floor: Floor, tmp_path: Path) -> None:
    content = sound()
    one = a_record(source(floor.jkt, tmp_path), content=content)
    page, media = acting(floor.leader), reverse("retention:media", args=[one.pk])
    opened(page, one, "listen")
    whole = page.get(media, headers={"accept-encoding": "gzip"})
    assert body(whole) == content and whole["Content-Length"] == str(len(content))
    assert (whole["Content-Type"], whole["X-Content-Type-Options"]) == ("audio/wav", "nosniff")
    assert whole["Accept-Ranges"] == "bytes" and "no-store" in whole["Cache-Control"]
    for header, start, end in (
        ("bytes=0-0", 0, 1), ("bytes=100-199", 100, 200), ("bytes=1000-", 1000, len(content)),
        ("bytes=-50", len(content) - 50, len(content)), ("bytes=5-99999999", 5, len(content)),
        ("bytes=-99999999", 0, len(content)),
    ):  # fmt: skip
        part = page.get(media, headers={"range": header})
        assert part.status_code == 206 and body(part) == content[start:end], header
        assert part["Content-Range"] == f"bytes {start}-{end - 1}/{len(content)}"
        assert part["Content-Length"] == str(end - start)
    for header in (f"bytes={len(content)}-", "bytes=9-3", "bytes=-0"):
        refused = page.get(media, headers={"range": header})
        assert refused.status_code == 416 and refused["Content-Range"] == f"bytes */{len(content)}"
    for header in ("bytes=0-1,5-6", "lines=1-2", "bytes=a-b", "bytes=--1", "bytes=" + "9" * 400 + "-"):
        assert page.get(media, headers={"range": header}).status_code == 200, header
    etag = whole["ETag"]
    assert page.get(media, headers={"range": "bytes=0-9", "if-range": etag}).status_code == 206
    assert page.get(media, headers={"range": "bytes=0-9", "if-range": '"other"'}).status_code == 200
    assert body(page.head(media)) == b""


@given(header=st.one_of(st.text(max_size=30), st.from_regex(r"bytes=\d{0,4}-\d{0,4}", fullmatch=True)),
       size=st.integers(0, 5_000))  # fmt: skip
@settings(max_examples=200, deadline=None)
def test_no_range_asks_for_more_than_there_is(header: str, size: int) -> None:
    try:
        part = wanted(header, size)
    except ValueError:
        return
    if part is not None:
        assert part[0] >= 0 and part[1] > 0 and sum(part) <= size


def test_what_is_no_sound_is_not_played_whatever_its_name(floor: Floor, tmp_path: Path) -> None:
    page = acting(floor.leader)
    for number, content in enumerate(
        (b"<html><script>alert(1)</script>", b"MZ\x90\x00", b"", b"RIFF\x00\x00\x00\x00AVI ")
    ):
        place = source(floor.jkt, tmp_path / str(number))
        one = a_record(place, content=content, path="lagu.wav")
        assert "no sound" in opened(page, one, "listen").content.decode()
        assert page.get(reverse("retention:media", args=[one.pk])).status_code == 409
    assert sniff(b"OggS" + bytes(60)) is not None and sniff(b"\xff\xfb\x90\x00" + bytes(60)) is not None
    assert sniff(b"\xff\xfe<\x00h\x00") is None  # UTF-16 text


def test_a_file_that_is_gone_comes_from_its_backup_or_says_so(
    floor: Floor, tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    one = a_record(source(floor.jkt, tmp_path))
    page = acting(floor.leader)
    assert "does not have this file" in opened(page, one, "listen").content.decode()

    def away(record: Record) -> Iterator[bytes]:
        yield b"half"
        raise Refused("the store is away")

    whole = sound()
    backups = [lambda record: None, away, lambda record: iter([whole[:1000], whole[1000:]])]
    monkeypatch.setattr(listening, "CONTENT", backups)
    assert "<audio" in opened(page, one, "listen").content.decode()
    media = reverse("retention:media", args=[one.pk])
    assert body(page.get(media)) == sound()
    assert body(page.get(media, headers={"range": "bytes=500-1499"})) == sound()[500:1500]
    destroyed([one])
    assert page.get(media).status_code == 409
    text = page.get(reverse("retention:listen", args=[one.pk])).content.decode()
    assert "was destroyed" in text and "<audio" not in text
    assert page.post(reverse("retention:listen", args=[one.pk]), {"purpose": "complaint"}).status_code in {409, 422}


def test_a_source_that_is_away_says_so(floor: Floor, tmp_path: Path) -> None:
    place = source(floor.jkt, tmp_path / "mount")
    one = a_record(place, content=sound())
    (tmp_path / "mount").rename(tmp_path / "unmounted")
    assert "cannot be read now" in opened(acting(floor.leader), one, "listen").content.decode()


# Chats ----------------------------------------------------------------------------------------------------------------


def a_chat(floor: Floor, folder: Path, text: str | bytes, **fields: Any) -> Record:
    content = text.encode() if isinstance(text, str) else text
    return a_record(source(floor.jkt, folder, kind="chat"), content=content, **fields)


def test_a_chat_is_a_conversation_with_its_customers_hidden(floor: Floor, tmp_path: Path) -> None:
    one = a_chat(floor, tmp_path, CHAT, agent_label="w1zeman1p")
    masked = opened(acting(floor.leader), one, "read").content.decode()
    assert "w1zeman1p" in masked and "add a coupon" in masked and "4 September 2019, 22:44:46" in masked
    for secret in ("0812", "7890 ", "apeksha", "mail.test"):
        assert secret not in masked
    assert "a••••" in masked
    whole = opened(acting(floor.coordinator), one, "read").content.decode()
    assert "0812-3456-7890" in whole and "apeksha@mail.test" in whole


def test_times_of_a_chat_are_in_the_reader_s_language(floor: Floor, tmp_path: Path) -> None:
    lines = ["[2026-08-05 10:00:01] Agent: satu", "2026-08-05 10:02 Agent: dua", "10:03:04 Agent: tiga"]
    one = a_chat(floor, tmp_path, "\n".join([*lines, "2026-02-31 10:00:00 Agent: empat"]))
    page = acting(floor.leader)
    page.cookies["django_language"] = "id"
    shown = opened(page, one, "read")
    assert [line["when"] for line in shown.context["lines"]] == [
        "5 Agustus 2026, 10:00:01", "5 Agustus 2026, 10:02", "10:03:04", "2026-02-31 10:00:00",
    ]  # fmt: skip


def test_json_lines_are_read_in_their_variants(floor: Floor) -> None:
    lines = [
        {"at": "2026-01-05T03:00:00Z", "from": "agent", "text": "Selamat pagi"},
        {"timestamp": 1_767_582_060, "sender": {"name": "Budi"}, "message": "Halo"},
        {"time": "10:00", "who": "bot", "body": {"rich": True}},
        "not an object",
    ]
    for content in ("\n".join(json.dumps(one) for one in lines), json.dumps(lines), json.dumps({"x": 1, "m": lines})):
        chat = read_chat(content.encode(), JAKARTA)
        assert [one.who for one in chat.messages] == ["agent", "Budi", "bot", ""]
        assert chat.messages[0].when == "2026-01-05 10:00:00" and chat.messages[1].when == "2026-01-05 10:01:00"
    assert read_chat("halo".encode("utf-16"), JAKARTA).messages[0].text == "halo"


HOSTILE = [
    b"<script>alert(1)</script><img src=x onerror=alert(1)>",
    b'{"from": "<b>x</b>", "text": "</script><script>alert(1)</script>"}',
    b"\xff\xfe\x00\xd8", b"\xc3\x28 bad utf-8 \xf0\x28\x8c\xbc", b"\x00" * 5_000, b"", b"\n" * 70_000,
    b"[" * 100_000, b'{"a":' * 50_000, b'{"text": "\\ud800"}', b'{"at": 1e400, "text": "x"}',
    b'{"at": -99999999999999}',
    b'{"at": NaN, "text": Infinity}', "‮olleh​".encode(), b"9" * 300_000, b"a@" * 100_000,
    b'{"text": ' + b"1" * 10_000 + b"}",
]  # fmt: skip


@pytest.mark.parametrize("content", HOSTILE, ids=range(len(HOSTILE)))
def test_a_hostile_file_is_only_text(floor: Floor, tmp_path: Path, content: bytes) -> None:
    one = a_chat(floor, tmp_path, content)
    before = time.monotonic()
    answer = opened(acting(floor.leader), one, "read")
    assert answer.status_code == 200 and time.monotonic() - before < 10
    text = answer.content.decode()
    assert "<script>alert" not in text and "<img src=x" not in text
    transcripts.transcript_make(record_id=one.pk, now=timezone.now())


def test_a_line_of_a_hundred_megabytes_is_cut(floor: Floor, tmp_path: Path) -> None:
    one = a_chat(floor, tmp_path, b"")
    with (tmp_path / one.path).open("wb") as file:
        for _part in range(100):
            file.write(b"kata " * (2**20 // 5))
    Record.objects.filter(pk=one.pk).update(size=(tmp_path / one.path).stat().st_size)
    before = time.monotonic()
    answer = opened(acting(floor.leader), one, "read")
    assert answer.status_code == 200 and len(answer.content) < 200_000 and time.monotonic() - before < 20
    assert "goes on beyond" in answer.content.decode()
    assert MOST_BYTES < 100 * 2**20


@given(st.binary(max_size=2_000))
@settings(max_examples=150, deadline=None)
def test_any_bytes_are_some_conversation(content: bytes) -> None:
    chat = read_chat(content, JAKARTA)
    for one in chat.messages:
        (one.who + one.when + one.text).encode()  # storable and showable


# Masking --------------------------------------------------------------------------------------------------------------


@pytest.mark.parametrize(
    "secret",
    ["081234567890", "+62 812-3456-7890", "62.812.3456.7890", "3171234567890123", "4111 1111 1111 1111",
     "0812\u200b3456\u200b7890", "(0274) 555-12345", "budi.s+x@mail.co.id", "Budi", "SANTOSO", "\u0661\u0662" * 6],
)  # fmt: skip
def test_customers_are_hidden_in_any_spelling(secret: str) -> None:
    said = masked_text(f"nomor saya {secret} ya", ["Budi Santoso"])
    assert secret not in said and "nomor saya" in said and said.endswith("ya")
    assert sum(one.isdigit() for one in said) <= 2


def test_what_is_nobodys_stays() -> None:
    for plain in ("Rp 150.000", "2026-11-20 10:00:01", "tagihan 12345678", "budiman datang", "jam 10:00-12:30"):
        assert masked_text(plain, ["Budi"]) == plain


@given(st.text(max_size=300), st.integers(10**9, 10**15), st.text(max_size=300))
@settings(max_examples=200, deadline=None)
def test_no_long_number_gets_through(before: str, number: int, after: str) -> None:
    assert str(number) not in masked_text(f"{before} {number} {after}")


# Words ----------------------------------------------------------------------------------------------------------------


def test_chats_are_found_by_what_was_said_and_the_text_is_not_kept(floor: Floor, tmp_path: Path) -> None:
    one = a_chat(floor, tmp_path / "a", CHAT, customer="Apeksha")
    other = a_chat(floor, tmp_path / "b", "10:00 Agent: Gadai emas di Yogyakarta")
    foreign = a_record(source(floor.ygy, tmp_path / "c", kind="chat"), content=b"coupon")
    call = a_record(source(floor.jkt, tmp_path / "d"), content=sound())
    now = timezone.now()
    assert transcripts.transcripts_make(now=now, seconds=60) == 3
    assert transcripts.transcripts_make(now=now, seconds=60) == 0
    assert not Transcript.objects.filter(record=call).exists()
    page, url = acting(floor.leader), reverse("retention:said")
    page.post(url, {"purpose": "quality", "note": ""})
    assert one.external_id in page.get(url, {"q": "coup dura"}).content.decode()
    text = page.get(url, {"q": "coupon"}).content.decode()
    assert other.external_id not in text and foreign.external_id not in text
    for nothing in ("apeksha", "0812", "7890", "coupon emas", "'; DROP TABLE x; --", "& | !", "\x00"):
        assert one.external_id not in page.get(url, {"q": nothing}).content.decode()
    assert acting(user(Role.IT, floor.jkt)).get(url).status_code == 403
    words = str(Transcript.objects.get(record=one).words)
    assert "'once'" in words and ":" not in words and "90" not in words  # in no order, and of no number the end


def test_a_search_asks_what_for_once_a_session_and_leaves_its_words_without_numbers(
    floor: Floor, tmp_path: Path
) -> None:
    one = a_chat(floor, tmp_path, CHAT)
    transcripts.transcripts_make(now=timezone.now(), seconds=60)
    page, url = acting(floor.leader), reverse("retention:said")
    asked = page.get(url, {"q": "coupon"}).content.decode()
    assert one.external_id not in asked and "purpose" in asked
    for purpose in ("", "curiosity"):
        assert page.post(f"{url}?q=coupon", {"purpose": purpose, "note": ""}).status_code == 422
    assert not LedgerEntry.objects.filter(action="chats.searched").exists()
    note = "Keluhan 081234567890"
    answer = page.post(f"{url}?q=coupon", {"purpose": "complaint", "note": note})
    assert answer.status_code == 302 and answer["Location"] == f"{url}?q=coupon"
    assert "0812" not in str(dict(page.session))
    assert one.external_id in page.get(answer["Location"]).content.decode()
    entry = LedgerEntry.objects.get(action="chats.searched")
    assert (entry.actor, entry.subject_id, entry.data["purpose"]) == (floor.leader, "", "complaint")
    assert (entry.data["words"], entry.data["found"], entry.data["more"]) == ("coupon", 1, False)
    assert page.get(url).status_code == 200  # no words, no search
    assert LedgerEntry.objects.filter(action="chats.searched").count() == 1
    page.get(url, {"q": "nasabah 0812-3456-7890 budi@mail.test 123456", "channel": "voice", "ended_from": "2025-01-01"})
    last = LedgerEntry.objects.filter(action="chats.searched").latest("pk").data
    assert last["words"] == "nasabah •••90 •••@••• •••" and last["found"] == 0
    assert last["within"] == {"channel": "voice", "ended_from": "2025-01-01"}
    assert page.get(url, {"q": "coupon", "ended_from": "entah"}).status_code == 200  # nothing is shown, nothing is kept
    assert LedgerEntry.objects.filter(action="chats.searched").count() == 2
    other = acting(user(Role.QUALITY_CONTROL, floor.jkt))
    assert one.external_id not in other.get(url, {"q": "coupon"}).content.decode()  # each says it for himself
    with pytest.raises(NotAllowed):
        listening.chats_search(
            words="x", within={}, found=0, more=False, purpose="audit", note="", actor=user(Role.IT, floor.jkt),
            now=timezone.now(),
        )  # fmt: skip


def test_the_words_go_with_the_record_and_never_come_after_it(floor: Floor, tmp_path: Path) -> None:
    one = a_chat(floor, tmp_path, CHAT)
    now = timezone.now()
    assert transcripts.transcript_make(record_id=one.pk, now=now)
    assert derived_destroy([one.pk]) == {"transcripts": 1}
    destroyed([one])
    assert not transcripts.transcript_make(record_id=one.pk, now=now)
    transcripts._keep(one, ["rahasia"], "", now)  # a job that had read the file before
    assert not Transcript.objects.exists()


def test_one_bad_file_keeps_no_other_waiting_and_what_was_away_is_tried_again(floor: Floor, tmp_path: Path) -> None:
    place = source(floor.jkt, tmp_path / "mount", kind="chat")
    away = a_record(place, content=b"halo dunia")
    binary = a_chat(floor, tmp_path / "b", b"\x00\x01\x02" * 3_000)
    good = a_chat(floor, tmp_path / "c", b"emas batangan")
    (tmp_path / "mount").rename(tmp_path / "gone")
    now = timezone.now()
    assert transcripts.transcripts_make(now=now, seconds=60) == 1
    assert Transcript.objects.get(record=good).words and Transcript.objects.get(record=binary).words is None
    (tmp_path / "gone").rename(tmp_path / "mount")
    assert transcripts.transcripts_make(now=now + timedelta(hours=1), seconds=60) == 0
    assert transcripts.transcripts_make(now=now + timedelta(hours=7), seconds=60) == 1
    assert "dunia" in str(Transcript.objects.get(record=away).words)


def test_a_recording_in_a_bucket_is_read_in_parts(floor: Floor) -> None:
    server = ThreadedMotoServer(ip_address="127.0.0.1", port=0)
    server.start()
    try:
        host, port = server.get_host_and_port()
        endpoint, keys = f"http://{host}:{port}", {"aws_access_key_id": "a", "aws_secret_access_key": "b"}
        bucket = boto3.client("s3", endpoint_url=endpoint, region_name="us-east-1", **keys)
        bucket.create_bucket(Bucket="calls")
        bucket.put_object(Bucket="calls", Key="jkt/2026/one.wav", Body=sound(30))
        place = Source.objects.create(
            code="S3", name="S3", kind="s3", url="s3://calls/jkt", endpoint=endpoint, site=floor.jkt, channel="voice",
            record_kind="recording", pattern="(?P<id>.+)",
        )  # fmt: skip
        Credential.objects.create(source=place, access_key="a", secret_key="b")
        one = a_record(place, path="2026/one.wav")
        Record.objects.filter(pk=one.pk).update(size=len(sound(30)))
        page = acting(floor.leader)
        assert "<audio" in opened(page, one, "listen").content.decode()
        media = reverse("retention:media", args=[one.pk])
        assert body(page.get(media)) == sound(30)
        part = page.get(media, headers={"range": "bytes=400000-400099"})
        assert part.status_code == 206 and body(part) == sound(30)[400_000:400_100]
    finally:
        server.stop()
    assert "cannot be read now" in page.get(reverse("retention:listen", args=[one.pk])).content.decode()


# Another file at its path ---------------------------------------------------------------------------------------------


@pytest.mark.req("RET-6")
@pytest.mark.usefixtures("english")
@pytest.mark.parametrize("known", [True, False])
def test_a_new_call_over_an_old_one_is_never_given_out_as_that(tmp_path: Path, known: bool) -> None:
    """Recorders count from 1 again: of the old call its backup is heard, and without a backup nothing."""
    ground = Ground(tmp_path)
    old = ground.record("0001.wav", b"of one customer", known=known)
    waits = ground.record("0002.wav", b"not backed up", sha256=sha256(b"not backed up").hexdigest())
    assert ground.back_up(ground.batch()) == "complete"
    for one in (old, waits):
        one.refresh_from_db()
    assert old.fingerprint == shelf_opened(ground.source).head("0001.wav").fingerprint  # as it was when it was read
    Record.objects.filter(pk=waits.pk).update(state="catalogued")
    assert everything(old) == b"of one customer"
    ground.path(old).write_bytes(b"of someone else")
    ground.path(waits).write_bytes(b"someone else")
    assert everything(Record.objects.get(pk=old.pk)) == b"of one customer"
    with past_the_triggers():  # as if nothing but the source had them
        Packed.objects.update(key=None, destroyed_at=timezone.now())
    with pytest.raises(listening.NotThere, match="Another file"):
        listening.content_of(Record.objects.get(pk=waits.pk))
    ground.path(old).write_bytes(b"of one customer")  # a copy of the tree without its times
    os.utime(ground.path(old), (1, 1))
    assert everything(Record.objects.get(pk=old.pk)) == b"of one customer"


def test_of_what_no_scan_has_seen_at_least_the_size_fits(floor: Floor, tmp_path: Path) -> None:
    one = a_record(source(floor.jkt, tmp_path), content=b"sound")
    assert everything(one) == b"sound"
    (tmp_path / one.path).write_bytes(b"another sound")
    with pytest.raises(listening.NotThere):
        listening.content_of(one)


def everything(one: Record) -> bytes:
    content = listening.content_of(one)
    return b"".join(content.pieces(0, content.size))


@pytest.mark.req("RET-13")
def test_what_waits_for_its_words_is_found_by_an_index(db: None) -> None:
    """Each run of beat asks for it: of fifty million chats those few are not looked for one by one."""
    now = timezone.now()
    with transaction.atomic(), connection.cursor() as cursor:
        cursor.execute("SET LOCAL enable_seqscan = off")
        for rows in (transcripts.due(now), Transcript.objects.filter(why=SHUT)):
            assert "transcript_waiting" in rows.explain()
