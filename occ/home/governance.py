"""How the house is governed: policies, what implements which clause, and the evidence ledger."""

from datetime import datetime
from typing import Any

from django.contrib import messages
from django.contrib.contenttypes.models import ContentType
from django.http import Http404, HttpRequest, HttpResponse
from django.shortcuts import redirect, render
from django.urls import reverse
from django.utils import timezone
from django.utils.formats import number_format
from django.utils.translation import gettext as _
from django.utils.translation import ngettext
from django.views.decorators.http import require_GET, require_http_methods, require_POST

from occ.documents import types
from occ.errors import Invalid, NotAllowed, Refused
from occ.forms import add_refusal
from occ.home.filters import LedgerFilter
from occ.home.forms import PolicyForm, RowsFormSet, TakeBackForm, rows_form
from occ.home.navigation import FLOOR
from occ.home.policy_sections import by_section
from occ.ledger.models import Entry, Seal
from occ.lists import listing
from occ.obligations.rules import AFTER_MOVE, RULES
from occ.obligations.selectors import compliance
from occ.people.access import me
from occ.people.choices import Role
from occ.people.models import Site, User
from occ.people.scope import has_role, site_ids
from occ.policies.lengths import worded
from occ.policies.models import Policy
from occ.policies.registry import DEFINITIONS, Definition
from occ.policies.services import (
    Values,
    policy_begins,
    policy_last,
    policy_set,
    policy_take_back,
    policy_value,
    value_without,
)
from occ.timeline import shown_instant
from occ.times import JAKARTA, local_day
from occ.workflow.flows import FLOWS

LEDGER_READERS = frozenset({Role.AUDITOR, Role.QMR, Role.ADMINISTRATOR})


def must(request: HttpRequest, roles: frozenset[str]) -> None:
    if not has_role(me(request), roles):
        raise NotAllowed


def plain(definition: Definition) -> bool:
    """Whether the value is one number or a choice; else it is a list of rows."""
    return isinstance(definition.default, int | float) or bool(definition.choices)


def editable(definition: Definition) -> bool:
    return plain(definition) or bool(definition.columns)


def rows_shown(definition: Definition, value: Any) -> list[list[str]]:
    """The rows of a policy that has such, as a table shows them."""
    return [[one.shown(row[one.name]) for one in definition.columns] for row in value] if definition.columns else []


def shown(definition: Definition, value: Any) -> str:
    if definition.choices:
        return ", ".join(str(label) for code, label in definition.choices if code in value) or _("none")
    if definition.length:
        return worded(value, definition.length)
    return f"{number_format(value)} {definition.unit}" if plain(definition) else ""


@require_GET
def policies(request: HttpRequest) -> HttpResponse:
    must(request, FLOOR)
    text = request.GET.get("q", "")
    found = sorted(
        ((key, one) for key, one in DEFINITIONS.items() if named(one, text)), key=lambda item: (item[1].clause, item[0])
    )
    held, sites = Values([key for key, _one in found], at=timezone.now()), list(Site.objects.order_by("code"))
    rows = [
        {
            "definition": one,
            "value": value_said(one, held(key)),
            "own": [
                (site, value_said(one, held.found[key, site.pk])) for site in sites if (key, site.pk) in held.found
            ],
        }
        for key, one in found
    ]
    subtitle = _("The numbers of the procedures, as they hold now for all sites")
    context: dict[str, Any] = {"title": _("Policies"), "subtitle": subtitle, "rows": rows}
    context |= {"search": _("Policy or clause"), "sections": by_section(rows)}
    return render(request, "home/policies.html", context)


def named(definition: Definition, text: str) -> bool:
    """Whether each word of the text stands in what the policy is called, or in its clause."""
    said = f"{definition.label} {definition.clause} {definition.key}".lower()
    return all(word in said for word in text.lower().split())


def value_said(definition: Definition, value: Any) -> str:
    """`shown`; of a list, how many rows it has."""
    many = ngettext("%(n)s row", "%(n)s rows", 0 if plain(definition) else len(value))
    return shown(definition, value) if plain(definition) else many % {"n": len(value)}


