from argparse import ArgumentParser
from typing import Any

from django.core.management.base import CommandError
from django.utils import timezone, translation

from occ.commands import EnglishCommand
from occ.errors import Refused
from occ.login.services.entering import find
from occ.login.services.second_factor import second_factor_reset
from occ.people.actors import COMMAND


class Command(EnglishCommand):
    help = "Forgets somebody's second factor where no other administrator can; the next log-in sets up a new one."

    def add_arguments(self, parser: ArgumentParser) -> None:
        parser.add_argument("name", help="user name")
        parser.add_argument("--reason", required=True)

    def handle(self, *args: Any, name: str, reason: str, **options: Any) -> None:
        user = find(name)
        if user is None:
            raise CommandError(f"there is no user {name}")
        try:
            with translation.override("en"):
                second_factor_reset(user=user, reason=reason, actor=COMMAND, now=timezone.now())
        except Refused as refusal:
            raise CommandError(str(refusal)) from refusal
        self.stdout.write(f"{user.username}: reset, sessions ended")
