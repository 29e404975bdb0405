"""A candidate's steps through check, training and the list (MO 4.1.1), and out of it."""

from __future__ import annotations

from collections.abc import Iterator
from contextlib import contextmanager
from datetime import datetime
from typing import Any

from django.db import transaction
from django.utils.translation import gettext as _

from occ.errors import Invalid, WrongState
from occ.people.actors import Actor
from occ.workflow.services import step
from sdm.models import Candidate, Recruitment
from sdm.recruiting import training
from sdm.recruiting.choices import CandidateStatus as C
from sdm.recruiting.choices import RequestStatus as R
from sdm.recruiting.training import candidate_gone, training_begun
from sdm.recruiting.workflow import CANDIDATE
from sdm.services.candidates.records import LOOKED_FOR, must, request_locked


@contextmanager
def stepped(
    candidate_id: int, name: str, states: frozenset[str] | None, *, actor: Actor, now: datetime, note: str = "",
    evidence: dict[str, Any] | None = None, also: dict[str, Any] | None = None,
) -> Iterator[tuple[Candidate, Recruitment]]:  # fmt: skip
    """`states`: where the request must stand; None for wherever."""
    target = CANDIDATE.find(name).target
    fields = {"since": now, "ended_at": now if target in (C.REJECTED, C.WITHDRAWN, C.HIRED) else None, **(also or {})}
    with transaction.atomic():
        row = request_locked(Candidate.objects.values_list("recruitment_id", flat=True).get(pk=candidate_id))
        with step(
            CANDIDATE, Candidate, candidate_id, name, actor=actor, now=now, note=note, evidence=evidence, also=fields
        ) as found:
            if states is not None:
                must(row, states)
            yield found, row
        if target in (C.REJECTED, C.WITHDRAWN):
            candidate_gone.send(Candidate, candidate=found, actor=actor, now=now)


def candidate_check(*, candidate_id: int, note: str = "", actor: Actor, now: datetime) -> Candidate:
    """Everything asked for is met or waived. Raises WrongState, naming what is not."""
    with stepped(candidate_id, "check", LOOKED_FOR, actor=actor, now=now, note=note) as (found, _row):
        if unmet := found.unmet:
            words = _("Not met and not waived: %(what)s.")
            raise WrongState(words % {"what": "; ".join(str(one) for one in unmet)})
    return found


def candidate_train(*, candidate_id: int, note: str = "", actor: Actor, now: datetime) -> Candidate:
    with stepped(candidate_id, "train", LOOKED_FOR, actor=actor, now=now, note=note) as (found, _row):
        _begin_training(found, actor, now)
    return found


def candidate_train_again(*, candidate_id: int, note: str = "", actor: Actor, now: datetime) -> Candidate:
    with stepped(candidate_id, "again", LOOKED_FOR, actor=actor, now=now, note=note) as (found, _row):
        _begin_training(found, actor, now)
    return found


def _begin_training(found: Candidate, actor: Actor, now: datetime) -> None:
    if (trainer := training.trainer()) is not None:
        trainer(found, actor, now)
    training_begun.send(Candidate, candidate=found, actor=actor, now=now)


def candidate_pass(
    *, candidate_id: int, training_score: int | None = None, note: str = "", actor: Actor, now: datetime
) -> Candidate:
    """The training softskill is passed; whoever trains tells it here."""
    score = _score(training_score)
    also = {"training_score": score}
    with stepped(candidate_id, "pass", LOOKED_FOR, actor=actor, now=now, note=note, also=also) as (found, _row):
        pass
    return found


def candidate_fail(
    *, candidate_id: int, training_score: int | None = None, note: str, actor: Actor, now: datetime
) -> Candidate:
    also = {"training_score": _score(training_score)}
    with stepped(candidate_id, "fail", LOOKED_FOR, actor=actor, now=now, note=note, also=also) as (found, _row):
        pass
    return found


def _score(value: int | None) -> int | None:
    if value is not None and not 0 <= value <= 100:
        raise Invalid(_("A score lies between 0 and 100."), field="training_score")
    return value


def candidate_approve(*, candidate_id: int, actor: Actor, now: datetime) -> Candidate:
    """On the approved list; only as part of it (see recruitments.list_approve)."""
    with stepped(candidate_id, "approve", frozenset({R.LIST_APPROVED}), actor=actor, now=now) as (found, _row):
        pass
    return found


def candidate_decline(*, candidate_id: int, note: str, actor: Actor, now: datetime) -> Candidate:
    """The operation takes somebody off the list that it looks at."""
    states = frozenset({R.LISTED})
    with stepped(candidate_id, "decline", states, actor=actor, now=now, note=note) as (found, _row):
        pass
    return found


def candidate_refuse(*, candidate_id: int, note: str, actor: Actor, now: datetime) -> Candidate:
    """HR does not take somebody on who is not on an approved list."""
    with stepped(candidate_id, "refuse", None, actor=actor, now=now, note=note) as (found, _row):
        pass
    return found


def candidate_end(*, candidate_id: int, note: str, actor: Actor, now: datetime) -> Candidate:
    """The request ended without them."""
    with stepped(candidate_id, "end", None, actor=actor, now=now, note=note) as (found, _row):
        pass
    return found


def candidate_withdraw(*, candidate_id: int, note: str, actor: Actor, now: datetime) -> Candidate:
    with stepped(candidate_id, "withdraw", None, actor=actor, now=now, note=note) as (found, _row):
        pass
    return found
