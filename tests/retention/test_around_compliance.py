"""The compliance page (RET-14): what each figure counts, that it leads to exactly its rows, and when it is counted."""

from __future__ import annotations

from datetime import UTC, date, datetime, timedelta
from pathlib import Path
from typing import Any
from zoneinfo import ZoneInfo

import pytest
from django.test import Client
from django.urls import reverse
from django.utils import timezone

from occ.people.choices import Role
from occ.times import end_of_day
from retention.choices import FindingKind
from retention.complying.heat import destroyed_share
from retention.deadlines import backup_due, ended_by
from retention.models import Bag, Batch, Copy, Item, MonthFigures, Pack, Packed, Proposal, Record, Schedule, Store
from retention.models.compliance import COUNTED
from retention.services.ages import past, rules_of
from retention.services.compliance import behind, counts_of, figures_count
from retention.services.findings import Seen, findings_keep
from retention.services.holds import Scope, hold_lift, hold_set
from tests.factories import Floor, person, user
from tests.retention.around import a_record, source
from tests.retention.meddling import destroyed, past_the_triggers

pytestmark = [pytest.mark.django_db, pytest.mark.req("RET-14")]
WIB = ZoneInfo("Asia/Jakarta")


def acting(actor: Any) -> Client:
    one = Client()
    one.force_login(actor)
    one.cookies["django_language"] = "en"
    return one


@pytest.fixture(autouse=True)
def periods(db: None) -> None:
    """Those of the procedure; tests that empty the tables take them away."""
    for kind in ("chat", "recording"):
        Schedule.objects.get_or_create(
            record_kind=kind, channel="", client="", valid_from=date(1990, 1, 1),
            defaults={"backup_after_years": 1, "delete_after_years": 2, "basis": "SOP-RET 5", "reason": "SOP-RET 5",
                      "set_at": timezone.now()},
        )  # fmt: skip


# Ages -----------------------------------------------------------------------------------------------------------------


@pytest.mark.req("RET-3", "KER-6")
@pytest.mark.parametrize(
    "ended_at",
    [datetime(2025, 11, 20, 16, 59, tzinfo=UTC), datetime(2025, 11, 20, 17, 0, tzinfo=UTC),
     datetime(2024, 2, 29, 12, 0, tzinfo=UTC), datetime(2024, 12, 31, 16, 59, tzinfo=UTC)],
)  # fmt: skip
def test_overdue_begins_when_the_backup_was_due(floor: Floor, tmp_path: Path, ended_at: datetime) -> None:
    a_record(source(floor.jkt, tmp_path), ended_at=ended_at)
    due = backup_due(ended_at, WIB, 1)
    for at, late in ((due - timedelta(seconds=1), False), (due, True)):
        day = at.astimezone(WIB).date()
        wanted = past(rules_of("recording", day), "backup_after_years", day, WIB)
        assert Record.objects.filter(wanted).exists() == late


def test_a_channel_s_own_period_goes_before_the_rest(floor: Floor, tmp_path: Path) -> None:
    for channel, client, years in (("whatsapp", "", 3), ("", "PGD", 5), ("whatsapp", "PGD", 7)):
        Schedule.objects.create(
            record_kind="recording", channel=channel, client=client, valid_from=date(2020, 1, 1), basis="x", reason="x",
            backup_after_years=years, delete_after_years=years + 1, set_at=timezone.now(),
        )  # fmt: skip
    place, other = source(floor.jkt, tmp_path / "a"), source(floor.jkt, tmp_path / "b")
    other.client = "PGD"
    other.save(update_fields=["client"])
    day = date(2026, 11, 20)
    ages = {"plain": (place, "voice", 1), "wa": (place, "whatsapp", 3), "pgd": (other, "voice", 5),
            "both": (other, "whatsapp", 7)}  # fmt: skip
    rules = rules_of("recording", day)
    for where, channel, years in ages.values():
        edge = end_of_day(ended_by(day - timedelta(days=1), years), WIB)
        young = a_record(where, channel=channel, ended_at=edge)
        old = a_record(where, channel=channel, ended_at=edge - timedelta(seconds=1))
        found = Record.objects.filter(past(rules, "backup_after_years", day, WIB), pk__in=[young.pk, old.pk])
        assert list(found) == [old]


