"""The environment in which the project's commands run: the given one, or the embedded demo's."""

import base64
import contextlib
import os
import sys
from collections.abc import Callable, Iterator
from pathlib import Path

from occ.runtime.servers import CannotStart, embedded, private

ROOT = Path(__file__).resolve().parent.parent.parent


@contextlib.contextmanager
def prepared(
    var: Path, *, base_url: str = "", fast: bool = False, owner: bool = False, begin: Callable[[], None] | None = None
) -> Iterator[dict[str, str]]:
    """Environment variables for Django. With DATABASE_URL set nothing is started and nothing is made up.

    `owner`, `fast`: for benchmarks and tests, which make databases of their own: as the owner of the tables.
    `begin`: see `embedded`.
    """
    common = {"DJANGO_SETTINGS_MODULE": "occ.settings", "OCC_VAR": str(var)}
    if os.environ.get("DATABASE_URL"):
        yield os.environ | common
        return
    with embedded(var, fast=fast, base_url=base_url, begin=begin) as servers:
        yield os.environ | common | {
            "DATABASE_URL": servers.database_url if fast or owner else servers.application_url or servers.database_url,
            **({} if fast or owner else {"MIGRATION_DATABASE_URL": servers.database_url}),
            "REDIS_URL": servers.redis_url,
            "SECRET_KEY": private(var / "secret_key"),
            "ENCRYPTION_KEYS": private(var / "encryption_keys", key),
            "OCC_DEMO": "1",
            **({"BASE_URL": at} if (at := base_url or servers.base_url) else {}),
        }  # fmt: skip


def key() -> str:
    """A key as occ.encryption takes it, made without its packages."""
    return base64.urlsafe_b64encode(os.urandom(32)).decode()


@contextlib.contextmanager
def said() -> Iterator[None]:
    """What cannot start says so in one line."""
    try:
        yield
    except CannotStart as error:
        sys.exit(str(error))


def var_directory(given: str | None) -> Path:
    return Path(given or os.environ.get("OCC_VAR") or ROOT / "var").resolve()
