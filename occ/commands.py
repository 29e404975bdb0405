"""What the command line says, and instants as it takes them."""

from argparse import ArgumentTypeError
from datetime import datetime
from typing import Any

from django.core.management.base import BaseCommand
from django.utils import timezone, translation


def instant(text: str) -> datetime:
    """An argument's type; without an offset it is in the server's time zone."""
    try:
        at = datetime.fromisoformat(text)
    except ValueError as error:
        raise ArgumentTypeError("write it as 2026-11-20T16:00:00+07:00") from error
    return at if at.tzinfo else timezone.make_aware(at)


class EnglishCommand(BaseCommand):
    """Speaks English throughout, refusals included, whatever language the pages begin with.

    Who runs the servers reads it, and scripts do. What a command makes for others (a spreadsheet, a report) is in the
    language of its `--language`.
    """

    def execute(self, *args: Any, **options: Any) -> Any:
        with translation.override("en"):
            return super().execute(*args, **options)
