"""Legal holds (RET-12): what they cover, that they are asked before anything is destroyed, and how they end."""

from __future__ import annotations

import io
import threading
from datetime import UTC, date, datetime, timedelta
from pathlib import Path
from typing import Any

import pytest
from django.core.files.uploadedfile import SimpleUploadedFile
from django.db import IntegrityError, connection, connections, transaction
from django.test import Client
from django.test.utils import CaptureQueriesContext
from django.urls import reverse
from django.utils import timezone
from hypothesis import given, settings
from hypothesis import strategies as st
from hypothesis.extra.django import TestCase
from openpyxl import Workbook

from occ.errors import Invalid, NotAllowed, WrongState
from occ.ledger.models import Entry as LedgerEntry
from occ.notifications.models import Notification
from occ.people import identities
from occ.people.choices import Role
from occ.people.identities import Held
from occ.people.models import Person, Site
from occ.sheets.reading import Limits, SheetRefused, read_table
from occ.times import local_day, start_of_day
from retention.marks import customer_mark
from retention.models import Hold, Record
from retention.panels import record_panels
from retention.services import holds
from retention.services.holds import Scope, hold_extend, hold_lift, hold_set, hold_was_set, holds_watch
from tests.factories import NOW, Floor, person, site, user
from tests.retention.around import a_record, source
from tests.retention.meddling import destroyed

pytestmark = [pytest.mark.django_db, pytest.mark.req("RET-12")]
DAY = date(2026, 11, 20)


def a_hold(actor: Any, scope: Scope, *, now: datetime = NOW, until: date | None = None) -> Hold:
    return hold_set(scope=scope, reason="complaint", note="Keluhan 17", until=until, actor=actor, now=now)


def test_numbers_are_per_site_and_year_without_gaps(floor: Floor) -> None:
    scope = Scope(site=floor.jkt, customer="0812 3456 7890")
    assert a_hold(floor.coordinator, scope).number == "HOLD-JKT-2026-0001"
    assert a_hold(floor.coordinator, scope).number == "HOLD-JKT-2026-0002"
    last_minute = datetime(2026, 12, 31, 17, 30, tzinfo=UTC)  # 00:30 WIB of the new year
    assert a_hold(floor.coordinator, scope, now=last_minute).number == "HOLD-JKT-2027-0001"
    with pytest.raises(NotAllowed):
        a_hold(floor.coordinator, Scope(site=floor.ygy, customer="0812"))


def test_a_hold_says_why_and_what_it_covers(floor: Floor, tmp_path: Path) -> None:
    foreign = a_record(source(floor.ygy, tmp_path / "y"))
    for scope, field in (
        (Scope(site=floor.jkt), None),
        (Scope(site=floor.jkt, kind="chat"), None),
        (Scope(site=floor.jkt, customer=" - "), "customer"),
        (Scope(site=floor.jkt, first_day=DAY, last_day=DAY - timedelta(days=1)), "last_day"),
        (Scope(site=floor.jkt, first_day=date(1, 1, 1)), "first_day"),
        (Scope(site=floor.jkt, records=[]), "ids"),
        (Scope(site=floor.jkt, records=[foreign.pk]), "ids"),
        (Scope(site=floor.jkt, records=[0]), "ids"),
    ):
        with pytest.raises(Invalid) as refused:
            a_hold(floor.coordinator, scope)
        assert refused.value.field == field
    good = Scope(site=floor.jkt, customer="0812")
    for wrong in ({"reason": "because"}, {"note": "  "}, {"until": DAY - timedelta(days=1)}):
        given: dict[str, Any] = {"reason": "police", "note": "x", "until": None} | wrong
        with pytest.raises(Invalid):
            hold_set(scope=good, actor=floor.coordinator, now=NOW, **given)
    assert not Hold.objects.exists()


def test_the_ledger_learns_of_a_hold_and_of_no_customer(floor: Floor) -> None:
    hold = a_hold(floor.coordinator, Scope(site=floor.jkt, customer="Budi Santoso", agent=floor.agent))
    hold_lift(hold_id=hold.pk, because="selesai dengan Budi Santoso", actor=floor.manager, now=NOW)
    entries = LedgerEntry.objects.filter(subject_type="retention.hold", subject_id=str(hold.pk)).order_by("pk")
    assert [one.action for one in entries] == ["hold.set", "hold.lifted"]
    assert "Budi" not in str([one.data for one in entries]) and entries[0].data["of_a_customer"]
    with connection.cursor() as cursor:
        cursor.execute("SELECT customer, note FROM retention_hold")
        assert "Budi" not in cursor.fetchone()[0]
    assert hold.history.count() == 2


