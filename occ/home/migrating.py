"""A database that other code has migrated is left alone: its tables are not what these models say."""

from typing import Any

from django.apps import AppConfig
from django.core.management.base import CommandError
from django.db import connections
from django.db.migrations.loader import MigrationLoader


def refuse_other_code(sender: AppConfig, using: str, **rest: Any) -> None:
    """Before anything is migrated. Raises CommandError with the migrations that this code does not have."""
    loader = MigrationLoader(connections[using], ignore_no_migrations=True)
    known = set(loader.disk_migrations) | set(loader.replacements)
    foreign = sorted(f"{app}.{name}" for app, name in set(loader.applied_migrations) - known)
    if foreign:
        raise CommandError(
            f"The database was migrated by other code, which had {', '.join(foreign)}. Run that code or a later one;"
            " a demo starts over with bin/demo --reset."
        )
