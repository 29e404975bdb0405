"""A store that came later, or was away, gets what the others have: resumably, verified, nothing doubled (RET-2)."""

from __future__ import annotations

import hashlib
from collections.abc import Callable, Iterator
from datetime import datetime, timedelta
from pathlib import Path
from typing import Any

import boto3
import pytest
from django.test import Client
from django.urls import reverse
from moto.server import ThreadedMotoServer

from occ.errors import NotAllowed, WrongState
from occ.ledger.models import Entry
from occ.people.actors import COMMAND
from occ.people.choices import Role
from retention.choices import CheckKind, FindingKind
from retention.models import Check, Copy, Credential, Finding, Pack, Packed, Proposal, Store
from retention.services import backups, filling, repairing, store_lists, verifying
from retention.storing import Directory, PlaceAway, opened
from tests.factories import user
from tests.retention.backups import NOW, Ground, at
from tests.retention.disposal import LATER, Dead, dead
from tests.retention.meddling import past_the_triggers

pytestmark = [pytest.mark.django_db, pytest.mark.req("RET-2", "RET-5")]


@pytest.fixture
def ground(tmp_path: Path, settings: Any, floor: Any, monkeypatch: pytest.MonkeyPatch) -> Ground:
    """Backed up into two stores, in several packages."""
    settings.VAR = tmp_path / "var"
    monkeypatch.setattr(backups, "PACK_BYTES", 150_000)
    found = Ground(tmp_path)
    found.records(14)
    assert found.back_up(found.batch()) is backups.Outcome.COMPLETE
    assert Pack.objects.count() > 3
    return found


def third(ground: Ground, name: str = "third") -> Store:
    (ground.folder / name).mkdir(exist_ok=True)
    return ground.store(name.upper(), name)


def fill(store: Store, now: datetime = NOW, **given: Any) -> int:
    return filling.store_fill(store=store, clock=at(now), ends_at=now + timedelta(minutes=4), **given)


def complete(ground: Ground, store: Store) -> None:
    """Every package once, its bytes those of the others, its row in order."""
    packs = {one.name: one for one in Pack.objects.all()}
    root = Path(store.url.removeprefix("file://"))
    names = {str(one.relative_to(root)) for one in (root / "bags").rglob("*") if one.is_file()}
    assert names == set(packs)
    for name, pack in packs.items():
        assert hashlib.sha256((root / name).read_bytes()).hexdigest() == pack.sha256
    rows = Copy.objects.filter(store=store)
    assert rows.count() == len(packs) and set(rows.values_list("result", flat=True)) == {"ok"}
    assert filling.filling_of(store).missing == 0
    assert not list((ground.folder / "var" / "retention-spool").iterdir())


def test_a_store_that_comes_later_gets_all_that_the_others_have(ground: Ground) -> None:
    store = third(ground)
    before = filling.filling_of(store)
    assert (before.packages, before.missing, before.there) == (Pack.objects.count(), Pack.objects.count(), 0)
    assert filling.fill_run(clock=at()) == before.packages
    complete(ground, store)
    check = Check.objects.get(kind=CheckKind.COPYING)
    assert (check.result, check.objects_count, check.failures, check.run) == ("ok", before.packages, 0, None)
    assert check.ended_at == NOW and check.store == store
    entry = Entry.objects.get(action="store.filled")
    assert entry.data["packages"] == before.packages
    assert filling.fill_run(clock=at()) == 0 and Check.objects.filter(kind=CheckKind.COPYING).count() == 1
    assert verifying.store_verify(store=store, actor=COMMAND, clock=at()).result == "ok"
    assert store_lists.store_list(store=store, actor=COMMAND, clock=at()).result == "ok"


