from typing import Any

from django.core.management.base import CommandError
from django.utils import timezone

from occ.commands import EnglishCommand
from retention.services.journal import journals_reapply


class Command(EnglishCommand):
    help = (
        "Destroys again what the stores' journals say is destroyed and this database does not know of, as"
        " restore_backup does; for when a store was away then. Works as the owner of the tables."
    )

    def handle(self, *args: Any, **options: Any) -> None:
        done = journals_reapply(now=timezone.now())
        for line in done.refused:
            self.stderr.write(line)
        self.stdout.write(
            f"{done.journals} journals: destroyed again {done.destroyed}, of these documents {done.documents},"
            f" known {done.known}, refused {len(done.refused)}"
        )
        if done.refused:
            raise CommandError("not everything could be destroyed again; mend it and repeat the command")
