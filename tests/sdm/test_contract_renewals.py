"""Renewal of contracts (SDM-7): every step as every role, the reminder, what follows, the law's limits everywhere."""

from __future__ import annotations

from datetime import date, timedelta
from typing import Any

import pytest
from django.contrib.contenttypes.models import ContentType
from django.db import IntegrityError, transaction

from occ.documents.attachments import FileRefused, attachment_visible
from occ.documents.models import Attachment, IssuedDocument
from occ.errors import Invalid, NotAllowed, WrongState
from occ.ledger.models import Entry
from occ.notifications.models import Notification
from occ.obligations.models import Obligation
from occ.obligations.sweep import sweep
from occ.people import lifecycle
from occ.people.actors import BEAT
from occ.people.choices import LeavingReason, Role
from occ.people.models import Person, User
from occ.policies.services import policy_set
from occ.workflow.flows import Transition
from occ.workflow.models import WorkflowStep
from occ.workflow.turns import turns_for
from sdm.contracts import summaries
from sdm.contracts.choices import RenewalStatus
from sdm.contracts.policies import COMPENSATE, GAP_DAYS, MAX_MONTHS, REGISTER, REMIND_DAYS, RENEW, SIGN
from sdm.contracts.workflow import RENEWAL
from sdm.models import Compensation, Employment, Leaving, Renewal
from sdm.services import contract_renewals as services
from sdm.services import contract_wages, employees, employments, leavings, placements
from sdm.services.employments import Terms
from tests.factories import DAY, NOW, Floor, trying, user
from tests.sdm.conftest import Hire, hiring
from tests.sdm.contracts import END, brought, elsewhere, needs, opened, pdf, step_made, upload, wib
from tests.userids.test_ladder import in_threads

pytestmark = pytest.mark.req("SDM-7")


@pytest.fixture
def renewal(hire: Hire) -> Renewal:
    return opened(hire(contract=Terms("pkwt", date(2025, 1, 1), END, "PKWT/1")))


def attempt(found: Renewal, one: Transition, actor: User, *, complete: bool = True) -> None:
    given = needs(one.name)
    if not complete:
        given = {name: None if name == "file" else "" if isinstance(value, str) else value
                 for name, value in given.items()}  # fmt: skip
    services.TRANSITIONS[one.name](renewal_id=found.pk, actor=actor, now=NOW, **given)


@pytest.mark.parametrize("state", RENEWAL.states)
def test_every_step_from_every_state_by_every_role(floor: Floor, renewal: Renewal, state: str) -> None:
    found = brought(renewal, state)
    kind = ContentType.objects.get_for_model(found)
    steps = WorkflowStep.objects.filter(content_type=kind, object_id=found.pk)
    before = steps.count()
    for one in RENEWAL.transitions:
        if not one.by_roles:
            continue  # by itself only: below
        for role, where in trying(floor, one, state):
            actor = elsewhere(role, where)
            allowed = role in one.by_roles and where == floor.jkt
            if not allowed or state not in one.source:
                with pytest.raises(WrongState if allowed else NotAllowed), transaction.atomic():
                    attempt(found, one, actor)
                assert steps.count() == before
                continue
            if one.needs:
                with pytest.raises(Invalid), transaction.atomic():
                    attempt(found, one, actor, complete=False)
            with transaction.atomic():
                attempt(found, one, actor)
                found.refresh_from_db()
                assert (found.status, steps.count()) == (one.target, before + 1)
                assert Entry.objects.filter(action=f"sdm.renewal.{one.name}").exists()
                transaction.set_rollback(True)
            found.refresh_from_db()


def test_the_steps_that_nobody_makes_are_named() -> None:
    assert {one.name for one in RENEWAL.transitions if not one.by_roles} == {"lapse", "withdraw", "left"}
    assert {one.name for one in RENEWAL.transitions if one.by_roles} == services.TRANSITIONS.keys()


# The reminder --------------------------------------------------------------------------------------------------------


