"""What every page shares: the wall, languages, headers, lists that remember, health (KER-9, KER-12, KER-13, KER-15)."""

from __future__ import annotations

import json
import logging
import re
from datetime import timedelta
from typing import Any

import pytest
from django.db import connection
from django.test import Client
from django.test.utils import CaptureQueriesContext
from django.urls import reverse
from django.utils import timezone

from occ.ledger import heartbeats
from occ.logs import JsonFormatter, request_id
from occ.obligations.models import Obligation
from occ.obligations.services import obligation_open
from occ.people.actors import BEAT
from occ.people.choices import Role
from occ.runtime.servers import free_port
from tests.factories import PASSWORD, PDF, Floor, account, person, user
from userids.models import Account, DeactivationRequest
from userids.policies import REVIEW_BREACH
from userids.services import deactivations

LISTS = ["userids:accounts", "userids:deactivations", "userids:breaches", "userids:resignations",
         "userids:replacements", "obligations", "home", "userids:dashboard", "compliance", "inbox"]  # fmt: skip


@pytest.fixture
def client(floor: Floor) -> Client:
    client = Client()
    client.force_login(floor.support)
    return client


def test_the_latest_messages_are_the_newest_whether_read_or_not(floor: Floor, client: Client) -> None:
    now = timezone.now()
    for n in range(8):  # the older the later its row, the newest ones read
        row = {"kind": "sdm.discipline.told", "params": {"label": "PB-1"}, "created_at": now - timedelta(hours=n)}
        floor.leader.notifications.create(key=f"k{n}", read_at=now if n < 3 else None, **row)
    client.force_login(floor.leader)
    latest = client.get(reverse("home")).context["latest"]
    assert [one.key for one in latest] == [f"k{n}" for n in range(6)]


def resign(floor: Floor, number: int, *, in_days: int = -3) -> None:
    """So many people, each with an ID and a resignation."""
    for _one in range(number):
        leaver = person(floor.jkt, team=floor.team)
        account(leaver)
        deactivations.resignation_record(
            person_id=leaver.pk, last_working_day=timezone.localdate() + timedelta(days=in_days), actor=floor.support,
            now=timezone.now(),
        )  # fmt: skip


@pytest.mark.req("KER-12")
@pytest.mark.parametrize("name", LISTS)
def test_the_number_of_queries_does_not_grow_with_the_rows(floor: Floor, client: Client, name: str) -> None:
    def cost() -> int:
        with CaptureQueriesContext(connection) as queries:
            assert client.get(reverse(name)).status_code == 200
        return len(queries)

    resign(floor, 1)
    cost()  # what is looked up once per process
    before = cost()
    resign(floor, 4)
    assert cost() == before <= 26


@pytest.mark.req("KER-12")
def test_a_list_remembers_its_filter_until_it_is_cleared(floor: Floor, client: Client) -> None:
    url = reverse("userids:accounts")
    client.get(url, {"status": "inactive", "q": ""})
    assert client.get(url).headers["Location"] == f"{url}?status=inactive"
    words = "Disaring seperti terakhir kali"
    assert words in client.get(f"{url}?status=inactive").content.decode()
    assert words not in client.get(f"{url}?status=inactive").content.decode(), "by choice, this time"
    client.get(url, {"status": "inactive", "q": "Siti"})
    assert client.get(url).headers["Location"] == f"{url}?status=inactive", "what was typed to find is forgotten"
    client.get(url, {"status": "inactive", "as_of": "2026-01-05T09:00"})
    assert client.get(url).headers["Location"] == f"{url}?status=inactive", "and so is an instant of the past"
    client.get(url, {"clear": "1"})
    assert client.get(url).status_code == 200


@pytest.mark.req("KER-12", "UID-16")
def test_the_logbook_is_found_by_word_beginning_id_name_number_and_email(floor: Floor, client: Client) -> None:
    url, agent = reverse("userids:accounts"), floor.agent
    account(person(floor.jkt, name="Orang Lain Sekali"))
    for text in (floor.account.user_id, floor.account.user_id[:6].lower(), agent.name, agent.number, agent.email):
        assert floor.account.user_id in client.get(url, {"q": text}).content.decode(), text
    page = client.get(url, {"q": "sekal"}).content.decode()
    assert "Orang Lain Sekali" in page
    assert floor.account.user_id not in page
    for text in ("'", "&|!", "\x00", "a" * 500, ":*", "\\"):
        assert client.get(url, {"q": text}).status_code == 200


