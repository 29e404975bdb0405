"""A spreadsheet logbook looked at: what its columns are, and what is wrong with each row (UID-13). Writes nothing."""

import hashlib
import re
from collections import defaultdict
from collections.abc import Callable, Iterable, Iterator
from dataclasses import dataclass, field
from datetime import date, datetime
from itertools import pairwise
from typing import Any, BinaryIO, TypeVar

from django.core.files.base import File
from django.db.models import Prefetch
from django.db.models.functions import Upper
from django.utils.formats import date_format
from django.utils.translation import gettext as _
from django.utils.translation import gettext_lazy

from occ.people.actors import Actor
from occ.people.models import Person, Site
from occ.sheets.importing import Preview, Problem, Row, as_read, validate
from occ.sheets.reading import Column, read_table
from occ.texts import hidden
from occ.times import end_of_day, local_day, start_of_day
from userids.choices import Channel
from userids.models import Account, Application, Assignment
from userids.services.accounts import may_keep

T = TypeVar("T")
CHUNK = 5_000
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
CHANNEL_WORDS = {
    "voice": Channel.VOICE, "suara": Channel.VOICE, "telepon": Channel.VOICE, "call": Channel.VOICE,
    "inbound": Channel.VOICE, "whatsapp": Channel.WHATSAPP, "wa": Channel.WHATSAPP, "sosmed": Channel.SOCIAL,
    "social media": Channel.SOCIAL, "social": Channel.SOCIAL, "media sosial": Channel.SOCIAL,
    "instagram": Channel.SOCIAL, "facebook": Channel.SOCIAL, "twitter": Channel.SOCIAL, "email": Channel.EMAIL,
    "e-mail": Channel.EMAIL, "surel": Channel.EMAIL, "chat": Channel.CHAT, "live chat": Channel.CHAT,
    "livechat": Channel.CHAT, "video call": Channel.VIDEO, "video": Channel.VIDEO, "vicall": Channel.VIDEO,
}  # fmt: skip
LONGEST = {"user_id": 60, "number": 20, "name": 120, "email": 254, "role": 60, "remarks": 2_000}
SEPARATORS = re.compile(r"[,;/&+|\n]|\bdan\b|\band\b", re.IGNORECASE)


@dataclass
class Entry:
    """A good row, ready to be written. `person_key` finds the person among `Reading.people`."""

    row: Row
    user_id: str
    application: Application
    site: Site
    person_key: str
    email: str
    role: str
    channels: list[str]
    starts_at: datetime
    ends_at: datetime | None
    remarks: str
    known: bool = False  # the logbook says the same already: nothing to bring in


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


