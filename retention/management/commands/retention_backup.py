import json
from argparse import ArgumentParser
from datetime import timedelta
from typing import Any

from django.core.management.base import CommandError
from django.utils import timezone

from occ.commands import EnglishCommand
from occ.errors import Refused
from occ.people.actors import BEAT
from retention.choices import BatchStatus
from retention.models import Batch
from retention.services.backups import Outcome, batch_back_up, batches_due
from retention.services.batches import batch_escalate, batch_start, batches_run
from retention.services.naming import batch_named

ENOUGH = timedelta(days=7)


class Command(EnglishCommand):
    help = "Backs up a batch now, whatever its time, or all batches whose time has come (RET-4, RET-5)."

    def add_arguments(self, parser: ArgumentParser) -> None:
        parser.add_argument("batch", nargs="?", help="number or name")
        parser.add_argument("--json", action="store_true")

    def handle(self, *args: Any, **options: Any) -> None:
        try:
            rows = self.one(options["batch"]) if options["batch"] else self.due()
        except Refused as refusal:
            if options["json"]:
                self.stdout.write(json.dumps({"refused": {"code": refusal.code, "message": str(refusal)}}))
            raise CommandError(str(refusal)) from refusal
        if options["json"]:
            self.stdout.write(json.dumps({"batches": rows}, ensure_ascii=False))
        else:
            for row in rows:
                self.stdout.write(
                    f"{row['batch']}: {row['outcome']}, {row['backed_up']} of {row['records']} records,"
                    f" {row['problems']} problems {row['error']}"
                )
        if wrong := [row["batch"] for row in rows if row["outcome"] in {Outcome.WAITS, Outcome.INCOMPLETE}]:
            raise CommandError(f"not complete: {', '.join(wrong)}")

    def one(self, name: str) -> list[dict[str, Any]]:
        batch = batch_named(name)
        if batch is None:
            raise CommandError(f"there is no batch {name}")
        now = timezone.now()
        if batch.status == BatchStatus.GATHERING:
            batch_escalate(batch_id=batch.pk, actor=BEAT, now=now)
        if batch.status == BatchStatus.RUNNING:
            Batch.objects.filter(pk=batch.pk).update(next_at=now)
        elif batch.is_open:
            batch_start(batch_id=batch.pk, actor=BEAT, now=now)
        return [self.run(batch.pk)]

    def due(self) -> list[dict[str, Any]]:
        batches_run(now=timezone.now())
        due = batches_due(timezone.now()).order_by("due_at", "pk")
        return [self.run(pk) for pk in list(due.values_list("pk", flat=True))]

    def run(self, pk: int) -> dict[str, Any]:
        outcome = batch_back_up(batch_id=pk, clock=timezone.now, lasting=ENOUGH)
        batch = Batch.objects.select_related("site").get(pk=pk)
        if outcome is Outcome.BUSY and batch.status == BatchStatus.COMPLETE:
            outcome = Outcome.COMPLETE
        return {
            "batch": batch.identifier, "id": batch.pk, "status": batch.status, "outcome": str(outcome),
            "records": batch.records_count, "backed_up": batch.done_count, "bytes": batch.bytes_count,
            "problems": batch.problems_count, "error": batch.error,
        }  # fmt: skip
