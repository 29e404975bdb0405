"""A check that somebody asks for (RET-6, RET-14, RET-15): a batch read or restored now, by its page and by API."""

from __future__ import annotations

from datetime import timedelta
from pathlib import Path
from typing import Any

import pytest
from django.test import Client
from django.urls import reverse

from occ.errors import Invalid, NotAllowed, WrongState
from occ.ledger.models import Entry
from occ.people.choices import Role
from occ.people.models import User
from retention.models import Batch, Check, Pack, Store
from retention.services import checking, drilling, store_lists, verifying
from retention.services.compliance import last_checks
from retention.tasks import checks_run
from tests.factories import user
from tests.retention.backups import NOW, Ground, at

pytestmark = [pytest.mark.django_db, pytest.mark.req("RET-6")]


@pytest.fixture
def ground(tmp_path: Path, settings: Any, floor: Any, monkeypatch: Any) -> Ground:
    settings.VAR = tmp_path / "var"
    monkeypatch.setattr(checking, "send", lambda *args: True)
    return Ground(tmp_path)


@pytest.fixture
def batch(ground: Ground) -> Batch:
    ground.records(3)
    found = ground.batch()
    ground.back_up(found)
    return found


def ask(batch: Batch, kind: str, actor: User) -> Check:
    return checking.batch_check_ask(batch_id=batch.pk, kind=kind, actor=actor, clock=at())


def acting(actor: User) -> Client:
    client = Client()
    client.force_login(actor)
    client.cookies["django_language"] = "en"
    return client


def test_document_control_has_the_packages_read_now(ground: Ground, batch: Batch, monkeypatch: Any) -> None:
    """In slices; beat goes on with what a dead worker left; it says what is damaged."""
    monkeypatch.setattr(verifying, "GROUP", 1)
    control = user(Role.DOCUMENT_CONTROL, ground.jkt)
    client = acting(control)
    page = client.get(batch.get_absolute_url()).content.decode()
    url = reverse("retention:batch_check", args=[batch.pk])
    assert url in page and "Check the packages now" in page
    assert url not in acting(user(Role.TEAM_LEADER, ground.jkt)).get(batch.get_absolute_url()).content.decode()
    answer = client.post(url, {"kind": "fixity"})
    check = Check.objects.get(kind="fixity", batch=batch)
    assert answer.status_code == 302 and answer["Location"] == check.get_absolute_url()
    assert "Under way" in client.get(check.get_absolute_url()).content.decode()
    assert Entry.objects.filter(action="retention.check_asked", actor=control).count() == 1
    pack = Pack.objects.filter(bag__batch=batch).latest("number")
    (ground.folder / "main" / pack.name).write_bytes(b"x" * pack.size)
    copies = verifying.live_copies().filter(pack__bag__batch=batch).count()
    assert checking._fixity_go_on(check.pk, at(), timedelta(0)) == 1
    Check.objects.filter(pk=check.pk).update(run="00000000-0000-4000-8000-000000000000", heard_at=NOW)
    assert checking.check_go_on(check_id=check.pk, clock=at()) == 0  # somebody is at it
    checks_run(clock=at(NOW + timedelta(minutes=16)))
    check.refresh_from_db()
    assert (check.objects_count, check.failures, check.result) == (copies, 1, "failed") and check.run is None
    said = client.get(check.get_absolute_url()).content.decode()
    assert pack.name in said and batch.identifier in said and "What it found" in said


def test_a_store_that_is_away_says_that_it_was_not_run(ground: Ground, batch: Batch) -> None:
    check = ask(batch, "fixity", ground.it)
    (ground.folder / "main").rename(ground.folder / "gone")
    checking.check_go_on(check_id=check.pk, clock=at())
    check.refresh_from_db()
    assert check.result == "not_run" and "Main" in check.note and check.ended_at is not None


def test_a_drill_of_a_chosen_batch_leaves_its_report_and_the_monthly_draw_alone(ground: Ground, batch: Batch) -> None:
    check = ask(batch, "drill", ground.it)
    with pytest.raises(WrongState):
        ask(batch, "drill", ground.it)
    assert checking.check_go_on(check_id=check.pk, clock=at()) == 3
    check.refresh_from_db()
    assert (check.result, check.seed, check.batch) == ("ok", "", batch) and check.document is not None
    assert str(ground.it) in str(check.document.data)
    page = acting(ground.it).get(check.get_absolute_url()).content.decode()
    assert "Compared byte by byte" in page and "Drawn with" not in page
    assert store_lists.last_check("drill") is None  # type: ignore[arg-type]
    assert drilling.drill_run(clock=at()) == 3


def test_who_may_and_what_is_refused(ground: Ground, batch: Batch) -> None:
    for role in (Role.TEAM_LEADER, Role.COORDINATOR, Role.QMR):
        with pytest.raises(NotAllowed):
            ask(batch, "fixity", user(role, ground.jkt))
    with pytest.raises(Invalid):
        ask(batch, "listing", ground.it)
    ask(batch, "fixity", ground.it)
    with pytest.raises(WrongState):
        ask(batch, "fixity", ground.it)
    batch.bags.update(status="building", completed_at=None)
    with pytest.raises(WrongState):
        ask(batch, "drill", ground.it)


