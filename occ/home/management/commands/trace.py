import json
from argparse import ArgumentParser
from dataclasses import asdict
from typing import Any

from django.core.management.base import BaseCommand, CommandError

from occ.home.tracing import requirements


class Command(BaseCommand):
    help = "Prints which tests show which requirement; --check fails when one that is done has none."

    def add_arguments(self, parser: ArgumentParser) -> None:
        parser.add_argument("--json", action="store_true")
        parser.add_argument("--check", action="store_true")

    def handle(self, *args: Any, **options: Any) -> None:
        rows = requirements()
        if options["json"]:
            self.stdout.write(json.dumps([asdict(row) for row in rows]))
        else:
            for row in rows:
                state = "done" if row.done else "open"
                self.stdout.write(f"{row.id:7} {row.clause:12} {state:5} {len(row.tests):3} tests  {row.title}")
        if options["check"] and (gaps := [row.id for row in rows if row.done and not row.tests]):
            raise CommandError(f"done, but shown by no test: {', '.join(gaps)}")
