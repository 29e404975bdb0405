"""ASGI entry point: `uvicorn occ.asgi:application`.

Django gives each request a thread, and each thread a database connection. Here there are so many of both and no more
(WEB_THREADS): connections are kept from one request to the next, and a rush waits in line instead of using up the
database. A request that lasts (a stream) must not hold a thread: it does its reading in short calls of its own.
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
        thread = await self.free.get()
        try:
            async with ThreadSensitiveContext(executor=thread):
                await self.app(scope, receive, send)
        finally:
            self.free.put_nowait(thread)


application = Threads(get_asgi_application(), most=settings.WEB_THREADS)