# What is counted ------------------------------------------------------------------------------------------------------


def backed_up(batch: Batch, records: list[Record], *, checked_at: datetime, result: str = "ok") -> None:
    number = Bag.objects.count() + 1
    bag = Bag.objects.create(
        batch=batch, number=number, identifier=f"B-{number}", opened_at=checked_at, status="complete",
        completed_at=checked_at,
    )  # fmt: skip
    pack = Pack.objects.create(bag=bag, number=1, name=f"{number}.pack", size=1, sha256="0" * 64, written_at=checked_at)
    stores = [
        Store.objects.get_or_create(code=code, defaults={"name": code, "kind": "directory", "url": "file:///x"})[0]
        for code in ("A", "B")
    ]
    for store in stores:
        Copy.objects.create(pack=pack, store=store, checked_at=checked_at, result=result if store.code == "B" else "ok")
    for i, one in enumerate(records):
        Packed.objects.create(
            record=one, pack=pack, name=f"data/{one.pk}", offset=i, length=1, size=1, sha256="0" * 64, sha512="0" * 128,
            key=b"k",
        )  # fmt: skip
    Record.objects.filter(pk__in=[one.pk for one in records]).update(state="backed_up", batch=batch)


def proposed(
    where: Any, one: Record, *, status: str, decision: str = "pending", live: bool = True, **more: Any
) -> None:
    now = timezone.now()
    with past_the_triggers():
        proposal = Proposal.objects.create(
            number=f"P-{Proposal.objects.count()}", site=where, kind="recording", status=status, reason="x",
            proposed_at=now, frozen_at=now, list_sha256="0" * 64, first_day=one.ended_on, last_day=one.ended_on,
        )  # fmt: skip
        Item.objects.create(
            proposal=proposal, position=1, record=one, line="x", reason="x", decision=decision, live=live, **more
        )


@pytest.fixture
def year(floor: Floor, tmp_path: Path) -> dict[str, Record]:
    """A month three years ago with a record for each thing that can be said of one."""
    now, place = timezone.now(), source(floor.jkt, tmp_path)
    ended = (now - timedelta(days=1_100)).replace(day=15)
    names = (
        "plain",
        "verified",
        "stale",
        "bad",
        "shut",
        "held",
        "proposed",
        "approved",
        "refused",
        "destroyed",
        "waived",
    )
    found = {name: a_record(place, ended_at=ended, agent=floor.agent if name == "held" else None) for name in names}
    month = ended.astimezone(WIB).date().replace(day=1)
    batch = Batch.objects.create(kind="recording", site=floor.jkt, month=month, due_at=now, opened_at=now)
    backed_up(batch, [found[name] for name in ("verified", "held", "proposed", "approved", "refused")], checked_at=now)
    backed_up(batch, [found["stale"]], checked_at=now - timedelta(days=91))
    backed_up(batch, [found["bad"]], checked_at=now, result="failed")
    backed_up(batch, [found["shut"]], checked_at=now)
    key = Seen("x", floor.jkt, bag=Bag.objects.latest("pk"), record=found["shut"])
    findings_keep(kind=FindingKind.KEY_MISSING, place=None, seen=[key], complete=False, now=now)
    hold_set(scope=Scope(site=floor.jkt, agent=floor.agent), reason="audit", note="x", until=None,
             actor=floor.manager, now=now)  # fmt: skip
    proposed(floor.jkt, found["proposed"], status="with_client")
    proposed(floor.jkt, found["approved"], status="approved", decision="approved")
    later = now.date() + timedelta(days=90)
    proposed(floor.jkt, found["refused"], status="refused", decision="refused", live=False, again_on=later)
    destroyed([found["destroyed"]])
    Record.objects.filter(pk=found["waived"].pk).update(state="waived", waived_because="x")
    return found


WANTED = {
    "records": {
        "plain",
        "verified",
        "stale",
        "bad",
        "shut",
        "held",
        "proposed",
        "approved",
        "refused",
        "destroyed",
        "waived",
    },
    "backed_up": {"verified", "stale", "bad", "held", "proposed", "approved", "refused"},
    "verified": {"verified", "held", "proposed", "approved", "refused"},
    "unrestorable": {"shut"},
    "overdue": {"plain"},
    "held": {"held"},
    "proposed": {"proposed"},
    "approved": {"approved"},
    "destroyed": {"destroyed"},
    "beyond": {"plain", "verified", "stale", "bad", "shut", "waived"},
}