def test_setting_one_tells_whoever_has_open_lists_inside_its_transaction(floor: Floor) -> None:
    told: list[Any] = []

    def pull(sender: Any, hold: Hold, actor: Any, now: datetime, **kwargs: Any) -> None:
        told.append((hold.pk, actor, now, connection.in_atomic_block))
        raise RuntimeError("the list cannot let go")

    hold_was_set.connect(pull)
    try:
        with pytest.raises(RuntimeError), transaction.atomic():
            a_hold(floor.coordinator, Scope(site=floor.jkt, customer="0812"))
    finally:
        hold_was_set.disconnect(pull)
    assert told and told[0][3] and not Hold.objects.exists()  # no hold without its effect


def test_a_destroyed_record_is_not_covered_and_a_later_one_is(floor: Floor, tmp_path: Path) -> None:
    place = source(floor.jkt, tmp_path)
    gone = a_record(place, agent=floor.agent)
    destroyed([gone])
    hold = a_hold(floor.coordinator, Scope(site=floor.jkt, agent=floor.agent))
    assert not holds.covered_by(hold).exists()
    later = a_record(place, agent=floor.agent)
    assert list(holds.covered_by(hold)) == [later]
    assert list(holds.holds_of(later, DAY)) == [hold]
    assert record_panels(gone, floor.coordinator, now=NOW)["holds"] == []


def test_a_hold_on_an_agent_covers_what_was_catalogued_before_anybody_knew_them(floor: Floor, tmp_path: Path) -> None:
    place = source(floor.jkt, tmp_path)
    by_number = a_record(place, agent=None, agent_label=floor.agent.number.lower())
    another = a_record(place, agent=None, agent_label="somebody")
    hold = a_hold(floor.coordinator, Scope(site=floor.jkt, agent=floor.agent))
    assert list(holds.covered_by(hold)) == [by_number]
    another.refresh_from_db()
    assert another.agent is None


