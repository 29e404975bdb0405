from __future__ import annotations

import os
import re
import time
from typing import Any

import pytest
from django.core.management import call_command
from django.core.management.base import CommandError

from occ.runtime import demo
from occ.runtime.servers import CannotStart


@pytest.mark.req("KER-2")
def test_a_real_installation_takes_no_demo(db: None, settings: Any) -> None:
    settings.DEMO = False
    with pytest.raises(CommandError, match="no demo installation"):
        call_command("load_demo")


@pytest.mark.req("KER-2")
def test_what_a_command_says_comes_with_the_time_on_the_machines_clock(capfd: Any, monkeypatch: Any) -> None:
    monkeypatch.setattr(time, "strftime", lambda form: "12:34:56")  # in the command's own process it is another one
    demo.manage(dict(os.environ), "version")
    assert re.fullmatch(r"-- 12:34:56 \d+\.\d+.*\n", capfd.readouterr().out)
    with pytest.raises(CannotStart, match="no_such_command failed"):
        demo.manage(dict(os.environ), "no_such_command")
