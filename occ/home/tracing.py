"""Requirement -> clause -> tests, read from docs/requirements.toml and the marks of the tests."""

import ast
import tomllib
from collections import defaultdict
from collections.abc import Iterator
from dataclasses import dataclass
from pathlib import Path

from django.conf import settings


@dataclass(frozen=True)
class Requirement:
    """`done`: it must have a test; a test for one that is not done yet is welcome."""

    id: str
    title: str
    clause: str
    done: bool
    tests: tuple[str, ...]


def requirements() -> list[Requirement]:
    root = Path(settings.BASE_DIR)
    tests = tests_by_requirement(root / "tests")
    table = tomllib.loads((root / "docs" / "requirements.toml").read_text())
    if unknown := tests.keys() - table.keys():
        raise ValueError(f"tests are marked with requirements that there are not: {', '.join(sorted(unknown))}")
    return [
        Requirement(key, row["title"], row.get("clause", ""), row["done"], tuple(sorted(tests.get(key, ()))))
        for key, row in table.items()
    ]


def tests_by_requirement(folder: Path) -> dict[str, set[str]]:
    found: dict[str, set[str]] = defaultdict(set)
    for path in folder.rglob("test_*.py"):
        tree = ast.parse(path.read_text())
        everywhere = [mark for node in tree.body if isinstance(node, ast.Assign) for mark in marks(node.value)]
        for node in ast.walk(tree):
            if isinstance(node, ast.FunctionDef) and node.name.startswith("test_"):
                for mark in [*everywhere, *(m for one in node.decorator_list for m in marks(one))]:
                    found[mark].add(f"{path.relative_to(folder.parent)}::{node.name}")
    return found


def marks(node: ast.expr) -> Iterator[str]:
    """The arguments of every pytest.mark.req(…) inside the expression."""
    for one in ast.walk(node):
        if isinstance(one, ast.Call) and isinstance(one.func, ast.Attribute) and one.func.attr == "req":
            yield from (str(arg.value) for arg in one.args if isinstance(arg, ast.Constant))
