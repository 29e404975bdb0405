"""A run that is heard of while it reads one thing for long, so that nobody takes it for dead and begins it anew."""

from __future__ import annotations

import logging
import threading
import uuid
from collections.abc import Iterator
from contextlib import contextmanager
from datetime import timedelta

from django.db import DatabaseError, connection
from django.utils import timezone

from retention.models import Check

logger = logging.getLogger(__name__)
EVERY = timedelta(minutes=1)


@contextmanager
def beating(check_id: int, run: uuid.UUID, *, every: timedelta = EVERY) -> Iterator[None]:
    """Says of the check's run, by a thread of its own, that it is alive; of another's run it says nothing."""
    over = threading.Event()

    def beat() -> None:
        try:
            while not over.wait(every.total_seconds()):
                try:
                    Check.objects.filter(pk=check_id, run=run, ended_at=None).update(heard_at=timezone.now())
                except DatabaseError:  # away for a while: the next beat may find it again
                    logger.warning("check not heard of", extra={"data": {"check": check_id}}, exc_info=True)
                    connection.close()
        finally:
            connection.close()

    thread = threading.Thread(target=beat, name=f"check {check_id}", daemon=True)
    thread.start()
    try:
        yield
    finally:
        over.set()
        thread.join()
