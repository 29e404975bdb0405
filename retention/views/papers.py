"""What Team IT says of papers that are destroyed by hand (RET-9, RET-11), posted from the proposal's page."""

from typing import Any

from django.http import HttpRequest, HttpResponse
from django.utils import timezone
from django.utils.translation import gettext as _
from django.views.decorators.debug import sensitive_post_parameters
from django.views.decorators.http import require_POST

from occ.approvals.proving import identity_prove
from occ.errors import NotAllowed
from occ.form_pages import form_done
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

    def destroy(data: dict[str, Any]) -> int:
        proof = identity_prove(
            user=user,
            password=data.get("password", ""),
            code=data.get("code", ""),
            reason=f"papers:{found.number}",
            now=now,
        )
        return paper_disposing.papers_destroy(
            proposal_id=pk, items=data["items"], done=form.by_hand(), proof=proof, actor=user, now=now
        )

    said = _("Papers destroyed by hand: %(count)s.")
    if done := form_done(request, form, destroy, said=lambda count: said % {"count": count}, to=found):
        return done
    found.refresh_from_db()
    return detail(request, found, {"papers": form}, 422)


@require_POST
def papers_missing(request: HttpRequest, pk: int) -> HttpResponse:
    """They could not be destroyed, and why."""
    found, user = keepers(request, pk), me(request)
    form = missing_form(found, request.POST)

    def miss(data: dict[str, Any]) -> int:
        return paper_disposing.papers_missing(
            proposal_id=pk, items=data["items"], note=data["note"], actor=user, now=timezone.now()
        )

    said = _("Papers not destroyed: %(count)s.")
    if done := form_done(request, form, miss, said=lambda count: said % {"count": count}, to=found):
        return done
    found.refresh_from_db()
    return detail(request, found, {"missing": form}, 422)
