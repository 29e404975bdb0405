"""Which rows of a model still go through their process: what refers to one of them is still needed."""

from typing import Any

from django.apps import apps
from django.contrib.contenttypes.models import ContentType
from django.db import models
from django.db.models.functions import Cast

from occ.workflow.flows import FLOWS
from occ.workflow.models import WorkflowStep
from occ.workflow.turns import WAYS_OUT


def open_subjects(label: str) -> "models.QuerySet[Any, Any] | None":
    """The keys, as text, of the rows of that model ("app.model") in which somebody has still a step to make.

    None where the model is gone or goes through no process. A way out that stays open for ever counts for nothing.
    """
    try:
        model = apps.get_model(label)
    except (LookupError, ValueError):
        return None
    steps = WorkflowStep.objects.filter(content_type=ContentType.objects.get_for_model(model))
    flow = FLOWS.get(steps.values_list("flow", flat=True).first() or "")
    if flow is None:
        return None
    going = {state for one in flow.transitions if one.name not in WAYS_OUT for state in one.source}
    rows = model._default_manager.filter(status__in=going).annotate(key=Cast("pk", models.CharField()))
    return rows.order_by().values("key")
