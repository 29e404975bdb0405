"""Backup findings (RET-6): the list, and the page on which one is mended or marked as resolved."""

from django import forms
from django.contrib import messages
from django.http import HttpRequest, HttpResponse
from django.shortcuts import redirect, render
from django.urls import reverse
from django.utils import timezone
from django.utils.translation import gettext as _
from django.utils.translation import gettext_lazy
from django.views.decorators.http import require_GET, require_POST

from occ.documents.attachments import attachments_of
from occ.form_pages import form_done
from occ.lists import listing, remembered
from occ.people.access import get_visible, me
from occ.people.scope import has_role
from occ.processes import plain_stepping, process_context, step_make
from retention import selectors
from retention.batching.advice import advice_for
from retention.batching.lists import FindingFilter, finding_rows
from retention.choices import FindingKind
from retention.models import Bag, Finding
from retention.personal import KEEPERS
from retention.services import findings as services
from retention.services import losing
from retention.services.repairing import MENDABLE, finding_repair_ask
from retention.workflow import FINDING

SHOWN = 50  # packages on the page
STEPPING = plain_stepping(
    FINDING, services.TRANSITIONS, key="finding_id", url_name="retention:finding_step", own_forms={},
    icons={"resolve": "circle-check", "propose": "send", "confirm": "circle-check", "refuse": "arrow-back-up"},
    aside=frozenset({"refuse"}),
    may=lambda user, subject, name: name not in {"resolve", "propose"} or not services.is_packed(subject),
)  # fmt: skip


@require_GET
def findings(request: HttpRequest) -> HttpResponse:
    if again := remembered(request):
        return again
    sorts = {"due": "due_at", "found": "found_at", "object": "name"}
    context = listing(request, finding_rows(me(request)), filters=FindingFilter, sorts=sorts, default="-found")
    context |= {
        "title": _("Backup findings"),
        "subtitle": _("What checks of sources and stores found to be wrong"),
        "search": _("Object or detail"),
        "export_kind": "retention.findings",
        "actions": [{"label": _("Backups declared lost"), "url": reverse("retention:losses"), "icon": "key-off"}],
    }
    return render(request, "retention/findings.html", context)


@require_GET
def finding(request: HttpRequest, pk: int) -> HttpResponse:
    return _detail(request, get_visible(Finding, me(request), pk), {}, 200)


@require_POST
def finding_step(request: HttpRequest, pk: int, transition: str) -> HttpResponse:
    found = get_visible(Finding, me(request), pk)
    done = step_make(request, STEPPING, found, transition)
    return done if isinstance(done, HttpResponse) else _detail(request, found, done, 422)


class LossForm(forms.Form):
    reason = forms.CharField(
        label=gettext_lazy("Why the key is lost, and what was tried"), max_length=300,
        widget=forms.Textarea(attrs={"rows": 2}),
    )  # fmt: skip


@require_POST
def finding_keys(request: HttpRequest, pk: int) -> HttpResponse:
    """The present keys once more; what still does not open is said on the page."""
    found = get_visible(Finding, me(request), pk)
    try:
        tried = losing.finding_keys_try(finding_id=pk, actor=me(request), now=timezone.now())
    except losing.StillShut as shut:
        messages.error(request, str(shut))
    else:
        words = _("All of them open (%(n)s). The packages are being read again; the finding is settled once they are.")
        messages.success(request, words % {"n": tried})
    return redirect(found)


@require_POST
def finding_lost(request: HttpRequest, pk: int) -> HttpResponse:
    found = get_visible(Finding, me(request), pk)
    losing.may_declare(found, me(request))
    form = LossForm(request.POST)
    done = form_done(
        request, form, lambda data: losing.loss_declare(finding_id=pk, actor=me(request), now=timezone.now(), **data),
        said=_("Declared. A manager decides."),
    )  # fmt: skip
    return done or _detail(request, found, {}, 422, loss_form=form)


@require_POST
def finding_repair(request: HttpRequest, pk: int) -> HttpResponse:
    found = get_visible(Finding, me(request), pk)
    finding_repair_ask(finding_id=pk, actor=me(request), now=timezone.now())
    messages.success(request, _("The copy is being written anew; the finding is resolved once it was read back."))
    return redirect(found)


def _detail(
    request: HttpRequest, found: Finding, tried: dict[str, forms.Form], status: int, loss_form: LossForm | None = None
) -> HttpResponse:
    context = process_context(request, STEPPING, found, tried)
    bag = Bag.objects.select_related("batch__site").filter(pk=found.bag_id).first() if found.bag_id else None
    place, packages = found.store or found.source, selectors.packs_of(found)
    keeps = found.is_open and has_role(me(request), KEEPERS, site=found.site)
    losses = list(found.losses.order_by("-pk"))
    for one in losses:
        one.url = one.get_absolute_url()  # type: ignore[attr-defined]
    of_keys = keeps and found.kind == FindingKind.KEY_MISSING and found.bag_id is not None
    context |= {
        "title": str(found.get_kind_display()),
        "crumbs": [{"label": _("Backup findings"), "url": reverse("retention:findings")}],
        "subtitle": found.name,
        "finding": found,
        "advice": advice_for(found) if found.is_open else "",
        "place": place,
        "place_url": place.get_absolute_url() if place else "",
        "record_url": found.record.get_absolute_url() if found.record else "",
        "bag": bag,
        "packages": packages[:SHOWN],
        "packages_more": max(0, len(packages) - SHOWN),
        "mendable": keeps and found.kind in MENDABLE,
        "of_keys": of_keys,
        "loss_form": loss_form or LossForm() if of_keys and not any(one.is_open for one in losses) else None,
        "losses": losses,
        "evidence": attachments_of(found),
    }
    return render(request, "retention/finding.html", context, status=status)
