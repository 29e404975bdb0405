"""/api/v1/userids/ (UID-15, KER-14): rights of the pages, one error shape, repeats without harm, no 5xx."""

from __future__ import annotations

import json
from datetime import timedelta
from typing import Any

import pytest
from django.core.files.uploadedfile import SimpleUploadedFile
from django.core.management import call_command
from django.db import connection
from django.test import Client
from django.test.utils import CaptureQueriesContext
from django.utils import timezone
from hypothesis import given, settings
from hypothesis import strategies as st

from occ.api.authentication import token_create
from occ.api.models import ApiToken
from occ.people.choices import Role
from tests.factories import PDF, Floor, account, person, user
from tests.userids.test_ladder import in_threads
from userids.models import Account, DeactivationRequest, Resignation

pytestmark = pytest.mark.req("UID-15", "KER-14")
BASE = "/api/v1/userids"


class Api:
    """A client with a token."""

    def __init__(self, actor: Any) -> None:
        token = token_create(name=f"{actor}-{ApiToken.objects.count()}", user=actor, now=timezone.now())
        self.client = Client(headers={"Authorization": f"Token {token}"}, raise_request_exception=False)

    def get(self, path: str, **query: Any) -> Any:
        return self.client.get(f"{BASE}{path}", query)

    def post(self, path: str, data: Any, **headers: str) -> Any:
        return self.client.post(f"{BASE}{path}", json.dumps(data), content_type="application/json", headers=headers)


@pytest.fixture
def support(floor: Floor) -> Api:
    return Api(floor.support)


def day(days: int) -> str:
    return (timezone.localdate() + timedelta(days=days)).isoformat()


def test_a_resignation_posted_by_a_machine_opens_the_requests(floor: Floor, support: Api) -> None:
    answer = support.post("/resignations/", {"employee": floor.agent.number, "last_working_day": day(3)})
    assert answer.status_code == 201, answer.content
    assert answer.json()["employee"] == floor.agent.number
    (request,) = support.get("/requests/").json()["results"]
    assert (request["status"], request["user_id"]) == ("requested", floor.account.user_id)
    assert request["transitions"] == ["cancel"]


def test_the_whole_way_by_api(floor: Floor, support: Api) -> None:
    leader = Api(floor.leader)
    support.post("/resignations/", {"employee": floor.agent.number, "last_working_day": day(-1)})
    pk = floor.request.pk
    assert leader.post(f"/requests/{pk}/start/", {}).json()["status"] == "in_progress"
    assert leader.post(f"/requests/{pk}/fail/", {"note": "galat"}).json()["status"] == "failed"
    leader.post(f"/requests/{pk}/start/", {})
    assert leader.post(f"/requests/{pk}/confirm/", {}).json()["field"] == "evidence"
    done = leader.post(f"/requests/{pk}/confirm/", {"text": "log"}).json()
    assert done["status"] == "deactivated"
    assert support.post(f"/requests/{pk}/document/", {}).json()["status"] == "documented"
    new = person(floor.jkt)
    asked = support.post("/replacements/", {"account": floor.account.pk, "employee": new.number, "email": new.email})
    assert asked.status_code == 201, asked.content
    made = asked.json()["id"]
    leader.post(f"/replacements/{made}/start/", {})
    refused = leader.post(f"/replacements/{made}/confirm/", {"text": "x", "sessions_revoked": True})
    assert refused.status_code == 422


def test_evidence_may_be_a_file(floor: Floor, support: Api) -> None:
    floor.resign(timezone.localdate(), now=timezone.now())
    leader = Api(floor.leader)
    leader.post(f"/requests/{floor.request.pk}/start/", {})
    file = SimpleUploadedFile("bukti.pdf", PDF)
    answer = leader.client.post(f"{BASE}/requests/{floor.request.pk}/confirm/", {"file": file})
    assert answer.json()["status"] == "deactivated"


