"""Pembinaan is read by the person, the superiors, HR Industrial Relations and the manager, and by nobody else (SDM-5).

Pages, search, "Today", exports, API, the document register, the ledger, obligations and inboxes are all looked through.
"""

from __future__ import annotations

import json
from datetime import date
from typing import Any

import pytest
from django.core.files.uploadedfile import SimpleUploadedFile
from django.test import Client
from django.urls import reverse

from occ.documents.attachments import attachment_visible, attachments_of
from occ.documents.models import IssuedDocument
from occ.errors import NotAllowed
from occ.ledger.models import Entry
from occ.notifications.models import Notification
from occ.obligations.models import Obligation, ObligationEvent
from occ.people.choices import Role
from occ.people.models import RoleAssignment, Team, User
from occ.workflow.models import WorkflowStep
from sdm.discipline.finding import find_cases, lines, turns
from sdm.models import DisciplineCase, Placement, WarningLetter
from sdm.services import discipline
from sdm.views.discipline import CaseFilter, line, rows_of
from tests.documents.test_pages import PNG
from tests.factories import NOW, PASSWORD, Floor, person, user
from tests.sdm.discipline import agent_user, brought, do, opened, relations

pytestmark = pytest.mark.req("SDM-5", "KER-9")
READ = {Role.TEAM_LEADER, Role.COORDINATOR, Role.MANAGER, Role.HR_RELATIONS}


def client_of(who: User) -> Client:
    client = Client()
    client.force_login(who)
    return client


def others(floor: Floor) -> list[User]:
    """Everybody at the person's site who may not read it, leaders of other teams and sites, and a fellow agent."""
    team = Team.objects.create(code="JKT-B", name="Tim B", site=floor.jkt)
    found = [user(role, floor.jkt, name=f"secret.{role}") for role in Role if role not in READ]
    found += [user(role, floor.ygy, name=f"secret.{role}.ygy") for role in READ]
    found.append(user(Role.TEAM_LEADER, floor.jkt, name="secret.leader.b", team=team))
    found.append(agent_user(person(floor.jkt)))
    return found


def test_nobody_else_finds_it_anywhere(floor: Floor) -> None:
    case = brought(floor, "sp_issued")
    letter = WarningLetter.objects.get(case=case)
    for who in others(floor):
        assert not DisciplineCase.objects.visible_to(who).exists(), who
        assert not WarningLetter.objects.visible_to(who).exists(), who
        assert list(find_cases(who, floor.agent.name, 9)) == []
        assert list(find_cases(who, str(case.pk), 9)) == []
        assert list(turns(who)) == []
        assert list(lines(who, floor.agent)) == []
        assert list(rows_of(who, NOW)) == []
        assert not IssuedDocument.objects.visible_to(who).filter(type_code__in=["SP", "PBN"]).exists(), who
        client = client_of(who)
        for url in (
            case.get_absolute_url(), reverse("sdm:discipline_document", args=[letter.document_id]),
            reverse("documents:detail", args=[letter.document_id]),
            reverse("api:sdm-discipline-case", args=[case.pk]),
        ):  # fmt: skip
            assert client.get(url).status_code == 404, (who, url)


def test_who_may_read_it_does(floor: Floor) -> None:
    case = brought(floor, "sp_issued")
    letter = WarningLetter.objects.get(case=case)
    for who in (agent_user(floor.agent), floor.leader, floor.coordinator, floor.manager, relations()):
        page = client_of(who).get(case.get_absolute_url())
        assert page.status_code == 200
        assert "Rahasia: dibicarakan" in page.content.decode()
        assert [one.title for one in find_cases(who, floor.agent.name, 9)] == [str(case)]
        answer = client_of(who).get(reverse("sdm:discipline_document", args=[letter.document_id]))
        assert b"".join(answer.streaming_content).startswith(b"%PDF")  # type: ignore[arg-type]
    assert Entry.objects.filter(action="document.downloaded").count() == 5


def test_a_team_leader_reads_of_the_own_team_only(floor: Floor) -> None:
    mine = opened(floor)
    leader = user(Role.TEAM_LEADER, floor.jkt, name="leader.a", team=floor.team)
    elsewhere = opened(floor, person(floor.jkt))
    assert list(DisciplineCase.objects.visible_to(leader)) == [mine]
    assert do(floor, mine, "coach", leader).status == "coached"
    assert client_of(leader).get(elsewhere.get_absolute_url()).status_code == 404


