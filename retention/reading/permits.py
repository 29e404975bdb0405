"""Who has said why may hear this one record for half an hour, and search in chats for as long as the session lasts."""

from datetime import datetime, timedelta
from typing import Any

from occ.masking import masked_words

KEY, SEARCH = "retention.reading", "retention.searching"
LASTS = timedelta(minutes=30)
MOST = 50


def grant(session: Any, record_id: int, *, now: datetime) -> None:
    kept = {pk: until for pk, until in _held(session).items() if until > now.isoformat()}
    kept[str(record_id)] = (now + LASTS).isoformat()
    session[KEY] = dict(sorted(kept.items(), key=lambda one: one[1])[-MOST:])


def granted(session: Any, record_id: int, *, now: datetime) -> bool:
    until = _held(session).get(str(record_id))
    return until is not None and now < datetime.fromisoformat(until)


def _held(session: Any) -> dict[str, str]:
    found: dict[str, str] = session.get(KEY, {})
    return found


def search_grant(session: Any, *, purpose: str, note: str) -> None:
    session[SEARCH] = {"purpose": purpose, "note": masked_words(note)}


def search_granted(session: Any) -> dict[str, str] | None:
    """What for, as it was said in this session; each search leaves it in the ledger."""
    found: dict[str, str] | None = session.get(SEARCH)
    return found
