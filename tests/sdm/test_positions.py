"""Positions and the plan of personnel (SDM-2): quoted as written, dated, and what is known of the days ahead."""

from __future__ import annotations

import html
import re
from datetime import date, timedelta
from typing import Any

import pytest
from django.db import IntegrityError, transaction
from django.test import Client
from django.urls import reverse

from occ.errors import Invalid, NotAllowed, WrongState
from occ.figures.registry import FIGURES, Scope
from occ.people.choices import LeavingReason, Role
from occ.policies.registry import DEFINITIONS
from occ.times import JAKARTA, start_of_day
from sdm.models import PlanLine, Position, PositionVersion
from sdm.positions.gaps import Gap, gap_of
from sdm.positions.manual import PERSONNEL
from sdm.positions.policies import AGE_BASIS
from sdm.services import leavings, plan, positions
from sdm.services.employments import employment_extend
from sdm.services.headcount import Standing, standings
from tests.factories import DAY, NOW, Floor, user
from tests.sdm.conftest import Hire
from tests.sdm.test_records import acting

pytestmark = pytest.mark.req("SDM-2")
SPEC = positions.Spec("Keputusan 1", "Pendidikan minimal S1.\nPria / wanita.", education="s1",
                      not_applied=["Pria / wanita."])  # fmt: skip
LATER = DAY + timedelta(days=10)


def test_the_thirteen_positions_are_quoted_with_their_clauses(db: None) -> None:
    rows = list(PositionVersion.objects.select_related("position").order_by("position__number"))
    assert [one.position.number for one in rows] == list(range(1, 14))
    assert all(one.clause == f"MO 2.1.1 no. {i}; MO 2.1.2 no. {i}" for i, one in enumerate(rows, 1))
    assert all(one.description and "Pendidikan minimal" in one.specification for one in rows)
    leader, verifier = rows[1], rows[12]
    assert (leader.education, leader.experience_months, leader.age_limit) == ("d3", 24, 32)
    assert "Memiliki pengalaman kerja di dunia Contact Center minimal 2 (dua) tahun." in leader.specification
    assert "Bahasa Inggris" in verifier.skills
    assert rows[11].education == "sma"


def test_what_is_quoted_of_sex_and_looks_is_marked_and_no_column_keeps_it(db: None) -> None:
    verifier = PositionVersion.objects.get(position__code="verifier")
    assert verifier.not_applied == ["Wanita.", "Usia maksimal 30 tahun.", "Good looking"]
    assert [text for text, applied in verifier.lines if not applied] == verifier.not_applied
    for one in PositionVersion.objects.all():
        words = ("pria", "wanita", "good looking", "usia")
        assert not [text for text, applied in one.lines if applied and text.casefold().startswith(words)]


def change(actor: Any, **values: Any) -> PositionVersion:
    found = Position.objects.get(code="agent")
    given: dict[str, Any] = {"position_id": found.pk, "spec": SPEC, "starts_on": LATER, "reason": "Kebutuhan baru"}
    return positions.position_change(**given | values, actor=actor, now=NOW)


def test_another_version_holds_from_its_day_and_the_one_before_until_then(floor: Floor, hr: Any) -> None:
    found = Position.objects.get(code="agent")
    change(hr, seen=1)
    assert [found.version_on(day).version for day in (DAY, LATER - timedelta(days=1), LATER)] == [1, 1, 2]  # type: ignore[union-attr]
    with pytest.raises(WrongState):
        change(hr, seen=1, starts_on=LATER + timedelta(days=1))
    for wrong in ({"starts_on": LATER}, {"starts_on": DAY - timedelta(days=1)}, {"reason": " "},
                  {"spec": positions.Spec("x", "Satu.", not_applied=["Dua."])}):  # fmt: skip
        with pytest.raises(Invalid):
            change(hr, **{"starts_on": LATER + timedelta(days=2)} | wrong)
    with pytest.raises(IntegrityError), transaction.atomic():
        PositionVersion.objects.filter(position=found, version=1).update(ends_on=None)


@pytest.mark.parametrize("role", Role)
def test_hr_alone_changes_a_position(floor: Floor, role: Role) -> None:
    actor = user(role, name=f"pos-{role}")
    if role in {Role.HR_RECRUITMENT, Role.HR_RELATIONS}:
        assert change(actor).version == 2
    else:
        with pytest.raises(NotAllowed):
            change(actor)


