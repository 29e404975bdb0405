from argparse import ArgumentParser
from datetime import date, datetime, timedelta
from pathlib import Path
from typing import Any

from django.core.files.storage import storages
from django.core.management.base import CommandError
from django.utils import timezone, translation

from occ.commands import EnglishCommand
from occ.people.actors import COMMAND
from occ.people.models import Site
from occ.times import JAKARTA, end_of_day, local_day
from userids.models import Account
from userids.services.exports import logbook_issue, logbook_workbook


class Command(EnglishCommand):
    help = "Writes the logbook as it was at the end of a day (default: now) to a file (UID-14)."

    def add_arguments(self, parser: ArgumentParser) -> None:
        parser.add_argument("--as-of", type=date.fromisoformat, metavar="DATE")
        parser.add_argument("--format", choices=["xlsx", "pdf"], required=True)
        parser.add_argument("--out", type=Path, required=True)
        parser.add_argument("--site", help="code; needed for pdf where there are several")
        parser.add_argument("--language", choices=["id", "en"], default="id")

    def handle(self, *args: Any, format: str, out: Path, language: str, **options: Any) -> None:
        now = timezone.now()
        day = options["as_of"]
        at = min(end_of_day(day, JAKARTA) - timedelta(microseconds=1), now) if day else now
        if day and day > local_day(now, JAKARTA):
            raise CommandError("--as-of lies in the future")
        site = self.site(options["site"], needed=format == "pdf")
        with translation.override(language):
            count = self.write(format, out, site, at, language, now)
        self.stdout.write(f"{out}: {count}")

    def site(self, code: str | None, *, needed: bool) -> Site | None:
        sites = list(Site.objects.filter(code=code) if code else Site.objects.all()[:2])
        if (code and not sites) or (needed and len(sites) != 1):
            raise CommandError(f"there is no site {code}" if code else "say for which site: --site CODE")
        return sites[0] if code or needed else None

    def write(self, format: str, out: Path, site: Site | None, at: datetime, language: str, now: datetime) -> str:
        accounts = Account.objects.as_of(at).select_related("site", "application")
        if site is not None:
            accounts = accounts.filter(site=site)
        if format == "xlsx":
            with out.open("wb") as file:
                return f"{logbook_workbook(file, accounts, at=at, now=now)} rows"
        assert site is not None
        document = logbook_issue(
            accounts=accounts, site=site, at=at, period=None, language=language, signatures=(), actor=COMMAND, now=now
        )
        with storages["documents"].open(document.file) as issued:
            out.write_bytes(issued.read())
        return document.full_number
