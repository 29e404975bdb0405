"""The evidence ledger is searched for whom it is about, by days and sites, and says how far it is sealed (KER-10)."""

from __future__ import annotations

import ast
from collections.abc import Iterator
from datetime import timedelta
from pathlib import Path

import pytest
from django.test import Client
from django.utils.translation import override

from occ.home.deeds_said import deed_said, kind_said
from occ.ledger.models import Entry
from occ.ledger.services import record, seal_entries
from occ.ledger.words import WORDS
from occ.people.actors import BEAT
from occ.people.choices import Role
from occ.workflow.flows import FLOWS
from realtime.choices import ForecastOrigin
from tests.factories import NOW, Floor, user

pytestmark = [pytest.mark.django_db, pytest.mark.req("KER-10")]


def test_it_is_searched_and_filtered_and_says_how_far_it_is_sealed(floor: Floor) -> None:
    floor.resign()
    seal_entries(now=NOW + timedelta(days=1))
    client = Client()
    client.force_login(user(Role.AUDITOR))
    client.cookies["django_language"] = "en"
    page = client.get("/ledger/")
    assert f"Sealed up to No. {Entry.objects.latest('pk').pk}" in page.content.decode()

    def found(query: str) -> set[int]:
        answer = client.get(f"/ledger/?{query}")
        assert answer.status_code == 200
        return {one.pk for one in answer.context["page"].rows}

    about = found(f"q={floor.account.user_id}")
    assert about and about < found("")
    assert found("site=JKT") and not found("site=JKT") & found("site=YGY")
    assert not found("since=2031-01-01") and not found("until=2020-01-01")


def test_it_says_who_and_about_what_in_words(floor: Floor, client: Client) -> None:
    now = NOW + timedelta(days=1)
    record(actor=BEAT, action="user.logged_in", subject=floor.leader, data={}, now=now)
    client.force_login(user(Role.AUDITOR))
    page = client.get("/ledger/").content.decode()
    assert "Sistem<br>" in page and "system:beat" in page
    assert f"pengguna</span> {floor.leader.pk}</a>" in page.casefold() and "people.user <" not in page
    assert kind_said("gone.model") == "gone.model"


SAME_IN_BOTH: set[str] = set()
ROOT = Path(__file__).parent.parent.parent
APPS = ("occ", "userids", "retention", "realtime", "coaching", "sdm", "service")
# Codes that are put together where they are written, and what they can become there.
MADE_OF_PARTS = {
    "f\"{flow.key}.{name or 'begin'}\"": [],  # those of the flows, walked by themselves
    "f'{LEAVING.key}.{name}'": ["sdm.leaving.withdraw", "sdm.leaving.return"],
    "f'{model._meta.model_name}.{deed}'": ["source.registered", "source.edited", "store.registered", "store.edited"],
    "f'{type(place)._meta.model_name}.tried'": ["source.tried", "store.tried"],
    "f'forecast.{origin}'": [f"forecast.{origin}" for origin in ForecastOrigin.values],
    "self.action": [],  # an import of rows says its own where it is made
}


def written(path: Path) -> Iterator[str]:
    """The action codes that a file of code writes into the ledger."""
    tree = ast.parse(path.read_text())
    given: dict[str, list[ast.expr]] = {}
    for node in ast.walk(tree):
        if isinstance(node, ast.Assign):
            for target in node.targets:
                pairs = [(target, node.value)]
                if isinstance(target, ast.Tuple) and isinstance(node.value, ast.Tuple):
                    pairs = list(zip(target.elts, node.value.elts, strict=True))
                for name, value in pairs:
                    if isinstance(name, ast.Name):
                        given.setdefault(name.id, []).append(value)
    for node in ast.walk(tree):
        if not isinstance(node, ast.Call) or ast.unparse(node.func).endswith("add_argument"):
            continue
        for keyword in node.keywords:
            if keyword.arg == "action":
                yield from codes_of(keyword.value, given)


def codes_of(value: ast.expr, given: dict[str, list[ast.expr]]) -> Iterator[str]:
    if isinstance(value, ast.Constant):
        yield str(value.value)
    elif isinstance(value, ast.IfExp):
        yield from codes_of(value.body, given)
        yield from codes_of(value.orelse, given)
    elif isinstance(value, ast.Name):
        for one in given.get(value.id, []):  # else it is handed on, by `record` itself
            if isinstance(one, ast.Constant | ast.IfExp | ast.JoinedStr | ast.Name):
                yield from codes_of(one, given)
    else:
        yield from MADE_OF_PARTS.get(ast.unparse(value), [ast.unparse(value)])


@pytest.mark.req("KER-10", "KER-13")
def test_every_action_that_the_ledger_keeps_has_words_in_both_languages() -> None:
    codes = {code for app in APPS for path in (ROOT / app).rglob("*.py") for code in written(path)}
    codes = {code for code in codes if "." in code or code == "bootstrap"}  # others are part of one
    assert len(codes) > 140, "the codes were not found"
    codes |= {f"{key}.{one.name}" for key, flow in FLOWS.items() for one in flow.transitions}
    codes |= {f"{key}.begin" for key in FLOWS}
    with override("en"):
        english = {code: str(deed_said(code)) for code in codes}
    assert not sorted(code for code, words in english.items() if not words)
    assert not sorted(set(WORDS) - codes), "nothing writes these any more"
    with override("id"):
        same = {words for code, words in english.items() if words == str(deed_said(code))}
    assert not same - SAME_IN_BOTH


@pytest.mark.parametrize(("language", "words"), [("en", "Leaving recorded"), ("id", "Rencana keluar dicatat")])
def test_an_action_is_told_in_words_with_its_code_below_and_found_by_them(
    floor: Floor, language: str, words: str
) -> None:
    floor.resign()
    client = Client()
    client.force_login(user(Role.AUDITOR))
    client.cookies["django_language"] = language
    page = client.get("/ledger/", {"q": words[:14]})
    assert {one.action for one in page.context["page"].rows} == {"person.leaving"}
    text = page.content.decode()
    assert f'{words}<br><span class="text-secondary small text-break">person.leaving</span>' in text
