"""Floor walks: begun with the rules of the day, each answer kept at once, finished when every rule has one (RTM-9)."""

from __future__ import annotations

from datetime import datetime

from django.db import transaction
from django.db.models import Exists, OuterRef, QuerySet
from django.utils.translation import gettext as _
from django.utils.translation import ngettext

from occ.errors import Invalid, NotAllowed, WrongState
from occ.ledger.services import record
from occ.people.models import Site, User
from occ.people.scope import has_role
from occ.times import local_day
from realtime.choices import Answer, WalkStatus
from realtime.models import FloorWalk, RuleVersion, Violation, WalkLine
from realtime.rotg.workflow import WALKERS

NOTE = 300


@transaction.atomic
def walk_start(*, site: Site, actor: User, now: datetime) -> FloorWalk:
    """Begin a walk through the site, or come back to the one that the actor has not finished there.

    Raises NotAllowed, Invalid (no rule holds today).
    """
    if not has_role(actor, WALKERS, site=site):
        raise NotAllowed
    walk, new = FloorWalk.objects.get_or_create(
        site=site, started_by=actor, status=WalkStatus.OPEN, defaults={"started_at": now}
    )
    if not new:
        return walk
    rules = RuleVersion.objects.in_force(local_day(now, site.zone), site).order_by("rule__number")
    lines = [WalkLine(walk=walk, version=one) for one in rules]
    if not lines:
        raise Invalid(_("No rule of the game holds today: a coordinator enters them first."), field="site")
    WalkLine.objects.bulk_create(lines)
    record(actor=actor, action="rotg.walk_started", subject=walk, data={"rules": len(lines)}, now=now, site=site)
    return walk


def _open(walk_id: int, actor: User) -> FloorWalk:
    walk = FloorWalk.objects.select_for_update(of=("self",), no_key=True).select_related("site").get(pk=walk_id)
    if not has_role(actor, WALKERS, site=walk.site):
        raise NotAllowed
    if walk.status != WalkStatus.OPEN:
        raise WrongState(_("This floor walk is finished: nothing of it can be changed."))
    return walk


@transaction.atomic
def walk_answer(*, line_id: int, answer: str, note: str = "", actor: User, now: datetime) -> WalkLine:
    """Keep what was seen of one rule. The same answer again changes nothing. Raises NotAllowed, Invalid, WrongState."""
    walk = _open(WalkLine.objects.values_list("walk_id", flat=True).get(pk=line_id), actor)
    line = WalkLine.objects.get(pk=line_id)
    note = note.strip()
    if answer not in Answer.values:
        raise Invalid(_("Say whether the rule is complied with, violated or not applicable."), field="answer")
    if len(note) > NOTE:
        raise Invalid(_("This is longer than %(n)s characters.") % {"n": NOTE}, field="note")
    if answer != Answer.VIOLATION and line.violations.exists():
        raise Invalid(_("A violation of this rule was recorded on this walk: it stays so."), field="answer")
    if (line.answer, line.note) == (answer, note):
        return line
    line.answer, line.note, line.answered_at, line.answered_by = answer, note, now, actor
    line.save(update_fields=["answer", "note", "answered_at", "answered_by"])
    data = {"rule": line.version_id, "answer": answer, "note": note}
    record(actor=actor, action="rotg.walk_answer", subject=walk, data=data, now=now, site=walk.site)
    return line


def nobody_named(walk: FloorWalk) -> QuerySet[WalkLine]:
    """Rules that were violated, and nothing says by whom or how."""
    named = Violation.objects.filter(line=OuterRef("pk"))
    return walk.lines.filter(answer=Answer.VIOLATION, note="").exclude(Exists(named))


@transaction.atomic
def walk_finish(*, walk_id: int, note: str = "", actor: User, now: datetime) -> FloorWalk:
    """End a walk. Raises Invalid: a rule has no answer, or nobody said who violated it or what was seen."""
    walk = _open(walk_id, actor)
    left = walk.lines.filter(answer="")
    if numbers := list(left.values_list("version__rule__number", flat=True)):
        words = ngettext(
            "%(n)s rule has no answer yet: %(numbers)s.", "%(n)s rules have no answer yet: %(numbers)s.", len(numbers)
        )
        told = {"n": len(numbers), "numbers": ", ".join(map(str, numbers))}
        raise Invalid(words % told, field="answer", code="unanswered")
    if said := ", ".join(map(str, nobody_named(walk).values_list("version__rule__number", flat=True))):
        words = _("Rule %(numbers)s: record who violated it, or write what was seen.")
        raise Invalid(words % {"numbers": said}, field="answer", code="nobody_named")
    walk.status, walk.finished_at, walk.finished_by, walk.note = WalkStatus.FINISHED, now, actor, note.strip()[:500]
    walk.save(update_fields=["status", "finished_at", "finished_by", "note"])
    counts = {one.value: walk.lines.filter(answer=one).count() for one in Answer}
    record(actor=actor, action="rotg.walk_finished", subject=walk, data=counts, now=now, site=walk.site)
    return walk
