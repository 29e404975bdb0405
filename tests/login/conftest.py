"""Somebody at the door: a browser, and the seconds of an authenticator app."""

from __future__ import annotations

from datetime import datetime, timedelta
from typing import Any

import pytest
from allauth.mfa.totp.internal.auth import format_hotp_value, hotp_value
from django.core.cache import cache
from django.test import Client
from django.utils import timezone

from occ.login.policies import SECOND_FACTOR
from occ.login.services.second_factor import new_secret, second_factor_set
from occ.people.models import User
from occ.policies.models import Policy
from tests.factories import PASSWORD


def code_at(secret: str, at: datetime) -> str:
    return format_hotp_value(hotp_value(secret, int(at.timestamp()) // 30))


def demand(*roles: str, since: datetime | None = None) -> None:
    """From `since` on (default: already) these roles need a second factor."""
    at = since or timezone.now() - timedelta(days=1)
    Policy.objects.create(key=SECOND_FACTOR, value=list(roles), valid_from=at, set_at=at, reason="test")


def equip(user: User, *, ago: timedelta = timedelta(minutes=10)) -> str:
    """Set up a second factor some time ago; the secret."""
    secret, at = new_secret(), timezone.now() - ago
    second_factor_set(user=user, secret=secret, code=code_at(secret, at), session_key=None, now=at)
    return secret


def log_in(name: str, password: str = PASSWORD, *, client: Client | None = None, **extra: Any) -> tuple[Client, Any]:
    browser = client or Client()
    return browser, browser.post("/login/", {"username": name, "password": password}, **extra)


def inside(client: Client) -> bool:
    """Whether the first page opens, and not a way to it."""
    return client.get("/").status_code == 200


@pytest.fixture(autouse=True)
def empty_cache() -> None:
    cache.clear()
