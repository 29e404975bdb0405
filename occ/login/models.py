"""Sessions as rows that say whose they are, so that one can be seen and ended.

Invariant: the row *is* the session. Whoever's row is gone is logged out with the next request, on every web process.
"""

from __future__ import annotations

import hashlib

from django.conf import settings
from django.contrib.sessions.base_session import AbstractBaseSession
from django.db import models

from occ.people.models import User


class SessionQuerySet(models.QuerySet["Session"]):
    def visible_to(self, user: User) -> SessionQuerySet:
        """A user's own, and nobody else's."""
        return self.filter(user=user)


class SessionManager(models.Manager.from_queryset(SessionQuerySet)):  # type: ignore[misc]
    pass


class Session(AbstractBaseSession):
    user = models.ForeignKey(settings.AUTH_USER_MODEL, models.CASCADE, null=True, related_name="sessions")
    started_at = models.DateTimeField(null=True)
    last_seen_at = models.DateTimeField(null=True)
    address = models.CharField(max_length=45, blank=True)
    agent = models.CharField(max_length=200, blank=True)

    objects = SessionManager()  # type: ignore[misc]

    class Meta:
        indexes = [models.Index(fields=["user", "expire_date"], name="session_of_user")]

    @classmethod
    def get_session_store_class(cls) -> type:
        from occ.login.sessions import SessionStore

        return SessionStore

    @property
    def handle(self) -> str:
        """Names the session on a page; whoever reads it there cannot take the session over."""
        return hashlib.sha256(self.session_key.encode()).hexdigest()[:32]
