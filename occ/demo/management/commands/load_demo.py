from typing import Any

from django.conf import settings
from django.core.management.base import BaseCommand, CommandError
from django.utils import timezone, translation

from occ.demo.load import load, loaded


class Command(BaseCommand):
    help = "Fills an empty demo database; does nothing on one that is filled."

    def handle(self, *args: Any, **options: Any) -> None:
        if not settings.DEMO:
            raise CommandError("this is no demo installation (OCC_DEMO is not 1); a real one begins with bootstrap")
        if not loaded():
            self.stdout.write("-- Living through two years of the demo …")
            with translation.override("id"):
                load(now=timezone.now())
