import json
from argparse import ArgumentParser
from typing import Any

from django.core.management.base import CommandError
from django.utils import timezone

from occ.commands import EnglishCommand
from occ.errors import WrongState
from occ.people.actors import COMMAND
from occ.texts import said
from retention.choices import Result
from retention.models import Check, Finding, Store
from retention.services.naming import batch_named
from retention.services.store_lists import alarms, store_list
from retention.services.verifying import batch_verify, store_verify


class Command(EnglishCommand):
    help = "Reads every package of a batch, or of every store in use, and compares; also lists the stores (RET-6)."

    def add_arguments(self, parser: ArgumentParser) -> None:
        parser.add_argument("batch", nargs="?", help="number or name")
        parser.add_argument("--json", action="store_true")

    def handle(self, *args: Any, **options: Any) -> None:
        checks = self.one(options["batch"]) if options["batch"] else self.everything()
        rows = [self.row(one) for one in checks]
        findings = Finding.objects.open().filter(source=None).order_by("pk")
        found = [
            {"id": one.pk, "kind": one.kind, "name": one.name, "detail": said(one.detail)} for one in findings[:1000]
        ]
        if options["json"]:
            self.stdout.write(json.dumps({"checks": rows, "findings": found}, ensure_ascii=False))
        else:
            for row in rows:
                self.stdout.write(
                    f"{row['kind']} {row['of']}: {row['result']}, {row['objects']} objects, {row['bytes']} bytes,"
                    f" {row['failures']} failures {row['note']}"
                )
            for one in found:
                self.stdout.write(f"  {one['kind']}: {one['name']} {one['detail']}")
        if any(one.result != Result.OK for one in checks):
            raise CommandError("not everything is in order, or could be read")

    def one(self, name: str) -> list[Check]:
        batch = batch_named(name)
        if batch is None:
            raise CommandError(f"there is no batch {name}")
        return [batch_verify(batch_id=batch.pk, actor=COMMAND, clock=timezone.now)]

    def everything(self) -> list[Check]:
        stores = list(Store.objects.active().select_related("credential").order_by("pk"))
        try:
            lists = [store_list(store=one, actor=COMMAND, clock=timezone.now) for one in stores]
        except WrongState as why:  # before hours of reading
            raise CommandError(str(why)) from why
        checks = [store_verify(store=one, actor=COMMAND, clock=timezone.now) for one in stores]
        alarms(now=timezone.now())
        return [*checks, *lists]

    def row(self, check: Check) -> dict[str, Any]:
        of = check.store.code if check.store else check.batch.identifier if check.batch else ""
        return {
            "kind": check.kind, "of": of, "result": check.result, "objects": check.objects_count,
            "bytes": check.bytes_count, "failures": check.failures, "note": said(check.note),
        }  # fmt: skip
