"""Reconciliations of the demo's logbook: two of the past and what became of their findings, and one of today."""

from __future__ import annotations

import csv
import io
from collections.abc import Callable
from datetime import datetime, timedelta
from functools import partial
from typing import Any

from occ.demo.logbook import Life
from occ.times import JAKARTA, local_day
from userids.choices import FindingKind, FindingStatus, ListSource, Way
from userids.models import Account, DeactivationRequest
from userids.models.reconciliation import Finding
from userids.reconciling.findings import finding_accept, finding_resolve
from userids.reconciling.reading import list_read
from userids.reconciling.runs import reconciliation_run
from userids.services.exports import with_last_holder

HEAD = ["User ID", "Nama", "Email", "Peran", "Status", "Login Terakhir", "Non Aktif Sejak"]
Line = dict[str, Any]
Quirks = Callable[[Life, dict[str, Line], datetime], None]


def plan(life: Life) -> None:
    """What happened on its day among the leavings: to be called before the demo lives through its past."""
    life.at(life.now - timedelta(days=62, hours=2), partial(run, life, first_quirks))
    life.at(life.now - timedelta(days=61), partial(deal, life))
    life.at(life.now - timedelta(days=31, hours=2), partial(run, life, second_quirks))


def this_morning(life: Life) -> None:
    run(life, todays_quirks, now=life.now - timedelta(hours=3))
    claim(life, now=life.now - timedelta(hours=1))


def claim(life: Life, *, now: datetime) -> None:
    """One of today's is said to be put right, which the next list has yet to show."""
    finding = Finding.objects.filter(kind=FindingKind.EMAIL_DIFFERS).open().first()
    if finding is not None:
        finding_resolve(
            finding_id=finding.pk, way=Way.LOGBOOK, evidence={"text": "Alamat di logbook dibetulkan menurut aplikasi."},
            actor=life.staff.users["document_control"], now=now,
        )  # fmt: skip


def run(life: Life, quirks: Quirks, *, now: datetime) -> None:
    """Document Control uploads the list of the application as it was then."""
    lines = shown(life, now)
    quirks(life, lines, now)
    out = io.StringIO()
    writer = csv.DictWriter(out, HEAD)
    writer.writeheader()
    writer.writerows(lines.values())
    file = io.BytesIO(out.getvalue().encode())
    taken_at = now - timedelta(minutes=10)
    listing = list_read(file=file, name=f"omni-users-{local_day(now, JAKARTA)}.csv", taken_at=taken_at)
    reconciliation_run(
        application=life.application, listing=listing, source=ListSource.FILE, taken_at=taken_at, confirmed=False,
        language="id", actor=life.staff.users["document_control"], now=now,
    )  # fmt: skip


def shown(life: Life, now: datetime) -> dict[str, Line]:
    """The application's users as they should be: what the logbook says."""
    found = {}
    accounts = Account.objects.filter(application=life.application).with_holder().order_by("user_id")
    for account, holder in with_last_holder(accounts, None):
        active = account.status == "active"
        seen = now - timedelta(minutes=life.rng.randrange(20, 2_000))
        last = seen if active else (account.deactivated_at or now) - timedelta(hours=40)
        if holder is not None and holder.person.last_working_day:  # nobody logs in once gone
            last = min(last, account.created_at if not active else last)
        found[account.user_id] = {
            "User ID": account.user_id,
            "Nama": holder.person.name.upper() if holder else "",
            "Email": holder.email if holder else "",
            "Peran": account.role,
            "Status": "Aktif" if active else "Non Aktif",
            "Login Terakhir": clock(last),
            "Non Aktif Sejak": "" if active else clock(account.deactivated_at),
        }
    for request in DeactivationRequest.objects.filter(inactive_since=None).select_related("account"):
        if request.starts_at < now:  # the last shift is over: the last log-in was in it
            found[request.account.user_id]["Login Terakhir"] = clock(request.starts_at - timedelta(hours=3))
    return found


def clock(at: datetime | None) -> str:
    return at.astimezone(JAKARTA).strftime("%d/%m/%Y %H:%M") if at else ""