@pytest.mark.req("UID-16")
@pytest.mark.parametrize(("enough", "rare"), [(1, 5_000), (50, 5_000), (50, 0)])
def test_rare_and_common_words_find_the_same(
    floor: Floor, monkeypatch: pytest.MonkeyPatch, enough: int, rare: int
) -> None:
    monkeypatch.setattr("occ.search.ENOUGH", enough)
    monkeypatch.setattr("occ.search.RARE", rare)
    others = [account(person(floor.jkt, name=f"Budi Ke{i}")) for i in range(3)]
    found = Account.objects.search("bud").order_by("user_id")
    assert list(found) == sorted(others, key=lambda one: one.user_id)
    assert list(Account.objects.filter(site=floor.ygy).search("bud")) == []
    assert Account.objects.search("  ").count() == 4


@pytest.mark.req("KER-12")
@pytest.mark.parametrize("name", LISTS)
@pytest.mark.parametrize(
    "query",
    ["sort=nonsense", "after=x", "after=WyJhIiwgMV0", "after=WyJcdWQ4MDAiLCAxXQ", "after=" + "W1tb" * 400,
     "after=" + "W1tb" * 9000, "before=%00", "status=no&site=x", "as_of=never", "due_from=x", "month=2026-99",
     "page=-1"],
)  # fmt: skip
def test_nonsense_in_the_address_is_no_error(client: Client, name: str, query: str) -> None:
    assert client.get(f"{reverse(name)}?{query}").status_code == 200


@pytest.mark.req("UID-1", "UID-16")
def test_the_page_answers_who_held_it_then(floor: Floor, client: Client) -> None:
    at = timezone.localtime(floor.account.activated_at) + timedelta(days=1)  # type: ignore[operator]
    page = client.get(reverse("userids:accounts"), {"as_of": at.strftime("%Y-%m-%dT%H:%M"), "q": floor.account.user_id})
    assert floor.agent.name in page.content.decode()
    nobodys = account(None, floor.jkt)
    for status, shown in (("active", True), ("inactive", False)):
        asked = {"as_of": at.strftime("%Y-%m-%dT%H:%M"), "status": status}
        assert (nobodys.user_id in client.get(reverse("userids:accounts"), asked).content.decode()) is shown
    before = (at - timedelta(days=3)).strftime("%Y-%m-%dT%H:%M")
    assert floor.agent.name not in client.get(reverse("userids:accounts"), {"as_of": before}).content.decode()


@pytest.mark.req("UID-16", "UID-3")
def test_support_leader_and_coordinator_do_their_day_by_pages(floor: Floor) -> None:
    """Record, start, fail, start, confirm with a file, document: as people click it."""
    from django.core.files.uploadedfile import SimpleUploadedFile

    def acting(actor: Any) -> Client:
        one = Client()
        assert one.login(username=actor.username, password=PASSWORD)
        return one

    support, leader = acting(floor.support), acting(floor.leader)
    pdf = SimpleUploadedFile("surat.pdf", PDF)
    data = {"person": floor.agent.number, "last_working_day": timezone.localdate().isoformat(), "reason": "resignation"}
    recorded = support.post(reverse("userids:resignation_new"), data | {"letter": pdf})
    assert recorded.status_code == 302, recorded.content.decode()
    assert "surat.pdf" in support.get(recorded.headers["Location"]).content.decode()
    assert floor.account.user_id in leader.get(reverse("home")).content.decode()
    url = floor.request.get_absolute_url()
    assert leader.post(f"{url}start/").status_code == 302
    assert leader.post(f"{url}fail/", {"note": ""}).status_code == 422
    assert leader.post(f"{url}fail/", {"note": "galat"}).status_code == 302
    leader.post(f"{url}start/")
    assert leader.post(f"{url}confirm/", {"text": ""}).status_code == 422
    fake = SimpleUploadedFile("bukti.png", b"MZ not a picture")
    assert leader.post(f"{url}confirm/", {"file": fake}).status_code == 422
    proof = SimpleUploadedFile("bukti.pdf", PDF)
    assert leader.post(f"{url}confirm/", {"file": proof}).status_code == 302
    assert support.post(f"{url}document/").status_code == 302
    page = support.get(url).content.decode()
    assert "bukti.pdf" in page
    assert floor.request.status == "documented"
    assert support.post(f"{url}document/").status_code in {409, 422}


@pytest.mark.req("KER-13")
def test_the_language_is_the_persons_until_another_is_chosen(floor: Floor, client: Client) -> None:
    assert "Hari ini" in client.get("/").content.decode()
    client.post(reverse("set_language"), {"language": "en", "next": "/"})
    assert "Today" in client.get("/").content.decode()


