import json
from argparse import ArgumentParser
from datetime import date, datetime
from typing import Any

from django.core.management.base import CommandError

from occ.commands import EnglishCommand
from occ.errors import Refused
from occ.people.choices import Channel
from occ.people.models import Site
from realtime.services.figures import INTERVALS, figures

SHOWN = ("starts_at", "offered", "answered", "abandoned", "scr", "aht", "asa", "service_level", "faults")


class Command(EnglishCommand):
    help = "Service figures by interval (RTM-10)."

    def add_arguments(self, parser: ArgumentParser) -> None:
        parser.add_argument("--channel", choices=Channel.values, default="voice")
        parser.add_argument("--site", required=True, help="code")
        parser.add_argument("--from", dest="first", type=date.fromisoformat, required=True, metavar="DATE")
        parser.add_argument("--to", dest="last", type=date.fromisoformat, required=True, metavar="DATE")
        parser.add_argument("--interval", choices=INTERVALS, default="15")
        parser.add_argument("--json", action="store_true")

    def handle(
        self, *args: Any, channel: str, site: str, first: date, last: date, interval: str, **options: Any
    ) -> None:
        place = Site.objects.filter(code=site).first()
        if place is None:
            raise CommandError(f"there is no site {site}")
        try:
            rows = figures(site=place, channel=channel, first=first, last=last, interval=interval)
        except Refused as refusal:
            raise CommandError(str(refusal)) from refusal
        if options["json"]:
            self.stdout.write(json.dumps(rows))
            return
        self.stdout.write("\t".join(SHOWN))
        for row in rows:
            begins = datetime.fromisoformat(str(row["starts_at"])).astimezone(place.zone)
            row = row | {"starts_at": begins.isoformat(timespec="minutes")}
            said = (row[name] for name in SHOWN)
            self.stdout.write("\t".join("-" if one is None else f"{one:.1f}" if isinstance(one, float) else str(one)
                                        for one in said))  # fmt: skip
