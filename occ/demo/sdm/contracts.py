"""Contracts of the demo: wages, compensations paid and owed, and a renewal at each step of its way (SDM-7).

What ends soon (occ/demo/people.py) was reminded of ninety days before; the operation, OPC, payroll and HR have come
differently far with each. One was not renewed: that person is leaving.
"""

from __future__ import annotations

import random
from datetime import date, datetime, time, timedelta
from decimal import Decimal
from typing import Any

from django.core.files.base import ContentFile
from django.core.files.storage import storages

from occ.demo.people import Staff, noon
from occ.documents.models import IssuedDocument
from occ.people.choices import Role
from occ.people.models import User
from occ.times import JAKARTA, local_day
from sdm.contracts.terms import last_day
from sdm.models import Compensation, Employee, Renewal
from sdm.services import contract_renewals as renewals
from sdm.services import contract_wages as wages
from sdm.services.contract_reports import expiring_report

PATH = ("propose", "verify", "submit", "check", "make", "distribute", "sign", "register", "close")
# How many steps each has come, the soonest to end first; 0: HR's reminder waits for the operation.
FAR = (9, 8, 7, 6, 5, 3, 1, 0)
WAGES = {"Agent": 5_067_381, "Verifikator": 5_200_000, "Team Leader": 6_500_000}
WHY = (
    "Kehadiran dan kualitas di atas target; dibutuhkan untuk layanan WhatsApp.",
    "Produktivitas stabil sepanjang kontrak, tidak ada pelanggaran tata tertib.",
    "Mampu menangani dua kanal; kebutuhan personel sesuai PKS.",
)


def contract_life(staff: Staff, now: datetime) -> None:
    rng = random.Random(41)  # noqa: S311 - invented wages
    _wages(staff, rng, now)
    _compensations(staff, now)
    _renewals(staff, rng, now)
    today = local_day(now, JAKARTA)
    for site in staff.sites.values():
        expiring_report(site=site, month=today, language="id", actor=staff.users["hr_relations"], now=now)


def _wages(staff: Staff, rng: random.Random, now: datetime) -> None:
    """Of who works here or left lately: from the first day of work, and more since this year."""
    payroll, today = staff.users["hr_payroll"], local_day(now, JAKARTA)
    for employee in Employee.objects.select_related("person").order_by("pk"):
        person = employee.person
        left = person.last_working_day is not None and person.last_working_day < today - timedelta(days=90)
        if person.joined_on > today or left or payroll.person_id == employee.pk:
            continue
        base = WAGES.get(person.position, 6_000_000) + 50_000 * rng.randrange(0, 8)
        begun, this_year = {person.joined_on: base}, date(today.year, 1, 1)
        if person.joined_on < this_year:
            begun[this_year] = base + 325_000
        for first, amount in begun.items():
            wages.wage_record(
                person_id=employee.pk, starts_on=first, amount=Decimal(amount), actor=payroll, now=min(noon(first), now)
            )


def _compensations(staff: Staff, now: datetime) -> None:
    """As beat opened them in the last weeks; payroll has paid those that are over for some days."""
    payroll, today = staff.users["hr_payroll"], local_day(now, JAKARTA)
    for days in range(30, -1, -3):
        at = now - timedelta(days=days)
        wages.compensations_keep(now=at)
        ended = Compensation.objects.filter(status="due", ends_on__lte=local_day(at, JAKARTA) - timedelta(days=1))
        for row in ended.exclude(employment__employee_id=payroll.person_id or 0):
            if row.ends_on < today - timedelta(days=4):
                wages.compensation_pay(
                    compensation_id=row.pk, paid_on=local_day(at, JAKARTA), actor=payroll, now=at,
                    evidence={"text": f"TRF-{row.pk:06}"},
                )  # fmt: skip


def _renewals(staff: Staff, rng: random.Random, now: datetime) -> None:
    for days in (62, 40, 20, 1):
        renewals.renewals_open(now=now - timedelta(days=days))
    renewals.renewals_open(now=now)
    rows = list(Renewal.objects.undecided().filter(employment__employee__person__position="Agent").order_by("ends_on"))
    for row, steps in zip(rows, FAR, strict=False):
        _walk(staff, row, steps, rng, now)
    if len(rows) > len(FAR):
        at = max(rows[-1].opened_at, now - timedelta(days=1)) + timedelta(minutes=5)
        renewals.renewal_cancel(
            renewal_id=rows[-1].pk, note="Kebutuhan personel berkurang.", actor=staff.users["manager"], now=min(at, now)
        )


def _walk(staff: Staff, row: Renewal, steps: int, rng: random.Random, now: datetime) -> None:
    """So many steps, spread over the time since it was opened."""
    begun = row.opened_at
    for number, name in enumerate(PATH[:steps], 1):
        at = begun + (now - timedelta(minutes=30) - begun) * number / (steps + 1)
        at = datetime.combine(at.astimezone(JAKARTA).date(), time(9 + number), JAKARTA)
        at = min(max(at, begun + timedelta(minutes=number)), now)
        given = _given(row, name, at, rng)
        renewals.TRANSITIONS[name](renewal_id=row.pk, actor=_actor(staff, row, name), now=at, **given)
        row.refresh_from_db()


def _actor(staff: Staff, row: Renewal, name: str) -> User:
    by = {
        "propose": f"coordinator.{row.site.code.lower()}", "verify": "head_manager",
        "submit": f"coordinator.{row.site.code.lower()}", "check": "hr_payroll",
    }  # fmt: skip
    return staff.users[by.get(name, Role.HR_RELATIONS)]


def _given(row: Renewal, name: str, at: datetime, rng: random.Random) -> dict[str, Any]:
    day = local_day(at, JAKARTA)
    if name == "propose":
        until = min(last_day(row.ends_on + timedelta(days=1), 12), renewals.latest_end(row, now=at))
        return {"agreed_until": until, "reason": rng.choice(WHY)}
    if name == "submit":
        return {"memo": f"MODIN/{row.site.code}/{day:%Y}/{row.pk:04}"}
    if name == "make":
        return {"number": f"PKWT/{row.person.number}/{rng.randrange(100, 999)}"}
    if name == "distribute":
        return {"note": "Dijelaskan di ruang rapat, dua rangkap dibagikan."}
    if name == "sign":
        return {"signed_on": day, "file": _signed(row)}
    if name == "register":
        return {"registered_on": day, "registration": f"WLKP-{day:%Y}-{row.pk:05}"}
    return {}


def _signed(row: Renewal) -> ContentFile[bytes]:
    """The contract as it was issued stands for the one that was signed and scanned."""
    document = IssuedDocument.objects.filter(type_code="PKWT", subject_id=str(row.pk)).latest("pk")
    with storages["documents"].open(document.file) as file:
        return ContentFile(file.read(), name=f"PKWT-{row.person.number}.pdf")
