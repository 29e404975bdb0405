"""The logbook and its requests as files (UID-14): the same rows as the lists, as their filters say."""

from collections.abc import Iterable, Iterator, Mapping
from datetime import date, datetime
from itertools import islice
from typing import IO, Any

from django.utils import translation
from django.utils.translation import gettext as _

from occ.documents.models import IssuedDocument
from occ.documents.services import document_issue
from occ.documents.signing import Signing
from occ.people.actors import Actor
from occ.people.models import Site
from occ.sheets.writing import OutColumn, write_workbook
from occ.times import JAKARTA, local_day
from userids.choices import EnforcementMode
from userids.documents import ACCESS_REVIEW, LOGBOOK, access_review_body, logbook_body
from userids.models import (
    AccessReview,
    AccessReviewItem,
    Account,
    AccountQuerySet,
    Application,
    Assignment,
    DeactivationRequest,
    ReplacementRequest,
    Resignation,
)

CHUNK = 2_000


def logbook_columns() -> list[OutColumn]:
    return [
        OutColumn(_("User ID"), width=16), OutColumn(_("Name"), width=28), OutColumn(_("Employee number"), width=16),
        OutColumn(_("E-mail"), width=34), OutColumn(_("Role"), width=18), OutColumn(_("Channel"), width=26),
        OutColumn(_("Site"), width=8), OutColumn(_("Active since"), width=15), OutColumn(_("Status"), width=12),
        OutColumn(_("Inactive since"), width=15), OutColumn(_("Remarks"), width=40),
    ]  # fmt: skip


def logbook_rows(accounts: AccountQuerySet, *, at: datetime | None) -> Iterator[list[Any]]:
    """A row per ID in the order of user IDs, memory flat. `at`: as it was then (rows of `as_of`), else as it is now.

    Without a present holder the last one is named, as the paper logbook does.
    """
    rows = accounts.order_by("user_id", "pk")
    for account, holder in with_last_holder(rows, at):
        active = account.was_active if at else account.status == "active"  # type: ignore[attr-defined]
        ended = holder.ends_at if at and holder and holder.ends_at and holder.ends_at <= at else None
        since = (holder.starts_at if holder else account.activated_at) if at else account.activated_at
        until = (ended if at else account.deactivated_at) if not active else None
        zone = account.site.zone
        yield [
            account.user_id, holder.person.name if holder else "", holder.person.number if holder else "",
            holder.email if holder else "", account.role, ", ".join(account.channel_labels), account.site.code,
            local_day(since, zone) if since else None, _("Active") if active else _("Inactive"),
            local_day(until, zone) if until else None, account.remarks,
        ]  # fmt: skip


def with_last_holder(accounts: AccountQuerySet, at: datetime | None) -> Iterator[tuple[Account, Assignment | None]]:
    """Each ID with its present or else its last holder; the last ones of a chunk are found by one query."""
    found = accounts.iterator(chunk_size=CHUNK)
    while some := list(islice(found, CHUNK)):
        past = Assignment.objects.filter(account__in=[one.pk for one in some if one.holder is None])
        if at:
            past = past.filter(starts_at__lte=at)
        last = past.order_by("account_id", "-starts_at").distinct("account_id").select_related("person")
        last_of = {one.account_id: one for one in last}
        for account in some:
            yield account, account.holder or last_of.get(account.pk)


def logbook_workbook(
    out: IO[bytes],
    accounts: AccountQuerySet,
    *,
    at: datetime | None,
    meta: Mapping[str, str] | None = None,
    now: datetime,
) -> int:
    """Write the XLSX; returns how many rows. `meta`: what else it says of itself."""
    shown = (at or now).astimezone(JAKARTA).strftime("%d-%m-%Y %H:%M")
    return write_workbook(
        out, title=_("Logbook User ID Omni Channel"), columns=logbook_columns(), rows=logbook_rows(accounts, at=at),
        meta={_("As of"): shown, **(meta or {})}, zone=JAKARTA,
    )  # fmt: skip


def logbook_issue(
    *, accounts: AccountQuerySet, site: Site, at: datetime, period: tuple[date, date] | None, language: str,
    signatures: Iterable[Signing], actor: Actor, now: datetime,
) -> IssuedDocument:  # fmt: skip
    """Issue the logbook of a site as it was at `at` as a numbered PDF/A; with a period the IDs active in it."""
    with translation.override(language):
        rows = [[*row[:2], *row[3:]] for row in logbook_rows(accounts, at=at)]
    if period:
        first, last = period
        rows = [row for row in rows if row[6] and row[6] <= last and (row[8] is None or row[8] >= first)]
    totals: dict[str, int] = {}
    for row in rows:
        totals[row[7]] = totals.get(row[7], 0) + 1
    body = logbook_body(
        rows=rows, totals=totals, site=site.name, period=period, as_of=local_day(at, site.zone), language=language
    )
    return document_issue(
        type=LOGBOOK, site=site, subject=None, title=str(LOGBOOK.title), data=body, language=language, actor=actor,
        now=now, period=period, signatures=tuple(signatures),
    )  # fmt: skip


def deactivation_columns() -> list[OutColumn]:
    return [
        OutColumn(_("User ID"), width=16), OutColumn(_("Leaver"), width=28), OutColumn(_("Employee number"), width=16),
        OutColumn(_("Site"), width=8), OutColumn(_("Team"), width=20), OutColumn(_("Reason"), width=20),
        OutColumn(_("Last working day"), width=16), OutColumn(_("Recorded"), width=18), OutColumn(_("Due"), width=18),
        OutColumn(_("Status"), width=18), OutColumn(_("Inactive since"), width=18),
        OutColumn(_("Hours late"), width=12),
    ]  # fmt: skip


