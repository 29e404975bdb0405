"""People from a spreadsheet: looked at first, then all of it or nothing (SDM-1).

A row is judged by what it would do: the services run inside a transaction that is undone. So the preview and the import
can never differ in what they accept.
"""

import re
from collections.abc import Callable, Iterable, Iterator
from dataclasses import dataclass
from datetime import datetime
from typing import Any, BinaryIO

from django.core.files.base import File
from django.db import connection, transaction
from django.utils.translation import gettext_lazy

from occ.errors import Invalid, Refused, WrongState
from occ.ledger.services import record
from occ.people.actors import Actor
from occ.people.choices import Channel
from occ.people.models import Person, Site, Team
from occ.sheets.importing import Preview, Problem, Row, as_read, validate
from occ.sheets.reading import Column, read_table
from occ.texts import told as _
from occ.texts import worded
from sdm.services.employments import Terms
from sdm.services.pushing import CHANGED, CREATED, UNCHANGED, employee_push

LOCK = 0x0CC_5D3
COLUMNS = [
    Column(
        "number", gettext_lazy("Employee number"), required=True,
        aliases=("NIP", "Nomor Karyawan", "No Karyawan", "No. Karyawan", "Employee ID", "Nomor Induk Karyawan"),
    ),
    Column("name", gettext_lazy("Name"), aliases=("Nama", "Nama Lengkap", "Nama Karyawan", "Employee")),
    Column("email", gettext_lazy("E-mail"), aliases=("E-mail", "Email", "Surel"), kind="email"),
    Column("position", gettext_lazy("Position"), aliases=("Jabatan", "Posisi", "Position")),
    Column("site", gettext_lazy("Site"), aliases=("Lokasi", "Location", "Site")),
    Column("team", gettext_lazy("Team"), aliases=("Tim", "Kode Tim", "Team")),
    Column("leader", gettext_lazy("Team leader"), aliases=("Nomor Team Leader", "TL", "Atasan", "Team Leader")),
    Column(
        "joined_on", gettext_lazy("Joined on"), kind="date",
        aliases=("Tanggal Masuk", "Tgl Masuk", "Join Date", "Mulai Bekerja"),
    ),
    Column("effective_on", gettext_lazy("Valid from"), kind="date", aliases=("Berlaku Sejak", "Effective Date", "TMT")),
    Column(
        "kind", gettext_lazy("Contract"), kind="choice", aliases=("Status Kontrak", "Kontrak", "Jenis Kontrak"),
        choices={"pkwt": ("PKWT", "Kontrak"), "pkwtt": ("PKWTT", "Tetap", "Permanent")},
    ),
    Column("contract_number", gettext_lazy("Contract number"), aliases=("Nomor Kontrak", "No Kontrak")),
    Column(
        "contract_from", gettext_lazy("Contract from"), kind="date", aliases=("Awal Kontrak", "Tgl Mulai Kontrak")
    ),
    Column(
        "agreed_until", gettext_lazy("Contract until"), kind="date", aliases=("Akhir Kontrak", "Tgl Akhir Kontrak")
    ),
    Column(
        "probation_months", gettext_lazy("Probation (months)"), aliases=("Masa Percobaan", "Masa Percobaan (bulan)")
    ),
    Column("nik", gettext_lazy("NIK (national ID number)"), aliases=("NIK", "NIK KTP", "No KTP", "Nomor KTP")),
    Column(
        "birth_date", gettext_lazy("Born on"), kind="birth", aliases=("Tanggal Lahir", "Tgl Lahir", "Date of Birth")
    ),
    Column("phone", gettext_lazy("Phone"), aliases=("Telepon", "No HP", "Nomor HP", "HP", "Phone")),
    Column("skills", gettext_lazy("Skills"), aliases=("Keahlian", "Kemampuan", "Skill")),
    Column("channels", gettext_lazy("Channels"), aliases=("Kanal", "Channel", "Layanan")),
]  # fmt: skip
WORDS = {str(one): one for one in Channel.values} | {
    "suara": Channel.VOICE, "telepon": Channel.VOICE, "wa": Channel.WHATSAPP, "sosmed": Channel.SOCIAL,
    "media sosial": Channel.SOCIAL, "social media": Channel.SOCIAL, "surel": Channel.EMAIL, "e-mail": Channel.EMAIL,
    "live chat": Channel.CHAT, "livechat": Channel.CHAT, "video call": Channel.VIDEO,
}  # fmt: skip
SEPARATORS = re.compile(r"[,;/|\n]")
Report = Callable[[float], None]
Upload = BinaryIO | File


@dataclass
class Reading:
    """A file looked at: what each good row would do is counted in `done`."""

    preview: Preview
    done: dict[str, int]


class Undo(Exception):
    """Takes back what a preview tried."""


def people_read(
    *, file: Upload, site: Site | None, actor: Actor, now: datetime, report: Report = lambda share: None
) -> Reading:
    """Read and judge the file; writes nothing. `site`: where rows without a site belong. Raises SheetRefused."""
    found: list[Reading] = []
    try:
        with transaction.atomic():
            found.append(_try(file, site, actor, now, report))
            raise Undo
    except Undo:
        return found[0]


@transaction.atomic
def people_import(
    *, file: Upload, name: str, site: Site | None, actor: Actor, now: datetime, report: Report = lambda share: None
) -> dict[str, int]:
    """Bring in the whole file, or nothing. Raises WrongState while a row has a problem, SheetRefused, Invalid."""
    with connection.cursor() as cursor:  # two imports at once: the second judges what the first has written
        cursor.execute("SELECT pg_advisory_xact_lock(%s)", [LOCK])
    reading = _try(file, site, actor, now, report)
    if faulty := reading.preview.counts["faulty"]:
        words = _("Nothing was imported. Rows that have problems: %(n)s. Look at the preview again.")
        raise WrongState(words % {"n": faulty})
    if not reading.preview.rows:
        raise Invalid(_("The file holds no row to import."))
    record(actor=actor, action="people.imported", subject=None, data=reading.done | {"file": name}, now=now, site=site)
    return reading.done


