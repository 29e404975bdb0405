import json
from argparse import ArgumentParser, ArgumentTypeError
from datetime import date
from pathlib import Path
from typing import Any

from django.core.management.base import CommandError
from django.db.models import QuerySet, Sum
from django.utils import timezone

from occ.commands import EnglishCommand
from occ.errors import Refused
from occ.people.actors import COMMAND
from occ.people.models import Site
from occ.times import end_of_day, start_of_day
from retention.models import Record
from retention.services.naming import batch_named, record_named
from retention.services.restoring import records_restore, room_for


def day(text: str) -> date:
    try:
        return date.fromisoformat(text)
    except ValueError as error:
        raise ArgumentTypeError("write it as 2026-11-20") from error


class Command(EnglishCommand):
    help = "Gives back one record, a batch or all that ended in a range of days, as a plain BagIt bag (RET-6)."

    def add_arguments(self, parser: ArgumentParser) -> None:
        parser.add_argument("--record", help="number, or ID at the source")
        parser.add_argument("--batch", help="number or name")
        parser.add_argument("--from", dest="first", type=day, metavar="DATE")
        parser.add_argument("--to", dest="last", type=day, metavar="DATE", help="included")
        parser.add_argument("--out", type=Path, required=True, metavar="DIR", help="a new or empty folder")
        parser.add_argument("--json", action="store_true")

    def handle(self, *args: Any, **options: Any) -> None:
        now = timezone.now()
        records, name = self.chosen(**options)
        size = records.aggregate(size=Sum("size"))["size"]
        if size is None:
            raise CommandError("there is no such record")
        if not room_for(options["out"].absolute(), size):
            raise CommandError(f"there is no room for {size} bytes in {options['out']}")
        try:
            done = records_restore(records=records, out=options["out"], identifier=name, actor=COMMAND, now=now)
        except Refused as refusal:
            if options["json"]:
                self.stdout.write(json.dumps({"refused": {"code": refusal.code, "message": str(refusal)}}))
            raise CommandError(str(refusal)) from refusal
        except OSError as error:
            raise CommandError(f"{options['out']}: {error.strerror}") from error
        if options["json"]:
            facts = {
                "out": str(options["out"]), "bag": name, "records": done.records, "bytes": done.bytes,
                "destroyed": done.destroyed, "not_backed_up": done.without,
                "failed": [{"record": record, "why": why} for record, why in done.failed],
            }  # fmt: skip
            self.stdout.write(json.dumps(facts, ensure_ascii=False))
        else:
            self.stdout.write(
                f"{options['out']}: {done.records} records, {done.bytes} bytes; destroyed {done.destroyed},"
                f" not backed up {done.without}, failed {len(done.failed)}"
            )
            for record, why in done.failed:
                self.stdout.write(f"  {record}: {why}")
        if done.failed or not done.records:
            raise CommandError("not everything could be given back")

    def chosen(self, **options: Any) -> tuple[QuerySet[Record], str]:
        ways = [bool(options["record"]), bool(options["batch"]), bool(options["first"] or options["last"])]
        if sum(ways) != 1:
            raise CommandError("say one of --record, --batch, or --from and --to", returncode=2)
        if options["record"]:
            record = record_named(options["record"])
            if record is None:
                raise CommandError(f"there is no record {options['record']}, or more than one")
            return Record.objects.filter(pk=record.pk), f"record-{record.pk}"
        if options["batch"]:
            batch = batch_named(options["batch"])
            if batch is None:
                raise CommandError(f"there is no batch {options['batch']}")
            return Record.objects.filter(batch=batch), batch.identifier
        if not (options["first"] and options["last"]):
            raise CommandError("--from and --to go together", returncode=2)
        found = Record.objects.none()
        for site in Site.objects.all():
            begins, ends = start_of_day(options["first"], site.zone), end_of_day(options["last"], site.zone)
            found |= Record.objects.filter(site=site, ended_at__gte=begins, ended_at__lt=ends)
        return found, f"{options['first']}--{options['last']}"
