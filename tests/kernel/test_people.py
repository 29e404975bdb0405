"""Roles by date and place, leaving, policies, compliance figures, bootstrap (KER-4, KER-9, KER-10)."""

from __future__ import annotations

from datetime import date, timedelta
from pathlib import Path

import pytest
from django.core.management import CommandError, call_command
from django.db import IntegrityError, transaction

from occ.errors import Invalid, NotAllowed
from occ.obligations.selectors import compliance
from occ.people.choices import Role
from occ.people.lifecycle import announce_left, left, person_leave
from occ.people.models import Person, RoleAssignment, Site, TeamMembership, User
from occ.people.scope import has_role, roles_of, sites_for
from occ.policies.services import policy_set, policy_value
from retention.services.cataloguing import Agents
from tests.factories import DAY, NOW, Floor, account, person, site, user
from userids.policies import WITHIN
from userids.services import deactivations

EXAMPLE = Path(__file__).parent.parent.parent / "docs" / "bootstrap.example.yaml"


@pytest.mark.req("KER-9")
def test_a_role_holds_from_its_first_to_its_last_day(db: None) -> None:
    one = User.objects.create_user("one")
    RoleAssignment.objects.create(user=one, role=Role.SUPPORT, site=site(), starts_on=DAY, ends_on=DAY)
    held = [bool(roles_of(one, DAY + timedelta(days=days))) for days in (-1, 0, 1)]
    assert held == [False, True, False]


@pytest.mark.req("KER-9")
def test_a_role_for_one_site_is_none_for_the_other_and_one_for_all_is_for_both(db: None) -> None:
    jkt, ygy = site("JKT"), site("YGY")
    local, everywhere = user(Role.COORDINATOR, jkt), user(Role.SUPPORT)
    assert [has_role(local, {Role.COORDINATOR}, site=one) for one in (jkt, ygy)] == [True, False]
    assert [has_role(everywhere, {Role.SUPPORT}, site=one) for one in (jkt, ygy)] == [True, True]
    assert sites_for(local, {Role.COORDINATOR}) == [jkt]


@pytest.mark.req("KER-9")
def test_a_log_in_that_is_off_holds_no_role(db: None) -> None:
    one = user(Role.SUPPORT)
    one.is_active = False
    assert roles_of(one) == []


@pytest.mark.req("KER-10")
def test_nobody_is_in_two_teams_at_once(floor: Floor) -> None:
    with pytest.raises(IntegrityError, match="one_team_at_a_time"), transaction.atomic():
        TeamMembership.objects.create(person=floor.agent, team=floor.team, starts_on=DAY)


@pytest.mark.req("KER-10")
def test_nobody_leaves_before_joining(floor: Floor) -> None:
    with pytest.raises(Invalid):
        deactivations.resignation_record(
            person_id=floor.agent.pk, last_working_day=date(2020, 1, 1), actor=floor.support, now=NOW
        )
    with pytest.raises(IntegrityError), transaction.atomic():
        Person.objects.filter(pk=floor.agent.pk).update(last_working_day=date(2020, 1, 1))


@pytest.mark.req("KER-7")
def test_left_is_told_once_when_the_day_is_over_at_the_site(floor: Floor) -> None:
    heard = []
    receiver = lambda **sent: heard.append(sent["person"])  # noqa: E731
    left.connect(receiver)
    try:
        person_leave(person_id=floor.agent.pk, last_working_day=DAY, reason="resignation", actor=floor.support, now=NOW)  # type: ignore[arg-type]
        midnight = NOW.replace(hour=17)  # 00:00 WIB
        for at in (midnight - timedelta(seconds=1), midnight, midnight, midnight + timedelta(days=3)):
            announce_left(now=at)
    finally:
        left.disconnect(receiver)
    assert heard == [floor.agent]


@pytest.mark.req("KER-5")
def test_a_policy_changes_from_an_instant_on_for_a_site(floor: Floor) -> None:
    later = NOW + timedelta(days=1)
    policy_set(key=WITHIN, value=12, valid_from=later, reason="uji", site=floor.jkt, actor=floor.coordinator, now=NOW)
    values = [policy_value(WITHIN, at=at, site=where) for at in (NOW, later) for where in (floor.jkt, floor.ygy)]
    assert values == [24, 24, 12, 24]


