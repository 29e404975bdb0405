"""The pages of a disposal of documents: from the register to the berita acara, as each role is shown it."""

from __future__ import annotations

from pathlib import Path

import pytest
from django.db import connection
from django.test.utils import CaptureQueriesContext
from django.urls import reverse
from django.utils import timezone

from occ.jobs.models import Job
from occ.jobs.services import job_run
from occ.people.choices import Role
from occ.people.models import User
from retention.models import Entry, Proposal, Shredding
from retention.services import paper_disposing
from tests import factories
from tests.login.conftest import code_at, equip
from tests.retention.disposal import LATER, PASSWORD
from tests.retention.papers import OLD_DAY, Papers, enter, issue, papers
from tests.retention.test_disposal_pages import browser, decide
from tests.retention.test_papers_lists import hold

pytestmark = [pytest.mark.django_db, pytest.mark.req("RET-11")]


@pytest.fixture
def world(tmp_path: Path) -> Papers:
    return papers(tmp_path)


def test_the_register_leads_to_the_proposal_and_then_to_the_berita_acara(world: Papers) -> None:
    control = browser(world.control)  # who reads these documents
    shown = control.get(reverse("retention:register")).content.decode()
    start = f"{reverse('retention:proposal_new')}?site={world.site.pk}&amp;kind=documents"
    assert shown.count(start) == 5 and "Propose its destruction" in shown
    assert start not in browser(world.coordinator).get(reverse("retention:register")).content.decode()
    page = control.get(reverse("retention:proposal_new"), {"site": world.site.pk, "kind": "documents"})
    assert '<option value="documents" selected>' in page.content.decode()
    form = {"site": world.site.pk, "kind": "documents", "reason": "Lewat masa"}
    assert control.post(reverse("retention:proposal_new"), form).status_code == 302
    proposal = Proposal.objects.get(kind="")
    shown = control.get(reverse("retention:register")).content.decode()
    assert start not in shown and shown.count(proposal.get_absolute_url()) == 5
    assert "Documents of the register" in control.get(proposal.get_absolute_url()).content.decode()
    assert control.get(reverse("retention:proposals"), {"kind": "documents"}).content.decode().count(proposal.number)


@pytest.mark.req("RET-12")
def test_what_a_hold_keeps_is_said_in_the_register(world: Papers) -> None:
    hold(world, OLD_DAY, OLD_DAY)
    shown = browser(world.control).get(reverse("retention:register")).content.decode()
    assert "kind=documents" not in shown and shown.count(f'<a href="{reverse("retention:holds")}">Held') == 5


def test_after_it_the_register_shows_the_berita_acara(world: Papers) -> None:
    document = world.issued(world.gone())
    shown = browser(world.control).get(reverse("retention:register")).content.decode()
    assert shown.count(f'{document.get_absolute_url()}">{document.full_number}') == 6  # five, and its own line
    entry = browser(world.control).get(world.entries[0].get_absolute_url()).content.decode()
    for words in (document.full_number, "Sri Wahyuni", "Shredded", "Jakarta"):
        assert words in entry
    assert "Put right" not in entry
    detail = browser(world.control).get(world.documents[0].get_absolute_url()).content.decode()
    assert document.full_number in detail and "Download PDF" not in detail


@pytest.mark.req("RET-8")
def test_the_client_sees_number_and_kind_of_each_line_and_decides(world: Papers) -> None:
    titled = issue(world.site, world.control, title="Exit clearance Siti Rahma", now=LATER.replace(year=2020))
    proposal, client = world.submitted(now=timezone.now()), browser(world.client)
    shown = client.get(reverse("retention:decision", args=[proposal.pk])).content.decode()
    for one in (*world.documents, titled):
        assert one.full_number in shown
        assert one.get_absolute_url() + '"' not in shown
    assert all(one.title in shown for one in world.entries) and "Siti Rahma" not in shown
    assert client.get(reverse("retention:decision", args=[proposal.pk]), {"q": "daftar hadir 1"}).status_code == 200
    assert decide(client, proposal).status_code == 302
    proposal.refresh_from_db()
    assert proposal.status == "approved" and proposal.approved_count == 6


