"""A shift's handover from what the system draws up to the note that both team leaders signed (RTM-15, MO 4.3.6)."""

from __future__ import annotations

import threading
from collections.abc import Callable
from datetime import datetime, time, timedelta
from typing import Any

import pytest
from django.db import DatabaseError, IntegrityError, connection, connections, transaction
from django.test import Client
from django.test.utils import CaptureQueriesContext
from django.urls import reverse
from django.utils import timezone, translation

from occ.documents.choices import Purpose
from occ.documents.models import IssuedDocument
from occ.documents.signing import Signing, signing_confirm
from occ.errors import Invalid, NotAllowed, WrongState
from occ.notifications.models import Notification
from occ.obligations.models import Obligation
from occ.obligations.services import obligation_open
from occ.people.actors import BEAT
from occ.people.choices import Role
from occ.people.models import User
from occ.workflow.turns import turns_for
from realtime.handing import parts_of
from realtime.models import (
    AgentSegment,
    Alert,
    AttendanceMark,
    Handover,
    Headcount,
    RecoveryPlan,
    RosterLine,
    Shift,
    ShiftRecord,
)
from realtime.policies import DRAW_UP, HAND_OVER, HEADCOUNT
from realtime.services import handovers
from realtime.workflow import HANDOVER
from tests.factories import PASSWORD, Floor, person, user
from tests.realtime.floors import rostered, shift, source

pytestmark = pytest.mark.req("RTM-15")


def due(floor: Floor, now: datetime, *, people: int = 2) -> Floor:
    """The morning at Jakarta ends in 20 minutes; the afternoon has begun already. Of the morning one is marked sick."""
    ends = (now + timedelta(minutes=20)).replace(second=0, microsecond=0)
    shift(floor.jkt, "P", time(7))
    shift(floor.jkt, "S", time(13))
    agents = [floor.agent, *(person(floor.jkt) for _one in range(people - 1))]
    for one in agents:
        line = rostered(one, ends - timedelta(hours=9))
    rostered(person(floor.jkt), ends - timedelta(hours=3), code="S")
    AttendanceMark.objects.create(
        person=floor.agent, site=floor.jkt, day=line.day, status="sick", said="absent", note="surat dokter",
        marked_at=now, marked_by=floor.leader,
    )  # fmt: skip
    Alert.objects.create(site=floor.jkt, kind="queue", about="voice", opened_at=now, seen_at=now)
    Alert.objects.create(site=floor.ygy, kind="scr", about="chat", opened_at=now, seen_at=now)
    for status, cause in (("running", "traffic"), ("verified", "aht")):
        RecoveryPlan.objects.create(
            site=floor.jkt, channel="voice", opened_at=now, opened_by=floor.leader, status=status, cause=cause
        )
    floor.resign(now=now - timedelta(days=5))
    return floor


@pytest.fixture
def ending(floor: Floor) -> Floor:
    return due(floor, timezone.now())


@pytest.fixture
def next_leader(ending: Floor) -> User:
    return user(Role.TEAM_LEADER, ending.jkt, name="leader.siang")


def signed(by: User, purpose: str, now: datetime) -> Signing:
    return signing_confirm(user=by, password=PASSWORD, purpose=purpose, now=now)


def drawn_up(now: datetime) -> Handover:
    assert handovers.handovers_open(now=now) == 1
    return Handover.objects.get()


def hand(note: Handover, by: User, now: datetime, words: str = "Promo besok pukul 9") -> Handover:
    seen = handovers.fingerprint(handovers.drawn(note, now))
    return handovers.handover_hand(
        handover_id=note.pk, note=words, seen=seen, signing=signed(by, Purpose.PREPARED, now), actor=by, now=now
    )


def take(note: Handover, by: User, now: datetime) -> Handover:
    return handovers.handover_take(
        handover_id=note.pk, note="dibaca", signing=signed(by, Purpose.ACKNOWLEDGED, now), actor=by, now=now
    )


