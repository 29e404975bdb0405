"""What a list is filtered by is said in the reader's words, beside the list and in its file (KER-12)."""

from typing import Any

import pytest
from django.utils import translation
from django_filters import FilterSet

from occ.filters import Reader
from occ.home.filters import ObligationFilter
from occ.list_export import meta_of
from occ.lists import applied
from occ.obligations.models import Obligation
from occ.people.choices import Role
from occ.people.models import User
from realtime.models import Shift, ShiftRecord
from realtime.views.attendance import RecordFilter
from realtime.views.shift_codes import ShiftFilter
from retention.complying.filters import FigureFilter
from retention.filters import RecordFilter as CatalogueFilter
from retention.models import Record
from tests import factories
from tests.factories import Floor
from tests.home.test_own_sites import every
from userids.filters import DeactivationFilter
from userids.models import DeactivationRequest

pytestmark = pytest.mark.req("KER-12")


def said(kind: type[FilterSet], model: type[Any], reader: User, **given: Any) -> list[str]:
    with translation.override("id"):
        return [value for _name, _label, value in applied(_chosen(kind, model, reader, given))]


def _chosen(kind: type[FilterSet], model: type[Any], reader: User, given: dict[str, Any]) -> FilterSet:
    made = kind(
        {name: str(value) for name, value in given.items()}, queryset=model.objects.none(), request=Reader(reader)
    )
    assert made.form.is_valid()
    return made


def test_what_was_chosen_is_said_in_words(floor: Floor, django_assert_num_queries: Any) -> None:
    reader = floor.support
    days = said(
        DeactivationFilter, DeactivationRequest, reader, due_from="2026-11-02", status="open", site=floor.jkt.pk
    )
    assert set(days) == {"2 November 2026", "Terbuka", "Jakarta"}
    assert said(ShiftFilter, Shift, reader, active="true") == ["ya"]
    assert said(ShiftFilter, Shift, reader, active="false") == ["tidak"]
    assert said(ObligationFilter, Obligation, reader, month="2026-10") == ["Oktober 2026"]
    assert said(ObligationFilter, Obligation, reader, month="bukan bulan") == ["bukan bulan"]
    assert "Oktober 2026" in said(FigureFilter, Record, reader, month="2026-10")
    assert said(CatalogueFilter, Record, reader, month="2026-10") == ["Oktober 2026"]
    chosen = _chosen(DeactivationFilter, DeactivationRequest, reader, {"site": floor.jkt.pk})
    with django_assert_num_queries(0):  # the names of all sites are not asked for once more
        applied(chosen)


def test_one_person_is_named_to_who_may_see_them(floor: Floor) -> None:
    stranger = factories.person(floor.ygy, name="Orang Lain")
    assert said(RecordFilter, ShiftRecord, floor.leader, person=floor.agent.pk) == [str(floor.agent)]
    assert said(RecordFilter, ShiftRecord, floor.leader, person=stranger.pk) == [str(stranger.pk)]
    chosen = _chosen(RecordFilter, ShiftRecord, factories.user(Role.AUDITOR), {"person": stranger.pk})
    assert stranger.name in str(meta_of(chosen))


def test_each_filter_has_a_name() -> None:
    nameless = [
        f"{one.__module__}.{one.__name__}.{name}"
        for one in every(FilterSet)
        for name, field in getattr(one, "base_filters", {}).items()
        if field._label is None
    ]
    assert nameless == []


@pytest.mark.req("KER-9")
@pytest.mark.parametrize("key", ["-1e1000000", "1e9", "-1", "0", "9" * 30, "1.5", "x"])
def test_what_is_no_key_of_a_row_is_refused_at_once(floor: Floor, key: str) -> None:
    """To make a whole number of -1e1000000 keeps a web process for half a minute."""
    chosen = RecordFilter({"person": key}, queryset=ShiftRecord.objects.none(), request=Reader(floor.leader))
    assert list(chosen.form.errors) == ["person"]
