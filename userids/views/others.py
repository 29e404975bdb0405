"""A row of the logbook shut although its holder stays, and opened again after a suspension (UID-8)."""

from django.contrib import messages
from django.http import HttpRequest, HttpResponse
from django.shortcuts import redirect, render
from django.utils import timezone
from django.utils.translation import gettext as _
from django.views.decorators.http import require_http_methods

from occ.errors import NotAllowed, Refused
from occ.forms import add_refusal
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
    if request.method == "POST" and form.is_valid():
        try:
            made = deactivation_ask(account_id=pk, actor=user, now=timezone.now(), **form.cleaned_data)
        except Refused as refusal:
            add_refusal(form, refusal)
        else:
            messages.success(request, _("Requested; the team leader has been told."))
            return redirect(made)
    context = {
        "title": _("Shut %(id)s") % {"id": found.user_id},
        "crumbs": [*crumbs(), {"label": found.user_id, "url": found.get_absolute_url()}],
        "subtitle": _("For reasons other than leaving: the holder stays."),
        "form": form,
        "submit": _("Request the team leader"),
        "cancel_url": found.get_absolute_url(),
    }
    return render(request, "userids/form.html", context, status=422 if form.errors else 200)


@require_http_methods(["GET", "POST"])
def account_resume(request: HttpRequest, pk: int) -> HttpResponse:
    user, found = me(request), get_visible(Account, me(request), pk)
    if not has_role(user, {Role.TEAM_LEADER}, site=found.site):
        raise NotAllowed
    form, person = ResumeForm(request.POST or None), kept_for(found)
    if request.method == "POST" and form.is_valid():
        try:
            resume(account_id=pk, note=form.cleaned_data["note"], actor=user, now=timezone.now())
        except Refused as refusal:
            add_refusal(form, refusal)
        else:
            messages.success(request, _("Active again."))
            return redirect(found)
    context = {
        "title": _("Open %(id)s again") % {"id": found.user_id},
        "crumbs": [*crumbs(), {"label": found.user_id, "url": found.get_absolute_url()}],
        "subtitle": _("It rests for %(name)s.") % {"name": person.name} if person else "",
        "form": form,
        "submit": _("It is active again"),
        "cancel_url": found.get_absolute_url(),
    }
    return render(request, "userids/form.html", context, status=422 if form.errors else 200)
