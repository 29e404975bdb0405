"""A process drawn as steps: what it never came to is not drawn as done."""

from __future__ import annotations

from types import SimpleNamespace
from typing import Any

from django.utils import timezone

from occ.workflow.drawing import drawing
from sdm.choices import LeavingStatus as S
from sdm.workflow import LEAVING
from userids.choices import DeactivationStatus as D
from userids.workflow import DEACTIVATION


def marks(flow: Any, status: str, *reached: str) -> list[str]:
    steps: Any = [SimpleNamespace(to_state=one, at=timezone.now(), actor_label="x") for one in reached]
    return [one["state"] for one in drawing(flow, SimpleNamespace(status=status), steps)]


def test_on_its_way() -> None:
    assert marks(LEAVING, S.CLEARED, S.RECORDED, S.INTERVIEWED, S.CLEARED) == ["done", "done", "current", "upcoming"]
    assert marks(LEAVING, S.CLOSED, S.RECORDED, S.INTERVIEWED, S.CLEARED, S.CLOSED) == ["done"] * 4


def test_taken_back_at_once_nothing_was_interviewed_or_handed_back() -> None:
    assert marks(LEAVING, S.WITHDRAWN, S.RECORDED, S.WITHDRAWN) == ["done", "skipped", "skipped", "ended"]


def test_what_failed_and_is_tried_again_is_not_over() -> None:
    drawn = marks(DEACTIVATION, D.FAILED, D.RECORDED, D.REQUESTED, D.IN_PROGRESS, D.FAILED)
    assert "failed" in drawn and "ended" not in drawn