@require_http_methods(["GET", "POST"])
def policy(request: HttpRequest, key: str) -> HttpResponse:
    must(request, FLOOR)
    definition, user, now = DEFINITIONS.get(key), me(request), timezone.now()
    if definition is None:
        raise Http404
    sites, data = _settable(definition, user), request.POST if request.method == "POST" else None
    if data is not None and not sites:
        raise NotAllowed
    site = _chosen(sites, (request.GET if data is None else data).get("site", ""))
    form, rows = _forms(definition, user, site, data, now) if sites else (None, None)
    if form is not None and data is not None and form.is_valid() and (rows is None or rows.is_valid()):
        given = {"site": None} | form.cleaned_data | ({"value": rows.rows()} if rows is not None else {})
        given["valid_from"] = policy_begins(key, day=given["valid_from"], site=given["site"], now=now)
        try:
            policy_set(key=key, actor=user, now=now, **given)
        except Refused as refusal:
            add_refusal(form, refusal)
        else:
            messages.success(request, _("The value is kept; below stands from when it holds."))
            return redirect(f"{reverse('policy', args=[key])}{_query(given['site'])}")
    wrong = form is not None and (form.errors or (rows is not None and rows.is_bound and not rows.is_valid()))
    context = _policy_context(definition, user, site, now) | {"form": form, "rows": rows}
    return render(request, "home/policy.html", context, status=422 if wrong else 200)


@require_POST
def policy_back(request: HttpRequest, key: str) -> HttpResponse:
    """Take a planned value back."""
    must(request, FLOOR)
    definition, user, now = DEFINITIONS.get(key), me(request), timezone.now()
    if definition is None:
        raise Http404
    sites = _settable(definition, user)
    if not sites:
        raise NotAllowed
    tried = TakeBackForm(request.POST, key=key, auto_id="id_tried_%s")
    if tried.is_valid():
        found = tried.cleaned_data["planned"]
        try:
            policy_take_back(policy_id=found.pk, reason=tried.cleaned_data["reason"], actor=user, now=now)
        except Invalid as refusal:
            add_refusal(tried, refusal)
        else:
            messages.success(request, _("It is taken back and will not hold; the history keeps it."))
            return redirect(f"{reverse('policy', args=[key])}{_query(found.site)}")
    site = _chosen(sites, "")
    form, rows = _forms(definition, user, site, None, now)
    context = _policy_context(definition, user, site, now, tried) | {"form": form, "rows": rows}
    return render(request, "home/policy.html", context, status=422)


def _forms(
    definition: Definition, user: User, site: Site | None, data: Any, now: datetime
) -> tuple[PolicyForm, RowsFormSet | None]:
    value, zone = policy_value(definition.key, at=now, site=site), site.zone if site else JAKARTA
    initial = {"seen": policy_last(definition.key), "value": value, "site": site, "valid_from": local_day(now, zone)}
    form = PolicyForm(data, user=user, definition=definition, initial=initial)
    return form, rows_form(definition, value, data) if definition.columns else None


def _policy_context(
    definition: Definition, user: User, site: Site | None, now: datetime, tried: TakeBackForm | None = None
) -> dict[str, Any]:
    """`tried`: the taking back that was refused."""
    return {
        "title": str(definition.label),
        "crumbs": [{"label": _("Policies"), "url": reverse("policies")}],
        "subtitle": definition.clause,
        "definition": definition,
        "tried": tried,
        "history": _policy_history(definition, user, now, tried),
        "plain": plain(definition),
        "for_sites": [
            {"label": one.name if one else _("All sites"), "query": _query(one) or "?", "active": one == site}
            for one in _settable(definition, user)
        ],
    }  # fmt: skip


def _policy_history(
    definition: Definition, user: User, now: datetime, tried: TakeBackForm | None
) -> list[dict[str, Any]]:
    """`back`: how a planned value is taken back, by whom may; `taken`: that it was."""
    rows = Policy.objects.filter(key=definition.key).order_by("-valid_from", "-pk")
    may = _settable(definition, user)
    found, held = [], set()
    for one in rows.select_related("site", "set_by", "taken_back__by"):
        taken, planned = getattr(one, "taken_back", None), one.valid_from > now
        holds = not planned and taken is None and one.site_id not in held
        back = _back(definition, one, tried) if planned and taken is None and one.site in may else None
        found.append(
            {
                "row": one, "value": shown(definition, one.value), "rows": rows_shown(definition, one.value),
                "planned": planned and taken is None, "holds": holds, "taken": taken, "back": back,
            }
        )  # fmt: skip
        held |= {one.site_id} if holds else set()
    return found


