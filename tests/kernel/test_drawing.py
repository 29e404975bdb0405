"""A process drawn as steps: what it never came to is not drawn as done."""

from __future__ import annotations

from types import SimpleNamespace
from typing import Any

import pytest
from django.utils import timezone

from occ.workflow.drawing import drawing
from sdm.choices import LeavingStatus as S
from sdm.discipline.choices import CaseStatus
from sdm.discipline.workflow import drawn_at
from sdm.recruiting.choices import RequestStatus as R
from sdm.recruiting.workflow import REQUEST
from sdm.workflow import LEAVING
from userids.choices import DeactivationStatus as D
from userids.workflow import DEACTIVATION


def drawn(flow: Any, status: str, *reached: str) -> list[dict[str, Any]]:
    steps: Any = [SimpleNamespace(to_state=one, at=timezone.now(), who="x") for one in reached]
    return drawing(flow, SimpleNamespace(status=status), steps)


def marks(flow: Any, status: str, *reached: str) -> list[str]:
    return [one["state"] for one in drawn(flow, status, *reached)]


def test_on_its_way() -> None:
    assert marks(LEAVING, S.CLEARED, S.RECORDED, S.INTERVIEWED, S.CLEARED) == ["done", "done", "current", "upcoming"]
    assert marks(LEAVING, S.CLOSED, S.RECORDED, S.INTERVIEWED, S.CLEARED, S.CLOSED) == ["done"] * 4


def test_taken_back_at_once_nothing_was_interviewed_or_handed_back() -> None:
    assert marks(LEAVING, S.WITHDRAWN, S.RECORDED, S.WITHDRAWN) == ["done", "skipped", "skipped", "ended"]


def test_what_failed_and_is_tried_again_is_not_over() -> None:
    found = marks(DEACTIVATION, D.FAILED, D.RECORDED, D.REQUESTED, D.IN_PROGRESS, D.FAILED)
    assert "failed" in found and "ended" not in found


@pytest.mark.usefixtures("english")
def test_sent_back_what_was_done_is_told_with_its_round() -> None:
    back = drawn(REQUEST, R.REVISION, R.REQUESTED, R.SCHEME, R.REVISION)
    assert [(one["state"], one["note"]) for one in back[:3]] == [
        ("current", ""), ("done", "In an earlier round"), ("upcoming", ""),
    ]  # fmt: skip
    assert back[1]["at"] and not back[2]["at"]
    again = drawn(REQUEST, R.SCHEME, R.REQUESTED, R.SCHEME, R.REVISION, R.REQUESTED, R.SCHEME)
    assert [(one["state"], one["note"]) for one in again[:2]] == [("done", ""), ("current", "Round 2")]
    third = (R.REQUESTED, R.SCHEME, R.REVISION, R.REQUESTED, R.REVISION, R.REQUESTED)
    assert drawn(REQUEST, R.REQUESTED, *third)[0]["note"] == "Round 3"
    assert not any(one["note"] for one in drawn(REQUEST, R.SCHEME, R.REQUESTED, R.SCHEME))


def test_a_process_that_came_back_keeps_what_was_done_and_says_its_round() -> None:
    reached = [CaseStatus(one) for one in ("assessed", "coached", "improving", "problem", "sp_requested", "sp_issued",
                                           "coached")]  # fmt: skip
    steps: Any = [SimpleNamespace(to_state=one, at=timezone.now(), who="x") for one in reached]
    found = drawing(drawn_at("coached", warned=True), SimpleNamespace(status="coached"), steps)
    assert [one["state"] for one in found] == [*["done"] * 4, "current", "done", "upcoming", "upcoming"]
    assert (found[4]["note"], found[5]["note"]) == ("Putaran 2", "Pada putaran sebelumnya")
    assert found[5]["at"] == steps[2].at and not any(one["note"] for one in found[:4])
