"""Breach reviews (UID-7), other reasons (UID-8) and access reviews (UID-12)."""

from __future__ import annotations

from datetime import UTC, date, datetime, timedelta
from typing import Any

import pytest
from django.db import IntegrityError, transaction
from django.test import Client
from django.urls import reverse
from django.utils import timezone
from pypdf import PdfReader

from occ.documents.files import _root
from occ.errors import Invalid, NotAllowed, WrongState
from occ.jobs.models import Job, State
from occ.jobs.services import job_run
from occ.notifications.models import Notification
from occ.obligations.models import Obligation
from occ.obligations.sweep import sweep
from occ.people import lifecycle
from occ.people.actors import CONNECTOR
from occ.people.choices import Role
from occ.people.models import RoleAssignment, Team, User
from occ.policies.services import policy_set
from tests.factories import DAY, NOW, PASSWORD, Floor, account, person, user
from tests.userids.test_ladder import in_threads
from tests.userids.test_processes import ANALYSIS, late_review
from userids.models import AccessReview, Account, Assignment, BreachReview, DeactivationRequest
from userids.policies import WITHIN
from userids.services import access_reviews, accounts, breach_reviews, deactivations, replacements
from userids.services.access_reviews import quarter_of
from userids.services.others import deactivation_ask

LATER = NOW + timedelta(days=3)
HOUR = timedelta(hours=1)


def acting(actor: Any) -> Client:
    one = Client()
    one.force_login(actor)
    one.cookies["django_language"] = "en"
    return one


def shut(request: DeactivationRequest, floor: Floor, now: datetime, **more: Any) -> None:
    deactivations.deactivation_start(request_id=request.pk, actor=floor.leader, now=now)
    given = {"evidence": {"text": "x"}} | more
    deactivations.deactivation_confirm(request_id=request.pk, actor=floor.leader, now=now, **given)


# Breach review -----------------------------------------------------------------------------------------------------


@pytest.mark.req("UID-7")
def test_a_breach_opens_one_review_however_often_it_is_swept(floor: Floor) -> None:
    floor.resign()
    due = floor.request.due_at
    sweep(now=due - timedelta(seconds=1))
    assert not BreachReview.objects.exists()
    for _time in range(3):
        sweep(now=due + HOUR)
    review = BreachReview.objects.get()
    assert (review.request, review.status, review.cause) == (floor.request, "open", "")
    owed = Obligation.objects.get(rule="userids.breach_review")
    assert owed.due_at == due + HOUR + 72 * HOUR


@pytest.mark.req("UID-7", "UID-4")
def test_a_resignation_that_came_late_is_reviewed_at_once_with_its_cause(floor: Floor) -> None:
    floor.resign(DAY - timedelta(days=4), now=NOW)
    assert BreachReview.objects.get().cause == "late_notice"


@pytest.mark.req("UID-7")
def test_nothing_is_closed_while_the_id_is_active(floor: Floor) -> None:
    floor.resign()
    sweep(now=floor.request.due_at)
    review = BreachReview.objects.get()
    settle = {"review_id": review.pk, "cause": "overlooked", "correction": "x", "note": "x", "actor": floor.coordinator}
    with pytest.raises(WrongState):
        breach_reviews.review_settle(**settle, now=LATER)
    page = acting(floor.coordinator).get(review.get_absolute_url())
    assert "settle" not in [one["name"] for one in page.context["others"]]
    assert [one["why"].split(".")[0] for one in page.context["hindered"]] == ["The user ID is still active"]
    shut(floor.request, floor, LATER)
    breach_reviews.review_settle(**settle, now=LATER)
    review.refresh_from_db()
    assert (review.status, review.closed_by, review.closed_at) == ("closed", floor.coordinator, LATER)
    assert Obligation.objects.get(rule="userids.breach_review").state == "fulfilled"


@pytest.mark.req("UID-7")
def test_nobody_waits_for_a_new_date_or_for_a_breach_to_be_none(floor: Floor) -> None:
    floor.resign()
    sweep(now=floor.request.due_at)
    review = BreachReview.objects.get()

    def waits() -> list[str]:
        page = acting(floor.manager).get(review.get_absolute_url())
        return [one.label for one in page.context["waits"]]

    assert waits() == ["Set the corrective action", "Close without a corrective action"]
    breach_reviews.review_analyse(review_id=review.pk, **ANALYSIS, actor=floor.coordinator, now=floor.request.due_at)
    assert waits() == ["Close: the action is done and works"]


@pytest.mark.req("UID-7", "UID-4")
@pytest.mark.parametrize("way", ["withdrawn", "moved", "in time"])
def test_what_turns_out_to_be_no_breach_is_void(floor: Floor, way: str) -> None:
    resignation = floor.resign()
    due = floor.request.due_at
    sweep(now=due)
    support = {"resignation_id": resignation.pk, "note": "x", "actor": floor.support, "now": due + HOUR}
    if way == "withdrawn":
        deactivations.resignation_withdraw(**support)
    elif way == "moved":
        deactivations.resignation_move(**support, last_working_day=DAY + timedelta(days=20))
    else:
        shown = {"inactive_since": due - HOUR, "evidence": {"text": "x", "attachment": "x"}}
        shut(floor.request, floor, due + HOUR, **shown)
    review = BreachReview.objects.get()
    assert review.status == "open"  # each of these could wash a breach away: the coordinator judges
    breach_reviews.review_void(review_id=review.pk, note="salah ketik", actor=floor.coordinator, now=due + HOUR)
    review.refresh_from_db()
    assert review.status == "void"
    assert Obligation.objects.get(rule="userids.breach_review").state == "cancelled"
    if way == "moved":  # and late again: the same review lives again
        sweep(now=floor.request.due_at)
        assert BreachReview.objects.get().status == "open"


