"""The organisation chart, turnover and tenure (SDM-10): counted by hand, each figure with just its rows behind it."""

from __future__ import annotations

import re
from datetime import date, timedelta
from typing import Any

import pytest
from django.test import Client
from django.urls import reverse
from hypothesis import given, settings
from hypothesis import strategies as st

from occ.figures.registry import FIGURES, Scope
from occ.people.choices import LeavingReason, Role
from occ.people.lifecycle import announce_left
from occ.people.models import Team, User
from occ.times import JAKARTA, start_of_day
from sdm.models import Employee, Placement
from sdm.overview.measures import BANDS, Span, band_days, band_of, person_days
from sdm.services import employees, leavings, placements
from sdm.services.organisation import organisation
from sdm.services.turnover import early_span, gone, tenure, turnover, with_reason, working
from tests.factories import NOW, Floor, user
from tests.sdm.conftest import Hire

pytestmark = pytest.mark.req("SDM-10")
TODAY = date(2026, 11, 20)
YEAR = Span(date(2026, 1, 1), date(2026, 12, 31))
DAYS = st.dates(date(2026, 1, 1), date(2026, 3, 31))


@pytest.fixture
def only(floor: Floor) -> None:
    """Nobody but whom the test hires."""
    Placement.objects.all().delete()


def leave(one: Employee, last: date, actor: User, reason: Any = LeavingReason.RESIGNATION) -> None:
    leavings.leaving_record(person_id=one.pk, last_working_day=last, reason=reason, actor=actor, now=NOW)
    announce_left(now=NOW)


@settings(max_examples=200, deadline=None)
@given(stints=st.lists(st.tuples(DAYS, DAYS), max_size=12))
def test_person_days_are_those_of_each_person_summed(stints: list[tuple[date, date]]) -> None:
    spans = [(min(pair), max(pair)) for pair in stints]
    whole = Span(date(2026, 2, 1), date(2026, 2, 28))
    days = [whole.first + timedelta(days=n) for n in range(whole.days)]
    expected = sum(first <= day <= last for first, last in spans for day in days)
    before = sum(first < whole.first <= last for first, last in spans)
    came: dict[date, int] = {}
    went: dict[date, int] = {}
    for first, last in spans:
        if first >= whole.first:
            came[first] = came.get(first, 0) + 1
        if last >= whole.first:
            went[last] = went.get(last, 0) + 1
    assert person_days(before, came, went, whole) == expected


def test_months_of_a_span_are_cut_at_its_ends() -> None:
    found = list(Span(date(2026, 1, 15), date(2026, 3, 2)).months())
    assert [(one.first.day, one.last.day) for one in found] == [(15, 31), (1, 28), (1, 2)]


@pytest.mark.parametrize("days", [0, 89, 90, 364, 365, 730, 1825, 1826, 9000])
def test_bands_and_the_days_on_which_they_began_say_the_same(days: int) -> None:
    first, last = band_days(band_of(days), TODAY)
    begun = TODAY - timedelta(days=days)
    assert begun <= last and (first is None or begun >= first)
    assert len(BANDS) == 5


def test_turnover_counted_by_hand(floor: Floor, hr: User, hire: Hire, only: None) -> None:
    """One of three leaves in the middle of the year, one comes in July; a transfer is no leaving."""
    stays, goes = hire(joined_on=date(2024, 1, 1)), hire(joined_on=date(2024, 1, 1))
    hire(joined_on=date(2026, 7, 1), contract=None)
    leave(goes, date(2026, 6, 30), hr)
    placements.person_transfer(
        person_id=stays.pk, on=date(2026, 3, 1), site=floor.ygy, position="Agent", team=None, leader=None, note="x",
        actor=hr, now=NOW,
    )  # fmt: skip
    found = turnover(Placement.objects.all(), YEAR, today=TODAY)
    assert (found.whole.left, found.whole.came) == (1, 1)
    assert found.whole.days == 365 + 181 + 184
    assert found.whole.headcount == pytest.approx(2.0)
    assert found.whole.turnover == pytest.approx(50.0)
    assert [one.left for one in found.months] == [0, 0, 0, 0, 0, 1, 0, 0, 0, 0, 0, 0]
    assert [round(one.headcount) for one in found.months] == [2] * 12
    assert found.reasons == {"resignation": 1}
    assert {key: (one.days, one.left) for key, one in found.places.items()} == {
        ("JKT", "Agent"): (59 + 181 + 184, 1), ("YGY", "Agent"): (306, 0),
    }  # fmt: skip
    ygy = turnover(Placement.objects.filter(site=floor.ygy), YEAR, today=TODAY)
    assert (ygy.whole.left, ygy.whole.came, ygy.whole.days) == (0, 0, 306)


