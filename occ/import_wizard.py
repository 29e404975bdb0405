"""The pages of every import: upload, preview, then all of it or nothing. Columns, words and deeds are the app's."""

import uuid
from collections.abc import Callable, Sequence
from dataclasses import dataclass
from typing import Any

from django import forms
from django.contrib import messages
from django.core.files.storage import storages
from django.http import Http404, HttpRequest, HttpResponse
from django.shortcuts import redirect, render
from django.urls import reverse
from django.utils import timezone
from django.utils.functional import Promise
from django.utils.translation import gettext as _

from occ.errors import NotAllowed, Refused
from occ.forms import add_refusal
from occ.jobs.kinds import Kind
from occ.jobs.models import Job, State
from occ.jobs.services import job_start, must_still_cover
from occ.people.access import get_visible, me
from occ.sheets.reading import Column

ROWS = 100


@dataclass(frozen=True)
class Wizard:
    """`space`: the URL namespace, in which import, import_preview, import_apply and import_faulty are the pages.
    `back`: label and URL name of the list. `params(form)`: what the jobs need beside the file. `template`: extends
    imports/preview.html with what the file would do."""

    space: str
    title: "str | Promise"
    back: tuple["str | Promise", str]
    columns: Sequence[Column]
    preview: Kind
    apply: Kind
    form: type[forms.Form]
    params: Callable[[forms.Form], dict[str, Any]]
    template: str
    done_template: str

    def urls(self, job: Job | None = None) -> dict[str, str]:
        found = {"import": reverse(f"{self.space}:import"), "back": reverse(self.back[1])}
        if job is not None:
            for name in ("apply", "faulty"):
                found[name] = reverse(f"{self.space}:import_{name}", args=[job.pk])
        return found


def upload(request: HttpRequest, wizard: Wizard) -> HttpResponse:
    user = me(request)
    if not wizard.preview.may(user):
        raise NotAllowed
    form: Any = wizard.form(request.POST or None, request.FILES or None, user=user)  # type: ignore[call-arg]
    if request.method == "POST" and form.is_valid():
        try:
            job = job_start(
                kind=wizard.preview.key, params=wizard.params(form), owner=user, now=timezone.now(),
                file=form.cleaned_data["file"],
            )  # fmt: skip
        except Refused as refusal:
            add_refusal(form, refusal)
        else:
            return redirect(f"{wizard.space}:import_preview", job.pk)
    kinds = (wizard.preview.key, wizard.apply.key)
    recent = Job.objects.visible_to(user).filter(kind__in=kinds).order_by("-created_at")[:10]
    context = {
        "title": wizard.title,
        "crumbs": [{"label": wizard.back[0], "url": reverse(wizard.back[1])}],
        "form": form,
        "columns": wizard.columns,
        "recent": [{"job": one, "url": reverse(f"{wizard.space}:import_preview", args=[one.pk])} for one in recent],
    }
    return render(request, "imports/upload.html", context, status=422 if form.errors else 200)


def found(request: HttpRequest, pk: uuid.UUID, wizard: Wizard) -> Job:
    job = get_visible(Job, me(request), pk)
    if job.kind not in {wizard.preview.key, wizard.apply.key}:
        raise Http404
    must_still_cover(me(request), job)
    return job


def preview(
    request: HttpRequest, pk: uuid.UUID, wizard: Wizard, also: Callable[[Job], dict[str, Any]] | None = None
) -> HttpResponse:
    """`also`: what the wizard's templates show beside the job's result, once there is one."""
    job = found(request, pk, wizard)
    crumbs = [{"label": wizard.title, "url": reverse(f"{wizard.space}:import")}]
    context: dict[str, Any] = {"title": job.input_name, "crumbs": crumbs, "job": job, "urls": wizard.urls(job)}
    if job.state != State.DONE or job.is_cleared:
        return render(request, "imports/running.html", context)
    context |= also(job) if also else {}
    if job.kind == wizard.apply.key:
        return render(request, wizard.done_template, context)
    number = request.GET.get("page", "1")
    at = max(1, int(number)) if number.isdecimal() and len(number) < 6 else 1
    rows = job.result["rows"]
    context |= {
        "result": job.result,
        "rows": rows[(at - 1) * ROWS : at * ROWS],
        "first": (at - 1) * ROWS + 1,
        "last": min(at * ROWS, len(rows)),
        "previous_page": at - 1 if at > 1 else None,
        "next_page": at + 1 if at * ROWS < len(rows) else None,
    }
    return render(request, wizard.template, context)


def apply(request: HttpRequest, pk: uuid.UUID, wizard: Wizard) -> HttpResponse:
    """Import what the preview showed; the file is judged again, since the records may have changed."""
    job = found(request, pk, wizard)
    done = job.kind == wizard.preview.key and job.state == State.DONE
    if not done or job.is_cleared or job.result["counts"]["faulty"] or not job.input_file:
        messages.error(request, _("This file cannot be imported: look at its preview."))
        return redirect(f"{wizard.space}:import_preview", pk)
    with storages["default"].open(job.input_file) as file:
        file.name = job.input_name
        started = job_start(kind=wizard.apply.key, params=job.params, owner=me(request), now=timezone.now(), file=file)
    return redirect(f"{wizard.space}:import_preview", started.pk)


def faulty(request: HttpRequest, pk: uuid.UUID, wizard: Wizard) -> HttpResponse:
    """The faulty rows as a spreadsheet, with the reason beside each."""
    job = found(request, pk, wizard)
    if not job.output_file:
        raise Http404
    return redirect("exports:file", job.pk)
