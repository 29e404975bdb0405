"""An application's own list of users as a file: what its columns are, and what is wrong with it.

A file with a faulty row is refused whole, with the rows: a reconciliation over part of a list would lie.
"""

from dataclasses import dataclass
from datetime import date, datetime, timedelta
from typing import Any, NamedTuple

from django.utils.translation import gettext_lazy

from occ.errors import Refused
from occ.sheets.importing import Preview, Problem, Row, as_read, validate
from occ.sheets.reading import Column, read_table
from occ.texts import hidden, told_day
from occ.texts import told as _
from occ.times import JAKARTA, local_day, start_of_day
from userids.services.importing import Report, Upload, digest

LONGEST = {"user_id": 254, "name": 200, "email": 254, "role": 120}
AHEAD = timedelta(days=1)  # clocks and zones of the application may differ from ours by so much
COLUMNS = [
    Column(
        "user_id",
        gettext_lazy("User ID"),
        required=True,
        aliases=("ID Pengguna", "UserID", "ID", "Login ID", "ID Login", "Username", "User Name", "Login", "Akun",
                 "Account", "User ID Omni", "User ID Omni Channel"),
    ),
    Column(
        "status",
        gettext_lazy("Status"),
        required=True,
        kind="choice",
        aliases=("Status User", "Status User ID", "Status Akun", "Account Status", "State", "Keadaan", "Active",
                 "Enabled", "Aktif"),
        choices={
            "active": ("Aktif", "A", "Enabled", "Enable", "Yes", "Y", "Ya", "True", "1"),
            "inactive": ("Non Aktif", "Nonaktif", "Non-Aktif", "Tidak Aktif", "N", "Disabled", "Disable", "No", "Tidak",
                         "False", "0", "Suspended", "Ditangguhkan", "Blokir", "Diblokir", "Blocked", "Deleted",
                         "Dihapus"),
        },
    ),
    Column(
        "name",
        gettext_lazy("Name"),
        aliases=("Nama", "Nama Agent", "Nama Karyawan", "Nama Lengkap", "Nama Pengguna", "Full Name", "Display Name",
                 "Agent", "Agent Name", "Employee", "Holder", "Pemegang"),
    ),
    Column("email", gettext_lazy("E-mail"), aliases=("E-mail", "Email", "Surel", "Alamat Email", "Email Address")),
    Column("role", gettext_lazy("Role"), aliases=("Peran", "Jabatan", "Role Aplikasi", "Level", "Profile", "Grup",
                                                  "Group")),
    Column(
        "last_login",
        gettext_lazy("Last log-in"),
        kind="instant",
        aliases=("Last login", "Last login at", "Login Terakhir", "Terakhir Login", "Last Logon", "Last Sign In",
                 "Terakhir Masuk"),
    ),
    Column(
        "last_activity",
        gettext_lazy("Last activity"),
        kind="instant",
        aliases=("Last activity", "Last Active", "Aktivitas Terakhir", "Terakhir Aktif", "Last Interaction",
                 "Interaksi Terakhir"),
    ),
    Column(
        "inactive_since",
        gettext_lazy("Inactive since"),
        kind="instant",
        aliases=("Inactive since", "Tanggal Non Aktif", "Tgl Non Aktif", "Non Aktif Sejak", "Disabled At",
                 "Tidak Aktif Sejak", "Tanggal Tidak Aktif", "Tgl Tidak Aktif", "Tgl Nonaktif", "Nonaktif Sejak",
                 "Deactivated", "Deactivated At", "Tanggal Nonaktif"),
    ),
]  # fmt: skip


class Listed(NamedTuple):
    """A user of the list. Instants are aware; a bare day stands for its beginning."""

    user_id: str
    active: bool
    name: str = ""
    email: str = ""
    role: str = ""
    last_login_at: datetime | None = None
    last_activity_at: datetime | None = None
    inactive_since: datetime | None = None


@dataclass
class Listing:
    """A whole list. `tells`: which facts it has at all, and an empty column has none; what it does not tell is not
    compared and closes nothing."""

    users: list[Listed]
    tells: frozenset[str]
    sha256: str
    name: str = ""


class FaultyRows(Refused):
    """The list holds rows that cannot be read; `preview` has them."""

    code = "faulty_rows"

    def __init__(self, preview: Preview) -> None:
        super().__init__(
            _("Nothing was reconciled. Rows of the list that have problems: %(n)s.") % {"n": preview.counts["faulty"]}
        )
        self.preview = preview


def list_read(*, file: Upload, name: str, taken_at: datetime, report: Report = lambda share: None) -> Listing:
    """Read the file; writes nothing. Raises SheetRefused, FaultyRows."""
    sha256 = digest(file)
    table = read_table(file, columns=COLUMNS)
    report(0.2)
    told = {column for row in table.rows for column, value in row.values.items() if value is not None}
    preview = validate(table, lambda row: problems(row, taken_at), duplicates_on=("user_id",))
    report(0.3)
    if preview.counts["faulty"]:
        raise FaultyRows(preview)
    rows = preview.rows
    rows.reverse()
    users = []
    while rows:  # let go of one by one: memory never holds the list twice
        users.append(listed(rows.pop().values))
    return Listing(users, frozenset(told), sha256, name[-200:])


def problems(row: Row, taken_at: datetime) -> list[Problem]:
    found = []
    value = row.values
    for column, most in LONGEST.items():
        if len(value.get(column) or "") > most:
            words = _("This is longer than %(n)s characters.") % {"n": most}
            found.append(Problem(row.number, column, "too_long", words))
    if hidden(value.get("user_id") or ""):
        words = _("The user ID holds characters that nobody can see. Type it anew.")
        found.append(Problem(row.number, "user_id", "hidden", words))
    for column in ("last_login", "last_activity", "inactive_since"):
        at = instant(value.get(column))
        if at is not None and at > taken_at + AHEAD:
            words = _("%(day)s lies after the day of the list. The day comes first, then the month.")
            day = {"day": told_day(local_day(at, JAKARTA))}
            found.append(Problem(row.number, column, "future", words % day))
    if value.get("status") == "active" and value.get("inactive_since") is not None:
        value["inactive_since"] = None  # of an earlier time: the status is what holds
    return found


def instant(value: date | datetime | None) -> datetime | None:
    """As the clocks in Jakarta show it, where no offset is said."""
    if value is None:
        return None
    if not isinstance(value, datetime):
        return start_of_day(value, JAKARTA)
    return value if value.tzinfo else value.replace(tzinfo=JAKARTA)


def listed(value: dict[str, Any]) -> Listed:
    return Listed(
        user_id=value["user_id"].strip(),
        active=value["status"] == "active",
        name=" ".join((value.get("name") or "").split()),
        email=(value.get("email") or "").strip(),
        role=" ".join((value.get("role") or "").split()),
        last_login_at=instant(value.get("last_login")),
        last_activity_at=instant(value.get("last_activity")),
        inactive_since=instant(value.get("inactive_since")),
    )


def faulty_rows(preview: Preview, *, most: int = 5_000) -> dict[str, Any]:
    """The faulty rows as JSON, at most `most` of them: what `as_read` says, under the names that the API gives them."""
    said = as_read(preview, COLUMNS, "user_id", most=most)
    rows = [{"row": row["row"], "user_id": row["subject"], "problems": row["problems"]} for row in said["rows"]]
    return {"counts": said["counts"], "cut": said["cut"], "rows": rows}