@pytest.mark.req("UID-7", "UID-4")
def test_a_breach_whose_deadline_was_moved_is_not_called_late_by_the_new_one(floor: Floor) -> None:
    now = timezone.now()
    today = timezone.localdate()
    resignation = floor.resign(today - timedelta(days=20), now=now)
    review = BreachReview.objects.get()
    deactivations.resignation_move(
        resignation_id=resignation.pk, last_working_day=today + timedelta(days=30), note="x", actor=floor.support,
        now=now,
    )  # fmt: skip
    reader = acting(floor.coordinator)

    def said(url: str) -> bool:
        page = reader.get(url).content.decode()
        return "not late by the deadline that holds now" in page and "deadline missed before it was moved" in page

    assert said(review.get_absolute_url()) and said(reverse("userids:breaches"))
    breach_reviews.review_void(review_id=review.pk, note="salah tahun", actor=floor.coordinator, now=now)
    assert said(review.get_absolute_url())


@pytest.mark.req("UID-4")
def test_a_last_day_long_ago_is_asked_about(floor: Floor) -> None:
    day = timezone.localdate() - timedelta(days=545)
    support, url = acting(floor.support), reverse("userids:resignation_new")
    posted = {"person": floor.agent.number, "last_working_day": day.isoformat(), "reason": "resignation"}
    page = support.post(url, posted)
    assert page.status_code == 422 and f'value="{day.isoformat()}"' in page.content.decode()
    assert 'name="sure"' in page.content.decode() and not DeactivationRequest.objects.exists()
    other = (day - timedelta(days=3)).isoformat()
    assert support.post(url, posted | {"sure": other}).status_code == 422, "that was said of another day"
    made = support.post(url, posted | {"sure": day.isoformat()})
    assert made.status_code == 302
    near = {"last_working_day": timezone.localdate().isoformat(), "note": "salah tahun"}
    assert support.post(f"{made.headers['Location']}move/", near | {"last_working_day": other}).status_code == 422
    assert support.post(f"{made.headers['Location']}move/", near).status_code == 302
    assert floor.request.last_working_day == timezone.localdate()


@pytest.mark.req("UID-7", "UID-4", "UID-10")
def test_what_the_application_shows_voids_a_review_by_itself(floor: Floor) -> None:
    floor.resign()
    due = floor.request.due_at
    sweep(now=due)
    who = {"request_id": floor.request.pk, "actor": CONNECTOR, "now": due + HOUR}
    deactivations.deactivation_start(**who)
    deactivations.deactivation_confirm(**who, evidence={"text": "SCIM"}, inactive_since=due - HOUR)
    assert BreachReview.objects.get().status == "void"


@pytest.mark.req("UID-7", "UID-4")
def test_moving_the_day_forth_and_back_washes_no_breach_away(floor: Floor) -> None:
    resignation = floor.resign(DAY - timedelta(days=3), now=NOW)
    move = {"resignation_id": resignation.pk, "note": "x", "actor": floor.support}
    deactivations.resignation_move(**move, last_working_day=DAY, now=NOW)
    request = floor.request
    assert request.due_at > NOW
    shut(request, floor, NOW + HOUR)
    assert BreachReview.objects.get().status == "open"  # in time by a day that was moved after the breach: who knows
    deactivations.resignation_move(**move, last_working_day=DAY - timedelta(days=3), now=NOW + 2 * HOUR)
    request.refresh_from_db()
    assert request.late and request.last_working_day == DAY - timedelta(days=3)
    owed = Obligation.objects.get(rule="userids.deactivate")
    assert (owed.state, owed.on_time, owed.breached_at) == ("fulfilled", False, request.due_at)
    assert BreachReview.objects.get().status == "open"


@pytest.mark.req("UID-3")
def test_a_leavers_request_is_not_cancelled_while_they_leave(floor: Floor) -> None:
    floor.resign()
    with pytest.raises(WrongState, match=floor.agent.name):
        deactivations.deactivation_cancel(request_id=floor.request.pk, note="x", actor=floor.support, now=NOW)
    assert floor.request.is_open
    other = person(floor.jkt)
    asked = deactivation_ask(account_id=account(other).pk, reason="transfer", note="x", actor=floor.leader, now=NOW)
    assert (
        deactivations.deactivation_cancel(request_id=asked.pk, note="x", actor=floor.support, now=NOW).status
        == "cancelled"
    )


