"""Last months' calls and cases, brought in as reports; the months frozen; what came late, or was not understood."""

from __future__ import annotations

import io
import random
from datetime import date, datetime, time, timedelta

from occ.demo.people import Staff
from occ.people.choices import Role
from occ.people.models import Site, User
from occ.times import local_day, month_of, start_of_day
from realtime.models import ServiceMonth, Source
from realtime.reports.mapping import mapping_of
from realtime.services.call_reports import report_import, report_work
from realtime.services.ingesting import events_take
from realtime.services.intervals import intervals_compute
from realtime.services.months import month_revise, months_freeze
from realtime.services.report_mappings import mapping_keep
from realtime.services.working import arrivals_work

CALLS = """source: pbx-{code}
kind: calls
channel: voice
key: [ID]
columns: {{date: Tanggal, arrived: Masuk, answered: Dijawab, ended: Selesai, agent: Agent, wait: Antre, hold: Hold,
          wrapup: ACW}}
dates: "%d/%m/%Y"
never: ["-"]
outcomes:
- if: {{Dijawab: "*"}}
  is: answered
- if: {{Antre: "0"}}
  is: menu
- is: abandoned
"""
CASES = """source: tiket-{code}
kind: cases
channel: email
key: ["No"]
columns: {{date: Tanggal, arrived: Origin, submitted: Submit, agent: Agent, category: Kategori}}
dates: "%d/%m/%Y"
"""
LATE = ";susulan"
A_DAY = {"JKT": 46, "YGY": 58}
RESPONSES = {"informasi": 260, "permintaan": 640, "keluhan": 900}


def months(staff: Staff, now: datetime) -> None:
    rng = random.Random(11)  # noqa: S311
    sites, rtfm = list(Site.objects.order_by("code")), staff.users[str(Role.RTFM)]
    today = local_day(now, sites[0].zone)
    last = month_of(month_of(today) - timedelta(days=1))
    before = month_of(last - timedelta(days=1))
    late = []
    for site in sites:
        for name, text, rows in (
            ("Rekap PBX", CALLS, calls(site, before, month_of(today), rng)),
            ("Rekap tiket", CASES, cases(site, before, month_of(today), rng)),
        ):
            said = text.format(code=site.code.lower())
            mapping_keep(site=site, name=name, text=said, reason="", actor=rtfm, now=now - timedelta(days=20))
            _bring(site, rtfm, name, said, [one for one in rows if not one.endswith(LATE)], now)
            late.append((site, name, said, [rows[0], *(one for one in rows if one.endswith(LATE))]))
        _links(rtfm, site, last, now, rng)
    months_freeze(now=now)
    for site, name, said, rows in late:
        if len(rows) > 1:
            _bring(site, rtfm, name, said, rows, now)
    month = ServiceMonth.objects.filter(site=sites[-1], month=last).first()
    if month is not None:
        coordinator = staff.users[f"coordinator.{sites[-1].code.lower()}"]
        reason = "Rekap PBX tanggal terakhir menyusul"
        month_revise(month_id=month.pk, reason=reason, actor=coordinator, now=now)
    _odd(staff, now)


def _bring(site: Site, actor: User, name: str, text: str, rows: list[str], now: datetime) -> None:
    file = io.BytesIO("\n".join(rows).encode())
    report_import(file=file, name=f"{name}.csv", mapping=mapping_of(text), site=site, actor=actor, now=now)
    report_work(now)


def calls(site: Site, first: date, until: date, rng: random.Random) -> list[str]:
    """One in a hundred has a fault. Of the last day a part comes late ("susulan")."""
    rows = ["ID;Tanggal;Masuk;Dijawab;Selesai;Agent;Antre;Hold;ACW;Catatan"]
    day, agents = first, [f"PBX{site.code}{n:02}" for n in range(1, 13)]
    free = dict.fromkeys(agents, datetime.combine(first, time()))
    while day < until:
        for n, second in enumerate(
            sorted(int(rng.triangular(25_200, 79_200, 36_000)) for _n in range(A_DAY[site.code]))
        ):
            arrived = datetime.combine(day, time()) + timedelta(seconds=second)
            wait, talk = int(rng.expovariate(1 / 14)), int(rng.lognormvariate(5.75, 0.5))
            number, note = (
                f"{site.code}{day:%y%m%d}{n:03}",
                "susulan" if (day + timedelta(days=1) == until and n < 9) else "",
            )
            chance = rng.random()
            agent = next((one for one in rng.sample(agents, 12) if free[one] <= arrived), "")
            start = f"{number};{day:%d/%m/%Y};{arrived:%H:%M:%S};"
            if chance < 0.04:
                rows.append(f"{start}-;{arrived + timedelta(seconds=8):%H:%M:%S};;0;;;{note}")
            elif chance < (0.085 if site.code == "JKT" else 0.17) or not agent:
                given_up = arrived + timedelta(seconds=max(2, wait * 3))
                rows.append(f"{start}-;{given_up:%H:%M:%S};;{max(2, wait * 3)};;;{note}")
            else:
                answered = arrived + timedelta(seconds=wait)
                hold = rng.choice([0, 0, 0, 35])
                ended = answered + timedelta(seconds=talk + hold)
                free[agent] = ended + timedelta(seconds=60)
                who = "" if rng.random() < 0.01 else agent
                rows.append(
                    f"{start}{answered:%H:%M:%S};{ended:%H:%M:%S};{who};{wait};{hold};{rng.randrange(10, 60)};{note}"
                )
        day += timedelta(days=1)
    return rows