@pytest.mark.req("RET-15")
def test_it_is_asked_for_by_api(ground: Ground, batch: Batch) -> None:
    client = acting(ground.it)
    url = reverse("api:retention-batch-check", args=[batch.pk])
    made = client.post(url, {"kind": "fixity"}, content_type="application/json")
    assert made.status_code == 202 and made.json()["batch"] == batch.identifier and made.json()["ended_at"] is None
    again = client.post(url, {"kind": "fixity"}, content_type="application/json")
    assert again.status_code == 409 and again.json()["code"] == "under_way"
    assert client.post(url, {"kind": "x"}, content_type="application/json").status_code in (400, 422)


def test_single_packages_that_were_read_say_of_which_batch(ground: Ground, batch: Batch) -> None:
    pack = Pack.objects.filter(bag__batch=batch).latest("number")
    check = verifying.packs_verify(packs=[pack.pk], actor=ground.it, clock=at())
    assert check.batch == batch
    assert str(Check(kind="fixity").of)


@pytest.mark.req("RET-6", "RET-15")
def test_one_package_is_read_or_restored_alone(ground: Ground, batch: Batch, monkeypatch: Any) -> None:
    """Chosen on the page of its batch, or in the API's list; with the rights that the batch asks for."""
    tags, pack = Pack.objects.filter(bag__batch=batch).order_by("number")[:2]
    client, url = acting(ground.it), reverse("retention:batch_check", args=[batch.pk])
    api = reverse("api:retention-batch-check", args=[batch.pk])
    listed = client.get(reverse("api:retention-batch-packages", args=[batch.pk])).json()["results"]
    assert [(one["id"], one["records"], len(one["copies"])) for one in listed] == [(pack.pk, 3, 2), (tags.pk, 0, 2)]
    page = client.get(f"{batch.get_absolute_url()}?bag={pack.bag_id}").content.decode()
    assert f"Check {pack.name} now" in page and f"Restore {tags.name} now" not in page
    leader = acting(user(Role.TEAM_LEADER, ground.jkt))
    assert f"Check {pack.name} now" not in leader.get(f"{batch.get_absolute_url()}?bag={pack.bag_id}").content.decode()
    for nonsense in ("x", "99999999999999999999", "0"):
        assert client.get(f"{batch.get_absolute_url()}?bag={nonsense}").status_code == 200
        assert client.post(url, {"kind": "fixity", "package": nonsense}).status_code == 422
    assert client.post(url, {"kind": "drill", "package": tags.pk}).status_code == 409
    assert leader.post(url, {"kind": "fixity", "package": pack.pk}).status_code == 403

    (ground.folder / "main" / tags.name).write_bytes(b"x")  # of another package: it is not read
    assert client.post(url, {"kind": "fixity", "package": pack.pk}).status_code == 302
    read = Check.objects.get(kind="fixity")
    again = client.post(api, {"kind": "fixity", "package": pack.pk}, content_type="application/json")
    assert again.json()["code"] == "under_way"
    assert (
        checking.check_go_on(check_id=read.pk, clock=at()) == 2
        and checking.check_go_on(check_id=read.pk, clock=at()) == 0
    )
    read.refresh_from_db()
    assert (read.objects_count, read.result, read.of) == (2, "ok", pack.name)
    made = client.post(api, {"kind": "drill", "package": pack.pk}, content_type="application/json")
    assert made.status_code == 202 and made.json()["package"] == pack.name
    drill = Check.objects.get(kind="drill")
    assert checking.check_go_on(check_id=drill.pk, clock=at()) == 3
    drill.refresh_from_db()
    assert drill.objects_count == 3 and drill.document is not None and pack.name in str(drill.document.data)
    assert last_checks()["verified"] is None and last_checks()["drill"] is None, "one package says nothing of the house"
    for one in (read, drill):
        assert pack.name in client.get(one.get_absolute_url()).content.decode()


def test_a_check_for_which_nothing_is_read_proves_nothing(ground: Ground, batch: Batch) -> None:
    pack = Pack.objects.filter(bag__batch=batch).latest("number")
    of_pack: Any = {"batch_id": batch.pk, "actor": ground.it, "clock": at(), "pack_id": pack.pk}
    asked = checking.batch_check_ask(kind="fixity", **of_pack)
    whole = Check.objects.create(kind="fixity", batch=batch, started_at=NOW, by="IT")
    Store.objects.update(active=False)
    for check in (asked, whole):
        assert checking.check_go_on(check_id=check.pk, clock=at()) == 0
    read = verifying.packs_verify(packs=[pack.pk], actor=ground.it, clock=at())
    for check in (asked, whole, read):
        check.refresh_from_db()
        assert (check.result, check.objects_count) == ("not_run", 0) and check.ended_at
    assert "Nothing was read" in acting(ground.it).get(asked.get_absolute_url()).content.decode()
    with pytest.raises(WrongState):
        checking.batch_check_ask(kind="fixity", **of_pack)
    assert checking.batch_check_ask(kind="drill", **of_pack)  # a restore takes what it finds
