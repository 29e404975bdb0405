"""Search across modules: each app registers where it looks; what a user may not see is not found."""

from collections.abc import Callable, Iterable
from dataclasses import dataclass
from typing import Any

from django.utils.functional import Promise


@dataclass(frozen=True)
class Result:
    title: str
    subtitle: str
    url: str


@dataclass(frozen=True)
class Group:
    label: str
    results: list[Result]


Finder = Callable[[Any, str, int], Iterable[Result]]
_finders: list[tuple["str | Promise", Finder]] = []


def register(label: "str | Promise", finder: Finder) -> None:
    """`finder(user, text, limit)` looks for the words of `text` in what the user may see."""
    _finders.append((label, finder))


def search(user: Any, text: str, *, limit: int = 8) -> list[Group]:
    """Groups with results, in the order of registration; nothing for less than two characters."""
    text = text.replace("\x00", "").strip()[:100]
    if len(text) < 2:
        return []
    groups = [Group(str(label), list(finder(user, text, limit))) for label, finder in _finders]
    return [group for group in groups if group.results]