def test_drawn_up_signed_by_both_and_issued(ending: Floor, next_leader: User) -> None:
    now = timezone.now()
    assert handovers.handovers_open(now=now - timedelta(minutes=15)) == 0, "not earlier than half an hour before"
    note = drawn_up(now)
    assert handovers.handovers_open(now=now) == 0
    assert (note.shift.code, note.to_shift and note.to_shift.code, note.site) == ("P", "S", ending.jkt)
    duty = Obligation.objects.get(rule=HAND_OVER)
    assert duty.due_at == note.ends_at + timedelta(minutes=30)
    note = hand(note, ending.leader, now)
    content = note.content
    assert content["headcount"]["rostered"] == 2
    assert [(one["name"], one["status"], one["note"]) for one in content["people"] if one["note"]] == [
        (ending.agent.name, "sick", "surat dokter")
    ]
    assert [one["kind"] for one in content["alerts"]] == ["queue"], "of the own site alone"
    assert [one["cause"] for one in content["plans"]] == ["traffic"]
    assert (content["obligations"], content["obligations_more"]) == ([], 1), "due days ago, and not the floor's"
    assert Notification.objects.filter(kind="realtime.handover").values_list("user__username", flat=True).get() == (
        next_leader.username
    )
    Alert.objects.update(closed_at=now)  # what was signed stays
    note = take(note, next_leader, now)
    assert note.status == "taken" and note.content == content
    document = IssuedDocument.objects.get(type_code="STS")
    assert (document.subject_id, document.site) == (str(note.pk), ending.jkt)
    assert [(one.user, one.purpose, one.on_paper) for one in document.signatures.order_by("pk")] == [
        (ending.leader, "prepared", True), (next_leader, "acknowledged", True),
    ]  # fmt: skip
    said = str(document.data)
    assert ending.agent.name in said and "Promo besok" in said and "dibaca" in said
    assert document.expires_on and document.expires_on.year == now.year + 2
    duty.refresh_from_db()
    assert duty.state == "fulfilled" and duty.evidence == {"document": document.full_number}


def test_leaders_hand_over_the_agents_shift_by_its_own_hours(ending: Floor, client: Client) -> None:
    """Their own codes have no note; nor do the hours of one who works others move the shift's."""
    now = timezone.now()
    line = RosterLine.objects.filter(shift__code="P").first()
    assert line is not None and line.starts_at is not None
    shift(ending.jkt, "TP", time(7))
    Shift.objects.filter(code="TP").update(leads=True)
    rostered(person(ending.jkt, name="Tuan Leader"), line.starts_at, code="TP")
    rostered(person(ending.jkt), line.starts_at, code="P", hours=2)
    note = drawn_up(now)
    assert (note.shift.code, note.ends_at, note.to_shift and note.to_shift.code) == ("P", line.ends_at, "S")
    assert handovers.drawn(note, now)["headcount"]["rostered"] == 3
    client.force_login(ending.leader)
    offered = client.get(reverse("realtime:handover_new")).context["form"].fields["shift"].choices
    assert [one[1].split(" · ")[1] for one in offered] == ["S S"], "neither what has its note nor the leaders' code"


def test_nobody_takes_over_from_oneself_nor_with_another_s_signature(ending: Floor, next_leader: User) -> None:
    now = timezone.now()
    note = drawn_up(now)
    theirs = signed(next_leader, Purpose.PREPARED, now)
    seen = handovers.fingerprint(handovers.drawn(note, now))
    with pytest.raises(NotAllowed):
        handovers.handover_hand(
            handover_id=note.pk, note="", seen=seen, signing=theirs, actor=ending.leader, now=now
        )  # fmt: skip
    hand(note, ending.leader, now)
    with pytest.raises(NotAllowed):
        take(note, ending.leader, now)
    with pytest.raises(IntegrityError), transaction.atomic():
        Handover.objects.update(status="taken", taken_at=now, taken_by=ending.leader)
    far = user(Role.TEAM_LEADER, ending.ygy)
    with pytest.raises(NotAllowed):
        take(note, far, now)
    assert Handover.objects.get().status == "handed" and not IssuedDocument.objects.filter(type_code="STS").exists()


def test_what_was_signed_is_what_was_seen(ending: Floor) -> None:
    now = timezone.now()
    note = drawn_up(now)
    seen = handovers.fingerprint(handovers.drawn(note, now))
    assert seen == handovers.fingerprint(handovers.drawn(note, now + timedelta(minutes=1))), "a minute changes nothing"
    Alert.objects.create(site=ending.jkt, kind="aux", about="", opened_at=now, seen_at=now)
    with pytest.raises(Invalid):
        handovers.handover_hand(
            handover_id=note.pk, note="", seen=seen, signing=signed(ending.leader, Purpose.PREPARED, now),
            actor=ending.leader, now=now,
        )  # fmt: skip
    assert Handover.objects.get().status == "draft"


