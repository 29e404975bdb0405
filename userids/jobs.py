"""What of the logbook runs in the background: imports and exports."""

from datetime import date, datetime
from typing import Any

from django.core.files.base import File
from django.db import models
from django.utils.translation import gettext_lazy

from occ.documents.signing import signing_kept
from occ.errors import NotAllowed
from occ.import_jobs import register_import, site_of
from occ.jobs.kinds import Kind, Outcome, Progress, register
from occ.jobs.models import Job
from occ.list_export import filtered, meta_of, register_list, stamped, workfile
from occ.people.choices import Role
from occ.people.models import Site, User
from occ.people.scope import has_role
from occ.sheets.importing import Preview
from userids.choices import BreachReviewStatus
from userids.filters import (
    AccessReviewItemFilter,
    AccountFilter,
    ApplicationFilter,
    BreachFilter,
    DeactivationFilter,
    ReplacementFilter,
    ResignationFilter,
)
from userids.models import (
    APPLICATION_READERS,
    LOGBOOK_READERS,
    AccessReview,
    AccessReviewItem,
    Account,
    Application,
    BreachReview,
    DeactivationQuerySet,
    DeactivationRequest,
    ReplacementRequest,
    Resignation,
)
from userids.services import exports
from userids.services.access_reviews import access_review_close
from userids.services.accounts import KEEPERS
from userids.services.importing import logbook_read, summary
from userids.services.imports import logbook_import

ISSUERS = {Role.DOCUMENT_CONTROL}


def reads(user: User) -> bool:
    return has_role(user, LOGBOOK_READERS)


def keeps(user: User) -> bool:
    return has_role(user, KEEPERS)


def issues(user: User) -> bool:
    return has_role(user, ISSUERS)


# Imports -----------------------------------------------------------------------------------------------------------


def place(job: Job) -> dict[str, Any]:
    application = Application.objects.get(pk=job.params["application"])
    return {"site": site_of(job), "application": application, "actor": job.owner}


def read(job: Job, file: File, progress: Progress, now: datetime) -> tuple[Preview, dict[str, Any]]:
    reading = logbook_read(file=file, now=now, report=progress, **place(job))
    return reading.preview, summary(reading)


def bring(job: Job, file: File, progress: Progress, now: datetime) -> dict[str, Any]:
    return logbook_import(file=file, name=job.input_name, now=now, report=progress, **place(job))


IMPORT = register_import(
    "userids.import", gettext_lazy("Import of the logbook: preview"), gettext_lazy("Import of the logbook"),
    space="userids", may=keeps, read=read, bring=bring,
)  # fmt: skip


# Exports -----------------------------------------------------------------------------------------------------------


def logbook(job: Job, progress: Progress, now: datetime) -> Outcome:
    chosen = filtered(AccountFilter, job, Account.objects.visible_to(job.owner))
    out = workfile()
    at = chosen.form.cleaned_data.get("as_of")
    exports.logbook_workbook(out, chosen.qs, at=at, meta=meta_of(chosen), now=now)
    return Outcome(out, stamped("logbook-user-id", now) if at is None else stamped("logbook-user-id-per", at))


def logbook_pdf(job: Job, progress: Progress, now: datetime) -> Outcome:
    """Issue the logbook; the password was entered when the job was asked for (see userids.views.documents)."""
    params = job.params
    site = Site.objects.get(pk=params["site"])
    if not has_role(job.owner, ISSUERS, site=site):
        raise NotAllowed
    at = datetime.fromisoformat(params["at"])
    period = tuple(date.fromisoformat(day) for day in params["period"]) if params.get("period") else None
    accounts = Account.objects.visible_to(job.owner).filter(site=site).as_of(at).select_related("site", "application")
    document = exports.logbook_issue(
        accounts=accounts, site=site, at=at, period=(period[0], period[1]) if period else None,
        language=params["language"], signatures=[signing_kept(params["signing"], now=now)], actor=job.owner, now=now,
    )  # fmt: skip
    return Outcome(url=document.get_absolute_url(), result={"number": document.full_number})


def requests(user: User) -> DeactivationQuerySet:
    return DeactivationRequest.objects.visible_to(user).select_related("account", "person", "site", "team")


def late_requests(user: User, now: datetime) -> DeactivationQuerySet:
    """Late by their own time, or with a review that was not void: of a breach nothing gets lost to sight."""
    reviewed = BreachReview.objects.exclude(status=BreachReviewStatus.VOID).values("request")
    rows = requests(user)
    return (rows.late(now) | rows.filter(pk__in=reviewed)).select_related("review__closed_by")


def review_items(user: User) -> "models.QuerySet[AccessReviewItem]":
    rows = AccessReviewItem.objects.filter(review__in=AccessReview.objects.visible_to(user))
    return rows.select_related("account", "person", "part__team", "review__site", "decided_by", "deactivation")


def close_access_review(job: Job, progress: Progress, now: datetime) -> Outcome:
    """Issue and close; the password was entered when the job was asked for."""
    params = job.params
    review = access_review_close(
        review_id=params["review"], language=params["language"], signatures=[signing_kept(params["signing"], now=now)],
        actor=job.owner, now=now,
    )  # fmt: skip
    assert review.document is not None
    return Outcome(url=review.get_absolute_url(), result={"number": review.document.full_number})


CLOSE_REVIEW = register(
    Kind("userids.access_review_close", gettext_lazy("Access review: document"), close_access_review, reads)
)
register(Kind("userids.logbook", gettext_lazy("Logbook as a spreadsheet"), logbook, reads, direct=True))
register_list(
    "userids.deactivations", gettext_lazy("Deactivations"), may=reads, filters=DeactivationFilter,
    order=("due_at", "pk"), rows=lambda user, now: requests(user),
    columns=exports.deactivation_columns, line=exports.deactivation_line,
)  # fmt: skip
register_list(
    "userids.breaches", gettext_lazy("Breaches"), may=reads, filters=BreachFilter, order=("due_at", "pk"),
    rows=lambda user, now: late_requests(user, now),
    columns=exports.breach_columns, line=exports.breach_line,
)  # fmt: skip
register_list(
    "userids.access_review_items", gettext_lazy("Access review"), may=reads, filters=AccessReviewItemFilter,
    order=("account__user_id", "pk"), rows=lambda user, now: review_items(user),
    columns=exports.review_item_columns, line=exports.review_item_line,
)  # fmt: skip
register_list(
    "userids.replacements", gettext_lazy("Replacements"), may=reads, filters=ReplacementFilter,
    order=("requested_at", "pk"), columns=exports.replacement_columns, line=exports.replacement_line,
    rows=lambda user, now: (
        ReplacementRequest.objects.visible_to(user).select_related("account", "person", "site")
    ),
)  # fmt: skip
register_list(
    "userids.resignations", gettext_lazy("Resignations"), may=reads, filters=ResignationFilter,
    order=("recorded_at", "pk"), columns=exports.resignation_columns, line=exports.resignation_line,
    rows=lambda user, now: Resignation.objects.visible_to(user).select_related("person__site"),
)  # fmt: skip
register_list(
    "userids.applications", gettext_lazy("Applications"), may=lambda user: has_role(user, APPLICATION_READERS),
    filters=ApplicationFilter, order=("code", "pk"), columns=exports.application_columns,
    line=exports.application_line, rows=lambda user, now: Application.objects.visible_to(user).with_mode(now),
)  # fmt: skip
PDF = register(Kind("userids.logbook_pdf", gettext_lazy("Logbook as an issued document"), logbook_pdf, issues))
