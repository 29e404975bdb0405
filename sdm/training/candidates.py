"""Candidates who begin the training softskill take part in a batch of their site; who is hired is an employee there."""

from __future__ import annotations

from datetime import datetime
from typing import Any

from django.dispatch import receiver

from occ.people.actors import Actor
from occ.people.models import Person
from sdm.models import Candidate
from sdm.recruiting.training import Training, candidate_gone, candidate_hired, register
from sdm.services import training


def begin(candidate: Candidate, actor: Actor, now: datetime) -> Training | None:
    """Into the batch that begins next, or began last; none that is open: the result is recorded by hand."""
    found = training.candidate_add(candidate, actor=actor, now=now)
    return None if found is None else Training(str(found.batch), found.get_absolute_url())


register(begin)


@receiver(candidate_hired, dispatch_uid="sdm.training.candidate_hired")
def go_on_as_employee(
    sender: Any, candidate: Candidate, person: Person, actor: Actor, now: datetime, **sent: Any
) -> None:
    training.candidate_link(candidate, person=person, actor=actor, now=now)


@receiver(candidate_gone, dispatch_uid="sdm.training.candidate_gone")
def go(sender: Any, candidate: Candidate, now: datetime, **sent: Any) -> None:
    training.candidate_leaves(candidate, now=now)