@pytest.mark.req("UID-3", "UID-8", "KER-5")
@pytest.mark.parametrize("way", ["resume", "create"])
def test_no_id_is_given_to_somebody_whose_leaving_is_being_recorded(live_floor: Floor, way: str) -> None:
    """Whichever of the two is first: no leaver holds an active ID without a request."""
    floor = live_floor
    if way == "resume":
        shut(ask(floor, "long_leave"), floor, NOW)

    def leave() -> None:
        floor.resign(DAY + timedelta(days=9), now=LATER)

    def give() -> None:
        if way == "resume":
            accounts.account_resume(account_id=floor.account.pk, note="x", actor=floor.leader, now=LATER)
        else:
            account(floor.agent)

    both = iter([leave, give])
    in_threads(2, lambda: next(both)())
    held = Assignment.objects.filter(person=floor.agent, ends_at=None).values_list("account_id", flat=True)
    requested = DeactivationRequest.objects.open().values_list("account_id", flat=True)
    assert set(held) <= set(requested)


@pytest.mark.req("UID-7")
def test_a_corrective_action_has_its_own_deadline_that_moves_only_with_a_reason(floor: Floor) -> None:
    review = late_review(floor, "action")
    owed = Obligation.objects.get(rule="userids.corrective_action")
    assert owed.due_at == datetime(2026, 12, 2, 17, tzinfo=UTC)  # the end of 2 December in Jakarta
    sweep(now=owed.due_at + 73 * HOUR)
    assert Notification.objects.filter(user__username="manager.all", key__startswith=f"obligation:{owed.pk}:").exists()
    with pytest.raises(Invalid):
        breach_reviews.review_postpone(
            review_id=review.pk, action_due=LATER.date() - timedelta(days=1), note="x", actor=floor.coordinator,
            now=LATER,
        )  # fmt: skip
    breach_reviews.review_postpone(
        review_id=review.pk, action_due=LATER.date() + timedelta(days=40), note="vendor", actor=floor.coordinator,
        now=LATER,
    )  # fmt: skip
    owed.refresh_from_db()
    assert owed.due_at > LATER + timedelta(days=40)


@pytest.mark.req("UID-7", "UID-16")
def test_the_coordinator_reviews_on_the_page(floor: Floor) -> None:
    review = late_review(floor, "open")
    page = acting(floor.coordinator).get(reverse("userids:breaches"))
    assert review.get_absolute_url() in page.content.decode() and "To be reviewed" in page.content.decode()
    policy = {"key": WITHIN, "reason": "x", "actor": user(Role.ADMINISTRATOR), "now": NOW}
    policy_set(value=36, valid_from=NOW, site=None, **policy)
    policy_set(value=12, valid_from=NOW, site=floor.jkt, **policy)
    policy_set(value=6, valid_from=NOW, site=floor.ygy, **policy)
    page = acting(floor.coordinator).get(reverse("userids:breaches"))
    assert (page.context["limit"], page.context["limits"]) == ("36 hours", [(floor.jkt, "12 hours")])
    assert "36 hours" in page.content.decode()
    url = reverse("userids:breach_review_step", args=[review.pk, "analyse"])
    data = ANALYSIS | {"action_due": "2099-01-31"}
    assert acting(floor.coordinator).post(url, data | {"cause": ""}).status_code == 422
    assert acting(floor.leader).post(url, data).status_code == 403
    assert acting(floor.coordinator).post(url, data).status_code == 302
    page = acting(floor.coordinator).get(review.get_absolute_url())
    assert not page.context["hindered"] and [one["name"] for one in page.context["next"]] == ["close"]
    close = reverse("userids:breach_review_step", args=[review.pk, "close"])
    assert acting(floor.coordinator).post(close, {"text": ""}).status_code == 422
    assert acting(floor.coordinator).post(close, {"text": "daftar dipakai"}).status_code == 302
    page = acting(floor.coordinator).get(reverse("userids:breaches"), {"review": "closed", "cause": "overlooked"})
    assert str(floor.coordinator) in page.content.decode()
    assert not acting(floor.coordinator).get(reverse("userids:breaches"), {"review": "due"}).context["page"].rows


# Other reasons -----------------------------------------------------------------------------------------------------


def ask(floor: Floor, reason: str, **more: Any) -> DeactivationRequest:
    given: dict[str, Any] = {"note": "x", "actor": floor.leader, "now": NOW} | more
    return deactivation_ask(account_id=floor.account.pk, reason=reason, **given)


@pytest.mark.req("UID-8")
@pytest.mark.parametrize(
    ("reason", "last_day", "due"),
    [
        ("discipline", None, NOW + HOUR),
        ("transfer", DAY, datetime(2026, 11, 21, 17, tzinfo=UTC)),
        ("long_leave", date(2026, 12, 31), datetime(2027, 1, 1, 17, tzinfo=UTC)),
        ("dormant", None, NOW + 72 * HOUR),
    ],
)
def test_each_reason_has_its_time_limit(floor: Floor, reason: str, last_day: date | None, due: datetime) -> None:
    request = ask(floor, reason, last_day=last_day)
    assert (request.status, request.due_at) == ("requested", due)
    assert Obligation.objects.get(rule="userids.deactivate").due_at == due


