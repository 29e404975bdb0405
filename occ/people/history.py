"""Who changes a governed row, and why: kept by django-simple-history with the row's next save (KER-11)."""

from datetime import datetime
from typing import Any

from occ.people.actors import Actor
from occ.people.models import User


def sign(row: Any, actor: Actor, why: str = "", *, now: datetime) -> None:
    """To be called before `save()`; also in tasks and commands, where no request tells who acts."""
    row._history_user = actor if isinstance(actor, User) else None
    row._change_reason = why
    row._history_date = now