class Judge:
    """Finds each row's problems: first alone, then with the other rows and with the logbook."""

    def __init__(self, *, site: Site | None, application: Application, actor: Actor, now: datetime) -> None:
        self.site, self.application, self.actor, self.now = site, application, actor, now
        self.sites = {word.casefold(): one for one in Site.objects.all() for word in (one.code, one.name)}
        self.applications = {word.casefold(): one for one in Application.objects.all() for word in (one.code, one.name)}
        self.may: dict[int, bool] = {}
        self.entries: list[Entry] = []  # the rows that are good by themselves
        self.dated: list[Entry] = []  # those too that have other faults: all of them can stand against a fellow
        self.people: dict[str, Person] = {}

    # A row alone --------------------------------------------------------------------------------------------------

    def row(self, row: Row) -> list[Problem]:
        problems: list[Problem] = []

        def say(column: str, code: str, message: str) -> None:
            problems.append(Problem(row.number, column, code, message))

        value = row.values
        site = self._site(value.get("site"), say)
        application = self.application
        if named := value.get("application"):
            found = self.applications.get(named.casefold())
            if found is None:
                say("application", "unknown", _("There is no application “%(name)s”.") % {"name": named[:60]})
            application = found or application
        channels = self._channels(value.get("channels"), say)
        span = self._span(value, site, say)
        for column, most in LONGEST.items():
            if len(value.get(column) or "") > most:
                say(column, "too_long", _("This is longer than %(n)s characters.") % {"n": most})
        if hidden(value.get("user_id") or ""):
            say("user_id", "hidden", _("The user ID holds characters that nobody can see. Type it anew."))
        if not value.get("name") and (value.get("number") or value.get("email") or (span and span[1] is None)):
            say("name", "empty", _("Who holds it? The name is empty."))
        if site is None or span is None or not value.get("user_id"):
            return problems
        entry = Entry(
            row=row,
            user_id=value["user_id"].strip(),
            application=application,
            site=site,
            channels=channels,
            person_key=person_key(value),
            email=(value.get("email") or "").strip(),
            starts_at=span[0],
            ends_at=span[1],
            role=value.get("role") or "",
            remarks=value.get("remarks") or "",
        )
        self.dated.append(entry)
        if not row.problems and not problems:
            self.entries.append(entry)
        return problems

    def _site(self, named: str | None, say: Callable[..., None]) -> Site | None:
        site = self.sites.get(named.casefold()) if named else self.site
        if site is None:
            words = _("There is no site “%(name)s”.") % {"name": named[:60]} if named else _("The site is not said.")
            say("site", "unknown", words)
            return None
        if site.pk not in self.may:
            self.may[site.pk] = may_keep(self.actor, site)
        if not self.may[site.pk]:
            say("site", "not_allowed", _("Your roles do not cover the site %(site)s.") % {"site": site.name})
            return None
        return site

    def _channels(self, text: str | None, say: Callable[..., None]) -> list[str]:
        found = set()
        for word in filter(None, (part.strip().casefold() for part in SEPARATORS.split(text or ""))):
            channel = CHANNEL_WORDS.get(word)
            if channel is None:
                say("channels", "unknown", _("There is no channel “%(name)s”.") % {"name": word[:60]})
            else:
                found.add(str(channel))
        return sorted(found)

    def _span(
        self, value: dict[str, Any], site: Site | None, say: Callable[..., None]
    ) -> tuple[datetime, datetime | None] | None:
        """From when to when the row's holder had the ID."""
        begin, end, status = value.get("activated"), value.get("deactivated"), value.get("status")
        if site is None or begin is None:
            return None
        today = local_day(self.now, site.zone)
        for column, day in (("activated", begin), ("deactivated", end)):
            if day is not None and day > today:
                say(column, "future", _("The date lies in the future."))
        if status == "active" and end is not None:
            say("status", "contradiction", _("The status is active, but there is an inactive date."))
        if status == "inactive" and end is None:
            say("deactivated", "empty", _("The status is inactive, but since when is not said."))
        if end is not None and end < begin:
            say("deactivated", "order", _("It became inactive before it became active."))
            return None
        if end is None:
            return start_of_day(begin, site.zone), None
        ends_at = end_of_day(end, site.zone) if end == begin else start_of_day(end, site.zone)
        return start_of_day(begin, site.zone), min(ends_at, self.now)

    # Rows together, and the logbook -------------------------------------------------------------------------------

    def together(self) -> None:
        self._known_ids()
        self._known_people()
        self._overlaps()
        self._emails()

    def _known_ids(self) -> None:
        by_application: dict[int, dict[str, list[Entry]]] = defaultdict(lambda: defaultdict(list))
        for entry in self.dated:
            by_application[entry.application.pk][entry.user_id.upper()].append(entry)
        for application_id, wanted in by_application.items():
            for some in chunks(list(wanted)):
                rows = (
                    Account.objects.filter(application_id=application_id)
                    .select_related("site")
                    .annotate(upper=Upper("user_id"))
                )
                holders = Prefetch("assignments", Assignment.objects.select_related("person").order_by("-starts_at"))
                for account in rows.filter(upper__in=some).prefetch_related(holders):
                    for entry in wanted[account.upper]:
                        entry.known = is_same(entry, account)
                        if not entry.known:
                            words = _("User ID %(id)s is already in the logbook, and not as this row has it.")
                            problem(entry, "user_id", "known", words % {"id": entry.user_id})

    def _known_people(self) -> None:
        """Match by employee number, else by name and e-mail together; make the others."""
        self._load_people()
        for entry in self.entries:
            value = entry.row.values
            if not entry.person_key or entry.known:
                continue
            person = self.people.get(entry.person_key)
            if person is None:
                person = self.people[entry.person_key] = new_person(entry, value)
            elif person.pk is None:
                person.joined_on = min(person.joined_on, value["activated"])
            if same_name(person.name) != same_name(value["name"]):
                words = _("The employee number %(number)s belongs to %(name)s.")
                problem(entry, "name", "other_person", words % {"number": person.number, "name": person.name})

    def _load_people(self) -> None:
        numbers = {e.row.values["number"] for e in self.entries if e.row.values.get("number")}
        for some in chunks(list(numbers)):
            for person in Person.objects.filter(number__in=some):
                self.people[f"number:{person.number}"] = person
        named = {e.person_key for e in self.entries if e.person_key.startswith("name:")}
        emails = {key.rpartition("|")[2] for key in named} - {""}
        for some in chunks(list(emails)):
            for person in Person.objects.annotate(upper=Upper("email")).filter(upper__in=[one.upper() for one in some]):
                key = f"name:{same_name(person.name)}|{person.email.casefold()}"
                if key in named:
                    self.people[key] = person
        provisional = {provisional_number(one): one for one in named if one not in self.people}
        for some in chunks(list(provisional)):  # an earlier file brought them in; their e-mail may differ by now
            for person in Person.objects.filter(number__in=some):
                self.people[provisional[person.number]] = person

    def _overlaps(self) -> None:
        """Two holders of one ID at the same time."""
        by_id: dict[tuple[int, str], list[Entry]] = defaultdict(list)
        for entry in self.dated:
            by_id[entry.application.pk, entry.user_id.upper()].append(entry)
        for rows in by_id.values():
            rows.sort(key=lambda one: one.starts_at)
            for one, following in pairwise(rows):
                if one.ends_at is None or one.ends_at > following.starts_at:
                    for entry, other in ((one, following), (following, one)):
                        words = _("User ID %(id)s is held by somebody else at that time: row %(row)s.")
                        values = {"id": entry.user_id, "row": other.row.number}
                        problem(entry, "user_id", "duplicate", words % values)

    def _emails(self) -> None:
        """One e-mail on active IDs of two people: in the file, or in the file and the logbook."""
        active = [one for one in self.dated if one.ends_at is None and one.email and not one.known]
        first: dict[str, Entry] = {}
        for entry in active:
            other = first.setdefault(entry.email.casefold(), entry)
            if other.person_key != entry.person_key:
                words = _("%(email)s is also used by row %(row)s for somebody else.")
                problem(entry, "email", "email_twice", words % {"email": entry.email, "row": other.row.number})
                problem(other, "email", "email_twice", words % {"email": entry.email, "row": entry.row.number})
        new = [one for one in self.entries if not one.known]
        by_email = {one.email.upper(): one for one in new if one.ends_at is None and one.email}
        for some in chunks(list(by_email)):
            used = Assignment.objects.filter(ends_at=None).annotate(upper=Upper("email")).filter(upper__in=some)
            for assignment in used.select_related("account", "person"):
                entry = by_email[assignment.email.upper()]
                person = self.people.get(entry.person_key)
                if person is None or person.pk != assignment.person_id:
                    words = _("%(email)s is in use: user ID %(id)s, held by %(name)s.")
                    values = {"id": assignment.account.user_id, "name": assignment.person.name}
                    problem(entry, "email", "email_used", words % ({"email": entry.email} | values))


