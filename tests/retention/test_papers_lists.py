"""Documents on a disposal list (RET-11): what comes up, what keeps the others, and what is approved is that list."""

from __future__ import annotations

from dataclasses import replace
from datetime import date, timedelta
from pathlib import Path
from typing import Any

import pytest
from django.db import IntegrityError, connection, transaction
from django.utils.translation import gettext
from hypothesis import given, settings
from hypothesis import strategies as st

from occ.documents.models import IssuedDocument
from occ.documents.services import document_revise
from occ.errors import Invalid, NotAllowed, WrongState
from occ.obligations.models import Obligation
from occ.obligations.sweep import sweep
from occ.people.choices import Role
from occ.people.models import Site
from occ.times import end_of_day
from occ.workflow.models import WorkflowStep
from occ.workflow.subjects import open_subjects
from retention.choices import HoldReason
from retention.models import Hold, Item, Proposal
from retention.services import disposing, paper_lists, proposals
from retention.services.holds import Scope, hold_lift, hold_set
from retention.services.lines import list_sha256
from retention.services.register import FIELDS, Line, entry_change
from tests import factories
from tests.retention.disposal import LATER, NOW, OLD, tomorrow
from tests.retention.papers import NOW_DAY, OLD_DAY, Papers, enter, issue, papers
from userids.documents import LOGBOOK, logbook_body

pytestmark = [pytest.mark.django_db, pytest.mark.req("RET-11")]


@pytest.fixture
def world(tmp_path: Path) -> Papers:
    return papers(tmp_path)


def listed(proposal: Proposal) -> set[Any]:
    rows = proposal.items.filter(live=True).select_related("document", "entry")
    return {one.document or one.entry for one in rows}


def hold(world: Papers, first: date | None, last: date | None = None, **given: Any) -> Hold:
    scope = Scope(site=world.site, first_day=first, last_day=last, **given)
    return hold_set(scope=scope, reason=HoldReason.AUDIT, note="Audit", until=None, actor=world.control, now=NOW)


def test_what_has_expired_at_the_site_is_gathered_and_nothing_else(world: Papers) -> None:
    other = factories.site("YGY")
    issue(other, world.control)
    enter(world, 8, site=world.site, expires_on=NOW_DAY)  # its last day is today
    young = issue(world.site, world.control, now=OLD + timedelta(days=400))
    proposal = world.proposal()
    assert listed(proposal) == {*world.documents, *world.entries} and young not in listed(proposal)
    assert (proposal.kind, proposal.items_count, proposal.of_documents) == ("", 5, True)
    assert proposal.bytes_count == sum(one.size for one in world.documents)
    assert (proposal.first_day, proposal.last_day) == (OLD_DAY, OLD_DAY)
    assert {one.reason for one in proposal.items.all()} > set() and proposal.number.startswith("MUS-JKT-")
    with pytest.raises(WrongState):
        world.proposal()  # a draft is there


def test_who_may_and_what_it_needs(world: Papers) -> None:
    for actor in (world.it, world.client, world.coordinator):
        with pytest.raises(NotAllowed):
            proposals.document_proposal_new(site=world.site, reason="x", actor=actor, now=NOW)
    with pytest.raises(Invalid):
        proposals.document_proposal_new(site=world.site, reason=" ", actor=world.leader, now=NOW)
    everywhere = factories.user(Role.TEAM_LEADER)
    with pytest.raises(Invalid):  # nothing is old enough there
        proposals.document_proposal_new(site=factories.site("YGY"), reason="x", actor=everywhere, now=NOW)
    with pytest.raises(Invalid):
        proposals.proposal_new(site=world.site, kind="", reason="x", actor=world.leader, now=NOW)


def test_a_superseded_revision_comes_up_with_its_own_last_day(world: Papers) -> None:
    revised(world.documents[0], world, OLD + timedelta(days=600))
    assert world.documents[0] in listed(world.proposal())
    assert not Item.objects.filter(document__revision=1).exists()


def revised(document: IssuedDocument, world: Papers, now: Any) -> IssuedDocument:
    body = logbook_body(rows=[], totals={}, site="x", period=None, as_of=now.date(), language="id")
    return document_revise(
        document_id=document.pk, type=LOGBOOK, title="L", data=body, language="id", reason="salah", actor=world.control,
        now=now,
    )  # fmt: skip


