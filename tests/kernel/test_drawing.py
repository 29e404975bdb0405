"""A process drawn as steps: what it never came to is not drawn as done."""

from __future__ import annotations

from types import SimpleNamespace
from typing import Any

from django.utils import timezone

from occ.workflow.drawing import drawing
from sdm.choices import LeavingStatus as S
from sdm.discipline.choices import CaseStatus
from sdm.discipline.workflow import drawn_at
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


def test_a_process_that_came_back_keeps_what_was_done_and_says_its_round() -> None:
    reached = [CaseStatus(one) for one in ("assessed", "coached", "improving", "problem", "sp_requested", "sp_issued",
                                           "coached")]  # fmt: skip
    steps: Any = [SimpleNamespace(to_state=one, at=timezone.now(), actor_label="x") for one in reached]
    drawn = drawing(drawn_at("coached", warned=True), SimpleNamespace(status="coached"), steps)
    assert [one["state"] for one in drawn] == [*["done"] * 4, "current", "done", "upcoming", "upcoming"]
    assert (drawn[4]["note"], drawn[5]["note"]) == ("Putaran 2", "Pada putaran sebelumnya")
    assert drawn[5]["at"] == steps[2].at and not any(one["note"] for one in drawn[:4])