@pytest.mark.req("UID-8")
def test_what_cannot_be_asked_for(floor: Floor) -> None:
    with pytest.raises(Invalid):
        ask(floor, "resignation")
    with pytest.raises(Invalid):
        ask(floor, "discipline", note=" ")
    with pytest.raises(Invalid):
        ask(floor, "transfer", last_day=date(2019, 1, 1))
    with pytest.raises(NotAllowed):
        ask(floor, "discipline", actor=user(Role.AUDITOR))
    with pytest.raises(NotAllowed):
        ask(floor, "discipline", actor=user(Role.TEAM_LEADER, floor.ygy))
    ask(floor, "discipline")
    with pytest.raises(WrongState):
        ask(floor, "dormant")


@pytest.mark.req("UID-8", "UID-12")
def test_a_request_far_ahead_hides_no_nearer_one(floor: Floor) -> None:
    request = ask(floor, "long_leave", last_day=DAY + timedelta(days=300))
    assert ask(floor, "discipline", note="pemeriksaan") == request
    request.refresh_from_db()
    assert (request.reason, request.due_at) == ("long_leave", NOW + HOUR)
    assert Obligation.objects.get(rule="userids.deactivate").due_at == NOW + HOUR
    assert "pemeriksaan" in request.history.latest("history_id").history_change_reason


@pytest.mark.req("UID-8", "KER-5")
def test_asking_and_leaving_at_once_both_come_to_their_end(live_floor: Floor) -> None:
    floor = live_floor
    both = iter([lambda: floor.resign(DAY, now=NOW), lambda: ask(floor, "dormant")])
    results = in_threads(2, lambda: next(both)())
    assert all(type(one).__name__ in {"Resignation", "DeactivationRequest", "WrongState"} for one in results), results
    assert DeactivationRequest.objects.open().count() == 1


@pytest.mark.req("UID-8", "UID-3")
def test_nobody_vouches_for_the_own_id(floor: Floor) -> None:
    """A team leader's own ID is shut and opened again by somebody else."""
    leads = user(Role.TEAM_LEADER, floor.jkt, name="leads")
    leads.person = floor.agent
    leads.save(update_fields=["person"])
    request = ask(floor, "long_leave")
    deactivations.deactivation_start(request_id=request.pk, actor=leads, now=NOW)
    with pytest.raises(NotAllowed, match=r"(?i)(about you|menyangkut Anda)"):
        deactivations.deactivation_confirm(request_id=request.pk, evidence={"text": "x"}, actor=leads, now=NOW)
    page = acting(leads).get(request.get_absolute_url())
    assert "confirm" not in [one["name"] for one in page.context["next"]]
    deactivations.deactivation_confirm(request_id=request.pk, evidence={"text": "x"}, actor=floor.leader, now=NOW)
    with pytest.raises(NotAllowed):
        accounts.account_resume(account_id=floor.account.pk, note="x", actor=leads, now=LATER)


@pytest.mark.req("UID-8")
def test_a_suspended_id_rests_for_its_holder_and_comes_back(floor: Floor) -> None:
    shut(ask(floor, "long_leave"), floor, NOW)
    floor.account.refresh_from_db()
    assert (floor.account.status, floor.account.holder) == ("suspended", None)
    new = person(floor.jkt)
    with pytest.raises(WrongState, match=floor.agent.name):
        replacements.replacement_request(
            account_id=floor.account.pk, person_id=new.pk, email=new.email, actor=floor.support, now=LATER
        )
    with pytest.raises(NotAllowed):
        accounts.account_resume(account_id=floor.account.pk, note="x", actor=floor.support, now=LATER)
    accounts.account_resume(account_id=floor.account.pk, note="status Aktif", actor=floor.leader, now=LATER)
    floor.account.refresh_from_db()
    assert floor.account.holder is not None
    assert (floor.account.status, floor.account.holder.person) == ("active", floor.agent)
    during = Account.objects.as_of(NOW + HOUR).get(pk=floor.account.pk)
    assert not during.was_active  # type: ignore[attr-defined]


@pytest.mark.req("UID-8")
def test_who_leaves_while_suspended_gives_the_id_free(floor: Floor) -> None:
    shut(ask(floor, "long_leave"), floor, NOW)
    floor.resign(DAY, now=NOW)
    assert not DeactivationRequest.objects.open().exists()  # it is shut already
    with pytest.raises(WrongState):
        accounts.account_resume(account_id=floor.account.pk, note="x", actor=floor.leader, now=LATER)
    lifecycle.announce_left(now=LATER)
    floor.account.refresh_from_db()
    assert floor.account.status == "inactive"


@pytest.mark.req("UID-8", "UID-4")
def test_leaving_brings_the_nearer_deadline_and_staying_ends_only_the_leaving(floor: Floor) -> None:
    request = ask(floor, "transfer", last_day=DAY + timedelta(days=60))
    resignation = floor.resign(DAY, now=NOW)
    request.refresh_from_db()
    assert (request.reason, request.due_at) == ("transfer", datetime(2026, 11, 21, 17, tzinfo=UTC))
    deactivations.resignation_withdraw(resignation_id=resignation.pk, note="x", actor=floor.support, now=NOW)
    request.refresh_from_db()
    assert request.is_open
    floor.resign(DAY + timedelta(days=90), now=NOW)
    request.refresh_from_db()
    assert request.due_at == datetime(2026, 11, 21, 17, tzinfo=UTC)


