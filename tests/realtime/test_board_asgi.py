"""A stream gives its thread back once it has begun (KER-15): boards that stay open keep nobody waiting."""

from __future__ import annotations

import asyncio
from typing import Any

import pytest
from asgiref.sync import sync_to_async

from occ.asgi import Threads
from tests.home.test_asgi import apart

pytestmark = pytest.mark.req("KER-15", "RTM-5")


async def application(scope: dict[str, Any], receive: Any, send: Any) -> None:
    """Begins, sends one piece, and ends when it is told to."""
    await sync_to_async(int, thread_sensitive=True)()
    kind = scope["kind"]
    await send({"type": "http.response.start", "status": 200, "headers": [(b"Content-Type", kind)]})
    await send({"type": "http.response.body", "body": b"x", "more_body": True})
    scope["begun"].set()
    await scope["over"].wait()
    await sync_to_async(int, thread_sensitive=True)()
    await send({"type": "http.response.body"})


def opened(kind: bytes, count: int) -> tuple[int, int, int]:
    """How many of `count` requests had begun at once with two threads, how many ended, how many threads were free."""

    async def together() -> tuple[int, int, int]:
        app, over = Threads(application, 2), asyncio.Event()
        scopes = [{"type": "http", "kind": kind, "begun": asyncio.Event(), "over": over} for _one in range(count)]
        sent: list[str] = []

        async def send(message: dict[str, Any]) -> None:
            sent.append(message["type"])

        tasks = [asyncio.create_task(app(one, None, send)) for one in scopes]
        for _round in range(50):
            await asyncio.sleep(0.01)
        begun = sum(one["begun"].is_set() for one in scopes)
        over.set()
        await asyncio.gather(*tasks)
        return begun, sum(one.done() for one in tasks), app.free.qsize()

    result: tuple[int, int, int] = apart(together())
    return result


def test_streams_hold_no_thread() -> None:
    assert opened(b"text/event-stream; charset=utf-8", 9) == (9, 9, 2)


def test_what_is_no_stream_holds_its_thread_to_its_end() -> None:
    assert opened(b"text/html", 9) == (2, 9, 2)
