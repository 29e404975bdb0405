"""Who asks, and what they ask for: an app's objects, made once for its file (`objects_of`)."""

from __future__ import annotations

from collections.abc import Iterator
from typing import Any

import pytest
from django.db import transaction
from django.test import Client, override_settings

from occ.people.choices import Role
from tests.access.matrix import World
from tests.factories import site, user


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
