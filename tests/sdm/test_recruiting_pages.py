"""Recruitment over pages, board and API (SDM-3, SDM-11)."""

from __future__ import annotations

from functools import partial
from typing import Any

import pytest
from django.db import connection
from django.urls import reverse

from occ.people.choices import Role
from sdm.models import Candidate, Position, Recruitment
from sdm.services import recruitments
from tests.factories import Floor
from tests.sdm.recruits import (
    applied,
    recruiting,
    staff,
)
from tests.sdm.test_records import acting
from tests.sdm.test_recruiting import SCHEME

pytestmark = pytest.mark.req("SDM-3")


# Pages, board, API --------------------------------------------------------------------------------------------------


def page_step(url_name: str, key: int, name: str) -> str:
    return reverse(url_name, args=[key, name])


def test_pages_of_a_request_and_its_candidates(floor: Floor, django_assert_max_num_queries: Any) -> None:
    coordinator, hr = acting(floor.coordinator), acting(staff(Role.HR_RECRUITMENT))
    data = {"site": floor.jkt.pk, "position": Position.objects.get(code="verifier").pk, "people": 1,
            "needed_by": "2099-01-01", "kind": "pkwt", "why": "service", "explanation": "Video call.",
            "language": "id"}  # fmt: skip
    assert coordinator.post(reverse("sdm:recruitment_new"), data | {"needed_by": "2020-01-01"}).status_code == 422
    assert coordinator.post(reverse("sdm:recruitment_new"), data).status_code == 302
    row = Recruitment.objects.get()
    step = partial(page_step, "sdm:recruitment_step", row.pk)
    assert hr.post(step("verify"), {}).status_code == 302
    payroll = acting(staff(Role.HR_PAYROLL))
    assert payroll.post(step("approve_scheme"), {"pph21": "on"}).status_code == 422
    assert payroll.post(step("approve_scheme"), dict.fromkeys(SCHEME, "on")).status_code == 302
    person = {"name": "Sari W", "education": "d3", "experience_months": 0, "skills": "Aplikasi Office", "nik": "12"}
    new = reverse("sdm:candidate_new", args=[row.pk])
    assert hr.post(new, person).status_code == 422
    assert hr.post(new, person | {"nik": ""}).status_code == 302
    found = Candidate.objects.get()
    one = found.criteria.get(outcome="not_met")
    waive = reverse("sdm:criterion_waive", args=[found.pk, one.pk])
    assert hr.post(waive, {"reason": ""}).status_code == 422
    assert hr.post(waive, {"reason": "Kursus sedang berjalan."}).status_code == 302
    assert (
        hr.post(reverse("sdm:candidate_edit", args=[found.pk]), person | {"nik": "", "name": "Sari X"}).status_code
        == 302
    )
    go = partial(page_step, "sdm:candidate_step", found.pk)
    assert hr.post(go("check"), {}).status_code == 302
    trainer = acting(staff(Role.HR_TRAINING))
    assert trainer.post(go("train"), {}).status_code == 302
    assert trainer.post(go("pass"), {"training_score": "101"}).status_code == 422
    assert trainer.post(go("pass"), {"training_score": "90"}).status_code == 302
    assert hr.post(step("submit_list"), {}).status_code == 302
    page = coordinator.get(row.get_absolute_url()).content.decode()
    digest = recruitments.list_digest(row.pk)
    assert digest in page and "Sari X" in page
    assert coordinator.post(step("approve_list"), {"list_digest": "x"}).status_code == 422
    assert coordinator.post(go("approve"), {}).status_code == 403
    assert coordinator.post(step("approve_list"), {"list_digest": digest}).status_code == 302
    for client in (hr, coordinator):
        for name in ("recruitments", "pipeline", "candidates"):
            with django_assert_max_num_queries(30):
                assert client.get(reverse(f"sdm:{name}")).status_code == 200


def test_the_board_asks_as_often_for_one_as_for_many(floor: Floor) -> None:
    from django.test.utils import CaptureQueriesContext

    hr, row = acting(staff(Role.HR_RECRUITMENT)), recruiting(floor)

    def cost(name: str) -> int:
        with CaptureQueriesContext(
            connection,
        ) as queries:
            assert hr.get(reverse(f"sdm:{name}")).status_code == 200
        return len(queries)

    applied(row)
    before = {name: cost(name) for name in ("pipeline", "candidates", "recruitments")}
    before = {name: cost(name) for name in before}
    for _one in range(4):
        applied(row)
    assert {name: cost(name) for name in before} == before


def test_the_api_brings_a_request_from_one_end_to_the_other(floor: Floor) -> None:
    operation, hr = acting(floor.coordinator), acting(staff(Role.HR_RECRUITMENT))
    body = {"site": "JKT", "position": "agent", "people": 1, "needed_by": "2099-01-01", "why": "growth",
            "explanation": "Satu."}  # fmt: skip
    url = reverse("api:sdm-recruitments")
    assert operation.post(url, body | {"site": "YGY"}, "application/json").status_code == 422
    made = operation.post(url, body, "application/json")
    assert made.status_code == 201
    key = made.json()["id"]
    step = partial(page_step, "api:sdm-recruitment-transition", key)
    assert operation.post(step("verify"), {}, "application/json").status_code == 403
    assert hr.post(step("verify"), {}, "application/json").json()["status"] == "scheme"
    payroll = acting(staff(Role.HR_PAYROLL))
    assert payroll.post(step("refuse_scheme"), {}, "application/json").status_code == 422
    assert payroll.post(step("approve_scheme"), SCHEME, "application/json").json()["status"] == "recruiting"
    person = {"recruitment": key, "name": "Sari W", "education": "s1", "skills": ["Aplikasi Office"], "nik": "1" * 16,
              "gender": "f"}  # fmt: skip
    found = hr.post(reverse("api:sdm-candidates"), person, "application/json")
    assert found.status_code == 201 and "gender" not in found.json()
    assert found.json()["nik"] == "•" * 12 + "1111"
    go = reverse("api:sdm-candidate-transition", args=[found.json()["id"], "check"])
    assert hr.post(go, {}, "application/json").json()["status"] == "fits"
    assert hr.post(step("nothing"), {}, "application/json").status_code == 422
    listed_ = hr.get(reverse("api:sdm-candidates"), {"recruitment": key}).json()["results"]
    assert [one["status"] for one in listed_] == ["fits"]
    detail = hr.get(reverse("api:sdm-recruitment", args=[key])).json()
    assert {one["state"] for one in detail["times"]} == {"requested", "scheme", "recruiting"}
    positions = hr.get(reverse("api:sdm-positions")).json()["results"]
    assert len(positions) == 13
    plan = {"site": "JKT", "position": "agent", "number": 4, "starts_on": "2099-01-01", "reason": "x"}
    assert acting(floor.manager).post(reverse("api:sdm-plan"), plan, "application/json").status_code == 201
    assert hr.get(reverse("api:sdm-plan"), {"on": "2099-02-01"}).json()["results"][0]["lacking"] == 3
