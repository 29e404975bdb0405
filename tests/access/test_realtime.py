"""The access matrix of realtime's sources and events (KER-9)."""

from __future__ import annotations

from typing import Any

import pytest
from django.test import Client

from occ.people.choices import Role
from occ.people.models import Site
from realtime.models import SOURCE_READERS, Source
from realtime.services.ingesting import SENDERS
from realtime.services.sources import KEEPERS
from tests.access.matrix import Row, World, what_a_stranger_gets, who_is_let_in

pytestmark = [pytest.mark.req("KER-9"), pytest.mark.timeout(400), pytest.mark.django_db]
READERS = set(SOURCE_READERS)
ROWS: dict[str, Row] = {
    "realtime:sources": Row(get=READERS),
    "realtime:source": Row(get=READERS, of="source", sees=READERS),
    "realtime:source_edit": Row(get=set(KEEPERS), post=set(KEEPERS), of="source", sees=READERS),
    "realtime:source_retry": Row(post=set(KEEPERS), of="source", sees=READERS),
    "api:realtime-events": Row(post=set(SENDERS)),
}


def objects_of(where: Site) -> dict[str, Any]:
    return {"source": Source.objects.create(code=f"omni-{where.code}", name="Omni Channel", site=where).pk}


@pytest.mark.parametrize("name", sorted(ROWS))
def test_who_is_let_in(world: World, clients: dict[Role, Client], name: str) -> None:
    assert not who_is_let_in(world, clients, name, ROWS[name])


@pytest.mark.parametrize("name", sorted(ROWS))
def test_who_is_not_logged_in_gets_nothing(world: World, name: str) -> None:
    assert not what_a_stranger_gets(world, name, ROWS[name])
