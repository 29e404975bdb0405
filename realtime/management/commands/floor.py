"""The process that works events in as they come: it hears of them from the database (LISTEN) and of nothing else."""

import logging
import select
import signal
import time
from types import FrameType
from typing import Any

from django.core.management.base import BaseCommand
from django.db import DatabaseError, connection
from django.utils import timezone

from realtime.services.floor import process_beats
from realtime.services.ingesting import ARRIVED
from realtime.services.intervals import intervals_compute
from realtime.services.working import arrivals_work

logger = logging.getLogger(__name__)
PATIENCE = 2.0  # seconds: without a call it looks by itself
FIGURES_EVERY = 1.0  # seconds
BEATS_EVERY = 10.0


class Command(BaseCommand):
    help = "Works in what the floor's applications tell, at once; any number may run."

    def handle(self, *args: Any, **options: Any) -> None:
        self.over = False
        for one in (signal.SIGTERM, signal.SIGINT):
            signal.signal(one, self.end)
        counted = beaten = 0.0
        since = 0
        while not self.over:
            try:
                connection.ensure_connection()
                with connection.cursor() as cursor:
                    cursor.execute(f"LISTEN {ARRIVED}")
                while not self.over:
                    did = arrivals_work(now=timezone.now(), limit=200)
                    since += did
                    if time.monotonic() - beaten > BEATS_EVERY:
                        process_beats(now=timezone.now(), did=since)
                        beaten, since = time.monotonic(), 0
                    if time.monotonic() - counted > FIGURES_EVERY:
                        intervals_compute(now=timezone.now())
                        counted = time.monotonic()
                    if not did:
                        self.wait()
            except DatabaseError:
                logger.warning("the database is away; trying again", exc_info=True)
                connection.close()
                time.sleep(1)

    def end(self, number: int, frame: FrameType | None) -> None:
        self.over = True

    def wait(self) -> None:
        """Until something arrives, the figures are due, or nobody has called for a while."""
        raw: Any = connection.connection
        if not raw.notifies:
            select.select([raw], [], [], min(PATIENCE, FIGURES_EVERY))
            raw.poll()
        raw.notifies.clear()
