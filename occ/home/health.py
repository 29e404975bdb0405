"""/healthz: the process lives, and what of the others does. /readyz: database, broker, storage and beat answer, so that
it can work; without the floor process it can, for beat does its work."""

import os
from collections.abc import Callable

import redis
from django.conf import settings
from django.db import connection
from django.http import HttpRequest, JsonResponse
from django.utils import timezone

from occ.ledger.heartbeats import silent
from realtime.services.floor import process_lives


def healthz(request: HttpRequest) -> JsonResponse:
    """200 while the process lives; `beat` names the jobs that should have run and did not, `floor` says whether the
    process lives that works in events at once."""
    now = timezone.now()
    try:
        return JsonResponse({"alive": True, "beat": silent(now=now), "floor": process_lives(now=now)})
    except Exception:  # the database is away: this process lives all the same
        return JsonResponse({"alive": True, "beat": ["unknown"]})


def readyz(request: HttpRequest) -> JsonResponse:
    checks: dict[str, Callable[[], bool]] = {"database": database, "broker": broker, "storage": storage, "beat": beat}
    found = {}
    for name, check in checks.items():
        try:
            found[name] = check()
        except Exception:  # whatever is wrong with it, it is not ready
            found[name] = False
    return JsonResponse(found, status=200 if all(found.values()) else 503)


def database() -> bool:
    with connection.cursor() as cursor:
        cursor.execute("SELECT 1")
        return bool(cursor.fetchone())


def broker() -> bool:
    with redis.Redis.from_url(settings.REDIS_URL, socket_timeout=2, socket_connect_timeout=2) as client:
        return bool(client.ping())


def storage() -> bool:
    os.makedirs(settings.MEDIA_ROOT, exist_ok=True)
    return os.access(settings.MEDIA_ROOT, os.W_OK)


def beat() -> bool:
    return "sweep" not in silent(now=timezone.now())
