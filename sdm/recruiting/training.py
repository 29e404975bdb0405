"""Who trains candidates: an area that does registers itself, and tells the result to
`sdm.services.candidates.candidate_pass` or `candidate_fail`. Where it begins none, HR Training records it by hand.
"""

from __future__ import annotations

from collections.abc import Callable
from dataclasses import dataclass
from typing import TYPE_CHECKING

from django.dispatch import Signal

if TYPE_CHECKING:
    from datetime import datetime

    from occ.people.actors import Actor
    from sdm.models import Candidate

# Sent inside the transaction of the change: candidate, actor, now.
training_begun = Signal()
candidate_hired = Signal()  # candidate, person, on
candidate_gone = Signal()  # candidate, actor, now: withdrew, or is not taken on


@dataclass(frozen=True)
class Training:
    """What was begun for a candidate: how it is called, and the page where it goes on."""

    label: str
    url: str


Trainer = Callable[["Candidate", "Actor", "datetime"], Training | None]
_trainers: list[Trainer] = []


def register(trainer: Trainer) -> None:
    """Let `trainer(candidate, actor, now)` begin the training softskill, or return None: it begins none."""
    if _trainers:
        raise ValueError("training softskill is begun elsewhere already")
    _trainers.append(trainer)


def trainer() -> Trainer | None:
    return _trainers[0] if _trainers else None