@pytest.mark.req("UID-8", "UID-16")
def test_a_team_leader_shuts_and_opens_an_id_on_the_page(floor: Floor) -> None:
    leader = acting(floor.leader)
    page = leader.get(floor.account.get_absolute_url()).content.decode()
    url = reverse("userids:account_shut", args=[floor.account.pk])
    assert url in page
    assert leader.post(url, {"reason": "long_leave", "note": ""}).status_code == 422
    answer = leader.post(url, {"reason": "long_leave", "note": "cuti melahirkan"})
    assert answer.status_code == 302
    shut(floor.request, floor, datetime.now(UTC))
    page = leader.get(floor.account.get_absolute_url()).content.decode()
    assert "Suspended" in page and floor.agent.name in page
    resume = reverse("userids:account_resume", args=[floor.account.pk])
    assert leader.post(resume, {"note": "kembali bekerja"}).status_code == 302
    assert acting(floor.support).get(resume).status_code == 403


# Access review -----------------------------------------------------------------------------------------------------


@pytest.fixture
def teams(floor: Floor) -> dict[str, Any]:
    """Two teams at Jakarta with a leader each, an ID in each, and one ID whose holder is in no team."""
    other = Team.objects.create(site=floor.jkt, code="JKT-B", name="Tim B")
    in_b, in_none = person(floor.jkt, team=other), person(floor.jkt)
    made = {"b": account(in_b), "none": account(in_none)}
    leads_a, leads_b = person(floor.jkt, team=floor.team), person(floor.jkt, team=other)
    made["leader's own"] = account(leads_b)
    for name, who, team in (("leads.a", leads_a, floor.team), ("leads.b", leads_b, other)):
        found = User.objects.create_user(name, password=PASSWORD, person=who)
        RoleAssignment.objects.create(user=found, role=Role.TEAM_LEADER, site=floor.jkt, team=team,
                                      starts_on=date(2020, 1, 1))  # fmt: skip
        made[name] = found
    review = access_reviews.access_review_open(site=floor.jkt, now=NOW)
    assert review is not None
    return made | {"review": review, "other": other, "in_b": in_b}


def decide(teams: dict[str, Any], actor: User, *accounts: Account, decision: str = "confirmed", **more: Any) -> int:
    items = teams["review"].items.filter(account__in=accounts).values_list("pk", flat=True)
    given: dict[str, Any] = {"note": "", "now": NOW} | more
    return access_reviews.items_decide(
        review_id=teams["review"].pk, item_ids=list(items), decision=decision, actor=actor, **given
    )


@pytest.mark.req("UID-12")
@pytest.mark.parametrize(
    ("day", "first"),
    [
        (date(2026, 1, 1), date(2026, 1, 1)), (date(2026, 3, 31), date(2026, 1, 1)),
        (date(2026, 11, 21), date(2026, 10, 1)), (date(2028, 2, 29), date(2028, 1, 1)),
        (date(2026, 12, 31), date(2026, 10, 1)),
    ],
)  # fmt: skip
def test_a_quarter_begins(day: date, first: date) -> None:
    assert quarter_of(day) == first


@pytest.mark.req("UID-12", "KER-7")
def test_beat_opens_one_campaign_a_quarter_and_site(floor: Floor) -> None:
    assert access_reviews.access_reviews_open(now=NOW) == 1  # Yogyakarta has no user ID
    assert access_reviews.access_reviews_open(now=NOW + timedelta(days=30)) == 0
    assert access_reviews.access_reviews_open(now=datetime(2026, 12, 31, 17, tzinfo=UTC)) == 1  # January in Jakarta
    assert AccessReview.objects.count() == 2


@pytest.mark.req("UID-12", "KER-7")
def test_of_two_beats_at_once_one_opens(live_floor: Floor) -> None:
    results = in_threads(2, lambda: access_reviews.access_review_open(site=live_floor.jkt, now=NOW))
    assert sorted(type(one).__name__ for one in results) == ["AccessReview", "NoneType"]
    assert Obligation.objects.filter(rule="userids.access_review").count() == 1


@pytest.mark.req("UID-12")
def test_each_leader_decides_the_own_team_and_never_oneself(floor: Floor, teams: dict[str, Any]) -> None:
    assert decide(teams, teams["leads.a"], floor.account) == 1
    with pytest.raises(NotAllowed):
        decide(teams, teams["leads.a"], teams["b"])
    with pytest.raises(NotAllowed):
        decide(teams, teams["leads.b"], teams["leader's own"])
    with pytest.raises(NotAllowed):
        decide(teams, floor.support, teams["b"])
    with pytest.raises(NotAllowed):  # all or none
        decide(teams, teams["leads.b"], teams["b"], teams["none"])
    assert teams["review"].pending().count() == 3
    assert decide(teams, floor.coordinator, teams["none"], teams["leader's own"]) == 2
    with pytest.raises(WrongState):
        decide(teams, floor.coordinator, teams["none"])


