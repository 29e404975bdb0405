from __future__ import annotations

import re
from io import StringIO
from pathlib import Path
from typing import Any

import pytest
from django.core.management import call_command
from django.core.management.base import CommandError

from occ.demo.management.commands import load_demo


@pytest.mark.req("KER-2")
def test_a_real_installation_takes_no_demo(db: None, settings: Any) -> None:
    settings.DEMO = False
    with pytest.raises(CommandError, match="no demo installation"):
        call_command("load_demo")


@pytest.mark.req("KER-2")
def test_each_stage_of_the_demo_says_when_it_began(settings: Any, monkeypatch: Any, tmp_path: Path) -> None:
    settings.DEMO, logins, out = True, tmp_path / "logins.json", StringIO()
    logins.write_text('{"users": []}')
    for name, instead in {
        "loaded": lambda: False, "load": lambda *, now, say: say("1 of 6: {a}"), "logins_file": lambda: logins,
        "demand": lambda **given: None, "set_up": lambda users, **given: {},
    }.items():  # fmt: skip
        monkeypatch.setattr(load_demo, name, instead)
    call_command("load_demo", stdout=out)
    living, first = out.getvalue().splitlines()
    assert re.fullmatch(r"-- \d\d:\d\d:\d\d Living .*", living)
    assert re.fullmatch(r"   \d\d:\d\d:\d\d 1 of 6: {a}", first)
