import json
from argparse import ArgumentParser
from datetime import datetime
from pathlib import Path
from typing import Any

from django.core.management.base import CommandError
from django.utils import timezone

from occ.commands import EnglishCommand, instant
from occ.errors import Refused
from occ.import_command import user_named
from userids.choices import ListSource
from userids.connectors.base import ConnectorError
from userids.models import Application
from userids.models.reconciliation import Reconciliation
from userids.reconciling.pulling import listing_of
from userids.reconciling.reading import FaultyRows, Listing, faulty_rows, list_read
from userids.reconciling.report import report_of
from userids.reconciling.runs import reconciliation_run
from userids.services.applications import connected


class Command(EnglishCommand):
    help = "Compares the logbook with an application's list of users: a file, or its connector's (UID-11)."

    def add_arguments(self, parser: ArgumentParser) -> None:
        parser.add_argument("application", help="code")
        parser.add_argument("file", type=Path, nargs="?")
        parser.add_argument("--json", action="store_true")
        parser.add_argument("--taken-at", type=instant, metavar="ISO8601", help="when the application made the list")
        parser.add_argument(
            "--confirm",
            action="store_true",
            help="an empty or much shorter list, or one with very many new findings, is right",
        )
        parser.add_argument("--language", choices=["id", "en"], default="id", help="of the report")
        parser.add_argument("--user", help="log-in name in whose name it is done (default: a Document Control)")

    def handle(self, *args: Any, **options: Any) -> None:
        try:
            run = self.run(**options)
        except FaultyRows as faulty:
            self.faulty(faulty, json_wanted=options["json"])
            raise CommandError(str(faulty)) from faulty
        except (Refused, ConnectorError) as refusal:
            code = getattr(refusal, "code", "connector")
            if options["json"]:
                self.stdout.write(json.dumps({"refused": {"code": code, "message": str(refusal)}}))
            raise CommandError(str(refusal)) from refusal
        self.show(run, json_wanted=options["json"])

    def run(self, *, application: str, file: Path | None, **options: Any) -> Reconciliation:
        now = timezone.now()
        found = Application.objects.filter(code=application).first()
        if found is None:
            raise CommandError(f"there is no application {application}")
        taken_at = options["taken_at"] or now
        return reconciliation_run(
            application=found, listing=self.listing(found, file, taken_at), taken_at=taken_at,
            source=ListSource.FILE if file else ListSource.CONNECTOR, confirmed=options["confirm"],
            language=options["language"],
            actor=user_named(options["user"], role="document_control", called="Document Control"), now=now,
        )  # fmt: skip

    def listing(self, application: Application, file: Path | None, taken_at: datetime) -> Listing:
        if file is None:
            with connected(application) as connector:
                return listing_of(connector.list_accounts(), name=str(application))
        try:
            upload = file.open("rb")
        except OSError as error:
            raise CommandError(f"{file}: {error.strerror}") from error
        with upload:
            return list_read(file=upload, name=file.name, taken_at=taken_at)

    def faulty(self, faulty: FaultyRows, *, json_wanted: bool) -> None:
        found = faulty_rows(faulty.preview, most=1_000_000)
        if json_wanted:
            refused = {"code": faulty.code, "message": str(faulty)} | found
            self.stdout.write(json.dumps({"refused": refused}, ensure_ascii=False))
            return
        for row in found["rows"]:
            said = "; ".join(f"{one['column']}: {one['message']}" for one in row["problems"])
            self.stdout.write(f"  row {row['row']} {row['user_id']}: {said}")

    def show(self, run: Reconciliation, *, json_wanted: bool) -> None:
        document = report_of(run).first()
        if json_wanted:
            facts = {
                "run": run.pk, "application": run.application.code, "source": run.source, "sha256": run.sha256,
                "taken_at": run.taken_at.isoformat(), "users": run.users, "active_users": run.active_users,
                "accounts": run.accounts, "active_accounts": run.active_accounts, "counts": run.counts,
                "seconds": run.seconds, "report": document.full_number if document else None,
            }  # fmt: skip
            self.stdout.write(json.dumps(facts, ensure_ascii=False))
            return
        self.stdout.write(f"reconciliation {run.pk}: {run.users} users, {run.accounts} user IDs in the logbook")
        for sight, kinds in run.counts.items():
            for kind, count in kinds.items():
                self.stdout.write(f"  {sight} {kind}: {count}")
