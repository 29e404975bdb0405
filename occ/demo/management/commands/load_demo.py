import json
from argparse import ArgumentParser
from typing import Any

from django.conf import settings
from django.core.management.base import BaseCommand, CommandError
from django.utils import timezone, translation

from occ.demo.load import load, loaded, logins_file


class Command(BaseCommand):
    help = "Fills an empty demo database; does nothing on one that is filled. --print shows the log-ins."

    def add_arguments(self, parser: ArgumentParser) -> None:
        parser.add_argument("--print", action="store_true", dest="show")

    def handle(self, *args: Any, show: bool, **options: Any) -> None:
        if not settings.DEMO:
            raise CommandError("this is no demo installation (OCC_DEMO is not 1); a real one begins with bootstrap")
        if show:
            self.show()
        elif not loaded():
            self.stdout.write("-- Living through two years of the demo …")
            with translation.override("id"):
                load(now=timezone.now())

    def show(self) -> None:
        if not logins_file().exists():
            raise CommandError("no log-ins are kept: this database was not filled by load_demo")
        logins = json.loads(logins_file().read_text())
        self.stdout.write(f"\nLog in with one of these names and the password {logins['password']}\n")
        names = logins["users"]
        width = max(map(len, names)) + 2
        for i in range(0, len(names), 4):
            self.stdout.write("  " + "".join(name.ljust(width) for name in names[i : i + 4]))
        self.stdout.write("")
