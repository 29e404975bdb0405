"""What a newcomer met: whose turn it is and of which team, answers that are decisions, requests found by search."""

from __future__ import annotations

from datetime import date, timedelta
from importlib import import_module
from typing import Any

import pytest
from django.apps import apps
from django.test import Client
from django.urls import reverse
from django.utils import timezone

from occ.errors import Invalid
from occ.home.selectors import with_ends
from occ.ledger.models import Entry
from occ.notifications.models import Notification
from occ.obligations.models import Obligation
from occ.obligations.sweep import sweep
from occ.people.actors import CONNECTOR
from occ.people.choices import Role
from occ.people.choosing import chosen
from occ.people.models import Person, Team
from occ.policies.models import Policy
from occ.policies.services import policy_set, policy_value
from occ.search import search
from occ.workflow.turns import turns_for
from tests.factories import NOW, Floor, account, person, user
from userids.finding import find_accounts
from userids.models import AccessReviewItem, Account, Assignment, BreachReview
from userids.notices import CONNECTOR_FAILED, tell
from userids.policies import DEACTIVATE, WITHIN
from userids.services import access_reviews, deactivations, replacements
from userids.services.accounts import searchable
from userids.views.processes import form_for
from userids.workflow import REPLACEMENT


@pytest.mark.req("UID-16")
def test_a_leader_of_a_team_has_the_own_team_first_and_reads_which_team_it_is(floor: Floor, client: Client) -> None:
    other = Team.objects.create(code="JKT-B", name="Tim B", site=floor.jkt)
    theirs = account(person(floor.jkt, team=other))
    leader = user(Role.TEAM_LEADER, floor.jkt, name="leader.a", team=floor.team)
    today = timezone.localdate()
    deactivations.resignation_record(
        person_id=theirs.holder.person_id, last_working_day=today, actor=floor.support, now=timezone.now()
    )  # fmt: skip
    floor.resign(today + timedelta(days=3), now=timezone.now())
    turns = turns_for(leader)
    assert [(one.place, one.elsewhere) for one in turns] == [("JKT · Tim A", False), ("JKT · Tim B", True)]
    assert [one.place for one in turns_for(floor.leader)] == ["JKT · Tim B", "JKT · Tim A"], "soonest first for all"
    client.force_login(leader)
    page = client.get(reverse("home")).content.decode()
    assert page.index("Tim A") < page.index("Dari tim lain") < page.index("JKT · Tim B")


@pytest.mark.req("UID-12")
def test_an_access_review_waits_for_the_coordinator_once_all_is_answered(floor: Floor) -> None:
    review = access_reviews.access_review_open(site=floor.jkt, now=NOW)
    assert review is not None

    def waits(who: Any) -> bool:
        return review.get_absolute_url() in {one.url for one in turns_for(who)}

    assert not waits(floor.coordinator)
    access_reviews.items_decide(
        review_id=review.pk, item_ids=AccessReviewItem.objects.values_list("pk", flat=True), decision="confirmed",
        actor=floor.leader, now=NOW,
    )  # fmt: skip
    assert waits(floor.coordinator) and not waits(floor.leader)


@pytest.mark.req("UID-12")
def test_an_access_review_waits_for_the_leaders_of_its_teams_until_they_have_answered(floor: Floor) -> None:
    other = Team.objects.create(code="JKT-B", name="Tim B", site=floor.jkt)
    account(person(floor.jkt, team=other))
    review = access_reviews.access_review_open(site=floor.jkt, now=NOW)
    assert review is not None
    leads = user(Role.TEAM_LEADER, floor.jkt, name="leader.a", team=floor.team)

    def waits(who: Any) -> list[tuple[str, str, bool]]:
        turns = [one for one in turns_for(who) if one.url.startswith(review.get_absolute_url())]
        assert all(one.due_at == review.due_at for one in turns)
        return [(one.place, one.what_next, one.elsewhere) for one in turns]

    asked = "Putuskan 1 user ID"
    assert waits(leads) == [("JKT · Tim A", asked, False)], "only the own team's are this leader's to decide"
    assert waits(floor.leader) == [("JKT · Tim A", asked, False), ("JKT · Tim B", asked, False)]
    assert waits(floor.coordinator) == waits(user(Role.TEAM_LEADER, floor.ygy)) == []
    access_reviews.items_decide(
        review_id=review.pk, item_ids=review.items.filter(part__team=floor.team).values_list("pk", flat=True),
        decision="confirmed", actor=leads, now=NOW,
    )  # fmt: skip
    assert waits(leads) == []