def _try(file: Upload, site: Site | None, actor: Actor, now: datetime, report: Report) -> Reading:
    table = read_table(file, columns=COLUMNS)
    report(0.2)
    meaning = Meaning(site)
    preview = validate(table, lambda row: (), duplicates_on=["number"])
    done = dict.fromkeys((CREATED, CHANGED, UNCHANGED), 0)
    count = max(1, len(table.rows))
    for i, row in enumerate(leaders_first(table.rows)):
        if not row.problems:
            what = _row(row, meaning, actor, now)
            if what is not None:
                done[what] += 1
        if i % 50 == 0:
            report(0.2 + 0.8 * i / count)
    faulty = sum(1 for row in preview.rows if row.problems)
    preview.counts = {"total": len(preview.rows), "good": len(preview.rows) - faulty, "faulty": faulty}
    return Reading(preview, done)


def _row(row: Row, meaning: "Meaning", actor: Actor, now: datetime) -> str | None:
    try:
        with transaction.atomic():
            return employee_push(number=row.values["number"], values=meaning.values(row), actor=actor, now=now)[1]
    except Refused as refusal:
        column = FIELDS.get(refusal.field or "", refusal.field or "")
        known = column if any(one.name == column for one in COLUMNS) else ""
        row.problems.append(Problem(row.number, known, refusal.code, worded(refusal.message)))
        return None


FIELDS = {"on": "effective_on", "starts_on": "contract_from", "contract": "kind"}


def leaders_first(rows: Iterable[Row]) -> Iterator[Row]:
    """Rows of leaders before those of their people, wherever they stand in the file; who lead each other come last."""
    waiting = list(rows)
    there = {row.values.get("number"): row for row in waiting}
    seen: set[str | None] = set()
    while waiting:
        free = [one for one in waiting if (boss := one.values.get("leader")) not in there or boss in seen]
        for row in free or waiting:
            seen.add(row.values.get("number"))
            yield row
        left = set(map(id, free or waiting))
        waiting = [one for one in waiting if id(one) not in left]


class Meaning:
    """What the words of a row stand for."""

    def __init__(self, site: Site | None) -> None:
        self.site = site
        self.sites = {word.casefold(): one for one in Site.objects.all() for word in (one.code, one.name)}
        self.teams = {word.casefold(): one for one in Team.objects.all() for word in (one.code, one.name)}

    def values(self, row: Row) -> dict[str, Any]:
        """What employee_push takes; an empty cell says nothing. Raises Invalid."""
        value = {name: cell for name, cell in row.values.items() if cell not in (None, "")}
        plain = ("name", "email", "position", "joined_on", "effective_on", "nik", "birth_date", "phone")
        found: dict[str, Any] = {name: value[name] for name in plain if name in value}
        if "site" in value:
            found["site"] = self._known(self.sites, value["site"], "site", _("There is no site “%(name)s”."))
        elif self.site is not None and not Person.objects.filter(number=value["number"].strip()).exists():
            found["site"] = self.site
        if "team" in value:
            found["team"] = self._known(self.teams, value["team"], "team", _("There is no team “%(name)s”."))
        if "leader" in value:
            found["leader"] = self._leader(value["leader"])
        if "skills" in value:
            found["skills"] = [one.strip() for one in SEPARATORS.split(value["skills"]) if one.strip()]
        if "channels" in value:
            words = [one.strip().casefold() for one in SEPARATORS.split(value["channels"]) if one.strip()]
            missing = _("There is no channel “%(name)s”.")
            found["channels"] = [str(self._known(WORDS, one, "channels", missing)) for one in words]
        if "kind" in value:
            found["contract"] = self._terms(value)
        return found

    @staticmethod
    def _known(known: dict[str, Any], word: str, field: str, words: str) -> Any:
        found = known.get(word.strip().casefold())
        if found is None:
            raise Invalid(words % {"name": word[:60]}, field=field, code="unknown")
        return found

    @staticmethod
    def _leader(number: str) -> Person:
        found = Person.objects.filter(number=number.strip()).first()
        if found is None:
            words = _("There is no employee with the number “%(number)s”.")
            raise Invalid(words % {"number": number[:20]}, field="leader", code="unknown")
        return found

    @staticmethod
    def _terms(value: dict[str, Any]) -> Terms:
        begins = value.get("contract_from") or value.get("joined_on")
        if begins is None:
            raise Invalid(_("Since when does the contract hold?"), field="contract_from", code="empty")
        months = probation_read(value.get("probation_months", ""))
        return Terms(value["kind"], begins, value.get("agreed_until"), value.get("contract_number", ""), months)


def probation_read(text: str) -> int:
    """So many months; empty and a dash are none. Raises Invalid."""
    word = text.strip()
    if word in ("", "-", "–"):
        return 0
    if not (word.isascii() and word.isdecimal() and len(word) < 3):
        raise Invalid(_("Probation is a number of months."), field="probation_months", code="number")
    return int(word)


# For people -----------------------------------------------------------------------------------------------------------


def summary(reading: Reading) -> dict[str, Any]:
    """The preview as JSON, with what the rows would do."""
    good = [sample(row) for row in reading.preview.rows if not row.problems]
    return as_read(reading.preview, COLUMNS, "number") | {"done": reading.done, "sample": good[:10]}


def sample(row: Row) -> list[str]:
    """Number, name, position, site, team: never what is personal."""
    return [str(row.values.get(name) or "") for name in ("number", "name", "position", "site", "team")]
