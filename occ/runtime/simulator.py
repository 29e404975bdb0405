"""The demo's floor: asks the API who works when, lives through it by the clock, and tells the events API what happens.

`python -m occ.runtime.simulator --url URL --settings FILE`: it knows nothing that another application would not know:
the address and a token. What could not be sent is sent again, in its order; the API knows what it has already.
"""

import argparse
import json
import random
import time
import urllib.error
import urllib.parse
import urllib.request
from datetime import UTC, datetime, timedelta
from pathlib import Path
from typing import Any

from occ.demo.floor_engine import Duty, Floor

STEP = 1.0  # seconds
ROSTER_EVERY = 300.0
MOST = 500  # events in one request
KEPT = 20_000  # events that wait while the API is away; beyond that the oldest go, as in any buffer


class Api:
    def __init__(self, url: str, token: str) -> None:
        self.url, self.token = url.rstrip("/"), token

    def ask(self, path: str, body: Any = None) -> Any:
        data = json.dumps(body).encode() if body is not None else None
        headers = {"Authorization": f"Token {self.token}", "Content-Type": "application/json"}
        request = urllib.request.Request(self.url + path, data, headers)
        with urllib.request.urlopen(request, timeout=10) as answer:
            return json.load(answer)

    def duties(self, start: datetime, end: datetime) -> list[Duty]:
        query = urllib.parse.urlencode({"start": start.isoformat(), "end": end.isoformat()})
        return [duty_of(one) for one in self.ask(f"/api/v1/realtime/planned/?{query}")]


def duty_of(one: dict[str, Any]) -> Duty:
    def at(text: str) -> datetime:
        return datetime.fromisoformat(text)

    parts = tuple((at(part["starts_at"]), at(part["ends_at"]), part["activity"]) for part in one["parts"])
    channel = one["channel"] or "voice"
    return Duty(one["employee"], one["site"], channel, at(one["starts_at"]), at(one["ends_at"]), parts)


def main() -> None:
    parser = argparse.ArgumentParser(prog="simulator")
    parser.add_argument("--url", required=True)
    parser.add_argument("--settings", required=True, help="JSON: token, rates")
    arguments = parser.parse_args()
    settings = json.loads(Path(arguments.settings).read_text())
    api = Api(arguments.url, settings["token"])
    rates = {(one["site"], one["channel"]): one["busiest_hour"] for one in settings["rates"]}
    now = datetime.now(UTC)
    floor = Floor(start=now, rates=rates, rng=random.Random())
    waiting: list[dict[str, Any]] = []
    asked = 0.0
    while True:
        now = datetime.now(UTC)
        try:
            if time.monotonic() - asked > ROSTER_EVERY or not asked:
                floor.roster(api.duties(now - timedelta(hours=1), now + timedelta(hours=1)))
                asked = time.monotonic()
            waiting += floor.run(now)
            if not waiting:  # a sign of life
                waiting.append(alive(now))
            while waiting:
                api.ask("/api/v1/realtime/events/", waiting[:MOST])
                del waiting[:MOST]
        except (OSError, ValueError) as error:  # it is not there yet, or not any more
            print(f"{now:%H:%M:%S} {error}", flush=True)
            del waiting[:-KEPT]
            time.sleep(3)
        time.sleep(STEP)


def alive(now: datetime) -> dict[str, Any]:
    second = int(now.timestamp()) // 15
    return {"source": "omni", "source_event_id": f"up-{second}", "type": "feed.up", "occurred_at": now.isoformat()}


if __name__ == "__main__":
    main()