def test_as_of_says_who_held_it_then(floor: Floor, support: Api) -> None:
    before = floor.account.activated_at
    assert before is not None
    (row,) = support.get("/accounts/", as_of=before.isoformat(), q=floor.account.user_id).json()["results"]
    assert (row["status"], row["holder"]["employee"]) == ("active", floor.agent.number)
    assert support.get("/accounts/", as_of=(before - timedelta(1)).isoformat()).json()["results"] == []


def test_pages_follow_each_other_without_gap_or_double(floor: Floor, support: Api) -> None:
    for _one in range(6):
        account(person(floor.jkt))
    seen, url = [], f"{BASE}/accounts/?size=3"
    while url:
        page = support.client.get(url).json()
        seen += [row["user_id"] for row in page["results"]]
        url = page["next"]
    assert seen == list(Account.objects.order_by("user_id").values_list("user_id", flat=True))
    assert len(seen) == 7


def test_the_number_of_queries_does_not_grow_with_the_rows(floor: Floor, support: Api) -> None:
    def cost() -> int:
        with CaptureQueriesContext(connection) as queries:
            support.get("/accounts/")
        return len(queries)

    before = cost()
    for _one in range(5):
        account(person(floor.jkt))
    assert cost() == before <= 6


@pytest.mark.parametrize(
    ("path", "data", "status", "code", "field"),
    [
        ("/resignations/", {}, 400, "required", "employee"),
        (
            "/resignations/",
            {"employee": "nobody", "last_working_day": "2030-01-01"},
            422,
            "unknown_employee",
            "employee",
        ),
        ("/resignations/", {"employee": "x", "last_working_day": "31-02-2026"}, 400, "invalid", "last_working_day"),
        ("/requests/999999/start/", {}, 404, "not_found", None),
        ("/replacements/", {"account": 10**30, "employee": "x", "email": "no"}, 400, "max_value", "account"),
        ("/nothing/", {}, 404, "not_found", None),
    ],
)
def test_errors_have_one_shape(
    support: Api, path: str, data: dict[str, Any], status: int, code: str, field: str | None
) -> None:
    answer = support.post(path, data)
    body = answer.json()
    assert (answer.status_code, body["code"], body["field"]) == (status, code, field)
    assert body["message"]
    assert "index" in body


def test_without_a_right_nothing_happens(floor: Floor, support: Api) -> None:
    floor.resign(timezone.localdate(), now=timezone.now())
    pk = floor.request.pk
    foreign = Api(user(Role.TEAM_LEADER, floor.ygy))
    assert support.post(f"/requests/{pk}/start/", {}).status_code == 403
    assert foreign.post(f"/requests/{pk}/start/", {}).status_code == 404
    assert foreign.get(f"/requests/{pk}/").status_code == 404
    assert DeactivationRequest.objects.get(pk=pk).status == "requested"


def test_a_token_that_is_revoked_or_wrong_opens_nothing(floor: Floor, support: Api) -> None:
    ApiToken.objects.update(revoked_at=timezone.now())
    answer = support.get("/accounts/")
    assert (answer.status_code, answer.json()["code"]) == (401, "authentication_failed")
    for header in ("Token", "Token x y", "Token \xff", "Bearer x"):
        assert Client(headers={"Authorization": header}).get(f"{BASE}/accounts/").status_code == 401


def test_a_session_needs_its_csrf_token(floor: Floor) -> None:
    client = Client(enforce_csrf_checks=True)
    client.force_login(floor.support)
    assert client.post(f"{BASE}/resignations/", {}).status_code == 403


def test_the_token_is_printed_once_and_kept_as_a_hash(floor: Floor, capsys: pytest.CaptureFixture[str]) -> None:
    call_command("create_token", "hr", role="support", site="JKT")
    token = capsys.readouterr().out.strip()
    assert Client(headers={"Authorization": f"Token {token}"}).get(f"{BASE}/accounts/").status_code == 200
    assert not ApiToken.objects.filter(digest__contains=token).exists()


