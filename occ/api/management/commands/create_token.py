from argparse import ArgumentParser
from typing import Any

from django.core.management.base import CommandError
from django.db import IntegrityError, transaction
from django.utils import timezone

from occ.api.authentication import token_create
from occ.commands import EnglishCommand
from occ.ledger.services import record
from occ.people.actors import COMMAND
from occ.people.choices import Role
from occ.people.models import RoleAssignment, Site, User
from occ.times import JAKARTA, local_day


class Command(EnglishCommand):
    help = "Makes an API token for a machine with one role, and prints it, once."

    def add_arguments(self, parser: ArgumentParser) -> None:
        parser.add_argument("name")
        parser.add_argument("--role", choices=Role.values, required=True)
        parser.add_argument("--site", help="code; without it the role holds for all sites")

    @transaction.atomic
    def handle(self, *args: Any, name: str, role: str, site: str | None, **options: Any) -> None:
        place = Site.objects.filter(code=site).first() if site else None
        if site and place is None:
            raise CommandError(f"there is no site {site}")
        now = timezone.now()
        user = User(username=f"api.{name}"[:150], first_name=name[:150])
        user.set_unusable_password()
        try:
            with transaction.atomic():
                user.save()
                RoleAssignment.objects.create(user=user, role=role, site=place, starts_on=local_day(now, JAKARTA))
                token = token_create(name=name, user=user, now=now)
        except IntegrityError as error:
            raise CommandError(f"there is a token {name} already") from error
        data = {"name": name, "role": role}
        record(actor=COMMAND, action="token.created", subject=user, data=data, now=now, site=place)
        self.stdout.write(token)
