"""The operation's spreadsheet logbook read into the system (UID-13): looked at first, then all of it or nothing.

Several rows of one user ID are its successive holders. Days are days at the site: an ID is held from the beginning of
its "active since" day to the beginning of its "inactive since" day (to its end where both are the same day).
"""

from collections import defaultdict
from datetime import datetime

from django.db import IntegrityError, connection, transaction
from django.utils.translation import gettext as _
from django.utils.translation import gettext_noop

from occ.errors import Invalid, WrongState
from occ.ledger.services import record
from occ.people.history import create_many
from occ.people.models import Person, Site, User
from occ.texts import kept
from sdm.services.employees import employees_take_up
from userids.choices import AccountStatus
from userids.models import Account, Application, Assignment
from userids.services import deactivations
from userids.services.accounts import searchable
from userids.services.import_rows import Entry, chunks
from userids.services.importing import Reading, Report, Upload, logbook_read

LOCK = 0x0CC_1090
SOME = 2_000


@transaction.atomic
def logbook_import(
    *, file: Upload, name: str, site: Site | None, application: Application, actor: User, now: datetime,
    report: Report = lambda share: None,
) -> dict[str, int]:  # fmt: skip
    """Write the whole file into the logbook, or nothing. Returns how many IDs, assignments and people were made.

    Raises WrongState while a row has a problem (the logbook may have changed since the preview) and where it has all of
    them already, SheetRefused.
    """
    with connection.cursor() as cursor:  # two imports at once: the second judges what the first has written
        cursor.execute("SELECT pg_advisory_xact_lock(%s)", [LOCK])
    reading = logbook_read(file=file, site=site, application=application, actor=actor, now=now, report=report)
    if faulty := reading.preview.counts["faulty"]:
        words = _("Nothing was imported. Rows that have problems: %(n)s. Look at the preview again.")
        raise WrongState(words % {"n": faulty})
    if not reading.entries:
        if reading.known:
            raise WrongState(_("Nothing to import: the logbook has every row of the file already."))
        raise Invalid(_("The file holds no row to import."))
    try:
        made = _write(reading, name, actor, now) | {"known": reading.known}
    except IntegrityError as error:
        raise WrongState(_("Somebody changed the logbook meanwhile. Look at the preview again.")) from error
    data = made | {"file": name, "sha256": reading.sha256}
    record(actor=actor, action="logbook.imported", subject=None, data=data, now=now, site=site)
    return made


def _write(reading: Reading, name: str, actor: User, now: datetime) -> dict[str, int]:
    """Some IDs at a time, so that memory holds the file but not the logbook."""
    why = kept(gettext_noop("Imported from %(file)s"), file=name)
    new, known = reading.new_people, [one.pk for one in reading.people.values() if one.pk]
    create_many(new, actor=actor, why=why, now=now)
    employees_take_up(people=new, actor=actor, why=why, now=now)
    by_id: dict[tuple[int, str], list[Entry]] = defaultdict(list)
    for entry in sorted(reading.entries, key=lambda one: one.starts_at):
        by_id[entry.application.pk, entry.user_id.upper()].append(entry)
    # Locked, and asked again: somebody's leaving may have been recorded since the file was read.
    days = dict(
        Person.objects.select_for_update(no_key=True)
        .filter(pk__in=known)
        .order_by("pk")
        .values_list("pk", "last_working_day")
    )
    for one in reading.people.values():
        one.last_working_day = days.get(one.pk, one.last_working_day)
    made = holders = 0
    leavers: dict[int, Person] = {}
    for some in chunks(list(by_id.values()), SOME):
        accounts = [account_of(rows, reading) for rows in some]
        create_many(accounts, actor=actor, why=why, now=now)
        assignments = [
            Assignment(
                account=account,
                person=reading.people[entry.person_key],
                email=entry.email,
                starts_at=entry.starts_at,
                ends_at=entry.ends_at,
                began=why[:200],
                ended=entry.remarks[:200] if entry.ends_at else "",
            )
            for account, rows in zip(accounts, some, strict=True)
            for entry in rows
            if entry.person_key
        ]
        create_many(assignments, actor=actor, why=why, now=now)
        made, holders = made + len(accounts), holders + len(assignments)
        leavers |= {a.person.pk: a.person for a in assignments if a.ends_at is None and a.person.last_working_day}
    for person in leavers.values():  # the truth may be that a leaver's ID is active: then it has to be shut
        deactivations.deactivations_open(person=person, actor=actor, now=now)
    return {"accounts": made, "assignments": holders, "people": len(new)}


def account_of(rows: list[Entry], reading: Reading) -> Account:
    """The logbook row of an ID out of its holders in the order of time; the last one says how it stands now."""
    last = rows[-1]
    people = [reading.people[entry.person_key] for entry in rows if entry.person_key]
    words = [last.user_id, *(w for p in people[-5:] for w in (p.number, p.name)), *(entry.email for entry in rows[-5:])]
    return Account(
        application=last.application, user_id=last.user_id, role=last.role, channels=last.channels, site=last.site,
        status=AccountStatus.INACTIVE if last.ends_at else AccountStatus.ACTIVE, created_at=rows[0].starts_at,
        activated_at=last.starts_at, deactivated_at=last.ends_at, remarks=last.remarks, search_text=searchable(words),
    )  # fmt: skip
