"""Log-in through an identity provider (KER-9), against a real provider process on loopback."""

from __future__ import annotations

import json
import subprocess
import sys
import threading
import time
import urllib.error
import urllib.request
from collections.abc import Iterator
from datetime import timedelta
from pathlib import Path
from typing import Any
from urllib.parse import parse_qs, urlencode, urlsplit

import jwt
import pytest
from allauth.socialaccount.models import SocialAccount
from django.test import Client
from django.utils import timezone

from occ import env
from occ.ledger.models import Entry
from occ.login import openid
from occ.login.services import identities
from occ.people.choices import Role
from occ.people.models import User
from occ.runtime.servers import answers, free_port
from tests.factories import Floor, user
from tests.login.conftest import code_at, demand, equip, inside
from tests.processes import end
from tests.userids.test_ladder import in_threads

pytestmark = pytest.mark.req("KER-9")
CLAIMS = [
    {"sub": "s-support", "preferred_username": "Support.ALL", "email": "x@x.test"},
    {"sub": "s-other", "preferred_username": "support.all"},
    {"sub": "s-manager", "preferred_username": "manager.all"},
    {"sub": "s-unknown", "preferred_username": "nobody", "email": "support.all@x.test", "email_verified": True},
    {"sub": "s-number", "preferred_username": "x", "employee": "E-77"},
    {"sub": "s-unverified", "email": "mail@x.test"},
    {"sub": "s-verified", "email": "mail@x.test", "email_verified": True},
    {"sub": "s-odd", "preferred_username": ["support.all"]},
]


@pytest.fixture(scope="module")
def provider(tmp_path_factory: pytest.TempPathFactory) -> Iterator[str]:
    port = free_port()
    words = [sys.executable, "-m", "oidc_provider_mock", "--port", str(port), "--require-nonce", "true"]
    for one in CLAIMS:
        words += ["--user-claims", json.dumps(one)]
    log: Path = tmp_path_factory.mktemp("oidc") / "log"
    with open(log, "wb") as out:
        process = subprocess.Popen(words, stdout=out, stderr=out)
        try:
            began = time.monotonic()
            while not answers(port):
                assert process.poll() is None and time.monotonic() - began < 30, log.read_text()
                time.sleep(0.1)
            yield f"http://127.0.0.1:{port}"
        finally:
            end(process)


@pytest.fixture(autouse=True)
def configured(provider: str, settings: Any, monkeypatch: pytest.MonkeyPatch) -> None:
    configure(settings, monkeypatch, provider)


def configure(settings: Any, monkeypatch: pytest.MonkeyPatch, issuer: str, match: str = "") -> None:
    given = {"OIDC_ISSUER": issuer, "OIDC_CLIENT_ID": "occ", "OIDC_CLIENT_SECRET": "secret", "OIDC_NAME": "SSO",
             "OIDC_MATCH": match}  # fmt: skip
    for name, value in given.items():
        monkeypatch.setenv(name, value)
    settings.OIDC = env.openid()
    settings.SOCIALACCOUNT_PROVIDERS = {"openid_connect": {"APPS": [settings.OIDC["app"]]}}


class Stay(urllib.request.HTTPRedirectHandler):
    def redirect_request(self, *args: Any) -> None:
        return None


def approve(address: str, subject: str) -> str:
    """What somebody does at the provider: choose who they are; the path it leads back to."""
    request = urllib.request.Request(address, urlencode({"sub": subject, "action": "authorize"}).encode())
    with pytest.raises(urllib.error.HTTPError) as answer:
        urllib.request.build_opener(Stay).open(request, timeout=10)
    assert answer.value.code == 302, answer.value.read()
    back = urlsplit(answer.value.headers["Location"])
    return f"{back.path}?{back.query}"


def begin(goal: str = "") -> tuple[Client, str]:
    client = Client()
    answer = client.get("/login/oidc/" + (f"?next={goal}" if goal else ""))
    assert answer.status_code == 302
    return client, answer["Location"]