@pytest.mark.req("UID-16")
def test_requests_are_found_by_number_person_and_application(floor: Floor) -> None:
    floor.resign()
    asked = floor.request

    def urls(text: str, who: Any = floor.leader) -> set[str]:
        return {one.url for group in search(who, text) for one in group.results}

    for text in (asked.account.user_id, floor.agent.number, floor.agent.name, f"{floor.agent.name} Omni"):
        assert asked.get_absolute_url() in urls(text), text
    assert asked.get_absolute_url() not in urls(f"{floor.agent.name} Lain")
    assert asked.get_absolute_url() in urls(f"{asked.pk} {floor.agent.number}")
    assert asked.get_absolute_url() not in urls(floor.agent.number, user(Role.TEAM_LEADER, floor.ygy))


@pytest.mark.req("UID-5")
def test_a_message_says_that_what_it_asks_for_is_done_and_by_whom(floor: Floor, client: Client) -> None:
    floor.resign()
    sweep(now=floor.request.due_at - timedelta(hours=1))
    client.force_login(floor.leader)
    assert "Selesai" not in client.get(reverse("inbox")).content.decode()
    asked = floor.request
    deactivations.deactivation_start(request_id=asked.pk, actor=floor.leader, now=NOW)
    deactivations.deactivation_confirm(request_id=asked.pk, evidence={"text": "x"}, actor=floor.leader, now=NOW)
    for name in ("inbox", "home"):
        (row, *_rest) = client.get(reverse(name)).content.decode().split("occ-message")[-1:]
        assert "Selesai" in row and floor.leader.username in row, name


@pytest.mark.req("KER-5")
def test_a_policy_that_changes_nothing_is_refused(floor: Floor) -> None:
    sets: dict[str, Any] = {
        "key": WITHIN, "reason": "uji", "site": floor.jkt, "actor": floor.coordinator, "now": NOW,
    }  # fmt: skip
    policy_set(**sets, value=24, valid_from=NOW)  # fixed for the site: what comes for all passes it by
    Policy.objects.create(key=WITHIN, value=48, valid_from=NOW + timedelta(hours=1), set_at=NOW, reason="uji")
    assert policy_value(WITHIN, at=NOW + timedelta(days=3), site=floor.jkt) == 24
    for later in (timedelta(hours=1), timedelta(days=3)):
        with pytest.raises(Invalid, match="sudah berlaku") as refused:
            policy_set(**sets, value=24, valid_from=NOW + later)
        assert (refused.value.field, refused.value.code) == ("value", "unchanged")
    policy_set(**sets, value=12, valid_from=NOW + timedelta(days=1))
    policy_set(**sets, value=24, valid_from=NOW + timedelta(days=2))


@pytest.mark.req("UID-9")
def test_what_shows_a_replacement_is_an_id_that_is_active(floor: Floor) -> None:
    floor.resign(date(2026, 11, 10), now=NOW - timedelta(days=12))
    asked = replacements.replacement_request(
        account_id=floor.account.pk, person_id=person(floor.jkt).pk, email="baru@x.test", actor=floor.support, now=NOW
    )
    hint = str(form_for(asked, REPLACEMENT.find("confirm")).fields["text"].help_text)
    assert "“Aktif”" in hint and "Nonaktif" not in hint


@pytest.mark.req("UID-4")
@pytest.mark.parametrize(("actor", "status", "stays"), [
    ("leader", None, True), ("leader", "open", True), ("leader", "void", False), ("connector", None, False),
])  # fmt: skip
def test_a_breach_from_before_goes_where_the_application_showed_it_or_the_review_is_void(
    floor: Floor, actor: str, status: str | None, stays: bool
) -> None:
    """What the person at fault says is the coordinator's to judge: the migrations leave it."""
    floor.resign()
    asked = floor.request
    done: dict[str, Any] = {"request_id": asked.pk, "actor": floor.leader if actor == "leader" else CONNECTOR}
    deactivations.deactivation_start(**done, now=NOW)
    deactivations.deactivation_confirm(**done, evidence={"text": "x"}, now=NOW)
    row = Obligation.objects.get(rule=DEACTIVATE)
    Obligation.objects.filter(pk=row.pk).update(breached_at=row.due_at)
    if status:
        BreachReview.objects.create(
            request=asked, site=asked.site, status=status, missed_at=asked.due_at, opened_at=NOW
        )  # fmt: skip
    for name in ("occ.obligations.migrations.0003_in_time_after_all", "userids.migrations.0008_in_time_as_shown"):
        import_module(name).put_right(apps, None)
    row.refresh_from_db()
    assert row.on_time != stays
    assert Entry.objects.filter(action="obligation.acquitted", subject_id=str(row.pk)).exists() != stays


