"""The quarterly access review (UID-12): the leader of each team confirms or revokes each ID of the own team.

A campaign's list is frozen when it opens. An ID that has changed hands or was shut meanwhile lapses: there is nothing
left to decide about it. A campaign closes when nothing is pending, and leaves a signed document.
"""

from collections.abc import Collection, Iterable, Sequence
from datetime import date, datetime, timedelta

from django.db import transaction
from django.db.models import Exists, OuterRef, QuerySet
from django.utils.translation import gettext as _
from django.utils.translation import gettext_noop

from occ.documents.signing import Signing
from occ.errors import Invalid, NotAllowed, WrongState
from occ.ledger.services import record
from occ.obligations import services as obligations
from occ.people.actors import BEAT, Actor
from occ.people.history import create_many, sign
from occ.people.models import Site, TeamMembership, User, in_force
from occ.policies.services import policy_value
from occ.texts import kept
from occ.times import end_of_day, local_day
from occ.workflow.services import begin, step
from userids.choices import AccessDecision, AccountStatus, DeactivationReason
from userids.models import AccessReview, AccessReviewItem, AccessReviewPart, Assignment, DeactivationRequest
from userids.policies import ACCESS_REVIEW_DAYS, ANSWER_REVIEW
from userids.services.others import deactivation_ask
from userids.workflow import ACCESS_REVIEW


def quarter_of(day: date) -> date:
    """The first day of that day's quarter."""
    return date(day.year, day.month - (day.month - 1) % 3, 1)


def access_reviews_open(*, now: datetime) -> int:
    """Open this quarter's campaign at every site that has none yet; how many were opened. Lapsed items are marked."""
    opened = 0
    for site in Site.objects.all():
        quarter = quarter_of(local_day(now, site.zone))
        if not AccessReview.objects.filter(site=site, quarter=quarter).exists():
            opened += access_review_open(site=site, now=now) is not None
    for review in AccessReview.objects.filter(status="open"):
        items_lapse(review_id=review.pk, now=now)
    return opened


@transaction.atomic
def access_review_open(*, site: Site, actor: Actor = BEAT, now: datetime) -> AccessReview | None:
    """Freeze the site's active IDs with their holders; None when there is none, or the quarter has its campaign."""
    # Two beats: the second waits, and sees the first one's.
    site = Site.objects.select_for_update(no_key=True).get(pk=site.pk)
    today = local_day(now, site.zone)
    quarter = quarter_of(today)
    held = Assignment.objects.filter(
        account__site=site, account__status=AccountStatus.ACTIVE, ends_at=None
    ).select_related("account", "person").order_by("account__user_id")  # fmt: skip
    if AccessReview.objects.filter(site=site, quarter=quarter).exists() or not held:
        return None
    days = timedelta(days=policy_value(ACCESS_REVIEW_DAYS, at=now, site=site))
    review = AccessReview(site=site, quarter=quarter, opened_at=now, due_at=end_of_day(today + days, site.zone))
    sign(review, actor, now=now)
    review.save()
    begin(ACCESS_REVIEW, review, actor=actor, now=now)
    members = TeamMembership.objects.filter(in_force(today), person__in=held.values("person_id"))
    team_of = dict(members.values_list("person_id", "team_id"))
    parts = {
        team: AccessReviewPart.objects.create(review=review, site=site, team_id=team)
        for team in sorted({team_of.get(one.person_id) for one in held}, key=lambda pk: pk or 0)
    }
    items = [
        AccessReviewItem(
            review=review, part=parts[team_of.get(one.person_id)], account=one.account, person=one.person,
            role=one.account.role,
        )
        for one in held
    ]  # fmt: skip
    create_many(items, actor=actor, why=kept(gettext_noop("On the list")), now=now)
    for part in parts.values():
        label = f"{review.quarter_label}: {part.team.name if part.team else _('no team')}"
        obligations.obligation_open(
            rule=ANSWER_REVIEW, subject=part, label=label, site=site, team=part.team, starts_at=now,
            due_at=review.due_at, actor=actor, now=now,
        )  # fmt: skip
    return review


def no_longer_held(items: "QuerySet[AccessReviewItem]") -> "QuerySet[AccessReviewItem]":
    """Items whose ID was shut, or has another holder by now."""
    same = Assignment.objects.filter(account=OuterRef("account_id"), person=OuterRef("person_id"), ends_at=None)
    return items.exclude(Exists(same.filter(account__status=AccountStatus.ACTIVE)))


@transaction.atomic
def items_lapse(*, review_id: int, now: datetime) -> int:
    """Mark what needs no decision any more."""
    review = AccessReview.objects.select_for_update(of=("self",), no_key=True).get(pk=review_id)
    lapsed = list(no_longer_held(review.pending()).select_for_update(of=("self",), no_key=True))
    for item in lapsed:
        _decide(item, AccessDecision.LAPSED, "", BEAT, now)
    _answered(review, {item.part_id for item in lapsed}, BEAT, now)
    _decide_again(review, now)
    return len(lapsed)


def _decide_again(review: AccessReview, now: datetime) -> None:
    """A revoked ID that is active all the same, with nothing asked any more, is to be decided anew."""
    asked = DeactivationRequest.objects.open().filter(account=OuterRef("account_id"))
    revoked = review.items.filter(decision=AccessDecision.REVOKED, account__status=AccountStatus.ACTIVE)
    if not review.is_open:
        return
    for item in revoked.exclude(Exists(asked)).select_for_update(of=("self",), no_key=True):
        item.decision, item.decided_at, item.decided_by, item.deactivation = AccessDecision.PENDING, None, None, None
        sign(item, BEAT, kept(gettext_noop("The request by which it was revoked was cancelled.")), now=now)
        item.save(update_fields=["decision", "decided_at", "decided_by", "deactivation"])