def test_whoever_held_the_role_reads_it_no_more(floor: Floor) -> None:
    case = opened(floor)
    former = user(Role.TEAM_LEADER, floor.jkt, name="leader.former")
    assert DisciplineCase.objects.visible_to(former).exists()
    RoleAssignment.objects.filter(user=former).update(ends_on=date(2020, 12, 31))
    former = User.objects.get(pk=former.pk)
    assert not DisciplineCase.objects.visible_to(former).filter(pk=case.pk).exists()


def told(floor: Floor) -> dict[str, list[str]]:
    """All that others may read of what happened, by where."""
    return {
        "ledger": [json.dumps(one.data) + one.action for one in Entry.objects.filter(action__regex="discipl|document")],
        "obligations": [
            f"{one.subject_label} {one.title} {one.evidence}"
            for one in Obligation.objects.filter(rule__contains="discipline")
        ],
        "events": [json.dumps(one.data) for one in ObligationEvent.objects.all()],
        "steps": [f"{one.note} {one.evidence}" for one in WorkflowStep.objects.filter(flow="sdm.discipline")],
        "inbox": [
            f"{one.subject} {one.body} {one.params}" for one in Notification.objects.filter(kind__contains="discipline")
        ],
        "titles": [one.title for one in IssuedDocument.objects.all()],
    }  # fmt: skip


@pytest.mark.parametrize("state", ["filed", "ended", "appreciated", "cancelled"])
def test_what_others_read_names_neither_person_nor_words(floor: Floor, state: str) -> None:
    brought(floor, state)
    for where, texts in told(floor).items():
        assert texts or (where == "titles" and state in {"appreciated", "cancelled"}), where
        for text in texts:
            assert "Rahasia" not in text, (where, text)
            assert floor.agent.name not in text, (where, text)
            assert floor.agent.number not in text, (where, text)


def test_evidence_is_kept_under_a_name_that_tells_nothing(floor: Floor) -> None:
    file = SimpleUploadedFile("SP1 Budi terlambat.png", PNG)
    case = discipline.case_open(
        person=floor.agent, matter="discipline", about="Rahasia", file=file, actor=floor.leader, now=NOW
    )
    kept = attachments_of(case).get()
    assert kept.name == f"pembinaan-{case.pk:06}-evidence.png"
    assert "Budi" not in json.dumps([one.data for one in Entry.objects.filter(action="attachment.added")])
    assert attachment_visible(kept, floor.leader)
    assert not any(attachment_visible(kept, who) for who in others(floor))


def test_the_export_holds_what_the_reader_may_see(floor: Floor) -> None:
    brought(floor, "coached")
    opened(floor, person(floor.jkt))
    seen = [line(one)[2] for one in CaseFilter({}, queryset=rows_of(agent_user(floor.agent), NOW)).qs]
    assert seen == [floor.agent.name]
    assert len(CaseFilter({}, queryset=rows_of(floor.manager, NOW)).qs) == 2


def test_the_register_shows_letters_to_hr_only(floor: Floor) -> None:
    brought(floor, "sp_issued")
    rows = IssuedDocument.objects.filter(type_code="SP")
    assert IssuedDocument.objects.visible_to(relations()).filter(pk__in=rows).exists()
    for role in (Role.MANAGER, Role.DOCUMENT_CONTROL, Role.AUDITOR, Role.COORDINATOR, Role.QMR, Role.HEAD_MANAGER):
        assert not IssuedDocument.objects.visible_to(user(role)).filter(pk__in=rows).exists(), role


def test_one_signs_in_the_own_session_with_the_own_password(floor: Floor) -> None:
    case = brought(floor, "sp_issued")
    agent = agent_user(floor.agent)
    url = reverse("sdm:discipline_step", args=[case.pk, "receive"])
    client = client_of(agent)
    assert client.post(url, {"password": "salah"}).status_code == 422
    case.refresh_from_db()
    assert case.status == "sp_issued"
    hr = client_of(relations())
    assert hr.post(url, {"password": PASSWORD}).status_code == 403
    assert client.post(url, {"password": PASSWORD, "note": "Saya mengerti"}).status_code == 302
    case.refresh_from_db()
    assert case.status == "coached"
    assert WarningLetter.objects.get(case=case).receipt == "signed"


