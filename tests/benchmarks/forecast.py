"""The forecast of a bank's calls (RTM-3): day ahead, rolling origin over the last eight weeks, half-hourly and pooled.

Target: better than the same interval last week, aim 20 %. Deterministic: the same figures on any machine. The data lie
beside the project (../shared/data/forecast); the bank is North American, so its holidays are those of the US.
"""

import csv
import sys
from datetime import date, datetime, timedelta
from pathlib import Path

from _bench import ROOT, Report, measured

sys.path.insert(0, str(ROOT))

from realtime.forecasting.calendar import calendar_for
from realtime.forecasting.history import History, history_of
from realtime.forecasting.measures import compared, coverage, roll

BANK = ROOT.parent / "shared" / "data" / "forecast" / "bank_calls_5min.csv"
WEEKS = 8


def bank(path: Path = BANK) -> History:
    with path.open() as lines:
        rows = [
            (at.date(), at.hour * 4 + at.minute // 15, float(row["calls"]), 0.0, 0.0)
            for row in csv.DictReader(lines)
            for at in (datetime.fromisoformat(row["starts_at"]),)
        ]
    return history_of(rows, until=max(row[0] for row in rows) + timedelta(days=1))


def main() -> None:
    report = Report("forecast")
    history = bank()
    last = history.first + timedelta(days=len(history) - 1)
    calendar = calendar_for(history.first, last, country="US", payday=15)
    for name, end in (("last 8 weeks", last), ("the 8 weeks before them", last - timedelta(weeks=WEEKS))):
        first = end - timedelta(weeks=WEEKS) + timedelta(days=1)
        with measured() as took:
            rolled = roll(history.until(end + timedelta(days=1)), first, calendar)
        found = compared(rolled)
        ours, naive = found["ours"], found["naive"]
        report.add(
            name, days=len(rolled), intervals=ours.intervals, wape=ours.wape, naive=naive.wape,
            ratio=(ours.wape or 0) / (naive.wape or 1), bias=ours.bias, naive_bias=naive.bias,
            coverage=coverage(rolled), all_days_wape=found["all"].wape, seconds=took.seconds,
        )  # fmt: skip
        for one in rolled if "--days" in sys.argv else []:
            day: date = one.made.day
            report.add(str(day), method=one.made.method, wape=compared([one])["all"].wape)
    report.write()


if __name__ == "__main__":
    main()
