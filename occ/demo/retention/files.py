"""The demo's sources and stores with real files in them: recordings and chats of three years, scanned as they came.

Every record of the demo has its file. What lies below OCC_VAR/demo-retention is the demo's alone and made anew.
"""

from __future__ import annotations

import json
import os
import random
import shutil
from dataclasses import dataclass
from datetime import date, datetime, timedelta
from pathlib import Path
from typing import Any

from django.conf import settings

from occ.demo.people import Staff
from occ.demo.retention.sounds import recording
from occ.demo.retention.talks import AGENT, Customer, customer, talk
from occ.people.actors import BEAT
from occ.people.models import Person, Site
from occ.times import JAKARTA, local_day, month_of, next_month
from retention.choices import Channel, PlaceKind, RecordKind
from retention.models import Source, Store
from retention.services.places import Keys, source_save, store_save
from retention.services.scanning import source_scan

SEED = 20
MONTHS, RECORDINGS, CHATS = 36, 2, 4  # per month and site
CHAT_CHANNELS = (Channel.WHATSAPP, Channel.WHATSAPP, Channel.CHAT, Channel.SOCIAL)
AS_PATH = "%Y%m%dT%H%M%S"
VOICE_PATH = r"\d{4}/\d{2}/(?P<id>(?P<agent>\w+?)_(?P<start>\d{8}T\d{6})_(?P<seconds>\d+))_(?P<customer>\d+)\.wav"
CHAT_PATH = r"(?P<channel>\w+)/\d{4}/\d{2}/(?P<id>CHT-\d+)_(?P<start>\d{8}T\d{6})\.(jsonl|txt)"


@dataclass(frozen=True)
class Talk:
    """Something that was said, and when; `path` below its source."""

    source: str
    path: str
    started_at: datetime
    seconds: int
    who: Customer
    agent: Person
    channel: Channel
    number: int

    @property
    def ended_at(self) -> datetime:
        return self.started_at + timedelta(seconds=self.seconds)


def folder() -> Path:
    return Path(settings.VAR) / "demo-retention"


def files(staff: Staff, *, now: datetime) -> dict[str, Source]:
    """Register sources and stores, write the files in the order of time and scan each quarter; the sources by code."""
    root = folder()
    shutil.rmtree(root, ignore_errors=True)
    began = now - timedelta(days=31 * MONTHS + 10)
    places = {code: source(staff, code, root, now=began) for code in ("JKT-VOICE", "YGY-VOICE", "JKT-CHAT", "YGY-CHAT")}
    for code, name in (("STORE-A", "NAS ruang server Jakarta"), ("STORE-B", "NAS ruang server Yogyakarta")):
        store(staff, code, name, root, now=began)
    talks = sorted(planned(staff, now), key=lambda one: one.started_at)
    scan_at = began + timedelta(days=92)
    for one in talks:
        while one.ended_at > scan_at:
            scan(places, scan_at)
            scan_at += timedelta(days=92)
        write(one, root)
    strange = root / "jkt-voice" / "Salinan rekaman rapat.wav"
    recording(strange, seconds=5, rng=random.Random(SEED))  # noqa: S311
    settled(strange, now - timedelta(days=3))
    scan(places, now - timedelta(hours=26))
    gone = next(one for one in reversed(talks) if one.source == "YGY-CHAT")
    (root / "ygy-chat" / gone.path).unlink()
    scan(places, now - timedelta(hours=2))
    return places


def scan(places: dict[str, Source], at: datetime) -> None:
    for one in places.values():
        source_scan(source_id=one.pk, actor=BEAT, now=at)


def source(staff: Staff, code: str, root: Path, *, now: datetime) -> Source:
    site, voice = staff.sites[code[:3]], code.endswith("VOICE")
    place = root / code.lower()
    place.mkdir(parents=True)
    values: dict[str, Any] = {
        "name": f"{'Rekaman suara' if voice else 'Percakapan Omni Channel'} {site.name}",
        "kind": PlaceKind.DIRECTORY, "url": place.resolve().as_uri(), "endpoint": "", "region": "us-east-1",
        "active": True, "record_kind": RecordKind.RECORDING if voice else RecordKind.CHAT, "site": site,
        "channel": Channel.VOICE if voice else "", "client": "Pegadaian",
        "pattern": VOICE_PATH if voice else CHAT_PATH, "time_format": AS_PATH, "sidecar": not voice,
        "may_delete": True, "scan_every_hours": 24,
    }  # fmt: skip
    note = "Sesuai SOP-RET; hapus hanya setelah persetujuan client."
    return source_save(
        source_id=None, code=code, values=values, keys=Keys(), note=note, actor=staff.users["it"], now=now
    )


