"""What a module does after a backup was restored: what happened since, and must not be undone by it."""

from collections.abc import Callable
from datetime import datetime

# Works as the owner of the tables; returns what is to be told.
AFTER_RESTORE: list[Callable[[datetime], list[str]]] = []


def register(work: Callable[[datetime], list[str]]) -> None:
    AFTER_RESTORE.append(work)
