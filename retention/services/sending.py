"""Handing work to the background by a task's name, so that services need not know the tasks."""

import logging
from typing import Any

from celery import current_app
from django.conf import settings
from kombu.exceptions import OperationalError

from retention.choices import BAG_BYTES, RecordState
from retention.models import Record, Store

logger = logging.getLogger(__name__)


# Bytes a second that a source and the stores are good for even on a bad day.
PACE = 5_000_000
# Records that are under way when a slice of a backup is over: one for each thread, and one more.
AT_ONCE = 5


def back_up_send(batch_id: int) -> bool:
    """Have a slice of the batch's backup made, with as much time as it needs: whether it was sent.

    A slice ends between two packages, and a record is never divided: a recording of many hours takes longer than the
    slice and the worker's usual limit together, and would begin anew for ever.
    """
    return send("back_up", batch_id, time_limit=back_up_seconds(batch_id))


def back_up_seconds(batch_id: int) -> float:
    """The worker's limit, and the time for its largest records: read, written to each store and read back."""
    rows = Record.objects.filter(batch=batch_id, state=RecordState.CATALOGUED, size__lte=BAG_BYTES)
    largest = sum(rows.order_by("-size").values_list("size", flat=True)[:AT_ONCE])
    passes = 1 + 2 * Store.objects.active().count()
    return float(settings.CELERY_TASK_TIME_LIMIT + largest * passes // PACE)


def send(task: str, *args: Any, **options: Any) -> bool:
    """Whether it was sent; with the broker away beat finds what is due later."""
    try:
        current_app.send_task(f"retention.tasks.{task}", args=args, **options)
    except OperationalError:
        logger.warning("task not sent", extra={"data": {"task": task, "args": args}})
        return False
    return True
