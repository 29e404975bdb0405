"""Batches (RET-4, RET-5): the list, and the page on which one is escalated, started, watched and mended."""

from typing import Any

from django import forms
from django.contrib import messages
from django.http import HttpRequest, HttpResponse
from django.shortcuts import redirect, render
from django.urls import reverse
from django.utils import timezone
from django.utils.translation import gettext as _
from django.utils.translation import gettext_lazy
from django.views.decorators.cache import never_cache
from django.views.decorators.http import require_GET, require_http_methods, require_POST

from occ.errors import Invalid, NotAllowed
from occ.form_pages import form_page
from occ.lists import listing, remembered
from occ.paging import key_of, paginate
from occ.people.access import get_visible, me
from occ.people.models import User
from occ.people.scope import has_role
from occ.processes import plain_stepping, process_context, step_make
from occ.workflow.turns import waiting
from retention.batching.lists import BatchFilter, batch_rows, packages
from retention.choices import BagStatus, BatchStatus
from retention.marks import id_of
from retention.models import Batch, Problem, Proposal, Record
from retention.personal import CHECKERS, WAIVERS
from retention.services import batches as services
from retention.services import checking, taking
from retention.services.restorable import findings_of_batch
from retention.workflow import BATCH

SHOWN = 100  # problems on the page; the list of records has all
STEPPING = plain_stepping(
    BATCH, services.TRANSITIONS, key="batch_id", url_name="retention:batch_step", own_forms={},
    icons={"escalate": "send", "start": "player-play"}, aside=frozenset(),
)  # fmt: skip


class WaiveForm(forms.Form):
    reason = forms.CharField(label=gettext_lazy("Why it goes without a backup"), max_length=300, widget=forms.Textarea)


@require_GET
def batches(request: HttpRequest) -> HttpResponse:
    if again := remembered(request):
        return again
    sorts = {"due": "due_at", "month": "month", "records": "records_count"}
    context = listing(request, batch_rows(me(request)), filters=BatchFilter, sorts=sorts, default="-due")
    context |= {
        "title": _("Backup batches"),
        "subtitle": _("A month's conversations of a site, backed up before they are a year old"),
        "search": _("Bag or site"),
        "export_kind": "retention.batches",
    }
    return render(request, "retention/batches.html", context)


@require_GET
@never_cache
def batch(request: HttpRequest, pk: int) -> HttpResponse:
    found = get_visible(Batch, me(request), pk)
    page = _detail(request, found, {}, 200)
    if request.headers.get("HX-Request") and found.status != BatchStatus.RUNNING:
        page.headers["HX-Refresh"] = "true"  # it was being watched, and more than the progress is another by now
    return page


@require_POST
def batch_step(request: HttpRequest, pk: int, transition: str) -> HttpResponse:
    found = get_visible(Batch, me(request), pk)
    done = step_make(request, STEPPING, found, transition)
    return done if isinstance(done, HttpResponse) else _detail(request, found, done, 422)


@require_POST
def batch_check(request: HttpRequest, pk: int) -> HttpResponse:
    """Read it or restore it now, or one package of it; the check's page shows how far it is."""
    found = get_visible(Batch, me(request), pk)
    kind = request.POST.get("kind", "")[:10]
    pack, package = None, request.POST.get("package", "")
    if package and (pack := key_of(package)) is None:
        raise Invalid(_("The batch has no such package."), field="package")
    check = checking.batch_check_ask(
        batch_id=found.pk, kind=kind, pack_id=pack, actor=me(request), clock=timezone.now
    )  # fmt: skip
    messages.success(request, _("Begun: %(check)s. It works in the background.") % {"check": check.get_kind_display()})
    return redirect(check)


def _detail(request: HttpRequest, found: Batch, tried: dict[str, forms.Form], status: int) -> HttpResponse:
    context = process_context(request, STEPPING, found, tried)
    problems = Problem.objects.filter(batch=found, settled_at=None).select_related("record")
    counted = batch_rows(me(request)).get(pk=found.pk)
    waives = has_role(me(request), WAIVERS, site=found.site)
    findings = findings_of_batch(found)
    settled = Problem.objects.filter(batch=found).exclude(settled_at=None).select_related("record")
    context |= {
        "title": found.identifier,
        "crumbs": [{"label": _("Backup batches"), "url": reverse("retention:batches")}],
        "subtitle": f"{found.get_kind_display()} · {found.site}",
        "batch": counted,
        "working": found.status == BatchStatus.RUNNING,
        "bags": found.bags.exclude(files=0).prefetch_related("packs__copies__store").order_by("number"),
        "problems": list(problems.order_by("record_id")[:SHOWN]),
        "more": max(0, found.problems_count - SHOWN),
        "settled": settled.order_by("-settled_at")[:20],
        "checks": found.checks.select_related("document", "pack").order_by("-started_at")[:10],
        "findings": list(findings[:SHOWN]),
        "findings_more": max(0, counted.findings_count - SHOWN),
        "waives": waives,
        "decides": None if waives else waiting("", WAIVERS, site=found.site, now=timezone.now()),
        "disposals": [] if found.is_open else disposals_of(found, me(request)),
    }
    for one in context["problems"]:
        one.url, one.may_take = one.record.get_absolute_url(), one.kind in taking.CHANGES
    for one in context["findings"]:
        one.url = one.get_absolute_url()
    for bag in context["bags"]:
        _count(bag)
    backed_up = any(bag.status == BagStatus.COMPLETE for bag in context["bags"])
    context |= _packages(request, found)
    context["may_check"] = backed_up and has_role(me(request), CHECKERS, site=found.site)
    return render(request, "retention/batch.html", context, status=status)


