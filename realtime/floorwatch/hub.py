"""One fan-out for each web process: all open boards, fed by one thread (RTM-5).

A stream neither asks the database nor holds a thread: it waits for bytes. They are made once for each audience. Whoever
reads too slowly is sent the whole board in place of what was missed.
"""

from __future__ import annotations

import asyncio
import json
import weakref
from collections.abc import AsyncGenerator, AsyncIterator, Callable
from contextlib import aclosing
from typing import Any

from django.utils import timezone

from realtime.floorwatch.audience import Audience
from realtime.floorwatch.board import Changes, Shown, rows_body, snapshot_body
from realtime.floorwatch.rows import stamp
from realtime.floorwatch.tickets import Ticket
from realtime.floorwatch.watching import Watcher

PING = 10.0  # seconds
BEHIND = 20  # pieces that may wait for one reader
BEGIN = b"retry: 2000\n\n"


class Reader:
    """One open board. What waits for it: pieces, or the whole board (`anew`), or its end."""

    def __init__(self, ticket: Ticket) -> None:
        self.ticket = ticket
        self.pieces: list[bytes] = []
        self.anew = True
        self.over = False
        self.called = asyncio.Event()

    def give(self, piece: bytes) -> None:
        if self.anew:
            return  # it gets all of it anyway
        if len(self.pieces) >= BEHIND:
            self.pieces, self.anew = [], True
        else:
            self.pieces.append(piece)
        self.called.set()

    def end(self) -> None:
        self.over = True
        self.called.set()


class Hub:
    """Lives in one event loop; what the watcher tells is carried over into it."""

    def __init__(self, loop: asyncio.AbstractEventLoop) -> None:
        self.loop = loop
        self.readers: set[Reader] = set()
        self.tickets: tuple[Ticket, ...] = ()
        self.watcher: Watcher | None = None
        self.shown: dict[str, Shown] | None = None  # None: the floor is not known (yet)
        self.feeds = b"[]"
        self.whole: dict[Audience, bytes] = {}  # the rows of the present state, by audience

    # Streams -----------------------------------------------------------------------------------------------------

    async def stream(self, ticket: Ticket) -> AsyncGenerator[bytes]:
        reader = Reader(ticket)
        self.enter(reader)
        try:
            yield BEGIN
            while True:
                try:
                    await asyncio.wait_for(reader.called.wait(), PING)
                except TimeoutError:
                    yield event("ping", b'{"at":"%s"}' % str(stamp(timezone.now())).encode())
                    continue
                reader.called.clear()
                if reader.over:
                    return
                yield self.waiting(reader)
        finally:
            self.leave(reader)

    def waiting(self, reader: Reader) -> bytes:
        if reader.anew and self.shown is not None:
            reader.anew, reader.pieces = False, []
            return self.snapshot(reader.ticket.audience)
        pieces, reader.pieces = reader.pieces, []
        return b"".join(pieces)

    def snapshot(self, audience: Audience) -> bytes:
        """Its clock is that of now, however long nothing has changed: durations are counted by it."""
        if audience not in self.whole:
            assert self.shown is not None
            self.whole[audience] = rows_body(self.shown.values(), audience)
        return event("snapshot", snapshot_body(self.whole[audience], self.feeds, timezone.now()))

    def enter(self, reader: Reader) -> None:
        self.readers.add(reader)
        self.tickets = tuple(one.ticket for one in self.readers)
        if self.watcher is None:
            self.watcher = Watcher(self)
            self.watcher.start()
        if self.shown is not None:
            reader.called.set()

    def leave(self, reader: Reader) -> None:
        self.readers.discard(reader)
        self.tickets = tuple(one.ticket for one in self.readers)

    # What the watcher tells, in its thread -------------------------------------------------------------------------

    def board(self, shown: dict[str, Shown], feeds: bytes) -> None:
        self.carry(self.take_up, shown, feeds)

    def changed(self, changes: Changes) -> None:
        self.carry(self.spread, changes)

    def ended(self, tickets: set[Ticket]) -> None:
        self.carry(self.end, tickets)

    def lost(self) -> None:
        self.carry(self.forget)

    def idle(self, watcher: Watcher) -> None:
        self.carry(self.rest, watcher)

    def carry(self, call: Callable[..., None], *given: Any) -> None:
        if not self.loop.is_closed():
            self.loop.call_soon_threadsafe(call, *given)

    # … and in the loop -------------------------------------------------------------------------------------------

    def take_up(self, shown: dict[str, Shown], feeds: bytes) -> None:
        self.shown, self.feeds, self.whole = shown, feeds, {}
        for reader in self.readers:
            reader.anew = True
            reader.called.set()

    def spread(self, changes: Changes) -> None:
        if self.shown is None:
            return
        before = {key: self.shown.get(key) for key in changes.rows}
        for key, row in changes.rows.items():
            if row is None:
                self.shown.pop(key, None)
            else:
                self.shown[key] = row
        if changes.feeds is not None:
            self.feeds = changes.feeds
        self.whole = {}
        made: dict[Audience, bytes] = {}
        at = str(stamp(timezone.now())).encode()
        for reader in self.readers:
            audience = reader.ticket.audience
            if audience not in made:
                made[audience] = delta(changes, before, audience, at)
            if made[audience]:
                reader.give(made[audience])

    def end(self, tickets: set[Ticket]) -> None:
        for reader in self.readers:
            if reader.ticket in tickets:
                reader.end()

    def forget(self) -> None:
        """The floor is not known any more: nobody may take what was shown for what is."""
        self.shown, self.whole = None, {}
        for reader in self.readers:
            reader.end()

    def rest(self, watcher: Watcher) -> None:
        if not self.readers and self.watcher is watcher:
            self.stop()

    def stop(self) -> None:
        if self.watcher is not None:
            self.watcher.stop()
        self.watcher, self.shown, self.whole = None, None, {}


def event(name: str, body: bytes) -> bytes:
    return b"event: %s\ndata: %s\n\n" % (name.encode(), body)


def delta(changes: Changes, before: dict[str, Shown | None], audience: Audience, at: bytes) -> bytes:
    """What an audience is told of these changes; empty for nothing."""
    rows, gone = [], []
    for key, row in changes.rows.items():
        was = before[key]
        if row is not None and audience.sees(row.place):
            rows.append(row.raw)
        elif was is not None and audience.sees(was.place):
            gone.append(key)
    if not rows and not gone and changes.feeds is None:
        return b""
    parts = [b'"at":"%s"' % at, b'"rows":[%s]' % b",".join(rows), b'"gone":%s' % json.dumps(gone).encode()]
    if changes.feeds is not None:
        parts.append(b'"sources":%s' % changes.feeds)
    return event("delta", b"{%s}" % b",".join(parts))


HUBS: weakref.WeakKeyDictionary[asyncio.AbstractEventLoop, Hub] = weakref.WeakKeyDictionary()


async def stream(ticket: Ticket) -> AsyncIterator[bytes]:
    """The bytes of one open board, until its end."""
    loop = asyncio.get_running_loop()
    if loop not in HUBS:
        HUBS[loop] = Hub(loop)
    async with aclosing(HUBS[loop].stream(ticket)) as pieces:
        async for piece in pieces:
            yield piece
