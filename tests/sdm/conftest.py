"""HR beside the floor, and people taken on through the services."""

from __future__ import annotations

from collections.abc import Callable
from datetime import date
from itertools import count
from typing import Any

import pytest

from occ.people.choices import Role
from occ.people.models import User
from sdm.models import Employee
from sdm.services import employees
from sdm.services.employments import Terms
from tests.factories import NOW, Floor, user

_numbers = count(1)
Hire = Callable[..., Employee]


@pytest.fixture
def hr(floor: Floor) -> User:
    return user(Role.HR_RELATIONS)


@pytest.fixture
def hire(floor: Floor, hr: User) -> Hire:
    return hiring(floor, hr)


def hiring(floor: Floor, hr: User) -> Hire:
    def make(**values: Any) -> Employee:
        number = f"H{next(_numbers):04}"
        given = {
            "number": number, "name": f"Karyawan {number}", "position": "Agent", "site": floor.jkt,
            "joined_on": date(2025, 1, 1), "contract": Terms("pkwt", date(2025, 1, 1), date(2026, 12, 31)),
        } | values  # fmt: skip
        return employees.employee_hire(**given, actor=hr, now=NOW)

    return make
