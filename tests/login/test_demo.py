"""The demo's second factors (KER-1): printed secrets that work, and --no-totp."""

from __future__ import annotations

import json
from dataclasses import replace
from datetime import timedelta
from io import StringIO
from pathlib import Path
from typing import Any

import pytest
from django.core.management import CommandError, call_command
from django.utils import timezone

from occ.demo.second_factors import demand, forget, set_up
from occ.login.policies import SECOND_FACTOR
from occ.people.choices import Role
from occ.policies.registry import DEFINITIONS
from occ.policies.services import policy_set, policy_value
from tests.factories import Floor, user
from tests.login import conftest
from tests.login.conftest import inside, log_in

pytestmark = pytest.mark.req("KER-1", "KER-9")


def now_value() -> list[str]:
    found: list[str] = policy_value(SECOND_FACTOR, at=timezone.now())
    return found


def test_a_printed_secret_lets_in(floor: Floor, settings: Any, tmp_path: Path) -> None:
    conftest.demand(Role.COORDINATOR)
    names = ["coordinator.jkt", "support.all"]
    made = set_up(names, now=timezone.now() - timedelta(minutes=5))
    assert set(made) == {"coordinator.jkt"} and set_up(names, now=timezone.now()) == {}
    settings.VAR = tmp_path
    (tmp_path / "demo-logins.json").write_text(json.dumps({"secrets": made}))
    call_command("demo_code", "coordinator.jkt", stdout=(out := StringIO()))
    client, _answer = log_in("coordinator.jkt")
    client.post("/login/code/", {"code": out.getvalue().strip()})
    assert inside(client)
    with pytest.raises(CommandError):
        call_command("demo_code", "support.all")
    conftest.demand(since=timezone.now())
    forget(list(made), now=timezone.now())
    assert inside(log_in("coordinator.jkt")[0]), "name and password are enough again"


def test_no_totp_is_taken_back_by_a_start_without_it_and_nothing_else_is(
    floor: Floor, monkeypatch: pytest.MonkeyPatch
) -> None:
    administrator = user(Role.ADMINISTRATOR)
    conftest.demand(Role.COORDINATOR, Role.IT)
    demand(on=False, now=timezone.now())
    assert now_value() == []
    demand(on=False, now=timezone.now())
    monkeypatch.setitem(DEFINITIONS, SECOND_FACTOR, replace(DEFINITIONS[SECOND_FACTOR], default=["manager"]))
    demand(on=True, now=timezone.now())
    assert now_value() == ["manager"]
    now = timezone.now()
    policy_set(key=SECOND_FACTOR, value=["wfm"], valid_from=now, reason="own", site=None, actor=administrator, now=now)
    demand(on=True, now=timezone.now())
    assert now_value() == ["wfm"], "somebody's own choice stays"
