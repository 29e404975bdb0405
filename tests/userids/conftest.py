import pytest

from sdm.services import leavings


@pytest.fixture
def only_user_ids(monkeypatch: pytest.MonkeyPatch) -> None:
    """A leaving asks for nothing but the shutting of user IDs: the rest has tests in tests/sdm."""
    monkeypatch.setattr(leavings, "dues", lambda person, now: [])
