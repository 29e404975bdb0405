"""What of the logbook is found by search, and what of it waits for somebody on "Today"."""

from collections.abc import Iterator

from django.db.models import Count, Q
from django.utils.translation import gettext as _
from django.utils.translation import gettext_lazy, ngettext

from occ.people.choices import Role
from occ.people.models import User
from occ.people.scope import has_role, roles_of
from occ.search import Result
from occ.search import register as register_finder
from occ.times import end_of_day
from occ.workflow.turns import Source, Turn, register_asked
from occ.workflow.turns import register as register_turns
from userids.models import (
    AccessReview,
    Account,
    Assignment,
    BreachReview,
    DeactivationRequest,
    IdRequest,
    ReplacementRequest,
)
from userids.models.reviews import OPEN_REVIEW
from userids.workflow import ACCESS_REVIEW, BREACH_REVIEW, DEACTIVATION, ID_REQUEST, REPLACEMENT


def find_accounts(user: User, text: str, limit: int) -> Iterator[Result]:
    accounts = list(Account.objects.visible_to(user).search(text).with_holder().order_by("user_id")[:limit])
    former = _former(accounts, text)
    for account in accounts:
        holder = account.holder
        who = f"{holder.person.name} ({holder.person.number})" if holder else _("nobody")
        before = former[account.pk]
        if before and not _names(text, account.user_id, who, holder.email if holder else ""):
            who = f"{who} · " + _("before: %(names)s") % {"names": ", ".join(before)}
        yield Result(account.user_id, f"{account.get_status_display()} · {who}", account.get_absolute_url())


def _former(accounts: list[Account], text: str) -> dict[int, list[str]]:
    """By ID: the former holders for whom it is found."""
    found: dict[int, list[str]] = {one.pk: [] for one in accounts}
    ended = Assignment.objects.filter(account__in=accounts, ends_at__isnull=False).select_related("person")
    for one in ended.order_by("-ends_at"):
        said = f"{one.person.name} ({one.person.number})"
        if said not in found[one.account_id] and _names(text, said, one.email, some=True):
            found[one.account_id].append(said)
    return found


def _names(text: str, *said: str, some: bool = False) -> bool:
    """Whether all words of a search, or `some`, are in what is said."""
    words, within = text.casefold().split(), " ".join(said).casefold()
    return any(word in within for word in words) if some else all(word in within for word in words)


def find_requests(user: User, text: str, limit: int) -> Iterator[Result]:
    """Requests about user IDs, the newest first: by their number, user ID, application and person."""
    for rows, title in (
        (DeactivationRequest.objects.visible_to(user), _("Deactivation of %(id)s")),
        (ReplacementRequest.objects.visible_to(user), _("Replacement of %(id)s")),
        (IdRequest.objects.visible_to(user), _("User ID for a new employee")),
    ):
        for word in text.split()[:6]:
            by_number = Q(pk=int(word)) if word.isascii() and word.isdigit() and len(word) < 10 else Q(pk__in=())
            rows = rows.filter(
                by_number
                | Q(account__user_id__icontains=word)
                | Q(account__application__name__icontains=word)
                | Q(account__application__code__iexact=word)
                | Q(person__name__icontains=word)
                | Q(person__number__iexact=word)
            )
        for one in rows.select_related("account__application", "person").order_by("-pk")[:limit]:
            application = f" · {one.account.application}" if one.account else ""
            number = _("No. %(n)s") % {"n": one.pk}
            yield Result(
                f"{title % {'id': one.account.user_id if one.account else ''}} · {number}",
                f"{one.get_status_display()} · {one.person.name} ({one.person.number}){application}",
                one.get_absolute_url(),
            )


def parts_undecided(user: User) -> Iterator[Turn]:
    """What a team's leader owes an access review: before its last answer no step of its flow waits for anybody."""
    if not has_role(user, {Role.TEAM_LEADER}):
        return
    own = {held.team_id for held in roles_of(user) if held.role == Role.TEAM_LEADER and held.team_id is not None}
    for review in AccessReview.objects.visible_to(user).filter(status="open").select_related("site").order_by("due_at"):
        if not has_role(user, {Role.TEAM_LEADER}, site=review.site):
            continue
        mine = Q(items__in=review.pending().decided_by(user, review.site))
        rows = review.parts.annotate(undecided=Count("items", filter=mine)).filter(undecided__gt=0)
        for part in rows.select_related("team").order_by("team__name"):
            title = _("Access review %(quarter)s") % {"quarter": review.quarter_label}
            asked = ngettext("Decide about %(n)s user ID", "Decide about %(n)s user IDs", part.undecided)
            place = f"{review.site.code} · {part.team}" if part.team else review.site.code
            elsewhere = bool(own) and part.team_id not in own
            yield Turn(
                title, part.get_absolute_url(), asked % {"n": part.undecided}, place, review.due_at, review.site.zone,
                elsewhere,
            )  # fmt: skip


register_finder(gettext_lazy("User IDs"), find_accounts)
register_finder(gettext_lazy("Requests about user IDs"), find_requests)
register_turns(
    Source(
        DEACTIVATION,
        rows=lambda user: (
            DeactivationRequest.objects.visible_to(user)
            .select_related("account", "person", "site")
            .order_by("due_at", "pk")
        ),
        title=lambda row: f"{row.account.user_id} · {row.person.name}",
        due_at=lambda row: row.due_at if row.is_open else None,
        team="team",
    )
)
register_turns(
    Source(
        REPLACEMENT,
        rows=lambda user: (
            ReplacementRequest.objects.visible_to(user)
            .select_related("account", "person", "site")
            .order_by("requested_at", "pk")
        ),
        title=lambda row: f"{row.account.user_id} → {row.person.name}",
        due_at=lambda row: None,
        person="person",
    )
)
register_turns(
    Source(
        BREACH_REVIEW,
        rows=lambda user: (
            BreachReview.objects.visible_to(user)
            .select_related("request__account", "request__person", "site")
            .filter(status__in=OPEN_REVIEW)
            .order_by("action_due", "opened_at", "pk")
        ),
        title=lambda row: f"{row.request.account.user_id} · {row.request.person.name}",
        due_at=lambda row: end_of_day(row.action_due, row.site.zone) if row.action_due else None,
        team="request__team",
    )
)
register_turns(
    Source(
        ID_REQUEST,
        rows=lambda user: (
            IdRequest.objects.visible_to(user).open().select_related("person", "site").order_by("due_at", "pk")
        ),
        title=lambda row: row.person.name,
        due_at=lambda row: row.due_at,
    )
)
register_turns(
    Source(
        ACCESS_REVIEW,
        # Before its last answer it is the team leaders' turn.
        rows=lambda user: (
            AccessReview.objects.visible_to(user).answered().select_related("site").order_by("due_at", "pk")
        ),
        title=lambda row: _("Access review %(quarter)s") % {"quarter": row.quarter_label},
        due_at=lambda row: row.due_at,
    )
)
register_asked(parts_undecided)
