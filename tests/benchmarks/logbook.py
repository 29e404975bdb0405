"""Pages with a million user IDs behind them: server time per page, and how the database finds the rows.

Target: p95 of the logbook page under 100 ms with any filter, on any page. Django's test client, one process, the
whole request (session, rights, queries, template) without the network.
"""

import json
import sys
from datetime import timedelta
from typing import Any

from _bench import Report, repeated, use_database
from _million import SIZE, fill

TIMES = 25


def main() -> None:
    fresh = use_database("bench_million", keep=True)
    from django.conf import settings
    from django.db import connection
    from django.test import Client
    from django.test.utils import CaptureQueriesContext
    from django.urls import reverse
    from django.utils import timezone

    from occ.people.models import Site, User
    from userids.models import Account

    settings.ALLOWED_HOSTS, settings.STORAGES["staticfiles"]["BACKEND"] = ["testserver"], STATIC
    if fresh or Account.objects.count() < SIZE:
        fill()
    site = Site.objects.get(code="YGY")
    report = Report("logbook")
    instant = (timezone.now() - timedelta(days=900)).strftime("%Y-%m-%dT%H:%M")
    queries = {
        "first page": "", "by site": f"site={site.pk}", "active": "status=active", "inactive": "status=inactive",
        "rare channel": "channel=video", "search: an ID": "q=OMN0777777", "search: a common word": "q=agent",
        "search: beginning of a number": "q=P12345", "search: two words": "q=nomor+omn0055555",
        "search: nobody": "q=zzzzzz", "site, active, channel": f"site={site.pk}&status=active&channel=video",
        "as of 900 days ago": f"as_of={instant}", "as of, by site": f"as_of={instant}&status=active&site={site.pk}",
        "as of, search": f"as_of={instant}&q=omn0777777", "newest first": "sort=-created",
        "newest first, inactive, site": f"sort=-created&status=inactive&site={site.pk}",
    }  # fmt: skip
    pages = [(name, reverse("userids:accounts") + "?" + (query or "sort=user_id")) for name, query in queries.items()]
    client = logged_in(Client(), User.objects.get(username="support"))
    middle = Account.objects.order_by("user_id")[SIZE // 2 : SIZE // 2 + 1].get()
    pages.append(("page 10 000 of 20 000", after([middle.user_id, middle.pk])))
    others = ("home", "userids:dashboard", "userids:deactivations", "userids:breaches", "compliance", "obligations")
    pages += [(f"{name} (team leader)", reverse(name) + "?sort=") for name in others]
    worst = 0.0
    for name, url in pages:
        who = "team_leader" if "leader" in name else "support"
        client = logged_in(Client(), User.objects.get(username=who))
        with CaptureQueriesContext(
            connection,
        ):
            assert client.get(url).status_code == 200, (name, url)
            made = list(connection.queries)
        median, p95 = repeated(TIMES, lambda url=url, client=client: client.get(url))
        slowest = max(made, key=lambda one: float(one["time"]))
        worst = max(worst, p95) if "leader" not in name else worst
        report.add(name, median_ms=median, p95_ms=p95, share_of_100_ms=p95 / 100, queries=len(made))
        if "--explain" in sys.argv or p95 > 100:
            explain(slowest["sql"])
    report.add("logbook page, worst p95 as a share of 100 ms", ratio=worst / 100)
    report.write()


STATIC = "django.contrib.staticfiles.storage.StaticFilesStorage"


def logged_in(client: Any, user: Any) -> Any:
    client.force_login(user)
    return client


def after(value: list[Any]) -> str:
    """The address of the page behind a row, as the pager writes it."""
    import base64

    from django.urls import reverse

    cursor = base64.urlsafe_b64encode(json.dumps(value).encode()).decode().rstrip("=")
    return f"{reverse('userids:accounts')}?sort=user_id&after={cursor}"


def explain(sql: str) -> None:
    from django.db import connection

    with connection.cursor() as cursor:
        cursor.execute("EXPLAIN (ANALYZE, BUFFERS) " + sql)
        print("\n".join(f"      {line}" for (line,) in cursor.fetchall()))


if __name__ == "__main__":
    main()
