"""Documents of the demo whose masa simpan is over: destroyed with their berita acara at Jakarta, before the client at
Yogyakarta, and some that the register says may be proposed."""

from __future__ import annotations

from datetime import datetime, timedelta

from occ.demo.people import Staff
from occ.demo.retention.disposals import Story
from occ.documents.choices import Purpose
from occ.people.choices import Role
from occ.people.models import Site
from occ.times import local_day
from retention.choices import DOCUMENTS, Medium
from retention.models import RegisterLine
from retention.registering.documents import register_issue
from retention.services.register import Line, entry_add

# Title, medium, level, quantity, place, days since its last day was over.
JAKARTA_PAPERS = [
    ("Log buku tamu lantai 3", Medium.HARDCOPY, "asli", "2 buku", "Lemari 2, rak D", 90),
    ("Form serah terima headset", Medium.HARDCOPY, "asli", "36 lembar", "Lemari 2, rak A", 70),
    ("Jadwal shift yang ditandatangani", Medium.HARDCOPY, "asli", "24 lembar", "Lemari 1, rak C", 12),
    ("Rekap presensi", Medium.SOFTCOPY, "salinan", "12 file", "File server /HR", 5),
]
YOGYA_PAPERS = [
    ("Daftar hadir pelatihan produk", Medium.HARDCOPY, "asli", "18 lembar", "Lemari arsip YGY", 40),
    ("Formulir permintaan akses", Medium.HARDCOPY, "salinan", "1 map", "Lemari arsip YGY", 35),
]


def old_papers(staff: Staff, *, password: str, now: datetime) -> None:
    """To be called when the demo's other documents are there."""
    story, jkt, ygy = Story(staff, password, now), staff.sites["JKT"], staff.sites["YGY"]
    for site, papers in ((jkt, JAKARTA_PAPERS), (ygy, YOGYA_PAPERS)):
        for n, facts in enumerate(papers, 1):
            entered(staff, site, n, *facts, now=now)
        issued(staff, site, now=now)
    if gone := story.submitted(jkt, DOCUMENTS, 33):  # who saw it and who approved have still to sign
        story.destroyed(story.decided(gone, 29), 18, documented=2, signed={Purpose.EXECUTED})
    story.submitted(ygy, DOCUMENTS, 4)


def entered(
    staff: Staff, site: Site, n: int, title: str, medium: str, copies: str, quantity: str, place: str, over: int, *,
    now: datetime,
) -> None:  # fmt: skip
    last = local_day(now, site.zone) - timedelta(days=over)
    line = Line(
        number=f"DC/{site.code}/{last.year - 2}/{n:03}", title=title, medium=medium, copies=copies, quantity=quantity,
        site=site, owner_role=Role.DOCUMENT_CONTROL, place=place, issued_on=last - timedelta(days=730), expires_on=last,
        classification=f"OP.{20 + n}",
    )  # fmt: skip
    entry_add(line=line, actor=staff.users["document_control"], now=now - timedelta(days=over + 720))


def issued(staff: Staff, site: Site, *, now: datetime) -> None:
    """The register as it was issued two years and some months ago, half a year apart."""
    for days in (980, 800):
        at = now - timedelta(days=days)
        lines = RegisterLine.objects.filter(site=site, issued_on__lte=local_day(at, site.zone))
        register_issue(
            lines=lines, site=site, period=None, language="id", signatures=[], actor=staff.users["document_control"],
            now=at,
        )  # fmt: skip
