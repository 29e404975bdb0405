from argparse import ArgumentParser
from typing import Any

from django.core.management.base import CommandError
from django.utils import timezone

from occ.commands import EnglishCommand
from occ.login.services.entering import find
from occ.login.services.logins import lockout_lift
from occ.people.actors import COMMAND


class Command(EnglishCommand):
    help = "Lets somebody who was locked out after wrong passwords or codes try again at once."

    def add_arguments(self, parser: ArgumentParser) -> None:
        parser.add_argument("name", help="user name")

    def handle(self, *args: Any, name: str, **options: Any) -> None:
        user = find(name)
        if user is None:
            raise CommandError(f"there is no user {name}")
        count = lockout_lift(user=user, actor=COMMAND, now=timezone.now())
        self.stdout.write(f"{user.username}: {count} attempts forgotten")
