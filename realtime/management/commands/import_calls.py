import json
import sys
from argparse import ArgumentParser
from pathlib import Path
from typing import Any

from django.core.management.base import CommandError
from django.utils import timezone

from occ.commands import EnglishCommand
from occ.errors import Refused
from occ.people.actors import COMMAND
from occ.people.models import Site
from realtime.reports.mapping import mapping_of
from realtime.services.call_reports import report_import, report_work


class Command(EnglishCommand):
    help = "Imports a report of calls, cases or log-ins by a mapping, all of it or nothing (RTM-4)."

    def add_arguments(self, parser: ArgumentParser) -> None:
        parser.add_argument("file", type=Path)
        parser.add_argument("--mapping", type=Path, required=True, help="YAML: docs/call-reports.md")
        parser.add_argument("--site", required=True, help="code")
        parser.add_argument("--json", action="store_true")

    def handle(self, *args: Any, file: Path, mapping: Path, site: str, **options: Any) -> None:
        place = Site.objects.filter(code=site).first()
        if place is None:
            raise CommandError(f"there is no site {site}")
        now = timezone.now()
        try:
            read = mapping_of(mapping.read_text(encoding="utf-8"))
            with file.open("rb") as upload:
                done = report_import(file=upload, name=file.name, mapping=read, site=place, actor=COMMAND, now=now)
            report_work(now)
        except (OSError, UnicodeDecodeError) as error:
            raise CommandError(str(error)) from error
        except Refused as refusal:
            if options["json"]:
                self.stdout.write(json.dumps({"refused": {"code": refusal.code, "message": str(refusal)}}))
                sys.exit(1)
            raise CommandError(str(refusal)) from refusal
        if options["json"]:
            self.stdout.write(json.dumps(done, ensure_ascii=False))
        else:
            self.stdout.write("\n".join(f"{name}: {value}" for name, value in done.items()))
