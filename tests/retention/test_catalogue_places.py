"""Sources and stores (RET-2): addresses, keys that nobody reads back, markers, and the button that tries."""

from collections.abc import Iterator
from datetime import timedelta
from pathlib import Path
from typing import Any

import boto3
import pytest
from django.db import connection
from django.test import Client
from moto.server import ThreadedMotoServer

from occ.errors import Invalid, NotAllowed
from occ.ledger.models import Entry
from occ.people.choices import Role
from occ.people.models import User
from retention.choices import PlaceKind
from retention.models import Credential, Record, Source, Store
from retention.services import places
from retention.services.places import Keys, source_save, source_try, store_save
from retention.storing import MARKER, PlaceAway, Unreadable, opened
from tests.factories import NOW, site, user
from tests.retention.catalogue import PATTERN, put, record_in, scan, source_in, wav

pytestmark = [pytest.mark.django_db, pytest.mark.req("RET-2")]


@pytest.fixture
def it() -> User:
    return user(Role.IT)


def source_values(url: str, **values: Any) -> dict[str, Any]:
    return {
        "name": "Rekaman", "kind": "directory", "url": url, "endpoint": "", "region": "us-east-1", "active": True,
        "record_kind": "recording", "site": site("JKT"), "channel": "voice", "client": "", "pattern": PATTERN,
        "time_format": "%Y%m%dT%H%M%S", "sidecar": False, "may_delete": False, "scan_every_hours": 24,
    } | values  # fmt: skip


def store_values(url: str, **values: Any) -> dict[str, Any]:
    return {"name": "NAS", "kind": "directory", "url": url, "endpoint": "", "region": "us-east-1", "active": True,
            "lock_days": 0} | values  # fmt: skip


def make_source(it: User, url: str, *, code: str = "SRC", keys: Keys = Keys(), **values: Any) -> Source:
    return source_save(
        source_id=None, code=code, values=source_values(url, **values), keys=keys, note="new", actor=it, now=NOW
    )


def make_store(it: User, url: str, *, code: str = "MAIN", keys: Keys = Keys(), **values: Any) -> Store:
    return store_save(
        store_id=None, code=code, values=store_values(url, **values), keys=keys, note="new", actor=it, now=NOW
    )


@pytest.mark.parametrize(
    ("wrong", "field"),
    [
        ({"url": "/srv/files"}, "url"), ({"url": "file:///not/there"}, "url"), ({"url": "file:///"}, "url"),
        ({"url": "file://host/x"}, "url"), ({"url": "file:///tmp/../etc"}, "url"), ({"url": "s3://"}, "url"),
        ({"kind": "s3", "url": "file:///tmp"}, "url"),
        ({"kind": "s3", "url": "s3://b", "endpoint": "ftp://x"}, "endpoint"),
        ({"kind": "s3", "url": "s3://b", "endpoint": "http://169.254.169.254"}, "endpoint"),
        ({"kind": "s3", "url": "s3://b", "endpoint": "http://[fe80::1]:9000"}, "endpoint"),
        ({"kind": "s3", "url": "s3://b", "endpoint": "http://[64:ff9b::a9fe:a9fe]"}, "endpoint"),
        ({"kind": "s3", "url": "s3://b", "endpoint": "http://[bad"}, "endpoint"),
        ({"pattern": "("}, "pattern"), ({"pattern": "(?P<id>.*)"}, "pattern"),
        ({"pattern": r"(?P<id>(a*)*)(?P<start>b)"}, "pattern"), ({"time_format": "%H%M"}, "time_format"),
        ({"time_format": "%Q"}, "time_format"), ({"scan_every_hours": 0}, "scan_every_hours"),
        ({"record_kind": "fax"}, "record_kind"),
    ],
)  # fmt: skip
def test_what_cannot_be_right_is_refused(it: User, tmp_path: Path, wrong: dict[str, Any], field: str | None) -> None:
    with pytest.raises(Exception) as refusal:
        make_source(it, **({"url": tmp_path.as_uri()} | wrong))
    assert getattr(refusal.value, "field", None) == field
    assert not Source.objects.exists()