@pytest.mark.parametrize(("days", "begins"), [(91, False), (90, True), (30, True), (0, True)])
def test_it_begins_ninety_days_before_the_end(hire: Hire, days: int, begins: bool) -> None:
    hire(contract=Terms("pkwt", date(2025, 1, 1), DAY + timedelta(days=days)))
    assert Renewal.objects.exists() is begins
    assert services.renewals_watch(now=NOW) == 0
    assert services.renewals_watch(now=NOW + timedelta(days=1)) == (1 if days == 91 else 0) or days == 0
    assert Renewal.objects.count() == (1 if days <= 91 else 0)


def test_another_number_of_days_holds_from_its_day_on(floor: Floor, hire: Hire) -> None:
    hire(contract=Terms("pkwt", date(2025, 1, 1), DAY + timedelta(days=120)))
    policy_set(key=REMIND_DAYS, value=120, valid_from=NOW, reason="x", site=floor.jkt, actor=floor.manager, now=NOW)
    assert services.renewals_open(now=NOW) == 1


def test_each_reminder_is_told_once(floor: Floor, hire: Hire, hr: User) -> None:
    found = hire(contract=Terms("pkwt", date(2025, 1, 1), DAY + timedelta(days=100)))
    told = Notification.objects.filter(user=floor.coordinator, kind__startswith="obligation.")
    services.renewals_watch(now=NOW + timedelta(days=9))
    assert not told.exists()
    for day in range(10, 102):
        now = NOW + timedelta(days=day)
        services.renewals_open(now=now)
        sweep(now=now)
        sweep(now=now)
    duty = Obligation.objects.get(rule=RENEW)
    assert duty.subject == opened(found)
    assert told.count() == 3  # 90, 60 and 30 days before
    assert duty.breached_at == duty.due_at
    assert Notification.objects.filter(user=floor.manager, kind="obligation.breach").count() == 1


def test_who_leaves_before_or_is_followed_by_a_contract_is_not_reminded_of(floor: Floor, hire: Hire, hr: User) -> None:
    leaver = hire(contract=Terms("pkwt", date(2025, 1, 1), END))
    leavings.leaving_record(
        person_id=leaver.pk, last_working_day=END, reason=LeavingReason.RESIGNATION, actor=hr, now=NOW
    )
    assert Renewal.objects.get(employment__employee=leaver).status == RenewalStatus.WITHDRAWN
    assert Obligation.objects.get(rule=RENEW).state == "cancelled"
    kept = hire(contract=Terms("pkwt", date(2025, 1, 1), END))
    held = kept.employments.get()
    employments.employment_extend(employment_id=held.pk, agreed_until=END + timedelta(days=90), actor=hr, now=NOW)
    assert Renewal.objects.get(employment=held).status == RenewalStatus.WITHDRAWN
    ended = hire(contract=Terms("pkwt", date(2025, 1, 1), END))
    employments.employment_end(
        employment_id=ended.employments.get().pk, ends_on=DAY + timedelta(days=5), note="x", actor=hr, now=NOW
    )
    assert Renewal.objects.get(employment__employee=ended).status == RenewalStatus.WITHDRAWN
    assert services.renewals_watch(now=NOW) == 0
    # Whoever stays after all is reminded of again.
    leavings.leaving_withdraw(leaving_id=Leaving.objects.get().pk, note="tetap", actor=hr, now=NOW)
    assert opened(leaver).status == RenewalStatus.REMINDED


def test_a_contract_that_ends_on_29_february_goes_on_from_the_1st_of_march(hire: Hire, hr: User) -> None:
    now = NOW.replace(year=2028, month=1, day=10)
    found = hire(contract=Terms("pkwt", date(2027, 3, 1), date(2028, 2, 29)), joined_on=date(2027, 3, 1))
    assert services.renewals_open(now=now) == 1
    row = opened(found)
    for name in ("propose", "verify", "submit", "check", "make"):
        more: dict[str, Any] = {"agreed_until": date(2029, 2, 28)} if name == "propose" else {}
        step_made(row, name, now=now, **more)
    row.refresh_from_db()
    assert row.made is not None
    assert (row.made.starts_on, row.made.agreed_until) == (date(2028, 3, 1), date(2029, 2, 28))


# What the steps entail -----------------------------------------------------------------------------------------------


