"""What Team IT says of papers that are destroyed by hand (RET-9, RET-11), posted from the proposal's page."""

from django.contrib import messages
from django.http import HttpRequest, HttpResponse
from django.shortcuts import redirect
from django.utils import timezone
from django.utils.translation import gettext as _
from django.views.decorators.debug import sensitive_post_parameters
from django.views.decorators.http import require_POST

from occ.approvals.proving import identity_prove
from occ.errors import NotAllowed, Refused
from occ.forms import add_refusal
from occ.people.access import me
from occ.people.scope import has_role
from retention.models import Proposal
from retention.personal import KEEPERS
from retention.services import paper_disposing
from retention.views.proposal_detail import detail, missing_form, ours, papers_form


def keepers(request: HttpRequest, pk: int) -> Proposal:
    found = ours(request, pk)
    if not has_role(me(request), KEEPERS, site=found.site):
        raise NotAllowed
    return found


@sensitive_post_parameters("password", "code")
@require_POST
def papers_destroyed(request: HttpRequest, pk: int) -> HttpResponse:
    """They are destroyed: how, where, before whom; with the password entered again, and a code."""
    found, user, now = keepers(request, pk), me(request), timezone.now()
    form = papers_form(found, user, request.POST)
    if form.is_valid():
        data = form.cleaned_data
        try:
            why = f"papers:{found.number}"
            proof = identity_prove(
                user=user, password=data["password"], code=data.get("code", ""), reason=why, now=now
            )  # fmt: skip
            count = paper_disposing.papers_destroy(
                proposal_id=pk, items=data["items"], done=form.by_hand(), proof=proof, actor=user, now=now
            )
        except Refused as refusal:
            add_refusal(form, refusal)
        else:
            messages.success(request, _("Destroyed by hand: %(count)s papers.") % {"count": count})
            return redirect(found)
    found.refresh_from_db()
    return detail(request, found, {"papers": form}, 422)


@require_POST
def papers_missing(request: HttpRequest, pk: int) -> HttpResponse:
    """They could not be destroyed, and why."""
    found, user = keepers(request, pk), me(request)
    form = missing_form(found, request.POST)
    if form.is_valid():
        data = form.cleaned_data
        try:
            count = paper_disposing.papers_missing(
                proposal_id=pk, items=data["items"], note=data["note"], actor=user, now=timezone.now()
            )
        except Refused as refusal:
            add_refusal(form, refusal)
        else:
            messages.success(request, _("Not destroyed: %(count)s papers.") % {"count": count})
            return redirect(found)
    found.refresh_from_db()
    return detail(request, found, {"missing": form}, 422)
