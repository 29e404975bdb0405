import json
import re
import sys
from argparse import ArgumentParser
from datetime import date
from pathlib import Path
from typing import Any

from django.core.management.base import CommandError
from django.db import transaction
from django.utils import timezone

from occ.commands import EnglishCommand
from occ.errors import Refused
from occ.people.models import Site, User
from realtime.services.roster_imports import roster_import
from realtime.services.roster_reading import roster_read, summary


class Command(EnglishCommand):
    help = "Shows what a spreadsheet roster would change; with --apply imports all of it or nothing (RTM-1)."

    def add_arguments(self, parser: ArgumentParser) -> None:
        parser.add_argument("file", type=Path)
        parser.add_argument("--site", required=True, help="the site's code")
        parser.add_argument("--month", required=True, help="YYYY-MM")
        parser.add_argument("--apply", action="store_true")
        parser.add_argument("--json", action="store_true")
        parser.add_argument("--user", help="log-in name in whose name it is done (default: a WFM)")

    def handle(self, *args: Any, **options: Any) -> None:
        try:
            found = self.run(**options)
        except Refused as refusal:
            if options["json"]:
                self.stdout.write(json.dumps({"refused": {"code": refusal.code, "message": str(refusal)}}))
            raise CommandError(str(refusal)) from refusal
        if options["json"]:
            self.stdout.write(json.dumps(found, ensure_ascii=False))
        else:
            self.show(found)
        if found.get("counts", {}).get("faulty"):
            sys.exit(1)

    @transaction.atomic
    def run(self, *, file: Path, apply: bool, **options: Any) -> dict[str, Any]:
        place: dict[str, Any] = {
            "site": self.site(options["site"]), "month": self.month(options["month"]),
            "actor": self.actor(options["user"]), "now": timezone.now(),
        }  # fmt: skip
        try:
            upload = file.open("rb")
        except OSError as error:
            raise CommandError(f"{file}: {error.strerror}") from error
        with upload:
            if apply:
                return {"imported": roster_import(file=upload, name=file.name, **place)}
            return summary(roster_read(file=upload, **place), most=1_000_000)

    def site(self, code: str) -> Site:
        found = Site.objects.filter(code=code).first()
        if found is None:
            raise CommandError(f"there is no site {code}")
        return found

    def month(self, text: str) -> date:
        if not re.fullmatch(r"20[0-9]{2}-(0[1-9]|1[0-2])", text):
            raise CommandError(f"{text} is no month: write it as 2026-11", returncode=2)
        return date.fromisoformat(f"{text}-01")

    def actor(self, name: str | None) -> User:
        wanted = {"username__iexact": name} if name else {"roles__role": "wfm"}
        user = User.objects.filter(**wanted).order_by("pk").first()
        if user is None:
            raise CommandError(f"there is no user {name}" if name else "nobody is WFM; give --user")
        return user

    def show(self, found: dict[str, Any]) -> None:
        if made := found.get("imported"):
            self.stdout.write(f"imported: version {made['version']}, {made['changes']} cells changed")
            return
        counts = found["counts"]
        self.stdout.write(
            f"{counts['total']} rows, {counts['days']} days: {counts['good']} good, {counts['faulty']} with problems; "
            f"{counts['changes']} cells would change"
        )
        for row in found["rows"]:
            for one in row["problems"]:
                self.stdout.write(f"  {one['column'] or 'row ' + str(row['row'])}: {one['message']}")