@pytest.mark.req("UID-12")
def test_a_revoked_id_is_shut_through_the_same_flow(floor: Floor, teams: dict[str, Any]) -> None:
    with pytest.raises(Invalid):
        decide(teams, teams["leads.b"], teams["b"], decision="revoked")
    decide(teams, teams["leads.b"], teams["b"], decision="revoked", note="tidak dipakai")
    request = DeactivationRequest.objects.get(account=teams["b"])
    assert (request.reason, request.status, request.due_at) == ("access_review", "requested", NOW + 24 * HOUR)
    item = teams["review"].items.get(account=teams["b"])
    assert (item.decision, item.deactivation, item.decided_by) == ("revoked", request, teams["leads.b"])


@pytest.mark.req("UID-12")
def test_a_revocation_brings_a_later_request_nearer(floor: Floor, teams: dict[str, Any]) -> None:
    request = ask(floor, "long_leave", last_day=DAY + timedelta(days=300))
    manager = user(Role.MANAGER)
    decide(teams, manager, floor.account, decision="revoked", note="tidak perlu")
    request.refresh_from_db()
    assert request.due_at == NOW + 24 * HOUR
    assert teams["review"].items.get(account=floor.account).deactivation == request


@pytest.mark.req("UID-12")
def test_an_id_that_is_being_shut_is_confirmed_with_a_reason_only(floor: Floor, teams: dict[str, Any]) -> None:
    """A leaver's may be needed until the last day; nobody confirms it unawares."""
    request = ask(floor, "discipline")
    item, plain = (teams["review"].items.get(account=one) for one in (floor.account, teams["none"]))
    both = acting(floor.coordinator)
    assert request.get_absolute_url() in both.get(teams["review"].get_absolute_url()).content.decode()
    with pytest.raises(Invalid, match=floor.account.user_id):
        decide(teams, floor.coordinator, floor.account, teams["none"])
    url = reverse("userids:access_review_decide", args=[teams["review"].pk])
    posted = {"decision": "confirmed", "item": [item.pk, plain.pk]}
    asked = both.post(url, posted).content.decode()
    assert request.get_absolute_url() in asked and 'name="note"' in asked
    assert both.post(url, posted | {"sure": "1"}).status_code == 422
    assert both.post(url, posted | {"sure": "1", "note": "serah terima"}).status_code == 302
    notes = dict(teams["review"].items.filter(decision="confirmed").values_list("account", "note"))
    assert notes == {floor.account.pk: "serah terima", teams["none"].pk: ""}


@pytest.mark.req("UID-12")
def test_an_access_review_says_for_whom_it_waits_and_offers_its_own_teams(floor: Floor, teams: dict[str, Any]) -> None:
    far = Team.objects.create(site=floor.ygy, code="YGY-A", name="Tim Jauh")
    page = acting(teams["leads.a"]).get(f"{teams['review'].get_absolute_url()}?clear=1")
    waits = {one.label: one.people for one in page.context["waits"]}
    assert set(waits) == {"Tim B", "no team"} and teams["leads.b"].person.name in waits["Tim B"]
    assert far.name not in page.content.decode()
    assert acting(floor.coordinator).get(f"{teams['review'].get_absolute_url()}?clear=1").context["waits"] == []


@pytest.mark.req("UID-12", "KER-14")
def test_a_hostile_note_is_no_error_of_ours(floor: Floor, teams: dict[str, Any]) -> None:
    item = teams["review"].items.get(account=floor.account)
    url = reverse("userids:access_review_decide", args=[teams["review"].pk])
    answer = acting(floor.coordinator).post(
        url, {"decision": "revoked", "item": item.pk, "sure": "1", "note": "a\x00b" * 900}
    )
    assert answer.status_code == 422


@pytest.mark.req("UID-12")
def test_what_is_not_answered_escalates_and_what_is_answered_does_not(floor: Floor, teams: dict[str, Any]) -> None:
    decide(teams, teams["leads.a"], floor.account)
    due = teams["review"].due_at
    sweep(now=due + 73 * HOUR)
    owed = {one.subject_label: one for one in Obligation.objects.filter(rule="userids.access_review")}
    assert [one.state for _label, one in sorted(owed.items())] == ["fulfilled", "open", "open"]
    late = Notification.objects.filter(kind="obligation.breach", user=floor.coordinator)
    assert late.count() == 2


@pytest.mark.req("UID-12")
def test_what_needs_no_decision_is_no_tick_and_a_refusal_keeps_the_others(floor: Floor, teams: dict[str, Any]) -> None:
    items = {one.account_id: one.pk for one in teams["review"].items.all()}
    gone, decided, left = (items[one.pk] for one in (floor.account, teams["none"], teams["b"]))
    shut(ask(floor, "transfer"), floor, NOW)
    coordinator, url = acting(floor.coordinator), f"{teams['review'].get_absolute_url()}?clear=1"
    page = coordinator.get(url)
    assert not {gone} & page.context["mine"] and "needs no decision" in page.content.decode()
    assert f'name="item" value="{left}"' in page.content.decode()
    assert f'name="item" value="{gone}"' not in page.content.decode() and page.context["waits"] == []
    decide(teams, floor.coordinator, teams["none"])
    posted = {"decision": "confirmed", "item": [decided, left], "sure": "1"}
    refused = coordinator.post(reverse("userids:access_review_decide", args=[teams["review"].pk]), posted)
    assert refused.status_code == 422
    assert teams["none"].user_id in refused.context["refused"] and teams["b"].user_id not in refused.context["refused"]
    assert f'name="item" value="{left}" checked' in refused.content.decode()