def come(subject: str, goal: str = "") -> tuple[Client, Any]:
    client, address = begin(goal)
    return client, client.get(approve(address, subject))


def reasons() -> list[str]:
    found = Entry.objects.filter(action="user.login_refused").order_by("pk").values_list("data", flat=True)
    return [one["reason"] for one in found]


def test_a_known_user_comes_in_and_is_linked_by_subject(floor: Floor) -> None:
    client, answer = come("s-support", "/inbox/")
    assert (answer.status_code, answer["Location"]) == (302, "/inbox/")
    assert inside(client)
    linked = SocialAccount.objects.get()
    assert (linked.user, linked.uid, linked.extra_data) == (floor.support, "s-support", {})
    assert Entry.objects.filter(action="user.identity_linked", actor=floor.support).exists()
    assert Entry.objects.get(action="user.logged_in").data["methods"] == ["oidc"]
    User.objects.filter(pk=floor.support.pk).update(username="renamed")
    assert inside(come("s-support")[0]), "from now on the subject counts, not the name"


def test_it_is_asked_for_with_state_nonce_and_pkce(provider: str, floor: Floor) -> None:
    _client, address = begin()
    asked = parse_qs(urlsplit(address).query)
    assert address.startswith(f"{provider}/oauth2/authorize")
    assert asked["code_challenge_method"] == ["S256"] and asked["response_type"] == ["code"]
    assert len(asked["nonce"][0]) >= 32 and len(asked["state"][0]) >= 16


def test_who_is_unknown_is_refused_and_no_user_is_made(floor: Floor) -> None:
    count = User.objects.count()
    for subject in ("s-unknown", "s-odd"):
        client, answer = come(subject)
        assert answer["Location"] == "/login/" and not inside(client)
        assert len(client.get("/login/").context["messages"]) == 1
    assert User.objects.count() == count and not SocialAccount.objects.exists()
    assert reasons() == ["oidc_unknown"] * 2


def test_another_identity_with_the_same_name_opens_nothing(floor: Floor) -> None:
    assert inside(come("s-support")[0])
    assert not inside(come("s-other")[0])
    assert reasons() == ["oidc_other_identity"]


@pytest.mark.parametrize("linked", [False, True])
def test_a_leaver_is_refused(floor: Floor, linked: bool) -> None:
    if linked:
        come("s-support")[0].post("/logout/")
    User.objects.filter(pk=floor.support.pk).update(is_active=False)
    assert not inside(come("s-support")[0])
    User.objects.filter(pk=floor.support.pk).update(is_active=True, person=floor.agent)
    floor.agent.last_working_day = timezone.localdate() - timedelta(days=1)
    floor.agent.save()
    assert not inside(come("s-support")[0]), "also before beat has switched the log-in off"
    assert reasons() == ["off", "off"]


def test_a_role_that_needs_a_second_factor_needs_it_here_too(floor: Floor) -> None:
    demand(Role.MANAGER)
    secret = equip(floor.manager)
    client, answer = come("s-manager")
    assert answer["Location"] == "/login/code/" and not inside(client)
    client.post("/login/code/", {"code": code_at(secret, timezone.now())})
    assert inside(client)


def test_by_employee_number_and_by_a_verified_address(
    provider: str, floor: Floor, settings: Any, monkeypatch: Any
) -> None:
    configure(settings, monkeypatch, provider, "employee=number")
    floor.agent.number = "E-77"
    floor.agent.save()
    agent = User.objects.create_user("agent.x", person=floor.agent)
    assert inside(come("s-number")[0]) and SocialAccount.objects.get().user == agent
    configure(settings, monkeypatch, provider, "email=username")
    user(Role.WFM, name="mail@x.test")
    assert not inside(come("s-unverified")[0])
    assert inside(come("s-verified")[0])


