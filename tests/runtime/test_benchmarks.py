"""What the benchmarks write into the database by themselves is what the tables take: a small one of each is filled."""

from __future__ import annotations

import importlib
import sys
from collections.abc import Iterator
from pathlib import Path
from typing import Any

import pytest

from occ.people.models import Person
from retention.models import Batch, Record
from sdm.models import Employment
from userids.models import Account

SMALL: list[tuple[str, dict[str, Any], Any]] = [
    ("_million", {}, Account),
    ("people", {"EMPLOYED": 12, "GONE": 8}, Employment),
    ("retention_batches", {"BATCHES": 3}, Batch),
    ("retention_catalogue", {"SIZE": 40}, Record),
]


@pytest.fixture
def benchmarks(monkeypatch: Any) -> Iterator[None]:
    before = set(sys.modules)
    monkeypatch.syspath_prepend(str(Path(__file__).parent.parent / "benchmarks"))
    yield
    for name in set(sys.modules) - before:
        if "benchmarks" in str(getattr(sys.modules[name], "__file__", "")):
            del sys.modules[name]


@pytest.mark.parametrize(("name", "size", "model"), SMALL)
def test_a_benchmark_fills_its_tables(
    transactional_db: None, benchmarks: None, monkeypatch: Any, name: str, size: dict[str, int], model: Any
) -> None:
    made = importlib.import_module(name)
    for constant, value in size.items():
        monkeypatch.setattr(made, constant, value)
    if name == "_million":
        made.fill(20)
        assert Person.objects.count() == 20
    else:
        made.fill()
    assert model.objects.exists()
