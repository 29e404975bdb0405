"""The SCIM connector against the real scim2-server and against one that errs (UID-10)."""

from __future__ import annotations

import logging
import time
from collections.abc import Callable, Iterator
from datetime import UTC, datetime, timedelta
from email.utils import format_datetime
from typing import Any

import httpx2
import pytest
from django.utils.translation import override

from occ.addresses import Forbidden
from tests.connectors.servers import TOKEN, USER, Fault, Faulty, deaf, plain, reset, silence, status
from userids.connectors import addresses, speaking
from userids.connectors.addresses import checked
from userids.connectors.base import ConnectorError
from userids.connectors.manual import ManualConnector
from userids.connectors.scim import ScimConnector

pytestmark = pytest.mark.req("UID-10")


@pytest.fixture(autouse=True)
def english() -> Iterator[None]:
    with override("en"):
        yield


def scim(url: str, *, token: str = TOKEN, timeout: float = 5, **more: Any) -> ScimConnector:
    return ScimConnector(url, token, timeout=timeout, rate=10_000, loopback=True, **more)


class Naps(list[float]):
    """Stands for sleeping; keeps how long it would have been."""

    def __call__(self, seconds: float) -> None:
        self.append(seconds)


def waiting(server: Faulty, **more: Any) -> tuple[ScimConnector, Naps]:
    naps = Naps()
    return scim(server.url, sleep=naps, **more), naps


# The real one -------------------------------------------------------------------------------------------------------


def create(url: str, *names: str, **values: Any) -> None:
    with httpx2.Client(headers={"Authorization": f"Bearer {TOKEN}"}, trust_env=False) as client:
        for name in names:
            body = {"schemas": [USER], "userName": name, "active": True} | values
            client.post(f"{url}/Users", json=body).raise_for_status()


def test_shut_read_back_and_given_to_the_next_one(real: str) -> None:
    create(real, "OMN-0001", displayName="Orang Lama", emails=[{"value": "lama@demo.example", "primary": True}])
    connector = scim(real)
    before = connector.get("omn-0001")
    assert before is not None and before.active and before.email == "lama@demo.example"
    began = datetime.now(UTC)
    shut = connector.deactivate("OMN-0001")
    assert not shut.active and shut.remote_id == before.remote_id
    assert shut.modified_at is not None and began - timedelta(seconds=1) <= shut.modified_at <= datetime.now(UTC)
    assert not connector.deactivate("OMN-0001").active  # again does no harm
    new = connector.replace("OMN-0001", name="Orang Baru", email="baru@demo.example")
    assert (new.active, new.name, new.email, new.user_id) == (True, "Orang Baru", "baru@demo.example", "OMN-0001")
    assert connector.get("OMN-0002-none") is None


@pytest.mark.parametrize("name", ['a"b', "a\\b", 'x" or userName pr or userName eq "', "é ü", "omn/../1", "+=-@", "名"])
def test_a_user_id_is_data_and_no_filter(real: str, name: str) -> None:
    create(real, name, "bystander-" + str(time.monotonic_ns()))
    connector = scim(real)
    found = connector.get(name)
    assert found is not None and found.user_id == name
    assert not connector.deactivate(name).active


def test_every_page_of_the_real_server(real: str) -> None:
    names = [f"PAGE-{i:03}" for i in range(230)]
    create(real, *names)
    listed = [one.user_id for one in scim(real).list_accounts()]
    assert set(names) <= set(listed) and len(listed) == len(set(listed))


def test_a_wrong_token_is_said_at_once_and_not_repeated_anywhere(real: str) -> None:
    with pytest.raises(ConnectorError, match="401") as refused:
        scim(real, token="another-secret").get("OMN-0001")
    assert not refused.value.temporary and "another-secret" not in str(refused.value)


# One that errs ------------------------------------------------------------------------------------------------------


