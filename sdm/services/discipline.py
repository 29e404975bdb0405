"""Pembinaan from the performance looked at to the filed improvement or the identified problem (MO 4.1.3 1-9).

What is said is written into the case's record; the workflow's history and the ledger keep who made which step.
"""

from __future__ import annotations

from datetime import date, datetime, timedelta

from django.core.files.base import File
from django.db import IntegrityError, transaction
from django.utils.translation import gettext as _

from occ.documents.models import IssuedDocument
from occ.documents.services import document_issue
from occ.errors import Invalid, NotAllowed, WrongState
from occ.obligations import services as obligations
from occ.people.actors import LIFECYCLE, Actor
from occ.people.history import sign
from occ.people.lifecycle import person_locked
from occ.people.models import Person, PersonQuerySet, User
from occ.people.scope import has_role, site_filter
from occ.policies.services import policy_value
from occ.times import JAKARTA, local_day
from occ.workflow.services import begin, step
from sdm.discipline import notices
from sdm.discipline.choices import CaseStatus, EntryKind, Matter, Method
from sdm.discipline.deadlines import judged_by
from sdm.discipline.documents import EVIDENCE, evidence_body
from sdm.discipline.policies import (
    COMMIT,
    COMMIT_DAYS,
    DECIDE,
    DECIDE_DAYS,
    EXIT,
    EXIT_DAYS,
    FILE,
    FILE_DAYS,
    IMPROVE_DAYS,
    IMPROVE_MOST,
    JUDGE,
    REQUEST,
    REQUEST_DAYS,
    RULES,
)
from sdm.discipline.workflow import DISCIPLINE, OPENERS, RELATIONS
from sdm.models.discipline import SITE_SEES, CaseEntry, DisciplineCase
from sdm.ranks import led_by
from sdm.services.discipline_common import (
    also_closed,
    done,
    entry,
    has_log_in,
    in_policy_days,
    keep_file,
    leads,
    must_be_own,
    must_lead,
    nothing_owed,
    owe,
    team_told,
    tell_person,
    tell_relations,
    tell_superiors,
    words,
)

ABOUT = 2_000


def people_to_open(user: User, now: datetime) -> PersonQuerySet:
    """Of whom that user may open a case: whom they lead, HR of the site; never oneself."""
    day = local_day(now, JAKARTA)
    seen = site_filter(user, SITE_SEES)
    rows = Person.objects.working_on(day)
    rows = rows.filter(seen | led_by(user, day)) if seen else rows
    return rows.exclude(pk=user.person_id) if user.person_id else rows


@transaction.atomic
def case_open(
    *, person: Person, matter: str, about: str, source_label: str = "", source_url: str = "",
    file: File[bytes] | None = None, actor: Actor, now: datetime,
) -> DisciplineCase:  # fmt: skip
    """Look at somebody's discipline or performance: the superior then decides (the chart's first two boxes).

    Modules above begin one with `source_label` and `source_url`, as the user who decided it or as a part of OCC.
    Raises NotAllowed (oneself, or not one's people), Invalid, WrongState (`open_already`: one about it is open),
    FileRefused.
    """
    person = person_locked(person.pk)
    if isinstance(actor, User):
        if actor.person_id == person.pk:
            raise NotAllowed(_("It is about you: somebody else has to do this step."))
        relations = has_role(actor, RELATIONS, site=person.site)
        if not has_role(actor, OPENERS, site=person.site) or not (relations or leads(actor, person, now)):
            raise NotAllowed
    if matter not in Matter.values:
        raise Invalid(_("Choose what it is about."), field="matter")
    about = words(about, "about", ABOUT)
    today = local_day(now, person.site.zone)
    if not person.joined_on <= today <= (person.last_working_day or today):
        raise Invalid(_("This person does not work here today."), field="person")
    made = DisciplineCase(
        site=person.site, person=person, matter=matter, about=about, source_label=source_label[:120],
        source_url=source_url[:200], opened_at=now, opened_by=actor if isinstance(actor, User) else None,
    )  # fmt: skip
    sign(made, actor, "opened", now=now)
    try:
        with transaction.atomic():
            made.save()
    except IntegrityError as error:
        words_ = _("A pembinaan about it is open already: go on with that one.")
        raise WrongState(words_, code="open_already") from error
    begin(DISCIPLINE, made, actor=actor, now=now)
    entry(made, EntryKind.OPENED, about, actor=actor, now=now)
    if isinstance(actor, User):
        keep_file(made, file, "evidence", actor=actor, now=now)
    owe(made, DECIDE, in_policy_days(made, DECIDE_DAYS, now), actor=actor, now=now)
    tell_superiors(made, notices.WAITS, now)
    return made


def _found(pk: int) -> DisciplineCase:
    return DisciplineCase.objects.select_related("site", "person__site").get(pk=pk)


