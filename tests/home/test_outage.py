"""While the database is away every address says so, in words, and asks to come again (KER-7, KER-14)."""

from __future__ import annotations

from typing import Any

import psycopg2
import pytest
from django.db import OperationalError, connection
from django.test import Client
from django.utils import timezone

from occ.api.authentication import token_create
from occ.home.outage import is_away
from tests.factories import Floor

pytestmark = pytest.mark.req("KER-14")


class Away:
    """Every query fails as one does whose server is gone."""

    def __init__(self, error: Exception) -> None:
        self.error = error

    def __call__(self, execute: Any, sql: str, params: Any, many: bool, context: Any) -> Any:
        raise self.error


@pytest.fixture
def clients(floor: Floor) -> tuple[Client, Client]:
    page = Client(raise_request_exception=False)
    page.force_login(floor.support)
    token = token_create(name="x", user=floor.support, now=timezone.now())
    return page, Client(headers={"Authorization": f"Token {token}"}, raise_request_exception=False)


def lost() -> OperationalError:
    error = OperationalError("server closed the connection unexpectedly")
    error.__cause__ = psycopg2.OperationalError()
    return error


def test_pages_and_api_say_503_while_it_is_away_and_answer_when_it_is_back(clients: tuple[Client, Client]) -> None:
    page, api = clients
    with connection.execute_wrapper(Away(lost())):
        for language, words in (("en", "OCC is not ready"), ("id", "OCC belum siap")):
            page.cookies["django_language"] = language
            answer = page.get("/")
            assert (answer.status_code, answer.headers["Retry-After"]) == (503, "30")
            assert words in answer.content.decode()
        answer = api.get("/api/v1/userids/accounts/")
        assert (answer.status_code, answer.json()["code"]) == (503, "not_ready")
        assert page.get("/", headers={"HX-Request": "true"}).headers["Content-Type"].startswith("text/plain")
        assert Client().get("/healthz").json() == {"alive": True, "beat": ["unknown"]}
        assert Client().get("/readyz").status_code == 503
    assert page.get("/").status_code == 200 == api.get("/api/v1/userids/accounts/").status_code


def test_a_mistake_of_ours_is_500_in_words_and_in_the_api_in_json(clients: tuple[Client, Client]) -> None:
    page, api = clients
    with connection.execute_wrapper(Away(ValueError("a bug"))):
        page.cookies["django_language"] = "en"
        answer = page.get("/")
        assert answer.status_code == 500 and "OCC made a mistake" in answer.content.decode()
        answer = api.get("/api/v1/userids/accounts/")
        assert (answer.status_code, answer.json()["code"]) == (500, "server_error")
        assert b"a bug" not in answer.content


@pytest.mark.parametrize(
    ("code", "away"),
    [(None, True), ("08006", True), ("53100", True), ("53300", True), ("57P01", True), ("57P03", True),
     ("40P01", True), ("57014", False)],
)  # fmt: skip
def test_only_what_passes_by_itself_is_away(code: str | None, away: bool) -> None:
    class Cause(psycopg2.OperationalError):
        pgcode = code

    error = OperationalError("x")
    error.__cause__ = Cause()
    assert is_away(error) is is_away(Cause()) is away
    assert is_away(psycopg2.InterfaceError("connection already closed"))
    assert not is_away(None) and not is_away(KeyError())


def test_what_reaches_no_view_of_the_api_is_json_too(clients: tuple[Client, Client]) -> None:
    api = clients[1]
    for path in ("/api/v1/nothing/", "/api/v1/userids/requests/6/%0Ax/", "/api/v2/"):
        answer = api.post(path)
        assert (answer.status_code, answer.json()["code"]) == (404, "not_found"), path
    answer = api.get("/api/v1/userids/accounts/", headers={"Host": "elsewhere.test"})
    assert (answer.status_code, answer.json()["code"]) == (400, "bad_request")
    assert "<html" in api.get("/nothing/").content.decode()
