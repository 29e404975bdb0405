"""What the tests of contracts share: people whose PKWT ends soon, and a renewal brought to a state by its path."""

from __future__ import annotations

from datetime import UTC, date, datetime, timedelta
from decimal import Decimal
from typing import Any
from zoneinfo import ZoneInfo

from django.core.files.uploadedfile import SimpleUploadedFile

from occ.people import lifecycle
from occ.people.choices import LeavingReason, Role
from occ.people.models import Site, User
from sdm.contracts.choices import RenewalStatus
from sdm.models import Employee, Renewal
from sdm.services import contract_renewals as services
from sdm.services import contract_wages
from tests.factories import DAY, NOW, pdf, user

END = DAY + timedelta(days=60)
PATH = ("propose", "verify", "submit", "check", "make", "distribute", "sign", "register", "close")
BY = {
    "propose": Role.COORDINATOR, "verify": Role.HEAD_MANAGER, "submit": Role.COORDINATOR, "check": Role.HR_PAYROLL,
    "make": Role.HR_RELATIONS, "distribute": Role.HR_RELATIONS, "sign": Role.HR_RELATIONS,
    "register": Role.HR_RELATIONS, "close": Role.HR_RELATIONS,
}  # fmt: skip


def wib(year: int, month: int, day: int, hour: int, minute: int = 0) -> datetime:
    return datetime(year, month, day, hour, minute, tzinfo=ZoneInfo("Asia/Jakarta")).astimezone(UTC)


def upload(content: bytes | None = None, name: str = "kontrak.pdf") -> SimpleUploadedFile:
    return SimpleUploadedFile(name, pdf() if content is None else content, "application/pdf")


def needs(name: str, now: datetime = NOW) -> dict[str, Any]:
    """What a step of the renewal takes, complete."""
    return {
        "propose": {"agreed_until": END + timedelta(days=365), "reason": "Kinerja baik."},
        "submit": {"memo": "MODIN/12/2026"}, "make": {"number": "PKWT/2026/7"},
        "sign": {"signed_on": now.date(), "file": upload()},
        "register": {"registered_on": now.date(), "registration": "WLKP-991"},
    }.get(name, {"note": "catatan"})  # fmt: skip


def step_made(renewal: Renewal, name: str, *, actor: User | None = None, now: datetime = NOW, **more: Any) -> None:
    service: Any = services.TRANSITIONS[name]
    by = actor or user(BY.get(name, Role.HR_RELATIONS))
    service(renewal_id=renewal.pk, actor=by, now=now, **needs(name, now) | more)


def brought(renewal: Renewal, state: str, *, now: datetime = NOW) -> Renewal:
    """Along its path to that state, or out of it to an end off the path."""
    if state == RenewalStatus.LAPSED:
        services.renewals_lapse(now=NOW + timedelta(days=62))
    elif state == RenewalStatus.CANCELLED:
        step_made(renewal, "cancel", actor=user(Role.COORDINATOR), now=now)
    elif state == RenewalStatus.WITHDRAWN:
        lifecycle.person_leave(
            person_id=renewal.person_id, last_working_day=DAY + timedelta(days=20), reason=LeavingReason.RESIGNATION,
            actor=user(Role.HR_RELATIONS), now=now,
        )  # fmt: skip
    else:
        for name in PATH:
            renewal.refresh_from_db()
            if renewal.status == state:
                break
            step_made(renewal, name, now=now)
    renewal.refresh_from_db()
    assert renewal.status == state
    return renewal


def opened(employee: Employee, now: datetime = NOW) -> Renewal:
    return Renewal.objects.undecided().get(employment__employee=employee)


def paid(employee: Employee, amount: int = 5_000_000, since: date = date(2024, 1, 1), now: datetime = NOW) -> None:
    contract_wages.wage_record(
        person_id=employee.pk, starts_on=since, amount=Decimal(amount), actor=user(Role.HR_PAYROLL), now=now
    )


def elsewhere(role: Role, site: Site) -> User:
    return user(role, site, name=f"{role}-{site.code}")
