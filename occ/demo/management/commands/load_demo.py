import json
from argparse import ArgumentParser
from typing import Any

from django.conf import settings
from django.core.management.base import BaseCommand, CommandError
from django.utils import timezone, translation

from occ.demo.load import keep, load, loaded, logins_file
from occ.demo.second_factors import demand, forget, set_up


class Command(BaseCommand):
    help = "Fills an empty demo database; on one that is filled only the second factor is switched on or off."

    def add_arguments(self, parser: ArgumentParser) -> None:
        parser.add_argument("--no-totp", action="store_true", help="no role needs a second factor")

    def handle(self, *args: Any, no_totp: bool, **options: Any) -> None:
        if not settings.DEMO:
            raise CommandError("this is no demo installation (OCC_DEMO is not 1); a real one begins with bootstrap")
        with translation.override("id"):
            if not loaded():
                self.stdout.write("Living through two years of the demo; this takes some minutes …")
                load(now=timezone.now(), say=self.stdout.write)
            now = timezone.now()
            demand(on=not no_totp, now=now)
            logins = json.loads(logins_file().read_text())
            if no_totp and (known := logins.pop("secrets", {})):
                forget(list(known), now=now)
                keep(logins)
            if made := set_up(logins["users"], now=now):
                keep(logins | {"secrets": logins.get("secrets", {}) | made})
