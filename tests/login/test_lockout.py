"""How often one may be wrong (KER-9): every attempt counts, nobody learns who exists, nobody is kept out for ever."""

from __future__ import annotations

import threading
import time
from datetime import timedelta
from io import StringIO
from typing import Any

import pytest
from django.core.management import CommandError, call_command
from django.test import Client
from django.utils import timezone

from occ.errors import Invalid
from occ.ledger.models import Entry
from occ.login.places import plain_address
from occ.login.policies import MINUTES, PLACE
from occ.login.services.entering import LoginRefused, find, password_check
from occ.login.services.logins import lockout_lift
from occ.people.attempts import Attempt, TooManyAttempts, attempt_begin, locked_until, user_key
from occ.people.choices import Role
from occ.people.models import User
from occ.people.passwords import password_confirm
from occ.policies.models import Policy
from tests.factories import NOW, PASSWORD, Floor, user
from tests.login.conftest import inside, log_in
from tests.userids.test_ladder import in_threads

pytestmark = pytest.mark.req("KER-9")


def attempt(name: str, password: str = "wrong", *, address: str = "192.0.2.1", at: Any = NOW, place: str = "") -> User:
    return password_check(
        username=name, password=password, user=find(name), place=place or f"address:{address}", address=address, now=at
    )


def wrong(name: str, times: int, **given: Any) -> list[str]:
    """What was said each time."""
    said = []
    for _time in range(times):
        with pytest.raises(LoginRefused) as refused:
            attempt(name, **given)
        said.append(str(refused.value))
    return said


def test_the_right_password_lets_in(floor: Floor) -> None:
    client, answer = log_in("support.all")
    assert (answer.status_code, answer["Location"]) == (302, "/")
    assert inside(client)
    entry = Entry.objects.get(action="user.logged_in")
    assert entry.actor == floor.support and entry.data["methods"] == ["password"]
    assert not Attempt.objects.exists()


def test_five_wrong_ones_shut_the_name_even_for_the_right_password_and_say_when(floor: Floor) -> None:
    said = wrong("support.all", 5)
    assert len(set(said)) == 1
    with pytest.raises(LoginRefused) as locked:
        attempt("support.all", PASSWORD)
    assert str(locked.value).startswith(said[0]) and "10:15 WIB" in str(locked.value)
    assert attempt("support.all", PASSWORD, at=NOW + timedelta(minutes=15, seconds=1)) == floor.support


def test_a_name_that_nobody_has_is_answered_and_locked_with_the_same_words(floor: Floor) -> None:
    assert wrong("support.all", 7) == wrong("nobody.at.all", 7, address="192.0.2.2")
    refused = Entry.objects.filter(action="user.login_refused", subject_id="")
    assert refused.count() == 7
    assert "nobody" not in str(list(refused.values_list("data", flat=True))), "it may have been a password"


def test_a_known_and_an_unknown_name_take_the_same_time(floor: Floor, settings: Any) -> None:
    settings.PASSWORD_HASHERS = ["django.contrib.auth.hashers.Argon2PasswordHasher"]
    floor.support.set_password(PASSWORD)
    floor.support.save()

    def median(name: str) -> float:
        took = []
        for i in range(7):
            began = time.perf_counter()
            wrong(name, 1, address=f"192.0.2.{i}")
            took.append(time.perf_counter() - began)
        return sorted(took)[3]

    known, unknown = median("support.all"), median("nobody")
    assert 0.5 < known / unknown < 2


def test_every_spelling_of_a_name_is_one_name(floor: Floor) -> None:
    for name in ("support.all", "SUPPORT.ALL", "Support.All", "sUpport.all", "support.alL"):
        wrong(name, 1)
    with pytest.raises(LoginRefused, match="10:15"):
        attempt("Support.ALL", PASSWORD)


