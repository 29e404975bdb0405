import json
from argparse import ArgumentParser
from typing import Any

from django.conf import settings
from django.core.management.base import BaseCommand, CommandError
from django.db import connection
from django.utils import timezone

from occ.commands import instant
from occ.home.beat import DUTIES


class Command(BaseCommand):
    help = "Does once, here, all that beat would do that is due at that instant."

    def add_arguments(self, parser: ArgumentParser) -> None:
        parser.add_argument("--now", type=instant, metavar="ISO8601")
        parser.add_argument("--json", action="store_true")

    def handle(self, *args: Any, **options: Any) -> None:
        now = options["now"] or timezone.now()
        test = str(connection.settings_dict["NAME"]).startswith("test_")
        if now > timezone.now() and not (settings.DEMO or test):
            raise CommandError("--now lies in the future, and this is no demo or test database")
        done = {kind: duty(now) for kind, duty in DUTIES.items()}
        if options["json"]:
            self.stdout.write(json.dumps({"now": now.isoformat(), "done": done}))
        else:
            self.stdout.write("\n".join(f"{kind}: {count}" for kind, count in done.items()))
