"""The access matrix of the live board (KER-9)."""

from __future__ import annotations

from typing import Any

import pytest
from django.test import Client

from occ.people.choices import Role
from occ.people.models import Site
from realtime.floorwatch.audience import BOARD_READERS
from tests.access.matrix import Row, World, what_a_stranger_gets, who_is_let_in

pytestmark = [pytest.mark.req("KER-9"), pytest.mark.timeout(400), pytest.mark.django_db]
READERS = set(BOARD_READERS)
ROWS: dict[str, Row] = {
    "realtime:board": Row(get=READERS),
    "api:realtime-board": Row(get=READERS),
    "api:realtime-board-stream": Row(get=READERS),
}


def objects_of(where: Site) -> dict[str, Any]:
    return {}


@pytest.mark.parametrize("name", sorted(ROWS))
def test_who_is_let_in(world: World, clients: dict[Role, Client], name: str) -> None:
    """An agent without a person sees nobody; one with a person the own row (tests/realtime/test_board.py)."""
    assert not who_is_let_in(world, clients, name, ROWS[name])


@pytest.mark.parametrize("name", sorted(ROWS))
def test_who_is_not_logged_in_gets_nothing(world: World, name: str) -> None:
    assert not what_a_stranger_gets(world, name, ROWS[name])