def test_who_comes_back_has_left_once_and_begun_twice(floor: Floor, hr: User, hire: Hire, only: None) -> None:
    one = hire(joined_on=date(2026, 1, 5), contract=None)
    leave(one, date(2026, 2, 10), hr)
    employees.employee_rejoin(
        person_id=one.pk, on=date(2026, 5, 1), position="Agent", site=floor.jkt, team=None, leader=None, contract=None,
        actor=hr, now=NOW,
    )  # fmt: skip
    found = turnover(Placement.objects.all(), YEAR, today=TODAY)
    assert (found.whole.left, found.whole.came, found.early) == (1, 2, (1, 2))
    (row,) = with_reason(gone(Placement.objects.all(), YEAR))
    assert (row.end, row.why) == (date(2026, 2, 10), "resignation")  # type: ignore[attr-defined]
    (here,) = working(Placement.objects.all(), TODAY)
    assert here.begun == date(2026, 5, 1)  # type: ignore[attr-defined]
    (then,) = working(Placement.objects.all(), date(2026, 2, 1))
    assert then.begun == date(2026, 1, 5)  # type: ignore[attr-defined]


def test_the_first_ninety_days_count_once_they_are_over(floor: Floor, hr: User, hire: Hire, only: None) -> None:
    begun = date(2026, 3, 2)
    edge, over = hire(joined_on=begun, contract=None), hire(joined_on=begun, contract=None)
    hire(joined_on=date(2026, 9, 1), contract=None)
    leave(edge, begun + timedelta(days=89), hr)
    leave(over, begun + timedelta(days=90), hr)
    assert turnover(Placement.objects.all(), YEAR, today=TODAY).early == (1, 2)
    assert early_span(YEAR, TODAY) == Span(YEAR.first, TODAY - timedelta(days=90))
    assert early_span(Span(TODAY, TODAY), TODAY) is None


def test_somebody_transferred_within_ninety_days_and_gone_is_early_too(
    floor: Floor, hr: User, hire: Hire, only: None
) -> None:
    one = hire(joined_on=date(2026, 3, 2), contract=None)
    placements.person_transfer(
        person_id=one.pk, on=date(2026, 4, 1), site=floor.jkt, position="Verifikator", team=None, leader=None, note="x",
        actor=hr, now=NOW,
    )  # fmt: skip
    leave(one, date(2026, 5, 1), hr)
    assert turnover(Placement.objects.all(), YEAR, today=TODAY).early == (1, 1)


def test_tenure_by_the_day_on_which_they_began_last(floor: Floor, hire: Hire, only: None) -> None:
    for days in (0, 89, 90, 400, 800, 2000):
        hire(joined_on=TODAY - timedelta(days=days), contract=None)
    assert tenure(Placement.objects.all(), TODAY) == [2, 1, 1, 1, 1]


def rows_behind(client: Client, url: str) -> int:
    page = client.get(url).content.decode()
    return len(re.findall(r'href="/sdm/people/\d+/"', page))


def test_each_figure_has_just_its_rows_behind_it(floor: Floor, hr: User, hire: Hire, client: Client) -> None:
    for days in (20, 100, 400, 800):
        hire(joined_on=TODAY - timedelta(days=days), contract=None)
    goes, early = hire(joined_on=date(2025, 6, 1), contract=None), hire(joined_on=date(2026, 4, 1), contract=None)
    leave(goes, date(2026, 6, 30), hr)
    leave(early, date(2026, 5, 5), hr, LeavingReason.DISMISSAL)
    client.force_login(hr)
    page = client.get(reverse("sdm:turnover"), {"since": "2026-01", "until": "2026-11"})
    assert page.status_code == 200
    context = page.context
    assert context["whole"].left == rows_behind(client, context["left_url"]) == 2
    assert context["whole"].came == rows_behind(client, context["came_url"])
    assert context["early"] == rows_behind(client, context["early_url"]) == 1
    for one in context["months"]:
        assert one["sums"].left == rows_behind(client, one["url"])
    for one in context["places"]:
        assert one["sums"].left == rows_behind(client, one["url"])
    for one in context["reasons"]:
        assert one["count"] == rows_behind(client, one["url"])
    for one in context["bands"]:
        assert one["count"] == rows_behind(client, one["url"])


def test_figures_say_what_the_page_says(floor: Floor, hr: User, hire: Hire) -> None:
    leave(hire(joined_on=date(2025, 6, 1), contract=None), date(2026, 6, 30), hr)
    span = Span(date(2026, 6, 1), date(2026, 6, 30))
    sums = turnover(Placement.objects.filter(site=floor.jkt), span, today=TODAY).whole
    scope = Scope(start_of_day(span.first, JAKARTA), start_of_day(date(2026, 7, 1), JAKARTA), site=floor.jkt)
    assert FIGURES["sdm.turnover"].of(scope).value == sums.turnover
    assert FIGURES["sdm.leavers"].of(scope).value == sums.left == 1
    assert FIGURES["sdm.headcount"].of(scope).value == sums.headcount
    assert FIGURES["sdm.early_leavers"].of(scope).url.startswith(reverse("sdm:turnover_rows"))
    assert FIGURES["sdm.turnover"].of(Scope(scope.start, scope.end, channel="voice")).value is None
    empty = Scope(start_of_day(date(1995, 1, 1), JAKARTA), start_of_day(date(1995, 2, 1), JAKARTA), site=floor.ygy)
    assert FIGURES["sdm.turnover"].of(empty).value is None


