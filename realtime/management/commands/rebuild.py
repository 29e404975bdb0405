from argparse import ArgumentParser
from datetime import date
from typing import Any

from django.utils import timezone

from occ.commands import EnglishCommand
from occ.times import JAKARTA, end_of_day, start_of_day
from realtime.services.rebuilding import rebuild


class Command(EnglishCommand):
    help = "Makes everything derived from kept events anew: of some days, or of all."

    def add_arguments(self, parser: ArgumentParser) -> None:
        parser.add_argument("--from", dest="start", type=date.fromisoformat, metavar="DATE")
        parser.add_argument("--to", dest="end", type=date.fromisoformat, metavar="DATE", help="the last day")

    def handle(self, *args: Any, start: date | None, end: date | None, **options: Any) -> None:
        count = rebuild(
            start=start_of_day(start, JAKARTA) if start else None, end=end_of_day(end, JAKARTA) if end else None,
            now=timezone.now(),
        )  # fmt: skip
        self.stdout.write(f"{count} events worked in again")