def test_a_name_that_goes_from_one_to_another_tells_only_who_held_it_then(
    floor: Floor, tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    """User IDs and addresses are used again (UID-1): nobody's calls become another's by the address of today."""
    passed, other = NOW - timedelta(days=400), person(floor.jkt)
    held = [Held("cc.one", floor.agent.pk, None, passed), Held("cc.one", other.pk, passed, None)]
    monkeypatch.setattr(identities, "FINDERS", [lambda names: held if "CC.One" in names else []])
    place = source(floor.jkt, tmp_path)
    theirs = a_record(place, agent_label="CC.One", ended_at=passed - timedelta(days=1))
    others = a_record(place, agent_label="CC.One", ended_at=passed + timedelta(days=1))
    by_address = a_record(place, agent_label=floor.agent.email or "a@b.test")
    hold = a_hold(floor.coordinator, Scope(site=floor.jkt, agent=floor.agent))
    assert list(holds.covered_by(hold)) == [theirs]
    assert set(holds.agentless(hold)) == {others, by_address}
    said = LedgerEntry.objects.get(action="hold.agent_recognised").data
    assert (said["agent"], said["records"]) == (floor.agent.number, [theirs.pk])


def test_a_hold_takes_its_lock_before_any_record(floor: Floor, tmp_path: Path) -> None:
    """A deletion holds the lock, then wants rows: the other way round one of the two would be killed."""
    a_record(source(floor.jkt, tmp_path), agent_label=floor.agent.number)
    with CaptureQueriesContext(connection) as asked:
        a_hold(floor.coordinator, Scope(site=floor.jkt, agent=floor.agent))
    said = [one["sql"] for one in asked]
    lock = next(at for at, sql in enumerate(said) if "pg_advisory_xact_lock" in sql)
    rows = [at for at, sql in enumerate(said) if "retention_record" in sql and ("UPDATE" in sql)]
    assert rows and lock < min(rows)


def test_a_list_that_is_too_large_is_refused_before_it_is_read() -> None:
    file = SimpleUploadedFile("ids.xlsx", b"x")
    file.size = Limits().bytes + 1
    with pytest.raises(SheetRefused):
        read_table(file, columns=[])
    assert file.tell() == 0


def test_lifting_needs_a_reason_and_extending_a_later_day(floor: Floor) -> None:
    hold = a_hold(floor.coordinator, Scope(site=floor.jkt, agent=floor.agent), until=DAY + timedelta(days=3))
    with pytest.raises(Invalid):
        hold_lift(hold_id=hold.pk, because=" ", actor=floor.coordinator, now=NOW)
    with pytest.raises(NotAllowed):
        hold_lift(hold_id=hold.pk, because="x", actor=floor.leader, now=NOW)
    for until in (DAY, DAY + timedelta(days=3)):
        with pytest.raises(Invalid):
            hold_extend(hold_id=hold.pk, until=until, note="x", actor=floor.coordinator, now=NOW)
    longer = hold_extend(hold_id=hold.pk, until=None, note="banding", actor=floor.coordinator, now=NOW)
    assert longer.until is None
    hold_lift(hold_id=hold.pk, because="selesai", actor=floor.coordinator, now=NOW)
    for deed in (
        lambda: hold_lift(hold_id=hold.pk, because="x", actor=floor.coordinator, now=NOW),
        lambda: hold_extend(hold_id=hold.pk, until=DAY, note="x", actor=floor.coordinator, now=NOW),
    ):
        with pytest.raises(WrongState):
            deed()


@pytest.mark.parametrize(
    ("at", "standing"),
    [
        (datetime(2026, 11, 23, 16, 59, 59, tzinfo=UTC), True),  # 23:59:59 WIB of the last day
        (datetime(2026, 11, 23, 17, 0, tzinfo=UTC), False),  # 00:00 WIB of the day after
    ],
)
def test_the_last_day_counts_to_its_end(floor: Floor, tmp_path: Path, at: datetime, standing: bool) -> None:
    hold = a_hold(floor.coordinator, Scope(site=floor.jkt, agent=floor.agent), until=date(2026, 11, 23))
    one = a_record(source(floor.jkt, tmp_path), agent=floor.agent)
    assert holds.holds_of(one, local_day(at, floor.jkt.zone)).exists() == standing
    if not standing:
        with pytest.raises(WrongState):
            hold_extend(hold_id=hold.pk, until=date(2027, 1, 1), note="x", actor=floor.coordinator, now=at)


@pytest.mark.req("KER-7")
def test_beat_tells_of_the_end_once_and_writes_it_down_once(floor: Floor) -> None:
    hold = a_hold(floor.manager, Scope(site=floor.jkt, agent=floor.agent), until=DAY + timedelta(days=8))
    assert holds_watch(now=NOW) == 0
    later = NOW + timedelta(days=1)
    assert holds_watch(now=later) == 2  # who set it, and the coordinator
    assert holds_watch(now=later + timedelta(hours=5)) == 0
    assert set(Notification.objects.values_list("user", flat=True)) == {floor.manager.pk, floor.coordinator.pk}
    assert "29 November 2026 00:00" in (Notification.objects.get(user=floor.manager).body)
    over = NOW + timedelta(days=40)  # asleep for a month
    assert holds_watch(now=over) == 1
    assert holds_watch(now=over) == 0
    hold.refresh_from_db()
    assert hold.expired_at == over
    assert LedgerEntry.objects.filter(action="hold.ended").count() == 1
    assert Notification.objects.filter(kind="retention.hold_ended").count() == 2


@pytest.mark.django_db(transaction=True)
def test_a_hold_waits_for_a_deletion_under_way_and_the_next_one_sees_it(live_floor: Floor, tmp_path: Path) -> None:
    one = a_record(source(live_floor.jkt, tmp_path), agent=live_floor.agent)
    begun, seen = threading.Event(), []

    def delete(wait: bool) -> None:
        """A chunk of a deletion: the lock, the question, the deed."""
        try:
            with transaction.atomic():
                holds.holds_lock(shared=True)
                free = Record.objects.filter(~holds.held(DAY), pk=one.pk).exists()
                begun.set()
                if wait:
                    connection.cursor().execute("SELECT pg_sleep(0.6)")
                seen.append((free, Hold.objects.exists()))
        finally:
            connections.close_all()

    chunk = threading.Thread(target=delete, args=(True,))
    chunk.start()
    assert begun.wait(10)
    a_hold(live_floor.coordinator, Scope(site=live_floor.jkt, agent=live_floor.agent))
    chunk.join(20)
    second = threading.Thread(target=delete, args=(False,))
    second.start()
    second.join(20)
    assert seen == [(True, False), (False, True)]


@pytest.mark.django_db(transaction=True)
def test_a_hold_is_not_extended_while_a_deletion_asks_for_holds(live_floor: Floor) -> None:
    hold = a_hold(live_floor.coordinator, Scope(site=live_floor.jkt, agent=live_floor.agent), until=DAY)
    begun, seen = threading.Event(), []

    def delete() -> None:
        """What is asked at the beginning of a chunk is so to its end."""
        try:
            with transaction.atomic():
                holds.holds_lock(shared=True)
                seen.append(Hold.objects.get().until)
                begun.set()
                connection.cursor().execute("SELECT pg_sleep(0.6)")
                seen.append(Hold.objects.get().until)
        finally:
            connections.close_all()

    chunk = threading.Thread(target=delete)
    chunk.start()
    assert begun.wait(10)
    hold_extend(hold_id=hold.pk, until=None, note="Banding", actor=live_floor.coordinator, now=NOW)
    chunk.join(20)
    assert seen == [DAY, DAY] and Hold.objects.get().until is None


# Pages ----------------------------------------------------------------------------------------------------------------


def acting(actor: Any) -> Client:
    one = Client()
    one.force_login(actor)
    one.cookies["django_language"] = "en"
    return one


def test_the_form_shows_what_it_would_cover_before_anything_is_set(floor: Floor, tmp_path: Path) -> None:
    place = source(floor.jkt, tmp_path)
    first, second = (a_record(place, agent=floor.agent) for _one in range(2))
    page, url = acting(floor.coordinator), reverse("retention:hold_new")
    data = {
        "reason": "police",
        "note": "LP/12",
        "site": floor.jkt.pk,
        "agent": floor.agent.number,
        "ids": first.external_id,
    }
    looked = page.post(url, data)
    text = looked.content.decode()
    assert looked.status_code == 200 and "It would cover 1 record<" in text and not Hold.objects.exists()
    seen = looked.context["form"]["seen"].value()
    changed = page.post(url, data | {"seen": seen, "ids": f"{first.external_id}\n{second.external_id}"})
    assert "It would cover 2 records" in changed.content.decode() and not Hold.objects.exists()
    unknown = page.post(url, data | {"ids": "R-NONE"})
    assert unknown.status_code == 422 and "R-NONE" in unknown.content.decode()
    done = page.post(url, data | {"seen": seen})
    assert done.status_code == 302
    hold = Hold.objects.get()
    assert hold.named and [row.record_id for row in hold.records.all()] == [first.pk]
    detail = page.get(hold.get_absolute_url()).content.decode()
    assert first.external_id in detail and second.external_id not in detail
    lift = reverse("retention:hold_lift", args=[hold.pk])
    assert page.post(lift, {"because": ""}).status_code == 422
    assert acting(floor.leader).post(lift, {"because": "x"}).status_code == 403
    assert page.post(lift, {"because": "dicabut"}).status_code == 302
    assert "dicabut" in page.get(hold.get_absolute_url()).content.decode()


def test_a_list_of_records_is_brought_as_a_file_and_stays_in_the_form(floor: Floor, tmp_path: Path) -> None:
    rows = [a_record(source(floor.jkt, tmp_path)) for _one in range(3)]
    page, url = acting(floor.coordinator), reverse("retention:hold_new")
    sheet = "ID Rekaman,Catatan\n" + "\n".join(f"{one.external_id},x" for one in rows)
    data = {"reason": "audit", "note": "Audit ISO", "site": floor.jkt.pk}
    looked = page.post(url, data | {"file": SimpleUploadedFile("daftar.csv", sheet.encode())})
    assert "It would cover 3 records" in looked.content.decode()
    again = {"ids": looked.context["form"]["ids"].value(), "seen": looked.context["form"]["seen"].value()}
    assert page.post(url, data | again).status_code == 302
    assert holds.covered_by(Hold.objects.get()).count() == 3
    broken = page.post(url, data | {"file": SimpleUploadedFile("daftar.xlsx", b"PK\x03\x04nonsense")})
    assert broken.status_code == 422


def test_a_list_of_which_an_id_cannot_be_read_sets_no_hold(floor: Floor, tmp_path: Path) -> None:
    """A spreadsheet program cut the last digits of one: the hold would have left its record out without a word."""
    known = a_record(source(floor.jkt, tmp_path))
    a_record(source(floor.jkt, tmp_path), external_id="1234567890123456")
    book, file = Workbook(), io.BytesIO()
    for row in (["ID Rekaman", "x"], [known.external_id], [1234567890123456.0], [None, "Total"]):
        book.active.append(row)  # type: ignore[union-attr]
    book.save(file)
    page, url = acting(floor.coordinator), reverse("retention:hold_new")
    page.cookies["django_language"] = "en"
    data: dict[str, Any] = {"reason": "audit", "note": "Audit ISO", "site": floor.jkt.pk}
    answer = page.post(url, data | {"file": SimpleUploadedFile("daftar.xlsx", file.getvalue())})
    assert answer.status_code == 422
    assert "Row 3: The number is so long" in answer.content.decode()


def test_a_customer_is_shown_by_right_and_leaves_an_entry(floor: Floor) -> None:
    hold = a_hold(floor.coordinator, Scope(site=floor.jkt, customer="081234567890"))
    url, show = hold.get_absolute_url(), reverse("retention:hold_customer", args=[hold.pk])
    for actor in (floor.coordinator, floor.leader):
        text = acting(actor).get(url).content.decode()
        assert "081234567890" not in text and "0812••••90" in text
    assert acting(floor.leader).post(show).status_code == 403
    assert not LedgerEntry.objects.filter(action="hold.customer_seen").exists()
    assert "081234567890" in acting(floor.coordinator).post(show).content.decode()
    assert LedgerEntry.objects.get(action="hold.customer_seen").actor == floor.coordinator


@pytest.mark.req("KER-12")
def test_the_list_filters_and_takes_the_same_queries_for_many(floor: Floor, django_assert_max_num_queries: Any) -> None:
    page, url = acting(floor.coordinator), reverse("retention:holds")
    now = timezone.now()
    made = [a_hold(floor.coordinator, Scope(site=floor.jkt, agent=floor.agent), now=now) for _one in range(12)]
    hold_lift(hold_id=made[0].pk, because="x", actor=floor.coordinator, now=now)
    with django_assert_max_num_queries(14):
        text = page.get(url + "?state=standing").content.decode()
    assert made[1].number in text and made[0].number not in text
    assert made[0].number in page.get(url + "?state=lifted").content.decode()
    assert page.get(url + "?q=Keluhan&state=ended").status_code == 200


# What they cover, against the plain words -----------------------------------------------------------------------------

ENDS = [datetime(2026, 3, day, hour, minute, tzinfo=UTC) for day in (1, 2, 3) for hour, minute in ((16, 59), (17, 0))]
DAYS = [date(2026, 3, 1), date(2026, 3, 2), date(2026, 3, 3)]


def says(hold: Hold, one: Record, day: date, named: set[int]) -> bool:
    """The hold in plain words, without the database."""
    if hold.lifted_at is not None or (hold.until is not None and hold.until < day) or hold.site_id != one.site_id:
        return False
    if hold.kind and hold.kind != one.kind:
        return False
    if hold.agent_id and hold.agent_id != one.agent_id and not (hold.without_agent and one.agent_id is None):
        return False
    if hold.customer and customer_mark(hold.customer) != one.customer_mark:
        return False
    if hold.first_day and one.ended_at < start_of_day(hold.first_day, hold.site.zone):
        return False
    if hold.last_day and one.started_at >= start_of_day(hold.last_day + timedelta(days=1), hold.site.zone):
        return False
    return not hold.named or one.pk in named


class CoveringAgreesWithWords(TestCase):
    """The same predicate four times: over records, over one record, by the database, and in Python."""

    @settings(max_examples=40, deadline=None)
    @given(data=st.data())
    def test_any_holds_over_any_records(self, data: Any) -> None:
        sites: list[Site] = [site("JKT"), site("YGY")]
        people: list[Person | None] = [None, person(sites[0]), person(sites[0])]
        customers = ["", "0812 3456", "Budi"]
        places = {
            (where.pk, kind): source(where, Path("/tmp"), kind=kind)
            for where in sites
            for kind in ("chat", "recording")
        }
        rows = [
            a_record(
                places[data.draw(st.sampled_from(sites)).pk, data.draw(st.sampled_from(["chat", "recording"]))],
                ended_at=data.draw(st.sampled_from(ENDS)), minutes=data.draw(st.sampled_from([0, 1, 120])),
                agent=data.draw(st.sampled_from(people)), customer=data.draw(st.sampled_from(customers)),
            )
            for _one in range(data.draw(st.integers(1, 5)))
        ]  # fmt: skip
        actor = user(Role.MANAGER)
        named: dict[int, set[int]] = {}
        for _one in range(data.draw(st.integers(1, 4))):
            where = data.draw(st.sampled_from(sites))
            days = sorted(data.draw(st.lists(st.sampled_from(DAYS), min_size=2, max_size=2)))
            local = [row.pk for row in rows if row.site_id == where.pk]
            chosen = data.draw(st.lists(st.sampled_from(local), unique=True, min_size=1)) if local else []
            agent = data.draw(st.sampled_from(people))
            scope = Scope(
                site=where, kind=data.draw(st.sampled_from(["", "chat", "recording"])),
                agent=agent, without_agent=agent is not None and data.draw(st.booleans()),
                customer=data.draw(st.sampled_from(customers)),
                first_day=data.draw(st.sampled_from([None, days[0]])),
                last_day=data.draw(st.sampled_from([None, days[1]])),
                records=chosen if chosen and data.draw(st.booleans()) else None,
            )  # fmt: skip
            until = data.draw(st.sampled_from([None, DAY, DAY + timedelta(days=1)]))
            try:
                hold = a_hold(actor, scope, until=until)
            except Invalid:
                continue
            named[hold.pk] = set(scope.records or ())
            assert set(holds.covered(scope).values_list("pk", flat=True)) == set(
                holds.covered_by(hold).values_list("pk", flat=True)
            )
            if data.draw(st.booleans()):
                hold_lift(hold_id=hold.pk, because="x", actor=actor, now=NOW)
        day = data.draw(st.sampled_from([DAY, DAY + timedelta(days=1), DAY + timedelta(days=2)]))
        every = list(Hold.objects.select_related("site"))
        held = set(Record.objects.filter(holds.held(day)).values_list("pk", flat=True))
        for one in rows:
            wanted = {hold.pk for hold in every if says(hold, one, day, named[hold.pk])}
            assert {hold.pk for hold in holds.holds_of(one, day)} == wanted
            assert (one.pk in held) == bool(wanted)
            with connection.cursor() as cursor:  # as a destruction is asked by the database
                cursor.execute("SELECT retention_held(%s, %s)", [one.pk, day])
                assert cursor.fetchone()[0] == bool(wanted)


def test_records_without_an_agent_are_counted_and_covered_only_when_that_is_said(floor: Floor, tmp_path: Path) -> None:
    place, foreign = source(floor.jkt, tmp_path / "a"), source(floor.ygy, tmp_path / "b")
    spring = datetime(2026, 3, 2, 3, 0, tzinfo=UTC)
    own = a_record(place, agent=floor.agent, ended_at=spring)
    nobodys = [a_record(place, agent_label=label, ended_at=spring) for label in ("", "N-99")]
    late = a_record(place, ended_at=spring + timedelta(days=60))
    for other in (a_record(foreign, ended_at=spring), a_record(place, agent=person(floor.jkt), ended_at=spring)):
        assert not holds.agentless(Scope(site=floor.jkt, agent=floor.agent)).filter(pk=other.pk).exists()
    scope = Scope(site=floor.jkt, agent=floor.agent, first_day=date(2026, 3, 1), last_day=date(2026, 3, 31))
    assert set(holds.covered(scope)) == {own} and set(holds.agentless(scope)) == set(nobodys)
    page, url = acting(floor.coordinator), reverse("retention:hold_new")
    data = {"reason": "dispute", "note": "K-1", "site": floor.jkt.pk, "agent": floor.agent.number,
            "first_day": "2026-03-01", "last_day": "2026-03-31"}  # fmt: skip
    looked = page.post(url, data)
    assert "without an agent, whom nobody knew when they were catalogued: 2" in looked.content.decode()
    seen = looked.context["form"]["seen"].value()
    ticked = page.post(url, data | {"seen": seen, "without_agent": "on"})
    assert "It would cover 3 records" in ticked.content.decode() and not Hold.objects.exists()  # looked at anew
    assert page.post(url, data | {"seen": seen}).status_code == 302
    hold = Hold.objects.get()
    assert set(holds.covered_by(hold)) == {own} and not holds.holds_of(nobodys[0], DAY).exists()
    text = page.get(hold.get_absolute_url()).content.decode()
    assert "2 of this site and period" in text and "Cover them too" in text
    widen = reverse("retention:hold_widen", args=[hold.pk])
    assert acting(floor.leader).post(widen, {"note": "x"}).status_code == 403
    assert page.post(widen, {"note": " "}).status_code == 422
    told: list[Any] = []

    def hear(sender: Any, hold: Hold, **kwargs: Any) -> None:
        told.append(set(holds.covered_by(hold)))

    hold_was_set.connect(hear)
    try:
        assert page.post(widen, {"note": "bisa jadi miliknya"}).status_code == 302
    finally:
        hold_was_set.disconnect(hear)
    assert told == [{own, *nobodys}]  # open lists let go of them too
    assert set(Record.objects.filter(holds.held(DAY))) == {own, *nobodys}
    assert list(holds.holds_of(nobodys[1], DAY)) == [hold] and not holds.holds_of(late, DAY).exists()
    assert page.post(widen, {"note": "x"}).status_code == 409
    text = page.get(hold.get_absolute_url()).content.decode()
    assert "Cover them too" not in text and "They are covered too." in text and "or none known" in text
    entry = LedgerEntry.objects.get(action="hold.widened")
    assert entry.actor == floor.coordinator and hold.history.count() == 2
    with pytest.raises(Invalid):
        a_hold(floor.coordinator, Scope(site=floor.jkt, customer="0812", without_agent=True))
    with pytest.raises(IntegrityError), transaction.atomic():
        Hold.objects.filter(pk=hold.pk).update(agent=None)


@pytest.mark.req("RET-15")
def test_the_api_sets_extends_and_lifts(floor: Floor, tmp_path: Path) -> None:
    one = a_record(source(floor.jkt, tmp_path), agent=floor.agent, customer="081234567890")
    page, url = acting(floor.coordinator), "/api/v1/retention/holds/"
    until = (timezone.localdate() + timedelta(days=5)).isoformat()
    data: dict[str, Any] = {"site": "JKT", "reason": "police", "note": "LP/1", "customer": "+62 812-3456-7890"}
    data |= {"agent": floor.agent.number, "records": [one.external_id], "until": until}
    key = {"Idempotency-Key": "a"}
    made = page.post(url, data, content_type="application/json", headers=key)
    assert made.status_code == 201 and made.json()["in_force"], made.content
    assert page.post(url, data, content_type="application/json", headers=key).json() == made.json()
    assert Hold.objects.count() == 1
    pk = made.json()["id"]
    assert [row["id"] for row in page.get(f"{url}{pk}/records/").json()["results"]] == [one.pk]
    assert acting(floor.leader).get(f"{url}{pk}/").json()["customer"] == "+62 ••••90"
    for wrong, field in (
        ({"agent": "NOBODY"}, "agent"), ({"records": ["x"]}, "records"), ({"site": "YGY"}, "site"),
        ({"first_day": "2026-02-02", "last_day": "2026-02-01"}, "last_day"), ({"until": "2020-01-01"}, "until"),
    ):  # fmt: skip
        refused = page.post(url, data | wrong, content_type="application/json")
        assert refused.status_code in {403, 422} and refused.json()["field"] in {field, None}, (wrong, refused.content)
    empty = page.post(url, {"site": "JKT", "reason": "police", "note": "x"}, content_type="application/json")
    assert empty.status_code == 422 and empty.json()["code"] == "no_scope"
    assert made.json()["without_agent"] is False
    wider = page.post(f"{url}{pk}/widen/", {"note": "x"}, content_type="application/json")
    assert wider.status_code == 200 and wider.json()["without_agent"] is True
    assert page.post(f"{url}{pk}/widen/", {"note": "x"}, content_type="application/json").status_code == 409
    longer = page.post(f"{url}{pk}/extend/", {"until": None, "note": "x"}, content_type="application/json")
    assert longer.status_code == 200 and longer.json()["until"] is None
    assert len(page.get(f"{url}?in_force=true").json()["results"]) == 1
    lifted = page.post(f"{url}{pk}/lift/", {"because": "done"}, content_type="application/json")
    assert lifted.json()["in_force"] is False
    assert page.post(f"{url}{pk}/lift/", {"because": "done"}, content_type="application/json").status_code == 409
    assert page.get(f"{url}?in_force=true").json()["results"] == []