@pytest.mark.req("RET-12")
@pytest.mark.parametrize(
    ("first", "last", "kept"),
    [(-1, 1, 5), (0, 0, 5), (1, None, 0), (None, -1, 0), (None, 0, 5), (-400, -300, 0)],
)  # fmt: skip
def test_a_hold_of_its_period_keeps_it(world: Papers, first: int | None, last: int | None, kept: int) -> None:
    days = [OLD_DAY + timedelta(days=n) if n is not None else None for n in (first, last)]
    hold(world, days[0], days[1])
    assert list(paper_lists.standing(site=world.site, day=NOW_DAY).values())[:2] == [5 - kept, kept]
    if kept == 5:
        with pytest.raises(Invalid):
            world.proposal()
    else:
        assert world.proposal().items_count == 5


@pytest.mark.req("RET-12")
def test_a_hold_on_conversations_keeps_no_document(world: Papers) -> None:
    hold(world, OLD_DAY - timedelta(days=9), kind="recording")
    hold(world, OLD_DAY - timedelta(days=9), customer="Budi")
    assert world.proposal().items_count == 5


days = st.one_of(st.none(), st.integers(-5, 5))


@settings(max_examples=40, deadline=None)
@given(first=days, last=days, period=st.one_of(st.none(), st.tuples(st.integers(-9, 9), st.integers(0, 9))),
       kind=st.sampled_from(["", "chat"]), until=days, whose=st.sampled_from(["site", "all", "another"]))  # fmt: skip
def test_the_database_and_the_lists_mean_the_same_by_held(
    tmp_path: Path, first: int | None, last: int | None, period: tuple[int, int] | None, kind: str, until: int | None,
    whose: str,
) -> None:  # fmt: skip
    with transaction.atomic():
        site, control = factories.site(), factories.user(Role.DOCUMENT_CONTROL, factories.site())
        day, offset = OLD_DAY, timedelta
        begins = day + offset(days=first) if first is not None else None
        ends = day + offset(days=last) if last is not None else None
        if begins and ends and ends < begins:
            begins, ends = ends, begins
        if begins is None and ends is None:
            begins = day - timedelta(days=9)
        about = (day + offset(days=period[0]), day + offset(days=period[0] + period[1])) if period else None
        document = issue(None if whose == "all" else site, control, period=about)
        made = Scope(
            site=factories.site("YGY") if whose == "another" else site, kind=kind, first_day=begins, last_day=ends
        ).unsaved()
        made.number, made.reason, made.note, made.set_by, made.set_at = "H", "audit", "x", control, OLD
        made.until = day + offset(days=until) if until is not None else None
        made.save()
        said = IssuedDocument.objects.filter(paper_lists.covered_documents(paper_lists.holds_on(day))).exists()
        with connection.cursor() as cursor:
            cursor.execute("SELECT retention_paper_held(%s, NULL, %s)", [document.pk, day])
            assert cursor.fetchone()[0] == said
        transaction.set_rollback(True)


def test_documents_for_all_sites_go_with_the_first_and_their_approver_speaks_for_all(world: Papers) -> None:
    other = factories.site("YGY")
    theirs, ours = issue(other, world.control), issue(None, world.control)
    everywhere = factories.user(Role.TEAM_LEADER)
    made = proposals.document_proposal_new(site=other, reason="x", actor=everywhere, now=NOW)
    assert listed(made) == {theirs}
    proposal = world.submitted()
    assert listed(proposal) == {*world.documents, *world.entries, ours}
    line = proposal.items.get(document=ours)
    with pytest.raises(Invalid) as refused:
        world.decide(proposal)
    assert (refused.value.code, f": {line.position}." in str(refused.value)) == ("all_sites", True)
    proposal.refresh_from_db()
    assert (proposal.status, proposal.approval) == ("with_client", None)
    world.client = factories.user(Role.CLIENT)  # for all sites
    world.decide(proposal)
    disposing.proposal_execute(proposal_id=proposal.pk, actor=world.it, now=LATER)
    world.run(proposal)
    ours.refresh_from_db()
    assert ours.status == "destroyed" and not world.path(ours).exists()


def test_who_approves_for_one_site_refuses_what_is_for_all(world: Papers) -> None:
    ours = issue(None, world.control)
    proposal = world.submitted()
    line = proposal.items.get(document=ours)
    world.decide(proposal, refused={line.pk}, reason="Bukan wewenang kami", again_on=tomorrow(NOW))
    proposal.refresh_from_db()
    assert (proposal.status, proposal.approved_count) == ("approved", 5)


def test_a_hold_of_any_site_keeps_what_is_for_all(world: Papers) -> None:
    ours, other = issue(None, world.control), factories.site("YGY")
    draft = world.vouched()
    scope, control = Scope(site=other, first_day=OLD_DAY, last_day=OLD_DAY), factories.user(Role.DOCUMENT_CONTROL)
    hold_set(scope=scope, reason=HoldReason.AUDIT, note="Audit", until=None, actor=control, now=NOW)
    assert draft.items.get(document=ours).state == "pulled"
    assert draft.items.filter(live=True).count() == 5
    assert paper_lists.standing(site=world.site, day=NOW_DAY)[gettext("Held")] == 1


