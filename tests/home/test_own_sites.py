"""Lists offer the sites and teams of whoever reads them, and the register the kinds of document that one may see."""

from pathlib import Path
from typing import Any

import pytest
from django.db.models import QuerySet
from django.test import Client
from django.urls import get_resolver
from django_filters import FilterSet

from occ.documents.filters import RegisterFilter
from occ.documents.models import IssuedDocument
from occ.documents.types import all_types
from occ.filters import Reader
from occ.people.choices import Role
from occ.people.models import Site, Team
from realtime.models import Rule, Violation
from realtime.views.rotg import ViolationFilter
from retention.batching.lists import FindingFilter
from retention.models import Finding
from tests import factories
from tests.factories import Floor
from tests.retention.around import source
from userids.filters import DeactivationFilter
from userids.models import DeactivationRequest

LISTS = [
    "/userids/accounts/", "/userids/deactivations/", "/userids/resignations/", "/userids/breaches/", "/obligations/",
    "/documents/", "/sdm/", "/realtime/rosters/", "/realtime/alerts/",
]  # fmt: skip


def every(kind: type[Any]) -> set[type[Any]]:
    return {kind}.union(*(every(one) for one in kind.__subclasses__()))


def test_no_list_offers_sites_or_teams_whoever_reads_it() -> None:
    assert list(get_resolver().url_patterns)  # every module of pages is loaded
    fixed = [
        f"{one.__module__}.{one.__name__}.{name}"
        for one in every(FilterSet)
        for name, field in getattr(one, "base_filters", {}).items()
        if isinstance(given := field.extra.get("queryset"), QuerySet) and given.model in (Site, Team)
    ]
    assert fixed == []


@pytest.mark.req("KER-9", "KER-12")
@pytest.mark.parametrize("url", LISTS)
def test_a_leader_is_offered_the_own_site_and_an_auditor_all(floor: Floor, client: Client, url: str) -> None:
    for reader, sites in ((floor.leader, {"JKT"}), (factories.user(Role.AUDITOR), {"JKT", "YGY"})):
        client.force_login(reader)
        form = client.get(url).context["filter"].form
        assert {one.code for one in form.fields["site"].queryset} == sites
        if "team" in form.fields:
            assert {one.site.code for one in form.fields["team"].queryset} <= sites


@pytest.mark.req("KER-9")
def test_findings_offer_the_sources_of_the_own_sites(floor: Floor, tmp_path: Path) -> None:
    ours, _theirs = source(floor.jkt, tmp_path / "j"), source(floor.ygy, tmp_path / "y")
    made: Any = FindingFilter({}, queryset=Finding.objects.none(), request=Reader(floor.leader))
    assert list(made.form.fields["source"].queryset) == [ours]


@pytest.mark.req("KER-9")
def test_an_export_knows_who_reads_it(floor: Floor) -> None:
    rows = DeactivationRequest.objects.none()
    theirs = {"site": str(floor.ygy.pk)}
    assert not DeactivationFilter(theirs, queryset=rows, request=Reader(floor.leader)).form.is_valid()
    assert DeactivationFilter(theirs, queryset=rows, request=Reader(factories.user(Role.AUDITOR))).form.is_valid()


@pytest.mark.req("KER-10")
def test_the_register_offers_the_kinds_that_one_may_see(floor: Floor, client: Client) -> None:
    client.force_login(factories.user(Role.CLIENT))
    field = client.get("/documents/").context["filter"].form.fields["type"]
    offered = {code for code, _label in field.choices if code}
    assert offered == {one.code for one in all_types() if Role.CLIENT in one.reading_roles} and "LKL" in offered
    assert not offered & {"LOG-UID", "PKWT"}
    chosen = RegisterFilter({"type": "PKWT"}, queryset=IssuedDocument.objects.none(), request=Reader(floor.leader))
    assert not chosen.form.is_valid()


@pytest.mark.req("KER-9")
def test_rules_of_the_floor_are_offered_of_the_own_sites_and_of_all(floor: Floor) -> None:
    rules = [Rule.objects.create(number=str(i), site=site) for i, site in enumerate((floor.jkt, floor.ygy, None))]
    made: Any = ViolationFilter({}, queryset=Violation.objects.none(), request=Reader(floor.leader))
    assert list(made.form.fields["rule"].queryset) == [rules[0], rules[2]]