def test_one_that_was_away_or_out_of_use_catches_up(ground: Ground) -> None:
    second = Store.objects.get(code="SECOND")
    Store.objects.filter(pk=second.pk).update(active=False)
    for i in range(4):
        ground.record(f"late-{i}.wav")
    assert ground.back_up(ground.batch()) is backups.Outcome.COMPLETE
    assert filling.fill_run(clock=at()) == 0  # out of use, it is left alone
    Store.objects.filter(pk=second.pk).update(active=True)
    second.refresh_from_db()
    (ground.folder / "second").rename(ground.folder / "elsewhere")
    assert filling.fill_run(clock=at()) == 0
    check = Check.objects.get(kind=CheckKind.COPYING)
    assert check.ended_at is None and check.run is None and "SECOND" in check.note.upper()
    assert not Finding.objects.filter(kind=FindingKind.NOT_COPIED).exists()  # nobody knows that anything is wrong
    (ground.folder / "elsewhere").rename(ground.folder / "second")
    assert filling.fill_run(clock=at()) > 0
    check.refresh_from_db()
    assert check.result == "ok" and check.note == ""
    complete(ground, second)


class Killed(BaseException):
    pass


def killed_in(target: Any, name: str, *, after: bool, times: int) -> Callable[[pytest.MonkeyPatch], None]:
    """Whoever calls `name` for the n-th time dies, before or after it did its work."""

    def patch(monkeypatch: pytest.MonkeyPatch) -> None:
        real, calls = getattr(target, name), [0]

        def dying(*args: Any, **kwargs: Any) -> Any:
            calls[0] += 1
            if calls[0] == times and not after:
                raise Killed
            done = real(*args, **kwargs)
            if calls[0] == times:
                raise Killed
            return done

        monkeypatch.setattr(target, name, dying)

    return patch


@pytest.mark.parametrize("times", [1, 3])
@pytest.mark.parametrize(
    ("target", "name", "after"),
    [(Directory, "put", False), (Directory, "put", True), (filling, "written", True), (filling, "_placed", True),
     (filling, "held", True), (filling, "fetched", True), (filling, "_leave", False)],
)  # fmt: skip
def test_killed_anywhere_it_goes_on_and_nothing_is_doubled(
    ground: Ground, monkeypatch: pytest.MonkeyPatch, target: Any, name: str, after: bool, times: int
) -> None:
    store = third(ground)
    with monkeypatch.context() as patched:
        killed_in(target, name, after=after, times=times if name != "_leave" else 1)(patched)
        with pytest.raises(Killed):
            fill(store)
    assert fill(store) == 0 or name == "_leave"  # the dead one still has it
    later = NOW + filling.SILENT + timedelta(seconds=1)
    puts: list[str] = []
    real = Directory.put
    monkeypatch.setattr(Directory, "put", lambda self, name, content: (puts.append(name), real(self, name, content))[1])
    fill(store, later)
    complete(ground, store)
    assert len(puts) == len(set(puts))
    assert Check.objects.filter(kind=CheckKind.COPYING).count() == 1


def test_what_a_dead_run_left_half_written_is_written_anew(ground: Ground) -> None:
    store = third(ground)
    packs = list(Pack.objects.order_by("pk")[:2])
    for pack, content in ((packs[0], b"half"), (packs[1], b"\x00" * packs[1].size)):
        path = ground.folder / "third" / pack.name
        path.parent.mkdir(parents=True, exist_ok=True)
        path.write_bytes(content)
    fill(store)
    complete(ground, store)


def test_two_at_once_are_one(ground: Ground) -> None:
    store = third(ground)
    inner: list[int] = []
    real = filling._copy

    def meanwhile(*args: Any) -> bool:
        if not inner:
            inner.append(fill(store))
        return real(*args)

    with pytest.MonkeyPatch.context() as patched:
        patched.setattr(filling, "_copy", meanwhile)
        assert fill(store) == Pack.objects.count()
    assert inner == [0]
    complete(ground, store)


def test_what_nobody_has_right_is_a_finding_and_its_fellows_go_on(ground: Ground) -> None:
    pack = Pack.objects.exclude(number=0).order_by("pk")[1]
    ground.flip(pack.name, "main")
    (ground.folder / "second" / pack.name).unlink()
    store = third(ground)
    assert fill(store) == Pack.objects.count() - 1
    finding = Finding.objects.get(kind=FindingKind.NOT_COPIED)
    assert (finding.name, finding.store, finding.site) == (pack.name, store, ground.jkt)
    assert "Main" in finding.detail and "Second" in finding.detail
    assert not (ground.folder / "third" / pack.name).exists()  # what is damaged is not spread
    assert Check.objects.get(kind=CheckKind.COPYING).result == "failed"
    assert fill(store) == 0  # not with each beat
    ground.flip(pack.name, "main")  # mended
    assert fill(store, NOW + timedelta(minutes=1)) == 0
    assert fill(store, NOW + timedelta(minutes=2), again=True) == 1
    finding.refresh_from_db()
    assert not finding.is_open
    complete(ground, store)