def lost(site: Site, until: date | None = None) -> Hold:
    """A hold that pulled nothing out when it was set, as one that came with a restored database."""
    scope = Scope(site=site, first_day=OLD_DAY, last_day=OLD_DAY)
    made = scope.unsaved()
    made.number, made.reason, made.note, made.set_at = f"HOLD-{site.code}", HoldReason.AUDIT, "Audit", NOW
    made.set_by, made.until = factories.user(Role.DOCUMENT_CONTROL), until
    made.save()
    return made


@pytest.mark.req("RET-12")
def test_a_hold_of_any_site_is_found_on_the_list_of_one_that_is_not_the_first_any_more(world: Papers) -> None:
    ours, other = issue(None, world.control), factories.site("YGY")
    draft = world.vouched()
    Site.objects.create(code="AAA", name="A")  # from now on what is for all sites comes up there
    lost(other)
    assert paper_lists.held_lines(draft, NOW_DAY) == 1
    frozen = proposals.proposal_submit(proposal_id=draft.pk, actor=world.leader, now=NOW)
    assert frozen.items_count == 5 and frozen.items.get(document=ours).state == "pulled"


@pytest.mark.req("RET-12")
def test_a_hold_lasts_to_the_end_of_its_last_day_where_it_was_set(world: Papers) -> None:
    west, east = world.site, factories.site("YGY")
    Site.objects.filter(pk=east.pk).update(timezone="Asia/Jayapura")
    for one in (west, east):
        lost(one, NOW_DAY)
    midnight = end_of_day(NOW_DAY, west.zone)
    for hours, standing in ((-3, {west, east}), (-1, {west}), (1, set())):
        assert {one.site for one in paper_lists.holds_at(midnight + timedelta(hours=hours))} == standing


@pytest.mark.req("RET-9", "RET-12")
def test_a_file_that_a_hold_of_another_site_keeps_is_not_deleted(world: Papers) -> None:
    ours, other = issue(None, world.control), factories.site("YGY")
    world.client = factories.user(Role.CLIENT)
    proposal = world.approved()
    Site.objects.create(code="AAA", name="A")
    lost(other)
    disposing.proposal_execute(proposal_id=proposal.pk, actor=world.it, now=LATER)
    world.run(proposal)
    ours.refresh_from_db()
    assert world.path(ours).exists() and ours.status != "destroyed"
    assert proposal.items.get(document=ours).state == "pulled"


def test_a_hold_set_later_pulls_its_lines_out_or_voids_the_list(world: Papers) -> None:
    draft = world.vouched()
    kept = enter(world, 9, issued_on=OLD_DAY - timedelta(days=90))
    assert draft.items.count() == 5
    hold(world, OLD_DAY, OLD_DAY)
    assert draft.items.filter(state="pulled", live=False).count() == 5
    with pytest.raises(WrongState):  # nothing is left on it
        proposals.proposal_submit(proposal_id=draft.pk, actor=world.leader, now=NOW)
    proposals.proposal_withdraw(proposal_id=draft.pk, note="x", actor=world.leader, now=NOW)
    anew = world.submitted()
    assert listed(anew) == {kept}
    hold(world, OLD_DAY - timedelta(days=99))
    anew.refresh_from_db()
    assert anew.status == "void"


@pytest.mark.usefixtures("english")
def test_the_proof_of_a_destruction_is_never_proposed(world: Papers) -> None:
    proof = world.issued(world.gone())
    far = NOW + timedelta(days=40 * 365)
    assert proof.expires_on < far.date()
    proposal = world.proposal(now=far)
    assert proof not in listed(proposal) and listed(proposal)  # the document of NOW
    assert paper_lists.standing(site=world.site, day=far.date())["Proof of a destruction"] == 1


@pytest.mark.usefixtures("english")
def test_what_an_open_process_refers_to_is_never_proposed(world: Papers) -> None:
    """A document issued for a matter that still goes through its process."""
    draft = Proposal.objects.create(number="MUS-X", site=world.site, kind="chat", reason="x", proposed_at=OLD)
    WorkflowStep.objects.create(flow="retention.proposal", subject=draft, to_state="draft", at=OLD, actor_label="x")
    needed = issue(world.site, world.control, subject=draft)
    assert open_subjects("retention.proposal") is not None and open_subjects("retention.nothing") is None
    assert needed not in listed(world.proposal())
    assert paper_lists.standing(site=world.site, day=NOW_DAY)["Needed by an open process"] == 1


