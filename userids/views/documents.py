"""The logbook issued as a numbered PDF, signed by Document Control (UID-14, SOP-UID 10)."""

from datetime import datetime, timedelta
from typing import Any

from django.http import HttpRequest, HttpResponse
from django.urls import reverse
from django.utils import timezone
from django.utils.translation import gettext as _
from django.views.decorators.http import require_http_methods

from occ.documents.choices import Purpose
from occ.documents.signing import signing_confirm
from occ.errors import NotAllowed
from occ.form_pages import form_page
from occ.jobs.models import Job
from occ.jobs.services import job_start
from occ.people.access import me
from occ.times import end_of_day
from userids import jobs
from userids.forms import IssueForm


@require_http_methods(["GET", "POST"])
def issue(request: HttpRequest) -> HttpResponse:
    user, now = me(request), timezone.now()
    if not jobs.issues(user):
        raise NotAllowed
    form = IssueForm(request.POST or None, user=user, initial={"language": request.LANGUAGE_CODE})

    def start(data: dict[str, Any]) -> Job:
        signing = signing_confirm(user=user, password=data["password"], purpose=Purpose.PREPARED, now=now)
        params = _params(form, now) | {"signing": signing.kept()}
        return job_start(kind=jobs.PDF.key, params=params, owner=user, now=now)

    return form_page(
        request, form, start, title=_("Issue the logbook as PDF"),
        crumbs=[{"label": _("Logbook"), "url": reverse("userids:accounts")}], submit=_("Sign and issue"),
        cancel_url=reverse("userids:accounts"),
    )  # fmt: skip


def _params(form: IssueForm, now: datetime) -> dict[str, object]:
    """A period ends at the end of its last day, or now."""
    site, first, last = (form.cleaned_data[name] for name in ("site", "first", "last"))
    at = min(end_of_day(last, site.zone) - timedelta(microseconds=1), now) if last else now
    return {
        "site": site.pk,
        "at": at.isoformat(),
        "period": [first.isoformat(), last.isoformat()] if first and last else None,
        "language": form.cleaned_data["language"],
    }
