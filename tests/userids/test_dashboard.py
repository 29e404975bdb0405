"""Every figure of the dashboard leads to just the rows that it counts (UID-16, KER-12)."""

from __future__ import annotations

import re
from datetime import date, datetime, timedelta
from typing import Any
from urllib.parse import parse_qs, urlparse

import pytest
from django.test import Client
from django.urls import reverse
from django.utils import timezone

from occ.people.choices import Role
from tests.factories import Floor, account, person, user
from userids.models import DeactivationRequest
from userids.selectors import months as months_of
from userids.services import deactivations


@pytest.fixture
def busy(floor: Floor) -> Floor:
    """Requests overdue, with an hour, some hours and days left; shut in time and too late; cancelled."""
    now = timezone.now()
    for hours in (-30, -2, 1, 5, 40, 300):
        holder = person(floor.jkt, team=floor.team)
        account(holder, since=now - timedelta(days=300))
        deactivations.resignation_record(
            person_id=holder.pk, last_working_day=now.date() + timedelta(days=9), actor=floor.support,
            now=now - timedelta(days=9),
        )  # fmt: skip
        due = now + timedelta(hours=hours)
        DeactivationRequest.objects.filter(person=holder).update(due_at=due, starts_at=due - timedelta(hours=24))
    for inactive in (-3, 3):
        holder = person(floor.jkt, team=floor.team)
        account(holder, since=now - timedelta(days=300))
        deactivations.resignation_record(
            person_id=holder.pk, last_working_day=now.date() - timedelta(days=40), actor=floor.support,
            now=now - timedelta(days=50),
        )  # fmt: skip
        found = DeactivationRequest.objects.get(person=holder)
        DeactivationRequest.objects.filter(pk=found.pk).update(
            status="documented", inactive_since=found.due_at + timedelta(hours=inactive), confirmed_at=now
        )
    floor.resign(now.date() - timedelta(days=40), now=now - timedelta(days=50))
    DeactivationRequest.objects.filter(person=floor.agent).update(status="cancelled")
    return floor


def behind(client: Client, url: str) -> int:
    where = urlparse(url)
    page = client.get(where.path, {key: values[0] for key, values in parse_qs(where.query).items()})
    assert page.status_code == 200
    assert not page.context["filter"].form.errors
    return len(page.context["page"].rows)


@pytest.mark.req("UID-16", "KER-12")
def test_each_figure_equals_the_rows_behind_it(busy: Floor, client: Client) -> None:
    client.force_login(user(Role.COORDINATOR, busy.jkt))
    page: Any = client.get(reverse("userids:dashboard"))
    stats = re.findall(r'<p class="occ-stat-value"><a href="([^"]+)">(\d+)', page.content.decode())
    assert [int(shown) for _url, shown in stats] == [2, 1, 1, 2, 3, 0]
    for url, shown in stats[:5]:
        assert behind(client, url.replace("&amp;", "&")) == int(shown), url
    months = months_of(user(Role.COORDINATOR, busy.jkt), now=timezone.now())
    urls = page.context["share_chart"]["urls"]
    assert [behind(client, url) for url in urls] == [one.judged for one in months]
    assert sum(one.judged for one in months) == 4
    (place,) = page.context["places"]
    query = f"{page.context['since_url']}&site={place['site_id']}&team={place['team_id']}"
    assert behind(client, query) == place["judged"] == 4


@pytest.mark.req("UID-4", "UID-16")
def test_the_time_is_shown_in_its_parts(floor: Floor, client: Client) -> None:
    """Told in time, shut six hours after the day, documented two hours later; the click came an hour after."""
    now = timezone.now()
    day = now.date() - timedelta(days=3)
    floor.resign(day, now=now - timedelta(days=9))
    request = floor.request
    inactive = request.starts_at + timedelta(hours=6)
    who = {"request_id": request.pk, "actor": floor.leader}
    deactivations.deactivation_start(**who, now=inactive)
    deactivations.deactivation_confirm(
        **who, evidence={"text": "x"}, inactive_since=inactive, now=inactive + timedelta(hours=1)
    )
    deactivations.deactivation_document(request_id=request.pk, actor=floor.support, now=inactive + timedelta(hours=2))
    client.force_login(user(Role.COORDINATOR, floor.jkt))
    page: Any = client.get(reverse("userids:dashboard"))
    assert [round(part["median"], 2) for part in page.context["parts"]] == [0, 6, 2, 1]


@pytest.mark.req("UID-16")
@pytest.mark.usefixtures("english")
def test_nought_is_a_figure_and_nothing_due_is_none(floor: Floor, client: Client) -> None:
    client.force_login(user(Role.COORDINATOR, floor.jkt))
    client.cookies["django_language"] = "en"

    def shown() -> str:
        return client.get(reverse("userids:dashboard")).content.decode()

    assert "no data" in shown() and "nothing was due yet" in shown() and "<small>%</small>" not in shown()
    floor.resign(now=timezone.now() - timedelta(days=5))
    due = timezone.now() - timedelta(minutes=1)
    DeactivationRequest.objects.update(due_at=due, starts_at=due - timedelta(hours=24))
    page = shown()
    assert re.search(r">0 <small>%</small>", page) and '<td class="num">0.0</td>' in page
    assert 'data-none="no data"' in page and '"y": "Time taken, in hours"' in page and "nothing was due yet" not in page
    assert '<td class="num"><span class="text-secondary">no data</span></td>' in page  # nobody's hours are known yet


@pytest.mark.req("UID-16")
def test_a_month_in_which_nothing_was_due_stands_between_the_others(floor: Floor) -> None:
    reader, now = user(Role.COORDINATOR, floor.jkt), datetime(2026, 5, 20, tzinfo=floor.jkt.zone)
    assert months_of(reader, now=now) == []
    floor.resign(date(2026, 1, 10), now=datetime(2026, 1, 3, tzinfo=floor.jkt.zone))
    found = months_of(reader, now=now)
    assert [(one.month, one.judged, one.share) for one in found] == [
        (date(2026, 1, 1), 1, 0), *((date(2026, month, 1), 0, None) for month in (2, 3, 4, 5)),
    ]  # fmt: skip


@pytest.mark.req("UID-4", "UID-16")
def test_what_was_shut_before_its_clock_began_took_no_time(floor: Floor) -> None:
    floor.resign(date(2026, 1, 10), now=datetime(2026, 1, 3, tzinfo=floor.jkt.zone))
    request = floor.request
    early = request.starts_at - timedelta(hours=6)
    DeactivationRequest.objects.update(status="documented", inactive_since=early, confirmed_at=early)
    (month,) = months_of(user(Role.COORDINATOR, floor.jkt), now=request.due_at)
    assert (month.median, month.p95, month.share) == (0, 0, 100)
