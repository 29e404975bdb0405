"""A row of a spreadsheet logbook judged: alone, with the other rows of the file, and with the logbook (UID-13).

Each check asks only for the cells that it needs: a row's faults are told together, whichever they are.
"""

import hashlib
import re
from collections import defaultdict
from collections.abc import Callable, Iterator
from dataclasses import dataclass
from datetime import datetime
from itertools import pairwise
from typing import Any, TypeVar
from zoneinfo import ZoneInfo

from django.db.models import Prefetch
from django.db.models.functions import Upper

from occ.people.actors import Actor
from occ.people.models import Person, Site
from occ.sheets.importing import Problem, Row
from occ.texts import hidden
from occ.texts import told as _
from occ.times import JAKARTA, end_of_day, local_day, start_of_day
from userids.choices import Channel
from userids.models import Account, Application, Assignment
from userids.services.accounts import may_keep

T = TypeVar("T")
CHUNK = 5_000
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
class Claim:
    """What a row says of who held which ID when, whatever else is wrong with it: it can stand against other rows and
    the logbook, so that all its faults are told at once. `span`: from when to when, where both can be read."""

    row: Row
    user_id: str  # empty where none is said
    application: Application | None  # None where its name is not known
    person_key: str
    email: str
    open: bool  # nothing says that it ended
    span: tuple[datetime, datetime | None] | None

    @property
    def name(self) -> str:
        return self.row.values.get("name") or ""


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


