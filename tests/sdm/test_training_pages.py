"""Training over pages and API (SDM-4): a batch filled and brought on by forms, the same by API, lists and who reads."""

from __future__ import annotations

import json
from datetime import timedelta
from typing import Any

import pytest
from django.test import Client
from django.urls import reverse
from django.utils import timezone

from occ.api.authentication import token_create
from occ.api.models import ApiToken
from occ.people.choices import Role
from occ.people.models import User
from sdm.models import DisciplineCase, Participant, TrainingBatch
from sdm.training.choices import TrainingStatus as S
from sdm.training.finding import find_participants, turns
from sdm.views.training_lists import participant_line, participant_rows, rows_of
from tests.factories import NOW, Floor, person, user
from tests.sdm.discipline import agent_user
from tests.sdm.training import add, batch, brought, hr, qc

pytestmark = pytest.mark.req("SDM-4", "SDM-11")


def client_of(who: User) -> Client:
    client = Client()
    client.force_login(who)
    return client


def api(who: User) -> Client:
    token = token_create(name=f"{who}-{ApiToken.objects.count()}", user=who, now=timezone.now())
    return Client(headers={"Authorization": f"Token {token}"}, raise_request_exception=False)


def post(client: Client, url: str, data: Any, **headers: str) -> Any:
    return client.post(f"/api/v1/sdm/{url}", json.dumps(data), content_type="application/json", headers=headers)


def test_a_batch_by_its_forms(floor: Floor) -> None:
    office, leader = client_of(hr()), client_of(floor.leader)
    given = {"site": floor.jkt.pk, "code": "jkt-1", "title": "Agent", "starts_on": "2026-11-20"}
    answer = office.post(reverse("sdm:training_new"), given)
    made = TrainingBatch.objects.get()
    assert (answer.status_code, made.code) == (302, "JKT-1")
    url = reverse("sdm:training_add", args=[made.pk])
    assert office.post(url, {"name": "Calon Satu", "number": "K-1"}).status_code == 302
    assert office.post(url, {"person": floor.agent.number}).status_code == 302
    assert office.post(url, {"name": "Lain", "number": "K-1"}).status_code == 422
    for one in Participant.objects.all():
        step = reverse("sdm:training_step", args=[one.pk, "hardskill"])
        assert leader.post(step).status_code == 403
        assert office.post(step, {"note": ""}).status_code == 302
    first, second = Participant.objects.order_by("pk")
    page = leader.get(made.get_absolute_url()).content.decode()
    assert f'name="hardskill-pre_{first.pk}"' in page
    results = reverse("sdm:training_results", args=[made.pk, "hardskill"])
    wrong = {f"hardskill-pre_{first.pk}": "40", f"hardskill-score_{first.pk}": "140"}
    answer = leader.post(results, wrong)
    assert answer.status_code == 422
    assert 'value="140"' in answer.content.decode()
    right = {
        f"hardskill-pre_{first.pk}": "40", f"hardskill-score_{first.pk}": "82.5", f"hardskill-pre_{second.pk}": "35.25",
        f"hardskill-score_{second.pk}": "60",
    }  # fmt: skip
    assert leader.post(results, right).status_code == 302
    assert leader.post(reverse("sdm:training_advance", args=[made.pk, "hardskill"])).status_code == 302
    first.refresh_from_db()
    second.refresh_from_db()
    assert (first.status, second.status) == (S.PASSIVE, S.HARDSKILL)
    assert "60" in office.get(second.get_absolute_url()).content.decode()


def test_samples_and_decision_by_their_forms(floor: Floor) -> None:
    one = brought(floor, add(batch(floor)), S.VALIDATING)
    sample = one.samples.first()
    assert sample is not None
    checks = client_of(qc())
    url = reverse("sdm:training_sample_score", args=[sample.pk])
    assert checks.post(url, {"score": "abc"}).status_code == 422
    assert checks.post(url, {"score": "91.5", "remark": "Baik"}).status_code == 302
    sample.refresh_from_db()
    assert str(sample.score) == "91.50"
    brought(floor, one, S.DECIDING)
    decides = client_of(floor.coordinator)
    step = reverse("sdm:training_step", args=[one.pk, "accept"])
    join_on = timezone.localdate() + timedelta(days=7)
    assert decides.post(step, {"join_on": "", "language": "id"}).status_code == 422
    assert decides.post(step, {"join_on": join_on.isoformat(), "language": "id"}).status_code == 302
    pdf = decides.get(reverse("sdm:training_certificate", args=[one.pk]))
    assert b"".join(pdf.streaming_content).startswith(b"%PDF")  # type: ignore[arg-type]


def test_who_takes_part_reads_the_own_way_and_nobody_elses(floor: Floor) -> None:
    where = batch(floor)
    mine, other = add(where, person=floor.agent), add(where, "Lain")
    agent = client_of(agent_user(floor.agent))
    assert agent.get(mine.get_absolute_url()).status_code == 200
    assert agent.get(other.get_absolute_url()).status_code == 404
    assert agent.get(where.get_absolute_url()).status_code == 404
    assert agent.get(reverse("sdm:training")).status_code == 403
    elsewhere = user(Role.TEAM_LEADER, floor.ygy)
    assert client_of(elsewhere).get(mine.get_absolute_url()).status_code == 404


