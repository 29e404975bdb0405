"""A step that nobody makes about themselves: the rule holds only where the row says whom it is about (KER-9)."""

from __future__ import annotations

import pytest

from occ.people.models import User
from occ.workflow import turns

pytestmark = [pytest.mark.req("KER-9"), pytest.mark.django_db]


def test_every_row_with_such_a_step_says_whom_it_is_about() -> None:
    nobody = User.objects.create_user("nobody", email="nobody@x.test")
    sources = [one for one in turns.SOURCES if any(step.four_eyes or step.own for step in one.flow.transitions)]
    models = {one.flow.key: one.rows(nobody).model for one in sources}
    assert "sdm.leaving" in models and "sdm.renewal" in models
    assert [key for key, model in models.items() if not hasattr(model, "person_id")] == []