def test_a_state_that_is_not_ours_or_was_used_is_refused(floor: Floor) -> None:
    client, address = begin()
    path = approve(address, "s-support")
    stranger = Client()
    assert not inside(stranger) and stranger.get(path)["Location"] == "/login/"
    assert not inside(stranger), "somebody else's browser"
    assert client.get(path.replace("state=", "state=x"))["Location"] == "/login/"
    assert not inside(client)
    client.get(path)
    assert inside(client)
    client.post("/logout/")
    client.get(path)
    assert not inside(client), "the same answer again"
    assert set(reasons()) == {"oidc_state"}


def test_the_first_log_in_by_two_tabs_at_once_lets_both_in(live_floor: Floor, monkeypatch: pytest.MonkeyPatch) -> None:
    """Both find nobody linked; who comes second to the lock finds what the first has linked."""
    both = threading.Barrier(2, timeout=20)
    found = identities.match

    def match(claims: dict[str, Any]) -> User | None:
        user = found(claims)
        both.wait()
        return user

    monkeypatch.setattr(identities, "match", match)
    tabs = [begin("/inbox/") for _tab in range(2)]
    waiting = [(client, approve(address, "s-support")) for client, address in tabs]
    answers = in_threads(2, lambda: (lambda tab: tab[0].get(tab[1])["Location"])(waiting.pop()))
    assert answers == ["/inbox/"] * 2 and all(inside(client) for client, _address in tabs)
    assert SocialAccount.objects.count() == 1
    assert Entry.objects.filter(action="user.identity_linked").count() == 1 and reasons() == []


def test_a_second_tab_of_one_browser_goes_on_too(floor: Floor) -> None:
    client, first = begin("/inbox/")
    second = client.get("/login/oidc/?next=/search/")["Location"]
    assert client.get(approve(first, "s-support"))["Location"] == "/inbox/"
    later = approve(second, "s-support")
    assert client.get(later)["Location"] == "/search/" and inside(client)
    assert client.get(later)["Location"] == "/", "an answer that was used opens nothing, and closes nothing"
    assert inside(client) and reasons() == []


def test_another_nonce_is_refused(floor: Floor) -> None:
    client, address = begin()
    nonce = parse_qs(urlsplit(address).query)["nonce"][0]
    client.get(approve(address.replace(nonce, "another-nonce"), "s-support"))
    assert not inside(client)
    assert reasons() == ["oidc_nonce"]


def test_another_issuer_is_refused(provider: str, floor: Floor, settings: Any, monkeypatch: pytest.MonkeyPatch) -> None:
    """The same process under another name says that it is somebody else: no browser is sent there."""
    configure(settings, monkeypatch, provider.replace("127.0.0.1", "localhost") + "/")
    settings.OIDC["issuer"] = "http://localhost:1"
    answer = Client().get("/login/oidc/")
    assert answer["Location"] == "/login/"
    assert reasons() == ["oidc_issuer"]


@pytest.mark.parametrize("forged", ["none", "hmac", "audience", "issuer", "expired", "signature", "subject"])
def test_a_token_that_is_not_the_providers_for_us_is_refused(
    floor: Floor, monkeypatch: pytest.MonkeyPatch, forged: str
) -> None:
    real = openid.Adapter.get_access_token_data

    def swap(self: Any, *args: Any, **kwargs: Any) -> dict[str, Any]:
        answer: dict[str, Any] = real(self, *args, **kwargs)
        header = jwt.get_unverified_header(answer["id_token"])
        claims = jwt.decode(answer["id_token"], options={"verify_signature": False})
        changes: dict[str, Any] = {
            "audience": {"aud": "another"}, "issuer": {"iss": "http://evil.test"}, "expired": {"exp": 1},
            "subject": {"sub": "s-manager"},
        }  # fmt: skip
        claims |= changes.get(forged, {})
        if forged == "none":
            return answer | {"id_token": jwt.encode(claims, None, algorithm="none")}
        if forged == "hmac":
            key = "k" * 40
            return answer | {"id_token": jwt.encode(claims, key, algorithm="HS256", headers={"kid": header["kid"]})}
        from cryptography.hazmat.primitives.asymmetric import rsa

        own = rsa.generate_private_key(public_exponent=65537, key_size=2048)
        return answer | {"id_token": jwt.encode(claims, own, algorithm="RS256", headers={"kid": header["kid"]})}

    monkeypatch.setattr(openid.Adapter, "get_access_token_data", swap)
    client, answer = come("s-support")
    assert answer["Location"] == "/login/" and not inside(client)
    assert reasons() in (["oidc_token"], ["oidc_algorithm"])


