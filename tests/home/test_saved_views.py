"""Filters that one keeps by name, and leavings recorded for several IDs at once (KER-12, UID-16)."""

from __future__ import annotations

import re
from datetime import timedelta
from typing import Any

import pytest
from django.test import Client
from django.urls import reverse
from django.utils import timezone

from occ.people.models import SavedView
from occ.people.saved_views import MOST
from tests import factories
from tests.factories import Floor
from userids.models import DeactivationRequest, Resignation


@pytest.mark.req("KER-12", "UID-16")
def test_a_view_is_kept_shown_replaced_and_removed(floor: Floor, client: Client) -> None:
    client.force_login(floor.support)
    page = reverse("userids:accounts")
    data = {"page": page, "name": " Jakarta  aktif ", "query": f"status=active&site={floor.jkt.pk}"}
    answer = client.post("/views/", data)
    assert answer.headers["Location"] == f"{page}?{data['query']}"
    assert "Jakarta aktif" in client.get(answer.headers["Location"]).content.decode()
    client.post("/views/", data | {"query": "status=inactive"})
    view = SavedView.objects.get()
    assert view.query == "status=inactive"
    other = Client()
    other.force_login(floor.leader)
    assert "Jakarta aktif" not in other.get(page).content.decode()
    assert other.post(f"/views/{view.pk}/remove/").status_code == 404
    assert client.post(f"/views/{view.pk}/remove/").status_code == 302
    assert not SavedView.objects.exists()


@pytest.mark.req("KER-12", "KER-9")
@pytest.mark.parametrize(
    "data",
    [
        {"name": ""}, {"name": "x" * 61}, {"page": "/no/such/"}, {"page": "https://evil.test/"},
        {"page": "//evil.test"}, {"page": "\x00"}, {"query": "q=\x00"}, {"query": "x" * 5000},
    ],
)  # fmt: skip
def test_nonsense_is_refused_in_words_and_leads_nowhere_else(
    floor: Floor, client: Client, data: dict[str, str]
) -> None:
    client.force_login(floor.support)
    answer = client.post("/views/", {"page": "/userids/accounts/", "name": "Mine", "query": "site=1"} | data)
    assert answer.status_code == 302
    assert answer.headers["Location"].startswith("/") and "evil" not in answer.headers["Location"]


@pytest.mark.req("KER-12")
def test_there_is_an_end_to_views(floor: Floor, client: Client) -> None:
    client.force_login(floor.support)
    for i in range(MOST + 3):
        client.post("/views/", {"page": "/userids/accounts/", "name": f"v{i}", "query": "q=x"})
    assert SavedView.objects.count() == MOST


def leave(client: Client, *accounts: Any, **changes: Any) -> Any:
    query = "&".join(f"account={one.pk}" for one in accounts)
    data = {"last_working_day": timezone.localdate().isoformat(), "reason": "resignation", "note": ""} | changes
    return client.post(f"{reverse('userids:resignations_bulk')}?{query}", data)


@pytest.mark.req("UID-16", "UID-3")
def test_several_leave_at_once_all_or_none(floor: Floor, client: Client) -> None:
    client.force_login(floor.support)
    second = factories.account(floor.agent, since=timezone.now() - timedelta(days=9))
    third = factories.account(factories.person(floor.ygy))
    nobody = factories.account(None, floor.jkt)
    page = client.get(f"{reverse('userids:resignations_bulk')}?account={second.pk}&account={third.pk}")
    assert second.user_id in page.content.decode() and third.user_id in page.content.decode()
    refused = leave(client, floor.account, third, nobody)
    assert refused.status_code == 422 and nobody.user_id in refused.content.decode()
    assert not Resignation.objects.exists()
    assert leave(client, floor.account, second, third).status_code == 302
    assert Resignation.objects.count() == 2
    assert set(DeactivationRequest.objects.values_list("account_id", "status")) == {
        (one.pk, "requested") for one in (floor.account, second, third)
    }
    assert leave(client, third).status_code == 422
    assert leave(client).status_code == 302


@pytest.mark.req("UID-16", "UID-3")
def test_what_cannot_be_acted_upon_is_no_tick_and_a_refusal_keeps_the_others(floor: Floor, client: Client) -> None:
    client.force_login(floor.support)
    second, third = (factories.account(factories.person(floor.jkt)) for _n in range(2))
    nobody = factories.account(None, floor.jkt)
    floor.resign()

    def ticks(page: Any) -> dict[int, bool]:
        found = re.findall(r'name="account" value="(\d+)"( checked)?', page.content.decode())
        return {int(pk): bool(checked) for pk, checked in found}

    logbook = client.get(reverse("userids:accounts"))
    assert set(ticks(logbook)) == {second.pk, third.pk}
    assert f"{nobody.user_id}: tidak ada pemegangnya" in logbook.content.decode()
    assert f"{floor.account.user_id}: " in logbook.content.decode()
    query = "&".join(f"account={one.pk}" for one in (floor.account, second, third))
    url = f"{reverse('userids:resignations_bulk')}?{query}"
    assert ticks(client.get(url)) == {second.pk: True, third.pk: True}
    assert leave(client, second).status_code == 302  # meanwhile, by somebody else
    data = {"last_working_day": timezone.localdate().isoformat(), "reason": "resignation", "note": "", "ticked": "1"}
    refused = client.post(url, data | {"account": [second.pk, third.pk]})
    assert refused.status_code == 422 and ticks(refused) == {third.pk: True}
    said = refused.context["form"].non_field_errors()[0]
    assert second.user_id in said and third.user_id not in said
    assert client.post(url, data).status_code == 422  # all ticks taken away
    assert client.post(url, data | {"account": [third.pk]}).status_code == 302
    assert Resignation.objects.count() == 3


@pytest.mark.req("KER-9")
def test_what_ones_roles_do_not_cover_is_not_among_the_chosen(floor: Floor) -> None:
    from occ.people.choices import Role

    theirs = factories.account(factories.person(floor.ygy))
    local = Client()
    local.force_login(factories.user(Role.SUPPORT, floor.jkt))
    assert leave(local, theirs).status_code == 302  # nothing chosen: back to the logbook
    leave(local, theirs, floor.account)
    assert not DeactivationRequest.objects.filter(account=theirs).exists()
    assert DeactivationRequest.objects.filter(account=floor.account).exists()
    leader = Client()
    leader.force_login(floor.leader)
    assert leave(leader, floor.account).status_code == 403


def test_the_only_filter_taken_away_stays_away(floor: Floor, client: Client) -> None:
    client.force_login(floor.support)
    url = reverse("userids:accounts")
    (chip,) = client.get(url, {"status": "active"}).context["chips"]
    answer = client.get(url + chip["remove_url"], follow=True)
    assert answer.context["chips"] == []
    assert client.get(url).status_code == 200, "and it is not remembered either"


def test_a_colleague_s_name_that_was_typed_does_not_come_back(floor: Floor, client: Client) -> None:
    client.force_login(floor.coordinator)
    url = reverse("retention:records")
    client.get(url, {"kind": "chat", "agent": f"{floor.agent.name} · {floor.agent.number}"})
    assert client.get(url).headers["Location"] == f"{url}?kind=chat"
