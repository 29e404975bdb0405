"""A disposal proposal's own page (RET-7 to RET-11): its steps, its conditions, what became of its lines."""

from datetime import datetime
from typing import Any

from django import forms
from django.db.models import Sum
from django.http import HttpRequest, HttpResponse
from django.shortcuts import render
from django.template.defaultfilters import filesizeformat
from django.urls import reverse
from django.utils import timezone
from django.utils.formats import date_format
from django.utils.translation import gettext as _
from django.utils.translation import ngettext

from occ.approvals.proving import identity_prove
from occ.documents.models import IssuedDocument
from occ.errors import NotAllowed
from occ.forms import NoteForm
from occ.people.access import get_visible, me
from occ.people.models import User
from occ.people.scope import has_role
from occ.processes import Stepping, process_context
from occ.times import local_day
from occ.workflow.flows import Transition
from occ.workflow.turns import waiting
from retention.choices import ConditionKey, ItemDecision, ItemState, ProposalStatus
from retention.disposal.forms import MissingForm, PapersForm, PlainProofForm
from retention.disposal.shown import show, with_subjects
from retention.models import Condition, Item, Proposal
from retention.personal import CATALOGUE_READERS, KEEPERS, SAYERS
from retention.services import destroyable, disposing, paper_disposing, paper_lists, probing, proposals
from retention.workflow import PROPOSAL

SERVICES = {
    "submit": proposals.proposal_submit, "withdraw": proposals.proposal_withdraw, "recall": proposals.proposal_recall,
    "execute": disposing.proposal_execute,
}  # fmt: skip
ICONS = {"submit": "send", "withdraw": "arrow-back-up", "recall": "arrow-back-up", "execute": "trash"}


def form_for(subject: Any, transition: Transition, data: Any, files: Any) -> forms.Form:
    kind = NoteForm if "note" in transition.needs else forms.Form
    if transition.name == "execute":
        kind = PlainProofForm
    return kind(data, files, auto_id=f"id_{transition.name}_%s")


def make(subject: Any, name: str, data: dict[str, Any], *, actor: User, now: datetime) -> None:
    if name == "execute":
        proof = {"password": data.pop("password", ""), "code": data.pop("code", "")}
        identity_prove(user=actor, **proof, reason=f"execute:{subject.number}", now=now)
    SERVICES[name](proposal_id=subject.pk, actor=actor, now=now, **data)  # type: ignore[operator]


def cools(found: Proposal) -> bool:
    return found.cooling_until is not None and found.cooling_until > timezone.now()


def may(user: User, subject: Any, name: str) -> bool:
    """The client decides on a page of its own, and a berita acara is issued on one; a deletion waits for its time."""
    if name == "execute":
        return not cools(subject) and (subject.approval is None or subject.approval.decided_by_id != user.pk)
    return name in SERVICES


def warns(subject: Any, name: str) -> str:
    """What is about to go for good: how many lines, and how much."""
    if name != "execute":
        return ""
    lines = subject.items.filter(decision=ItemDecision.APPROVED)
    size = lines.aggregate(size=Sum("record__size"))["size"] or 0
    count = lines.count()
    words = ngettext(
        "%(n)s line, %(size)s, is deleted in the source and in every store. This cannot be undone.",
        "%(n)s lines, %(size)s, are deleted in the source and in every store. This cannot be undone.",
        count,
    )
    return words % {"n": count, "size": filesizeformat(size)}


STEPPING = Stepping(
    PROPOSAL, form_for, make, lambda subject, name: reverse("retention:proposal_step", args=[subject.pk, name]),
    ICONS, frozenset({"withdraw", "recall", "execute"}), may,  # what cannot be undone is asked for twice
    waits=lambda found: not cools(found), warns=warns, hinders=proposals.hinders,
    elsewhere=frozenset(one.name for one in PROPOSAL.transitions if one.name not in SERVICES and one.name != "execute"),
)  # fmt: skip


def crumbs(found: Proposal | None = None) -> list[dict[str, str]]:
    first = {"label": _("Disposal proposals"), "url": reverse("retention:proposals")}
    return [first, {"label": found.number, "url": found.get_absolute_url()}] if found else [first]


def ours(request: HttpRequest, pk: int) -> Proposal:
    """For those who work on it; the client has a page of its own."""
    found = get_visible(Proposal, me(request), pk)
    if not has_role(me(request), CATALOGUE_READERS, site=found.site):
        raise NotAllowed
    return found


