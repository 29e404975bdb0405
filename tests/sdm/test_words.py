"""What pages say and offer: of one "1 day", a request by its number, and no filters by person to who reads one."""

from __future__ import annotations

from datetime import timedelta

import pytest
from django.test import Client
from django.urls import reverse

from occ.people.models import User
from sdm.contracts.documents import months_said
from sdm.models import Criterion, Recruitment
from sdm.recruiting.choices import CriterionKind
from sdm.services.recruitments import words_of
from tests.factories import DAY, Floor
from tests.sdm.discipline import agent_user

LISTS = ["sdm:people", "sdm:leaves", "sdm:discipline", "sdm:evaluations"]


@pytest.mark.usefixtures("english")
def test_of_one_it_is_said_in_the_singular() -> None:
    assert [words_of(timedelta(hours=n)) for n in (1, 2, 48, 49)] == ["1 hour", "2 hours", "2 days", "2 days 1 hour"]
    assert Criterion(kind=CriterionKind.EXPERIENCE, asked="1").asked_words == "1 month"
    first = DAY.replace(day=1)
    month = (first + timedelta(days=32)).replace(day=1) - timedelta(days=1)
    assert months_said(first, month) == "1 month"


@pytest.mark.usefixtures("english")
def test_a_request_is_called_by_its_number() -> None:
    assert Recruitment(pk=12).numbered == "no. 12"


@pytest.mark.req("SDM-10")
@pytest.mark.parametrize("name", LISTS)
def test_who_reads_the_own_only_is_offered_no_filter_by_person_or_place(
    floor: Floor, client: Client, name: str
) -> None:
    own: User = agent_user(floor.agent)
    for reader, offered in ((own, False), (floor.coordinator, True)):
        client.force_login(reader)
        page = client.get(reverse(name)).content.decode()
        assert ('name="site"' in page, 'id="occ-filter-q"' in page) == (offered, offered)
    client.force_login(own)
    assert client.get(reverse(name), {"site": "x", "q": "\x00", "team": "9"}).status_code == 200
