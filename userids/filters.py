"""What the logbook's lists are filtered by."""

from datetime import datetime
from typing import Any

import django_filters as filters
from django.core.exceptions import ValidationError
from django.db.models import Q, QuerySet
from django.forms import HiddenInput
from django.utils import timezone
from django.utils.translation import gettext_lazy as _

from occ.filters import FromDay, InstantFilter, OneRow, OwnSite, OwnTeam, UntilDay
from occ.people.models import Team
from userids.choices import (
    AccessDecision,
    AccountStatus,
    BreachCause,
    BreachReviewStatus,
    Channel,
    ConnectorKind,
    DeactivationReason,
    DeactivationStatus,
    ReplacementStatus,
)
from userids.models import (
    AccessReview,
    AccessReviewItem,
    AccessReviewPart,
    Account,
    AccountQuerySet,
    Application,
    BreachReview,
    DeactivationRequest,
    ReplacementRequest,
    Resignation,
    time_left,
)
from userids.models.reviews import OPEN_REVIEW


def not_ahead(value: datetime) -> None:
    """Raises ValidationError."""
    if value > timezone.now():
        raise ValidationError(_("The logbook knows nothing of the future yet."), code="future")


class SiteFilter(filters.FilterSet):
    q = filters.CharFilter(method="by_words", label=_("Search"))
    site = OwnSite()

    def by_words(self, rows: Any, name: str, value: str) -> Any:
        """Rows whose user ID or person's name or number holds every word."""
        for word in value.replace("\x00", "").split()[:6]:
            rows = rows.filter(
                Q(account__user_id__icontains=word)
                | Q(person__name__icontains=word)
                | Q(person__number__icontains=word)
            )
        return rows


class AccountFilter(filters.FilterSet):
    """`as_of` turns the list into the logbook of that instant; `status` then means the status it had."""

    q = filters.CharFilter(method="nothing", label=_("Search"))
    status = filters.ChoiceFilter(
        choices=AccountStatus.choices, method="nothing", label=_("Status"), empty_label=_("All")
    )
    site = OwnSite()
    application = filters.ModelChoiceFilter(
        queryset=Application.objects.all(), label=_("Application"), empty_label=_("All")
    )
    channel = filters.ChoiceFilter(
        choices=Channel.choices, field_name="channels", method="by_channel", label=_("Channel"), empty_label=_("All")
    )
    as_of = InstantFilter(method="nothing", label=_("As of"), validators=[not_ahead])

    class Meta:
        model = Account
        fields: list[str] = []

    def nothing(self, rows: Any, name: str, value: Any) -> Any:
        return rows

    def by_channel(self, rows: AccountQuerySet, name: str, value: str) -> AccountQuerySet:
        return rows.filter(channels__contains=[value])

    def filter_queryset(self, queryset: QuerySet[Any]) -> AccountQuerySet:
        rows: Any = super().filter_queryset(queryset)
        chosen = self.form.cleaned_data
        at, status = chosen.get("as_of"), chosen.get("status")
        if at:
            active = status == AccountStatus.ACTIVE if status else None
            rows = rows.as_of(at, active=active).select_related("site", "application")
        else:
            rows = rows.filter(status=status).with_holder() if status else rows.with_holder()
        found: AccountQuerySet = rows.search(chosen["q"]) if chosen.get("q") else rows
        return found


class DeactivationFilter(SiteFilter):
    status = filters.ChoiceFilter(
        choices=[("open", _("Open")), ("late", _("Breached")), ("judged", _("Shut or overdue")),
                 *DeactivationStatus.choices],
        method="by_status", label=_("Status"), empty_label=_("All"),
    )  # fmt: skip
    left = filters.ChoiceFilter(
        choices=[("overdue", _("Overdue")), ("2h", _("Due within 2 hours")), ("12h", _("Due within 12 hours")),
                 ("later", _("Due later"))],
        method="by_time_left", label=_("Time left"), empty_label=_("All"),
    )  # fmt: skip
    reason = filters.ChoiceFilter(choices=DeactivationReason.choices, label=_("Reason"), empty_label=_("All"))
    team = OwnTeam()
    due_from = FromDay(field_name="due_at", label=_("Due from"))
    due_to = UntilDay(field_name="due_at", label=_("Due until"))

    class Meta:
        model = DeactivationRequest
        fields: list[str] = []

    def by_time_left(self, rows: Any, name: str, value: str) -> Any:
        return rows.open().filter(time_left(timezone.now())[value])

    def by_status(self, rows: Any, name: str, value: str) -> Any:
        if value == "open":
            return rows.open()
        if value == "judged":
            return rows.judged(timezone.now())
        return rows.late(timezone.now()) if value == "late" else rows.filter(status=value)