class Judge:
    """Finds each row's problems: first alone, then with the other rows and with the logbook."""

    def __init__(self, *, site: Site | None, application: Application, actor: Actor, now: datetime) -> None:
        self.site, self.application, self.actor, self.now = site, application, actor, now
        self.sites = {word.casefold(): one for one in Site.objects.all() for word in (one.code, one.name)}
        self.applications = {word.casefold(): one for one in Application.objects.all() for word in (one.code, one.name)}
        self.may: dict[int, bool] = {}
        self.entries: list[Entry] = []  # the rows that are good by themselves
        self.dated: list[Entry] = []  # those too that have other faults, where they say what the logbook asks
        self.claims: list[Claim] = []  # every row
        self.known: set[int] = set()  # numbers of the rows that the logbook has as they are
        self.people: dict[str, Person] = {}

    # A row alone --------------------------------------------------------------------------------------------------

    def row(self, row: Row) -> list[Problem]:
        problems: list[Problem] = []

        def say(column: str, code: str, message: str) -> None:
            problems.append(Problem(row.number, column, code, message))

        value = row.values
        site = self._site(value.get("site"), say)
        application: Application | None = self.application
        if named := value.get("application"):
            application = self.applications.get(named.casefold())
            if application is None:
                say("application", "unknown", _("There is no application “%(name)s”.") % {"name": named[:60]})
        channels = self._channels(value.get("channels"), say)
        unread = {one.column: one.code for one in row.problems}  # what stands there cannot be read: it is not empty
        span = self._span(value, site.zone if site else JAKARTA, unread, say)
        for column, most in LONGEST.items():
            if len(value.get(column) or "") > most:
                say(column, "too_long", _("This is longer than %(n)s characters.") % {"n": most})
        if hidden(value.get("user_id") or ""):
            say("user_id", "hidden", _("The user ID holds characters that nobody can see. Type it anew."))
        open_ = value.get("deactivated") is None and "deactivated" not in unread and value.get("status") != "inactive"
        if not value.get("name") and "name" not in unread and (value.get("number") or value.get("email") or open_):
            say("name", "empty", _("Who holds it? The name is empty."))
        claim = Claim(
            row=row,
            user_id=(value.get("user_id") or "").strip(),
            application=application,
            person_key=person_key(value),
            email=(value.get("email") or "").strip(),
            open=open_,
            span=span,
        )
        self.claims.append(claim)
        if site is None or application is None or span is None or not claim.user_id:
            return problems
        entry = Entry(
            row=row,
            user_id=claim.user_id,
            application=application,
            site=site,
            channels=channels,
            person_key=claim.person_key,
            email=claim.email,
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
        self, value: dict[str, Any], zone: ZoneInfo, unread: dict[str, str], say: Callable[..., None]
    ) -> tuple[datetime, datetime | None] | None:
        """From when to when the row's holder had the ID; None where that cannot be."""
        begin, end, status = value.get("activated"), value.get("deactivated"), value.get("status")
        today = local_day(self.now, zone)
        for column, day in (("activated", begin), ("deactivated", end)):
            if day is not None and day > today:
                say(column, "future", _("The date lies in the future."))
        if status == "active" and (end is not None or unread.get("deactivated", "not_a_date") != "not_a_date"):
            say("status", "contradiction", _("The status is active, but there is an inactive date."))
        if status == "inactive" and end is None and "deactivated" not in unread:
            say("deactivated", "empty", _("The status is inactive, but since when is not said."))
        if begin is None or "deactivated" in unread:
            return None
        if end is None:
            return start_of_day(begin, zone), None
        if end < begin:
            say("deactivated", "order", _("It became inactive before it became active."))
            return None
        ends_at = end_of_day(end, zone) if end == begin else start_of_day(end, zone)
        return start_of_day(begin, zone), min(ends_at, self.now)

    # Rows together, and the logbook -------------------------------------------------------------------------------

    def together(self) -> None:
        """Rows with other faults too: what comes up only once those are mended would ask for one more upload."""
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
                        if entry.known:
                            self.known.add(entry.row.number)
                        else:
                            words = _("User ID %(id)s is already in the logbook, and not as this row has it.")
                            problem(entry, "user_id", "known", words % {"id": entry.user_id})

    def _known_people(self) -> None:
        """Match by employee number, else by name and e-mail together; make the others."""
        self._load_people()
        for entry in self.entries:
            if not entry.person_key or entry.known:
                continue
            person = self.people.get(entry.person_key)
            if person is None:
                self.people[entry.person_key] = new_person(entry, entry.row.values)
            elif person.pk is None:
                person.joined_on = min(person.joined_on, entry.row.values["activated"])
        names = {key: person.name for key, person in self.people.items() if person.pk is not None}
        for claim in self.claims:
            if not claim.person_key or not claim.name or claim.row.number in self.known:
                continue
            name = names.setdefault(claim.person_key, claim.name)  # else who comes first in the file
            if same_name(name) != same_name(claim.name):
                words = _("The employee number %(number)s belongs to %(name)s.")
                values = {"number": claim.person_key.removeprefix("number:"), "name": name}
                problem(claim, "name", "other_person", words % values)

    def _load_people(self) -> None:
        numbers = {key.removeprefix("number:") for one in self.claims if (key := one.person_key).startswith("number:")}
        for some in chunks(list(numbers)):
            for person in Person.objects.filter(number__in=some):
                self.people[f"number:{person.number}"] = person
        named = {one.person_key for one in self.claims if one.person_key.startswith("name:")}
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
        by_id: dict[tuple[int, str], list[tuple[datetime, datetime | None, Claim]]] = defaultdict(list)
        for claim in self.claims:
            if claim.user_id and claim.application and claim.span:
                by_id[claim.application.pk, claim.user_id.upper()].append((*claim.span, claim))
        for rows in by_id.values():
            rows.sort(key=lambda one: one[0])
            for (_begin, end, one), (begin, _end, following) in pairwise(rows):
                if end is None or end > begin:
                    for claim, other in ((one, following), (following, one)):
                        words = _("User ID %(id)s is held by somebody else at that time: row %(row)s.")
                        if one.person_key == following.person_key:
                            words = _("Row %(row)s says the same of user ID %(id)s and its holder: keep one of them.")
                        values = {"id": claim.user_id, "row": other.row.number}
                        problem(claim, "user_id", "duplicate", words % values)

    def _emails(self) -> None:
        """One e-mail on active IDs of two people: in the file, or in the file and the logbook."""
        active = [one for one in self.claims if one.open and one.email and one.row.number not in self.known]
        first: dict[str, Claim] = {}
        by_email: dict[str, list[Claim]] = defaultdict(list)
        for claim in active:
            by_email[claim.email.upper()].append(claim)
            other = first.setdefault(claim.email.casefold(), claim)
            if other.person_key != claim.person_key:
                words = _("%(email)s is also used by row %(row)s for somebody else.")
                problem(claim, "email", "email_twice", words % {"email": claim.email, "row": other.row.number})
                problem(other, "email", "email_twice", words % {"email": claim.email, "row": claim.row.number})
        for some in chunks(list(by_email)):
            used = Assignment.objects.filter(ends_at=None).annotate(upper=Upper("email")).filter(upper__in=some)
            for assignment in used.select_related("account", "person"):
                for claim in by_email[assignment.email.upper()]:
                    person = self.people.get(claim.person_key)
                    if person is None or person.pk != assignment.person_id:
                        words = _("%(email)s is in use: user ID %(id)s, held by %(name)s.")
                        values = {"id": assignment.account.user_id, "name": assignment.person.name}
                        problem(claim, "email", "email_used", words % ({"email": claim.email} | values))


def problem(of: Entry | Claim, column: str, code: str, message: str) -> None:
    if all(one.code != code for one in of.row.problems):
        of.row.problems.append(Problem(of.row.number, column, code, message))


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
