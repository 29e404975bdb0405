from argparse import ArgumentParser
from pathlib import Path
from typing import Any

from django.core.management.base import CommandError
from django.utils import timezone

from occ.after_restore import AFTER_RESTORE
from occ.commands import EnglishCommand
from occ.home.backup.programs import BackupRefused
from occ.home.backup.restoring import backup_restore
from occ.ledger.services import record
from occ.people.actors import COMMAND


class Command(EnglishCommand):
    help = "Restores a backup into an empty database and verifies what came back; nothing may work on it meanwhile."
    requires_system_checks = ()  # there are no tables yet that checks could ask
    requires_migrations_checks = False

    def add_arguments(self, parser: ArgumentParser) -> None:
        parser.add_argument("folder", type=Path, metavar="DIR")

    def handle(self, *args: Any, folder: Path, **options: Any) -> None:
        try:
            restored = backup_restore(folder=folder)
        except BackupRefused as refusal:
            raise CommandError(str(refusal)) from refusal
        except OSError as error:
            raise CommandError(f"the backup could not be restored: {error}") from error
        data = {"folder": folder.name, "rows": restored.rows, "files": restored.files}
        now = timezone.now()
        record(actor=COMMAND, action="backup.restored", subject=None, data=data, now=now)
        for work in AFTER_RESTORE:
            for line in work(now):
                self.stderr.write(line)
        for name in restored.missing:
            self.stderr.write(f"was missing or damaged when the backup was made: {name}")
        self.stdout.write(f"restored: {restored.rows} rows, {restored.files} files; the ledger is whole")