def test_search_today_and_export(floor: Floor) -> None:
    where = batch(floor)
    one = brought(floor, add(where, "Calon Satu", "K-1"), S.VALIDATING)
    assert [found.title for found in find_participants(floor.leader, "calon", 5)] == ["Calon Satu"]
    assert list(find_participants(user(Role.TEAM_LEADER, floor.ygy), "calon", 5)) == []
    assert list(turns(qc())) == [one]
    line = participant_line(participant_rows(hr(), NOW).get())
    assert [str(cell) for cell in line[6:11]] == ["90.00", "40.00", "85.00", "90.00", "3"]
    assert rows_of(hr(), NOW).get().n_validating == 1  # type: ignore[attr-defined]


def test_queries_of_list_board_and_batch(floor: Floor, django_assert_max_num_queries: Any) -> None:
    for n in range(3):
        where = batch(floor, f"B-{n}")
        for m in range(4):
            add(where, f"Calon {n}{m}")
    client = client_of(hr())
    for url, most in (
        (reverse("sdm:training"), 16), (reverse("sdm:training_board"), 24), (where.get_absolute_url(), 22),
    ):  # fmt: skip
        client.get(url)
        with django_assert_max_num_queries(most):
            assert client.get(url).status_code == 200


def test_the_same_by_api(floor: Floor) -> None:
    office, leader = api(hr()), api(floor.leader)
    body = {"site": "JKT", "code": "API-1", "title": "Agent", "starts_on": "2026-11-20"}
    first = post(office, "training/batches/", body, **{"Idempotency-Key": "k1"})
    assert first.status_code == 201, first.content
    assert post(office, "training/batches/", body, **{"Idempotency-Key": "k1"}).json() == first.json()
    assert post(leader, "training/batches/", body | {"code": "x"}).status_code == 403
    made = post(office, "training/participants/", {"batch": "API-1", "name": "Calon", "number": "K-1"})
    pk = made.json()["id"]
    assert post(office, "training/participants/", {"batch": "NO", "name": "x"}).json()["field"] == "batch"
    assert post(office, f"training/participants/{pk}/softskill/", {}).json()["status"] == "softskill"
    refused = post(office, f"training/participants/{pk}/softskill_pass/", {})
    assert (refused.status_code, refused.json()["code"]) == (409, "not_ready")
    rows = {"batch": "API-1", "stage": "softskill", "results": [{"participant": pk, "score": "88.5"}]}
    assert post(office, "training/results/", rows).json()[0]["results"][0]["score"] == 88.5
    assert post(office, f"training/participants/{pk}/softskill_pass/", {}).json()["status"] == "hardskill"
    listed = leader.get("/api/v1/sdm/training/participants/?batch=API-1").json()["results"]
    assert [one["status"] for one in listed] == ["hardskill"]
    assert api(user(Role.TEAM_LEADER, floor.ygy)).get(f"/api/v1/sdm/training/participants/{pk}/").status_code == 404


@pytest.mark.req("SDM-5")
def test_pembinaan_by_api(floor: Floor) -> None:
    leader, agent = api(floor.leader), api(agent_user(floor.agent))
    body = {"employee": floor.agent.number, "matter": "discipline", "about": "Terlambat"}
    made = post(leader, "discipline/", body)
    assert made.status_code == 201, made.content
    pk = made.json()["id"]
    assert post(leader, "discipline/", body).json()["code"] == "open_already"
    assert post(leader, "discipline/", body | {"employee": person(floor.ygy).number}).json()["field"] == "employee"
    until = (timezone.localdate() + timedelta(days=14)).isoformat()
    coach = {"method": "coaching", "note": "Dibicarakan", "target": "Tepat waktu", "improve_until": until}
    assert post(leader, f"discipline/{pk}/coach/", {"note": "x"}).status_code in {400, 422}
    assert post(leader, f"discipline/{pk}/coach/", coach).json()["status"] == "coached"
    assert post(leader, f"discipline/{pk}/improve/", {"note": "x"}).status_code == 403
    assert post(agent, f"discipline/{pk}/improve/", {"note": "Lebih awal"}).json()["status"] == "improving"
    assert post(leader, f"discipline/{pk}/issue/", {"note": "x"}).status_code == 404  # a letter is signed on its page
    seen = agent.get(f"/api/v1/sdm/discipline/{pk}/").json()
    assert [one["kind"] for one in seen["entries"]] == ["opened", "coached", "committed"]
    assert api(user(Role.AUDITOR)).get(f"/api/v1/sdm/discipline/{pk}/").status_code == 404
    assert api(user(Role.SUPPORT)).get("/api/v1/sdm/discipline/").json()["results"] == []
    assert DisciplineCase.objects.count() == 1


def test_batches_of_one_title_are_told_apart(floor: Floor) -> None:
    office, titles = client_of(hr()), set()
    for code, day in (("A", "2026-11-20"), ("B", "2026-12-01")):
        given = {"site": floor.jkt.pk, "code": code, "title": "Agen baru", "starts_on": day}
        page = office.post(reverse("sdm:training_new"), given, follow=True)
        titles.add(page.context["title"])
    assert titles == {"Agen baru, Jakarta, 20 November 2026", "Agen baru, Jakarta, 1 Desember 2026"}