def detail(request: HttpRequest, found: Proposal, tried: dict[str, forms.Form], status: int) -> HttpResponse:
    user = me(request)
    states = {state: found.items.filter(state=state, decision=ItemDecision.APPROVED).count() for state in ItemState}
    done = states[ItemState.DESTROYED] + states[ItemState.FAILED] + states[ItemState.PULLED]
    context = {
        "title": found.number,
        "crumbs": crumbs(),
        "subtitle": f"{found.kind_label} · {found.site.name}",
        "proposal": found,
        "conditions": _conditions(found, user),
        "counts": [{"state": state, "label": state.label, "count": states[state]} for state in ItemState],
        "done": done,
        "cooling": cools(found),
        "at_work": found.status == ProposalStatus.EXECUTING,
        "begun": found.executed_at is not None,
        "probes": _probes(found),
        "recount": _recounted(found),
        "failures": _failures(found),
        "lines_url": reverse("retention:proposal_lines", args=[found.pk]),
        "may_issue": found.status == ProposalStatus.DESTROYED
        and PROPOSAL.find("issue").open_to(user, found.site),
        "may_release": found.status == ProposalStatus.PARTIAL and has_role(user, KEEPERS, site=found.site),
        "release": tried.get("release") or NoteForm(auto_id="id_release_%s"),
        "document_seen": found.document is not None
        and IssuedDocument.objects.visible_to(user).filter(pk=found.document.pk).exists(),
    }  # fmt: skip
    context |= process_context(request, STEPPING, found, tried) | _papers(found, user, tried)
    return render(request, "retention/proposal.html", context, status=status)


def _probes(found: Proposal) -> list[Any]:
    """Each says whether it is still `to_come`: that is not one that was not run."""
    rows: list[Any] = list(found.probes.all())
    for one in rows:
        one.to_come = one.ran_at is None and one.due_at > timezone.now()
    return rows


def _conditions(found: Proposal, user: User) -> list[dict[str, Any]]:
    """Each of the five: who said so, or whose turn it is; and what the database itself knows of it."""
    rows = list(Condition.objects.filter(proposal=found).select_related("said_by", "unsaid__hold").order_by("pk"))
    before = [one for one in rows if hasattr(one, "unsaid")]
    said = {one.key: one for one in rows if one not in before}
    draft = found.status == ProposalStatus.DRAFT
    known = _known(found) if draft and found.last_day else {}
    conditions, now = [], timezone.now()
    for key in ConditionKey:
        missing = draft and key not in said
        conditions.append(
            {"key": key.value, "label": key.label, "said": said.get(key), "known": known.get(key, ""),
             "before": [one for one in before if one.key == key],
             "may": missing and has_role(user, SAYERS[key], site=found.site),
             "waiting": waiting(key.label, SAYERS[key], site=found.site, now=now) if missing else None}
        )  # fmt: skip
    return conditions


def _known(found: Proposal) -> dict[ConditionKey, str]:
    """What the database itself knows of a draft's conditions."""
    assert found.last_day is not None
    last, today = date_format(found.last_day, "j F Y"), local_day(timezone.now(), found.site.zone)
    if found.of_documents:
        period = _("The last of them was issued on %(day)s; of every line the last day of its masa simpan is over.")
        held = paper_lists.held_lines(found, today)
    else:
        period = _("The youngest line ended on %(day)s; every line is older than its period by the schedule.")
        held = destroyable.held_lines(found, today)
    case = _("Lines under a legal hold now: %(count)s. They fall out before the client is asked.")
    return {ConditionKey.PERIOD: period % {"day": last}, ConditionKey.CASE: case % {"count": held}}


def _failures(found: Proposal) -> list[Item]:
    some = list(with_subjects(found.items.filter(state=ItemState.FAILED)).order_by("position")[:20])
    show(some)
    return some


def _recounted(found: Proposal) -> list[tuple[str, int]]:
    """What is counted anew, by its words; nothing before it is destroyed."""
    if not found.completed_at:
        return []
    words = {
        "lines": _("Lines destroyed"), "records": _("Records destroyed"), "documents": _("Documents destroyed"),
        "tombstones": _("Tombstones"), "without_key": _("Records without a key"),
        "without_file": _("Files deleted and papers destroyed by hand"), "journal": _("Lines in the stores' journals"),
    }  # fmt: skip
    return [(words[name], count) for name, count in probing.recount(found).items()]


def _papers(found: Proposal, user: User, tried: dict[str, forms.Form]) -> dict[str, Any]:
    """The papers that wait to be destroyed by hand, and the forms in which Team IT says what became of them."""
    lines = list(paper_disposing.waiting(found)) if found.of_documents and found.executed_at else []
    approver = found.approval is not None and found.approval.decided_by_id == user.pk
    if not lines or approver or not has_role(user, KEEPERS, site=found.site):
        return {"papers": lines, "papers_form": None, "missing_form": None}
    return {
        "papers": lines,
        "papers_form": tried.get("papers") or papers_form(found, user),
        "missing_form": tried.get("missing") or missing_form(found),
    }


def papers_form(found: Proposal, user: User, data: Any = None) -> PapersForm:
    day = local_day(timezone.now(), found.site.zone)
    initial = {"on_day": day, "place": found.site.name}
    return PapersForm(data, user=user, of=found.pk, papers=_choices(found), initial=initial, auto_id="id_papers_%s")


def missing_form(found: Proposal, data: Any = None) -> MissingForm:
    return MissingForm(data, papers=_choices(found), auto_id="id_missing_%s")


def _choices(found: Proposal) -> list[tuple[int, str]]:
    return [(one.pk, _said(one)) for one in paper_disposing.waiting(found)]


def _said(one: Item) -> str:
    assert one.entry is not None
    facts = [one.entry.quantity, str(one.entry.get_medium_display()), one.entry.place]
    return f"{one.position}. {one.entry.number} {one.entry.title} ({', '.join(fact for fact in facts if fact)})"
