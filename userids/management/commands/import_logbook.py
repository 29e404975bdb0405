import json
import sys
from argparse import ArgumentParser
from pathlib import Path
from typing import Any

from django.core.management.base import CommandError
from django.db import transaction
from django.utils import timezone

from occ.commands import EnglishCommand
from occ.errors import Refused
from occ.people.models import Site, User
from userids.models import Application
from userids.services.importing import logbook_read, summary
from userids.services.imports import logbook_import


class Command(EnglishCommand):
    help = "Shows what a spreadsheet logbook would do; with --apply imports all of it or nothing (UID-13)."

    def add_arguments(self, parser: ArgumentParser) -> None:
        parser.add_argument("file", type=Path)
        parser.add_argument("--apply", action="store_true")
        parser.add_argument("--json", action="store_true")
        parser.add_argument("--site", help="code of the site that rows without one belong to")
        parser.add_argument("--application", default="OMNI", help="code; made when there is none yet")
        parser.add_argument("--user", help="log-in name in whose name it is done (default: a Document Control)")

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
        now = timezone.now()
        site = self.site(options["site"])
        application = self.application(options["application"])
        actor = self.actor(options["user"])
        try:
            upload = file.open("rb")
        except OSError as error:
            raise CommandError(f"{file}: {error.strerror}") from error
        with upload:
            place: dict[str, Any] = {"site": site, "application": application, "actor": actor, "now": now}
            if apply:
                return {"imported": logbook_import(file=upload, name=file.name, **place)}
            found = summary(logbook_read(file=upload, **place), most=1_000_000)
            transaction.set_rollback(True)  # a look leaves nothing, not even the application's row
            return found

    def site(self, code: str | None) -> Site | None:
        sites = list(Site.objects.filter(code=code) if code else Site.objects.all()[:2])
        if code and not sites:
            raise CommandError(f"there is no site {code}")
        return sites[0] if len(sites) == 1 else None

    def application(self, code: str) -> Application:
        name = "Omni Channel" if code == "OMNI" else code
        return Application.objects.get_or_create(code=code, defaults={"name": name})[0]

    def actor(self, name: str | None) -> User:
        wanted = {"username__iexact": name} if name else {"roles__role": "document_control"}
        user = User.objects.filter(**wanted).order_by("pk").first()
        if user is None:
            raise CommandError(f"there is no user {name}" if name else "nobody is Document Control; give --user")
        return user

    def show(self, found: dict[str, Any]) -> None:
        if made := found.get("imported"):
            self.stdout.write(f"imported: {made['accounts']} user IDs, {made['people']} new people")
            return
        counts = found["counts"]
        self.stdout.write(f"{counts['total']} rows: {counts['good']} good, {counts['faulty']} with problems")
        for row in found["rows"]:
            said = "; ".join(f"{one['column']}: {one['message']}" for one in row["problems"])
            self.stdout.write(f"  row {row['row']} {row['subject']}: {said}")
