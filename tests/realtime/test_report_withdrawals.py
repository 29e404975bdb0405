"""An import taken back: its calls are withdrawn and stay on record, and the same file can be read otherwise (RTM-4)."""

from __future__ import annotations

from datetime import date, timedelta
from typing import Any

import pytest
from django.db import DatabaseError, transaction
from django.test import Client
from django.utils import timezone

from occ.errors import Invalid, NotAllowed, WrongState
from occ.ledger.models import Entry
from occ.people.activity import seen_since
from occ.people.actors import COMMAND
from occ.people.choices import Role
from occ.people.models import Person
from realtime.choices import EventType
from realtime.models import AgentNow, AgentSegment, Event, Interaction, ReportImport, ServiceMonth, Source
from realtime.reports.mapping import mapping_of
from realtime.services.call_reports import report_import, report_read, report_summary, report_work
from realtime.services.ingesting import events_take
from realtime.services.rebuilding import rebuild
from realtime.services.report_imports import import_withdraw
from tests.factories import NOW, Floor, site, user
from tests.realtime.test_call_reports import MAPPING, SMALL, as_csv, line, take, told

pytestmark = [pytest.mark.req("RTM-4"), pytest.mark.django_db]
WRONG = MAPPING.replace("{outcome: AGENT}, is: answered", "{outcome: AGENT}, is: menu")


def back(pk: int, **given: Any) -> None:
    import_withdraw(
        **{"import_id": pk, "reason": "Pemetaan keliru", "actor": user(Role.RTFM, None), "now": NOW} | given
    )
    report_work(NOW)


def test_what_a_wrong_mapping_counted_is_taken_back_and_read_again(floor: Floor) -> None:
    done = take(as_csv(SMALL), WRONG)
    (day,) = told()
    assert (day["answered"], day["menu_only"]) == (0, 4)
    back(done["import"])
    assert told() == [] and not Interaction.objects.exists()
    assert Event.objects.filter(type="interaction.record").count() == 5, "what was told stays"
    looked = report_summary(report_read(file=as_csv(SMALL), mapping=mapping_of(MAPPING), site=floor.jkt),
                            mapping_of(MAPPING), floor.jkt)  # fmt: skip
    assert (looked["new"], looked["known"]) == (5, 0)
    again = take(as_csv(SMALL))
    (day,) = told()
    assert (again["accepted"], day["offered"], day["answered"], day["aht"]) == (5, 4, 3, 150.0)
    assert take(as_csv(SMALL))["duplicates"] == 5, "the same twice changes nothing, after that as before it"
    assert rebuild(start=None, end=None, now=NOW) and told() == [day], "and can be made anew from what is kept"
    back(again["import"])
    assert take(as_csv(SMALL))["accepted"] == 5, "as often as needed"
    (last,) = told()
    assert last["corrections"] > day["corrections"], "that figures were others stays known"
    assert last | {"corrections": 0} == day | {"corrections": 0}


def test_only_its_own_rows_are_taken_back(floor: Floor) -> None:
    take(as_csv(SMALL[:3]))
    second = take(as_csv(SMALL[1:]))
    assert (second["accepted"], second["duplicates"]) == (2 + 1 - 1, 2)
    back(second["import"])
    assert set(Interaction.objects.values_list("number", flat=True)) == {f"19990104|L{n}|{n}" for n in (1, 2, 3)}
    assert take(as_csv(SMALL[:3]))["import"] is None, "an import that brought nothing is none to take back"


def test_log_ins_are_taken_back_too(floor: Floor) -> None:
    mapping = mapping_of("source: absensi\nkind: logins\nkey: [who, in]\ndate: 2026-11-19\n"
                         "columns: {agent: who, login: in, logout: out}\n")  # fmt: skip
    file = as_csv([["N1", "08:00", "16:00"]], ["who", "in", "out"])
    done = report_import(file=file, name="a.csv", mapping=mapping, site=floor.jkt, actor=COMMAND, now=NOW)
    report_work(NOW)
    assert AgentSegment.objects.exists()
    back(done["import"])
    assert not AgentSegment.objects.exists() and not AgentNow.objects.exists()


def test_it_is_never_silent(floor: Floor) -> None:
    done = take(as_csv(SMALL))
    for refused, given in ((NotAllowed, {"actor": floor.leader}), (Invalid, {"reason": " "})):
        with pytest.raises(refused):
            back(done["import"], **given)
    back(done["import"])
    entry = Entry.objects.get(action="realtime.report_withdrawn")
    assert entry.data["withdrawn"] == 5 and entry.data["reason"] == "Pemetaan keliru"
    with pytest.raises(WrongState):
        back(done["import"])
    with pytest.raises(DatabaseError), transaction.atomic():
        ReportImport.objects.update(rows=0)
    forged = {"source": "bank", "source_event_id": "x", "type": EventType.WITHDRAWN, "occurred_at": NOW.isoformat(),
              "interaction_id": "19990104|L1|1", "withdraws": "19990104|L1|1"}  # fmt: skip
    events_take(events=[forged], actor=COMMAND, now=NOW)
    assert Event.objects.get(source_event_id="x").parked == "unknown_type", "no source may tell it"


