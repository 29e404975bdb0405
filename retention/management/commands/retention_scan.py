import json
from argparse import ArgumentParser
from typing import Any

from django.core.management.base import CommandError
from django.utils import timezone

from occ.commands import EnglishCommand
from occ.errors import Refused
from occ.people.actors import COMMAND
from occ.texts import said
from retention.models import Scan, Source
from retention.services.scanning import COUNTS, source_scan


class Command(EnglishCommand):
    help = "Reads a source's list and brings the catalogue up to it (RET-1). Again does no harm."

    def add_arguments(self, parser: ArgumentParser) -> None:
        parser.add_argument("source", help="code")
        parser.add_argument("--json", action="store_true")

    def handle(self, *args: Any, source: str, **options: Any) -> None:
        found = Source.objects.filter(code=source).first()
        if found is None:
            known = ", ".join(Source.objects.order_by("code").values_list("code", flat=True)) or "none"
            raise CommandError(f"there is no source {source}; there are: {known}")
        try:
            scan = source_scan(source_id=found.pk, actor=COMMAND, now=timezone.now())
        except Refused as refusal:
            raise CommandError(str(refusal)) from refusal
        self.show(scan, json_wanted=options["json"])
        if scan.error:
            raise CommandError(said(scan.error))

    def show(self, scan: Scan, *, json_wanted: bool) -> None:
        facts: dict[str, Any] = {name: getattr(scan, name) for name in COUNTS}
        if json_wanted:
            assert scan.ended_at is not None
            seconds = (scan.ended_at - scan.started_at).total_seconds()
            facts |= {"source": scan.source.code, "scan": scan.pk, "refusals": scan.refusals, "error": said(scan.error)}
            self.stdout.write(json.dumps(facts | {"seconds": seconds}, ensure_ascii=False))
            return
        self.stdout.write(f"{scan.source.code}: " + ", ".join(f"{name} {count}" for name, count in facts.items()))
        for one in scan.refusals:
            self.stdout.write(f"  {one['path']}: {one['why']}")