def test_the_pages_of_request_and_letter(floor: Floor) -> None:
    """Through the forms, as superior and HR would."""
    case = brought(floor, "problem")
    leader, hr = client_of(floor.leader), client_of(relations())
    given = {"violated_on": "2026-11-19", "clause": "Pasal 9", "reason": "Rahasia: lagi", "password": PASSWORD}
    answer = leader.post(reverse("sdm:discipline_step", args=[case.pk, "request"]), given)
    assert answer.status_code == 302
    page = hr.get(case.get_absolute_url()).content.decode()
    assert "Terbitkan surat peringatan" in page
    assert 'id="finalise"' not in page
    answer = hr.post(reverse("sdm:discipline_step", args=[case.pk, "issue"]), {"language": "id", "password": PASSWORD})
    assert answer.status_code == 302, answer.content.decode()
    assert WarningLetter.objects.get(case=case).level == 1


def test_queries_of_the_list(floor: Floor, django_assert_max_num_queries: Any) -> None:
    for _n in range(5):
        opened(floor, person(floor.jkt))
    client = client_of(relations())
    client.get(reverse("sdm:discipline"))
    with django_assert_max_num_queries(16):
        assert client.get(reverse("sdm:discipline")).content.decode().count("Pembinaan 0") == 5


def test_who_stands_above_leads_and_nobody_of_the_own_rank(floor: Floor) -> None:
    """A coordinator neither finds nor pushes what is about a manager, HR or another coordinator."""

    def one(role: Role, position: str = "Staf") -> DisciplineCase:
        about = person(floor.jkt)
        about.position = position
        about.save(update_fields=["position"])
        holder = user(role, floor.jkt, name=f"ranked.{role}.{position}")
        holder.person = about
        holder.save(update_fields=["person"])
        return opened(floor, about, actor=relations())

    cases = {
        "agent": one(Role.AGENT), "leader": one(Role.TEAM_LEADER), "coordinator": one(Role.COORDINATOR),
        "hr": one(Role.HR_PAYROLL), "manager": one(Role.MANAGER), "position": one(Role.AGENT, "operation manager"),
    }  # fmt: skip
    above = user(Role.HEAD_MANAGER, floor.jkt)
    seen = {
        floor.leader: {"agent"}, floor.coordinator: {"agent", "leader"},
        floor.manager: {"agent", "leader", "coordinator", "hr"}, above: {"manager", "position"},
        relations(): set(cases),
    }  # fmt: skip
    for who, names in seen.items():
        client = client_of(who)
        assert set(DisciplineCase.objects.visible_to(who)) == {cases[name] for name in names}, who
        assert {one.pk for one in rows_of(who, NOW)} == {cases[name].pk for name in names}, who
        opens = set(discipline.people_to_open(who, NOW).filter(discipline_cases__isnull=False))
        assert opens == {cases[name].person for name in names}, who
        for name, case in cases.items():
            found = bool(list(find_cases(who, case.person.number, 9)))
            answer = client.post(f"/api/v1/sdm/discipline/{case.pk}/appreciate/", {"note": "Baik"}, "application/json")
            assert (found, client.get(case.get_absolute_url()).status_code == 200) == (name in names,) * 2, (who, name)
            if name not in names:
                assert answer.status_code == 404, (who, name)
            elif who != relations():
                assert answer.status_code == 200, (who, name, answer.content)
                DisciplineCase.objects.filter(pk=case.pk).update(status="assessed", closed_at=None)


def test_a_named_leader_leads_whoever_it_is(floor: Floor) -> None:
    peer = user(Role.COORDINATOR, floor.jkt, name="peer")
    peer.person = person(floor.jkt)
    peer.save(update_fields=["person"])
    named = user(Role.COORDINATOR, floor.jkt, name="named")
    named.person = person(floor.jkt)
    named.save(update_fields=["person"])
    Placement.objects.filter(employee_id=peer.person.pk).update(leader=named.person)
    case = opened(floor, peer.person, actor=named)
    assert do(floor, case, "coach", named).status == "coached"
    with pytest.raises(NotAllowed):
        do(floor, opened(floor, named.person, actor=relations()), "coach", peer)
