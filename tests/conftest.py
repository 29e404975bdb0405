"""What every test may rely on: real PostgreSQL and Redis (bin/test starts them), files in a place of their own."""

from __future__ import annotations

import gc
import os
import subprocess
import sys
from collections.abc import Iterator
from dataclasses import replace
from pathlib import Path
from typing import Any

import pytest
from django.db import connections
from django.test import TransactionTestCase
from django.utils import translation
from hypothesis import HealthCheck
from hypothesis import settings as hypothesis_settings

from occ.login.policies import SECOND_FACTOR
from occ.policies.registry import DEFINITIONS
from occ.policies.services import install_defaults
from tests import database
from tests.factories import Floor
from tests.factories import floor as new_floor
from tests.kept import Kept

# A slow machine is no fault, and what a fixture holds is undone between examples by the tests that share it.
hypothesis_settings.register_profile(
    "occ", suppress_health_check=[HealthCheck.too_slow, HealthCheck.function_scoped_fixture]
)
hypothesis_settings.load_profile("occ")
make_floor = Kept(new_floor)
# Most tests log in by force_login: there no role needs a second factor. tests/login sets the policy itself.
DEFINITIONS[SECOND_FACTOR] = replace(DEFINITIONS[SECOND_FACTOR], default=[])
# Two processes share the files: those that take minutes go first, so that neither waits for the other at the end.
LONG = ("tests/access/", "tests/faults/", "tests/runtime/", "tests/browser/", "tests/fuzz/")


def pytest_collection_finish() -> None:
    """The models and the tests stay to the end: they are not looked through for rubbish again and again."""
    gc.collect()
    gc.freeze()
    gc.set_threshold(50_000, 20, 100)


@pytest.fixture(scope="session")
def from_template() -> None:
    connections["default"].settings_dict["TEST"]["TEMPLATE"] = database.template()


@pytest.fixture(scope="session")
def django_db_setup(from_template: None, django_db_setup: None, django_db_blocker: Any) -> None:
    """Each process takes a copy of what is migrated once."""
    with django_db_blocker.unblock():
        database.remember()


def pytest_collection_modifyitems(config: pytest.Config, items: list[pytest.Item]) -> None:
    """Tests on data that is not the project's own are deselected where it is not there; CI has it."""
    there = (Path(__file__).parent.parent.parent / "shared" / "data").is_dir()
    if not there and (without := [one for one in items if one.get_closest_marker("shared_data")]):
        config.hook.pytest_deselected(items=without)
        items[:] = [one for one in items if one not in without]

    def place(one: pytest.Item) -> int:
        return next((i for i, name in enumerate(LONG) if one.nodeid.startswith(name)), len(LONG))

    items.sort(key=place)


TransactionTestCase._fixture_teardown = lambda self: database.empty()  # type: ignore[attr-defined]


@pytest.fixture(autouse=True)
def own_files(tmp_path: Path, settings: Any) -> None:
    system = "django.core.files.storage.FileSystemStorage"
    settings.MEDIA_ROOT = str(tmp_path / "files")
    settings.STORAGES = {
        "default": {"BACKEND": system, "OPTIONS": {"location": str(tmp_path / "files")}},
        "documents": {"BACKEND": system, "OPTIONS": {"location": str(tmp_path / "files/documents")}},
        "staticfiles": {"BACKEND": "django.contrib.staticfiles.storage.StaticFilesStorage"},
    }
    settings.PASSWORD_HASHERS = ["django.contrib.auth.hashers.MD5PasswordHasher"]


@pytest.fixture
def english() -> Iterator[None]:
    """For what a test reads of words that are no page's; who chose no language is spoken to in Indonesian."""
    with translation.override("en"):
        yield


@pytest.fixture
def floor(db: None) -> Floor:
    return make_floor()


@pytest.fixture
def live_floor(transactional_db: None) -> Floor:
    """For tests in which several connections see the same rows."""
    install_defaults()
    return make_floor()


@pytest.fixture(scope="session")
def prepared(tmp_path_factory: pytest.TempPathFactory) -> dict[str, str]:
    """The environment of a fault (tests/faults): a prepared installation of which each of them takes a copy."""
    schema = tmp_path_factory.mktemp("schema") / "database"
    database.dump(database.template(), schema)
    script = Path(__file__).parent / "faults" / "_house.py"
    folder = tmp_path_factory.mktemp("faults") / "prepared"
    given = {"DATABASE_URL", "REDIS_URL", "SECRET_KEY", "OCC_VAR", "BASE_URL"}
    environment = {name: value for name, value in os.environ.items() if name not in given}
    environment |= {
        "PYTHONPATH": str(script.parent.parent.parent),
        "FAULTS_PREPARED": str(folder),
        "FAULTS_SCHEMA": str(schema),
    }
    subprocess.run([sys.executable, str(script), str(folder)], env=environment, check=True, timeout=200)
    return environment
