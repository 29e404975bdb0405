"""A row of the logbook shut although its holder stays, and opened again after a suspension (UID-8)."""

from django.http import HttpRequest, HttpResponse
from django.utils import timezone
from django.utils.translation import gettext as _
from django.views.decorators.http import require_http_methods

from occ.errors import NotAllowed
from occ.form_pages import form_page
from occ.people.access import get_visible, me
from occ.people.choices import Role
from occ.people.scope import has_role
from userids.forms import ResumeForm, ShutForm
from userids.models import Account
from userids.services.accounts import account_resume as resume
from userids.services.accounts import kept_for
from userids.services.others import deactivation_ask, may_ask
from userids.views.accounts import crumbs


@require_http_methods(["GET", "POST"])
def account_shut(request: HttpRequest, pk: int) -> HttpResponse:
    user, found = me(request), get_visible(Account, me(request), pk)
    if not may_ask(user, found.site):
        raise NotAllowed
    form = ShutForm(request.POST or None)
    return form_page(
        request, form, lambda data: deactivation_ask(account_id=pk, actor=user, now=timezone.now(), **data),
        said=_("Requested; the team leader has been told."), title=_("Shut %(id)s") % {"id": found.user_id},
        crumbs=crumbs(found), subtitle=_("For reasons other than leaving: the holder stays."),
        submit=_("Request the team leader"), cancel_url=found.get_absolute_url(),
    )  # fmt: skip


@require_http_methods(["GET", "POST"])
def account_resume(request: HttpRequest, pk: int) -> HttpResponse:
    user, found = me(request), get_visible(Account, me(request), pk)
    if not has_role(user, {Role.TEAM_LEADER}, site=found.site):
        raise NotAllowed
    form, person = ResumeForm(request.POST or None), kept_for(found)
    return form_page(
        request, form, lambda data: resume(account_id=pk, note=data["note"], actor=user, now=timezone.now()),
        said=_("Active again."), to=found, title=_("Open %(id)s again") % {"id": found.user_id}, crumbs=crumbs(found),
        subtitle=_("It rests for %(name)s.") % {"name": person.name} if person else "", submit=_("It is active again"),
        cancel_url=found.get_absolute_url(),
    )  # fmt: skip