def test_each_figure_counts_what_its_list_shows(floor: Floor, year: dict[str, Record]) -> None:
    now = timezone.now()
    assert figures_count(now=now, seconds=60) == 1
    figures = MonthFigures.objects.get()
    assert {name: getattr(figures, name) for name in COUNTED} == {name: len(rows) for name, rows in WANTED.items()}
    names = {one.pk: name for name, one in year.items()}
    page = acting(floor.coordinator)
    for name, wanted in WANTED.items():
        condition = behind(name, site=None, kind="", month=None, now=now)
        assert {names[one.pk] for one in Record.objects.filter(condition)} == wanted, name
        url = reverse("retention:figure_rows")
        shown = page.get(url, {"figure": name, "month": f"{figures.month:%Y-%m}"}).context["page"].rows
        assert {names[one.pk] for one in shown} == wanted, name
    assert counts_of(floor.ygy, "recording", figures.month, now)["records"] == 0


def test_figures_are_counted_when_something_changed_and_once_a_day(floor: Floor, year: dict[str, Record]) -> None:
    now = timezone.now()
    figures_count(now=now, seconds=60)
    with past_the_triggers():
        Proposal.objects.update(status="withdrawn")
    assert figures_count(now=now + timedelta(minutes=5), seconds=60) == 0
    a_record(source(floor.jkt, Path("/tmp")), ended_at=year["plain"].ended_at)
    assert figures_count(now=now + timedelta(minutes=10), seconds=60) == 1
    assert MonthFigures.objects.get().records == len(year) + 1
    hold = floor.jkt and hold_set(
        scope=Scope(site=floor.jkt, first_day=date(2000, 1, 1)), reason="audit", note="x", until=None,
        actor=floor.manager, now=now,
    )  # fmt: skip
    assert figures_count(now=now + timedelta(minutes=15), seconds=60) == 1
    assert MonthFigures.objects.get().held == len(year) + 1 - 1  # all but the destroyed one
    hold_lift(hold_id=hold.pk, because="x", actor=floor.manager, now=now)
    assert figures_count(now=now + timedelta(minutes=20), seconds=60) == 1
    Batch.objects.update(heard_at=now + timedelta(minutes=25))
    assert figures_count(now=now + timedelta(minutes=30), seconds=60) == 1
    assert figures_count(now=now + timedelta(hours=23), seconds=60) == 0
    assert figures_count(now=now + timedelta(hours=25), seconds=60) == 1


def test_what_changes_while_it_is_counted_is_counted_again(
    floor: Floor, year: dict[str, Record], monkeypatch: pytest.MonkeyPatch
) -> None:
    from retention.services import compliance

    counting = compliance.counts_of

    def meanwhile(*args: Any) -> dict[str, int]:
        counts = counting(*args)
        MonthFigures.objects.touched(site_id=floor.jkt.pk, first=None, last=None)
        return counts

    monkeypatch.setattr(compliance, "counts_of", meanwhile)
    figures_count(now=timezone.now(), seconds=60)
    assert MonthFigures.objects.get().counted_at is None
    monkeypatch.undo()
    assert figures_count(now=timezone.now(), seconds=60) == 1
    assert MonthFigures.objects.get().counted_at is not None


# The page -------------------------------------------------------------------------------------------------------------


def test_the_page_leads_from_every_figure_to_its_rows(
    floor: Floor, year: dict[str, Record], django_assert_max_num_queries: Any
) -> None:
    figures_count(now=timezone.now(), seconds=60)
    page, url = acting(floor.coordinator), reverse("retention:compliance")
    with django_assert_max_num_queries(16):
        answer = page.get(url)
    text = answer.content.decode()
    month = MonthFigures.objects.get().month
    assert f"{month:%B %Y}: 11 records, 1 of them destroyed (9 %) and 10 kept; of those kept: backup overdue" in text
    assert answer.context["totals"]["overdue"] == 1 and "never" in text
    cell = answer.context["maps"][0]["years"][0]["cells"][month.month - 1]
    rows = page.get(cell["url"])
    assert rows.status_code == 200 and len(rows.context["page"].rows) == 11
    assert Batch.objects.get().identifier in rows.content.decode()
    for line in answer.context["lines"]:
        for one in line["cells"]:
            if one["url"]:
                assert len(page.get(one["url"]).context["page"].rows) == one["value"]
    for nonsense in ("?site=999999", "?site=x", "?site=" + "9" * 50):
        assert page.get(url + nonsense).status_code == 200
    for nonsense in ("?month=2026-13", "?month=%00", "?figure=x", "?kind=y&month=0000-01", "?q=%00"):
        assert page.get(reverse("retention:figure_rows") + nonsense).status_code == 200


