import json
from argparse import ArgumentParser
from typing import Any

from django.core.management.base import BaseCommand, CommandError
from django.utils import timezone

from occ.demo.load import logins_file
from occ.demo.second_factors import code_at


class Command(BaseCommand):
    help = "Prints the six digits that an authenticator app would show now for a log-in of the demo."

    def add_arguments(self, parser: ArgumentParser) -> None:
        parser.add_argument("name")

    def handle(self, *args: Any, name: str, **options: Any) -> None:
        path = logins_file()
        secrets = json.loads(path.read_text()).get("secrets", {}) if path.exists() else {}
        if name not in secrets:
            raise CommandError(f"the demo knows no secret of {name}; those with one: {', '.join(secrets) or 'none'}")
        self.stdout.write(code_at(secrets[name], timezone.now()))