def early(floor: Floor, now: datetime) -> Handover:
    """The note of a shift that ends in two hours."""
    line = rostered(person(floor.jkt), now + timedelta(minutes=115) - timedelta(hours=9), code="A")
    key = f"{floor.jkt.pk}:{line.day.isoformat()}:{line.shift_id}"
    return handovers.handover_open(key=key, actor=floor.leader, now=now)


def test_long_before_the_end_both_say_why(ending: Floor, next_leader: User) -> None:
    now = timezone.now()
    note = early(ending, now)
    given = {"handover_id": note.pk, "note": "", "actor": ending.leader, "now": now}
    given |= {"seen": handovers.fingerprint(handovers.drawn(note, now))}
    with pytest.raises(Invalid) as refused:
        handovers.handover_hand(signing=signed(ending.leader, Purpose.PREPARED, now), **given)
    assert refused.value.field == "early_why"
    note = handovers.handover_hand(
        signing=signed(ending.leader, Purpose.PREPARED, now), early_why="pulang karena sakit", **given
    )
    assert note.content["early"] == {"minutes": 115, "why": "pulang karena sakit"}
    assert note.content_sha256 == handovers.fingerprint(note.content)
    with pytest.raises(Invalid) as refused:
        handovers.handover_take(
            handover_id=note.pk, note=" ", signing=signed(next_leader, Purpose.ACKNOWLEDGED, now), actor=next_leader,
            now=now,
        )  # fmt: skip
    assert refused.value.field == "note"
    take(note, next_leader, now)
    assert "pulang karena sakit" in str(IssuedDocument.objects.get(type_code="STS").data)


def test_a_note_names_what_is_of_the_shift_and_counts_the_rest(ending: Floor) -> None:
    now = timezone.now()
    note = drawn_up(now)
    later, near = note.ends_at + timedelta(days=14), note.ends_at + timedelta(hours=3)
    for rule, due_at in (
        ("sdm.discipline.close", near), ("coaching.close", near), ("userids.review", later), (HEADCOUNT, later),
        ("userids.review", near),
    ):  # fmt: skip
        Obligation.objects.filter(pk=obligation(ending, now).pk).update(rule=rule, due_at=due_at)
    content = handovers.drawn(note, now)
    assert [one["rule"] for one in content["obligations"]] == ["userids.review", HEADCOUNT]
    with translation.override("en"):
        owed = parts_of(content, note.site.zone)[-1]
    assert (owed.rows[-1][0][0], owed.rows[-1][1]) == (
        f"and {content['obligations_more']} more duties that are not of this shift", "/obligations/?state=open",
    )  # fmt: skip
    assert content["obligations_more"] == 3 + Obligation.objects.filter(rule="userids.deactivate").count()


def obligation(floor: Floor, now: datetime) -> Obligation:
    return obligation_open(
        rule=DRAW_UP, subject=Alert.objects.create(site=floor.ygy, kind="aux", about=str(Alert.objects.count()),
                                                   opened_at=now, seen_at=now),
        label="x", site=floor.jkt, team=None, starts_at=now, due_at=now, actor=BEAT, now=now,
    )  # fmt: skip


def test_tidak_goes_back_and_is_signed_again(ending: Floor, next_leader: User) -> None:
    now = timezone.now()
    note = hand(drawn_up(now), ending.leader, now)
    with pytest.raises(Invalid):
        handovers.handover_refuse(handover_id=note.pk, note=" ", actor=next_leader, now=now)
    note = handovers.handover_refuse(handover_id=note.pk, note="agent kurang satu", actor=next_leader, now=now)
    assert (note.status, note.content, note.handed_by) == ("draft", {}, None)
    note = take(hand(note, next_leader, now), ending.leader, now)
    assert (note.status, note.taken_by) == ("taken", ending.leader)
    with pytest.raises(WrongState):
        handovers.handover_cancel(handover_id=note.pk, note="x", actor=ending.leader, now=now)


def test_the_database_keeps_what_was_signed(ending: Floor, next_leader: User) -> None:
    now = timezone.now()
    note = hand(drawn_up(now), ending.leader, now)
    for change in ({"content": {}}, {"note": "other"}, {"handed_name": "somebody"}):
        with pytest.raises(DatabaseError, match="not changed"), transaction.atomic():
            Handover.objects.update(**change)
    take(note, next_leader, now)
    with pytest.raises(DatabaseError, match="stays"), transaction.atomic():
        Handover.objects.update(taken_note="other")
    with pytest.raises(DatabaseError, match="stays"), transaction.atomic():
        Handover.objects.all().delete()