def _back(definition: Definition, one: Policy, tried: TakeBackForm | None) -> dict[str, Any]:
    mine = tried is not None and tried.data.get("planned") == str(one.pk)
    words = _("It stays in the history and never holds. From that day on this then holds: %(value)s.")
    return {
        "text": words % {"value": value_said(definition, value_without(one))}, "open": mine,
        "form": tried if mine else TakeBackForm(key=one.key, initial={"planned": one}, auto_id=f"id_back{one.pk}_%s"),
    }  # fmt: skip


def _settable(definition: Definition, user: User) -> list[Site | None]:
    """For which sites the user may set it; None, the first, stands for all of them."""
    if not editable(definition) or not has_role(user, definition.setters):
        return []
    mine = site_ids(user, definition.setters)
    if definition.everywhere:
        return [None] if mine is None else []
    sites = Site.objects.order_by("code")
    return [None, *sites] if mine is None else list(sites.filter(pk__in=mine))


def _chosen(sites: list[Site | None], given: str) -> Site | None:
    """The site that is asked for, where it may be set for it; else the first."""
    found = next((one for one in sites if one is not None and str(one.pk) == given), None)
    return found or (sites[0] if sites else None)


def _query(site: Site | None) -> str:
    return f"?site={site.pk}" if site else ""


@require_GET
def sop(request: HttpRequest) -> HttpResponse:
    """Clause by clause: what in the system does what the procedure says, and how far it was kept."""
    must(request, FLOOR)
    now = timezone.now()
    clauses: dict[str, list[dict[str, str]]] = {}

    def add(clause: str, kind: str, label: Any, url: str = "") -> None:
        clauses.setdefault(clause, []).append({"kind": kind, "label": str(label), "url": url})

    for rule in RULES.values():
        if rule.key in AFTER_MOVE:
            continue
        add(
            rule.clause,
            _("Deadline"),
            DEFINITIONS[rule.ladder_policy].label,
            f"{reverse('obligations')}?clause={rule.clause}",
        )
    for flow in FLOWS.values():
        add(flow.clause, _("Process"), " → ".join(str(flow.states(state).label) for state in flow.path))
    for key, definition in DEFINITIONS.items():
        value = shown(definition, policy_value(key, at=now))
        label = f"{definition.label}: {value}" if value else definition.label
        add(definition.clause, _("Policy"), label, reverse("policy", args=[key]))
    for document in types.all_types():
        add(document.clause, _("Document"), document.title, f"{reverse('documents:register')}?type={document.code}")
    shares: dict[str, list[int]] = {}
    for one in compliance(user=me(request), now=now, by=("clause",)):
        met, judged = shares.setdefault(one.clause, [0, 0])
        shares[one.clause] = [met + one.met, judged + one.met + one.late + one.overdue]
    rows = [
        {"clause": clause, "parts": parts, "share": 100 * shares[clause][0] / shares[clause][1]}
        if shares.get(clause, [0, 0])[1]
        else {"clause": clause, "parts": parts, "share": None}
        for clause, parts in sorted(clauses.items())
    ]
    subtitle = _("Clause by clause: what implements it, and how far it was kept in time")
    return render(request, "home/sop.html", {"title": _("Procedures"), "subtitle": subtitle, "rows": rows})


def _sealed() -> str:
    """How far the ledger is sealed, and why its numbers have gaps."""
    last = Seal.objects.order_by("-pk").first()
    gaps = _("Numbers that are missing were never entries: what is not carried out uses up a number.")
    if last is None:
        return gaps
    until = _("Sealed up to No. %(no)s on %(at)s; verified by the command verify_ledger.")
    return f"{until % {'no': last.last_id, 'at': shown_instant(last.at)}} {gaps}"


@require_GET
def ledger(request: HttpRequest) -> HttpResponse:
    """The evidence ledger; who reads it for one site does not see the others' entries."""
    must(request, LEDGER_READERS)
    rows = Entry.objects.all()
    ids = site_ids(me(request), LEDGER_READERS)
    if ids is not None:
        rows = rows.filter(site_code__in=Site.objects.filter(pk__in=ids).values("code"))
    subject, pk = request.GET.get("subject", "")[:80], request.GET.get("pk", "")[:40]
    if subject and pk and ContentType.objects.filter(app_label=subject.partition(".")[0]).exists():
        rows = rows.filter(subject_type=subject, subject_id=pk)
    context = listing(request, rows, filters=LedgerFilter, sorts={"no": "id"}, default="-no")
    context |= {"title": _("Evidence ledger"), "search": _("Action, who, user ID or number"), "subtitle": _sealed()}
    return render(request, "home/ledger.html", context)
