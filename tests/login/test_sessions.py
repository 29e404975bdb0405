"""Sessions (KER-9): seen, ended, and over at once; a password, a role or a last day changes them."""

from __future__ import annotations

from datetime import timedelta
from typing import Any

import pytest
from django.contrib.sessions.backends.base import UpdateError
from django.db import connection
from django.test import Client
from django.test.utils import CaptureQueriesContext
from django.urls import reverse
from django.utils import timezone

from occ.api.authentication import token_create
from occ.api.models import ApiToken
from occ.errors import NotAllowed, WrongState
from occ.ledger.models import Entry
from occ.login.models import Session
from occ.login.services.logins import login_switch
from occ.login.tasks import clear
from occ.people.attempts import Attempt
from occ.people.choices import LeavingReason, Role
from occ.people.lifecycle import announce_left, person_leave
from occ.people.models import RoleAssignment, User
from tests.factories import PASSWORD, Floor, person, user
from tests.login.conftest import inside, log_in

pytestmark = pytest.mark.req("KER-9")
FIREFOX = "Mozilla/5.0 (X11; Linux x86_64; rv:140.0) Gecko/20100101 Firefox/140.0"


def test_the_page_shows_device_address_and_times_but_never_a_key(floor: Floor) -> None:
    here = log_in("support.all", headers={"User-Agent": FIREFOX}, REMOTE_ADDR="192.0.2.7")[0]
    log_in("support.all", headers={"User-Agent": "curl/8"}, REMOTE_ADDR="2001:db8::1")
    log_in("manager.all")
    page = here.get("/sessions/").content.decode()
    assert all(words in page for words in ("Firefox, Linux", "192.0.2.7", "curl/8", "2001:db8::1"))
    assert page.count('action="/sessions/') == 3  # two rows and the button for all others
    assert not any(key in page for key in Session.objects.values_list("session_key", flat=True))


def test_an_ended_session_is_out_at_once(floor: Floor) -> None:
    here, there = log_in("support.all")[0], log_in("support.all")[0]
    assert inside(there)
    handle = Session.objects.get(session_key=there.cookies["sessionid"].value).handle
    assert here.post(reverse("session_end", args=[handle])).status_code == 302
    assert not inside(there)
    assert there.get(reverse("api:userids-accounts")).status_code in {401, 403}
    assert inside(here)
    assert Entry.objects.filter(action="user.sessions_ended").count() == 1
    assert here.post(reverse("session_end", args=[handle])).status_code == 404


def test_nobody_ends_anothers_by_its_handle(floor: Floor) -> None:
    here, theirs = log_in("support.all")[0], log_in("manager.all")[0]
    handle = Session.objects.get(session_key=theirs.cookies["sessionid"].value).handle
    assert here.post(reverse("session_end", args=[handle])).status_code == 404
    assert inside(theirs)


def test_all_others_end_and_this_one_stays(floor: Floor) -> None:
    here, others = log_in("support.all")[0], [log_in("support.all")[0] for _one in range(3)]
    stranger = log_in("manager.all")[0]
    here.post("/sessions/end-others/")
    assert inside(here) and inside(stranger) and not any(inside(one) for one in others)


def test_ending_the_own_is_logging_out(floor: Floor) -> None:
    here = log_in("support.all")[0]
    handle = Session.objects.get().handle
    assert here.post(reverse("session_end", args=[handle]))["Location"] == "/login/"
    assert not inside(here)


def test_a_request_under_way_does_not_bring_an_ended_session_back(floor: Floor) -> None:
    here = log_in("support.all")[0]
    store = here.session
    store["x"] = 1
    Session.objects.all().delete()
    with pytest.raises(UpdateError):
        store.save()
    assert not Session.objects.exists()


def test_a_new_password_ends_the_others(floor: Floor) -> None:
    here, there = log_in("support.all")[0], log_in("support.all")[0]
    new = "Lain-Sekali-2026"
    data = {"old_password": PASSWORD, "new_password1": new, "new_password2": new}
    assert here.post("/password/", data | {"new_password2": "x"}).status_code == 422
    assert here.post("/password/", data)["Location"] == "/password/done/"
    assert inside(here) and not inside(there)
    assert Session.objects.count() == 1
    assert log_in("support.all")[1].status_code == 422
    assert log_in("support.all", new)[1].status_code == 302


@pytest.mark.parametrize("new", ["short", "123456789012", "support.all.x", "password1234"])
def test_a_weak_password_is_refused(floor: Floor, new: str) -> None:
    here = log_in("support.all")[0]
    data = {"old_password": PASSWORD, "new_password1": new, "new_password2": new}
    assert here.post("/password/", data).status_code == 422


