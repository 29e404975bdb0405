"""A bucket's server that sends elsewhere, and a name that leads elsewhere (RET-2): nobody follows, and it is said."""

from __future__ import annotations

import threading
from collections.abc import Callable, Iterator
from http.server import BaseHTTPRequestHandler, ThreadingHTTPServer
from ipaddress import ip_address
from pathlib import Path
from typing import Any

import pytest
from django.test import Client

from occ.addresses import Forbidden, Number
from occ.people.choices import Role
from retention.models import Credential, Source, Store
from retention.storing import PlaceAway, Shelf, answers, connecting, opened
from tests.factories import user
from tests.retention.catalogue import scan, source_in

pytestmark = [pytest.mark.django_db, pytest.mark.req("RET-2")]
XML = (
    b'<?xml version="1.0"?><Error><Code>PermanentRedirect</Code><Message>elsewhere</Message>'
    b"<Region>eu-west-1</Region><Endpoint>169.254.169.254</Endpoint></Error>"
)


class Server(ThreadingHTTPServer):
    """Notes what it is asked; answers with `status`, `headers` and `body`, or (status 200) with an empty list."""

    daemon_threads = True

    def __init__(self, host: str = "127.0.0.1") -> None:
        super().__init__((host, 0), Answer)
        self.asked: list[str] = []
        self.status, self.headers, self.body = 200, dict[str, str](), b"<ListBucketResult></ListBucketResult>"
        threading.Thread(target=self.serve_forever, daemon=True).start()

    @property
    def url(self) -> str:
        return f"http://{self.server_address[0]!s}:{self.server_address[1]}"


class Answer(BaseHTTPRequestHandler):
    server: Server

    def answer(self) -> None:
        self.server.asked.append(f"{self.command} {self.path}")
        self.rfile.read(int(self.headers.get("Content-Length") or 0))
        self.send_response(self.server.status)
        for name, value in self.server.headers.items():
            self.send_header(name, value)
        self.send_header("Content-Length", str(len(self.server.body)))
        self.end_headers()
        if self.command != "HEAD":
            self.wfile.write(self.server.body)

    do_GET = do_HEAD = do_PUT = do_POST = do_DELETE = answer

    def log_message(self, *args: Any) -> None:
        pass


@pytest.fixture
def servers() -> Iterator[Callable[..., Server]]:
    made: list[Server] = []

    def make(host: str = "127.0.0.1") -> Server:
        made.append(Server(host))
        return made[-1]

    yield make
    for one in made:
        one.shutdown()
        one.server_close()


def store_at(endpoint: str, **values: Any) -> Store:
    store = Store.objects.create(
        code="ELSE", name="x", kind="s3", url="s3://simpan/occ", endpoint=endpoint, **values
    )  # fmt: skip
    Credential.objects.create(store=store, access_key="k", secret_key="s")
    return store


DEEDS: dict[str, Callable[[Shelf, Path], Any]] = {
    "list": lambda shelf, file: list(shelf.objects()),
    "head": lambda shelf, file: shelf.head("a"),
    "read": lambda shelf, file: list(shelf.read("a")),
    "range": lambda shelf, file: shelf.read_range("a", 0, 4),
    "put": lambda shelf, file: shelf.put("a", b"content"),
    "put a file": lambda shelf, file: shelf.put("a", file),
    "version": lambda shelf, file: shelf.version("a"),
    "versions": lambda shelf, file: shelf.versions("a"),
    "delete": lambda shelf, file: shelf.delete("a"),
    "sweep": lambda shelf, file: shelf.sweep("bags"),
    "absent": lambda shelf, file: shelf.absent_many(["a", "b"]),
    "marker": lambda shelf, file: shelf.marker(),
    "lockable": lambda shelf, file: shelf.lockable(),
}


@pytest.mark.parametrize("deed", DEEDS)
@pytest.mark.parametrize("first", [True, False], ids=["at once", "later"])
def test_no_redirect_of_a_bucket_is_followed(
    servers: Callable[..., Server], tmp_path: Path, settings: Any, deed: str, first: bool
) -> None:
    """Neither by the request with which a bucket is opened, nor by any after it."""
    settings.RETENTION_S3_PART_MIB = 5
    (tmp_path / "big").write_bytes(bytes(6 * 2**20))
    bucket, neighbour = servers(), servers()
    shelf = opened(store_at(bucket.url))
    if not first:
        assert not list(shelf.objects())
    bucket.status, bucket.headers, bucket.body = 302, {"Location": f"{neighbour.url}/latest/meta-data/"}, b""
    with pytest.raises(PlaceAway, match="302"):
        DEEDS[deed](shelf, tmp_path / "big")
    assert bucket.asked and not neighbour.asked


@pytest.mark.parametrize("status", [301, 302, 303, 307, 308])
@pytest.mark.parametrize("headers", [{}, {"x-amz-bucket-region": "eu-west-1"}], ids=["", "region"])
@pytest.mark.parametrize("body", [b"", XML], ids=["empty", "xml"])
def test_whatever_kind_of_redirect(
    servers: Callable[..., Server], status: int, headers: dict[str, str], body: bytes
) -> None:
    bucket, neighbour = servers(), servers()
    shelf = opened(store_at(bucket.url))
    assert not list(shelf.objects())
    asked = len(bucket.asked)
    bucket.status, bucket.headers, bucket.body = status, {"Location": neighbour.url} | headers, body
    for deed in ("head", "read", "put"):
        with pytest.raises(PlaceAway, match=str(status)):
            DEEDS[deed](shelf, Path())
    assert len(bucket.asked) == asked + 3 and not neighbour.asked


def test_a_source_that_sends_elsewhere_is_away_and_the_button_says_why(
    servers: Callable[..., Server], tmp_path: Path, client: Client
) -> None:
    bucket, neighbour = servers(), servers()
    source = source_in(tmp_path)
    Source.objects.filter(pk=source.pk).update(kind="s3", url="s3://rekaman", endpoint=bucket.url)
    source.refresh_from_db()
    Credential.objects.create(source=source, access_key="k", secret_key="s")
    bucket.status, bucket.headers, bucket.body = 307, {"Location": neighbour.url}, b""
    done = scan(source)
    assert "307" in done.error and done.gone == 0
    client.force_login(user(Role.IT))
    assert "307" in client.post(f"/retention/sources/{source.pk}/try/", follow=True).content.decode()
    assert not neighbour.asked


def test_a_number_is_judged_as_it_is_connected_to(
    servers: Callable[..., Server], monkeypatch: pytest.MonkeyPatch
) -> None:
    """A name may lead elsewhere a moment after it was judged. 127.0.0.2 stands for where nobody is to go."""
    bucket = servers("127.0.0.2")
    real = connecting.allow

    def allow(number: Number, *, loopback: bool) -> None:
        if number == ip_address("127.0.0.2"):
            raise Forbidden("not there")
        real(number, loopback=loopback)

    store = store_at(bucket.url)
    assert not list(opened(store).objects()) and len(bucket.asked) == 2
    monkeypatch.setattr(connecting, "allow", allow)
    with pytest.raises(PlaceAway, match="not there"):
        list(opened(store).objects())
    assert len(bucket.asked) == 2


def test_answers_that_lead_round_in_circles_are_said() -> None:
    def round_and_round() -> None:
        round_and_round()

    with pytest.raises(PlaceAway), answers.said():
        round_and_round()