@pytest.mark.req("KER-9")
def test_headers_keep_scripts_frames_and_copies_out(client: Client) -> None:
    answer = client.get("/")
    policy = answer.headers["Content-Security-Policy"]
    assert "default-src 'self'" in policy
    assert "unsafe" not in policy
    assert answer.headers["X-Frame-Options"] == "DENY"
    assert answer.headers["Cache-Control"] == "private, no-cache"
    assert "camera=()" in answer.headers["Permissions-Policy"]


@pytest.mark.req("KER-14")
def test_a_refusal_is_a_page_in_words(floor: Floor) -> None:
    client = Client()
    client.force_login(user(Role.AUDITOR))
    answer = client.get(reverse("userids:resignation_new"))
    assert answer.status_code == 403
    assert "Peran Anda tidak mencakup" in answer.content.decode()


@pytest.mark.req("KER-15", "KER-7")
def test_ready_when_all_answer_and_beat_has_run(db: None) -> None:
    assert Client().get("/readyz").json()["beat"] is False
    for name in heartbeats.EXPECTED:
        heartbeats.leave(name, now=timezone.now(), did=0)
    answer = Client().get("/readyz")
    assert (answer.status_code, set(answer.json().values())) == (200, {True})
    assert Client().get("/healthz").json() == {"alive": True, "beat": [], "floor": False}


@pytest.mark.req("KER-15")
def test_not_ready_without_the_broker(db: None, settings: Any) -> None:
    settings.REDIS_URL = f"redis://127.0.0.1:{free_port()}/0"
    answer = Client().get("/readyz")
    assert (answer.status_code, answer.json()["broker"], answer.json()["database"]) == (503, False, True)


@pytest.mark.req("KER-7")
def test_a_beat_that_did_not_run_is_said_on_every_page(floor: Floor, client: Client) -> None:
    old = timezone.now() - timedelta(hours=1)
    for name in heartbeats.EXPECTED:
        heartbeats.leave(name, now=old, did=0)
    assert "penjadwal tidak melapor" in client.get("/").content.decode()
    for name in heartbeats.EXPECTED:
        heartbeats.leave(name, now=timezone.now(), did=0)
    assert "penjadwal tidak melapor" not in client.get("/").content.decode()
    assert Client().get("/healthz").json()["beat"] == []


@pytest.mark.req("KER-15")
def test_a_log_line_is_one_json_object_with_its_request() -> None:
    token = request_id.set("abc")
    try:
        record = logging.makeLogRecord({"msg": "said %s", "args": ("so",), "levelname": "INFO", "name": "occ"})
        line = json.loads(JsonFormatter().format(record))
    finally:
        request_id.reset(token)
    assert (line["message"], line["request"], line["level"]) == ("said so", "abc", "info")


@pytest.mark.req("KER-9")
def test_search_finds_only_what_the_role_covers(floor: Floor, client: Client) -> None:
    foreign = Client()
    foreign.force_login(user(Role.COORDINATOR, floor.ygy))
    text = {"q": floor.account.user_id}
    assert floor.agent.name in client.get(reverse("search"), text).content.decode()
    assert floor.agent.name not in foreign.get(reverse("search"), text).content.decode()


@pytest.mark.req("UID-16")
def test_today_shows_an_agent_the_own_ids_and_document_control_what_expires(floor: Floor, client: Client) -> None:
    from occ.documents.models import IssuedDocument
    from occ.documents.services import document_issue
    from userids.documents import LOGBOOK, logbook_body

    agent = user(Role.AGENT, floor.jkt)
    agent.person = floor.agent
    agent.save(update_fields=["person"])
    client.force_login(agent)
    assert floor.account.user_id in client.get("/").content.decode()
    control = user(Role.DOCUMENT_CONTROL)
    body = logbook_body(rows=[], totals={}, site="JKT", period=None, as_of=timezone.localdate(), language="id")
    issued = [
        document_issue(type=LOGBOOK, site=floor.jkt, subject=None, title="Logbook", data=body, language="id",
                       actor=control, now=timezone.now() - timedelta(days=back))
        for back in (720, 0)
    ]  # fmt: skip
    client.force_login(control)
    page = client.get("/").content.decode()
    assert [one.full_number in page for one in issued] == [True, False]
    assert IssuedDocument.objects.count() == 2


@pytest.mark.req("KER-15")
def test_metrics_are_for_who_holds_the_token_and_name_nobody(floor: Floor, settings: Any) -> None:
    resign(floor, 2)
    visitor = Client()
    settings.DEMO, settings.METRICS_TOKEN = False, ""
    assert visitor.get("/metrics").status_code == 404
    settings.METRICS_TOKEN = "a-long-token"
    assert visitor.get("/metrics").status_code == 404
    assert visitor.get("/metrics", headers={"Authorization": "Bearer wrong"}).status_code == 404
    heartbeats.leave("sweep", now=timezone.now() - timedelta(seconds=90), did=0)
    text = visitor.get("/metrics", headers={"Authorization": "Bearer a-long-token"}).content.decode()
    assert 'occ_obligations{rule="userids.deactivate",state="open"} 2.0' in text
    age = re.search(r'occ_beat_age_seconds{duty="sweep"} ([0-9.]+)', text)
    assert age and 89 < float(age[1]) < 120
    assert 'view="metrics"' in text and floor.agent.name not in text