def test_two_places_never_share_a_tree(it: User, tmp_path: Path) -> None:
    for name in ("one", "one/inner", "two"):
        (tmp_path / name).mkdir()
    (tmp_path / "link").symlink_to(tmp_path / "one")
    make_source(it, (tmp_path / "one").as_uri())
    for name in ("one", "one/inner", "", "link"):
        with pytest.raises(Invalid, match="di dalam"):
            make_source(it, (tmp_path / name).as_uri(), code="OTHER")
        with pytest.raises(Invalid, match="di dalam"):
            make_store(it, (tmp_path / name).as_uri())
    make_store(it, (tmp_path / "two").as_uri())


@pytest.mark.parametrize("same", ["http://NAS:80/", "http://nas", "http://nas.:80", " http://nas/"])
def test_one_server_is_one_however_its_address_is_written(it: User, same: str) -> None:
    make_source(it, "s3://calls/voice", kind="s3", endpoint="http://nas")
    with pytest.raises(Invalid):
        make_source(it, "s3://calls/voice/2024", code="B", kind="s3", endpoint=same)
    make_source(it, "s3://calls/voice", code="C", kind="s3", endpoint="http://nas:9000")


def test_a_right_is_given_with_a_reason_that_stays(it: User, tmp_path: Path) -> None:
    source = make_source(it, tmp_path.as_uri())
    values = source_values(tmp_path.as_uri(), may_delete=True)
    with pytest.raises(Invalid):
        source_save(source_id=source.pk, values=values, keys=Keys(), note=" ", actor=it, now=NOW)
    source_save(source_id=source.pk, values=values, keys=Keys(), note="SOP-RET 5.3", actor=it, now=NOW)
    latest = source.history.first()
    assert (latest.may_delete, latest.history_change_reason, latest.history_user) == (True, "SOP-RET 5.3", it)
    for other in (user(Role.TEAM_LEADER, site()), user(Role.IT, site("YGY"))):
        with pytest.raises(NotAllowed):
            source_save(source_id=source.pk, values=values, keys=Keys(), note="x", actor=other, now=NOW)
    with pytest.raises(NotAllowed):
        make_store(user(Role.IT, site("JKT")), (tmp_path / "x").as_uri())


def test_a_source_with_records_keeps_its_site_and_kind(it: User, tmp_path: Path) -> None:
    source = make_source(it, tmp_path.as_uri())
    record_in(source)
    values = source_values(tmp_path.as_uri())
    for field, other in (("site", site("YGY")), ("record_kind", "chat")):
        with pytest.raises(Invalid) as refusal:
            source_save(source_id=source.pk, values=values | {field: other}, keys=Keys(), note="x", actor=it, now=NOW)
        assert refusal.value.field == field


# Stores --------------------------------------------------------------------------------------------------------------


def test_a_store_bears_its_marker_and_is_away_without_it(it: User, tmp_path: Path) -> None:
    store = make_store(it, tmp_path.as_uri())
    assert opened(store, expect_marker=False).marker()["code"] == "MAIN"  # type: ignore[index]
    opened(store).put("bags/x.pack", b"x")
    (tmp_path / MARKER).unlink()  # what an empty mount point looks like
    shelf = opened(store)
    for deed in (
        lambda: list(shelf.objects()), lambda: shelf.put("y", b"y"), lambda: shelf.delete("bags/x.pack"),
        lambda: shelf.absent("bags/x.pack"), lambda: list(shelf.read("bags/x.pack")), lambda: shelf.head("z"),
        lambda: shelf.read_range("bags/x.pack", 0, 1),
    ):  # fmt: skip
        with pytest.raises(PlaceAway):
            deed()
    assert (tmp_path / "bags/x.pack").exists() and not (tmp_path / "y").exists()
    (tmp_path / MARKER).write_text('{"code": "ANOTHER"}')
    with pytest.raises(PlaceAway, match="ANOTHER"):
        opened(store).head("bags/x.pack")
    (tmp_path / MARKER).write_text("{")
    with pytest.raises(PlaceAway):
        opened(store).head("bags/x.pack")


