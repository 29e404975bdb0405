"""The disk of the file storage runs full while documents are issued: no half file, no number lost; with room again the
next document has the next number. A real full disk (tmpfs) where this process may mount, else a limit on file sizes.
"""

from __future__ import annotations

import os
import resource
import subprocess
from pathlib import Path
from typing import Any

from _house import House, check, people, run


def fault(house: House, small: bool) -> None:
    from django.core.files.storage import storages
    from django.utils import timezone

    from occ.documents.models import IssuedDocument, Series
    from occ.home.backup.making import backup_make
    from occ.home.backup.programs import BackupRefused
    from occ.ledger.models import Entry
    from occ.people.models import Site, User
    from userids.models import Account
    from userids.services.exports import logbook_issue

    people(5)
    site, support = Site.objects.get(code="JKT"), User.objects.get(username="support.all")
    folder = Path(storages["documents"].path("")).parent

    def issue() -> Any:
        now = timezone.now()
        return logbook_issue(
            accounts=Account.objects.as_of(now), site=site, at=now, period=None, language="id", signatures=[],
            actor=support, now=now,
        )  # fmt: skip

    def consistent() -> int:
        """Rows, numbers, ledger entries and files agree; how many documents there are."""
        kept = list(IssuedDocument.objects.order_by("sequence"))
        check([one.sequence for one in kept] == list(range(1, len(kept) + 1)), "a gap in the numbers")
        if kept:
            check(Series.objects.get(site=site).last_number == len(kept), "the series is ahead of its documents")
        check(Entry.objects.filter(action="document.issued").count() == len(kept), "the ledger tells otherwise")
        files = {str(path.relative_to(folder / "documents")) for path in folder.rglob("*") if path.is_file()}
        check(files == {one.file for one in kept}, f"files without a row, or half ones: {files}")
        check(all((folder / "documents" / one.file).stat().st_size == one.size for one in kept), "a file cut short")
        return len(kept)

    mounted = os.geteuid() == 0 and not subprocess.call(
        ["mount", "-t", "tmpfs", "-o", "size=400k" if small else "size=8m", "tmpfs", str(folder)],
        stderr=subprocess.DEVNULL,
    )
    try:
        failed = full(issue, limit=not mounted)
        count = consistent()
        check(failed >= 3, "it never ran full")
        how = "a tmpfs" if mounted else "a limit on the size of files"
        house.say(f"{how} took {count} documents, then refused {failed} times; numbers, rows, ledger, files agree")
        if mounted:
            try:
                backup_make(folder=folder.with_name("small") / "backup", now=timezone.now())
                house.say("a backup beside it is whole")
                check(not refused(backup_make, folder, BackupRefused), "a backup was written into the storage")
            except OSError as error:
                raise SystemExit(f"   WRONG: {error}") from error
            subprocess.run(["mount", "-o", "remount,size=32m", str(folder)], check=True)
        document = issue()
        check(document.sequence == count + 1, f"{document.number} after {count} documents")
        consistent()
        house.say(f"with room again the next one is {document.number}")
    finally:
        if mounted:
            subprocess.run(["umount", str(folder)], check=True)


def full(issue: Any, *, limit: bool) -> int:
    """Issue until it has failed three times in a row."""
    if limit:
        issue()
        import signal

        signal.signal(signal.SIGXFSZ, signal.SIG_IGN)
        before = resource.getrlimit(resource.RLIMIT_FSIZE)
        resource.setrlimit(resource.RLIMIT_FSIZE, (8_000, before[1]))
    failed = 0
    try:
        while failed < 3:
            try:
                issue()
                failed = 0
            except OSError:
                failed += 1
    finally:
        if limit:
            resource.setrlimit(resource.RLIMIT_FSIZE, before)
    return failed


def refused(backup_make: Any, folder: Path, refusal: type[Exception]) -> bool:
    from django.utils import timezone

    try:
        backup_make(folder=folder / "inside", now=timezone.now())
    except refusal:
        return False
    return True


if __name__ == "__main__":
    run(fault)
