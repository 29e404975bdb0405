"""What of the logbook is found by search, and what of it waits for somebody on "Today"."""

from collections.abc import Iterator

from django.db.models import Q
from django.utils.translation import gettext as _
from django.utils.translation import gettext_lazy

from occ.people.models import User
from occ.search import Result
from occ.search import register as register_finder
from occ.times import end_of_day
from occ.workflow.turns import Source
from occ.workflow.turns import register as register_turns
from userids.models import AccessReview, Account, BreachReview, DeactivationRequest, IdRequest, ReplacementRequest
from userids.models.reviews import OPEN_REVIEW
from userids.workflow import ACCESS_REVIEW, BREACH_REVIEW, DEACTIVATION, ID_REQUEST, REPLACEMENT


def find_accounts(user: User, text: str, limit: int) -> Iterator[Result]:
    for account in Account.objects.visible_to(user).search(text).with_holder().order_by("user_id")[:limit]:
        holder = account.holder
        who = f"{holder.person.name} ({holder.person.number})" if holder else _("nobody")
        yield Result(account.user_id, f"{account.get_status_display()} · {who}", account.get_absolute_url())


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
