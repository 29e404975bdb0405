"""Whether somebody who watches a stream may still watch it: asked again and again while it lasts (RTM-5, KER-9)."""

from __future__ import annotations

from collections.abc import Collection
from dataclasses import dataclass
from datetime import datetime
from importlib import import_module
from typing import Any

from django.conf import settings
from django.db.models import Q

from occ.api.models import ApiToken
from occ.people.models import User
from occ.people.scope import roles_know
from realtime.floorwatch.audience import Audience, audience_of


@dataclass(frozen=True)
class Ticket:
    """Who watches, whom, and by what they came in: a session or a token."""

    user_id: int
    audience: Audience
    session: str = ""
    session_hash: str = ""
    token_id: int | None = None


def ticket_for(request: Any, user: User, audience: Audience) -> Ticket:
    if isinstance(request.auth, ApiToken):
        return Ticket(user.pk, audience, token_id=request.auth.pk)
    return Ticket(user.pk, audience, request.session.session_key or "", user.get_session_auth_hash())


def tickets_ended(tickets: Collection[Ticket], now: datetime) -> set[Ticket]:
    """Those whose session or token is over, whose password or roles changed, or who may not log in any more."""
    users = User.objects.in_bulk({one.user_id for one in tickets})
    roles_know(users.values())
    sessions = set(
        session_rows().filter(session_key__in=[one.session for one in tickets if one.session], expire_date__gt=now)
        .values_list("session_key", flat=True)
    )  # fmt: skip
    alive = Q(expires_at=None) | Q(expires_at__gt=now)
    tokens = ApiToken.objects.filter(alive, pk__in=[one.token_id for one in tickets if one.token_id], revoked_at=None)
    held = set(tokens.values_list("pk", flat=True))
    hashes = {pk: user.get_session_auth_hash() for pk, user in users.items()}
    seen = {pk: audience_of(user) for pk, user in users.items()}

    def holds(one: Ticket) -> bool:
        if one.user_id not in users or not users[one.user_id].is_active or seen[one.user_id] != one.audience:
            return False
        if one.token_id is not None:
            return one.token_id in held
        return one.session in sessions and hashes[one.user_id] == one.session_hash

    return {one for one in tickets if not holds(one)}


def session_rows() -> Any:
    return import_module(settings.SESSION_ENGINE).SessionStore.get_model_class().objects.all()