@pytest.mark.parametrize("code", [400, 401, 403, 409, 404, 302, 501])
def test_what_a_second_asking_would_not_change_is_not_asked_twice(faulty: Faulty, code: int) -> None:
    faulty.add("A")
    connector, naps = waiting(faulty)
    faulty.faults = [lambda one: False, status(code, f"because {TOKEN}\r\nof that")]
    with pytest.raises(ConnectorError, match=str(code)) as refused:
        connector.deactivate("A")
    assert not refused.value.temporary
    assert TOKEN not in str(refused.value) and "\n" not in str(refused.value)
    assert (faulty.count("PATCH"), naps) == (1, [])


@pytest.mark.parametrize("fault", [
    status(500), status(502), status(503), plain(500, b"<h1>Oops</h1>"), status(429), reset, plain(504, b""),
], ids=["500", "502", "503", "500 in HTML", "429", "reset", "504"])  # fmt: skip
def test_what_may_mend_itself_is_tried_again(faulty: Faulty, fault: Fault) -> None:
    faulty.add("A")
    connector, naps = waiting(faulty)
    faulty.faults = [lambda one: False, fault, fault]
    assert not connector.deactivate("A").active
    assert faulty.count("PATCH") == 3
    assert len(naps) == 2 and 0.5 <= naps[0] <= 1 and 1 <= naps[1] <= 2  # longer, and never quite the same


def test_what_stays_away_is_given_up_for_now(faulty: Faulty) -> None:
    faulty.add("A")
    faulty.always = status(503)
    connector, _naps = waiting(faulty)
    with pytest.raises(ConnectorError, match="503") as gone:
        connector.get("A")
    assert gone.value.temporary and len(faulty.asked) == speaking.TRIES


def test_retry_after_is_kept_in_seconds_and_as_a_date(faulty: Faulty) -> None:
    faulty.add("A")
    connector, naps = waiting(faulty)
    soon = format_datetime(datetime.now(UTC) + timedelta(seconds=6), usegmt=True)
    faulty.faults = [status(429, Retry_After="3"), status(503, Retry_After=soon)]
    assert connector.get("A") is not None
    assert naps[0] == 3 and 3 <= naps[1] <= 6


def test_who_is_told_to_wait_long_comes_back_another_time(faulty: Faulty) -> None:
    faulty.faults = [status(429, Retry_After="600")]
    connector, naps = waiting(faulty)
    with pytest.raises(ConnectorError) as busy:
        connector.get("A")
    assert (busy.value.temporary, busy.value.retry_after, naps, len(faulty.asked)) == (True, 600, [], 1)


@pytest.mark.parametrize(("header", "seconds"), [
    ("5", 5), (" 7 ", 7), ("-3", None), ("", None), ("soon", None), ("9" * 40, 86_400), ("1.5", None),
    ("Fri, 20 Nov 2026 03:00:30 GMT", 30), ("Fri, 20 Nov 2020 03:00:30 GMT", 0), ("٣", None),
])  # fmt: skip
def test_retry_after_that_cannot_be_meant(header: str, seconds: float | None) -> None:
    assert speaking.retry_after(header, now=datetime(2026, 11, 20, 3, tzinfo=UTC)) == seconds


def test_a_server_that_says_nothing_or_drips_is_left_in_time(faulty: Faulty) -> None:
    faulty.add("A")

    def drip(one: Any) -> bool:
        one.send_response(200)
        one.send_header("Content-Length", "1000")
        one.end_headers()
        for _i in range(30):
            one.wfile.write(b" ")
            one.wfile.flush()
            time.sleep(0.1)
        return True

    def drip_heads(one: Any) -> bool:
        one.wfile.write(b"HTTP/1.1 200 OK\r\n")
        for i in range(30):
            one.wfile.write(f"X-{i}: x\r\n".encode())
            one.wfile.flush()
            time.sleep(0.1)
        return True

    for fault in (silence(3), drip, drip_heads):
        faulty.always = fault
        connector, _naps = waiting(faulty, timeout=0.5)
        connector.scim.begin(60, tries=1)
        began = time.monotonic()
        with pytest.raises(ConnectorError, match="in time") as late:
            connector._page(1, count=1)
        assert late.value.temporary and time.monotonic() - began < 2


