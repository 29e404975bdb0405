"""A URL without a row in the access matrix fails (KER-9)."""

from __future__ import annotations

from collections.abc import Iterator
from typing import Any

import pytest
from django.urls import URLPattern, URLResolver, get_resolver

from occ.home.doors import PAGES, door_of
from occ.home.middleware import PUBLIC
from occ.home.navigation import DOORS
from tests.access import (
    test_kernel,
    test_realtime,
    test_realtime_board,
    test_realtime_forecasts,
    test_realtime_roster,
    test_realtime_rotg,
    test_retention,
    test_sdm,
    test_sdm_absence,
    test_sdm_contracts,
    test_sdm_evaluating,
    test_sdm_overview,
    test_sdm_recruiting,
    test_sdm_training,
    test_userids,
)
from tests.access.matrix import EVERYBODY

pytestmark = pytest.mark.req("KER-9")
APPS = (
    test_kernel, test_userids, test_sdm, test_retention, test_realtime, test_realtime_board, test_realtime_forecasts,
    test_realtime_roster, test_realtime_rotg, test_sdm_training,
    test_realtime_roster, test_realtime_rotg, test_sdm_recruiting,
    test_realtime_roster, test_realtime_rotg, test_sdm_evaluating,
    test_realtime_roster, test_realtime_rotg, test_sdm_contracts,
    test_realtime_roster, test_realtime_rotg, test_sdm_absence, test_sdm_overview,
)  # fmt: skip
# Open to whoever asks, or answering nobody in particular.
OPEN = {
    "login",
    "account_login",
    "mfa_authenticate",
    "openid_connect_login",
    "openid_connect_callback",
    "set_language",
    "healthz",
    "readyz",
    "metrics",
    "documents:verify",
    "realtime:calendar",
}


def names(patterns: list[Any], prefix: str = "") -> Iterator[str]:
    for one in patterns:
        if isinstance(one, URLResolver):
            yield from names(one.url_patterns, f"{prefix}{one.namespace}:" if one.namespace else prefix)
        elif isinstance(one, URLPattern):
            yield f"{prefix}{one.name}"


def test_every_url_has_a_row() -> None:
    rows = {name.partition("/")[0] for app in APPS for name in app.ROWS} | OPEN
    assert set(names(get_resolver().url_patterns)) == rows


# A page whose view lets in fewer than its door: agents have no board of their own before they are on a roster.
NARROWER = {"realtime:board"}
# Pages of one's own things, and what shows each reader only what is theirs.
OWN = {"home", "inbox", "search", "second_factor", "second_factor_set", "sessions", "password_change",
       "password_change_done", "people_find", "exports:list"}  # fmt: skip


def test_the_door_of_each_page_is_its_row() -> None:
    """Nobody gets an empty page of a matter that is none of theirs: it would tell them that all is well."""
    rows = {name: row for app in APPS for name, row in app.ROWS.items()}
    assert {name: rows[name].get for name in DOORS} == {name: set(roles) for name, roles in DOORS.items()} | {
        name: rows[name].get for name in NARROWER
    }
    lists = {name for name, row in rows.items() if row.get == EVERYBODY and not row.of and not name.startswith("api:")}
    assert lists == OWN


def test_the_door_of_each_list_of_the_api_is_that_of_its_page() -> None:
    """An empty list would tell the same as an empty page; what has no page has a row that says whom it lets in."""
    rows = {name: row for app in APPS for name, row in app.ROWS.items() if name.startswith("api:") and not row.of}
    lists = {name: (set(door), rows[name].get) for name in rows if (door := door_of(name)) and rows[name].get}
    wrong = {name: got for name, (door, got) in lists.items() if got is None or not got <= door}
    assert not wrong and set(PAGES) <= set(lists)
    assert {name for name, row in rows.items() if row.get == EVERYBODY} == {"api:schema"}
    refused = {name for name, (door, _got) in lists.items() if "client" not in door}
    assert {"api:userids-accounts", "api:retention-records", "api:sdm-employees"} <= refused


def test_what_is_open_is_what_the_wall_lets_through() -> None:
    assert {name.rpartition(":")[2] for name in OPEN} == PUBLIC