def test_a_cancelled_one_does_not_come_again_by_itself(ending: Floor) -> None:
    now = timezone.now()
    note = drawn_up(now)
    handovers.handover_cancel(handover_id=note.pk, note="libur", actor=ending.coordinator, now=now)
    assert Obligation.objects.get(rule=HAND_OVER).state == "cancelled"
    assert handovers.handovers_open(now=now + timedelta(minutes=5)) == 0
    key = f"{note.site_id}:{note.day.isoformat()}:{note.shift_id}"
    assert handovers.handover_open(key=key, actor=ending.leader, now=now).status == "draft", "but somebody may begin it"


def test_numbers_handed_to_rtfm_stand_in_the_note(ending: Floor) -> None:
    now = timezone.now()
    note = drawn_up(now)
    Headcount.objects.create(
        site=note.site, day=note.day, shift=note.shift, starts_at=note.starts_at, ends_at=note.ends_at,
        counts={"rostered": 9, "there": 8, "sick": 1},
    )  # fmt: skip
    content = handovers.drawn(note, now)
    assert content["headcount"]["handed"] == {"rostered": 9, "there": 8}
    for language, words in (("id", "Sakit"), ("en", "Sick")):
        with translation.override(language):
            (agents, *_rest) = parts_of(content, note.site.zone)
            assert ([words, "1"], "") in list(agents.rows)


def test_who_went_home_early_came_and_is_not_there(ending: Floor) -> None:
    now = timezone.now()
    stayed, left = (person(ending.jkt, name=name) for name in ("Tinggal", "Pulang"))
    note = drawn_up(now)
    told = source("omni", at=now)
    for one, out in ((stayed, None), (left, now - timedelta(hours=3))):
        rostered(one, note.starts_at)
        AgentSegment.objects.create(
            source=told, agent=one.number, person=one, site=ending.jkt, starts_at=note.starts_at, ends_at=out,
            state="available",
        )  # fmt: skip
    content = handovers.drawn(note, now)
    counts = content["headcount"]
    assert (counts["came"], counts["now"], counts["left"], counts["ended"]) == (2, 1, 1, False)
    with translation.override("en"):
        (agents, away, *_rest) = parts_of(content, note.site.zone)
        assert (["At work as this is written", "1"], "") in list(agents.rows)
        assert [cells[2].split(" at ")[0] for cells, _url in away.rows if cells[0] == "Pulang"] == [
            "Present, left early"
        ]
    after = handovers.drawn(note, note.ends_at + timedelta(minutes=10))
    with translation.override("en"):
        assert (["Worked to the end", "1"], "") in list(parts_of(after, note.site.zone)[0].rows)


def test_every_transition_is_open_to_its_roles_alone(floor: Floor) -> None:
    assert {one.name for one in HANDOVER.transitions} == set(handovers.TRANSITIONS)
    for role in Role:
        who = user(role, floor.jkt, name=f"walk.{role}")
        for one in HANDOVER.transitions:
            assert one.open_to(who, floor.jkt) == (role in one.by_roles)
            assert not one.open_to(who, floor.ygy)


def test_today_asks_who_must_take_over_and_not_who_handed_over(ending: Floor, next_leader: User) -> None:
    now = timezone.now()
    note = drawn_up(now)

    def asked(who: User) -> list[str]:
        return [one.what_next for one in turns_for(who) if one.url == note.get_absolute_url()]

    with translation.override("en"):
        assert asked(ending.leader) == asked(next_leader) == ["Sign and hand over"]
        hand(note, ending.leader, now)
        assert (asked(ending.leader), asked(next_leader)) == ([], ["Sign and take over"])
        take(note, next_leader, now)
        assert asked(ending.leader) == asked(next_leader) == []


def test_two_beats_draw_up_one_note(live_floor: Floor) -> None:
    now = timezone.now()
    due(live_floor, now)
    barrier, counts = threading.Barrier(2), []

    def beat() -> None:
        barrier.wait()
        counts.append(handovers.handovers_open(now=now))
        connections.close_all()

    threads = [threading.Thread(target=beat) for _one in range(2)]
    for one in threads:
        one.start()
    for one in threads:
        one.join()
    assert (
        sorted(counts) == [0, 1] and Handover.objects.count() == Obligation.objects.filter(rule=HAND_OVER).count() == 1
    )


# Pages --------------------------------------------------------------------------------------------------------------