def _packages(request: HttpRequest, found: Batch) -> dict[str, Any]:
    """`?bag=`: that bag's packages, a page of them, each with its `records` and `live` copies."""
    bag = found.bags.filter(pk=key_of(request.GET.get("bag", "")) or 0).first()
    if bag is None:
        return {"bag_shown": None}
    return {"bag_shown": bag, "page": paginate(packages(bag.packs.all()), request.GET, order="number")}


def disposals_of(batch: Batch, user: User) -> list[Proposal]:
    """The proposals by which records of it were destroyed, each with its berita acara once there is one."""
    gone = Record.objects.filter(batch=batch, tombstone__isnull=False).values("tombstone__proposal")
    visible = Proposal.objects.visible_to(user).filter(pk__in=gone.distinct())
    return list(visible.select_related("document", "site").order_by("-pk"))


def _count(bag: Any) -> None:
    """Give the bag its `packages`, `stored` bytes, and `kept`: per store how many packages and the oldest check."""
    packs = list(bag.packs.all())
    bag.packages, bag.stored = len(packs), sum(one.size for one in packs)
    kept: dict[str, list[Any]] = {}
    for pack in packs:
        for copy in pack.copies.all():
            if copy.gone_at is None:
                kept.setdefault(str(copy.store), []).append(copy)
    bag.kept = [
        {
            "store": store, "packages": len(copies), "checked_at": min(one.checked_at for one in copies),
            "failed": sum(one.result == "failed" for one in copies),
        }
        for store, copies in sorted(kept.items())
    ]  # fmt: skip


class TakeFileForm(forms.Form):
    reason = forms.CharField(
        label=gettext_lazy("Why the file was changed, and who says so"), max_length=300,
        widget=forms.Textarea(attrs={"rows": 3}),
    )  # fmt: skip
    sha256 = forms.CharField(widget=forms.HiddenInput, max_length=64)
    size = forms.IntegerField(widget=forms.HiddenInput, min_value=0)


def _decidable(request: HttpRequest, pk: int) -> Record:
    record = get_visible(Record, me(request), pk)
    if not has_role(me(request), WAIVERS, site=record.site):
        raise NotAllowed
    return record


@require_POST
def record_read_file(request: HttpRequest, pk: int) -> HttpResponse:
    """Its file is read in the background; once it is, the job's page leads on to `record_take_file`."""
    record = _decidable(request, pk)
    return redirect(taking.file_look_ask(record_id=record.pk, actor=me(request), now=timezone.now()))


@require_http_methods(["GET", "POST"])
def record_take_file(request: HttpRequest, pk: int) -> HttpResponse:
    """The record is its file of now; what it was and what it is stand beside one another before that."""
    record = _decidable(request, pk)
    back = reverse("retention:batch", args=[record.batch_id]) if record.batch_id else record.get_absolute_url()
    try:
        file, away = taking.file_now(record), ""
    except Invalid as refusal:
        file, away = None, str(refusal)
    job = taking.looks(record, me(request)).first()
    looked = taking.looked_at(job)
    if looked and file and looked.fingerprint != file.fingerprint:
        looked = None
    shown = {"sha256": looked.sha256, "size": looked.size} if looked else {}
    return form_page(
        request, TakeFileForm(request.POST or None, initial=shown), lambda data: _take(pk, me(request), **data),
        said=_("Taken. It is backed up as it is now."), to=back, template="retention/take_file.html",
        title=_("Take the file of %(record)s as it is now") % {"record": id_of(record)},
        crumbs=[{"label": _("Backup batches"), "url": reverse("retention:batches")}],
        submit=_("Take the file as it is now"),
        cancel_url=back, record=record, file=file, away=away, may=taking.may_take(record, me(request)),
        looked=looked, job=job, zone=record.site.zone,
    )  # fmt: skip


def _take(pk: int, user: User, *, reason: str, sha256: str, size: int) -> Record:
    looked = taking.file_looked(record_id=pk, sha256=sha256, size=size, actor=user)
    return taking.record_take_file(record_id=pk, reason=reason, looked=looked, actor=user, now=timezone.now())


@require_http_methods(["GET", "POST"])
def record_waive(request: HttpRequest, pk: int) -> HttpResponse:
    record = _decidable(request, pk)
    form = WaiveForm(request.POST or None)
    back = reverse("retention:batch", args=[record.batch_id]) if record.batch_id else reverse("retention:batches")
    return form_page(
        request, form,
        lambda data: services.record_waive(record_id=pk, actor=me(request), now=timezone.now(), **data),
        to=back, template="retention/waive.html",
        title=_("Let %(record)s go without a backup") % {"record": id_of(record)},
        crumbs=[{"label": _("Backup batches"), "url": reverse("retention:batches")}], submit=_("Waive the backup"),
        cancel_url=back, record=record, problem=Problem.objects.filter(record=record, settled_at=None).first(),
    )  # fmt: skip