def store(staff: Staff, code: str, name: str, root: Path, *, now: datetime) -> Store:
    place = root / code.lower()
    place.mkdir(parents=True)
    values = {"name": name, "kind": PlaceKind.DIRECTORY, "url": place.resolve().as_uri(), "endpoint": "",
              "region": "us-east-1", "active": True, "lock_days": 0}  # fmt: skip
    note = "Dua tempat penyimpanan di dua lokasi."
    return store_save(store_id=None, code=code, values=values, keys=Keys(), note=note, actor=staff.users["it"], now=now)


def planned(staff: Staff, now: datetime) -> list[Talk]:
    """Some of each month, site and kind, up to yesterday."""
    rng, found, number = random.Random(SEED), [], 0  # noqa: S311
    last = local_day(now, JAKARTA) - timedelta(days=1)
    first = month_of(last)
    for _month in range(MONTHS):
        first = month_of(first - timedelta(days=1))
    while first <= last:
        for site in staff.sites.values():
            agents = list(Person.objects.filter(site=site, position="Agent", joined_on__lte=first).order_by("pk"))
            for kind, count in ((RecordKind.RECORDING, RECORDINGS), (RecordKind.CHAT, CHATS)):
                for at in range(count):
                    number += 1
                    day = first + timedelta(days=rng.randrange(28))
                    if agents and day <= last:
                        found.append(one_talk(rng, site, kind, day, rng.choice(agents), at, number))
        first = next_month(first)
    return found


def one_talk(rng: random.Random, site: Site, kind: RecordKind, day: date, agent: Person, at: int, number: int) -> Talk:
    local = datetime(day.year, day.month, day.day, rng.randrange(7, 21), rng.randrange(60), rng.randrange(60),
                     tzinfo=JAKARTA)  # fmt: skip
    who = customer(rng)
    where = f"{local:%Y}/{local:%m}"
    if kind == RecordKind.RECORDING:
        seconds = rng.randrange(5, 14)
        path = f"{where}/{agent.number}_{local.strftime(AS_PATH)}_{seconds}_{who.phone}.wav"
        return Talk(f"{site.code}-VOICE", path, local, seconds, who, agent, Channel.VOICE, number)
    channel = CHAT_CHANNELS[at % len(CHAT_CHANNELS)]
    ending = "jsonl" if site.code == "JKT" else "txt"
    path = f"{channel}/{where}/CHT-{number:06}_{local.strftime(AS_PATH)}.{ending}"
    return Talk(f"{site.code}-CHAT", path, local, rng.randrange(180, 1500), who, agent, channel, number)


def write(one: Talk, root: Path) -> None:
    rng = random.Random(one.number)  # noqa: S311
    path = root / one.source.lower() / one.path
    path.parent.mkdir(parents=True, exist_ok=True)
    if path.suffix == ".wav":
        recording(path, seconds=one.seconds, rng=rng)
    else:
        path.write_text(said(one, rng, as_json=path.suffix == ".jsonl"), encoding="utf-8")
        beside = {
            "end": one.ended_at.isoformat(), "agent": one.agent.number, "customer": one.who.phone,
            "channel": str(one.channel),
        }  # fmt: skip
        sidecar = path.with_name(path.name + ".json")
        sidecar.write_text(json.dumps(beside), encoding="utf-8")
        settled(sidecar, one.ended_at)
    settled(path, one.ended_at)


def said(one: Talk, rng: random.Random, *, as_json: bool) -> str:
    lines = talk(rng, one.who, one.agent.name.split()[0], one.started_at.hour)
    pause = one.seconds / len(lines)
    found = []
    for i, (by, text) in enumerate(lines):
        at = (one.started_at + timedelta(seconds=int(i * pause))).isoformat()
        name = one.agent.name if by == AGENT else one.who.name
        found.append(
            json.dumps({"at": at, "from": by, "name": name, "text": text}, ensure_ascii=False)
            if as_json else f"[{at}] {name}: {text}"
        )  # fmt: skip
    return "\n".join(found) + "\n"


def settled(path: Path, at: datetime) -> None:
    os.utime(path, (at.timestamp(), at.timestamp()))
