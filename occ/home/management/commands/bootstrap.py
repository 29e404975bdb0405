from argparse import ArgumentParser
from datetime import date, datetime
from pathlib import Path
from typing import Any

import yaml
from django.contrib.auth.password_validation import validate_password
from django.core.exceptions import ValidationError
from django.core.management.base import CommandError
from django.db import transaction
from django.utils import timezone

from occ.commands import EnglishCommand
from occ.ledger.services import record
from occ.people.actors import COMMAND
from occ.people.choices import Role
from occ.people.models import RoleAssignment, Site, Team, User
from occ.policies.models import Policy
from occ.policies.registry import DEFINITIONS
from occ.times import JAKARTA, local_day
from userids.models import Application

KNOWN = {"sites", "applications", "users", "policies"}


class Command(EnglishCommand):
    help = (
        "Makes an empty real installation usable from one YAML file (docs/bootstrap.example.yaml); again does no harm."
    )

    def add_arguments(self, parser: ArgumentParser) -> None:
        parser.add_argument("file", type=Path)

    def handle(self, *args: Any, file: Path, **options: Any) -> None:
        try:
            wanted = yaml.safe_load(file.read_text())
        except (OSError, UnicodeDecodeError, yaml.YAMLError) as error:
            raise CommandError(f"{file} cannot be read: {error}") from error
        if not isinstance(wanted, dict) or not wanted.keys() <= KNOWN:
            raise CommandError(f"{file}: the top level has {', '.join(sorted(KNOWN))} and nothing else")
        now = timezone.now()
        try:
            with transaction.atomic():
                made = Maker(now).make(wanted)
                record(actor=COMMAND, action="bootstrap", subject=None, data=made, now=now)
        except (KeyError, TypeError, ValueError, AttributeError) as error:
            raise CommandError(
                f"{file}: {error.__class__.__name__}: {error} (see docs/bootstrap.example.yaml)"
            ) from error
        except ValidationError as error:
            raise CommandError(f"{file}: {' '.join(error.messages)}") from error
        self.stdout.write(", ".join(f"{count} {what} made" for what, count in made.items()))


class Maker:
    """Makes what is missing and leaves what is there; counts what was made."""

    def __init__(self, now: datetime) -> None:
        self.now, self.made = now, dict.fromkeys(("sites", "teams", "applications", "users", "roles", "policies"), 0)

    def make(self, wanted: dict[str, Any]) -> dict[str, int]:
        for site in wanted.get("sites") or []:
            self.site(site)
        for one in wanted.get("applications") or []:
            self.count(
                "applications", Application.objects.get_or_create(code=one["code"], defaults={"name": one["name"]})
            )
        for user in wanted.get("users") or []:
            self.user(user)
        for key, value in (wanted.get("policies") or {}).items():
            self.policy(key, value)
        return self.made

    def count(self, what: str, found: tuple[Any, bool]) -> Any:
        self.made[what] += found[1]
        return found[0]

    def site(self, one: dict[str, Any]) -> None:
        site = Site(code=one["code"], name=one["name"], address=one.get("address", ""))
        site.timezone = one.get("timezone", "Asia/Jakarta")
        known = Site.objects.filter(code=one["code"]).first()
        if known is None:
            site.full_clean()
            site.save()
            self.made["sites"] += 1
        for team in one.get("teams") or []:
            defaults = {"name": team["name"], "site": known or site}
            self.count("teams", Team.objects.get_or_create(code=team["code"], defaults=defaults))

    def user(self, one: dict[str, Any]) -> None:
        user = User.objects.filter(username__iexact=one["username"]).first()
        if user is None:
            user = User(username=one["username"], email=one.get("email", ""), first_name=one.get("name", ""))
            validate_password(one["password"], user)
            user.set_password(one["password"])
            user.full_clean()
            user.save()
            self.made["users"] += 1
        for role in one["roles"]:
            site = Site.objects.get(code=role["site"]) if role.get("site") else None
            starts_on = role.get("from") or local_day(self.now, JAKARTA)
            if not isinstance(starts_on, date):
                raise ValueError(f"from: {starts_on!r} is no date")
            found = RoleAssignment.objects.get_or_create(
                user=user, role=Role(role["role"]), site=site, defaults={"starts_on": starts_on}
            )
            self.count("roles", found)

    def policy(self, key: str, value: Any) -> None:
        if key not in DEFINITIONS:
            raise ValueError(f"there is no policy {key}; there are: {', '.join(sorted(DEFINITIONS))}")
        DEFINITIONS[key].valid(value)
        latest = Policy.objects.standing().filter(key=key, site=None).order_by("-valid_from").first()
        if latest is None or latest.value != value:
            Policy.objects.create(key=key, value=value, valid_from=self.now, set_at=self.now, reason="bootstrap")
            self.made["policies"] += 1