def test_from_the_reminder_to_the_registered_contract(floor: Floor, renewal: Renewal, hr: User) -> None:
    brought(renewal, "made")
    made = renewal.made
    assert made is not None
    assert (made.extends, made.starts_on) == (renewal.employment, END + timedelta(days=1))
    assert renewal.summary["lines"] is not None
    contract = IssuedDocument.objects.get(type_code="PKWT")
    assert contract.subject_id == str(renewal.pk)
    assert Obligation.objects.get(rule=RENEW).state == "fulfilled"
    step_made(renewal, "distribute")
    step_made(renewal, "sign")
    duty = Obligation.objects.get(rule=REGISTER)
    assert (duty.state, duty.due_at.isoformat()) == ("open", "2026-11-25T17:00:00+00:00")  # Friday + 3 working days
    step_made(renewal, "register", now=NOW + timedelta(days=3))
    duty.refresh_from_db()
    assert (duty.state, duty.on_time, duty.evidence["text"]) == ("fulfilled", True, "WLKP-991")
    step_made(renewal, "close", now=NOW + timedelta(days=3))
    assert IssuedDocument.objects.filter(type_code="RNW").count() == 1
    assert not Leaving.objects.exists()


def test_a_late_registration_is_a_breach(renewal: Renewal) -> None:
    brought(renewal, "signed")
    late = NOW + timedelta(days=10)
    step_made(renewal, "register", now=late)
    assert Obligation.objects.breached().get().rule == REGISTER


@pytest.mark.parametrize(("state", "name", "role"), [
    ("reminded", "cancel", Role.MANAGER), ("proposed", "refuse", Role.HEAD_MANAGER),
    ("distributed", "decline", Role.HR_RELATIONS),
])  # fmt: skip
def test_not_renewed_goes_on_to_leaving(renewal: Renewal, state: str, name: str, role: Role) -> None:
    brought(renewal, state)
    made = renewal.made_id
    step_made(renewal, name, actor=user(role))
    leaving = Leaving.objects.get()
    assert (leaving.reason, leaving.last_working_day) == (LeavingReason.NON_RENEWAL, END)
    assert not Employment.objects.filter(pk=made or 0).exists()
    assert services.renewals_watch(now=NOW) == 0  # decided: it does not begin anew
    assert Obligation.objects.get(rule=RENEW).state == "fulfilled"


def test_a_term_that_runs_out_undecided_goes_on_to_leaving(hire: Hire, renewal: Renewal) -> None:
    assert services.renewals_lapse(now=NOW + timedelta(days=60)) == 0  # its last day
    assert services.renewals_lapse(now=NOW + timedelta(days=63)) == 1  # beat slept for two days
    assert services.renewals_lapse(now=NOW + timedelta(days=63)) == 0
    renewal.refresh_from_db()
    assert renewal.status == RenewalStatus.LAPSED
    leaving = Leaving.objects.get()
    assert (leaving.reason, leaving.last_working_day) == (LeavingReason.NON_RENEWAL, END)
    assert Obligation.objects.breached().filter(rule=RENEW).exists()


def test_one_that_cannot_run_out_is_parked_and_does_not_stop_the_others(
    hire: Hire, renewal: Renewal, monkeypatch: pytest.MonkeyPatch
) -> None:
    other = opened(hire(contract=Terms("pkwt", date(2025, 1, 1), END)))
    real = lifecycle.person_leave

    def refuse(*, person_id: int, **given: Any) -> Any:
        if person_id == renewal.person_id:
            raise Invalid("planned return")
        return real(person_id=person_id, **given)

    monkeypatch.setattr(lifecycle, "person_leave", refuse)
    assert services.renewals_lapse(now=NOW + timedelta(days=61)) == 1
    renewal.refresh_from_db()
    other.refresh_from_db()
    assert (renewal.status, renewal.stuck_because) == (RenewalStatus.REMINDED, "planned return")
    assert other.status == RenewalStatus.LAPSED


def test_hr_sends_the_memo_back_and_the_operation_may_propose_anew(renewal: Renewal) -> None:
    brought(renewal, "submitted")
    step_made(renewal, "send_back", actor=user(Role.HR_PAYROLL))
    step_made(renewal, "revise", actor=user(Role.COORDINATOR))
    step_made(renewal, "propose", agreed_until=END + timedelta(days=180))
    renewal.refresh_from_db()
    assert (renewal.status, renewal.agreed_until) == (RenewalStatus.PROPOSED, END + timedelta(days=180))


