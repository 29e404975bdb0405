"""`manage.py verify_ledger [--json]`: exit 0 when the ledger is whole, 1 with the first broken entry named."""

import json
from typing import Any

from django.core.management.base import CommandError, CommandParser

from occ.commands import EnglishCommand
from occ.ledger.models import Entry, Seal
from occ.ledger.verification import faults


class Command(EnglishCommand):
    help = "Verify the evidence ledger against its seals."

    def add_arguments(self, parser: CommandParser) -> None:
        parser.add_argument("--json", action="store_true")

    def handle(self, *args: Any, **options: Any) -> None:
        found = list(faults())
        last = Seal.objects.order_by("-pk").first()
        if options["json"]:
            answer = {
                "ok": not found,
                "entries": Entry.objects.count(),
                "seals": Seal.objects.count(),
                "unsealed": Entry.objects.filter(pk__gt=last.last_id if last else 0).count(),
                "head": last.hash if last else None,
                "faults": [{"kind": f.kind, "seal": f.seal_id, "entry": f.entry_id} for f in found],
            }
            self.stdout.write(json.dumps(answer))
        if found:
            raise CommandError(f"ledger broken: {found[0]}; {len(found)} fault(s) in all")
        if not options["json"]:
            self.stdout.write(f"ledger whole: {Entry.objects.count()} entries, head {last.hash if last else '-'}")