def held(lines: dict[str, Line]) -> list[str]:
    """IDs in use whose holders stay."""
    active = [one for one, line in lines.items() if line["Status"] == "Aktif"]
    leaving = DeactivationRequest.objects.filter(inactive_since=None).values_list("account__user_id", flat=True)
    return [one for one in active if one not in set(leaving)]


def first_gone(life: Life) -> str:
    """The ID that was shut longest ago because its last holder left."""
    shut = Account.objects.filter(application=life.application, status="inactive").with_holder()
    of_them = with_last_holder(shut.order_by("deactivated_at", "user_id"), None)
    return next(one.user_id for one, holder in of_them if holder is not None and holder.person.last_working_day)


def first_quirks(life: Life, lines: dict[str, Line], now: datetime) -> None:
    some = held(lines)
    lines["ADMIN-UAT"] = dict.fromkeys(HEAD, "") | {"User ID": "ADMIN-UAT", "Nama": "Akun Uji", "Status": "Aktif"}
    lines[some[5]]["Nama"] = "Rina Kartika"
    lines[some[9]]["Email"] = "agent.lama@demo.example"
    for one in some[14:17]:
        lines[one]["Login Terakhir"] = clock(now - timedelta(days=44))
    del lines[some[20]]


def deal(life: Life, *, now: datetime) -> None:
    """What was found was dealt with: most put right, one left as it is for a time."""
    control = life.staff.users["document_control"]
    for finding in Finding.objects.filter(status=FindingStatus.OPEN).select_related("site").order_by("pk"):
        if finding.kind == FindingKind.UNKNOWN:
            coordinator = life.staff.users[f"coordinator.{finding.site.code.lower()}"]
            until = local_day(life.now + timedelta(days=40), JAKARTA)
            note = "Akun uji vendor, dipakai sampai UAT selesai."
            finding_accept(finding_id=finding.pk, note=note, until=until, actor=coordinator, now=now)
        elif finding.kind == FindingKind.HOLDER_DIFFERS:
            text = "Nama di aplikasi dibetulkan; pemegang tetap."
            leader = life.leader(finding.site)
            finding_resolve(
                finding_id=finding.pk, way=Way.APPLICATION, evidence={"text": text}, actor=leader, now=now
            )  # fmt: skip
        elif finding.kind == FindingKind.MISSING:
            text = "Terlewat saat ekspor; pengguna ada di aplikasi."
            finding_resolve(
                finding_id=finding.pk, way=Way.APPLICATION, evidence={"text": text}, actor=control, now=now
            )  # fmt: skip


def second_quirks(life: Life, lines: dict[str, Line], now: datetime) -> None:
    some = held(lines)
    lines["ADMIN-UAT"] = dict.fromkeys(HEAD, "") | {"User ID": "ADMIN-UAT", "Nama": "Akun Uji", "Status": "Aktif"}
    old = Account.objects.filter(user_id__in=some[14:], activated_at__lt=life.now - timedelta(days=300))
    dormant = old.order_by("user_id").values_list("user_id", flat=True)[0]
    lines[dormant]["Login Terakhir"] = clock(now - timedelta(days=75))


def todays_quirks(life: Life, lines: dict[str, Line], now: datetime) -> None:
    """A finding of every kind, and one leaver's ID that is shut already before anybody has confirmed it."""
    second_quirks(life, lines, now)
    some = held(lines)
    lines["OMN-900"] = dict.fromkeys(HEAD, "") | {"User ID": "OMN-900", "Nama": "Tanpa Logbook", "Status": "Aktif"}
    lines[some[7]]["Nama"] = "Dimas Setiawan"
    lines[some[11]]["Email"] = "alamat.lain@demo.example"
    lines[some[18]] |= {"Status": "Non Aktif", "Non Aktif Sejak": clock(now - timedelta(days=1))}
    del lines[some[23]]
    back = lines[first_gone(life)]  # opened again and used, weeks after its holder left
    back |= {"Status": "Aktif", "Non Aktif Sejak": "", "Login Terakhir": clock(now - timedelta(hours=9))}
    shut = DeactivationRequest.objects.filter(inactive_since=None, status="in_progress", starts_at__lt=now).first()
    if shut is not None:
        since = max(shut.starts_at, now - timedelta(hours=5)) + timedelta(minutes=30)
        lines[shut.account.user_id] |= {"Status": "Non Aktif", "Non Aktif Sejak": clock(since)}
