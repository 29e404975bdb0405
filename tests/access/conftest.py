"""Who asks, and what they ask for: an app's objects, made once for its file (`objects_of`)."""

from __future__ import annotations

from collections.abc import Iterator
from copy import copy
from typing import Any
from unittest.mock import patch

import pytest
from django.contrib import auth
from django.db import transaction
from django.test import Client, override_settings

from occ.login.sessions import SessionStore
from occ.people.choices import Role
from occ.people.scope import roles_of
from tests.access.matrix import World
from tests.factories import site, user

TOLD = ("demanded", "has_second_factor", "last_seen_at")  # what the session's row tells beside itself


@pytest.fixture(autouse=True)
def own_files(kept_files: None) -> None:
    """The module's files lie in one place, as its objects are made once."""


@pytest.fixture(scope="module")
def kept_files(tmp_path_factory: pytest.TempPathFactory) -> Iterator[None]:
    place, system = tmp_path_factory.mktemp("matrix"), "django.core.files.storage.FileSystemStorage"
    storages = {
        "default": {"BACKEND": system, "OPTIONS": {"location": str(place / "files")}},
        "documents": {"BACKEND": system, "OPTIONS": {"location": str(place / "documents")}},
        "staticfiles": {"BACKEND": "django.contrib.staticfiles.storage.StaticFilesStorage"},
    }
    hashers = ["django.contrib.auth.hashers.MD5PasswordHasher"]
    with override_settings(STORAGES=storages, PASSWORD_HASHERS=hashers):
        yield


@pytest.fixture(autouse=True)
def known(known_by: dict[str, Any]) -> Iterator[None]:
    """Who asks is read once: half of a request's time would be the session's row, the user's and the roles'.

    What a request changes in them is undone (`ask`). Sessions themselves are tried in tests/login.
    """
    from_database, user_of = SessionStore._get_session_from_db, auth.get_user

    def session(store: SessionStore) -> Any:
        key = f"session {store.session_key}"
        if key not in known_by:
            row = from_database(store)
            known_by[key] = row, {name: getattr(store, name) for name in TOLD}
        row, told = known_by[key]
        for name, value in told.items():
            setattr(store, name, value)
        return copy(row)

    def who(request: Any) -> Any:
        request.session.get("who")  # loads it, as asking for the user would
        key = f"user {request.session.session_key}"
        if key not in known_by:
            known_by[key] = user_of(request)
            roles_of(known_by[key])
        return copy(known_by[key])

    with patch.object(SessionStore, "_get_session_from_db", session), patch.object(auth, "get_user", who):
        yield


@pytest.fixture(scope="module")
def known_by() -> dict[str, Any]:
    return {}


@pytest.fixture(scope="module")
def clients(world: Any, django_db_blocker: Any) -> dict[Role, Client]:
    """Somebody logged in for each role at Jakarta."""
    found = {}
    with django_db_blocker.unblock():
        for role in Role:
            found[role] = Client()
            found[role].force_login(user(role, site("JKT"), name=f"matrix.{role}"))
    return found


@pytest.fixture(scope="module")
def world(request: Any, kept_files: None, django_db_setup: None, django_db_blocker: Any) -> Iterator[World]:
    """A site's objects, twice: own and foreign. One transaction, undone at the end."""
    with django_db_blocker.unblock(), transaction.atomic():
        yield {code: request.module.objects_of(site(code)) for code in ("JKT", "YGY")}
        transaction.set_rollback(True)
