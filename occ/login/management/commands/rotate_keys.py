from typing import Any

from django.core.management.base import CommandError
from django.utils import timezone

from occ.commands import EnglishCommand
from occ.encryption import Unreadable, rotate_all
from occ.ledger.services import record
from occ.people.actors import COMMAND


class Command(EnglishCommand):
    help = "Encrypts all secrets anew with the first of ENCRYPTION_KEYS; afterwards the others may go."

    def handle(self, *args: Any, **options: Any) -> None:
        try:
            done = rotate_all()
        except Unreadable as error:
            raise CommandError(f"a secret cannot be read: {error}") from error
        record(actor=COMMAND, action="keys.rotated", subject=None, data=done, now=timezone.now())
        for place, count in done.items():
            self.stdout.write(f"{place}: {count}")
