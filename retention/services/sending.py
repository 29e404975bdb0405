"""Handing work to the background by a task's name, so that services need not know the tasks."""

import logging
from typing import Any

from celery import current_app
from kombu.exceptions import OperationalError

logger = logging.getLogger(__name__)


def send(task: str, *args: Any) -> bool:
    """Whether it was sent; with the broker away beat finds what is due later."""
    try:
        current_app.send_task(f"retention.tasks.{task}", args=args)
    except OperationalError:
        logger.warning("task not sent", extra={"data": {"task": task, "args": args}})
        return False
    return True