def test_two_positions_are_never_called_alike(floor: Floor, hr: Any) -> None:
    add: dict[str, Any] = {"spec": SPEC, "starts_on": DAY, "reason": "Baru", "actor": hr, "now": NOW}
    made = positions.position_add(name="Trainer", titles=["Trainer Operasional"], **add)
    assert (made.number, made.title) == (14, "Trainer Operasional")
    for name, titles in (("Trainer", []), ("Lain", ["AGENT"]), ("Lain", ["trainer operasional"])):
        with pytest.raises(Invalid):
            positions.position_add(name=name, titles=titles, **add)


def test_the_age_limit_needs_a_law(db: None) -> None:
    valid = DEFINITIONS[AGE_BASIS].valid
    assert DEFINITIONS[AGE_BASIS].default == []
    valid([{"key": "a", "basis": "Peraturan X pasal 1 ayat 2"}])
    for wrong in ([{"key": "a", "basis": ""}], [{"key": "a"}], [{"basis": "x" * 20}] * 2, "ya", None):
        with pytest.raises(ValueError, match=r"row|characters"):
            valid(wrong)


# The plan -----------------------------------------------------------------------------------------------------------


def day(n: int) -> date:
    return DAY + timedelta(days=n)


@pytest.mark.parametrize(
    ("planned", "have", "changes", "expected"),
    [
        ([(DAY, 3)], 3, {}, Gap(0, None, 0)),
        ([(DAY, 3)], 2, {}, Gap(1, DAY, 1)),
        ([(DAY, 3)], 3, {day(5): -1}, Gap(0, day(5), 1)),
        ([(DAY, 3)], 3, {day(5): -1, day(9): 1}, Gap(0, day(5), 0)),
        ([(DAY, 3)], 4, {day(5): -1, day(9): -1}, Gap(-1, day(9), 1)),
        ([(DAY, 3), (day(7), 4)], 3, {}, Gap(0, day(7), 1)),
        ([(DAY, 3)], 3, {day(91): -1}, Gap(0, None, 0)),  # beyond what is looked at
        ([(day(7), 1)], 0, {}, Gap(0, day(7), 1)),
        ([(DAY, 3), (day(7), 1)], 3, {day(7): -2}, Gap(0, None, 0)),  # planned less on the day they go
    ],
)
def test_a_gap_opens_on_the_first_day_on_which_fewer_are_there(
    planned: list[tuple[date, int]], have: int, changes: dict[date, int], expected: Gap
) -> None:
    assert gap_of(planned, have, changes, today=DAY, last=day(90)) == expected


def planned(floor: Floor, number: int, code: str = "agent", **values: Any) -> PlanLine:
    given: dict[str, Any] = {"site": floor.jkt, "position": Position.objects.get(code=code), "starts_on": DAY,
                             "reason": "Rencana", "actor": floor.manager, "now": NOW}  # fmt: skip
    return plan.plan_set(number=number, **given | values)


def agents(floor: Floor) -> Standing:
    return next(one for one in standings(sites=[floor.jkt], day=DAY, ahead=90) if one.line.position.code == "agent")


def test_the_manuals_table_is_taken_over_once(floor: Floor) -> None:
    take: dict[str, Any] = {"site": floor.jkt, "starts_on": DAY, "actor": floor.manager, "now": NOW}
    assert plan.plan_take_over(**take) == len(PERSONNEL["Jakarta"]) == 6
    numbers = {one.position.code: one.number for one in PlanLine.objects.all()}
    assert numbers == {"agent": 45, "verifier": 8, "team_leader": 4, "quality_control": 1, "document_control": 1,
                       "rtfm": 1}  # fmt: skip
    with pytest.raises(WrongState):
        plan.plan_take_over(**take)
    with pytest.raises(NotAllowed):
        plan.plan_take_over(**take | {"site": floor.ygy, "actor": floor.coordinator})


def test_leavers_contract_ends_and_who_comes_are_known(floor: Floor, hr: Any, hire: Hire) -> None:
    planned(floor, 3)  # the floor has one agent with no contract
    two = hire()  # PKWT until 2026-12-31
    three = hire()
    found = agents(floor)
    assert (found.actual, found.lacking, found.contract_ends) == (3, 0, 2)
    assert found.gap.opens_on == date(2027, 1, 1)
    employment_extend(
        employment_id=two.employments.get().pk, agreed_until=date(2027, 12, 31), actor=hr, now=NOW
    )  # fmt: skip
    leavings.leaving_record(
        person_id=three.pk, last_working_day=day(6), reason=LeavingReason.RESIGNATION, actor=hr, now=NOW
    )
    found = agents(floor)
    assert (found.leavers, found.contract_ends, found.gap.opens_on, found.gap.at_end) == (1, 0, day(7), 1)
    hire(joined_on=day(20), contract=None)
    found = agents(floor)
    assert (found.joiners, found.gap.at_end) == (1, 0)


