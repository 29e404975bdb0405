from argparse import ArgumentParser
from pathlib import Path
from typing import Any

from django.core.management.base import CommandError
from django.utils import timezone

from occ.commands import EnglishCommand
from occ.home.backup.making import backup_make, summary
from occ.home.backup.programs import BackupRefused
from occ.ledger.services import record
from occ.people.actors import COMMAND


class Command(EnglishCommand):
    help = "Backs database and files up into a new directory, while work goes on. Keys are never inside."

    def add_arguments(self, parser: ArgumentParser) -> None:
        parser.add_argument("folder", type=Path, metavar="DIR", help="a directory that does not exist yet")

    def handle(self, *args: Any, folder: Path, **options: Any) -> None:
        now = timezone.now()
        try:
            made = backup_make(folder=folder, now=now)
        except BackupRefused as refusal:
            raise CommandError(str(refusal)) from refusal
        except OSError as error:
            raise CommandError(f"the backup could not be written and was removed: {error}") from error
        faulty = {"missing": len(made.missing), "damaged": len(made.damaged)}
        data = {"folder": folder.name, "files": made.files, "bytes": made.size} | faulty
        record(actor=COMMAND, action="backup.made", subject=None, data=data, now=now)
        self.stdout.write(summary(folder))
        if wrong := [*made.missing, *made.damaged]:
            raise CommandError(
                f"the backup is complete, but {len(wrong)} files that rows name are missing from the storage or are "
                f"not what they were: {', '.join(wrong[:5])}"
            )
