"""Each month's report of contracts that expire (MO 4.1.5), and the calendar of a year's ends."""

from __future__ import annotations

from collections import Counter
from datetime import date, datetime
from typing import Any

from django.db import transaction
from django.db.models import Count, F, Prefetch
from django.db.models.functions import TruncMonth
from django.utils import translation
from django.utils.formats import date_format
from django.utils.translation import gettext as _

from occ.documents.choices import Status
from occ.documents.models import IssuedDocument
from occ.documents.services import document_issue, document_revise
from occ.errors import NotAllowed
from occ.people.actors import Actor
from occ.people.models import Site, User
from occ.times import in_reach, next_month
from sdm.choices import EmploymentKind
from sdm.contracts.documents import EXPIRING, day, expiring_body, month_span, months_said
from sdm.contracts.policies import law
from sdm.contracts.terms import Span, chains
from sdm.contracts.workflow import HI
from sdm.models import Employment, Renewal
from sdm.models.people import EmploymentQuerySet
from sdm.personal import may

MONTHS = 12


def expiring(rows: EmploymentQuerySet) -> EmploymentQuerySet:
    """PKWTs whose end is the end: none that an extension follows."""
    return rows.filter(kind=EmploymentKind.PKWT, extension=None)


def calendar_of(user: User, today: date) -> tuple[list[date], list[tuple[Site, dict[date, int]]]]:
    """The next twelve months, and for each site that the user reads how many contracts end in each."""
    months = [today.replace(day=1)]
    while len(months) < MONTHS:
        months.append(next_month(months[-1]))
    rows = expiring(Employment.objects.visible_to(user)).filter(ends_on__gte=today, ends_on__lt=next_month(months[-1]))
    counted = rows.values("employee__person__site", month=TruncMonth("ends_on")).annotate(count=Count("pk"))
    found: dict[int, dict[date, int]] = {}
    for one in counted.order_by():
        found.setdefault(one["employee__person__site"], {})[one["month"]] = one["count"]
    sites = Site.objects.filter(pk__in=found).order_by("code")
    return months, [(site, found[site.pk]) for site in sites]


@transaction.atomic
def expiring_report(*, site: Site, month: date, language: str, actor: Actor, now: datetime) -> IssuedDocument:
    """Issue the report of the contracts that end in that month at that site; again in the same month, as its revision.

    Raises NotAllowed; Invalid.
    """
    if not may(actor, HI, site):
        raise NotAllowed
    Site.objects.select_for_update(no_key=True).get(pk=site.pk)  # one at a time: two would both be the first
    first, last = month_span(month)
    body = expiring_body(*_data(site, first, last, language, now), language=language)
    with translation.override(language):
        title = f"{EXPIRING.title}: {date_format(first, 'F Y')}"
    present = IssuedDocument.objects.filter(
        type_code=EXPIRING.code, site=site, period_from=first, period_to=last, status=Status.VALID
    ).first()  # fmt: skip
    common: dict[str, Any] = {"type": EXPIRING, "title": title, "data": body, "language": language, "actor": actor,
                              "now": now, "period": (first, last)}  # fmt: skip
    if present is None:
        return document_issue(site=site, subject=None, **common)
    return document_revise(document_id=present.pk, reason=_("As it stands now"), **common)


def _data(
    site: Site, first: date, last: date, language: str, now: datetime
) -> tuple[str, date, list[list[str]], list[tuple[str, int]]]:
    rows = (
        Employment.objects.filter(employee__person__site=site, ends_on__range=(first, last), kind=EmploymentKind.PKWT)
        .select_related("employee__person")
        .prefetch_related(
            Prefetch("employee__employments", Employment.objects.order_by("starts_on"), to_attr="all_contracts"),
            Prefetch("renewals", Renewal.objects.order_by("-pk"), to_attr="latest"),
        )
        .order_by("ends_on", F("employee__person__name"), "pk")
    )
    numbers, counts, lines = law(now), Counter[str](), []
    with translation.override(language):
        for one in rows:
            spans = [
                Span(each.starts_on, each.ends_on) for each in one.employee.all_contracts  # type: ignore[attr-defined]
                if each.kind == EmploymentKind.PKWT and each.ends_on
            ]  # fmt: skip
            mine = next(
                chain for chain in chains(spans, gap_days=numbers.gap_days, max_months=numbers.max_months)
                if Span(one.starts_on, one.ends_on or last) in chain.spans
            )  # fmt: skip
            latest = one.latest[0] if one.latest else None
            said = str(latest.get_status_display()) if latest else _("none")
            counts[said] += 1
            person = one.employee.person
            lines.append([f"{person.name} ({person.number})", person.position, day(one.starts_on), day(one.ends_on),
                          months_said(mine.first, mine.last), said])  # fmt: skip
    return site.name, first, lines, sorted(counts.items())


def month_read(text: str) -> date | None:
    """YYYY-MM, or None for anything else."""
    year, dash, month = text.partition("-")
    if not (dash and len(year) == 4 and len(month) == 2 and (year + month).isascii() and (year + month).isdecimal()):
        return None
    if not 1 <= int(month) <= 12:
        return None
    found = date(int(year), int(month), 1) if int(year) else None
    return found if found and in_reach(found) else None