def test_trying_on_while_locked_makes_the_lock_no_longer(floor: Floor) -> None:
    wrong("support.all", 5)
    for minute in range(1, 15):
        wrong("support.all", 3, at=NOW + timedelta(minutes=minute))
    assert attempt("support.all", PASSWORD, at=NOW + timedelta(minutes=15, seconds=1))
    refusals = Entry.objects.filter(action="user.login_refused", subject_id=str(floor.support.pk))
    assert refusals.count() == 5 + 42, "each is in the ledger all the same"


def test_strangers_everywhere_shut_the_name_for_strangers_but_not_for_the_own_browser(floor: Floor) -> None:
    own, answer = log_in("support.all", REMOTE_ADDR="10.0.0.7")
    assert answer.status_code == 302
    own.post("/logout/")
    for i in range(8):
        for _time in range(5):
            _client, refused = log_in("support.all", "wrong", REMOTE_ADDR=f"192.0.2.{i}")
            assert refused.status_code == 422
    _client, elsewhere = log_in("support.all", REMOTE_ADDR="10.0.0.8")
    assert elsewhere.status_code == 422, "a strange browser waits"
    _client, home = log_in("support.all", client=own, REMOTE_ADDR="10.0.0.9")
    assert home.status_code == 302, "the one that was used before does not, wherever it is now"


def test_a_stranger_at_one_address_does_not_shut_another(floor: Floor) -> None:
    wrong("support.all", 12)
    assert attempt("support.all", PASSWORD, address="198.51.100.9") == floor.support


def test_a_made_up_device_cookie_is_no_known_browser(floor: Floor) -> None:
    client = Client()
    client.cookies["occ_device"] = "eyJpZCI6ImEiLCJ1c2VycyI6WzFdfQ:1abcde:forged"
    for _time in range(5):
        log_in("support.all", "wrong", client=client)
    assert log_in("support.all", client=client)[1].status_code == 422


def test_one_address_may_not_try_all_names(floor: Floor) -> None:
    for i in range(100):
        wrong(f"name{i}", 1)
    assert "10:15" in wrong("name100", 1)[0]
    assert attempt("support.all", PASSWORD, address="198.51.100.9")


def test_an_ipv6_customer_is_one_address(floor: Floor) -> None:
    for i in range(100):
        wrong(f"name{i}", 1, address=f"2001:db8:1:1::{i:x}")
    assert "10:15" in wrong("another", 1, address="2001:db8:1:1:ffff::1")[0]
    assert "10:15" not in wrong("another", 1, address="2001:db8:1:2::1")[0]


def test_an_ipv4_address_in_ipv6_clothes_is_that_address(floor: Floor) -> None:
    """A server that listens to both says ::ffff:…: one that tries all names must not shut all of IPv4."""
    for i in range(100):
        wrong(f"name{i}", 1, address="::ffff:192.0.2.1")
    assert "10:15" in wrong("another", 1, address="192.0.2.1")[0], "and it is the same in both"
    assert attempt("support.all", PASSWORD, address="::ffff:198.51.100.9") == floor.support


def test_twenty_wrong_at_once_count_twenty(live_floor: Floor) -> None:
    Policy.objects.create(key=PLACE, value=50, valid_from=NOW - timedelta(1), set_at=NOW, reason="test")
    in_threads(20, lambda: refused("support.all"))
    assert Attempt.objects.filter(who=user_key(live_floor.support)).count() == 20
    assert Entry.objects.filter(action="user.login_refused").count() == 20


def test_of_twenty_at_once_five_are_judged(live_floor: Floor, monkeypatch: pytest.MonkeyPatch) -> None:
    judged: list[str] = []
    monkeypatch.setattr(User, "check_password", lambda self, password: bool(judged.append(password)))
    in_threads(20, lambda: refused("support.all"))
    assert len(judged) == 5
    reasons = [
        one["reason"] for one in Entry.objects.filter(action="user.login_refused").values_list("data", flat=True)
    ]
    assert sorted(reasons) == ["locked"] * 15 + ["password"] * 5