@pytest.mark.req("UID-12")
def test_an_id_that_was_shut_or_changed_hands_lapses(floor: Floor, teams: dict[str, Any]) -> None:
    shut(ask(floor, "transfer"), floor, NOW)
    assert decide(teams, teams["leads.a"], floor.account) == 1
    assert teams["review"].items.get(account=floor.account).decision == "lapsed"
    floor.agent = teams["in_b"]
    floor.resign(DAY, now=NOW)
    shut(DeactivationRequest.objects.get(account=teams["b"]), floor, LATER)
    access_reviews.access_reviews_open(now=LATER)
    assert teams["review"].items.get(account=teams["b"]).decision == "lapsed"


@pytest.mark.req("UID-12")
def test_what_was_revoked_is_not_called_off_behind_the_review(floor: Floor, teams: dict[str, Any]) -> None:
    decide(teams, teams["leads.b"], teams["b"], decision="revoked", note="tidak dipakai")
    request = DeactivationRequest.objects.get(account=teams["b"])
    with pytest.raises(NotAllowed):
        deactivations.deactivation_cancel(request_id=request.pk, note="x", actor=floor.support, now=NOW)
    deactivations.deactivation_cancel(request_id=request.pk, note="masih perlu", actor=floor.coordinator, now=NOW)
    access_reviews.items_lapse(review_id=teams["review"].pk, now=NOW)
    assert teams["review"].items.get(account=teams["b"]).decision == "pending"


@pytest.mark.req("UID-12", "UID-14")
def test_the_campaign_closes_with_its_signed_document(floor: Floor, teams: dict[str, Any]) -> None:
    coordinator, review = acting(floor.coordinator), teams["review"]
    close = reverse("userids:access_review_close", args=[review.pk])
    form = {"language": "en", "password": PASSWORD}
    coordinator.post(close, form)
    job = Job.objects.latest("created_at")
    job_run(job_id=job.pk, now=NOW)
    job.refresh_from_db()
    assert job.state == State.REFUSED and "4" in job.error
    decide(teams, teams["leads.b"], teams["b"], decision="revoked", note="tidak dipakai")
    decide(teams, floor.coordinator, floor.account, teams["none"], teams["leader's own"])
    assert close in coordinator.get(review.get_absolute_url()).content.decode()
    assert coordinator.post(close, form | {"password": "salah"}).status_code == 422
    coordinator.post(close, form)
    job = Job.objects.latest("created_at")
    assert job_run(job_id=job.pk, now=NOW)
    review.refresh_from_db()
    assert review.status == "closed" and review.document is not None
    text = "\n".join(page.extract_text() for page in PdfReader(_root("documents") / review.document.file).pages)
    assert "tidak dipakai" in text and floor.account.user_id in text and "Q4 2026" in text
    assert review.document.signatures.get().user == floor.coordinator
    with pytest.raises(WrongState):
        decide(teams, floor.coordinator, teams["none"])


@pytest.mark.req("UID-12", "UID-16")
def test_a_leader_confirms_on_the_page(floor: Floor, teams: dict[str, Any]) -> None:
    leader, review = acting(teams["leads.b"]), teams["review"]
    mine = review.items.get(account=teams["b"])
    opened = leader.get(review.get_absolute_url(), follow=True)
    (chip,) = opened.context["chips"]  # it opens on the own team, and from there on all
    assert {one.part_id for one in opened.context["page"].rows} == {mine.part_id}
    assert len(leader.get(review.get_absolute_url() + chip["remove_url"]).context["page"].rows) == review.items.count()
    page = leader.get(f"{review.get_absolute_url()}?clear=1").content.decode()
    assert f'name="item" value="{mine.pk}"' in page
    assert page.count('name="item"') == 1  # neither another team's nor the own
    url = reverse("userids:access_review_decide", args=[review.pk])
    for decision in ("confirmed", "revoked"):
        assert "Tick the user IDs" in leader.post(url, {"decision": decision}).content.decode()
    for decision, words in (
        ("confirmed", "Confirm the ticked: still needed (1)"),
        ("revoked", "Revoke the ticked (1)"),
    ):
        asked = leader.post(url, {"decision": decision, "item": mine.pk, "back": "decision=pending"})
        shown = asked.content.decode()
        assert asked.status_code == 200 and words in shown and f"{review.get_absolute_url()}?decision=pending" in shown
        assert mine.account.user_id in shown and mine.person.name in shown
        assert f'name="item" value="{mine.pk}"' in shown and 'name="sure"' in shown
    assert review.pending().filter(pk=mine.pk).exists(), "nothing is decided yet"
    sure = {"item": mine.pk, "sure": "1"}
    assert leader.post(url, sure | {"decision": "revoked"}).status_code == 422
    both = {"decision": "confirmed", "item": [mine.pk, review.items.exclude(pk=mine.pk)[0].pk]}
    assert leader.post(url, both).status_code == 403, "another team's"
    assert leader.post(url, sure | {"decision": "confirmed", "back": "decision=pending"}).headers["Location"] == (
        f"{review.get_absolute_url()}?decision=pending"
    )
    assert leader.post(url, sure | {"decision": "confirmed"}).status_code == 422, "decided already"
    foreign = user(Role.TEAM_LEADER, floor.ygy)
    assert acting(foreign).post(url, {"decision": "confirmed", "item": mine.pk}).status_code == 404