@pytest.mark.req("UID-9")
def test_a_message_that_asks_for_a_step_says_how_it_ended(floor: Floor, client: Client) -> None:
    floor.resign()
    told: dict[str, Any] = {"now": NOW, "user_id": "OMN-1", "error": "x"}
    tell(CONNECTOR_FAILED, Role.SUPPORT, floor.request, step="connector:1", **told)
    client.force_login(floor.support)

    def said() -> Any:
        return client.get(reverse("inbox")).context["page"].rows[0].ended

    assert said() is None
    asked = floor.request
    done: dict[str, Any] = {"request_id": asked.pk, "actor": floor.leader, "now": NOW + timedelta(hours=1)}
    deactivations.deactivation_start(**done)
    assert said() is None, "under way"
    deactivations.deactivation_confirm(**done, evidence={"text": "x"})
    rows = {one.kind: one.ended for one in client.get(reverse("inbox")).context["page"].rows}
    assert (rows[CONNECTOR_FAILED.key].how, rows[CONNECTOR_FAILED.key].who) == ("done", str(floor.leader))
    assert rows["userids.document"] is None, "what is asked for next"


def test_a_message_about_what_was_called_off_says_so(floor: Floor) -> None:
    request = floor.resign()
    tell(CONNECTOR_FAILED, Role.SUPPORT, floor.request, step="connector:1", now=NOW, user_id="OMN-1", error="x")
    deactivations.resignation_withdraw(
        resignation_id=request.pk, note="uji", actor=floor.support, now=NOW + timedelta(hours=1)
    )
    (one,) = with_ends(Notification.objects.filter(kind=CONNECTOR_FAILED.key))
    assert one.ended.how == "cancelled"  # type: ignore[attr-defined]


@pytest.mark.req("UID-16")
def test_an_id_that_is_found_by_a_former_holder_says_so(floor: Floor) -> None:
    before = person(floor.jkt, name="Joko Lama")
    Assignment.objects.create(
        account=floor.account, person=before, email="joko@x.test", starts_at=NOW - timedelta(days=400),
        ends_at=NOW - timedelta(days=300),
    )  # fmt: skip
    words = searchable([floor.account.user_id, before.name, before.number, floor.agent.name, floor.agent.number])
    Account.objects.filter(pk=floor.account.pk).update(search_text=words)

    def said(text: str) -> list[str]:
        return [one.subtitle for one in find_accounts(floor.leader, text, 8)]

    (by_former,) = said("joko")
    assert floor.agent.name in by_former and f"sebelumnya: Joko Lama ({before.number})" in by_former
    assert "sebelumnya" not in said(floor.account.user_id)[0] and "sebelumnya" not in said(floor.agent.name)[0]


@pytest.mark.req("UID-3", "UID-9")
def test_after_a_failed_attempt_the_step_is_another_try(floor: Floor) -> None:
    floor.resign()
    who = {"request_id": floor.request.pk, "actor": floor.leader, "now": NOW}
    (turn,) = turns_for(floor.leader)
    assert turn.what_next == "Mulai"
    deactivations.deactivation_start(**who)
    deactivations.deactivation_fail(**who, note="menu tidak terbuka")
    (turn,) = turns_for(floor.leader)
    assert turn.what_next == "Coba lagi"


@pytest.mark.req("UID-3")
def test_one_person_offered_is_named_when_nobody_was_chosen(floor: Floor) -> None:
    Person.objects.filter(pk=floor.agent.pk).update(name="Agus Salim")
    with pytest.raises(Invalid, match=f"Agus Salim · {floor.agent.number}"):
        chosen(Person.objects.all(), "agus")
