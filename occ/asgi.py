"""ASGI entry point: `uvicorn occ.asgi:application`.

Django gives each request a thread, and each thread a database connection. Here there are so many of both and no more
(WEB_THREADS): connections are kept from one request to the next, and a rush waits in line instead of using up the
database. A stream lasts: it gives its thread back once its response has begun, and what it sends later comes from
elsewhere (realtime.floorwatch.hub).
"""

import asyncio
import os
from collections.abc import Awaitable, Callable
from concurrent.futures import ThreadPoolExecutor
from typing import Any

from asgiref.sync import ThreadSensitiveContext
from django.conf import settings
from django.core.asgi import get_asgi_application

os.environ.setdefault("DJANGO_SETTINGS_MODULE", "occ.settings")
App = Callable[[dict[str, Any], Any, Any], Awaitable[None]]


class Threads:
    """At most `most` requests at work at once, each in a thread that is used again; the others wait."""

    def __init__(self, app: App, most: int) -> None:
        self.app = app
        self.free: asyncio.LifoQueue[ThreadPoolExecutor] = asyncio.LifoQueue()
        for number in range(most):
            self.free.put_nowait(ThreadPoolExecutor(max_workers=1, thread_name_prefix=f"web-{number}"))

    async def __call__(self, scope: dict[str, Any], receive: Any, send: Any) -> None:
        if scope["type"] != "http":
            await self.app(scope, receive, send)
            return
        held: ThreadPoolExecutor | None = await self.free.get()
        thread = held

        def give_back() -> None:
            nonlocal held
            if held is not None:
                self.free.put_nowait(held)
                held = None

        async def sent(message: dict[str, Any]) -> None:
            if message["type"] == "http.response.start" and streams(message):
                give_back()
            await send(message)

        try:
            # What is left of a stream (closing its response) still goes to its thread, behind whoever has it now.
            async with ThreadSensitiveContext(executor=thread):
                await self.app(scope, receive, sent)
        finally:
            give_back()


def streams(start: dict[str, Any]) -> bool:
    kinds = [value for name, value in start.get("headers", ()) if name.lower() == b"content-type"]
    return bool(kinds) and kinds[0].startswith(b"text/event-stream")


application = Threads(get_asgi_application(), most=settings.WEB_THREADS)