def test_who_has_left_is_out_with_sessions_tokens_and_log_in(floor: Floor) -> None:
    leaver = person(floor.jkt)
    one = User.objects.create_user("leaver", password=PASSWORD, person=leaver)
    RoleAssignment.objects.create(user=one, role=Role.SUPPORT, site=floor.jkt, starts_on="2024-01-01")
    now = timezone.now()
    here = log_in("leaver")[0]
    token = {"Authorization": f"Token {token_create(name='own', user=one, now=now)}"}
    url = reverse("api:userids-accounts")
    assert inside(here) and Client().get(url, headers=token).status_code == 200
    today = timezone.localdate()
    person_leave(
        person_id=leaver.pk, last_working_day=today, reason=LeavingReason.RESIGNATION, actor=floor.support, now=now
    )
    assert inside(here), "the last day is still to be worked"
    announce_left(now=now + timedelta(days=1))
    assert not inside(here) and Client().get(url, headers=token).status_code == 401
    one.refresh_from_db()
    assert not one.is_active and ApiToken.objects.get().revoked_at and not Session.objects.filter(user=one).exists()
    assert log_in("leaver")[1].status_code == 422
    actions = set(
        Entry.objects.filter(action__in=["user.switched_off", "token.revoked"]).values_list("action", flat=True)
    )
    assert len(actions) == 2
    with pytest.raises(WrongState):
        login_switch(user=one, on=True, reason="x", actor=user(Role.ADMINISTRATOR), now=now)


def test_a_log_in_is_switched_off_and_on_by_another_administrator(floor: Floor) -> None:
    administrator, now = user(Role.ADMINISTRATOR), timezone.now()
    here = log_in("support.all")[0]
    login_switch(user=floor.support, on=False, reason="cuti panjang", actor=administrator, now=now)
    assert not inside(here) and log_in("support.all")[1].status_code == 422
    with pytest.raises(WrongState):
        login_switch(user=floor.support, on=False, reason="x", actor=administrator, now=now)
    login_switch(user=floor.support, on=True, reason="kembali", actor=administrator, now=now)
    assert log_in("support.all")[1].status_code == 302
    with pytest.raises(NotAllowed):
        login_switch(user=administrator, on=False, reason="x", actor=administrator, now=now)


def test_a_page_costs_no_query_for_asking_about_the_second_factor(floor: Floor) -> None:
    here = log_in("support.all")[0]
    here.get("/second-factor/")
    with CaptureQueriesContext(connection) as queries:
        here.get("/inbox/")
    asked = [one["sql"] for one in queries if "mfa_authenticator" in one["sql"] or "policies_policy" in one["sql"]]
    assert len(asked) == 1 and "login_session" in asked[0]
    assert not any(one["sql"].startswith("UPDATE") for one in queries)


def test_it_is_noted_now_and_then_that_a_session_lives(floor: Floor) -> None:
    here = log_in("support.all")[0]
    long_ago = timezone.now() - timedelta(hours=1)
    Session.objects.update(last_seen_at=long_ago)
    here.get("/inbox/")
    assert Session.objects.get().last_seen_at > long_ago


def test_what_ran_out_is_cleared(floor: Floor) -> None:
    log_in("support.all")
    log_in("manager.all")
    Session.objects.filter(user=floor.manager).update(expire_date=timezone.now() - timedelta(seconds=1))
    Attempt.objects.create(who="user:1", place="x", at=timezone.now() - timedelta(days=2))
    Attempt.objects.create(who="user:1", place="x", at=timezone.now())
    assert clear() == 1
    assert Session.objects.get().user == floor.support and Attempt.objects.count() == 1


def test_administrators_find_who_cannot_come_in(floor: Floor) -> None:
    administrator = Client()
    administrator.force_login(user(Role.ADMINISTRATOR))
    for _time in range(5):
        log_in("support.all", "wrong")

    def names(query: str) -> set[str]:
        rows = administrator.get(f"/logins/{query}").context["page"].rows
        return {one.username for one in rows}

    assert {"support.all", "manager.all", "coordinator.jkt"} <= names("?q=")
    assert names("?q=support") == {"support.all"} and names("?role=manager") == {"manager.all"}
    assert names("?factor=yes") == set() == names("?state=off")
    url = reverse("login_one", args=[floor.support.pk])
    assert reverse("login_unlock", args=[floor.support.pk]) in administrator.get(url).content.decode()
    administrator.post(reverse("login_unlock", args=[floor.support.pk]))
    assert log_in("support.all")[1].status_code == 302
    administrator.post(reverse("login_sessions_end", args=[floor.support.pk]))
    assert not Session.objects.filter(user=floor.support).exists()


def test_an_administrator_of_one_site_sees_its_log_ins_only(floor: Floor) -> None:
    local = user(Role.ADMINISTRATOR, floor.jkt)
    floor.manager.person = person(floor.jkt)
    floor.manager.save()
    client: Any = Client()
    client.force_login(local)
    seen = {one.username for one in client.get("/logins/?q=").context["page"].rows}
    assert "coordinator.jkt" in seen and "manager.all" not in seen
    assert client.get(reverse("login_one", args=[floor.manager.pk])).status_code == 404


def test_the_list_costs_the_same_whatever_its_length(floor: Floor) -> None:
    client = Client()
    client.force_login(user(Role.ADMINISTRATOR))

    def cost() -> int:
        with CaptureQueriesContext(connection) as queries:
            assert client.get("/logins/?q=").status_code == 200
        return len(queries)

    cost()
    before = cost()
    for i in range(5):
        user(Role.WFM, floor.jkt, name=f"more{i}")
    assert cost() == before <= 16