def test_without_taking_turns_more_would_be_judged(live_floor: Floor, monkeypatch: pytest.MonkeyPatch) -> None:
    """That the race is real: the same without the lock lets more than five through."""
    barrier = threading.Barrier(20)
    monkeypatch.setattr("occ.people.attempts._take_turns", lambda *names: barrier.wait(20))
    in_threads(20, lambda: refused("support.all"))
    assert Attempt.objects.count() > 5


def refused(name: str) -> None:
    with pytest.raises(LoginRefused):
        attempt(name)


def test_the_password_entered_again_counts_together_with_the_log_in(floor: Floor) -> None:
    for i in range(4):
        wrong("support.all", 4, address=f"192.0.2.{i}")
    for _time in range(4):
        with pytest.raises(Invalid):
            password_confirm(user=floor.support, password="wrong", reason="sign:x", now=NOW)
    with pytest.raises(LoginRefused, match="10:15"):
        attempt("support.all", PASSWORD, address="198.51.100.9")
    password_confirm(user=floor.support, password=PASSWORD, reason="sign:x", now=NOW)
    with pytest.raises(Invalid):
        password_confirm(user=floor.support, password="wrong", reason="sign:x", now=NOW)
    with pytest.raises(TooManyAttempts):
        password_confirm(user=floor.support, password=PASSWORD, reason="sign:x", now=NOW)


def test_the_numbers_are_policies_with_a_date(floor: Floor) -> None:
    later = NOW + timedelta(hours=1)
    Policy.objects.create(key=PLACE, value=2, valid_from=later, set_at=NOW, reason="test")
    Policy.objects.create(key=MINUTES, value=60, valid_from=later, set_at=NOW, reason="test")
    assert "10:15" not in "".join(wrong("support.all", 5))
    assert "12:00" in wrong("support.all", 3, at=later)[2]


def test_a_clock_set_back_lets_nobody_try_more(floor: Floor) -> None:
    wrong("support.all", 5)
    with pytest.raises(LoginRefused, match="10:15"):
        attempt("support.all", PASSWORD, at=NOW - timedelta(hours=2))


def test_an_administrator_and_a_command_lift_a_lock(floor: Floor) -> None:
    administrator = user(Role.ADMINISTRATOR)
    now = timezone.now()
    wrong("support.all", 5, at=now)
    assert locked_until(who=user_key(floor.support), now=now)
    lockout_lift(user=floor.support, actor=administrator, now=now)
    assert attempt("support.all", PASSWORD, at=now) == floor.support
    wrong("support.all", 5, at=now)
    out = StringIO()
    call_command("unlock", "SUPPORT.all", stdout=out)
    assert "5 attempts" in out.getvalue()
    assert attempt("support.all", PASSWORD, at=now) == floor.support
    assert Entry.objects.filter(action="user.lockout_lifted").count() == 2
    with pytest.raises(CommandError):
        call_command("unlock", "nobody")


def test_who_is_switched_off_or_left_is_told_no_more_than_others(floor: Floor) -> None:
    words = wrong("nobody", 1)[0]
    agent = User.objects.create_user("agent.one", password=PASSWORD, person=floor.agent)
    floor.agent.last_working_day = NOW.date() - timedelta(days=1)
    floor.agent.save()
    with pytest.raises(LoginRefused) as left:
        attempt("agent.one", PASSWORD)
    floor.agent.last_working_day = NOW.date()
    floor.agent.save()
    assert attempt("agent.one", PASSWORD) == agent, "the last working day is a working day"
    User.objects.filter(pk=agent.pk).update(is_active=False)
    with pytest.raises(LoginRefused) as off:
        attempt("agent.one", PASSWORD)
    assert str(left.value) == str(off.value) == words


