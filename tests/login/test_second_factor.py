"""The second factor (KER-9): by role and date, each code once, secrets unreadable, a lost device."""

from __future__ import annotations

import re
from datetime import timedelta
from io import StringIO
from typing import Any

import pytest
from allauth.mfa.models import Authenticator
from allauth.mfa.recovery_codes.internal.auth import RecoveryCodes
from cryptography.fernet import Fernet
from django.core.management import CommandError, call_command
from django.db import connection
from django.test import Client
from django.urls import reverse
from django.utils import timezone

from occ.api.authentication import token_create
from occ.encryption import decrypt
from occ.errors import Invalid, NotAllowed, WrongState
from occ.ledger.models import Entry
from occ.login.models import Session
from occ.login.services import second_factor as services
from occ.notifications.models import Notification
from occ.people.attempts import TooManyAttempts
from occ.people.choices import Role
from tests.factories import PASSWORD, Floor, user
from tests.login.conftest import code_at, demand, equip, inside, log_in
from tests.userids.test_ladder import in_threads

pytestmark = pytest.mark.req("KER-9")
SET_UP = "/second-factor/set-up/"


def secret_on(page: str) -> str:
    found = re.search(r'id="secret">([A-Z2-7 ]+)<', page)
    assert found
    return found[1].replace(" ", "")


def check(user: Any, code: str, at: Any = None) -> Authenticator:
    return services.code_check(user=user, code=code, address="192.0.2.1", now=at or timezone.now())


def recovery_codes(user: Any) -> list[str]:
    return list(RecoveryCodes(Authenticator.objects.get(user=user, type="recovery_codes")).get_unused_codes())


def test_a_role_that_needs_one_gets_no_further_than_its_set_up(floor: Floor) -> None:
    demand(Role.COORDINATOR)
    client, answer = log_in("coordinator.jkt")
    assert answer.status_code == 302
    for url in (
        "/",
        "/inbox/",
        "/userids/accounts/",
        "/exports/",
        "/password/",
        "/sessions/",
        "/policies/",
        "/second-factor/",
    ):
        assert client.get(url)["Location"] == SET_UP, url
    assert client.post("/inbox/read/")["Location"] == SET_UP
    api = client.get(reverse("api:userids-accounts"))
    assert (api.status_code, api.json()["code"]) == (403, "second_factor_needed")
    fragment = client.get("/", headers={"HX-Request": "true"})
    assert (fragment.status_code, fragment["HX-Redirect"]) == (204, SET_UP)
    assert client.get(SET_UP).status_code == 200
    assert client.post("/logout/")["Location"] == "/login/"


def test_other_roles_and_machines_go_on_without(floor: Floor) -> None:
    demand(Role.COORDINATOR)
    assert inside(log_in("support.all")[0])
    token = token_create(name="machine", user=floor.coordinator, now=timezone.now())
    answer = Client().get(reverse("api:userids-accounts"), headers={"Authorization": f"Token {token}"})
    assert answer.status_code == 200


def test_it_is_set_up_with_password_and_code_and_the_next_log_in_asks_for_it(floor: Floor) -> None:
    demand(Role.COORDINATOR)
    client, _answer = log_in("coordinator.jkt")
    other = log_in("coordinator.jkt")[0]
    secret = secret_on(client.get(SET_UP).content.decode())
    code = code_at(secret, timezone.now())
    assert client.post(SET_UP, {"code": "000000", "password": PASSWORD}).status_code == 422
    assert client.post(SET_UP, {"code": code, "password": "wrong"}).status_code == 422
    done = client.post(SET_UP, {"code": code, "password": PASSWORD})
    assert done.status_code == 200 and "no-store" in done["Cache-Control"]
    assert len(re.findall(r"<code>\d{4} \d{4}</code>", done.content.decode())) == 10
    assert inside(client)
    assert other.get("/")["Location"].startswith("/login/"), "what was begun without it is over"
    again, answer = log_in("coordinator.jkt")
    assert answer["Location"] == "/login/code/"
    assert not inside(again), "a password alone is no log-in"
    assert again.post("/login/code/", {"code": code}).status_code == 200, "the code of the set-up was used"
    later = code_at(secret, timezone.now() + timedelta(seconds=30))
    assert again.post("/login/code/", {"code": later})["Location"] == "/"
    assert inside(again)
    assert Entry.objects.filter(action="user.logged_in").latest("pk").data["methods"] == ["password", "mfa"]


