"""The disk of PostgreSQL runs full while documents are issued: refused with "try again", no number lost, nothing half;
with room again it goes on where it was. Needs to mount a small disk, so it runs as root only.
"""

from __future__ import annotations

import os
import subprocess
from pathlib import Path
from typing import Any

from _house import House, check, run


def fault(house: House, small: bool) -> None:
    from django.core.files.storage import storages
    from django.db import connection, connections
    from django.utils import timezone

    from occ.documents.models import IssuedDocument, Series
    from occ.home.outage import is_away
    from occ.people.models import Site, User
    from userids.models import Account
    from userids.services.exports import logbook_issue

    site, support = Site.objects.get(code="JKT"), User.objects.get(username="support.all")
    connections.close_all()
    disk = house.folder / "postgres"
    if not on_small_disk(house, disk):
        raise SystemExit("   not done: this needs the right to mount a disk")
    try:
        house.up("postgres")

        def issue() -> Any:
            now = timezone.now()
            document = logbook_issue(
                accounts=Account.objects.as_of(now), site=site, at=now, period=None, language="id", signatures=[],
                actor=support, now=now,
            )  # fmt: skip
            with connection.cursor() as cursor:
                cursor.execute("SELECT pg_switch_wal()")  # so that each document needs room for 16 MiB more
            return document

        issue()
        ballast(disk, leave=3 * 2**20)
        refused = 0
        for _time in range(30):
            try:
                issue()
                refused = 0
            except Exception as error:
                check(is_away(error), f"not recognised as something that passes: {error!r}")
                connections.close_all()
                refused += 1
            if refused == 3:
                break
        check(refused == 3, "the disk never ran full")
        house.say("the disk ran full: refused three times, each time as something that passes")
        (disk / "ballast").unlink()
        house.down("postgres")
        house.up("postgres")
        kept = list(IssuedDocument.objects.order_by("sequence"))
        check([one.sequence for one in kept] == list(range(1, len(kept) + 1)), "a gap in the numbers")
        check(Series.objects.get(site=site).last_number == len(kept), "the series is ahead of its documents")
        folder = Path(storages["documents"].path(""))
        check(all((folder / one.file).stat().st_size == one.size for one in kept), "a document without its file")
        files = [path for path in folder.rglob("*") if path.is_file()]
        document = issue()
        check(document.sequence == len(kept) + 1, f"{document.number} after {len(kept)} documents")
        house.say(
            f"with room again all {len(kept)} documents are there, the next one is {document.number}; "
            f"{len(files) - len(kept)} files of refused ones wait to be removed after a day"
        )
    finally:
        connections.close_all()
        if "postgres" in house.servers:
            house.down("postgres")
        subprocess.run(["umount", str(disk)], check=True)


def on_small_disk(house: House, disk: Path) -> bool:
    """Move the database onto a tmpfs with room for little more than it has."""
    house.down("postgres")
    if os.geteuid() != 0:
        return False
    aside = disk.with_name("aside")
    disk.rename(aside)
    disk.mkdir(mode=0o755)
    if subprocess.call(["mount", "-t", "tmpfs", "-o", "size=400m", "tmpfs", str(disk)], stderr=subprocess.DEVNULL):
        return False
    subprocess.run(["cp", "-a", f"{aside}/.", str(disk)], check=True)
    return True


def ballast(disk: Path, *, leave: int) -> None:
    there = os.statvfs(disk)
    with (disk / "ballast").open("wb") as file:
        rest = there.f_bavail * there.f_frsize - leave
        while rest > 0:
            rest -= file.write(b"\0" * min(rest, 2**20))


if __name__ == "__main__":
    run(fault)
