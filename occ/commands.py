"""What the command line says."""

from typing import Any

from django.core.management.base import BaseCommand
from django.utils import translation


class EnglishCommand(BaseCommand):
    """Speaks English throughout, refusals included, whatever language the pages begin with.

    Who runs the servers reads it, and scripts do. What a command makes for others (a spreadsheet, a report) is in the
    language of its `--language`.
    """

    def execute(self, *args: Any, **options: Any) -> Any:
        with translation.override("en"):
            return super().execute(*args, **options)