def problem(entry: Entry, column: str, code: str, message: str) -> None:
    if all(one.code != code for one in entry.row.problems):
        entry.row.problems.append(Problem(entry.row.number, column, code, message))


def is_same(entry: Entry, account: Account) -> bool:
    """Whether the logbook has the row as it is: a holder of that ID with the days that the file names, and, of the
    last one, what it says of the ID. What the file leaves empty is not compared."""
    holders, zone = list(account.assignments.all()), account.site.zone

    def days(starts_at: datetime | None, ends_at: datetime | None) -> bool:
        """As days at the site: the logbook may know the minute, a spreadsheet does not."""
        if starts_at is None or local_day(starts_at, zone) != local_day(entry.starts_at, zone):
            return False
        if entry.ends_at is None or ends_at is None:
            return entry.ends_at is ends_at
        said = entry.row.values["deactivated"]
        return ends_at == entry.ends_at or local_day(ends_at, zone) == said

    if entry.person_key:
        mine = [one for one in holders if days(one.starts_at, one.ends_at) and is_holder(entry, one)]
        if not mine:
            return False
        last = mine[0] == holders[0]
    else:
        last = not holders and days(account.created_at, account.deactivated_at)
        if not last:
            return False
    said: list[tuple[Any, Any]] = [
        (entry.role, account.role), (entry.channels, sorted(account.channels)), (entry.remarks, account.remarks),
    ]  # fmt: skip
    return entry.site == account.site and (not last or all(mine == theirs for mine, theirs in said if mine))


