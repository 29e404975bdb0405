"""Requests at work: so many at once, each with a thread and its database connection, and the others in line (KER-9)."""

from __future__ import annotations

import asyncio
import threading
import time
from concurrent.futures import ThreadPoolExecutor
from typing import Any

import pytest
from asgiref.sync import sync_to_async
from django.core.files.base import ContentFile
from django.core.files.storage import storages

from occ.asgi import Threads
from occ.downloads import Download, download

MOST = 3
pytestmark = pytest.mark.req("KER-15")


class Site:
    def __init__(self) -> None:
        self.now = self.peak = self.done = 0
        self.threads: set[str] = set()
        self.lock = threading.Lock()

    def work(self) -> None:
        with self.lock:
            self.now += 1
            self.peak = max(self.peak, self.now)
            self.threads.add(threading.current_thread().name)
        time.sleep(0.02)
        with self.lock:
            self.now -= 1

    async def __call__(self, scope: dict[str, Any], receive: Any, send: Any) -> None:
        await sync_to_async(self.work, thread_sensitive=True)()
        self.done += 1
        if scope.get("fails"):
            raise RuntimeError("a view's mistake")


def apart(work: Any) -> Any:
    """The coroutine's result, run where no other loop runs (Playwright keeps one in the main thread)."""
    with ThreadPoolExecutor(1) as thread:
        return thread.submit(asyncio.run, asyncio.wait_for(work, 20)).result(30)


def ask(site: Site, *scopes: dict[str, Any]) -> list[Any]:
    async def together() -> list[Any]:
        app = Threads(site, MOST)
        return await asyncio.gather(*(app(one, None, None) for one in scopes), return_exceptions=True)

    result: list[Any] = apart(together())
    return result


def test_a_rush_waits_in_line_and_threads_are_used_again() -> None:
    site = Site()
    ask(site, *({"type": "http"} for _one in range(30)))
    assert (site.done, site.peak) == (30, MOST)
    assert len(site.threads) == MOST


def test_a_failed_request_gives_its_thread_back() -> None:
    site = Site()
    results = ask(site, *({"type": "http", "fails": True} for _one in range(10)), {"type": "http"})
    assert [type(one) for one in results] == [RuntimeError] * 10 + [type(None)]


def test_a_download_goes_out_part_by_part() -> None:
    name = storages["default"].save("big.bin", ContentFile(b"x" * (Download.block_size * 3 + 7)))

    async def received() -> list[int]:
        return [len(part) async for part in download("default", name, shown="big.bin")]

    assert apart(received()) == [Download.block_size] * 3 + [7]
