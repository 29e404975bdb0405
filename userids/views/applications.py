"""Applications: how OCC reaches each, whether that works, and what happens at due time (UID-6, UID-10)."""

from typing import Any

from django.contrib import messages
from django.http import HttpRequest, HttpResponse
from django.shortcuts import redirect, render
from django.urls import reverse
from django.utils import timezone
from django.utils.translation import gettext as _
from django.views.decorators.http import require_GET, require_http_methods, require_POST

from occ.errors import NotAllowed
from occ.form_pages import form_done, form_page
from occ.lists import listing, remembered
from occ.people.access import get_visible, me
from occ.people.scope import has_role
from occ.times import JAKARTA
from userids.choices import ConnectorKind
from userids.connectors.base import ConnectorError
from userids.filters import ApplicationFilter
from userids.forms import ApplicationForm, EnforcementForm
from userids.models import APPLICATION_READERS, Application
from userids.selectors import changes
from userids.services import applications as services


def crumbs() -> list[dict[str, str]]:
    return [{"label": _("Applications"), "url": reverse("userids:applications")}]


@require_GET
def applications(request: HttpRequest) -> HttpResponse:
    user = me(request)
    if not has_role(user, APPLICATION_READERS):
        raise NotAllowed
    if again := remembered(request):
        return again
    rows = Application.objects.visible_to(user).with_mode(timezone.now())
    sorts = {"code": "code", "name": "name"}
    context = listing(request, rows, filters=ApplicationFilter, sorts=sorts, default="code")
    context |= {
        "title": _("Applications"),
        "subtitle": _("Whose user IDs the logbook keeps, and how OCC reaches them"),
        "search": _("Code or name"),
        "export_kind": "userids.applications",
    }
    return render(request, "userids/applications.html", context)


@require_GET
def application(request: HttpRequest, pk: int) -> HttpResponse:
    return _detail(request, get_visible(Application, me(request), pk))


def _detail(request: HttpRequest, found: Application, form: EnforcementForm | None = None) -> HttpResponse:
    mode, may = services.mode_at(found, timezone.now()), services.may_edit(me(request))
    scim = found.connector == ConnectorKind.SCIM
    actions = [{"label": _("Edit"), "url": reverse("userids:application_edit", args=[found.pk]), "icon": "pencil"}]
    policies = found.enforcements.select_related("set_by").order_by("-valid_from")
    context: dict[str, Any] = {
        "title": found.name,
        "crumbs": crumbs(),
        "subtitle": found.code,
        "actions": actions if may else [],
        "application": found,
        "scim": scim,
        "token": services.token_source(found),
        "variable": services.variable(found),
        "mode": mode,
        "policies": policies,
        "form": (form or EnforcementForm(initial={"mode": mode})) if may and (scim or policies) else None,
        "may_test": may and scim,
        "entries": changes(found.history.all()),
    }
    status = 422 if form is not None and form.errors else 200
    return render(request, "userids/application.html", context, status=status)


@require_http_methods(["GET", "POST"])
def application_edit(request: HttpRequest, pk: int) -> HttpResponse:
    user, found = me(request), get_visible(Application, me(request), pk)
    services.must_edit(user)
    initial = {field: getattr(found, field) for field in services.FIELDS}
    form = ApplicationForm(request.POST or None, initial=initial, application=found)
    return form_page(
        request, form,
        lambda data: services.application_edit(application_id=pk, actor=user, now=timezone.now(), **data),
        said=_("Saved."), to=found, title=_("Edit %(id)s") % {"id": found.name},
        crumbs=[*crumbs(), {"label": found.name, "url": found.get_absolute_url()}], submit=_("Save"),
        cancel_url=found.get_absolute_url(),
    )  # fmt: skip


@require_POST
def application_enforcement(request: HttpRequest, pk: int) -> HttpResponse:
    user, found = me(request), get_visible(Application, me(request), pk)
    services.must_edit(user)
    with timezone.override(JAKARTA):
        form = EnforcementForm(request.POST)
        form.full_clean()
    done = form_done(
        request, form, lambda data: services.enforcement_set(application_id=pk, actor=user, now=timezone.now(), **data),
        said=_("Saved."), to=found,
    )  # fmt: skip
    return done or _detail(request, found, form)


@require_POST
def application_test(request: HttpRequest, pk: int) -> HttpResponse:
    """Asks the application, really; the answer is a message on its page."""
    user, found = me(request), get_visible(Application, me(request), pk)
    try:
        count = services.application_test(application_id=pk, actor=user, now=timezone.now())
    except ConnectorError as error:
        messages.error(request, _("The connection does not work: %(why)s") % {"why": error})
    else:
        messages.success(request, _("The connection works: the application names %(count)s users.") % {"count": count})
    return redirect(found)
