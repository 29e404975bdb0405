"""What of the logbook is found by search, and what of it waits for somebody on "Today"."""

from collections.abc import Iterator

from django.utils.translation import gettext as _
from django.utils.translation import gettext_lazy

from occ.people.models import User
from occ.search import Result
from occ.search import register as register_finder
from occ.times import end_of_day
from occ.workflow.turns import Source
from occ.workflow.turns import register as register_turns
from userids.models import Account, BreachReview, DeactivationRequest, IdRequest, ReplacementRequest
from userids.models.reviews import OPEN_REVIEW
from userids.workflow import BREACH_REVIEW, DEACTIVATION, ID_REQUEST, REPLACEMENT


def find_accounts(user: User, text: str, limit: int) -> Iterator[Result]:
    for account in Account.objects.visible_to(user).search(text).with_holder().order_by("user_id")[:limit]:
        holder = account.holder
        who = f"{holder.person.name} ({holder.person.number})" if holder else _("nobody")
        yield Result(account.user_id, f"{account.get_status_display()} · {who}", account.get_absolute_url())


register_finder(gettext_lazy("User IDs"), find_accounts)
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
