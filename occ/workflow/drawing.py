"""A process as steps on a page, the present one lit."""

from collections.abc import Iterable
from typing import Any

from django.contrib.contenttypes.models import ContentType
from django.db import models
from django.utils.translation import gettext as _

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
    there, off its path. A process that came back shows what it went through already as done, and says which round it
    is.
    """
    last = {one.to_state: one for one in steps}
    here = subject.status
    place = flow.off_path.get(here, here)
    drawn = []
    for i, state in enumerate(flow.path):
        passed = i < flow.path.index(place)
        shown = here if state == place else state
        reached = last.get(shown) if passed or state == place else None
        mark = "done" if passed or (state == place and flow.is_over(here) and here == place) else "upcoming"
        note = ""
        if not passed and state != place and state in last:
            mark, reached = "done", last[state]
            note = "" if flow.is_over(here) else _("In an earlier round")
        elif state == here and not flow.is_over(here) and (rounds := sum(one.to_state == here for one in steps)) > 1:
            note = _("Round %(n)s") % {"n": rounds}
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
                "actor": reached.who if reached else "",
                "note": note,
            }
        )
    return drawn