def test_a_role_that_gets_required_tomorrow_is_asked_tomorrow(floor: Floor, monkeypatch: pytest.MonkeyPatch) -> None:
    tomorrow = timezone.now() + timedelta(hours=6)
    demand(Role.SUPPORT, since=tomorrow)
    client = log_in("support.all")[0]
    assert inside(client)
    monkeypatch.setattr(timezone, "now", lambda: tomorrow + timedelta(seconds=1))
    assert client.get("/")["Location"] == SET_UP, "also in a session that began before"
    assert client.get(reverse("api:userids-accounts")).status_code == 403


def test_a_session_begun_without_it_is_no_session_once_there_is_one(floor: Floor) -> None:
    """A log-in that overtook the set-up: its session lives, but has shown no code."""
    demand(Role.COORDINATOR)
    client = Client()
    client.force_login(floor.coordinator)
    key = client.cookies["sessionid"].value
    services.second_factor_set(
        user=floor.coordinator, secret=(secret := services.new_secret()), code=code_at(secret, timezone.now()),
        session_key=key, now=timezone.now(),
    )  # fmt: skip
    assert Session.objects.filter(session_key=key).exists()
    assert client.get("/")["Location"] == "/login/"


def test_a_code_is_good_once_and_older_ones_are_not_good_after_it(floor: Floor) -> None:
    secret, now = equip(floor.manager), timezone.now()
    code = code_at(secret, now)
    assert check(floor.manager, code, now).type == "totp"
    with pytest.raises(Invalid):
        check(floor.manager, code, now)
    with pytest.raises(Invalid):
        check(floor.manager, code_at(secret, now - timedelta(seconds=30)), now)
    assert check(floor.manager, code_at(secret, now + timedelta(seconds=30)), now)


def test_clocks_may_differ_by_half_a_minute_and_not_by_more(floor: Floor) -> None:
    secret, now = equip(floor.manager), timezone.now()
    for seconds in (-60, 60, 3600):
        with pytest.raises(Invalid):
            check(floor.manager, code_at(secret, now + timedelta(seconds=seconds)), now)
    assert check(floor.manager, f" {code_at(secret, now)[:3]} {code_at(secret, now)[3:]} ", now)


@pytest.mark.parametrize("kind", ["app", "recovery"])
def test_the_same_code_in_ten_browsers_at_once_lets_one_in(live_floor: Floor, kind: str) -> None:
    secret, now = equip(live_floor.manager), timezone.now()
    code = code_at(secret, now) if kind == "app" else recovery_codes(live_floor.manager)[0]
    results = in_threads(4, lambda: check(live_floor.manager, code, now))
    assert sum(isinstance(one, Authenticator) for one in results) == 1
    assert sum(isinstance(one, Invalid) for one in results) == 3


def test_a_recovery_code_is_good_once_and_its_use_is_told(floor: Floor) -> None:
    equip(floor.manager)
    first, second = recovery_codes(floor.manager)[:2]
    assert check(floor.manager, f"{first[:4]} {first[4:]}").type == "recovery_codes"
    with pytest.raises(Invalid):
        check(floor.manager, first)
    assert check(floor.manager, second)
    assert services.codes_left(floor.manager) == 8
    assert Notification.objects.filter(user=floor.manager, kind="login.recovery_code_used").count() == 2
    assert Entry.objects.filter(action="user.recovery_code_used").count() == 2


def test_wrong_codes_shut_like_wrong_passwords_and_are_in_the_ledger(floor: Floor) -> None:
    secret = equip(floor.manager)
    client = log_in("manager.all")[0]
    for _time in range(5):
        assert client.post("/login/code/", {"code": "123"}).status_code == 200
    now = timezone.now()
    with pytest.raises(TooManyAttempts):
        check(floor.manager, code_at(secret, now), now)
    assert Entry.objects.filter(action="user.code_refused").count() == 6
    other, _answer = log_in("manager.all", REMOTE_ADDR="192.0.2.99")
    other.post("/login/code/", {"code": code_at(secret, now)}, REMOTE_ADDR="192.0.2.99")
    assert not inside(other), "wherever it is tried from"
    after = now + timedelta(minutes=16)
    assert check(floor.manager, code_at(secret, after), after), "until the lock is over"