def test_the_pages_from_the_shift_to_the_document(ending: Floor, next_leader: User, client: Client) -> None:
    client.force_login(ending.leader)
    new = reverse("realtime:handover_new")
    page = client.get(new)
    key = page.context["form"].fields["shift"].choices[0][0]
    assert client.post(new, {"shift": "1:2026-01-01:1"}).status_code == 422
    made = client.post(new, {"shift": key})
    note = Handover.objects.get()
    url = note.get_absolute_url()
    assert made["Location"] == url
    assert client.post(new, {"shift": key}).status_code == 422, "there is one"
    page = client.get(url)
    assert ending.agent.name in page.content.decode()
    first = page.context["next"][0]["form"].initial
    given = {"note": "Promo besok", "password": PASSWORD, "seen": first["seen"], "shown": first["shown"]}
    wrong = client.post(f"{url}hand/", given | {"password": "wrong"})
    assert wrong.status_code == 422 and 'value="wrong"' not in wrong.content.decode()
    Alert.objects.create(site=ending.jkt, kind="aux", about="", opened_at=timezone.now(), seen_at=timezone.now())
    stale = client.post(f"{url}hand/", given)
    assert stale.status_code == 422 and Handover.objects.get().status == "draft"
    assert "sudah berubah" in stale.content.decode()
    alerts = next(one for one in stale.context["parts"] if one["columns"][1] == "Sejak")
    assert [row["mark"] for row in alerts["rows"]] == ["", "new"], "what came meanwhile is marked"
    seen = stale.context["next"][0]["form"]["seen"].value()
    shown = stale.context["next"][0]["form"]["shown"].value()
    again = client.post(f"{url}hand/", given | {"seen": seen, "shown": shown, "password": "wrong"})
    assert not again.context["changed"], "what was read by now is not new any more"
    assert client.post(f"{url}hand/", given | {"seen": seen}).status_code == 302
    assert "take" not in {one["name"] for one in client.get(url).context["next"]}
    assert client.post(f"{url}take/", {"password": PASSWORD, "seen": "x"}).status_code == 403
    client.force_login(next_leader)
    assert url in client.get("/").content.decode(), "on Today"
    step = next(one for one in client.get(url).context["next"] if one["name"] == "take")
    seen = step["form"].initial["seen"]
    assert client.post(f"{url}take/", {"password": "no", "seen": seen}).status_code == 422
    stale = client.post(f"{url}take/", {"password": PASSWORD, "seen": seen[:-1]})
    assert stale.status_code in (409, 422) and Handover.objects.get().status == "handed", "another signing was read"
    assert client.post(f"{url}take/", {"password": PASSWORD, "note": "", "seen": seen}).status_code == 302
    number = IssuedDocument.objects.get(type_code="STS").full_number
    assert number in client.get(url).content.decode()
    listed = client.get(reverse("realtime:handovers") + "?q=promo&status=taken").content.decode()
    assert url in listed
    assert url not in client.get(reverse("realtime:handovers") + "?q=nothing").content.decode()


@pytest.mark.req("KER-12")
def test_the_list_and_the_page_ask_the_same_however_much_there_is(
    ending: Floor, client: Client, django_assert_max_num_queries: Callable[..., Any]
) -> None:
    now = timezone.now()
    note = drawn_up(now)
    client.force_login(ending.leader)
    client.get(note.get_absolute_url())
    with CaptureQueriesContext(connection) as few:
        client.get(note.get_absolute_url())
    for n in range(20):
        rostered(person(ending.jkt), note.starts_at)
        Alert.objects.create(site=ending.jkt, kind="source", about=f"s{n}", opened_at=now, seen_at=now)
        RecoveryPlan.objects.create(site=ending.jkt, channel="chat", opened_at=now, opened_by=ending.leader)
    with CaptureQueriesContext(connection) as many:
        assert client.get(note.get_absolute_url()).status_code == 200
    assert len(many) <= len(few) + 1 and len(few) <= 45
    Handover.objects.bulk_create(
        Handover(site=ending.jkt, day=note.day - timedelta(days=n + 1), shift=note.shift, starts_at=note.starts_at,
                 ends_at=note.ends_at, opened_at=now) for n in range(60)
    )  # fmt: skip
    client.get(reverse("realtime:handovers"))
    with django_assert_max_num_queries(16):
        assert client.get(reverse("realtime:handovers") + "?status=draft").status_code == 200
    assert not ShiftRecord.objects.exists()