def test_a_frozen_month_is_said_and_is_taken_back_by_who_revises_it(floor: Floor, client: Client) -> None:
    done = take(as_csv(SMALL))
    month = ServiceMonth.objects.create(site=floor.jkt, month="1999-01-01")
    found = ReportImport.objects.get(pk=done["import"])
    sender = user(Role.RTFM, floor.jkt)
    client.force_login(sender)
    page = client.get(found.get_absolute_url())
    assert month.get_absolute_url() in page.content.decode() and page.context["form"] is None
    assert client.post(found.get_absolute_url(), {"note": "x"}).status_code == 422
    client.force_login(floor.coordinator)
    assert client.post(found.get_absolute_url(), {"note": "Salah"}).status_code == 302
    assert client.get(found.get_absolute_url()).context["gone"].reason == "Salah"
    report_work(timezone.now())
    assert not Interaction.objects.exists()


def test_the_api_lists_imports_and_takes_them_back(floor: Floor, client: Client) -> None:
    done = take(as_csv(SMALL))
    client.force_login(user(Role.RTFM, floor.jkt))
    (one,) = client.get("/api/v1/realtime/imports/?site=JKT").json()["results"]
    assert (one["id"], one["rows"], one["withdrawn_at"]) == (done["import"], 6, None)
    where = f"/api/v1/realtime/imports/{one['id']}/withdraw/"
    assert client.post(where, {}, content_type="application/json").status_code in (400, 422), "not without a reason"
    gone = client.post(where, {"reason": "Salah"}, content_type="application/json").json()
    assert gone["reason"] == "Salah" and gone["withdrawn_at"]
    assert client.post(where, {"reason": "Salah"}, content_type="application/json").status_code == 409
    report_work(timezone.now())
    assert not Interaction.objects.exists()
    assert client.get("/api/v1/realtime/imports/?site=YGY").json()["results"] == []


def test_a_preview_says_what_looks_wrong(floor: Floor) -> None:
    many = [line(n, "10:00:00", "AGENT", ("10:00:05", "10:00:08", 3), ("10:00:08", "10:01:08", 60), "S1")
            for n in range(100, 120)]  # fmt: skip
    mapping = mapping_of(MAPPING)

    def hints(rows: list[list[Any]]) -> dict[str, Any]:
        looked = report_read(file=as_csv(rows), mapping=mapping, site=floor.jkt)
        found: dict[str, Any] = report_summary(looked, mapping, floor.jkt)["hints"]
        return found

    assert hints(many) == {"answered": 20, "calls": 20, "share": 100.0, "usual": None, "unqueued": 0, "odd": True}
    assert not hints(SMALL)["odd"], "of a few calls any share can be"
    assert Source.objects.count() == 0 and site("JKT")


LOGINS = ("source: absensi\nkind: logins\nkey: [who, day]\ndates: '%Y-%m-%d'\n"
          "columns: {agent: who, date: day, login: in, logout: out}\n")  # fmt: skip


def logins(floor: Floor, *days: date) -> list[int]:
    """An import of a day's log-in each."""
    found = []
    for day in days:
        rows = [[floor.account.user_id, day.isoformat(), "08:00", "16:00"]]
        file = as_csv(rows, ["who", "day", "in", "out"])
        done = report_import(
            file=file, name="a.csv", mapping=mapping_of(LOGINS), site=floor.jkt, actor=COMMAND, now=NOW
        )  # fmt: skip
        report_work(NOW)
        found.append(done["import"])
    return found


def test_the_other_days_stay_at_their_site_though_the_agent_moved_meanwhile(floor: Floor) -> None:
    made = logins(floor, *((NOW - timedelta(days=n)).date() for n in (4, 3, 2)))
    Person.objects.filter(pk=floor.agent.pk).update(site=floor.ygy)
    back(made[1])
    sites = list(AgentSegment.objects.order_by("starts_at").values_list("site__code", flat=True))
    assert sites and set(sites) == {"JKT"}
    rebuild(start=None, end=None, now=NOW)
    assert list(AgentSegment.objects.order_by("starts_at").values_list("site__code", flat=True)) == sites


@pytest.mark.req("UID-11")
def test_a_log_in_that_was_taken_back_accuses_nobody(floor: Floor) -> None:
    first, second = ((NOW - timedelta(days=n)).date() for n in (3, 1))
    made = logins(floor, first, second)
    before = seen_since(floor.account.user_id, NOW - timedelta(days=9))
    back(made[1])
    after = seen_since(floor.account.user_id, NOW - timedelta(days=9))
    assert [one.at.date() for one in before] == [second] and [one.at.date() for one in after] == [first]


def test_a_head_manager_who_may_revise_the_month_sees_the_import(floor: Floor, client: Client) -> None:
    (pk,) = logins(floor, (NOW - timedelta(days=1)).date())
    client.force_login(user(Role.HEAD_MANAGER, None))
    assert client.get(ReportImport.objects.get(pk=pk).get_absolute_url()).status_code == 200