def test_nobody_decides_about_the_own_contract(floor: Floor, renewal: Renewal) -> None:
    own = elsewhere(Role.COORDINATOR, floor.jkt)
    own.person_id = renewal.person_id
    own.save(update_fields=["person"])
    with pytest.raises(NotAllowed):
        step_made(renewal, "propose", actor=own)
    assert not Renewal.objects.visible_to(own).exists()
    assert not [one for one in turns_for(own) if one.url == renewal.get_absolute_url()]


def test_it_is_somebody_s_turn_on_today(floor: Floor, renewal: Renewal) -> None:
    def waits(actor: User) -> bool:
        return renewal.get_absolute_url() in [one.url for one in turns_for(actor)]

    assert waits(floor.coordinator)
    assert not waits(user(Role.HEAD_MANAGER))
    brought(renewal, "proposed")
    assert waits(user(Role.HEAD_MANAGER))
    assert not waits(floor.coordinator)


def test_who_left_before_the_extension_began_has_none(renewal: Renewal, hr: User) -> None:
    brought(renewal, "signed")
    person_id, made = renewal.person_id, renewal.made_id
    leavings.leaving_record(
        person_id=person_id, last_working_day=DAY + timedelta(days=10), reason=LeavingReason.DEATH, actor=hr, now=NOW
    )
    lifecycle.announce_left(now=NOW + timedelta(days=12))
    renewal.refresh_from_db()
    assert (renewal.status, renewal.made) == (RenewalStatus.CANCELLED, None)
    assert not Employment.objects.filter(pk=made).exists()
    assert Obligation.objects.get(rule=REGISTER).state == "cancelled"


@pytest.mark.parametrize("by", ["hand", "renewal"])
@pytest.mark.parametrize("told", [True, False])
def test_an_extension_not_begun_does_not_outlive_who_left(
    floor: Floor, renewal: Renewal, hr: User, by: str, told: bool
) -> None:
    """By hand, or by a renewal that is closed; whether beat has told of the leaver or the return comes first."""
    person_id, until = renewal.person_id, END + timedelta(days=365)
    if by == "hand":
        employments.employment_extend(employment_id=renewal.employment_id, agreed_until=until, actor=hr, now=NOW)
    else:
        brought(renewal, "closed")
    last = DAY + timedelta(days=10)
    leavings.leaving_record(
        person_id=person_id, last_working_day=last, reason=LeavingReason.RESIGNATION, actor=hr, now=NOW
    )
    later = NOW + timedelta(days=20)
    if told:
        lifecycle.announce_left(now=later)
        assert Employment.objects.filter(employee_id=person_id).count() == 1
    back = DAY + timedelta(days=70)  # the extension would hold on that day
    terms = Terms("pkwt", back, back + timedelta(days=100))
    employees.employee_rejoin(
        person_id=person_id, on=back, position="Agent", site=floor.jkt, contract=terms, actor=hr, now=later
    )
    ends = Employment.objects.filter(employee_id=person_id).order_by("starts_on").values_list("ends_on", flat=True)
    assert list(ends) == [last, terms.agreed_until]
    renewal.refresh_from_db()
    assert renewal.made is None
    assert Entry.objects.filter(action="employment.withdrawn").count() == 1


def test_an_extension_is_signed_before_it_begins(renewal: Renewal, hr: User) -> None:
    brought(renewal, "made")
    duty = Obligation.objects.get(rule=SIGN)
    assert (duty.subject, duty.due_at, duty.state) == (renewal, wib(2027, 1, 20, 0), "open")
    step_made(renewal, "distribute", actor=hr)
    step_made(renewal, "sign", actor=hr)
    duty.refresh_from_db()
    assert (duty.state, duty.fulfilled_at) == ("fulfilled", NOW)


def test_who_does_not_sign_owes_it_no_more(renewal: Renewal, hr: User) -> None:
    step_made(brought(renewal, "made"), "decline", actor=hr)
    assert Obligation.objects.get(rule=SIGN).state == "cancelled"


