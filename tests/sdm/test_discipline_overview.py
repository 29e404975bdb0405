"""Pembinaan by month and level: of what the reader may see (SDM-10)."""

from __future__ import annotations

from datetime import date, timedelta
from typing import Any

import pytest
from django.test import Client
from django.urls import reverse

from occ.people.choices import Role
from occ.people.models import User
from sdm.discipline.choices import CaseStatus
from sdm.models import WarningLetter
from sdm.services import discipline_overview as services
from tests.factories import DAY, NOW, Floor, person, user
from tests.sdm.discipline import agent_user, brought, opened, relations

pytestmark = pytest.mark.req("SDM-10")


def sums(who: User, first: date, last: date) -> list[tuple[date, int, int, list[int]]]:
    found = services.months_of(services.cases_of(who, None), first, last)
    return [(one.month, one.opened, one.closed, one.levels) for one in found]


def test_cases_and_letters_by_month(floor: Floor) -> None:
    brought(floor, CaseStatus.SP_ISSUED)
    brought(floor, CaseStatus.FILED, person(floor.jkt, team=floor.team))
    before = (DAY.replace(day=1) - timedelta(days=1)).replace(day=1)
    assert sums(relations(), before, DAY) == [(before, 0, 0, [0, 0, 0]), (DAY.replace(day=1), 2, 1, [1, 0, 0])]
    assert services.in_force(services.cases_of(relations(), None), DAY) == [1, 0, 0]
    assert services.in_force(services.cases_of(relations(), floor.ygy), DAY) == [0, 0, 0]
    letter = WarningLetter.objects.get()
    letter.withdrawn_at, letter.withdrawn_why = NOW, "Keliru"
    letter.save(update_fields=["withdrawn_at", "withdrawn_why"])
    assert sums(relations(), DAY, DAY)[0][3] == [0, 0, 0]


def test_nobody_counts_what_they_may_not_read(floor: Floor) -> None:
    opened(floor)
    opened(floor, person(floor.ygy), actor=user(Role.COORDINATOR, floor.ygy))  # of another site
    assert [sums(who, DAY, DAY)[0][1] for who in (relations(), floor.leader)] == [2, 1]
    assert sums(user(Role.AUDITOR), DAY, DAY)[0][1] == 0


def test_the_page(floor: Floor, django_assert_max_num_queries: Any) -> None:
    brought(floor, CaseStatus.SP_ISSUED)
    client, own = Client(), Client()
    client.force_login(relations())
    with django_assert_max_num_queries(20):
        page = client.get(reverse("sdm:discipline_overview"))
    assert (page.status_code, len(page.context["months"])) == (200, 12)
    assert page.context["going"] == 1 and floor.agent.name not in page.content.decode()
    own.force_login(agent_user(floor.agent))
    assert own.get(reverse("sdm:discipline_overview")).status_code == 403