def test_a_team_s_leader_is_told_that_the_list_is_of_the_team(floor: Floor, year: dict[str, Record]) -> None:
    figures_count(now=timezone.now(), seconds=60)
    url = reverse("retention:figure_rows") + "?figure=records"
    theirs = acting(user(Role.TEAM_LEADER, floor.jkt, name="tl.team", team=floor.team)).get(url)
    assert "your team" in theirs.content.decode() and len(theirs.context["page"].rows) == 1  # the held one's agent
    whole = acting(floor.leader).get(url)
    assert "your team" not in whole.content.decode() and len(whole.context["page"].rows) == 11


@pytest.mark.req("KER-9")
def test_a_site_s_figures_are_its_own(floor: Floor, year: dict[str, Record], tmp_path: Path) -> None:
    a_record(source(floor.ygy, tmp_path / "y"), agent=person(floor.ygy))
    figures_count(now=timezone.now(), seconds=60)
    theirs = acting(user(Role.COORDINATOR, floor.ygy))
    answer = theirs.get(reverse("retention:compliance"))
    assert answer.context["totals"]["records"] == 1
    assert theirs.get(f"{reverse('retention:compliance')}?site={floor.jkt.pk}").context["totals"]["records"] == 1
    rows = theirs.get(f"{reverse('retention:figure_rows')}?figure=overdue&site={floor.jkt.pk}")
    assert rows.context["page"].rows == []
    found = theirs.get("/api/v1/retention/compliance/").json()["results"]
    assert [one["site"] for one in found] == ["YGY"] and found[0]["records"] == 1
    assert acting(user(Role.AGENT, floor.jkt)).get(reverse("retention:compliance")).status_code == 403


def test_the_page_says_as_of_when_its_figures_are_and_what_of_a_month_was_destroyed(
    floor: Floor, tmp_path: Path
) -> None:
    place, ended = source(floor.jkt, tmp_path), datetime(2023, 3, 15, 5, tzinfo=UTC)
    gone, _kept, _other = (a_record(place, ended_at=ended) for _n in range(3))
    all_gone = a_record(place, ended_at=ended + timedelta(days=31))
    a_record(place, ended_at=ended + timedelta(days=61))
    destroyed([gone, all_gone])
    now = datetime(2026, 11, 30, 5, 7, tzinfo=UTC)
    page, url = acting(user(Role.DOCUMENT_CONTROL, floor.jkt)), reverse("retention:compliance")
    MonthFigures.objects.all().delete()
    figures_count(now=now, seconds=60)
    answer = page.get(url)
    text = answer.content.decode()
    assert "Figures as of" in text and text.count("30 November 2026, 12:07 WIB") >= 3  # above, and of each month
    march, april, may = answer.context["maps"][0]["years"][0]["cells"][2:5]
    assert may["said"].startswith("May 2023: 1 record, ")
    assert march["said"].startswith("March 2023: 3 records, 1 of them destroyed (33 %) and 2 kept; of those kept:")
    assert (march["destroyed"], march["whole"], march["tone"]) == (33, False, "danger")
    assert april["said"] == "April 2023: 1 record, which was destroyed" and april["whole"]
    for cell, count in ((march, 1), (april, 1)):
        assert len(page.get(cell["destroyed_url"]).context["page"].rows) == count
        assert cell["destroyed_url"].replace("&", "&amp;") in text
    assert (
        destroyed_share({"records": 1_000, "destroyed": 1}),
        destroyed_share({"records": 300, "destroyed": 299}),
    ) == (1, 99)
    MonthFigures.objects.update(counted_at=None)
    assert "not counted yet" in page.get(url).content.decode()