def test_one_good_copy_is_enough_and_a_damaged_one_is_not_taken(ground: Ground) -> None:
    for pack in Pack.objects.all():
        ground.flip(pack.name, "main")
    store = third(ground)
    fill(store)
    complete(ground, store)


def test_what_is_destroyed_is_not_copied_and_what_goes_meanwhile_goes_here_too(
    ground: Ground, monkeypatch: pytest.MonkeyPatch
) -> None:
    first, second = Pack.objects.exclude(number=0).order_by("pk")[:2]
    store = third(ground)

    def destroy(pack: Pack) -> None:
        with past_the_triggers():
            Packed.objects.filter(pack=pack).update(key=None, destroyed_at=NOW)

    destroy(first)
    real = filling._placed

    def meanwhile(pack: Pack, *args: Any) -> str:
        version = real(pack, *args)
        if pack == second:
            destroy(second)
        return version

    monkeypatch.setattr(filling, "_placed", meanwhile)
    fill(store)
    assert not Copy.objects.filter(store=store, pack__in=[first, second]).exists()
    for pack in (first, second):
        assert not (ground.folder / "third" / pack.name).exists()
    assert filling.filling_of(store).missing == 0


def test_a_store_that_fills_up_stops_it_and_says_so(ground: Ground, monkeypatch: pytest.MonkeyPatch) -> None:
    store = third(ground)
    calls, real = [0], Directory.put

    def full(self: Directory, name: str, content: Any) -> str:
        calls[0] += 1
        if calls[0] == 3:
            raise PlaceAway("There is no room left.")
        return real(self, name, content)

    monkeypatch.setattr(Directory, "put", full)
    assert fill(store) == 2
    check = Check.objects.get(kind=CheckKind.COPYING)
    assert "no room" in check.note and check.ended_at is None and check.objects_count == 2
    assert fill(store) == Pack.objects.count() - 2
    complete(ground, store)


def test_a_repair_still_finds_the_good_copy(ground: Ground) -> None:
    store = third(ground)
    fill(store)
    pack = Pack.objects.exclude(number=0)[0]
    ground.flip(pack.name, "third")
    verifying.store_verify(store=store, actor=COMMAND, clock=at())
    finding = Finding.objects.get(kind=FindingKind.DAMAGED)
    repairing.finding_repair(finding_id=finding.pk, actor=ground.it, now=NOW)
    complete(ground, store)


# Journals -------------------------------------------------------------------------------------------------------------


def test_journals_of_what_was_destroyed_come_too(tmp_path: Path, settings: Any) -> None:
    settings.VAR = tmp_path / "var"
    world: Dead = dead(tmp_path)
    world.destroyed()
    assert Proposal.objects.get().status == "destroyed"
    (tmp_path / "later").mkdir()
    store = Store.objects.create(code="LATER", name="Later", kind="directory", url=f"file://{tmp_path}/later")
    opened(store).mark(now=LATER)
    assert filling.filling_of(store).missing == 0  # nothing of it can be read any more
    assert store_lists.listing_run(clock=lambda: LATER) == 2
    (name,) = [one.name for one in opened(store).objects("tombstones")]
    assert (tmp_path / "later" / name).read_bytes() == (tmp_path / "store" / name).read_bytes()
    assert filling.journals_fill(store=store, clock=lambda: LATER) == 0
    (tmp_path / "later" / name).unlink()
    (tmp_path / "store" / name).write_bytes(b"meddled with")
    assert filling.journals_fill(store=store, clock=lambda: LATER) == 0  # a false one is not spread


# Buckets --------------------------------------------------------------------------------------------------------------


