"""What a batch knows of a candidate, and what recruitment is told of a candidate's training (MO 4.1.1, 4.1.2).

A participant who is a candidate bears the candidate's number, not the name: batches, their history and their reports
are kept, and who is not taken on must be forgotten. Who reads candidates is shown the name.

Locks: the request before the batch, as where a candidate's training begins.
"""

from __future__ import annotations

from collections.abc import Iterable
from datetime import datetime
from decimal import ROUND_HALF_UP, Decimal

from django.utils.translation import gettext

from occ.people.actors import Actor
from occ.people.models import User
from sdm.models import Candidate, Participant
from sdm.models.training import CANDIDATE as PREFIX
from sdm.models.training import ERASED
from sdm.recruiting.choices import CandidateStatus as C
from sdm.recruiting.workflow import CANDIDATE
from sdm.services.candidates import LOOKED_FOR, candidate_fail, candidate_pass, request_locked


def number_of(candidate: Candidate) -> str:
    return f"{PREFIX}{candidate.pk}"


def is_candidates(number: str) -> bool:
    return number.strip().upper().startswith(PREFIX)


def _key(one: Participant) -> int | None:
    tail = one.number.removeprefix(PREFIX)
    return int(tail) if one.person_id is None and tail != one.number and tail.isdecimal() else None


def requests_locked(participants: Iterable[Participant]) -> None:
    """The requests of those who are candidates; before the batch is locked."""
    keys = [key for one in participants if (key := _key(one)) is not None]
    rows = Candidate.objects.filter(pk__in=keys).order_by("recruitment_id")
    for pk in dict.fromkeys(rows.values_list("recruitment_id", flat=True)):
        request_locked(pk)


def _trained(one: Participant, name: str, actor: Actor) -> Candidate | None:
    """The candidate, if the step is open: still in training, for a request that looks for people, by that actor."""
    key = _key(one)
    if key is None:
        return None
    found = Candidate.objects.select_related("recruitment__site").filter(pk=key, status=C.TRAINING).first()
    if found is None or found.recruitment.status not in LOOKED_FOR:
        return None
    return found if CANDIDATE.find(name).open_to(actor, found.recruitment.site) else None


def passed(one: Participant, score: Decimal | None, *, actor: Actor, now: datetime) -> None:
    """The training softskill is passed. What is not open to the actor, HR Training records by hand."""
    if (found := _trained(one, "pass", actor)) is not None:
        whole = None if score is None else int(score.to_integral_value(ROUND_HALF_UP))
        candidate_pass(candidate_id=found.pk, training_score=whole, actor=actor, now=now)


def failed(one: Participant, note: str, *, actor: Actor, now: datetime) -> None:
    if (found := _trained(one, "fail", actor)) is not None:
        candidate_fail(candidate_id=found.pk, note=note, actor=actor, now=now)


def named(user: User, people: Iterable[Participant]) -> None:
    """Show candidates by their name to who reads it, and who is forgotten by a number; for a page only: what is saved
    keeps the number."""
    people = list(people)
    for one in people:
        if one.name == ERASED:
            one.name = gettext("Participant %(n)s, anonymised") % {"n": one.pk}
    keys = {key: one for one in people if (key := _key(one)) is not None}
    if keys:
        for found in Candidate.objects.visible_to(user).filter(pk__in=keys):
            keys[found.pk].name = found.shown_name
