"""The pages of every import: upload, preview, then all of it or nothing. Columns, words and deeds are the app's."""

import uuid
from collections.abc import Sequence
from dataclasses import dataclass
from datetime import datetime
from typing import Any

from django.contrib import messages
from django.core.files.storage import storages
from django.http import Http404, HttpRequest, HttpResponse
from django.shortcuts import redirect, render
from django.urls import URLPattern, URLResolver, include, path, reverse
from django.utils import timezone
from django.utils.functional import Promise
from django.utils.translation import gettext as _
from django.views.decorators.cache import never_cache
from django.views.decorators.http import require_GET, require_http_methods, require_POST

from occ.errors import NotAllowed, Refused
from occ.forms import add_refusal
from occ.import_jobs import SEEN, Import
from occ.jobs.models import Job, State
from occ.jobs.services import job_start, must_still_cover
from occ.paging import part
from occ.people.access import get_visible, me
from occ.people.models import User
from occ.sheet_forms import SheetForm
from occ.sheets.reading import Column
from occ.texts import said_within

ROWS = 100


@dataclass(frozen=True)
class Wizard:
    """Say what an import's pages consist of, and put `at(route)` among the URLs.

    `back`: label and URL name of the list. `template` extends imports/preview.html with what the file would do,
    `done_template` says what it did. Where an import differs, a subclass overrides `kinds`, `begin`, `page`,
    `beside_form` or `beside_result`.
    """

    jobs: Import
    title: "str | Promise"
    back: tuple["str | Promise", str]
    columns: Sequence[Column]
    form: type[SheetForm]
    template: str
    done_template: str
    upload_template: str = "imports/upload.html"

    # Where an import differs ------------------------------------------------------------------------------------------

    def kinds(self) -> set[str]:
        """The kinds of job whose files are listed under the form."""
        return {self.jobs.preview.key, self.jobs.apply.key}

    def begin(self, form: SheetForm, user: User, now: datetime) -> Job:
        """Start to read the file."""
        return job_start(
            kind=self.jobs.preview.key, params=form.params(), owner=user, now=now, file=form.cleaned_data["file"]
        )

    def page(self, job: Job) -> str:
        return reverse(f"{self.jobs.space}:import_preview", args=[job.pk])

    def beside_form(self, user: User) -> dict[str, Any]:
        """What the page of the upload shows further."""
        return {"columns": self.columns}

    def beside_result(self, job: Job) -> dict[str, Any]:
        """What preview and end show beside the job's result, once there is one."""
        return {}

    # The pages --------------------------------------------------------------------------------------------------------

    def at(self, route: str, *further: URLPattern) -> URLResolver:
        """The import's pages below `route`, with `further` ones; a `space` within the app's is their namespace."""
        pages = [
            path("", require_http_methods(["GET", "POST"])(self.upload), name="import"),
            path("<uuid:pk>/", require_GET(never_cache(self.preview)), name="import_preview"),
            path("<uuid:pk>/apply/", require_POST(self.apply), name="import_apply"),
            path("<uuid:pk>/faulty/", require_GET(self.faulty), name="import_faulty"),
            *further,
        ]
        _app, _colon, space = self.jobs.space.partition(":")
        return path(route, include((pages, space)) if space else include(pages))

    def urls(self, job: Job | None = None) -> dict[str, str]:
        found = {"import": reverse(f"{self.jobs.space}:import"), "back": reverse(self.back[1])}
        if job is not None:
            for name in ("apply", "faulty"):
                found[name] = reverse(f"{self.jobs.space}:import_{name}", args=[job.pk])
        return found

    def crumbs(self) -> list[dict[str, Any]]:
        return [{"label": self.title, "url": reverse(f"{self.jobs.space}:import")}]

    def upload(self, request: HttpRequest) -> HttpResponse:
        user = me(request)
        if not self.jobs.preview.may(user):
            raise NotAllowed
        form = self.form(request.POST or None, request.FILES or None, user=user)
        if request.method == "POST" and form.is_valid():
            try:
                job = self.begin(form, user, timezone.now())
            except Refused as refusal:
                add_refusal(form, refusal)
            else:
                return redirect(self.page(job))
        recent = Job.objects.visible_to(user).filter(kind__in=self.kinds()).order_by("-created_at")[:10]
        context: dict[str, Any] = {
            "title": self.title,
            "crumbs": [{"label": self.back[0], "url": reverse(self.back[1])}],
            "form": form,
            "recent": [{"job": one, "url": self.page(one)} for one in recent],
        } | self.beside_form(user)
        return render(request, self.upload_template, context, status=422 if form.errors else 200)

    def found(self, request: HttpRequest, pk: uuid.UUID) -> Job:
        job = get_visible(Job, me(request), pk)
        if job.kind not in {self.jobs.preview.key, self.jobs.apply.key}:
            raise Http404
        must_still_cover(me(request), job)
        return job

    def preview(self, request: HttpRequest, pk: uuid.UUID) -> HttpResponse:
        """What the file would do; under the same address of the job that did it, what it did."""
        job = self.found(request, pk)
        context: dict[str, Any] = {
            "title": job.input_name, "crumbs": self.crumbs(), "job": job, "urls": self.urls(job),
        }  # fmt: skip
        if job.state != State.DONE or job.is_cleared:
            return render(request, "imports/running.html", context)
        context |= self.beside_result(job)
        if job.kind == self.jobs.apply.key:
            return render(request, self.done_template, context)
        rows, pages = part(job.result["rows"], request.GET.get("page", "1"), ROWS)
        result = said_within({name: value for name, value in job.result.items() if name != "rows"})
        return render(request, self.template, context | pages | {"result": result, "rows": said_within(rows)})

    def apply(self, request: HttpRequest, pk: uuid.UUID) -> HttpResponse:
        """Import what the preview showed; the file is judged again, since the records may have changed."""
        job = self.found(request, pk)
        done = job.kind == self.jobs.preview.key and job.state == State.DONE
        if not done or job.is_cleared or job.result["counts"]["faulty"] or not job.input_file:
            messages.error(request, _("This file cannot be imported: look at its preview."))
            return redirect(self.page(job))
        with storages["default"].open(job.input_file) as file:
            file.name = job.input_name
            params = job.params | {name: job.result[name] for name in (SEEN,) if name in job.result}
            started = job_start(
                kind=self.jobs.apply.key, params=params, owner=me(request), now=timezone.now(), file=file
            )
        return redirect(self.page(started))

    def faulty(self, request: HttpRequest, pk: uuid.UUID) -> HttpResponse:
        """The faulty rows as a spreadsheet, with the reason beside each."""
        job = self.found(request, pk)
        if not job.output_file:
            raise Http404
        return redirect("exports:file", job.pk)
