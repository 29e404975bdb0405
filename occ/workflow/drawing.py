"""A process as steps on a page, the present one lit."""

from collections.abc import Iterable
from typing import Any

from django.contrib.contenttypes.models import ContentType
from django.db import models
from django.utils.translation import gettext as _

from occ.people.actors import who
from occ.workflow.flows import Flow
from occ.workflow.models import WorkflowStep


def history(subject: Any) -> list[WorkflowStep]:
    kind = ContentType.objects.get_for_model(subject)
    return list(WorkflowStep.objects.filter(content_type=kind, object_id=subject.pk).order_by("pk"))


def last_steps(model: type[models.Model], keys: Iterable[int]) -> dict[int, str]:
    """By subject: the transition that was made last; "" where it only began."""
    kind = ContentType.objects.get_for_model(model)
    rows = WorkflowStep.objects.filter(content_type=kind, object_id__in=list(keys)).order_by("object_id", "-pk")
    return dict(rows.distinct("object_id").values_list("object_id", "transition"))


def drawing(flow: Flow, subject: Any, steps: list[WorkflowStep]) -> list[dict[str, Any]]:
    """[{label, state: done|skipped|current|upcoming|failed|ended, at, actor, note}].

    A state off the path takes its place on it. `skipped`: what the process never came to before; `ended`: it is over
    there, off its path. Sent back, what was done before keeps its time and name, and says that it was in an earlier
    round.
    """
    last = {one.to_state: one for one in steps}
    here, rounds = subject.status, rounds_of(flow, steps)
    place = flow.off_path.get(here, here)
    round_ = _("round %(n)s") % {"n": rounds} if rounds > 1 and here not in flow.final else ""
    drawn = []
    for i, state in enumerate(flow.path):
        passed = i < flow.path.index(place)
        shown = here if state == place else state
        again = not passed and state != place and state in last and here not in flow.final
        reached = last.get(shown) if passed or state == place or again else None
        mark = "done" if passed or (state == place and here in flow.final and here == place) else "upcoming"
        if passed and state != flow.initial and state not in last:
            mark = "skipped"
        if state == place and mark != "done":
            away = here != place and here not in flow.waiting
            mark = ("ended" if here in flow.final else "failed") if away else "current"
        drawn.append(
            {
                "label": flow.states(shown).label,
                "state": mark,
                "at": reached.at if reached else None,
                "actor": who(reached.actor_label) if reached else "",
                "note": _("in an earlier round") if again else round_ if state == place else "",
            }
        )
    return drawn


def rounds_of(flow: Flow, steps: list[WorkflowStep]) -> int:
    """How many times the process set out: once, and each time that it came back to a state where it had been."""
    at = {state: i for i, state in enumerate(flow.path)}
    count, been, before = 1, set[str](), ""
    for one in steps:
        state, back = one.to_state, at.get(flow.off_path.get(before, before), -1)
        if state != before and state in been and at.get(state, len(at)) <= back:
            count += 1
        been.add(state)
        before = state
    return count