def _decide(item: AccessReviewItem, decision: AccessDecision, note: str, actor: Actor, now: datetime) -> None:
    item.decision, item.decided_at, item.note = decision, now, note
    item.decided_by = actor if isinstance(actor, User) else None
    sign(item, actor, note or str(decision.label), now=now)
    item.save(update_fields=["decision", "decided_at", "decided_by", "note", "deactivation"])


def _answered(review: AccessReview, parts: Collection[int], actor: Actor, now: datetime) -> None:
    """A part without anything pending is answered: its obligation is fulfilled."""
    rows = AccessReviewPart.objects.filter(pk__in=parts, answered_at=None)
    for part in rows.exclude(pk__in=review.pending().values("part_id")):
        part.answered_at = now
        part.save(update_fields=["answered_at"])
        counts = {"items": part.items.count()}
        obligations.obligation_fulfil(subject=part, rule=ANSWER_REVIEW, at=now, evidence=counts, actor=actor, now=now)


@transaction.atomic
def items_decide(
    *, review_id: int, item_ids: Collection[int], decision: str, note: str = "", actor: User, now: datetime
) -> int:
    """Confirm or revoke these IDs, all of them or none; how many. Revoked ones get a deactivation request at once.

    An ID that is to be shut may be needed until then (a leaver's, until the last day): `note` says why, and is kept
    with it. Raises NotAllowed (another team's, or one's own), WrongState (closed, decided already), Invalid (revoked,
    or confirmed though it is being shut, without a note).
    """
    review = AccessReview.objects.select_for_update(of=("self",), no_key=True).select_related("site").get(pk=review_id)
    if not review.is_open:
        raise WrongState(_("This access review is closed."))
    if decision not in (AccessDecision.CONFIRMED, AccessDecision.REVOKED):
        raise Invalid(_("Confirm or revoke."), field="decision")
    wanted = set(item_ids)
    if not wanted:
        raise Invalid(_("Tick the user IDs that you decide about."))
    if decision == AccessDecision.REVOKED and not note.strip():
        raise Invalid(_("Say why the user ID is revoked."), field="note")
    allowed = AccessReviewItem.objects.filter(review=review, pk__in=wanted).decided_by(actor, review.site)
    items = list(allowed.select_related("account").select_for_update(of=("self",), no_key=True).order_by("pk"))
    if len(items) != len(wanted):
        raise NotAllowed
    if decided := sorted(one.account.user_id for one in items if one.decision != AccessDecision.PENDING):
        words = _("Decided already, meanwhile: %(ids)s. The others are still ticked.")
        raise WrongState(words % {"ids": ", ".join(decided)})
    gone = set(no_longer_held(AccessReviewItem.objects.filter(pk__in=wanted)).values_list("pk", flat=True))
    shutting = being_shut(one.account_id for one in items if one.pk not in gone)
    if shutting and not note.strip():
        asked = min(shutting.values(), key=lambda one: one.account.user_id)
        words = _("User ID %(id)s is being shut already. Say why it is needed until then.")
        raise Invalid(words % {"id": asked.account.user_id}, field="note")
    for item in items:
        if item.pk in gone:
            _decide(item, AccessDecision.LAPSED, "", BEAT, now)
            continue
        if decision == AccessDecision.REVOKED:
            item.deactivation = _revoke(item, note, actor, now)
        said = note if decision == AccessDecision.REVOKED or item.account_id in shutting else ""
        _decide(item, AccessDecision(decision), said, actor, now)
    data = {
        "decision": decision,
        "note": note,
        "user_ids": [one.account.user_id for one in items if one.pk not in gone],
    }
    record(actor=actor, action="access_review.decided", subject=review, data=data, now=now, site=review.site)
    _answered(review, {item.part_id for item in items}, actor, now)
    return len(items)


def being_shut(account_ids: Iterable[int]) -> dict[int, DeactivationRequest]:
    """Open requests to shut these IDs, by ID."""
    rows = DeactivationRequest.objects.open().filter(account__in=list(account_ids)).select_related("account")
    return {one.account_id: one for one in rows}


def _revoke(item: AccessReviewItem, note: str, actor: User, now: datetime) -> DeactivationRequest:
    """The request by which the ID is shut in the time that a revocation allows, or earlier where that was asked."""
    try:
        return deactivation_ask(
            account_id=item.account_id, reason=DeactivationReason.ACCESS_REVIEW, note=note, actor=actor, now=now
        )
    except WrongState:
        asked: DeactivationRequest | None = item.account.deactivations.open().first()
        if asked is None:
            raise
        return asked


def access_review_close(
    *, review_id: int, language: str, signatures: Sequence[Signing], actor: User, now: datetime
) -> AccessReview:
    """Issue the campaign's document and close it. Raises WrongState while something is pending."""
    from userids.services.exports import access_review_issue

    items_lapse(review_id=review_id, now=now)
    with transaction.atomic():
        review = (
            AccessReview.objects.select_for_update(of=("self",), no_key=True).select_related("site").get(pk=review_id)
        )
        if not ACCESS_REVIEW.find("close").open_to(actor, review.site):
            raise NotAllowed
        pending = review.pending().count()
        if pending:
            raise WrongState(_("%(count)s user IDs are not decided yet.") % {"count": pending})
        document = access_review_issue(
            review=review, language=language, signatures=signatures, actor=actor, now=now
        ) if review.is_open else None  # fmt: skip
        also = {"closed_at": now, "document": document}
        with step(ACCESS_REVIEW, AccessReview, review_id, "close", actor=actor, now=now, also=also) as review:
            pass
    return review