def test_who_is_leaving_is_given_no_extension(renewal: Renewal, hr: User) -> None:
    leavings.leaving_record(
        person_id=renewal.person_id, last_working_day=DAY + timedelta(days=10), reason=LeavingReason.RESIGNATION,
        actor=hr, now=NOW,
    )  # fmt: skip
    until = renewal.employment.ends_on
    assert until is not None
    with pytest.raises((Invalid, WrongState)):
        employments.employment_extend(
            employment_id=renewal.employment_id, agreed_until=until + timedelta(days=200), actor=hr, now=NOW
        )


def test_after_its_end_a_contract_is_not_extended(renewal: Renewal) -> None:
    brought(renewal, "checked")
    for name, state in (("make", "checked"),):
        with pytest.raises(WrongState, match="berakhir"):
            step_made(renewal, name, now=NOW + timedelta(days=61))
        renewal.refresh_from_db()
        assert renewal.status == state


def test_two_at_once_make_one_contract(live_floor: Floor) -> None:
    hr = user(Role.HR_RELATIONS)
    found = opened(hiring(live_floor, hr)(contract=Terms("pkwt", date(2025, 1, 1), END)))
    brought(found, "checked")
    results = in_threads(2, lambda: step_made(found, "make", actor=hr))
    assert sorted(type(one).__name__ for one in results) == ["NoneType", "WrongState"]
    assert Employment.objects.filter(extends=found.employment).count() == 1


def test_the_database_keeps_one_open_renewal_of_a_contract(renewal: Renewal) -> None:
    with pytest.raises(IntegrityError, match="renewal_one_open"), transaction.atomic():
        Renewal.objects.create(
            employment=renewal.employment, site=renewal.site, opened_at=NOW, ends_on=renewal.ends_on
        )  # fmt: skip


# The signed contract -------------------------------------------------------------------------------------------------


@pytest.mark.parametrize("content", [
    b"", b"%PDF-1.7\nnothing\n%%EOF\n", b"\x89PNG\r\n\x1a\n" + b"0" * 40, pdf(0), pdf()[:-60],
], ids=["empty", "no objects", "a picture", "no pages", "cut off"])  # fmt: skip
def test_what_is_no_readable_pdf_is_refused(renewal: Renewal, content: bytes) -> None:
    brought(renewal, "distributed")
    with pytest.raises(FileRefused):
        step_made(renewal, "sign", file=upload(content))
    renewal.refresh_from_db()
    assert renewal.status == RenewalStatus.DISTRIBUTED
    assert not Attachment.objects.exists()


@pytest.mark.parametrize("days", [1, -3650])
def test_it_is_not_signed_tomorrow_nor_before_it_began(renewal: Renewal, days: int) -> None:
    brought(renewal, "distributed")
    with pytest.raises(Invalid):
        step_made(renewal, "sign", signed_on=DAY + timedelta(days=days))


def test_hr_reads_the_signed_contract_and_the_operation_does_not(floor: Floor, renewal: Renewal) -> None:
    brought(renewal, "signed")
    file = Attachment.objects.get()
    assert attachment_visible(file, user(Role.HR_PAYROLL))
    assert attachment_visible(file, user(Role.AUDITOR))
    assert not attachment_visible(file, floor.coordinator)
    assert not attachment_visible(file, elsewhere(Role.HR_RELATIONS, floor.ygy))
    document = IssuedDocument.objects.filter(type_code="PKWT")
    assert not IssuedDocument.objects.visible_to(floor.coordinator).filter(pk__in=document).exists()
    assert IssuedDocument.objects.visible_to(user(Role.HR_PAYROLL)).filter(pk__in=document).exists()


# The law's limits, wherever a contract is made -----------------------------------------------------------------------

FIVE = date(2029, 12, 31)  # of a chain that began on 1 January 2025