@pytest.mark.req("RET-9")
def test_papers_are_told_by_the_form(world: Papers) -> None:
    proposal, team = world.approved(), browser(world.it)
    step = reverse("retention:proposal_step", args=[proposal.pk, "execute"])
    assert team.post(step).status_code == team.post(step, {"password": "wrong"}).status_code == 422
    assert team.post(step, {"password": PASSWORD}).status_code == 302
    world.run(proposal, timezone.now)
    shown = team.get(proposal.get_absolute_url()).content.decode()
    lines = [one.pk for one in paper_disposing.waiting(proposal)]
    url, missing = (reverse(f"retention:proposal_{one}", args=[proposal.pk]) for one in ("papers", "missing"))
    assert url in shown and world.entries[0].title in shown and "12 lembar" in shown
    other = browser(world.control).get(proposal.get_absolute_url()).content.decode()
    assert url not in other and world.entries[0].title in other
    data = {
        "items": lines[0], "on_day": timezone.localdate().isoformat(), "place": "Jakarta", "way": "shredded",
        "outsider_1": "Sri", "position_1": "QMR", "organisation_1": "PT Pegadaian", "password": PASSWORD,
    }  # fmt: skip
    for wrong in ({"password": "salah"}, {"items": ""}, {"outsider_1": str(world.it)}, {"organisation_1": ""},
                  {"outsider_1": ""}, {"way": "erased"},
                  {"on_day": "2020-01-01"}, {"items": 99999999}):  # fmt: skip
        answer = team.post(url, data | wrong)
        assert answer.status_code == 422, wrong
        assert 'value="Jakarta"' in answer.content.decode()
    assert not Entry.objects.filter(status="destroyed").exists()
    assert team.post(url, data).status_code == 302
    assert team.post(url, data).status_code == 422  # it waits no more
    assert team.post(missing, {"items": lines[1], "note": ""}).status_code == 422
    assert team.post(missing, {"items": lines[1], "note": "Tidak ditemukan"}).status_code == 302
    world.run(proposal, timezone.now)
    shown = team.get(proposal.get_absolute_url()).content.decode()
    assert "Tidak ditemukan" in shown and world.entries[1].number in shown
    for user in (world.control, world.leader, world.coordinator):
        assert browser(user).post(url, data).status_code == 403


@pytest.mark.req("RET-9")
def test_a_witness_of_the_house_is_chosen_and_named_with_their_position(world: Papers) -> None:
    saw = factories.person(world.site, name="Sri Wahyuni")
    User.objects.filter(pk=factories.user(Role.QMR, world.site).pk).update(person=saw)
    proposal, team = world.destroyed(), browser(world.it)
    page = team.get(proposal.get_absolute_url()).content.decode()
    assert reverse("people_find", args=["retention.witness"]) in page
    data = {
        "items": [one.pk for one in paper_disposing.waiting(proposal)], "on_day": timezone.localdate().isoformat(),
        "place": "Jakarta", "way": "burnt", "witness_1": saw.number, "password": PASSWORD,
    }  # fmt: skip
    url, agent = reverse("retention:proposal_papers", args=[proposal.pk]), factories.person(world.site)
    for wrong in ({"witness_1": ""}, {"witness_1": agent.number}, {"outsider_1": "Sri"}):
        assert team.post(url, data | wrong).status_code == 422, wrong
    assert team.post(url, data).status_code == 302
    done = Shredding.objects.all()
    assert {(one.witness, one.witness_position) for one in done} == {(saw.name, saw.position)}


@pytest.mark.req("RET-9")
def test_with_a_second_factor_the_password_alone_is_not_enough(world: Papers) -> None:
    proposal, secret = world.destroyed(), equip(world.it)
    team, url = browser(world.it), reverse("retention:proposal_papers", args=[proposal.pk])
    data = {
        "items": [one.pk for one in paper_disposing.waiting(proposal)], "on_day": timezone.localdate().isoformat(),
        "place": "Jakarta", "way": "burnt", "outsider_1": "Sri", "position_1": "QMR", "organisation_1": "PT Pegadaian",
        "password": PASSWORD,
    }  # fmt: skip
    assert team.post(url, data).status_code == 422
    assert team.post(url, data | {"code": code_at(secret, timezone.now())}).status_code == 302
    assert Entry.objects.filter(status="destroyed").count() == 2


@pytest.mark.req("KER-12")
@pytest.mark.parametrize("name", ["proposals", "proposal_lines", "proposal", "decision", "register"])
def test_queries_do_not_grow_with_the_rows(world: Papers, name: str) -> None:
    def count(proposal: Proposal) -> int:
        args = [] if name in ("proposals", "register") else [proposal.pk]
        client = browser(world.client if name == "decision" else world.control)
        client.get(reverse(f"retention:{name}", args=args))
        with CaptureQueriesContext(connection) as queries:
            assert client.get(reverse(f"retention:{name}", args=args)).status_code == 200
        return len(queries)

    few = world.submitted()
    first = count(few)
    for n in range(20, 32):
        enter(world, n)
        issue(world.site, world.control)
    many = world.submitted()
    assert count(many) == first <= 45


@pytest.mark.req("KER-12")
@pytest.mark.django_db(transaction=True)
def test_the_lines_go_out_as_a_sheet(tmp_path: Path, live_floor: object) -> None:
    world = papers(tmp_path)
    proposal = world.submitted()
    page = browser(world.control)
    data = {"kind": "retention.disposal_lines", "query": f"proposal={proposal.pk}"}
    page.post(reverse("exports:new"), data)
    job = Job.objects.filter(kind="retention.disposal_lines").latest("created_at")
    assert job_run(job_id=job.pk, now=timezone.now())
    job.refresh_from_db()
    assert job.state == "done", job.error