def test_whoever_is_there_is_found_from_the_plan(floor: Floor, hr: Any, hire: Hire, client: Client) -> None:
    planned(floor, 3)
    titles = Position.objects.get(code="agent").titles
    same, other = hire(position=titles[-1].title()), hire(position="Agent Verifikator")
    client.force_login(hr)
    page = client.get(reverse("sdm:plan")).content.decode()
    link = re.search(r'href="([^"]+position=[^"]+)"', page)
    assert link
    found = client.get(html.unescape(link[1])).content.decode()
    assert same.person.name in found and other.person.name not in found
    assert other.person.name in client.get(reverse("sdm:people"), {"position": "agent"}).content.decode()


def test_other_titles_and_other_sites_do_not_count(floor: Floor, hire: Hire) -> None:
    planned(floor, 2)
    hire(position="agent REGULER")
    hire(position="Agent", site=floor.ygy)
    hire(position="Satpam")
    assert agents(floor).actual == 2


def test_the_plan_changes_from_a_day_and_never_the_past(floor: Floor) -> None:
    first = planned(floor, 2)
    planned(floor, 4, starts_on=LATER, seen=first.pk)
    first.refresh_from_db()
    assert first.ends_on == LATER - timedelta(days=1)
    assert agents(floor).gap == Gap(1, DAY, 3)
    with pytest.raises(WrongState):
        planned(floor, 5, starts_on=LATER + timedelta(days=1), seen=first.pk)
    for wrong in ({"starts_on": DAY - timedelta(days=1)}, {"starts_on": LATER}, {"reason": ""}):
        with pytest.raises(Invalid):
            planned(floor, 5, **{"starts_on": LATER + timedelta(days=5)} | wrong)
    with pytest.raises(NotAllowed):
        planned(floor, 5, starts_on=LATER + timedelta(days=5), actor=floor.leader)


def test_the_figure_is_what_lacks_and_none_without_a_plan(floor: Floor) -> None:
    scope = Scope(start_of_day(DAY, JAKARTA), start_of_day(DAY + timedelta(days=1), JAKARTA), site=floor.jkt)
    figure = FIGURES["sdm.plan.lacking"]
    assert figure.of(scope).value is None
    planned(floor, 3)
    planned(floor, 0, "wfm")
    told = figure.of(scope)
    assert (told.value, told.inputs["planned"], told.inputs["actual"]) == (2.0, 3.0, 1.0)
    assert "site=JKT" in told.url


def test_pages_show_versions_plan_and_what_is_not_applied(floor: Floor, hr: Any, django_assert_max_num_queries: Any
                                                         ) -> None:  # fmt: skip
    client = acting(hr)
    found = Position.objects.get(code="verifier")
    page = client.get(found.get_absolute_url()).content.decode()
    assert "Good looking" in page and page.count("dikutip, tidak diterapkan") + page.count("quoted, not applied") == 3
    with django_assert_max_num_queries(14):
        assert client.get(reverse("sdm:positions")).status_code == 200
    planned(floor, 3)
    manager = acting(floor.manager)
    with django_assert_max_num_queries(22):
        page = manager.get(reverse("sdm:plan")).content.decode()
    assert "Yogyakarta" in page
    assert manager.post(reverse("sdm:plan_take_over", args=[floor.ygy.pk])).status_code == 302
    assert PlanLine.objects.filter(site=floor.ygy).count() == 5
    line = PlanLine.objects.get(site=floor.jkt)
    data = {"number": 5, "starts_on": "2099-01-01", "reason": "Layanan baru", "seen": line.pk}
    assert manager.post(line.get_absolute_url(), data).status_code == 302
    assert acting(floor.leader).post(line.get_absolute_url(), data).status_code == 403
    data = {"clause": "SK 2", "specification": "Pendidikan minimal S1.", "education": "s1", "experience_months": 0,
            "starts_on": "2099-01-01", "reason": "Baru", "seen": 1, "titles": "Agent Verifikator"}  # fmt: skip
    assert client.post(reverse("sdm:position_change", args=[found.pk]), data).status_code == 302
    assert client.post(reverse("sdm:position_change", args=[found.pk]), data).status_code == 422
    data |= {"name": "Trainer", "titles": "Trainer"}
    assert client.post(reverse("sdm:position_new"), data).status_code == 302