@pytest.mark.parametrize("code", ["", " ", "\x00", "１２３４５６", "-1", "1e5", "a" * 5000, "٣٣٣٣٣٣", "None"])
def test_whatever_is_typed_as_code_is_refused_and_never_an_error(floor: Floor, code: str) -> None:
    equip(floor.manager)
    client = log_in("manager.all")[0]
    assert client.post("/login/code/", {"code": code}).status_code == 200
    assert not inside(client)


def test_the_code_page_is_nothing_without_the_password_before(floor: Floor) -> None:
    secret = equip(floor.manager)
    client = Client()
    assert client.get("/login/code/")["Location"] == "/login/"
    assert client.post("/login/code/", {"code": code_at(secret, timezone.now())})["Location"] == "/login/"
    assert not inside(client)


@pytest.mark.parametrize("change", ["off", "password", "left"])
def test_a_log_in_between_password_and_code_ends_with_what_ends_sessions(floor: Floor, change: str) -> None:
    secret = equip(floor.leader)
    client, answer = log_in("team_leader.jkt")
    assert answer["Location"] == "/login/code/"
    if change == "off":
        floor.leader.is_active = False
        floor.leader.save(update_fields=["is_active"])
    elif change == "password":
        floor.leader.set_password("Lain-Sekali-2026")
        floor.leader.save(update_fields=["password"])
    else:
        floor.leader.person = floor.agent
        floor.leader.save(update_fields=["person"])
        floor.resign(timezone.localdate() - timedelta(days=2), now=timezone.now())
    client.post("/login/code/", {"code": code_at(secret, timezone.now())})
    floor.leader.is_active = True
    floor.leader.save(update_fields=["is_active"])
    assert not inside(client)


def test_the_database_holds_neither_secret_nor_codes_and_keys_rotate(floor: Floor, settings: Any) -> None:
    secret = equip(floor.manager)
    codes = recovery_codes(floor.manager)
    with connection.cursor() as cursor:
        cursor.execute("SELECT string_agg(data::text, ' ') FROM mfa_authenticator")
        (held,) = cursor.fetchone()
    assert secret not in held and not any(code in held for code in codes)
    seed = Authenticator.objects.get(type="recovery_codes").data["seed"]
    assert decrypt(seed) not in held
    old, settings.ENCRYPTION_KEYS = (
        settings.ENCRYPTION_KEYS,
        [Fernet.generate_key().decode(), *settings.ENCRYPTION_KEYS],
    )
    for changed in (2, 0):
        call_command("rotate_keys", stdout=(out := StringIO()))
        assert f"mfa.authenticator: {changed}" in out.getvalue()
    settings.ENCRYPTION_KEYS = settings.ENCRYPTION_KEYS[:1]
    assert recovery_codes(floor.manager) == codes
    assert check(floor.manager, code_at(secret, timezone.now()))
    settings.ENCRYPTION_KEYS = old
    with pytest.raises(CommandError, match="cannot be read"):
        call_command("rotate_keys")


def test_the_secret_of_a_set_up_that_is_under_way_is_not_readable_either(floor: Floor) -> None:
    client = log_in("support.all")[0]
    secret = secret_on(client.get(SET_UP).content.decode())
    assert secret not in str(dict(client.session.items()))


def test_a_lost_device_an_administrator_resets_with_a_reason(floor: Floor) -> None:
    demand(Role.MANAGER)
    secret = equip(floor.manager)
    client = log_in("manager.all")[0]
    client.post("/login/code/", {"code": code_at(secret, timezone.now())})
    assert inside(client)
    administrator = Client()
    administrator.force_login(user(Role.ADMINISTRATOR))
    url = reverse("login_deed", args=[floor.manager.pk, "reset"])
    assert administrator.post(url, {"reset-reason": " "}).status_code == 422
    assert Authenticator.objects.filter(user=floor.manager).exists()
    assert administrator.post(url, {"reset-reason": "Telepon hilang"}).status_code == 302
    assert not Authenticator.objects.filter(user=floor.manager).exists()
    assert not inside(client), "the sessions are over"
    entry = Entry.objects.get(action="user.second_factor_reset")
    assert entry.data == {"reason": "Telepon hilang"} and entry.subject_id == str(floor.manager.pk)
    (told,) = Notification.objects.filter(user=floor.manager, kind="login.second_factor_reset")
    assert "Telepon hilang" in told.body
    again = log_in("manager.all")[0]
    assert again.get("/")["Location"] == SET_UP
    assert administrator.post(url, {"reset-reason": "x"}).status_code == 422, "there is none any more"


