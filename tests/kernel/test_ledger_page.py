"""The evidence ledger is searched for whom it is about, by days and sites, and says how far it is sealed (KER-10)."""

from __future__ import annotations

from datetime import timedelta

import pytest
from django.test import Client

from occ.ledger.models import Entry
from occ.ledger.services import seal_entries
from occ.people.choices import Role
from tests.factories import NOW, Floor, user

pytestmark = [pytest.mark.django_db, pytest.mark.req("KER-10")]


def test_it_is_searched_and_filtered_and_says_how_far_it_is_sealed(floor: Floor) -> None:
    floor.resign()
    seal_entries(now=NOW + timedelta(days=1))
    client = Client()
    client.force_login(user(Role.AUDITOR))
    client.cookies["django_language"] = "en"
    page = client.get("/ledger/")
    assert f"Sealed up to No. {Entry.objects.latest('pk').pk}" in page.content.decode()

    def found(query: str) -> set[int]:
        answer = client.get(f"/ledger/?{query}")
        assert answer.status_code == 200
        return {one.pk for one in answer.context["page"].rows}

    about = found(f"q={floor.account.user_id}")
    assert about and about < found("")
    assert found("site=JKT") and not found("site=JKT") & found("site=YGY")
    assert not found("since=2031-01-01") and not found("until=2020-01-01")