def test_a_refused_line_comes_again_on_its_day(world: Papers) -> None:
    proposal = world.submitted()
    lines = {one.document or one.entry: one.pk for one in proposal.items.select_related("document", "entry")}
    again = tomorrow()
    refused = {lines[world.documents[0]], lines[world.entries[0]]}
    world.decide(proposal, refused=refused, reason="Masih perlu", again_on=again)
    with pytest.raises(Invalid):
        world.proposal(now=NOW + timedelta(days=5))
    anew = world.proposal(now=NOW + timedelta(days=31))
    assert listed(anew) == {world.documents[0], world.entries[0]}


def test_silence_approves_nothing(world: Papers) -> None:
    proposal = world.submitted()
    for day in (8, 15, 22, 400):
        sweep(now=NOW + timedelta(days=day))
    proposal.refresh_from_db()
    assert proposal.status == "with_client"
    assert Obligation.objects.get(rule="retention.client_answer").breached_at is not None


def test_the_list_is_its_hash_in_the_database_too(world: Papers) -> None:
    proposal = world.submitted()
    rows = list(proposal.items.order_by("position"))
    assert proposal.list_sha256 == list_sha256(one.line for one in rows)
    assert sum(one.sha256 in rows[i].line for one in world.documents for i in range(5)) == 3
    assert sum('"entry"' in one.line for one in rows) == 2
    with pytest.raises(WrongState):
        world.decide(proposal, list_sha256="0" * 64)


def test_long_words_are_in_a_line_as_their_hash(world: Papers) -> None:
    enter(world, 7, number="N" * 60, title='"' * 200, place="\\" * 120, copies='"' * 40, quantity='"' * 40,
          classification='"' * 30)  # fmt: skip
    proposal = world.submitted()
    lines = proposal.items.filter(entry__isnull=False).values_list("line", flat=True)
    assert all(0 < len(one) <= 600 for one in lines)


def test_what_may_not_go_any_more_falls_out_before_the_client_is_asked(world: Papers) -> None:
    proposal, entry = world.vouched(), world.entries[0]
    facts = {name: getattr(entry, name) for name in Line.__dataclass_fields__}
    later = Line(**facts | {"expires_on": (LATER + timedelta(days=900)).date()})
    entry_change(entry_id=entry.pk, line=later, why="diperpanjang", actor=world.control, now=NOW)
    frozen = proposals.proposal_submit(proposal_id=proposal.pk, actor=world.leader, now=NOW)
    assert listed(frozen) == {*world.documents, world.entries[1]} and frozen.items_count == 4
    assert frozen.items.get(entry=entry).state == "released"


def test_beat_gathers_them_once_a_month(world: Papers) -> None:
    assert proposals.drafts_open(now=NOW) == 2  # the recording's, and the documents'
    assert Proposal.objects.filter(kind="", status="draft").count() == 1
    assert proposals.drafts_open(now=NOW + timedelta(hours=1)) == 0


@pytest.mark.req("RET-12")
def test_a_held_entry_does_not_leave_its_hold(world: Papers) -> None:
    scope = Scope(site=world.site, first_day=OLD_DAY, last_day=OLD_DAY)
    hold = hold_set(scope=scope, reason=HoldReason.AUDIT, note="Audit", until=None, actor=world.coordinator, now=NOW)
    entry, other = world.entries[0], factories.site("YGY")
    line = Line(**{name: getattr(entry, name) for name in FIELDS})
    later = {"issued_on": OLD_DAY + timedelta(days=1)}

    def change(**values: Any) -> None:
        made = replace(line, **values)
        entry_change(entry_id=entry.pk, line=made, why="Salah", actor=world.control, now=NOW)

    for values in (later, {"expires_on": line.expires_on + timedelta(days=1)}):
        with pytest.raises(WrongState) as refused:
            change(**values)
        assert (refused.value.code, refused.value.field) == ("held", next(iter(values)))
    for values in (later, {"site": other}, {"expires_on": line.expires_on + timedelta(days=1)}):
        with pytest.raises(IntegrityError, match="is held"), transaction.atomic():
            type(entry).objects.filter(pk=entry.pk).update(**values)
    change(title="Daftar hadir pagi")  # that is no matter of the hold
    hold_lift(hold_id=hold.pk, because="Selesai", actor=world.coordinator, now=NOW)
    change(**later)
    entry.refresh_from_db()
    assert entry.issued_on == later["issued_on"]