@pytest.mark.req("KER-10")
def test_the_database_refuses_half_a_review(floor: Floor) -> None:
    review = late_review(floor, "open")
    with pytest.raises(IntegrityError, match="closed_by_somebody"), transaction.atomic():
        BreachReview.objects.filter(pk=review.pk).update(status="closed")
    with pytest.raises(IntegrityError, match="action_has_date"), transaction.atomic():
        BreachReview.objects.filter(pk=review.pk).update(status="action")


@pytest.mark.req("UID-12")
def test_a_refused_decision_keeps_filter_and_ticks(floor: Floor, teams: dict[str, Any]) -> None:
    item = teams["review"].items.get(account=floor.account)
    decide(teams, teams["leads.a"], floor.account)  # somebody was quicker
    other = teams["review"].items.get(account=teams["none"])
    url = reverse("userids:access_review_decide", args=[teams["review"].pk])
    coordinator = acting(floor.coordinator)
    query = {"back": "team=0&sort=name", "decision": "confirmed"}
    page = coordinator.post(url, query | {"item": [item.pk, other.pk]})
    text = page.content.decode()
    assert (page.status_code, [chip["value"] for chip in page.context["chips"]]) == (422, ["no team"])
    assert f'value="{other.pk}" checked' in text and 'value="team=0&amp;sort=name"' in text
    assert f'action="{teams["review"].get_absolute_url()}"' in text, "the filters lead to the list"
    page = coordinator.post(url, query)
    assert [chip["value"] for chip in page.context["chips"]] == ["no team"], "nothing was ticked"


@pytest.mark.req("UID-7", "KER-13")
def test_a_closed_review_is_at_its_end_and_its_history_says_what_was_answered(floor: Floor) -> None:
    review = late_review(floor, "action")
    breach_reviews.review_close(review_id=review.pk, evidence={"text": "daftar"}, actor=floor.coordinator, now=LATER)
    for language, correction, action in (
        ("en", "Correction: ", "Corrective action: "), ("id", "Koreksi: ", "Tindakan korektif: "),
    ):  # fmt: skip
        client = acting(floor.coordinator)
        client.cookies["django_language"] = language
        page = client.get(review.get_absolute_url())
        assert page.context["steps"][-1]["state"] == "done"
        notes = "\n".join(one.get("note", "") for one in page.context["entries"])
        assert correction + ANALYSIS["correction"] in notes
        assert action + ANALYSIS["corrective_action"] in notes
        shown = page.content.decode().split("daftar</p>", 1)[1]
        assert not shown.lstrip().startswith("–"), "words are evidence enough"


@pytest.mark.req("UID-2", "KER-13")
def test_why_an_id_was_shut_is_told_in_the_readers_language(floor: Floor) -> None:
    floor.resign()
    shut(floor.request, floor, NOW)
    for language, words in (("en", "Resignation"), ("id", "Pengunduran diri")):
        client = acting(floor.coordinator)
        client.cookies["django_language"] = language
        page = client.get(floor.account.get_absolute_url()).content.decode()
        assert f'<span class="text-secondary">{words}</span>' in page
        assert "⟦" not in page


@pytest.mark.req("UID-4")
def test_a_failed_step_is_no_success_and_says_what_comes_next(floor: Floor) -> None:
    floor.resign()
    deactivations.deactivation_start(request_id=floor.request.pk, actor=floor.leader, now=NOW)
    url = reverse("userids:deactivation_step", args=[floor.request.pk, "fail"])
    page = acting(floor.leader).post(url, {"note": "tidak bisa"}, follow=True)
    told = [(one.level_tag, str(one)) for one in page.context["messages"]]
    assert [level for level, _words in told] == ["warning"]
    assert "Failed" in told[0][1] and "Team Leader / SPV" in told[0][1]


@pytest.mark.req("UID-1", "KER-13")
@pytest.mark.parametrize(("language", "words"), [("en", "1 March 2026, 09:30"), ("id", "1 Maret 2026, 09:30")])
def test_the_instant_of_the_logbook_is_written_as_the_language_does(floor: Floor, language: str, words: str) -> None:
    client = acting(floor.coordinator)
    client.cookies["django_language"] = language
    page = client.get(reverse("userids:accounts"), {"as_of": "2026-03-01T09:30"})
    assert [chip["value"] for chip in page.context["chips"]] == [words]
