from argparse import ArgumentParser
from typing import Any, BinaryIO

from django.core.management.base import CommandError

from occ.import_command import ImportCommand
from occ.people.models import Site
from userids.models import Application
from userids.services.importing import logbook_read, summary
from userids.services.imports import logbook_import


class Command(ImportCommand):
    help = "Shows what a spreadsheet logbook would do; with --apply imports all of it or nothing (UID-13)."
    role, called = "document_control", "Document Control"

    def add_arguments(self, parser: ArgumentParser) -> None:
        super().add_arguments(parser)
        parser.add_argument("--site", help="code of the site that rows without one belong to")
        parser.add_argument("--application", default="OMNI", help="code; made when there is none yet")

    def place(self, options: dict[str, Any]) -> dict[str, Any]:
        return {"site": self.site(options["site"]), "application": self.application(options["application"])}

    def look(self, upload: BinaryIO, place: dict[str, Any]) -> dict[str, Any]:
        return summary(logbook_read(file=upload, **place), most=1_000_000)

    def bring(self, upload: BinaryIO, name: str, place: dict[str, Any]) -> dict[str, Any]:
        return logbook_import(file=upload, name=name, **place)

    def site(self, code: str | None) -> Site | None:
        sites = list(Site.objects.filter(code=code) if code else Site.objects.all()[:2])
        if code and not sites:
            raise CommandError(f"there is no site {code}")
        return sites[0] if len(sites) == 1 else None

    def application(self, code: str) -> Application:
        name = "Omni Channel" if code == "OMNI" else code
        return Application.objects.get_or_create(code=code, defaults={"name": name})[0]

    def done(self, made: dict[str, Any]) -> str:
        return f"imported: {made['accounts']} user IDs, {made['people']} new people"

    def shown(self, found: dict[str, Any]) -> list[str]:
        counts = found["counts"]
        lines = [f"{counts['total']} rows: {counts['good']} good, {counts['faulty']} with problems"]
        for row in found["rows"]:
            said = "; ".join(f"{one['column']}: {one['message']}" for one in row["problems"])
            lines.append(f"  row {row['row']} {row['subject']}: {said}")
        return lines