def test_turnover_of_other_sites_is_not_read(floor: Floor, hr: User, hire: Hire, client: Client) -> None:
    leave(hire(site=floor.ygy, joined_on=date(2025, 6, 1), contract=None), date(2026, 6, 30), hr)
    client.force_login(floor.coordinator)
    page = client.get(reverse("sdm:turnover"), {"since": "2026-01", "until": "2026-11", "site": "YGY"})
    assert page.context["whole"].left == 0
    api = "/api/v1/sdm/turnover/?from=2026-01-01&to=2026-11-20"
    assert client.get(api).json()["left"] == 0
    assert client.get(f"{api}&site=YGY").status_code == 404
    client.force_login(hr)
    said = client.get(f"{api}&site=YGY").json()
    assert (said["left"], said["reasons"], len(said["months"])) == (1, {"resignation": 1}, 11)
    assert client.get("/api/v1/sdm/turnover/?from=2026-11-20&to=2026-01-01").status_code == 422


def test_the_chart_draws_posts_by_rank_and_teams_with_who_leads_them(floor: Floor, hire: Hire, client: Client) -> None:
    boss = hire(position="Koordinator", team=None)
    chief = hire(position="Team Leader", team=floor.team)
    hire(position="Quality Control", team=None)
    for _n in range(3):
        hire(team=floor.team, leader=chief.person)
    found = organisation(site=floor.jkt, day=TODAY, now=NOW)
    assert [[post.position for post in posts] for posts in found.levels] == [["Koordinator"], ["Quality Control"]]
    (box,) = found.teams
    assert box.leaders == [(chief.pk, chief.person.name)]
    assert dict(box.positions) == {"Agent": 4, "Team Leader": 1}
    assert found.count == 7
    client.force_login(floor.leader)
    page = client.get(reverse("sdm:organisation"), {"site": "JKT"})
    assert boss.person.name in page.content.decode()
    api = client.get("/api/v1/sdm/organisation/?site=JKT").json()
    assert (api["count"], api["teams"][0]["count"]) == (7, 5)
    assert client.get("/api/v1/sdm/organisation/?site=YGY").status_code == 404


def test_the_chart_of_a_day_is_that_days(floor: Floor, hr: User, hire: Hire) -> None:
    one = hire(team=floor.team, joined_on=date(2025, 1, 1))
    other = Team.objects.create(code="JKT-Z", name="Tim Z", site=floor.jkt)
    placements.person_transfer(
        person_id=one.pk, on=date(2026, 6, 1), site=floor.jkt, position="Agent", team=other, leader=None, note="x",
        actor=hr, now=NOW,
    )  # fmt: skip
    teams = {day: {box.team.code: box.count for box in organisation(site=floor.jkt, day=day, now=NOW).teams}
             for day in (date(2026, 5, 31), date(2026, 6, 1))}  # fmt: skip
    assert teams[date(2026, 5, 31)] == {"JKT-A": 2}
    assert teams[date(2026, 6, 1)] == {"JKT-A": 1, "JKT-Z": 1}
    leave(one, date(2026, 7, 31), hr)
    assert organisation(site=floor.jkt, day=date(2026, 8, 1), now=NOW).count == 1


def test_queries_do_not_grow_with_the_people(
    floor: Floor, hr: User, hire: Hire, client: Client, django_assert_max_num_queries: Any
) -> None:
    for n in range(12):
        one = hire(team=floor.team, joined_on=date(2025, 1, 1) + timedelta(days=n), contract=None)
        if n % 3 == 0:
            leave(one, date(2026, 5, 1) + timedelta(days=n), hr)
    client.force_login(user(Role.MANAGER))
    for url, most in (
        (reverse("sdm:organisation") + "?site=JKT", 16), (reverse("sdm:turnover") + "?site=JKT", 26),
        (reverse("sdm:turnover_rows") + "?what=left", 16), (reverse("sdm:turnover_rows") + "?what=working", 16),
    ):  # fmt: skip
        client.get(url)
        with django_assert_max_num_queries(most):
            assert client.get(url).status_code == 200


@pytest.mark.parametrize(
    "query", ["since=9999-99&until=x&site=no&position=%00", "since=2030-01&until=1990-01", "as_of=0001-01-01&site=%00"]
)
def test_nonsense_in_the_address_breaks_nothing(floor: Floor, client: Client, query: str) -> None:
    client.force_login(floor.manager)
    for name in ("turnover", "turnover_rows", "organisation"):
        assert client.get(f"{reverse(f'sdm:{name}')}?{query}").status_code == 200


@pytest.mark.parametrize("asked", ["1900-01-01", "kemarin"])
def test_a_day_that_cannot_be_meant_is_told_at_its_field(floor: Floor, client: Client, asked: str) -> None:
    client.force_login(floor.manager)
    page = client.get(reverse("sdm:organisation"), {"as_of": asked}).content.decode()
    assert 'id="id_as_of_error"' in page and f'value="{asked}"' in page
    assert 'id="id_as_of_error"' not in client.get(reverse("sdm:organisation")).content.decode()