def is_holder(entry: Entry, one: Assignment) -> bool:
    number = (entry.row.values.get("number") or "").strip()
    same = not entry.email or entry.email.casefold() == one.email.casefold()
    return (
        same and number in {"", one.person.number} and same_name(entry.row.values["name"]) == same_name(one.person.name)
    )


def chunks(values: list[T], size: int = CHUNK) -> Iterator[list[T]]:
    for i in range(0, len(values), size):
        yield values[i : i + size]


def same_name(name: str | None) -> str:
    return " ".join((name or "").casefold().split())


def person_key(value: dict[str, Any]) -> str:
    """By what a person is told from others: the employee number, else name and e-mail; "" for nobody."""
    if value.get("number"):
        return f"number:{value['number'].strip()}"
    return f"name:{same_name(value.get('name'))}|{(value.get('email') or '').casefold()}" if value.get("name") else ""


def provisional_number(key: str) -> str:
    """The same for the same person in every file."""
    return "TMP-" + hashlib.sha256(key.encode()).hexdigest()[:10].upper()


def new_person(entry: Entry, value: dict[str, Any]) -> Person:
    """Somebody the system does not know; without an employee number they get a provisional one."""
    number = value.get("number") or provisional_number(entry.person_key)
    return Person(
        number=number.strip(), name=" ".join(value["name"].split()), email=entry.email,
        position=entry.role or "Agent", site=entry.site, joined_on=value["activated"],
    )  # fmt: skip


# For people -----------------------------------------------------------------------------------------------------------


def summary(reading: Reading, *, most: int = 5_000) -> dict[str, Any]:
    """The preview as JSON (at most `most` faulty rows), with a sample and the people whom it would make."""
    return as_read(reading.preview, COLUMNS, "user_id", most=most) | {
        "sample": [sample(entry) for entry in reading.entries[:10]],
        "known": reading.known,
        "new_people": len(reading.new_people),
        "provisional": sum(1 for one in reading.new_people if one.number.startswith("TMP-")),
    }


def sample(entry: Entry) -> list[str]:
    days: Iterable[date | None] = (entry.row.values["activated"], entry.row.values.get("deactivated"))
    since, until = (date_format(day, "j F Y") if day else "" for day in days)
    name = entry.row.values.get("name") or ""
    channels = ", ".join(str(Channel(one).label) for one in entry.channels)
    return [entry.user_id, name, entry.email, entry.role, channels, entry.site.code, since, until]