def test_a_store_is_moved_with_its_packages_or_not_at_all(it: User, tmp_path: Path) -> None:
    for name in ("one", "two", "other"):
        (tmp_path / name).mkdir()
    store = make_store(it, (tmp_path / "one").as_uri())
    make_store(it, (tmp_path / "other").as_uri(), code="OTHER")
    values = store_values((tmp_path / "two").as_uri())
    with pytest.raises(Invalid, match="di dalam"):
        store_save(store_id=store.pk, values=store_values((tmp_path / "other").as_uri()), keys=Keys(), note="x",
                   actor=it, now=NOW)  # fmt: skip
    moved = store_save(store_id=store.pk, values=values, keys=Keys(), note="new disk", actor=it, now=NOW)
    assert (tmp_path / "two" / MARKER).exists()
    assert opened(moved).marker()
    with pytest.raises(Invalid, match="MAIN"):
        make_store(it, (tmp_path / "one").as_uri(), code="THIRD")
    with pytest.raises(Invalid, match="Lock"):
        store_save(store_id=store.pk, values=values | {"lock_days": 30}, keys=Keys(), note="x", actor=it, now=NOW)


@pytest.fixture(scope="module")
def s3() -> Iterator[str]:
    server = ThreadedMotoServer(ip_address="127.0.0.1", port=0, verbose=False)
    server.start()
    _host, port = server.get_host_and_port()
    endpoint = f"http://127.0.0.1:{port}"
    client = boto3.client(
        "s3", endpoint_url=endpoint, region_name="us-east-1", aws_access_key_id="k", aws_secret_access_key="s"
    )
    client.create_bucket(Bucket="plain")
    client.create_bucket(Bucket="locked", ObjectLockEnabledForBucket=True)
    client.put_object(Bucket="plain", Key=f"voice/{wav()}", Body=b"sound")
    yield endpoint
    server.stop()


def test_keys_are_written_and_never_read_back_and_stay_with_their_place(it: User, s3: str, client: Client) -> None:
    bucket = {"kind": "s3", "endpoint": s3}
    source = make_source(it, "s3://plain/voice", keys=Keys("k", "very-secret"), **bucket)
    with connection.cursor() as cursor:
        cursor.execute("SELECT secret_key FROM retention_credential")
        assert "very-secret" not in cursor.fetchone()[0]
    assert "very-secret" not in str(list(Entry.objects.values_list("data", flat=True)))
    client.force_login(it)
    for page in ("", "edit/"):
        assert "very-secret" not in client.get(f"/retention/sources/{source.pk}/{page}").content.decode()
    values = source_values("s3://plain/voice", **bucket)

    def edit(keys: Keys = Keys(), **other: Any) -> None:
        source_save(source_id=source.pk, values=values | other, keys=keys, note="x", actor=it, now=NOW)

    edit(name="Other")
    assert Credential.objects.get().secret_key == "very-secret"
    edit(endpoint="https://thief.example")
    assert not Credential.objects.exists()
    edit(keys=Keys("k", "s"))
    edit(keys=Keys(forget=True))
    assert not Credential.objects.exists()


def test_buckets_are_scanned_tried_and_marked(it: User, s3: str, client: Client) -> None:
    keys = Keys("k", "s")
    source = make_source(it, "s3://plain/voice", kind="s3", endpoint=s3, keys=keys)
    assert scan(source).added == 1
    assert scan(source).known == 1
    assert Record.objects.get().path == wav()
    store = make_store(it, "s3://locked/backups", kind="s3", endpoint=s3, keys=keys, lock_days=30)
    assert opened(store).marker() and opened(store).lockable()
    with pytest.raises(Invalid, match="Lock"):
        make_store(it, "s3://plain/backups", code="B", kind="s3", endpoint=s3, keys=keys, lock_days=30)
    with pytest.raises(Invalid, match="dijangkau"):
        make_store(it, "s3://not-there", code="C", kind="s3", endpoint=s3, keys=keys)
    client.force_login(it)
    for url in (f"/retention/sources/{source.pk}/try/", f"/retention/stores/{store.pk}/try/"):
        assert "occ-alert" in client.post(url, follow=True).content.decode()
    assert Entry.objects.filter(action__endswith=".tried").count() == 2


