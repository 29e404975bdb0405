"""What commands of imports have in common: in whose name it is done, where, and the look before an import."""

import json
import sys
from abc import ABC, abstractmethod
from argparse import ArgumentParser
from pathlib import Path
from typing import Any, BinaryIO

from django.core.management.base import CommandError
from django.db import transaction
from django.utils import timezone

from occ.commands import EnglishCommand
from occ.errors import Refused
from occ.people.models import Site, User


def user_named(name: str | None, *, role: str, called: str) -> User:
    """Who has that log-in name; without one, the first who holds the role. Raises CommandError."""
    wanted = {"username__iexact": name} if name else {"roles__role": role}
    user = User.objects.filter(**wanted).order_by("pk").first()
    if user is None:
        raise CommandError(f"there is no user {name}" if name else f"nobody is {called}; give --user")
    return user


def site_coded(code: str) -> Site:
    found = Site.objects.filter(code=code).first()
    if found is None:
        raise CommandError(f"there is no site {code}")
    return found


class ImportCommand(EnglishCommand, ABC):
    """Shows what a file would do; with --apply imports all of it or nothing.

    `role`, `called`: in whose name it is done without --user.
    """

    role: str
    called: str

    def add_arguments(self, parser: ArgumentParser) -> None:
        parser.add_argument("file", type=Path)
        parser.add_argument("--apply", action="store_true")
        parser.add_argument("--json", action="store_true")
        parser.add_argument("--user", help=f"log-in name in whose name it is done (default: a {self.called})")

    def handle(self, *args: Any, **options: Any) -> None:
        try:
            found = self.run(**options)
        except Refused as refusal:
            if options["json"]:
                self.stdout.write(json.dumps({"refused": {"code": refusal.code, "message": str(refusal)}}))
            raise CommandError(str(refusal)) from refusal
        if options["json"]:
            self.stdout.write(json.dumps(found, ensure_ascii=False))
        elif "imported" in found:
            self.stdout.write(self.done(found["imported"]))
        else:
            self.stdout.write("\n".join(self.shown(found)))
        if found.get("counts", {}).get("faulty"):
            sys.exit(1)

    @transaction.atomic
    def run(self, *, file: Path, apply: bool, **options: Any) -> dict[str, Any]:
        place = self.place(options)
        place |= {"actor": user_named(options["user"], role=self.role, called=self.called), "now": timezone.now()}
        try:
            upload = file.open("rb")
        except OSError as error:
            raise CommandError(f"{file}: {error.strerror}") from error
        with upload:
            if apply:
                return {"imported": self.bring(upload, file.name, place)}
            found = self.look(upload, place)
            transaction.set_rollback(True)  # a look leaves nothing
            return found

    @abstractmethod
    def place(self, options: dict[str, Any]) -> dict[str, Any]:
        """What reading and bringing in are told beside file, actor and now. Raises CommandError."""

    @abstractmethod
    def look(self, upload: BinaryIO, place: dict[str, Any]) -> dict[str, Any]:
        """The summary of a reading, with all its problems."""

    @abstractmethod
    def bring(self, upload: BinaryIO, name: str, place: dict[str, Any]) -> dict[str, Any]:
        """Import it; what came of it."""

    @abstractmethod
    def shown(self, found: dict[str, Any]) -> list[str]:
        """The summary in lines."""

    @abstractmethod
    def done(self, made: dict[str, Any]) -> str:
        """What came of the import in a line."""
