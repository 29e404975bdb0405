"""A spreadsheet logbook looked at: what its columns are, and what is wrong with each row (UID-13). Writes nothing."""

import hashlib
from collections.abc import Callable, Iterable
from dataclasses import dataclass, field
from datetime import date, datetime
from typing import Any, BinaryIO

from django.core.files.base import File
from django.utils.functional import lazy
from django.utils.translation import gettext_lazy

from occ.people.actors import Actor
from occ.people.models import Person, Site
from occ.sheets.importing import Preview, as_read, validate
from occ.sheets.reading import Column, read_table
from occ.texts import told_day, worded
from userids.choices import Channel
from userids.models import Application
from userids.services.import_rows import Entry, Judge

COLUMNS = [
    Column(
        "user_id",
        gettext_lazy("User ID"),
        required=True,
        aliases=(
            "ID Pengguna",
            "UserID",
            "ID",
            "Login ID",
            "ID Login",
            "Username",
            "User ID Omni",
            "User ID Omni Channel",
        ),
    ),
    Column(
        "name",
        gettext_lazy("Name"),
        aliases=("Nama", "Nama Agent", "Nama Karyawan", "Nama Lengkap", "Agent", "Employee", "Holder", "Pemegang"),
    ),
    Column(
        "number",
        gettext_lazy("Employee number"),
        aliases=(
            "Employee number",
            "NIK",
            "NIP",
            "Nomor Karyawan",
            "No Karyawan",
            "No. Karyawan",
            "Employee ID",
            "Nomor Induk Karyawan",
        ),
    ),
    Column(
        "email", gettext_lazy("E-mail"), aliases=("E-mail", "Email", "Surel", "Alamat Email", "E mail"), kind="email"
    ),
    Column("role", gettext_lazy("Role"), aliases=("Peran", "Jabatan", "Posisi", "Role Aplikasi", "Level")),
    Column("channels", gettext_lazy("Channel"), aliases=("Channels", "Kanal", "Layanan", "Media")),
    Column("site", gettext_lazy("Site"), aliases=("Lokasi", "Location", "Cabang")),
    Column(
        "activated",
        gettext_lazy("Active since"),
        required=True,
        kind="date",
        aliases=(
            "Active since",
            "Tanggal Aktif",
            "Tgl Aktif",
            "Tgl. Aktif",
            "Aktif Sejak",
            "Tanggal Dibuat",
            "Start Date",
        ),
    ),
    Column(
        "status",
        gettext_lazy("Status"),
        aliases=("Status User ID", "Keadaan"),
        kind="choice",
        choices={
            "active": ("Aktif", "A", "Active"),
            "inactive": ("Non Aktif", "Nonaktif", "Non-Aktif", "Tidak Aktif", "Inactive", "N"),
        },
    ),
    Column(
        "deactivated",
        gettext_lazy("Inactive since"),
        kind="date",
        aliases=(
            "Inactive since",
            "Tanggal Non Aktif",
            "Tanggal Nonaktif",
            "Tgl Non Aktif",
            "Tgl Nonaktif",
            "Non Aktif Sejak",
            "Nonaktif Sejak",
            "Tidak Aktif Sejak",
            "Tanggal Tidak Aktif",
            "Tgl Tidak Aktif",
            "Deactivated",
            "End Date",
        ),
    ),
    Column("remarks", gettext_lazy("Remarks"), aliases=("Keterangan", "Catatan", "Note", "Notes", "Alasan")),
    Column("application", gettext_lazy("Application"), aliases=("Aplikasi", "Sistem")),
]


@dataclass
class Reading:
    """A file looked at: the preview, and what would be written."""

    preview: Preview
    entries: list[Entry]
    people: dict[str, Person] = field(default_factory=dict)  # without a primary key: to be made
    sha256: str = ""
    known: int = 0  # rows that the logbook has as they are

    @property
    def new_people(self) -> list[Person]:
        return [person for person in self.people.values() if person.pk is None]


Report = Callable[[float], None]
Upload = BinaryIO | File


def digest(file: Upload) -> str:
    """SHA-256 in hex; the file stands at its beginning afterwards."""
    found = hashlib.sha256()
    file.seek(0)
    while block := file.read(1 << 20):
        found.update(block)
    file.seek(0)
    return found.hexdigest()


def logbook_read(
    *,
    file: Upload,
    site: Site | None,
    application: Application,
    actor: Actor,
    now: datetime,
    report: Report = lambda share: None,
) -> Reading:
    """Read and judge the file; writes nothing. `site`: where rows without a site belong. Raises SheetRefused."""
    sha256 = digest(file)
    table = read_table(file, columns=COLUMNS)
    report(0.4)
    judge = Judge(site=site, application=application, actor=actor, now=now)
    preview = validate(table, judge.row)
    report(0.6)
    judge.together()
    faulty = sum(1 for row in preview.rows if row.problems)
    good = [one for one in judge.entries if not one.row.problems]
    new = [one for one in good if not one.known]
    preview.counts = {"total": len(preview.rows), "good": len(new), "faulty": faulty}
    report(0.8)
    return Reading(preview, new, judge.people, sha256, known=len(good) - len(new))


# For people -----------------------------------------------------------------------------------------------------------


def summary(reading: Reading, *, most: int = 5_000) -> dict[str, Any]:
    """The preview as JSON (at most `most` faulty rows), with a sample and the people whom it would make."""
    return as_read(reading.preview, COLUMNS, "user_id", most=most) | {
        "sample": [sample(entry) for entry in reading.entries[:10]],
        "known": reading.known,
        "new_people": len(reading.new_people),
        "provisional": sum(1 for one in reading.new_people if one.number.startswith("TMP-")),
    }


def channels_said(channels: list[str]) -> str:
    return ", ".join(str(Channel(one).label) for one in channels)


def sample(entry: Entry) -> list[str]:
    days: Iterable[date | None] = (entry.row.values["activated"], entry.row.values.get("deactivated"))
    since, until = (told_day(day) if day else "" for day in days)
    name = entry.row.values.get("name") or ""
    channels = worded(lazy(channels_said, str)(entry.channels))
    return [entry.user_id, name, entry.email, entry.role, channels, entry.site.code, since, until]
