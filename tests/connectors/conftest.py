from __future__ import annotations

from collections.abc import Iterator
from typing import Any

import pytest
from django.utils import timezone

from occ.people.choices import Role
from tests import factories
from tests.connectors.servers import TOKEN, Faulty, faulty_server, real_server
from tests.factories import Floor
from userids.models import Application
from userids.services import applications


@pytest.fixture(scope="session")
def real(tmp_path_factory: pytest.TempPathFactory) -> Iterator[str]:
    with real_server(tmp_path_factory.mktemp("scim")) as url:
        yield url


@pytest.fixture
def faulty() -> Iterator[Faulty]:
    with faulty_server() as server:
        yield server


@pytest.fixture(autouse=True)
def on_this_machine(settings: Any) -> None:
    """As in the demo: connectors may speak to this machine."""
    settings.DEMO = True


def connect(url: str, *, token: str = TOKEN) -> Application:
    """The factories' application, reached by SCIM."""
    now = timezone.now()
    it = factories.user(Role.IT)
    return applications.application_edit(
        application_id=factories.application().pk, name="Omni Channel", connector="scim", base_url=url,
        timeout_seconds=2, requests_per_second=100, token=token, note="uji", actor=it, now=now,
    )  # fmt: skip


@pytest.fixture
def omni(live_floor: Floor, faulty: Faulty) -> Application:
    """The floor's application, whose server has the floor's ID and some others."""
    faulty.add("OTHER-1")
    faulty.add(live_floor.account.user_id, displayName=live_floor.agent.name)
    faulty.add("OTHER-2")
    return connect(faulty.url)