def test_no_pkwt_lasts_beyond_five_years_in_all(hire: Hire, hr: User) -> None:
    found = hire(contract=Terms("pkwt", date(2025, 1, 1), date(2026, 12, 31)))
    held = found.employments.get()
    for until, allowed in ((FIVE + timedelta(days=1), False), (FIVE, True)):
        extend: dict[str, Any] = {"employment_id": held.pk, "agreed_until": until, "actor": hr, "now": NOW}
        if allowed:
            employments.employment_extend(**extend)
        else:
            with pytest.raises(Invalid, match="PP 35/2021") as refused:
                employments.employment_extend(**extend)
            assert (refused.value.code, refused.value.field) == ("pkwt_limit", "agreed_until")
    add: dict[str, Any] = {"person_id": found.pk, "actor": hr, "now": NOW}
    near = FIVE + timedelta(days=20)  # the same chain
    with pytest.raises(Invalid, match="PP 35/2021"):
        employments.employment_add(terms=Terms("pkwt", near, near + timedelta(days=300)), **add)
    begins = FIVE + timedelta(days=32)
    employments.employment_add(terms=Terms("pkwt", begins, begins + timedelta(days=300)), **add)
    employments.employment_add(terms=Terms("pkwtt", begins + timedelta(days=301), None), **add)


def test_taking_on_and_proposing_know_the_limit(hire: Hire, renewal: Renewal) -> None:
    with pytest.raises(Invalid, match="PP 35/2021"):
        hire(contract=Terms("pkwt", date(2025, 1, 1), date(2030, 1, 1)))
    with pytest.raises(Invalid, match="PP 35/2021"):
        step_made(renewal, "propose", agreed_until=FIVE + timedelta(days=1))
    assert services.latest_end(renewal, now=NOW) == FIVE
    step_made(renewal, "propose", agreed_until=FIVE)


def test_who_comes_back_within_the_gap_goes_on_in_the_same_chain(floor: Floor, hire: Hire, hr: User) -> None:
    found = hire(joined_on=date(2022, 1, 1), contract=Terms("pkwt", date(2022, 1, 1), date(2026, 11, 10)))
    lifecycle.person_leave(
        person_id=found.pk, last_working_day=date(2026, 11, 10), reason=LeavingReason.NON_RENEWAL, actor=hr, now=NOW
    )
    lifecycle.announce_left(now=NOW)
    again: dict[str, Any] = {"person_id": found.pk, "position": "Agent", "site": floor.jkt, "actor": hr, "now": NOW}
    soon, late = date(2026, 12, 1), date(2026, 12, 12)
    with pytest.raises(Invalid, match="1 Januari 2022"), transaction.atomic():
        employees.employee_rejoin(on=soon, contract=Terms("pkwt", soon, soon + timedelta(days=200)), **again)
    employees.employee_rejoin(on=late, contract=Terms("pkwt", late, late + timedelta(days=200)), **again)


def test_the_numbers_are_policies_by_date(floor: Floor, hire: Hire, hr: User) -> None:
    found = hire(contract=Terms("pkwt", date(2025, 1, 1), date(2026, 12, 31)))
    sets: dict[str, Any] = {"reason": "hukum", "site": None, "actor": floor.manager, "now": NOW}
    policy_set(key=MAX_MONTHS, value=36, valid_from=NOW + timedelta(days=1), **sets)
    extend: dict[str, Any] = {"employment_id": found.employments.get().pk, "actor": hr}
    with pytest.raises(Invalid, match="36 bulan"), transaction.atomic():
        employments.employment_extend(agreed_until=date(2028, 1, 1), now=NOW + timedelta(days=2), **extend)
    employments.employment_extend(agreed_until=date(2028, 1, 1), now=NOW, **extend)
    with pytest.raises(Invalid):  # whole days only, and for no single site
        policy_set(key=GAP_DAYS, value=30.5, valid_from=NOW + timedelta(days=1), **sets)
    with pytest.raises(Invalid):
        policy_set(key=GAP_DAYS, value=60, valid_from=NOW + timedelta(days=1), **sets | {"site": floor.jkt})


@pytest.mark.parametrize(("kind", "until", "months", "code"), [
    ("pkwt", date(2026, 12, 31), 1, "pkwt_probation"), ("pkwtt", None, 4, "pkwtt_probation"),
    ("pkwtt", None, 3, ""), ("pkwt", date(2026, 12, 31), 0, ""),
])  # fmt: skip
def test_probation(hire: Hire, kind: str, until: date | None, months: int, code: str) -> None:
    terms = Terms(kind, date(2025, 1, 1), until, probation_months=months)
    if code:
        with pytest.raises(Invalid) as refused:
            hire(contract=terms)
        assert (refused.value.code, refused.value.field) == (code, "probation_months")
    else:
        assert hire(contract=terms).employments.get().probation_months == months