def case_appreciate(*, case_id: int, note: str, actor: User, now: datetime) -> DisciplineCase:
    """Within the rules, or the target is reached: the superior appreciates, and says how (box 3)."""
    must_lead(actor, _found(case_id), now)
    text = words(note)
    with step(DISCIPLINE, DisciplineCase, case_id, "appreciate", actor=actor, now=now, also=also_closed(now)) as case:
        entry(case, EntryKind.APPRECIATED, text, actor=actor, now=now)
        done(case, DECIDE, actor=actor, now=now)
        tell_person(case, notices.TOLD, now)
    return case


def case_cancel(*, case_id: int, note: str, actor: User, now: datetime) -> DisciplineCase:
    """Opened by mistake; before anything was decided."""
    found = _found(case_id)
    if not has_role(actor, RELATIONS, site=found.site):
        must_lead(actor, found, now)
    text = words(note)
    with step(DISCIPLINE, DisciplineCase, case_id, "cancel", actor=actor, now=now, also=also_closed(now)) as case:
        entry(case, EntryKind.CANCELLED, text, actor=actor, now=now)
        nothing_owed(case, actor=actor, now=now)
    return case


def improve_bounds(case: DisciplineCase, now: datetime) -> tuple[date, date]:
    """Until when improvement is usually watched, and at most."""
    today = local_day(now, case.site.zone)
    usual, most = (float(policy_value(key, at=now, site=case.site)) for key in (IMPROVE_DAYS, IMPROVE_MOST))
    return today + timedelta(days=int(min(usual, most))), today + timedelta(days=int(most))


def case_coach(
    *, case_id: int, method: str, note: str, target: str, improve_until: date, file: File[bytes] | None = None,
    actor: User, now: datetime,
) -> DisciplineCase:  # fmt: skip
    """Coaching, counselling or mentoring was given; the person is asked what will be improved (box 4)."""
    found = _found(case_id)
    must_lead(actor, found, now)
    text, target = words(note), words(target, "target", ABOUT)
    if method not in Method.values:
        raise Invalid(_("Choose how it was given."), field="method")
    today, most = local_day(now, found.site.zone), improve_bounds(found, now)[1]
    if not today < improve_until <= most:
        says = _("The time for it ends after today and not after %(day)s.")
        raise Invalid(says % {"day": most.isoformat()}, field="improve_until")
    also = {"target": target, "improve_until": improve_until}
    with step(DISCIPLINE, DisciplineCase, case_id, "coach", actor=actor, now=now, also=also) as case:
        entry(case, EntryKind.COACHED, text, method=method, actor=actor, now=now)
        keep_file(case, file, "coaching", actor=actor, now=now)
        done(case, DECIDE, actor=actor, now=now)
        await_person(case, actor=actor, now=now)
    return case


def await_person(case: DisciplineCase, *, actor: Actor, now: datetime) -> None:
    """Back at box 5: the person says what will be improved."""
    owe(case, COMMIT, in_policy_days(case, COMMIT_DAYS, now), actor=actor, now=now)
    tell_person(case, notices.YOURS, now)


def case_improve(*, case_id: int, note: str, actor: User, now: datetime) -> DisciplineCase:
    """The person's own words: what will be improved (box 5)."""
    must_be_own(actor, _found(case_id))
    text = words(note)
    with step(DISCIPLINE, DisciplineCase, case_id, "improve", actor=actor, now=now) as case:
        entry(case, EntryKind.COMMITTED, text, actor=actor, now=now)
        _watch(case, actor=actor, now=now)
        tell_superiors(case, notices.WAITS, now)
    return case


def has_time(case: DisciplineCase, now: datetime) -> bool:
    """Whether the person can answer, and the time for it is not over."""
    return now < (case.due_at or now) and has_log_in(case.person, now)


def case_proceed(*, case_id: int, note: str, actor: User, now: datetime) -> DisciplineCase:
    """The person said nothing in time, or has no log-in: the improvement is watched all the same."""
    found = _found(case_id)
    must_lead(actor, found, now)
    text = words(note)
    if found.status == CaseStatus.COACHED and has_time(found, now):
        raise WrongState(_("The person still has time to answer."))
    with step(DISCIPLINE, DisciplineCase, case_id, "proceed", actor=actor, now=now) as case:
        entry(case, EntryKind.SILENT, text, actor=actor, now=now)
        nothing_owed(case, actor=actor, now=now)
        _watch(case, actor=actor, now=now, committed=False)
        tell_person(case, notices.TOLD, now)
    return case


def _watch(case: DisciplineCase, *, actor: User, now: datetime, committed: bool = True) -> None:
    if committed:
        done(case, COMMIT, actor=actor, now=now)
    assert case.improve_until is not None
    due_at = judged_by(case.improve_until, case.site.zone)
    owe(case, JUDGE, max(due_at, in_policy_days(case, COMMIT_DAYS, now)) if due_at <= now else due_at,
        actor=actor, now=now)  # fmt: skip


@transaction.atomic
def monitoring_add(
    *, case_id: int, note: str, file: File[bytes] | None = None, actor: User, now: datetime
) -> CaseEntry:  # fmt: skip
    """How the improvement goes, as the superior saw it (box 6); as often as it is looked at."""
    case = DisciplineCase.objects.select_for_update(of=("self",), no_key=True).select_related("site").get(pk=case_id)
    must_lead(actor, case, now)
    if case.status != CaseStatus.IMPROVING:
        raise WrongState(_("The improvement is not watched now."))
    made = entry(case, EntryKind.MONITORED, words(note), actor=actor, now=now)
    keep_file(case, file, "monitoring", actor=actor, now=now)
    return made