@pytest.mark.req("KER-5")
def test_a_policy_needs_a_role_a_reason_a_future_and_a_value_that_fits(floor: Floor) -> None:
    good = {"key": WITHIN, "value": 12, "valid_from": NOW, "reason": "uji", "site": floor.jkt, "now": NOW}
    for actor, changes, refusal in (
        (floor.leader, {}, NotAllowed), (floor.coordinator, {"site": floor.ygy}, NotAllowed),
        (floor.coordinator, {"site": None}, NotAllowed), (floor.coordinator, {"reason": " "}, Invalid),
        (floor.coordinator, {"valid_from": NOW - timedelta(1)}, Invalid), (floor.coordinator, {"value": -1}, Invalid),
        (floor.coordinator, {"value": "24"}, Invalid),
    ):  # fmt: skip
        with pytest.raises(refusal):
            policy_set(**(good | changes), actor=actor)  # type: ignore[arg-type]


@pytest.mark.req("UID-16")
def test_compliance_counts_as_one_would_by_hand(floor: Floor) -> None:
    """One in time, one late, one overdue, one running, one cancelled: 1 of 3 judged."""
    due = NOW.replace(hour=17) + timedelta(days=1)
    people = [floor.agent, *(person(floor.jkt) for _one in range(4))]
    for one in people[1:]:
        account(one)
    requests = []
    for one in people:
        deactivations.resignation_record(person_id=one.pk, last_working_day=DAY, actor=floor.support, now=NOW)
        requests.append(one.deactivations.get())
    for request, at in ((requests[0], due), (requests[1], due + timedelta(seconds=1))):
        deactivations.deactivation_start(request_id=request.pk, actor=floor.leader, now=at)
        deactivations.deactivation_confirm(request_id=request.pk, evidence={"text": "x"}, actor=floor.leader, now=at)
    deactivations.resignation_move(
        resignation_id=people[3].resignations.get().pk, last_working_day=DAY + timedelta(days=5), note="x",
        actor=floor.support, now=NOW,
    )  # fmt: skip
    deactivations.resignation_withdraw(
        resignation_id=people[4].resignations.get().pk, note="x", actor=floor.support, now=NOW
    )
    (row,) = compliance(
        user=floor.coordinator, now=due + timedelta(hours=1), by=("clause", "site"), clause="SOP-UID 5.1"
    )
    assert (row.clause, row.site, row.met, row.late, row.overdue, row.running) == ("SOP-UID 5.1", "JKT", 1, 1, 1, 1)
    assert row.share == pytest.approx(100 / 3)
    assert compliance(user=user(Role.COORDINATOR, floor.ygy), now=due) == []


@pytest.mark.req("KER-4")
def test_bootstrap_makes_an_installation_and_does_no_harm_again(db: None) -> None:
    for _time in range(2):
        call_command("bootstrap", str(EXAMPLE))
    assert set(Site.objects.values_list("code", flat=True)) == {"JKT", "YGY"}
    admin = User.objects.get(username="administrator")
    assert has_role(admin, {Role.ADMINISTRATOR})
    assert admin.roles.count() == 1
    assert policy_value("userids.replace.quarantine_days", at=NOW + timedelta(days=365)) == 7


@pytest.mark.req("KER-4")
@pytest.mark.parametrize(
    "text",
    ["", "- a", "sites: [{code: X}]", "users: [{username: a, password: short, roles: []}]", "nonsense: 1", "a: [",
     "policies: {no.such: 1}", "users: [{username: a, password: long-enough-to-pass-9, roles: [{role: king}]}]"],
)  # fmt: skip
def test_a_wrong_file_is_refused_in_one_line_and_makes_nothing(db: None, tmp_path: Path, text: str) -> None:
    file = tmp_path / "x.yaml"
    file.write_text("sites: [{code: AAA, name: A}]\n" + text if text.startswith(("users", "policies")) else text)
    with pytest.raises(CommandError):
        call_command("bootstrap", str(file))
    assert not Site.objects.exists()
    assert not User.objects.exists()


@pytest.mark.req("RET-1")
def test_a_number_and_an_address_without_an_id_are_found_in_any_case(floor: Floor) -> None:
    new = person(floor.jkt)
    Person.objects.filter(pk=new.pk).update(number="Peg-012a", email="Peg.Baru@x.test")
    agents = Agents()
    agents.learn(["PEG-012A", "peg-012a", "peg.baru@X.test"])
    assert [agents.person(word, NOW) for word in ("peg-012A", "PEG.BARU@x.test")] == [new.pk, new.pk]