def test_two_contracts_in_one_month_are_two(hire: Hire, hr: User) -> None:
    found = hire(contract=Terms("pkwt", date(2026, 1, 1), date(2026, 12, 5)))
    again = Terms("pkwt", date(2026, 12, 10), date(2026, 12, 28))
    employments.employment_add(person_id=found.pk, terms=again, actor=hr, now=NOW)
    assert {one.ends_on for one in Renewal.objects.undecided()} == set()  # the first is followed, the second not begun
    assert services.renewals_open(now=NOW + timedelta(days=21)) == 1
    assert opened(found).ends_on == date(2026, 12, 28)


def test_what_beat_opens_says_so(renewal: Renewal) -> None:
    assert renewal.history.latest().history_user is None
    assert WorkflowStep.objects.get(object_id=renewal.pk, flow="sdm.renewal").actor_label == str(BEAT)


def test_what_an_area_knows_of_somebody_is_kept_with_the_proposal(
    renewal: Renewal, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setattr(summaries, "SUMMARIES", {})
    asked: list[tuple[date, date]] = []

    def lines(person: Person, first: date, last: date) -> list[summaries.Said]:
        asked.append((first, last))
        return [summaries.Said("November", "92", person.number)]

    summaries.register(summaries.Summary("test", "Penilaian", lines))
    with pytest.raises(ValueError, match="twice"):
        summaries.register(summaries.Summary("test", "Penilaian", lines))
    brought(renewal, "proposed")
    kept = renewal.summary["lines"]
    assert kept[-1] == {"label": "Penilaian: November", "value": "92", "note": renewal.person.number}
    assert [one["label"] for one in kept][:-1]  # the key figures that are known here
    assert asked == [(DAY - timedelta(days=366), DAY)]  # the last year at most


def test_what_is_open_goes_with_who_moves(floor: Floor, hire: Hire, hr: User) -> None:
    """Renewal and compensation are decided and owed at the new site; what is late stays the old one's breach."""
    there, here = elsewhere(Role.COORDINATOR, floor.ygy), elsewhere(Role.COORDINATOR, floor.jkt)
    found = opened(hire(contract=Terms("pkwt", date(2025, 1, 1), DAY + timedelta(days=10))))
    contract_wages.compensations_keep(now=NOW)
    person_id, place = found.person_id, {"position": "Agent", "team": None, "leader": None}
    placements.person_transfer(person_id=person_id, on=DAY, site=floor.ygy, actor=hr, now=NOW, **place)
    assert Renewal.objects.visible_to(there).get() == found
    assert not Renewal.objects.visible_to(here).exists()
    assert Compensation.objects.get().site == floor.ygy
    assert set(Obligation.objects.open().values_list("rule", "site__code")) == {(RENEW, "YGY"), (COMPENSATE, "YGY")}
    assert Notification.objects.filter(user=there, kind="obligation.remind").exists()
    with pytest.raises(NotAllowed):
        step_made(found, "propose", actor=here)
    step_made(found, "propose", actor=there)
    found.refresh_from_db()
    assert found.status == RenewalStatus.PROPOSED
    late = NOW + timedelta(days=10, hours=20)  # the contract's last day is over by an hour
    placements.person_transfer(person_id=person_id, on=DAY + timedelta(days=11), site=floor.jkt, actor=hr, now=late,
                               **place)  # fmt: skip
    late_there, owed_here = {(RENEW, "YGY"), (COMPENSATE, "YGY")}, {(RENEW, "JKT"), (COMPENSATE, "JKT")}
    duties = {(one.rule.removesuffix("_after_move"), one.site.code): one for one in Obligation.objects.open()}
    assert set(duties) == late_there | owed_here
    assert all(duties[key].due_at > late for key in owed_here)
    assert Renewal.objects.visible_to(there).get() == found, "who owes it late sees what it is about"
    assert Compensation.objects.visible_to(elsewhere(Role.HR_PAYROLL, floor.ygy)).exists()
