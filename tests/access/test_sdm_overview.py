"""The access matrix of the organisation chart and of turnover (KER-9)."""

from __future__ import annotations

from typing import Any

import pytest
from django.test import Client

from occ.people.choices import Role
from occ.people.models import Site
from sdm.services.organisation import CHART_READERS
from sdm.services.turnover import READERS
from tests.access.matrix import Row, World, what_a_stranger_gets, who_is_let_in

pytestmark = [pytest.mark.req("KER-9", "SDM-10"), pytest.mark.timeout(400), pytest.mark.django_db]
CHART, TURNOVER = set(CHART_READERS), set(READERS)
ROWS: dict[str, Row] = {
    "sdm:organisation": Row(get=CHART),
    "sdm:turnover": Row(get=TURNOVER),
    "sdm:turnover_rows": Row(get=TURNOVER),
    "api:sdm-turnover": Row(get=TURNOVER, query="?from=2026-11-01&to=2026-11-20"),
    "api:sdm-organisation": Row(get=CHART, query="?site=JKT"),
}


def objects_of(where: Site) -> dict[str, Any]:
    return {}


@pytest.mark.parametrize("name", sorted(ROWS))
def test_who_is_let_in(world: World, clients: dict[Role, Client], name: str) -> None:
    assert not who_is_let_in(world, clients, name, ROWS[name])


@pytest.mark.parametrize("name", sorted(ROWS))
def test_who_is_not_logged_in_gets_nothing(world: World, name: str) -> None:
    assert not what_a_stranger_gets(world, name, ROWS[name])