def test_the_whole_deed_has_an_end(faulty: Faulty) -> None:
    clock = iter(range(0, 10_000, 20))
    connector = scim(faulty.url, sleep=lambda seconds: None, clock=lambda: next(clock))
    faulty.always = status(503)
    with pytest.raises(ConnectorError):
        connector.get("A")
    assert len(faulty.asked) < speaking.TRIES


@pytest.mark.parametrize("fault", [
    plain(200, b"<html>maintenance</html>"), plain(200, b"{\"totalResults\":", "application/json"),
    plain(200, b"[1, 2]", "application/json"), plain(200, b"[" * 100_000, "application/json"),
    plain(200, b'{"totalResults": "many", "Resources": {}}', "application/json"),
    plain(200, b'{"totalResults": 1, "Resources": [{"id": 7}]}', "application/json"), plain(204, b""),
], ids=lambda value: "")  # fmt: skip
def test_nonsense_is_no_answer(faulty: Faulty, fault: Fault) -> None:
    faulty.always = fault
    connector, _naps = waiting(faulty)
    for ask in (lambda: connector.get("A"), lambda: list(connector.list_accounts())):
        with pytest.raises(ConnectorError, match="not understood"):
            ask()


def test_an_answer_without_end_is_cut(faulty: Faulty, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr(speaking, "LARGEST", 10_000)
    faulty.always = plain(200, b" " * 20_000, "application/json")
    with pytest.raises(ConnectorError, match="too large"):
        scim(faulty.url).get("A")


def test_a_success_that_changed_nothing_is_none(faulty: Faulty) -> None:
    faulty.add("A")
    faulty.always = deaf
    connector, naps = waiting(faulty)
    with pytest.raises(ConnectorError, match="still shows") as refused:
        connector.deactivate("A")
    assert not refused.value.temporary and naps == [0.5, 1.0, 2.0]
    with pytest.raises(ConnectorError, match="new holder"):
        connector.replace("A", name="B", email="b@x.test")


def test_one_that_changes_a_moment_later_is_waited_for(faulty: Faulty) -> None:
    user = faulty.add("A")
    connector = scim(faulty.url, sleep=lambda seconds: user.update(active=False))
    faulty.faults = [lambda one: False, deaf]
    assert not connector.deactivate("A").active


def test_a_filter_that_does_not_filter_is_noticed(faulty: Faulty) -> None:
    for i in range(5):
        faulty.add(f"A{i}")
    faulty.always = lambda one: one.command == "GET" and one.page(list(one.server.users.values()), 1, 2)
    with pytest.raises(ConnectorError, match="other users"):
        scim(faulty.url).get("A4")
    assert faulty.count("PATCH") == 0


def test_two_users_with_one_id_are_left_alone(faulty: Faulty) -> None:
    faulty.add("A1")
    faulty.add("a1")
    with pytest.raises(ConnectorError, match="several"):
        scim(faulty.url).deactivate("A1")
    assert faulty.count("PATCH") == 0


def test_somebody_else_read_back_is_no_evidence(faulty: Faulty) -> None:
    faulty.add("A")
    other = faulty.add("B", active=False)
    connector, _naps = waiting(faulty)
    faulty.faults = [lambda one: False, lambda one: False, lambda one: one.say(200, other)]
    with pytest.raises(ConnectorError, match="other users"):
        connector.deactivate("A")


def test_who_is_not_there_is_none_to_get_and_a_refusal_to_shut(faulty: Faulty) -> None:
    assert scim(faulty.url).get("nobody") is None
    faulty.faults = [status(404)]
    assert scim(faulty.url).get("nobody") is None
    with pytest.raises(ConnectorError, match="knows no user") as refused:
        scim(faulty.url).deactivate("nobody")
    assert not refused.value.temporary


# Lists --------------------------------------------------------------------------------------------------------------


def test_ten_thousand_users_over_pages(faulty: Faulty) -> None:
    for i in range(10_000):
        faulty.add(f"OMN-{i:05}", active=i % 3 > 0)
    listed = list(scim(faulty.url).list_accounts())
    assert [one.user_id for one in listed] == [f"OMN-{i:05}" for i in range(10_000)]
    assert sum(one.active for one in listed) == sum(i % 3 > 0 for i in range(10_000))


Pages = Callable[[list[Any], int, int], tuple[list[Any], int | None]]


def paged(faulty: Faulty, how: Pages) -> ScimConnector:
    """Lists are answered as `how` says: of (users, start, count) the rows and the total."""

    def answer(one: Any) -> bool:
        users = list(one.server.users.values())
        start, count = int(one.query["startIndex"][0]), int(one.query["count"][0])
        rows, total = how(users, start, count)
        return bool(one.page(rows, 1, len(rows), total=len(users) if total is None else total))

    faulty.always = answer
    return waiting(faulty)[0]


WRONG: dict[str, Pages] = {
    "always the first page": lambda users, start, count: (users[:count], None),
    "a page skipped": lambda users, start, count: (users[start + (99 if start > 1 else -1) :][:count], None),
    "one left out between pages": lambda users, start, count: (users[start - (start == 1) :][:count], None),
    "a page repeated": lambda users, start, count: (
        users[100:150] if start > 200 else users[start - 1 :][:count],
        None,
    ),
    "a total of the page": lambda users, start, count: (users[start - 1 :][:count], len(users[start - 1 :][:count])),
    "an end before the end": lambda users, start, count: (users[start - 1 : 200][:count], None),
    "a total too large": lambda users, start, count: (users[start - 1 :][:count], 10_000),
}


@pytest.mark.parametrize("how", WRONG.values(), ids=WRONG.keys())
def test_a_list_that_does_not_add_up_is_refused_as_a_whole(faulty: Faulty, how: Pages) -> None:
    for i in range(250):
        faulty.add(f"A{i}")
    connector, seen = paged(faulty, how), []
    with pytest.raises(ConnectorError, match="not whole") as refused:
        seen.extend(connector.list_accounts())
    assert (seen, refused.value.temporary) == ([], True)


RIGHT: dict[str, Pages] = {
    "a page twice, and then the rest": lambda users, start, count: (users[max(0, start - 101) :][:count], None),
    "pages of its own size": lambda users, start, count: (users[start - 1 :][:37], None),
    "all at once": lambda users, start, count: (users[start - 1 :], None),
}


@pytest.mark.parametrize("how", RIGHT.values(), ids=RIGHT.keys())
def test_a_list_in_other_pieces_is_whole_all_the_same(faulty: Faulty, how: Pages) -> None:
    for i in range(250):
        faulty.add(f"A{i}")
    assert len(list(paged(faulty, how).list_accounts())) == 250


def test_a_list_that_changes_while_it_is_read_is_read_again(faulty: Faulty) -> None:
    for i in range(250):
        faulty.add(f"A{i}")
    faulty.faults = [lambda one: False, lambda one: bool(one.server.add("late")) and False]
    assert len(list(scim(faulty.url).list_accounts())) == 251


def test_what_a_vendor_adds_is_let_be(faulty: Faulty) -> None:
    urn = "urn:vendor:omni:2.0:User"
    faulty.add(
        "A", schemas=[USER, urn], displayName=None, name={"GivenName": "Siti", "familyName": "Lia"}, vendor={"x": [1]},
        emails=[{"value": "b@x.test"}, {"value": "a@x.test", "primary": True}], roles=[{"value": "Agent"}],
        active="False", **{urn: {"lastLogin": "2026-11-20T03:00:00Z", "queue": None}},
    )  # fmt: skip
    (one,) = scim(faulty.url).list_accounts()
    assert (one.name, one.email, one.role, one.active) == ("Siti Lia", "a@x.test", "Agent", False)
    assert one.last_login_at == datetime(2026, 11, 20, 3, tzinfo=UTC)


def test_without_active_nothing_says_that_it_is_shut(faulty: Faulty) -> None:
    user = faulty.add("A")
    del user["active"]
    assert [one.active for one in scim(faulty.url).list_accounts()] == [True]


def test_requests_keep_their_distance(faulty: Faulty) -> None:
    faulty.add("A")
    naps = Naps()
    connector = ScimConnector(faulty.url, TOKEN, rate=2, loopback=True, sleep=naps, clock=lambda: 100.0)
    connector.deactivate("A")
    assert naps == [0.5] * 2  # find, change, read back


def test_no_log_says_a_token_or_a_user_id(faulty: Faulty, caplog: pytest.LogCaptureFixture) -> None:
    faulty.add("A-SECRET-ID")
    for name in ("httpx2", "httpcore2"):
        assert logging.getLogger(name).getEffectiveLevel() == logging.WARNING
    scim(faulty.url).get("A-SECRET-ID")
    assert TOKEN not in caplog.text and "A-SECRET-ID" not in caplog.text


# Addresses ----------------------------------------------------------------------------------------------------------


@pytest.mark.parametrize("url", [
    "http://omni.example/scim", "ftp://x", "https://", "omni.example", "https://169.254.169.254/latest",
    "https://[fe80::1]/", "https://[::ffff:169.254.169.254]/", "https://0.0.0.0/", "https://[::]/", "https://224.0.0.1/",
    "https://2852039166/", "https://0xa9.0xfe.0xa9.0xfe/", "https://100.100.100.200/", "https://[fd00:ec2::254]/",
    "https://user:secret@omni.example/", "https://omni.example/?token=x", "https://omni.example/#x", "https://x:99999/",
    "http://127.0.0.1:80/", "https://127.0.0.1/", "https://[::1]/", "https://127.1/", "https://[::ffff:127.0.0.1]/",
    "https://[2002:7f00:1::]/", "https://[2002:a9fe:a9fe::1]/", "https://[64:ff9b::a9fe:a9fe]/",
])  # fmt: skip
def test_where_a_connector_does_not_go(url: str) -> None:
    with pytest.raises(Forbidden):
        checked(url, loopback=False)


def test_where_it_goes() -> None:
    assert checked(" https://omni.example/scim/v2/ ", loopback=False) == "https://omni.example/scim/v2"
    assert checked("https://10.20.30.40:8443/scim", loopback=False) == "https://10.20.30.40:8443/scim"
    assert checked("http://127.0.0.1:9/v2", loopback=True) == "http://127.0.0.1:9/v2"
    with pytest.raises(Forbidden):
        checked("http://10.0.0.1/v2", loopback=True)


def test_a_name_is_judged_by_where_it_leads_when_it_is_connected_to(
    faulty: Faulty, monkeypatch: pytest.MonkeyPatch
) -> None:
    def elsewhere(host: str, port: int, **kwargs: Any) -> list[Any]:
        return [(2, 1, 6, "", ("169.254.169.254", port))]

    monkeypatch.setattr(addresses.socket, "getaddrinfo", elsewhere)
    with pytest.raises(ConnectorError, match="does not connect"):
        ScimConnector("https://omni.example/scim", TOKEN).get("A")
    connector = scim(faulty.url)
    with pytest.raises(ConnectorError, match="does not connect"):
        connector.get("A")
    assert not faulty.asked


def test_a_redirect_takes_the_token_nowhere(faulty: Faulty) -> None:
    faulty.faults = [status(302, Location=faulty.url + "/Users")]
    with pytest.raises(ConnectorError, match="elsewhere"):
        scim(faulty.url).get("A")
    assert len(faulty.asked) == 1


def test_by_hand_refuses_everything_in_words() -> None:
    manual = ManualConnector()
    for ask in (manual.list_accounts, lambda: manual.get("A"), lambda: manual.deactivate("A"),
                lambda: manual.replace("A", name="x", email="y")):  # fmt: skip
        with pytest.raises(ConnectorError, match="no connector") as refused:
            ask()
        assert not refused.value.temporary