@pytest.fixture(scope="module")
def server() -> Iterator[str]:
    one = ThreadedMotoServer(ip_address="127.0.0.1", port=0, verbose=False)
    one.start()
    host, port = one.get_host_and_port()
    yield f"http://{host}:{port}"
    one.stop()


def test_into_a_bucket_with_lock_one_version_each_also_after_a_kill(
    ground: Ground, server: str, monkeypatch: pytest.MonkeyPatch
) -> None:
    client = boto3.client(
        "s3", endpoint_url=server, region_name="us-east-1", aws_access_key_id="key", aws_secret_access_key="secret"
    )
    client.create_bucket(Bucket="nanti", ObjectLockEnabledForBucket=True)
    store = Store.objects.create(code="S3", name="S3", kind="s3", url="s3://nanti", endpoint=server, lock_days=30)
    Credential.objects.create(store=store, access_key="key", secret_key="secret")
    store = Store.objects.select_related("credential").get(pk=store.pk)
    opened(store).mark(now=NOW)
    with monkeypatch.context() as patched:
        killed_in(filling, "_placed", after=True, times=2)(patched)
        with pytest.raises(Killed):
            fill(store)
    fill(store, NOW + timedelta(hours=1))
    rows = [row for row in client.list_object_versions(Bucket="nanti")["Versions"] if row["Key"].startswith("bags/")]
    assert sorted(row["Key"] for row in rows) == sorted(Pack.objects.values_list("name", flat=True))
    kept = dict(Copy.objects.filter(store=store).values_list("pack__name", "version"))
    assert kept == {row["Key"]: row["VersionId"] for row in rows}
    assert verifying.store_verify(store=store, actor=COMMAND, clock=at()).result == "ok"


# Page and API ---------------------------------------------------------------------------------------------------------


def test_the_page_shows_how_far_it_is_and_has_it_done(
    ground: Ground, monkeypatch: pytest.MonkeyPatch, django_assert_max_num_queries: Any
) -> None:
    store = third(ground)
    sent: list[tuple[Any, ...]] = []
    monkeypatch.setattr(filling, "send", lambda *args: sent.append(args) or True)
    page = Client()
    page.force_login(user(Role.IT))
    page.cookies["django_language"] = "en"
    url, ask = store.get_absolute_url(), reverse("retention:store_fill", args=[store.pk])
    total = Pack.objects.count()
    with django_assert_max_num_queries(20):
        text = page.get(url).content.decode()
    assert f"0 of {total} packages" in text and "Copy now what it lacks" in text
    assert page.post(ask).status_code == 302 and sent == [("fill", store.pk, True)]
    assert Entry.objects.filter(action="store.fill_asked").count() == 1
    fill(store)
    text = page.get(url).content.decode()
    assert f"{total} of {total} packages" in text and "Copy now what it lacks" not in text
    assert page.post(ask).status_code == 409
    leader = user(Role.TEAM_LEADER, ground.jkt)
    with pytest.raises(NotAllowed):
        filling.store_fill_ask(store_id=store.pk, actor=leader, now=NOW)
    Store.objects.filter(pk=store.pk).update(active=False)
    with pytest.raises(WrongState):
        filling.store_fill_ask(store_id=store.pk, actor=user(Role.IT, name="it2"), now=NOW)
    said = page.get(f"/api/v1/retention/stores/{store.pk}/").json()
    assert (said["packages"], said["missing"], said["missing_bytes"], said["stopped_by"]) == (total, 0, 0, "")


@pytest.mark.req("RET-15")
def test_the_api_has_it_done(ground: Ground, monkeypatch: pytest.MonkeyPatch) -> None:
    store = third(ground)
    monkeypatch.setattr(filling, "send", lambda *args: True)
    page = Client()
    page.force_login(user(Role.IT))
    url = f"/api/v1/retention/stores/{store.pk}/fill/"
    answer = page.post(url, {}, content_type="application/json")
    assert answer.status_code == 202 and answer.json()["missing"] == Pack.objects.count()
    monkeypatch.setattr(filling, "send", lambda *args: False)
    assert page.post(url, {}, content_type="application/json").status_code == 409
