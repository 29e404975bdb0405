"""The thread of a web process that follows the floor: it hears of changes from the database and works on the board.

It has a connection of its own, reads what changed by one query and not more often than GAP, and hands on what follows
from it. While the database is away nobody is shown anything as if it were live: `lost` ends the streams.
"""

from __future__ import annotations

import json
import logging
import os
import select
import threading
import time
from typing import Any, Protocol

from django.db import connection
from django.utils import timezone

from realtime.floorwatch.board import Board, Changes, Shown
from realtime.floorwatch.feeds import CHANGED
from realtime.floorwatch.tickets import Ticket, tickets_ended

logger = logging.getLogger(__name__)
GAP = 0.15  # seconds between two readings
TICK = 1.0
TICKETS_EVERY = 20.0
IDLE = 30.0  # with nobody watching for so long, the thread ends


class Listener(Protocol):
    """What is told; each is called in the watcher's thread and must not block."""

    tickets: tuple[Ticket, ...]

    def board(self, shown: dict[str, Shown], feeds: bytes) -> None: ...
    def changed(self, changes: Changes) -> None: ...
    def ended(self, tickets: set[Ticket]) -> None: ...
    def lost(self) -> None: ...
    def idle(self, watcher: Watcher) -> None: ...


class Watcher(threading.Thread):
    def __init__(self, listener: Listener) -> None:
        super().__init__(name="floorwatch", daemon=True)
        self.listener = listener
        self.over = threading.Event()
        self.wake_out, self.wake_in = os.pipe()

    def stop(self) -> None:
        self.over.set()
        os.write(self.wake_in, b"x")

    def run(self) -> None:
        try:
            while not self.over.is_set():
                try:
                    self.watch()
                except Exception:  # the database is away, or one of us has made a mistake: begin anew either way
                    logger.warning("the board lost the floor; trying again", exc_info=True)
                    self.listener.lost()
                    connection.close()
                    self.over.wait(1)
        finally:
            connection.close()
            os.close(self.wake_in)
            os.close(self.wake_out)

    def watch(self) -> None:
        connection.ensure_connection()
        with connection.cursor() as cursor:
            cursor.execute(f"LISTEN {CHANGED}")
        board = Board(timezone.now())
        self.listener.board(dict(board.shown), board.feeds)
        self.waiting: set[int] = set()
        self.all_anew = False
        read = ticked = asked = watched = time.monotonic()
        while not self.over.is_set():
            now = time.monotonic()
            if self.listener.tickets:
                watched = now
            elif now - watched > IDLE:
                self.listener.idle(self)
                watched = now
            if (self.waiting or self.all_anew) and now - read >= GAP:
                self.tell(self.work(board))
                read = time.monotonic()
            if now - ticked >= TICK:
                self.tell(board.refresh(timezone.now()))
                ticked = now
            if now - asked >= TICKETS_EVERY:
                self.listener.ended(tickets_ended(set(self.listener.tickets), timezone.now()))
                asked = now
            due = ticked + TICK
            if self.waiting or self.all_anew:
                due = min(due, read + GAP)
            self.listen(max(0.0, due - time.monotonic()))

    def work(self, board: Board) -> Changes:
        ids, anew = self.waiting, self.all_anew
        self.waiting, self.all_anew = set(), False
        return board.load(timezone.now()) if anew else board.heard(ids, timezone.now())

    def tell(self, changes: Changes) -> None:
        if changes.rows or changes.feeds is not None:
            self.listener.changed(changes)

    def listen(self, seconds: float) -> None:
        raw: Any = connection.connection
        select.select([raw, self.wake_out], [], [], seconds)
        raw.poll()
        for one in raw.notifies:
            said = json.loads(one.payload or "{}")
            if "now" in said:
                self.waiting.update(said["now"])
            else:
                self.all_anew = True
        raw.notifies.clear()