def test_nobody_resets_the_own_and_the_command_is_for_the_last_administrator(floor: Floor) -> None:
    administrator = user(Role.ADMINISTRATOR)
    equip(administrator)
    with pytest.raises(NotAllowed):
        services.second_factor_reset(user=administrator, reason="x", actor=administrator, now=timezone.now())
    call_command("reset_second_factor", administrator.username, "--reason", "lost", stdout=StringIO())
    assert not Authenticator.objects.filter(user=administrator).exists()
    for name in (administrator.username, "nobody"):
        with pytest.raises(CommandError):
            call_command("reset_second_factor", name, "--reason", "lost")


def test_it_is_switched_off_by_wish_only_where_no_role_needs_it(floor: Floor) -> None:
    secret = equip(floor.support)
    client = log_in("support.all")[0]
    client.post("/login/code/", {"code": code_at(secret, timezone.now())})
    assert client.post("/second-factor/off/", {"off-password": "wrong"}).status_code == 422
    demand(Role.SUPPORT)
    with pytest.raises(NotAllowed):
        services.second_factor_off(user=floor.support, session_key=None, now=timezone.now())
    assert client.post("/second-factor/off/", {"off-password": PASSWORD}).status_code == 422
    demand(since=timezone.now())
    assert client.post("/second-factor/off/", {"off-password": PASSWORD}).status_code == 302
    assert not Authenticator.objects.filter(user=floor.support).exists()
    demand(Role.SUPPORT, since=timezone.now())
    assert client.get("/")["Location"] == SET_UP, "a code shown before it was switched off counts no more"


def test_new_recovery_codes_void_the_old_ones(floor: Floor) -> None:
    secret = equip(floor.support)
    old = recovery_codes(floor.support)
    client = log_in("support.all")[0]
    client.post("/login/code/", {"code": code_at(secret, timezone.now())})
    assert client.post("/second-factor/codes/", {"renew-password": "wrong"}).status_code == 422
    page = client.post("/second-factor/codes/", {"renew-password": PASSWORD}).content.decode()
    new = [one.replace(" ", "") for one in re.findall(r"<code>(\d{4} \d{4})</code>", page)]
    assert len(new) == 10 and not set(new) & set(old)
    with pytest.raises(Invalid):
        check(floor.support, old[0])
    assert check(floor.support, new[0])
    with pytest.raises(WrongState):
        services.recovery_codes_renew(user=floor.manager, now=timezone.now())


def test_a_second_set_up_does_not_replace_the_first(floor: Floor) -> None:
    secret = equip(floor.support)
    client = log_in("support.all")[0]
    client.post("/login/code/", {"code": code_at(secret, timezone.now())})
    assert client.get(SET_UP)["Location"] == "/second-factor/"
    other = services.new_secret()
    with pytest.raises(WrongState):
        services.second_factor_set(
            user=floor.support, secret=other, code=code_at(other, timezone.now()), session_key=None, now=timezone.now()
        )


def test_two_set_ups_at_once_leave_one(live_floor: Floor) -> None:
    def deed() -> list[str]:
        secret, now = services.new_secret(), timezone.now()
        code = code_at(secret, now)
        return services.second_factor_set(user=live_floor.support, secret=secret, code=code, session_key=None, now=now)

    results = in_threads(5, deed)
    assert sum(isinstance(one, list) for one in results) == 1
    assert sum(isinstance(one, WrongState) for one in results) == 4


def test_the_policy_is_changed_on_its_page_by_ticking_roles(floor: Floor) -> None:
    client = Client()
    client.force_login(user(Role.ADMINISTRATOR))
    url = reverse("policy", args=["login.second_factor_roles"])
    today = timezone.localdate().isoformat()
    assert 'type="checkbox"' in client.get(url).content.decode()
    assert client.post(url, {"value": ["wfm", "rtfm"], "reason": "uji", "valid_from": today}).status_code == 302
    assert services.policy_value("login.second_factor_roles", at=timezone.now()) == ["wfm", "rtfm"]
    assert client.post(url, {"value": ["king"], "reason": "uji", "valid_from": today}).status_code == 422
    client.force_login(floor.coordinator)
    assert client.post(url, {"value": [], "reason": "uji", "valid_from": today}).status_code == 403