class BreachFilter(SiteFilter):
    """Late requests by where their review stands."""

    review = filters.ChoiceFilter(
        choices=[("due", _("To be reviewed or acted upon")), ("overdue", _("Action overdue")),
                 *BreachReviewStatus.choices],
        method="by_review", label=_("Review"), empty_label=_("All"),
    )  # fmt: skip
    cause = filters.ChoiceFilter(
        field_name="review__cause", choices=BreachCause.choices, label=_("Cause"), empty_label=_("All")
    )
    team = OwnTeam()
    due_from = FromDay(field_name="due_at", label=_("Due from"))
    due_to = UntilDay(field_name="due_at", label=_("Due until"))

    class Meta:
        model = DeactivationRequest
        fields: list[str] = []

    def by_review(self, rows: Any, name: str, value: str) -> Any:
        if value == "due":
            return rows.filter(review__status__in=OPEN_REVIEW)
        if value == "overdue":
            return rows.filter(review__in=BreachReview.objects.overdue_actions(timezone.localdate()))
        return rows.filter(review__status=value)


class AccessReviewItemFilter(filters.FilterSet):
    q = filters.CharFilter(method="by_words", label=_("Search"))
    team = filters.ChoiceFilter(method="by_team", label=_("Team"), empty_label=_("All"), choices=[])
    decision = filters.ChoiceFilter(choices=AccessDecision.choices, label=_("Decision"), empty_label=_("All"))
    review = OneRow(
        rows=AccessReview.objects.visible_to, field_name="review_id", label=_("Access review"), widget=HiddenInput
    )

    class Meta:
        model = AccessReviewItem
        fields: list[str] = []

    def __init__(self, *args: Any, **kwargs: Any) -> None:
        super().__init__(*args, **kwargs)
        listed = Team.objects.filter(pk__in=AccessReviewPart.objects.filter(items__in=self.queryset).values("team"))
        teams = [(str(team.pk), team.name) for team in listed]
        self.filters["team"].extra["choices"] = [*teams, ("0", _("no team"))]

    by_words = SiteFilter.by_words

    def by_team(self, rows: Any, name: str, value: str) -> Any:
        return rows.filter(part__team=None) if value == "0" else rows.filter(part__team_id=value)


class ReplacementFilter(SiteFilter):
    status = filters.ChoiceFilter(
        choices=[("open", _("Open")), *ReplacementStatus.choices],
        method="by_status",
        label=_("Status"),
        empty_label=_("All"),
    )

    class Meta:
        model = ReplacementRequest
        fields: list[str] = []

    def by_status(self, rows: Any, name: str, value: str) -> Any:
        return rows.open() if value == "open" else rows.filter(status=value)


class ResignationFilter(filters.FilterSet):
    q = filters.CharFilter(method="by_words", label=_("Search"))
    site = OwnSite(field_name="person__site")
    state = filters.ChoiceFilter(
        choices=[("standing", _("Standing")), ("withdrawn", _("Withdrawn"))],
        method="by_state",
        label=_("Status"),
        empty_label=_("All"),
    )

    class Meta:
        model = Resignation
        fields: list[str] = []

    def by_words(self, rows: Any, name: str, value: str) -> Any:
        for word in value.replace("\x00", "").split()[:6]:
            rows = rows.filter(Q(person__name__icontains=word) | Q(person__number__icontains=word))
        return rows

    def by_state(self, rows: Any, name: str, value: str) -> Any:
        return rows.standing() if value == "standing" else rows.exclude(withdrawn_at=None)


class ApplicationFilter(filters.FilterSet):
    q = filters.CharFilter(method="by_words", label=_("Search"))
    connector = filters.ChoiceFilter(choices=ConnectorKind.choices, label=_("Connector"), empty_label=_("All"))

    class Meta:
        model = Application
        fields: list[str] = []

    def by_words(self, rows: Any, name: str, value: str) -> Any:
        for word in value.replace("\x00", "").split()[:6]:
            rows = rows.filter(Q(code__icontains=word) | Q(name__icontains=word))
        return rows
