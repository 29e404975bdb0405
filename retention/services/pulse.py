"""A run that is heard of while it reads one thing for long, so that nobody takes it for dead and begins it anew.

A claim is a row's `run`, and no lock of the database: the connection that would hold one is let go while bytes pass.
"""

from __future__ import annotations

import logging
import threading
import uuid
from collections.abc import Iterator
from contextlib import contextmanager
from datetime import timedelta
from typing import Any

from django.db import DatabaseError, connection
from django.db.models import Q, QuerySet
from django.utils import timezone

from retention.models import Check, Finding

logger = logging.getLogger(__name__)
EVERY = timedelta(minutes=1)
SILENT = timedelta(minutes=15)  # who has not been heard of for so long is dead, and another takes over


@contextmanager
def finding_claimed(finding_id: int) -> Iterator[bool]:
    """Whether this run is the only one that works on the finding now; it is heard of until the block ends."""
    now, run = timezone.now(), uuid.uuid4()
    finding = Finding.objects.filter(pk=finding_id)
    if not finding.filter(Q(run=None) | Q(heard_at__lt=now - SILENT)).update(run=run, heard_at=now):
        yield False
        return
    try:
        with beating(finding_id, run, of=Finding):
            yield True
    finally:
        finding.filter(run=run).update(run=None)


@contextmanager
def beating(
    pk: int, run: uuid.UUID, *, of: type[Check] | type[Finding] = Check, every: timedelta = EVERY
) -> Iterator[None]:  # fmt: skip
    """Says of the row's run, by a thread of its own, that it is alive; of another's run it says nothing."""
    mine: QuerySet[Any] = of._default_manager.filter(pk=pk, run=run)
    if of is Check:
        mine = mine.filter(ended_at=None)
    over = threading.Event()

    def beat() -> None:
        try:
            while not over.wait(every.total_seconds()):
                try:
                    mine.update(heard_at=timezone.now())
                except DatabaseError:  # away for a while: the next beat may find it again
                    logger.warning("run not heard of", extra={"data": {of._meta.model_name: pk}}, exc_info=True)
                    connection.close()
        finally:
            connection.close()

    thread = threading.Thread(target=beat, name=f"{of._meta.model_name} {pk}", daemon=True)
    thread.start()
    try:
        yield
    finally:
        over.set()
        thread.join()