def watched(case: DisciplineCase) -> bool:
    """Whether the improvement was looked at since it began the last time."""
    began = case.entries.filter(kind__in=[EntryKind.COMMITTED, EntryKind.SILENT]).order_by("-pk").first()
    rows = case.entries.filter(kind=EntryKind.MONITORED)
    return rows.filter(pk__gt=began.pk).exists() if began else rows.exists()


def _must_be_watched(case: DisciplineCase) -> None:
    if not watched(case):
        raise WrongState(_("Write down first how the improvement was watched."))


def case_verify(
    *, case_id: int, note: str, language: str = "id", actor: User, now: datetime
) -> tuple[DisciplineCase, IssuedDocument]:
    """Improved: the superior verifies and documents it; HR is asked to file it (box 8)."""
    must_lead(actor, _found(case_id), now)
    text = words(note)
    with step(DISCIPLINE, DisciplineCase, case_id, "verify", actor=actor, now=now) as case:
        _must_be_watched(case)
        entry(case, EntryKind.IMPROVED, text, actor=actor, now=now)
        document = document_issue(
            type=EVIDENCE, site=case.site, subject=case, title=f"{EVIDENCE.title}",
            data=evidence_body(case, language=language), language=language, actor=actor, now=now,
        )  # fmt: skip
        done(case, JUDGE, actor=actor, now=now)
        owe(case, FILE, in_policy_days(case, FILE_DAYS, now), actor=actor, now=now)
        tell_person(case, notices.TOLD, now)
        tell_relations(case, notices.WAITS, now)
    return case, document


def case_identify(
    *, case_id: int, note: str, file: File[bytes] | None = None, actor: User, now: datetime
) -> DisciplineCase:  # fmt: skip
    """Not improved: what the problem is, and the pembinaan given for it (box 9)."""
    must_lead(actor, _found(case_id), now)
    text = words(note)
    with step(DISCIPLINE, DisciplineCase, case_id, "identify", actor=actor, now=now) as case:
        _must_be_watched(case)
        entry(case, EntryKind.PROBLEM, text, actor=actor, now=now)
        keep_file(case, file, "problem", actor=actor, now=now)
        done(case, JUDGE, actor=actor, now=now)
        owe(case, REQUEST, in_policy_days(case, REQUEST_DAYS, now), actor=actor, now=now)
        tell_person(case, notices.TOLD, now)
    return case


def case_file(*, case_id: int, note: str, actor: User, now: datetime) -> DisciplineCase:
    """HR files the verified evidence; the case is closed."""
    text = words(note)
    with step(DISCIPLINE, DisciplineCase, case_id, "file", actor=actor, now=now, also=also_closed(now)) as case:
        entry(case, EntryKind.FILED, text, actor=actor, now=now)
        done(case, FILE, actor=actor, now=now)
        tell_person(case, notices.TOLD, now)
    return case


# What the person's life brings ------------------------------------------------------------------------------------


def cases_follow_move(*, person: Person, actor: Actor, now: datetime) -> None:
    """An open case goes with the person to another site or team: superiors there go on, and owe what is to be done."""
    rows = DisciplineCase.objects.open().select_related("site").select_for_update(of=("self",), no_key=True)
    for case in rows.filter(person=person):
        if case.site != person.site:
            case.site = person.site
            sign(case, actor, "moved", now=now)
            case.save(update_fields=["site"])
        for rule in RULES:
            obligations.obligations_take_along(
                subject=case, rules=[rule], site=case.site, team=team_told(case, rule, now), actor=actor, now=now
            )


def cases_lapse(*, person: Person, now: datetime) -> None:
    """The last day is over: what was open ends, but for an exit process, which HR ends."""
    rows = DisciplineCase.objects.open().filter(person=person).exclude(status=CaseStatus.EXITING)
    for pk in list(rows.values_list("pk", flat=True)):
        also = also_closed(now)
        with step(DISCIPLINE, DisciplineCase, pk, "lapse", actor=LIFECYCLE, now=now, also=also) as case:
            entry(case, EntryKind.LEFT, "", actor=LIFECYCLE, now=now)
            nothing_owed(case, actor=LIFECYCLE, now=now)


def cases_stay(*, person: Person, now: datetime) -> None:
    """The leaving was withdrawn: what was final is to be decided again."""
    rows = DisciplineCase.objects.filter(person=person, status=CaseStatus.EXITING)
    for pk in list(rows.values_list("pk", flat=True)):
        with step(DISCIPLINE, DisciplineCase, pk, "stay", actor=LIFECYCLE, now=now, also={"leaving": None}) as case:
            owe(case, EXIT, in_policy_days(case, EXIT_DAYS, now), actor=LIFECYCLE, now=now)
            tell_relations(case, notices.WAITS, now)