def test_a_repeated_post_does_its_deed_once(floor: Floor, support: Api) -> None:
    data = {"employee": floor.agent.number, "last_working_day": day(3)}
    first, again = (support.post("/resignations/", data, **{"Idempotency-Key": "a"}) for _time in range(2))
    assert (first.status_code, first.json()) == (again.status_code, again.json()) == (201, first.json())
    other = support.post("/resignations/", data | {"note": "x"}, **{"Idempotency-Key": "a"})
    assert (other.status_code, other.json()["code"]) == (422, "idempotency_key_reused")
    assert Resignation.objects.count() == 1


def test_a_refused_post_may_be_repeated_with_the_same_key(floor: Floor, support: Api) -> None:
    data = {"employee": floor.agent.number, "last_working_day": "2000-01-01"}
    assert support.post("/resignations/", data, **{"Idempotency-Key": "b"}).status_code == 422
    data["last_working_day"] = day(3)
    assert support.post("/resignations/", data, **{"Idempotency-Key": "b"}).status_code == 201


def test_two_posts_at_once_with_one_key_do_one_deed(live_floor: Floor) -> None:
    api = Api(live_floor.support)
    data = {"employee": live_floor.agent.number, "last_working_day": day(3)}
    answers = in_threads(3, lambda: api.post("/resignations/", data, **{"Idempotency-Key": "c"}).status_code)
    assert answers == [201, 201, 201]
    assert Resignation.objects.count() == 1


def test_the_schema_is_complete(floor: Floor) -> None:
    call_command("spectacular", validate=True, fail_on_warn=True, file="/dev/null")


HOSTILE = st.recursive(
    st.none() | st.booleans() | st.integers() | st.floats(allow_nan=False) | st.text()
    | st.sampled_from(["\x00", "\ud800", "9" * 400, "2026-02-30", "1e400", "=1+1", "' OR 1=1 --"]),
    lambda inner: st.lists(inner, max_size=3) | st.dictionaries(st.text(max_size=5), inner, max_size=3),
    max_leaves=6,
)  # fmt: skip
FIELDS = ["employee", "last_working_day", "reason", "note", "letter", "account", "email", "text", "file",
          "inactive_since", "sessions_revoked"]  # fmt: skip
PATHS = ["/resignations/", "/replacements/", "/requests/{}/start/", "/requests/{}/confirm/", "/requests/{}/cancel/"]


@settings(max_examples=120, deadline=None, derandomize=True)
@given(path=st.sampled_from(PATHS), body=st.dictionaries(st.sampled_from(FIELDS), HOSTILE) | HOSTILE)
def test_hostile_json_is_never_a_server_error(hostile: tuple[Floor, Api], path: str, body: Any) -> None:
    floor, api = hostile
    answer = api.post(path.format(floor.request.pk), body)
    assert answer.status_code < 500, (path, body, answer.content[:300])


@settings(max_examples=80, deadline=None, derandomize=True)
@given(query=st.dictionaries(st.sampled_from(["as_of", "q", "status", "site", "after", "size", "account"]), st.text()))
def test_hostile_queries_are_never_a_server_error(hostile: tuple[Floor, Api], query: dict[str, str]) -> None:
    for path in ("/accounts/", "/assignments/", "/requests/"):
        answer = hostile[1].get(
            path, **{key: value.encode("utf-8", "replace").decode() for key, value in query.items()}
        )
        assert answer.status_code < 500, (path, query)


@pytest.mark.parametrize("body", [b"", b"{", b"[" * 100_000, b'"\xff"', b'{"employee": "\\ud800"}', b"NaN", b"null"])
def test_what_is_no_json_is_a_bad_request(support: Api, body: bytes) -> None:
    answer = support.client.post(f"{BASE}/resignations/", body, content_type="application/json")
    assert (answer.status_code, set(answer.json()) >= {"code", "message"}) == (400, True)


@pytest.fixture
def hostile(floor: Floor) -> tuple[Floor, Api]:
    floor.resign(timezone.localdate(), now=timezone.now())
    return floor, Api(floor.support)