@pytest.mark.parametrize("name", ["", " ", "\x00", "a" * 5000, "\ud800", "x\x00y", "' OR 1=1 --", "𝕤𝕦𝕡𝕡𝕠𝕣𝕥"])
def test_whatever_is_typed_is_refused_and_never_an_error(floor: Floor, name: str) -> None:
    typed = name.encode("utf-8", "surrogatepass")
    answer = Client().post(
        "/login/", b"username=" + typed + b"&password=" + typed, content_type="application/x-www-form-urlencoded"
    )
    assert answer.status_code == 422


def test_the_page_leads_back_only_to_ourselves(floor: Floor) -> None:
    for goal, wanted in (
        ("/inbox/", "/inbox/"),
        ("https://evil.test/", "/"),
        ("//evil.test", "/"),
        ("javascript:x", "/"),
    ):
        answer = Client().post("/login/", {"username": "support.all", "password": PASSWORD, "next": goal})
        assert answer["Location"] == wanted


def test_behind_a_proxy_the_address_is_the_one_that_it_saw(floor: Floor, settings: Any) -> None:
    forged = {"HTTP_X_FORWARDED_FOR": "203.0.113.5, 198.51.100.7", "REMOTE_ADDR": "10.0.0.1"}
    for trust, address in ((False, "10.0.0.1"), (True, "198.51.100.7")):
        settings.TRUST_PROXY = trust
        log_in("support.all", "wrong", **forged)
        assert Entry.objects.filter(action="user.login_refused").latest("pk").data["address"] == address


@pytest.mark.parametrize(
    ("written", "address"),
    [
        ("198.51.100.7", "198.51.100.7"), ("198.51.100.7:5678", "198.51.100.7"), ("2001:db8::7", "2001:db8::7"),
        ("[2001:DB8::7]:443", "2001:db8::7"), ("[::1]", "::1"), ("::ffff:198.51.100.7", "198.51.100.7"),
        ("[::ffff:198.51.100.7]:80", "198.51.100.7"), ("[fe80::1%<b>]:443", "fe80::1"), ("fe80::1%eth0", "fe80::1"),
        ("", ""), ("unknown", ""), ("_hidden", ""), ("198.51.100.7:", ""), ("198.51.100.7:x", ""),
        ("198.51.100.7:123456", ""), ("198.51.100.7:1:2", ""), ("198.51.100.07", ""),
        ("[198.51.100.7]:80", "198.51.100.7"),
        ("[::1", ""), ("::1]", ""), ("[::1]443", ""), ("[[::1]]", ""), ("[]:80", ""), (":80", ""), ("1.2.3", ""),
        ("198.51.100.7\n", ""), ("١٩٨.51.100.7", ""),
        pytest.param("[" * 5_000, "", id="brackets"), pytest.param("1" * 5_000, "", id="digits"),
    ],
)  # fmt: skip
@pytest.mark.req("KER-9")
def test_an_address_is_understood_with_its_port_and_nonsense_is_none(written: str, address: str) -> None:
    assert plain_address(written) == address


def test_a_proxy_that_names_the_port_locks_out_the_address_and_not_the_connection(floor: Floor, settings: Any) -> None:
    settings.TRUST_PROXY = True
    for port in (5678, 5679):
        log_in("support.all", "wrong", HTTP_X_FORWARDED_FOR=f"203.0.113.5, 198.51.100.7:{port}", REMOTE_ADDR="10.0.0.1")
        assert Entry.objects.filter(action="user.login_refused").latest("pk").data["address"] == "198.51.100.7"


def test_an_attempt_that_nobody_judged_counts_as_wrong(floor: Floor) -> None:
    """A web process killed between counting and judging leaves a counted attempt, never a free one."""
    for _time in range(5):
        attempt_begin(who=user_key(floor.support), place="address:192.0.2.1", address="192.0.2.1", now=NOW)
    with pytest.raises(LoginRefused, match="10:15"):
        attempt("support.all", PASSWORD)