def test_userinfo_of_somebody_else_is_refused(floor: Floor, monkeypatch: pytest.MonkeyPatch) -> None:
    other = {"sub": "s-x", "preferred_username": "manager.all"}
    monkeypatch.setattr(openid.Adapter, "_fetch_user_info", lambda self, token: other)
    assert not inside(come("s-support")[0])
    assert reasons() == ["oidc_subject"]


@pytest.mark.parametrize(
    "query", ["", "?error=access_denied", "?code=x", "?state=x", "?code=%00&state=%00", "?error=x&state=" + "y" * 5000]
)
def test_a_callback_out_of_nowhere_is_no_error_page(floor: Floor, query: str) -> None:
    assert Client().get(f"/login/oidc/callback/{query}")["Location"] == "/login/"


def test_who_refuses_at_the_provider_is_back_at_the_log_in(floor: Floor) -> None:
    client, address = begin()
    state = parse_qs(urlsplit(address).query)["state"][0]
    assert client.get(f"/login/oidc/callback/?error=access_denied&state={state}")["Location"] == "/login/"
    assert reasons() == ["oidc_denied"]


def test_while_the_provider_is_away_the_page_says_so_and_the_password_works(
    floor: Floor, settings: Any, monkeypatch: pytest.MonkeyPatch
) -> None:
    client, address = begin()
    path = approve(address, "s-support")
    configure(settings, monkeypatch, f"http://127.0.0.1:{free_port()}")
    assert client.get(path)["Location"] == "/login/"
    assert client.get("/login/oidc/")["Location"] == "/login/"
    page = client.get("/login/")
    assert any("SSO" in str(one) for one in page.context["messages"])


def test_without_a_provider_there_is_neither_button_nor_page(floor: Floor, settings: Any) -> None:
    assert "/login/oidc/" in Client().get("/login/").content.decode()
    settings.OIDC = {}
    assert "/login/oidc/" not in Client().get("/login/").content.decode()
    assert Client().get("/login/oidc/").status_code == 404 == Client().get("/login/oidc/callback/").status_code


def test_sign_up_is_nowhere(floor: Floor) -> None:
    for path in ("/signup/", "/accounts/signup/", "/login/signup/", "/social/signup/", "/accounts/login/"):
        assert Client().get(path).status_code == 404
    from allauth.account.adapter import get_adapter

    assert get_adapter().is_open_for_signup(None) is False


@pytest.mark.parametrize(
    ("change", "said"),
    [
        ({"OIDC_ISSUER": "http://sso.example.id"}, "OIDC_ISSUER must begin with https"),
        ({"OIDC_CLIENT_ID": ""}, "OIDC_CLIENT_ID is not set"),
        ({"OIDC_CLIENT_SECRET": ""}, "OIDC_CLIENT_SECRET is not set"),
        ({"OIDC_MATCH": "email"}, "OIDC_MATCH must be"),
        ({"OIDC_MATCH": "sub=password"}, "OIDC_MATCH must be"),
    ],
)
def test_a_wrong_environment_is_refused_in_one_line(monkeypatch: Any, change: dict[str, str], said: str) -> None:
    from django.core.exceptions import ImproperlyConfigured

    for name, value in change.items():
        monkeypatch.setenv(name, value)
    with pytest.raises(ImproperlyConfigured, match=said):
        env.openid()