@pytest.mark.req("KER-12")
def test_today_shows_the_own_duties_first_and_how_many_more_there_are(floor: Floor) -> None:
    """The coordinator's reviews come before what team leaders owe, however much later they are due."""
    resign(floor, 26, in_days=3)
    coordinator = user(Role.COORDINATOR, floor.jkt)
    request = DeactivationRequest.objects.order_by("pk").first()
    assert request is not None
    now = timezone.now()
    duty = obligation_open(
        rule=REVIEW_BREACH, subject=request, label="own", site=floor.jkt, team=None, starts_at=now,
        due_at=now + timedelta(days=90), actor=BEAT, now=now,
    )  # fmt: skip
    client = Client()
    client.force_login(coordinator)
    page = client.get("/")
    own = [one for one in page.context["due"] if not one.others]
    assert own == [duty] == page.context["due"][:1]
    assert len(page.context["due"]) == 1 + 8, "of what others owe, the soonest"
    assert page.context["due_more"] == page.context["open_count"] - 9 > 0
    body = page.content.decode()
    assert "/obligations/?state=overdue&amp;sort=due" in body and "Semua yang masih terbuka" in body
    assert f"{page.context['due_more']} lagi." in body


@pytest.mark.req("KER-12")
def test_compliance_begins_with_this_month_and_is_filtered(floor: Floor, client: Client) -> None:
    resign(floor, 1)
    deactivations.resignation_record(
        person_id=floor.agent.pk, last_working_day=timezone.localdate() + timedelta(days=70), actor=floor.support,
        now=timezone.now(),
    )  # fmt: skip
    url = reverse("compliance")
    page = client.get(url).context
    today = timezone.localdate()
    assert {one.month <= today for one in page["rows"]} == {True}
    assert {one.month > today for one in page["coming"]} == {True}
    assert not client.get(url, {"site": "YGY"}).context["rows"]
    later = client.get(url, {"first": f"{page['coming'][0].month:%Y-%m}", "clause": "SOP-UID 5.1"}).context
    assert not later["rows"] and later["coming"]
    assert client.get(url, {"last": f"{page['rows'][-1].month:%Y-%m}"}).context["coming"] == []
    old = timezone.now() - timedelta(days=200)
    Obligation.objects.filter(pk=Obligation.objects.order_by("pk")[0].pk).update(starts_at=old, due_at=old)
    told = [any(one.month < today - timedelta(days=150) for one in rows) for rows in (
        client.get(url).context["rows"], client.get(url, {"all": "1"}).context["rows"],
        client.get(url, {"last": f"{today:%Y-%m}"}).context["rows"],
    )]  # fmt: skip
    assert told == [False, True, True]
    wrong = client.get(url, {"first": "2026-13"})
    assert wrong.status_code == 200 and wrong.context["rows"] and wrong.context["form"].errors


@pytest.mark.req("UID-16", "KER-12")
def test_deactivations_begin_with_the_most_overdue_and_page_on_in_that_order(floor: Floor, client: Client) -> None:
    resign(floor, 52)
    done = DeactivationRequest.objects.order_by("pk").first()
    assert done is not None
    DeactivationRequest.objects.filter(pk=done.pk).update(status="cancelled")
    now = timezone.now()
    for n, pk in enumerate(DeactivationRequest.objects.exclude(pk=done.pk).values_list("pk", flat=True)):
        DeactivationRequest.objects.filter(pk=pk).update(due_at=now + timedelta(hours=(n * 17) % 60 - 30))
    url = reverse("userids:deactivations")
    first = client.get(url).context["page"]
    second = client.get(url + first.next_url).context["page"]
    rows = [*first.rows, *second.rows]
    assert len({one.pk for one in rows}) == 52 and rows[-1].pk == done.pk, "what is done comes last"
    dues = [one.due_at.replace(microsecond=0) for one in rows[:-1]]
    assert dues == sorted(dues)
    back = client.get(url + second.previous_url).context["page"]
    assert [one.pk for one in back.rows] == [one.pk for one in first.rows]


@pytest.mark.req("KER-13")
def test_what_is_not_found_offers_a_search(client: Client) -> None:
    page = client.get("/no/such/page/")
    assert page.status_code == 404
    assert 'action="/search/"' in page.content.decode()
