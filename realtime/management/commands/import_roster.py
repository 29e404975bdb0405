import re
from argparse import ArgumentParser
from datetime import date
from typing import Any, BinaryIO

from django.core.management.base import CommandError

from occ.import_command import ImportCommand, site_coded
from realtime.services.roster_imports import roster_import
from realtime.services.roster_reading import roster_read, summary


def month(text: str) -> date:
    if not re.fullmatch(r"20[0-9]{2}-(0[1-9]|1[0-2])", text):
        raise CommandError(f"{text} is no month: write it as 2026-11", returncode=2)
    return date.fromisoformat(f"{text}-01")


class Command(ImportCommand):
    help = "Shows what a spreadsheet roster would change; with --apply imports all of it or nothing (RTM-1)."
    role, called = "wfm", "WFM"

    def add_arguments(self, parser: ArgumentParser) -> None:
        super().add_arguments(parser)
        parser.add_argument("--site", required=True, help="the site's code")
        parser.add_argument("--month", required=True, help="YYYY-MM")

    def place(self, options: dict[str, Any]) -> dict[str, Any]:
        return {"site": site_coded(options["site"]), "month": month(options["month"])}

    def look(self, upload: BinaryIO, place: dict[str, Any]) -> dict[str, Any]:
        return summary(roster_read(file=upload, **place), most=1_000_000)

    def bring(self, upload: BinaryIO, name: str, place: dict[str, Any]) -> dict[str, Any]:
        return roster_import(file=upload, name=name, **place)

    def done(self, made: dict[str, Any]) -> str:
        return f"imported: version {made['version']}, {made['changes']} cells changed"

    def shown(self, found: dict[str, Any]) -> list[str]:
        counts = found["counts"]
        head = (
            f"{counts['total']} rows, {counts['days']} days: {counts['good']} good, {counts['faulty']} with problems; "
            f"{counts['changes']} cells would change"
        )
        problems = [(row, one) for row in found["rows"] for one in row["problems"]]
        return [head, *(f"  {one['column'] or 'row ' + str(row['row'])}: {one['message']}" for row, one in problems)]
