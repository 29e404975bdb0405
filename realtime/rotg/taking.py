"""Who takes up what repeated violations propose: a registry for modules above (coaching, sdm), and a signal.

A module registers one taker a kind in its `apps.py`. Until one does, an accepted proposal is recorded and told.
"""

from __future__ import annotations

from collections.abc import Callable
from dataclasses import dataclass
from typing import TYPE_CHECKING

from django.dispatch import Signal

from realtime.choices import FollowUp

if TYPE_CHECKING:
    from datetime import datetime

    from occ.people.models import User
    from realtime.models import RotgProposal

# Each is sent inside the transaction of the change, with proposal, actor, now.
proposed = Signal()
accepted = Signal()
dismissed = Signal()


@dataclass(frozen=True)
class Taken:
    """What was made of a proposal: how it is called, and the page where it goes on."""

    label: str
    url: str


Taker = Callable[["RotgProposal", "User", "datetime"], Taken]
_takers: dict[str, Taker] = {}


def register(kind: FollowUp, taker: Taker) -> None:
    """Let `taker(proposal, actor, now)` begin what was accepted, in the transaction of the acceptance."""
    if kind in _takers:
        raise ValueError(f"what is proposed as {kind} is taken up already")
    _takers[kind] = taker


def taker_of(kind: str) -> Taker | None:
    return _takers.get(kind)
