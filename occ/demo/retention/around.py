"""What is around the demo's records: two legal holds, documents entered by hand, some that were heard and read.

To be called once the sources are scanned; what is counted (`figures_count`) comes last of all.
"""

from __future__ import annotations

import random
from datetime import date, datetime, timedelta

from occ.demo.people import Staff
from occ.people.choices import Role
from occ.times import JAKARTA, local_day
from retention.choices import HoldReason, Medium, Purpose, RecordKind
from retention.models import Record
from retention.services.compliance import figures_count
from retention.services.holds import Scope, hold_set, holds_watch
from retention.services.listening import reading_open
from retention.services.register import Line, entry_add
from retention.services.transcripts import transcripts_make

SEED = 40
SECONDS = 60.0
DC, IT, QC = Role.DOCUMENT_CONTROL, Role.IT, Role.QUALITY_CONTROL
# Title, medium, level, quantity, owner, place, months ago, years kept.
PAPERS = [
    ("Berita acara serah terima perangkat kerja agent", "hardcopy", "asli", "1 map", IT, "Lemari 2, rak A", 30, 2),
    ("Daftar hadir briefing harian", "hardcopy", "asli", "12 lembar", Role.TEAM_LEADER, "Lemari 1, rak C", 27, 2),
    ("Form recovery plan", "softcopy", "salinan", "8 file", Role.RTFM, "File server /RTM/recovery", 25, 2),
    ("Notulen rapat tinjauan manajemen", "hardcopy", "asli", "1 jilid", Role.QMR, "Ruang QMR, filing 4", 20, 3),
    ("SOP Retensi Chat dan Recording rev. 00", "softcopy", "asli", "1 file", DC, "Web Pansol", 34, 2),
    ("Hasil kalibrasi Quality Control", "softcopy", "salinan", "6 file", QC, "File server /QC", 14, 2),
    ("Surat permintaan penghapusan data", "hardcopy", "asli", "2 lembar", DC, "Lemari 2, rak B", 9, 2),
    ("MPR perubahan format laporan", "softcopy", "asli", "3 file", DC, "Web Pansol", 5, 2),
]
PURPOSES = [Purpose.COMPLAINT, Purpose.QUALITY, Purpose.COACHING, Purpose.QUALITY, Purpose.DISPUTE, Purpose.AUDIT]


def around(staff: Staff, *, now: datetime) -> None:
    rng = random.Random(SEED)  # noqa: S311
    holds(staff, now=now)
    papers(staff, now=now)
    readings(staff, rng, now=now)
    transcripts_make(now=now, seconds=SECONDS)


def counted(*, now: datetime) -> None:
    """When everything else of the demo's records is done."""
    holds_watch(now=now)
    figures_count(now=now, seconds=SECONDS)


def holds(staff: Staff, *, now: datetime) -> None:
    """A complaint of a customer, without an end; the police about an agent's weeks, ending in some days."""
    kept = Record.objects.kept().select_related("site", "agent").order_by("-ended_at")
    day = local_day(now, JAKARTA)
    of_customer = kept.exclude(customer_mark="").filter(ended_at__lt=now - timedelta(days=420)).first()
    if of_customer is not None:
        hold_set(
            scope=Scope(site=of_customer.site, customer=of_customer.customer), reason=HoldReason.COMPLAINT,
            note="Keluhan nasabah no. 118/KN: bukti percakapan diminta sampai keluhan selesai.", until=None,
            actor=staff.users["manager"], now=now - timedelta(days=41),
        )  # fmt: skip
    of_agent = kept.exclude(agent=None).filter(ended_at__lt=now - timedelta(days=700)).first()
    if of_agent is not None:
        first = local_day(of_agent.ended_at, JAKARTA) - timedelta(days=20)
        hold_set(
            scope=Scope(site=of_agent.site, agent=of_agent.agent, first_day=first, last_day=first + timedelta(days=60)),
            reason=HoldReason.POLICE, note="Permintaan Polres: surat B/204/RES, dugaan penipuan.",
            until=day + timedelta(days=5), actor=staff.users["manager"], now=now - timedelta(days=85),
        )  # fmt: skip


def papers(staff: Staff, *, now: datetime) -> None:
    control = staff.users["document_control"]
    today = local_day(now, JAKARTA)
    for n, (title, medium, copies, quantity, owner, place, months, years) in enumerate(PAPERS, 1):
        issued = today - timedelta(days=30 * months)
        line = Line(
            number=f"DC/{issued.year}/{n:03}", title=title, medium=Medium(medium), copies=copies, quantity=quantity,
            site=staff.sites["JKT" if n % 3 else "YGY"], owner_role=owner, place=place, issued_on=issued,
            expires_on=_later(issued, years), classification=f"OP.{n:02}",
        )  # fmt: skip
        entry_add(line=line, actor=control, now=now - timedelta(days=30 * months - 2))


def _later(day: date, years: int) -> date:
    return day.replace(year=day.year + years, day=min(day.day, 28))


def readings(staff: Staff, rng: random.Random, *, now: datetime) -> None:
    """Of the last weeks, by those whose work it is."""
    for site in staff.sites.values():
        code = site.code.lower()
        names = [f"team_leader.{code}", f"coordinator.{code}", "quality_control", "manager"]
        readers = [staff.users[name] for name in names if name in staff.users]
        rows = list(Record.objects.kept().filter(site=site).order_by("-ended_at")[:60])
        for purpose in PURPOSES:
            open_to = [
                (one, who) for one in rng.sample(rows, min(3, len(rows))) for who in readers
                if Record.objects.audible_to(who).filter(pk=one.pk).exists()
            ]  # fmt: skip
            if open_to:
                one, who = rng.choice(open_to)
                note = "Sampel bulanan" if one.kind == RecordKind.RECORDING else "Percakapan terkait keluhan"
                at = max(one.ended_at, now - timedelta(days=rng.randint(1, 25), minutes=rng.randint(0, 600)))
                reading_open(record_id=one.pk, purpose=purpose, note=note, actor=who, now=min(at, now))