def deactivation_line(one: DeactivationRequest) -> list[Any]:
    return [
        one.account.user_id, one.person.name, one.person.number, one.site.code, one.team.name if one.team else "",
        one.reasons_label, one.last_working_day, one.recorded_at, one.due_at, one.get_status_display(),
        one.inactive_since, hours_late(one),
    ]  # fmt: skip


def hours_late(request: DeactivationRequest) -> float | None:
    if request.inactive_since is None or request.inactive_since <= request.due_at:
        return None
    return round((request.inactive_since - request.due_at).total_seconds() / 3600, 2)


def replacement_columns() -> list[OutColumn]:
    return [
        OutColumn(_("User ID"), width=16), OutColumn(_("New holder"), width=28),
        OutColumn(_("Employee number"), width=16), OutColumn(_("New e-mail"), width=34), OutColumn(_("Site"), width=8),
        OutColumn(_("Requested"), width=18), OutColumn(_("Status"), width=18), OutColumn(_("Replaced"), width=18),
    ]  # fmt: skip


def replacement_line(one: ReplacementRequest) -> list[Any]:
    return [
        one.account.user_id, one.person.name, one.person.number, one.email, one.site.code, one.requested_at,
        one.get_status_display(), one.replaced_at,
    ]  # fmt: skip


def resignation_columns() -> list[OutColumn]:
    return [
        OutColumn(_("Employee"), width=28), OutColumn(_("Employee number"), width=16), OutColumn(_("Site"), width=8),
        OutColumn(_("Last working day"), width=16), OutColumn(_("Reason"), width=22),
        OutColumn(_("Recorded"), width=18), OutColumn(_("Withdrawn"), width=18), OutColumn(_("Note"), width=40),
    ]  # fmt: skip


def resignation_line(one: Resignation) -> list[Any]:
    return [
        one.person.name, one.person.number, one.person.site.code, one.last_working_day, one.get_reason_display(),
        one.recorded_at, one.withdrawn_at, one.note,
    ]  # fmt: skip


def breach_columns() -> list[OutColumn]:
    return [
        *deactivation_columns(),
        OutColumn(_("Review"), width=24), OutColumn(_("Cause"), width=26), OutColumn(_("What happened"), width=40),
        OutColumn(_("Correction"), width=40), OutColumn(_("Corrective action"), width=40),
        OutColumn(_("Corrective action due"), width=16), OutColumn(_("Closed"), width=18),
        OutColumn(_("Closed by"), width=24),
    ]  # fmt: skip


def breach_line(one: DeactivationRequest) -> list[Any]:
    review = getattr(one, "review", None)
    if review is None:
        return [*deactivation_line(one), *[""] * 5, None, None, ""]
    return [
        *deactivation_line(one), review.get_status_display(), review.get_cause_display() if review.cause else "",
        review.cause_note, review.correction, review.corrective_action, review.action_due, review.closed_at,
        str(review.closed_by or ""),
    ]  # fmt: skip


def review_item_columns() -> list[OutColumn]:
    return [
        OutColumn(_("User ID"), width=16), OutColumn(_("Holder"), width=28), OutColumn(_("Employee number"), width=16),
        OutColumn(_("Team"), width=20), OutColumn(_("Role"), width=18), OutColumn(_("Decision"), width=18),
        OutColumn(_("Decided by"), width=24), OutColumn(_("Decided"), width=18), OutColumn(_("Note"), width=40),
    ]  # fmt: skip


def review_item_line(one: AccessReviewItem) -> list[Any]:
    return [
        one.account.user_id, one.person.name, one.person.number, str(one.part.team or _("no team")), one.role,
        one.get_decision_display(), str(one.decided_by or ""), one.decided_at, one.note,
    ]  # fmt: skip


def access_review_issue(
    *, review: AccessReview, language: str, signatures: Iterable[Signing], actor: Actor, now: datetime
) -> IssuedDocument:
    """Issue the campaign's result: each ID, its holder, what was decided, by whom and when."""
    items = review.items.select_related("account", "person", "part__team", "decided_by").order_by(
        "part__team__name", "account__user_id"
    )
    zone = review.site.zone
    with translation.override(language):
        rows = [
            [*cells[:2], cells[3], cells[4], cells[5], cells[6],
             local_day(cells[7], zone) if cells[7] else None, cells[8]]
            for cells in map(review_item_line, items)
        ]  # fmt: skip
        totals: dict[str, int] = {}
        for row in rows:
            totals[row[4]] = totals.get(row[4], 0) + 1
    body = access_review_body(rows=rows, totals=totals, review=review, language=language)
    return document_issue(
        type=ACCESS_REVIEW, site=review.site, subject=review, title=str(ACCESS_REVIEW.title), data=body,
        language=language, actor=actor, now=now, signatures=tuple(signatures),
    )  # fmt: skip


def application_columns() -> list[OutColumn]:
    return [
        OutColumn(_("Code"), width=14), OutColumn(_("Name"), width=28), OutColumn(_("Connector"), width=22),
        OutColumn(_("Address"), width=44), OutColumn(_("At due time"), width=26),
    ]  # fmt: skip


def application_line(one: Application) -> list[Any]:
    mode = EnforcementMode(one.mode).label  # type: ignore[attr-defined]
    return [one.code, one.name, one.get_connector_display(), one.base_url, str(mode)]