def cases(site: Site, first: date, until: date, rng: random.Random) -> list[str]:
    rows = ["No;Tanggal;Origin;Submit;Agent;Kategori;Catatan"]
    day = first
    while day < until:
        for n in range(14):
            category = rng.choices(list(RESPONSES), [6, 3, 2])[0]
            origin = datetime.combine(day, time(7)) + timedelta(seconds=rng.randrange(40_000))
            submitted = origin + timedelta(seconds=RESPONSES[category] * rng.lognormvariate(-0.1, 0.35))
            rows.append(f"{site.code}-{day:%y%m%d}-{n};{day:%d/%m/%Y};{origin:%H:%M:%S};{submitted:%H:%M:%S};"
                        f"T{n % 4};{category};")  # fmt: skip
        day += timedelta(days=1)
    return rows


def _links(actor: User, site: Site, month: date, now: datetime, rng: random.Random) -> None:
    """A link that is up, and two outages of the month; the application was away once."""
    start = start_of_day(month, site.zone)

    def told(kind: str, at: datetime, link: str, category: str = "") -> dict[str, str]:
        name = f"{site.code}-{link}-{at:%m%d%H%M}-{kind}"
        said = {"source": "noc", "source_event_id": name, "type": f"link.{kind}", "occurred_at": at.isoformat(),
                "site": site.code, "link": link}  # fmt: skip
        return said | ({"category": category} if category else {})

    events = [told("up", start - timedelta(days=40), "MPLS"), told("up", start - timedelta(days=40), "Omni", "system")]
    for n in (6, 19):
        at = start + timedelta(days=n, minutes=rng.randrange(1_200))
        events += [told("down", at, "MPLS"), told("up", at + timedelta(minutes=rng.randrange(20, 190)), "MPLS")]
    at = start + timedelta(days=12, hours=2)
    events += [told("down", at, "Omni", "system"), told("up", at + timedelta(hours=3), "Omni", "system")]
    events_take(events=events, actor=actor, now=now)
    arrivals_work(now=now)
    Source.objects.filter(code="noc").update(name="NOC", heartbeat_seconds=0, each_agent=False)


def _odd(staff: Staff, now: datetime) -> None:
    """Yesterday's call that was told of today, one whose clock is wrong, and a type that nobody knows."""
    at = now - timedelta(hours=20)

    def said(number: str, kind: str, when: datetime, **also: str) -> dict[str, str]:
        made = {"source": "omni", "source_event_id": f"odd-{number}-{kind}", "type": kind, "site": "JKT",
                "occurred_at": when.isoformat(timespec="milliseconds")}  # fmt: skip
        return made | also

    late = {"interaction_id": "VO-susulan", "channel": "voice", "agent": "OMN-0099", "phone": "081234567890"}
    wrong = {"interaction_id": "VO-jam-salah", "channel": "voice", "agent": "OMN-0098"}
    hour = now - timedelta(hours=2)
    events = [
        said("1", "interaction.offered", at, **late), said("1", "interaction.queued", at, **late),
        said("1", "interaction.answered", at + timedelta(seconds=9), **late),
        said("1", "interaction.completed", at + timedelta(seconds=309), **late),
        said("2", "interaction.offered", hour, **wrong), said("2", "interaction.queued", hour, **wrong),
        said("2", "interaction.answered", hour + timedelta(seconds=40), **wrong),
        said("2", "interaction.completed", hour + timedelta(seconds=20), **wrong),
        said("3", "agent.sentiment", hour, agent="OMN-0099", customer_name="Budi"),
    ]  # fmt: skip
    events_take(events=events, actor=staff.users[str(Role.RTFM)], now=now)
    arrivals_work(now=now)
    intervals_compute(now=now)
