"""The session engine: Django's database sessions, with whose they are, since when and from where (Django's own way
of extending them).

The one look at a session's row that each request takes also tells which roles need a second factor now and whether
the user has one, so that asking on every request costs no query of its own.
"""

from datetime import datetime
from typing import Any

from allauth.mfa.models import Authenticator
from django.contrib.auth import SESSION_KEY
from django.contrib.sessions.backends.db import SessionStore as DatabaseSessions
from django.db.models import Exists, OuterRef, Subquery
from django.http import HttpRequest
from django.utils import timezone

from occ.login.policies import SECOND_FACTOR
from occ.people.models import User
from occ.policies.models import Policy
from occ.policies.registry import DEFINITIONS

BEGUN = "occ_login"  # key of what the session keeps about its own beginning


class SessionStore(DatabaseSessions):
    """`demanded`: the roles that need a second factor now; `has_second_factor`; `last_seen_at`: as of the last load."""

    demanded: list[str] | None = None
    has_second_factor = False
    last_seen_at: datetime | None = None

    @classmethod
    def get_model_class(cls) -> Any:
        from occ.login.models import Session

        return Session

    def _get_session_from_db(self) -> Any:
        now = timezone.now()
        policy = Policy.objects.standing().filter(key=SECOND_FACTOR, site=None, valid_from__lte=now)
        factor = Authenticator.objects.filter(user=OuterRef("user"), type=Authenticator.Type.TOTP)
        rows = self.model.objects.filter(session_key=self.session_key, expire_date__gt=now)
        row: Any = rows.annotate(
            demanded=Subquery(policy.order_by("-valid_from").values("value")[:1]), has_factor=Exists(factor)
        ).first()
        if row is None:
            self._session_key = None
            return None
        self.demanded = DEFINITIONS[SECOND_FACTOR].default if row.demanded is None else row.demanded
        self.has_second_factor, self.last_seen_at = row.has_factor, row.last_seen_at
        return row

    def create_model_instance(self, data: dict[str, Any]) -> Any:
        row: Any = super().create_model_instance(data)
        begun = data.get(BEGUN, {})
        row.user_id = int(data[SESSION_KEY]) if SESSION_KEY in data else None
        row.started_at = datetime.fromisoformat(begun["at"]) if begun else None
        row.address, row.agent = begun.get("address", ""), begun.get("agent", "")
        row.last_seen_at = timezone.now() if row.user_id else None
        return row


def note_beginning(*, sender: Any, request: HttpRequest, user: User, **kwargs: Any) -> None:
    """Receives Django's `user_logged_in`."""
    from occ.login.places import address_of

    agent = request.headers.get("User-Agent", "").replace("\x00", "")[:200]
    request.session[BEGUN] = {"at": timezone.now().isoformat(), "address": address_of(request), "agent": agent}
