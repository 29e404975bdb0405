"""What a training tells people."""

from collections.abc import Sequence

from django.utils.translation import gettext_noop

from occ.notifications.endings import Ending, How, subject_id
from occ.notifications.endings import register as register_ending
from occ.notifications.kinds import Kind, register
from occ.notifications.models import Notification
from sdm.models.training import StageRun

ENTERED = register(
    Kind(
        "sdm.training.entered",
        gettext_noop("Batch %(batch)s has come to: %(stage)s"),
        gettext_noop("Participants of batch %(batch)s have come to this stage: %(stage)s."),
    )
)
PASSED = register(
    Kind(
        "sdm.training.passed",
        gettext_noop("Batch %(batch)s: %(name)s passed the training"),
        gettext_noop("%(name)s passed the training and joins on %(join_on)s."),
    )
)


@register_ending
def stage_over(messages: Sequence[Notification]) -> dict[int, Ending]:
    """A stage of a batch is over once the last one has left it."""
    told = {one.pk: subject_id(one) for one in messages if one.kind == ENTERED.key}
    if not told:
        return {}
    runs = StageRun.objects.filter(pk__in=set(told.values()), closed_at__isnull=False).select_related("batch__site")
    over = {run.pk: Ending(How.DONE, "", run.closed_at, run.batch.site.zone) for run in runs if run.closed_at}
    return {pk: over[run] for pk, run in told.items() if run in over}
