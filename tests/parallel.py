"""Loaded before anything of Django (`-p tests.parallel`): each pytest process has a Redis database of its own.

pytest-xdist gives each of its processes a PostgreSQL database; the messages of one must not reach the other's workers.
"""

import os
from urllib.parse import urlsplit, urlunsplit

worker = os.environ.get("PYTEST_XDIST_WORKER", "")
if worker:
    parts = urlsplit(os.environ["REDIS_URL"])
    number = 1 + int(worker.removeprefix("gw"))
    os.environ["REDIS_URL"] = urlunsplit(parts._replace(path=f"/{number}"))
