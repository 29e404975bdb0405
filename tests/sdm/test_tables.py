"""Tables on a telephone: below 576 px each row becomes a card, in which every cell says what it is (KER-12)."""

from __future__ import annotations

import re
from pathlib import Path

import pytest
from django.conf import settings

TEMPLATES = sorted((settings.BASE_DIR / "templates" / "sdm").rglob("*.html"))
TABLE = re.compile(r"<table\b[^>]*\bocc-table\b.*?</table>", re.DOTALL)
BODY = re.compile(r"<tbody\b.*", re.DOTALL)
CELL = re.compile(r"<td\b((?:\{%.*?%\}|\{\{.*?\}\}|[^>{]|\{)*)>")


@pytest.mark.req("KER-12")
@pytest.mark.parametrize("template", TEMPLATES, ids=lambda one: one.name)
def test_every_cell_says_what_it_is(template: Path) -> None:
    text = template.read_text()
    cells = [
        cell.group(0)
        for table in TABLE.findall(text)
        for body in BODY.findall(table)
        for cell in CELL.finditer(body)
        if "colspan" not in cell.group(1)
    ]
    assert [one for one in cells if "data-label=" not in one] == []


def test_the_pattern_finds_cells_without() -> None:
    assert [CELL.findall(one) for one in ('<td class="num">', "<td{% if a > 1 %} x{% endif %}>")] == [
        [' class="num"'], ["{% if a > 1 %} x{% endif %}"]]  # fmt: skip
