"""A check that reads one package for long is alive, and nobody begins it anew."""

from __future__ import annotations

import time
import uuid
from datetime import timedelta

import pytest
from django.utils import timezone

from retention.choices import CheckKind
from retention.models import Check
from retention.services.checking import check_go_on
from retention.services.pulse import beating
from retention.services.verifying import SILENT
from tests.factories import Floor

pytestmark = pytest.mark.req("RET-6")


def test_a_run_that_reads_for_long_is_heard_of_and_one_that_was_killed_is_not(live_floor: Floor) -> None:
    long_ago, run = timezone.now() - 2 * SILENT, uuid.uuid4()
    of = {"kind": CheckKind.FIXITY, "started_at": long_ago, "by": "IT", "run": run, "heard_at": long_ago}
    mine, ended = Check.objects.create(**of), Check.objects.create(**of, ended_at=long_ago)
    with beating(mine.pk, uuid.uuid4(), every=timedelta(seconds=0.02)):
        time.sleep(0.2)
    mine.refresh_from_db()
    assert mine.heard_at == long_ago, "another run's check is not spoken for"
    with beating(mine.pk, run, every=timedelta(seconds=0.02)), beating(ended.pk, run, every=timedelta(seconds=0.02)):
        until = time.monotonic() + 20
        while mine.heard_at == long_ago and time.monotonic() < until:
            time.sleep(0.02)
            mine.refresh_from_db()
        assert mine.heard_at > timezone.now() - timedelta(seconds=20)
        assert check_go_on(check_id=mine.pk, clock=timezone.now) == 0
        mine.refresh_from_db()
        assert mine.run == run, "nobody took it over"
    ended.refresh_from_db()
    assert ended.heard_at == long_ago
    said = Check.objects.get(pk=mine.pk).heard_at
    time.sleep(0.1)
    assert Check.objects.get(pk=mine.pk).heard_at == said, "it falls silent with the run"
