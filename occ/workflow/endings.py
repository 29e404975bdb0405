"""How the step ended that a message asks for: by the first step that led its process out of where it waited.

A message that asks for a step has the key `WHAT:ID:…`; where its kind is told of several models, WHAT is the model's
label. Its app says in which states it waits, by `asks`.
"""

from collections.abc import Collection, Mapping, Sequence
from dataclasses import dataclass

from django.contrib.contenttypes.models import ContentType
from django.db import models
from django.db.models import Q

from occ.notifications.endings import Ending, How, register, subject_id
from occ.notifications.kinds import Kind
from occ.notifications.models import Notification
from occ.times import JAKARTA
from occ.workflow.models import WorkflowStep

CALLED_OFF = frozenset({"cancelled", "withdrawn", "void"})


@dataclass(frozen=True)
class Asked:
    model: type[models.Model]
    waits: Collection[str]


ASKED: dict[str, list[Asked]] = {}


def asks(kind: Kind, model: type[models.Model], waits: Collection[str]) -> None:
    """A message of that kind asks for the step out of these states of the model's process."""
    ASKED.setdefault(kind.key, []).append(Asked(model, frozenset(waits)))


@register
def ended(messages: Sequence[Notification]) -> Mapping[int, Ending]:
    asked = {one: _asked(one) for one in messages if one.kind in ASKED}
    of = {one: (ContentType.objects.get_for_model(by.model).pk, subject_id(one)) for one, by in asked.items()}
    if not of:
        return {}
    wanted = Q(pk__in=())
    for content_type, subject in set(of.values()):
        wanted |= Q(content_type=content_type, object_id=subject)
    steps: dict[tuple[int, int | None], list[WorkflowStep]] = {}
    for step in WorkflowStep.objects.filter(wanted).order_by("pk"):
        steps.setdefault((step.content_type_id, step.object_id), []).append(step)
    found = {}
    for one, by in asked.items():
        later = (step for step in steps.get(of[one], ()) if step.at > one.created_at)
        out = next((step for step in later if step.to_state not in by.waits), None)
        if out is not None:
            how = How.DROPPED if out.to_state in CALLED_OFF else How.DONE
            found[one.pk] = Ending(how, out.actor_label, out.at, JAKARTA)
    return found


def _asked(message: Notification) -> Asked:
    """Of a kind that is told of several models, the one that the key names."""
    kinds = ASKED[message.kind]
    named = (one for one in kinds if message.key.startswith(f"{one.model._meta.label_lower}:"))
    return next(named, kinds[0])