def test_a_pattern_is_tried_on_real_names_before_it_is_saved(it: User, tmp_path: Path, client: Client) -> None:
    for i in range(25):
        put(tmp_path, wav(f"A{i}"))
    put(tmp_path, "notes.txt")
    client.force_login(it)
    given = {name: str(value) for name, value in source_values(tmp_path.as_uri()).items() if value not in (False, "")}
    given |= {"site": str(site("JKT").pk), "code": "SRC", "note": "x", "active": "on"}
    page = client.post("/retention/sources/new/", given | {"try": "1"})
    assert page.status_code == 200, page.context["form"].errors
    assert len(page.context["tried"]) == places.SHOWN
    read = [one.facts.agent for one in page.context["tried"] if one.facts]
    assert read and read[0].startswith("A")
    assert not Source.objects.exists()
    assert client.post("/retention/sources/new/", given | {"url": "file:///gone", "try": "1"}).status_code == 422
    assert client.post("/retention/sources/new/", given).status_code == 302
    assert Source.objects.get().active


def test_nothing_is_sent_elsewhere_by_trying(it: User, s3: str, tmp_path: Path) -> None:
    """The kept key goes to the place it was entered for, also while a form is only tried."""
    source = make_source(it, "s3://plain/voice", kind="s3", endpoint=s3, keys=Keys("k", "s"))
    kept = places.kept_of(Source.objects.get(pk=source.pk))
    same = source_values("s3://plain/voice", kind="s3", endpoint=s3)
    tried = places.placed(Source(code="S"), same, places.SOURCE_FIELDS, Keys(), kept)
    assert tried.credential.secret_key == "s"
    assert [one.path for one in source_try(tried, now=NOW)] == [wav()]
    other = places.placed(Source(code="S"), same | {"endpoint": "http://thief"}, places.SOURCE_FIELDS, Keys(), kept)
    assert getattr(other, "credential", None) is None


def test_links_lead_nowhere(tmp_path: Path) -> None:
    source = source_in(tmp_path / "s")
    (tmp_path / "secret.wav").write_bytes(b"secret")
    (tmp_path / "s" / "inner").symlink_to(tmp_path)
    (tmp_path / "s" / "a.wav").symlink_to(tmp_path / "secret.wav")
    shelf = opened(source)
    assert {one.name: bool(one.odd) for one in shelf.objects()} == {"inner": True, "a.wav": True}
    with pytest.raises(Unreadable):
        list(shelf.read("a.wav"))


def test_the_scan_button_tells_a_worker(it: User, tmp_path: Path, client: Client, monkeypatch: Any) -> None:
    source = make_source(it, tmp_path.as_uri())
    told: list[Any] = []
    monkeypatch.setattr("retention.views.places.scan_enqueue", lambda *asked: told.append(asked) or True)
    client.force_login(it)
    client.post(f"/retention/sources/{source.pk}/scan/")
    assert told == [(source.pk, it.pk)]
    Source.objects.update(active=False)
    client.post(f"/retention/sources/{source.pk}/scan/")
    assert len(told) == 1
    scans = source.scans.create(
        started_at=NOW - timedelta(days=1), by="x", error="away", refusals=[{"path": "p", "why": "w"}]
    )
    assert scans.error in client.get(f"/retention/sources/{source.pk}/").content.decode()


def test_a_name_that_leads_elsewhere_later_is_not_followed(monkeypatch: pytest.MonkeyPatch) -> None:
    there = [(2, 1, 6, "", ("169.254.169.254", 0))]
    monkeypatch.setattr("occ.addresses.socket.getaddrinfo", lambda *args, **kwargs: there)
    place = Store(code="X", kind=PlaceKind.S3, url="s3://b", endpoint="https://s3.example.id")
    with pytest.raises(PlaceAway):
        list(opened(place, expect_marker=False).objects())
