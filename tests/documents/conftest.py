from __future__ import annotations

from datetime import UTC, date, datetime
from pathlib import Path
from typing import Any

import pytest
from django.core.files.storage import storages
from django.test import override_settings

from occ.documents.models import IssuedDocument
from occ.documents.services import document_issue
from occ.people.choices import Role
from occ.people.models import RoleAssignment, Site, User
from userids.documents import LOGBOOK, logbook_body

NOW = datetime(2026, 11, 20, 3, 0, tzinfo=UTC)
PASSWORD = "Sangat-Rahasia-2026"
ROW = ("OMN-001", "Siti", "siti@x.id", "Agent", "Voice", "JKT", date(2025, 8, 1), "Aktif", None, "")


@pytest.fixture(autouse=True)
def files_in_a_place_of_their_own(tmp_path: Path) -> Any:
    system = "django.core.files.storage.FileSystemStorage"
    static = "django.contrib.staticfiles.storage.StaticFilesStorage"
    kept = {
        "default": {"BACKEND": system, "OPTIONS": {"location": str(tmp_path / "files")}},
        "documents": {"BACKEND": system, "OPTIONS": {"location": str(tmp_path / "files/documents")}},
        "staticfiles": {"BACKEND": static},
    }
    with override_settings(STORAGES=kept):
        yield storages


@pytest.fixture
def site(db: None) -> Site:
    return Site.objects.get_or_create(code="JKT", defaults={"name": "Jakarta"})[0]


@pytest.fixture
def other_site(db: None) -> Site:
    return Site.objects.get_or_create(code="YGY", defaults={"name": "Yogyakarta"})[0]


def user_with(role: Role, site: Site | None, name: str = "") -> User:
    user = User.objects.create_user(username=name or f"{role}-{site.code if site else 'all'}", password=PASSWORD)
    RoleAssignment.objects.create(user=user, role=role, site=site, starts_on=date(2020, 1, 1))
    return user


def issue(site: Site | None, actor: User, **changes: Any) -> IssuedDocument:
    body = logbook_body(
        rows=changes.pop("rows", [ROW]), totals={"Aktif": 1}, site="JKT", period=None, as_of=NOW.date(), language="id"
    )
    arguments: dict[str, Any] = {
        "type": LOGBOOK, "site": site, "subject": None, "title": "Logbook User ID Omni Channel", "data": body,
        "language": "id", "actor": actor, "now": NOW,
    }  # fmt: skip
    return document_issue(**(arguments | changes))


@pytest.fixture
def control(site: Site) -> User:
    return user_with(Role.DOCUMENT_CONTROL, site)
