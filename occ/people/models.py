"""Identity and dated membership: who a person is, where they belong, and which roles they hold, by date.

Invariant: nobody is in two teams at once, and a role is never given twice for the same place at the same time
(exclusion constraints). Dates are days in the site's time zone; `ends_on` is the last day, inclusive.
Employment (contracts, plans) is `sdm`'s; here is only what every module asks.
"""

from __future__ import annotations

from datetime import UTC, date, datetime
from typing import TYPE_CHECKING
from zoneinfo import ZoneInfo

from django.contrib.auth.models import AbstractUser
from django.contrib.auth.models import UserManager as DjangoUserManager
from django.contrib.postgres.constraints import ExclusionConstraint
from django.contrib.postgres.fields import DateRangeField, RangeBoundary, RangeOperators
from django.core.exceptions import ValidationError
from django.db import models
from django.db.models import F, Func, Q, Value
from django.utils.translation import gettext_lazy as _

from occ.people.choices import LeavingReason, Role
from occ.times import FIRST_YEAR, LAST_YEAR

if TYPE_CHECKING:
    from django_stubs_ext.db.models.manager import RelatedManager


def whole_range(column: str) -> Func:
    """An integer as a one-element range: equality inside a GiST exclusion constraint without btree_gist."""
    return Func(F(column), F(column), Value("[]"), function="int8range")


def within_reach(column: str) -> Q:
    """For check constraints: an instant that somebody can have meant, or none (a day's room for the time zones)."""
    first, last = datetime(FIRST_YEAR - 1, 12, 31, tzinfo=UTC), datetime(LAST_YEAR + 1, 1, 2, tzinfo=UTC)
    return Q(**{column: None}) | Q(**{f"{column}__gte": first, f"{column}__lt": last})


class DayRange(Func):
    """starts_on..ends_on, both days included; an open end is for ever."""

    function = "DATERANGE"
    output_field = DateRangeField()

    @classmethod
    def inclusive(cls) -> DayRange:
        return cls("starts_on", "ends_on", RangeBoundary(inclusive_lower=True, inclusive_upper=True))


def in_force(on: date, prefix: str = "") -> Q:
    """Dated rows that hold on that day."""
    ends = Q(**{f"{prefix}ends_on__isnull": True}) | Q(**{f"{prefix}ends_on__gte": on})
    return Q(**{f"{prefix}starts_on__lte": on}) & ends


def valid_zone(name: str) -> None:
    try:
        ZoneInfo(name)
    except (KeyError, ValueError) as error:
        raise ValidationError(_("Unknown time zone.")) from error


class Site(models.Model):
    code = models.CharField(_("code"), max_length=10, unique=True)
    name = models.CharField(_("name"), max_length=80)
    address = models.CharField(_("address"), max_length=300, blank=True)
    timezone = models.CharField(_("time zone"), max_length=40, default="Asia/Jakarta", validators=[valid_zone])

    class Meta:
        ordering = ["code"]
        verbose_name = _("site")

    def __str__(self) -> str:
        return self.name

    @property
    def zone(self) -> ZoneInfo:
        return ZoneInfo(self.timezone)


class Team(models.Model):
    site = models.ForeignKey(Site, models.PROTECT, related_name="teams", verbose_name=_("site"))
    code = models.CharField(_("code"), max_length=20, unique=True)
    name = models.CharField(_("name"), max_length=80)

    class Meta:
        ordering = ["code"]
        verbose_name = _("team")

    def __str__(self) -> str:
        return self.name


class PersonQuerySet(models.QuerySet["Person"]):
    def visible_to(self, user: User) -> PersonQuerySet:
        from occ.people.scope import people_filter

        return self.filter(people_filter(user))

    def working_on(self, day: date) -> PersonQuerySet:
        return self.filter(Q(last_working_day__isnull=True) | Q(last_working_day__gte=day))


class Person(models.Model):
    """An employee as all modules know them. `last_working_day` is set while leaving and stays once gone."""

    number = models.CharField(_("employee number"), max_length=20, unique=True)
    name = models.CharField(_("name"), max_length=120)
    email = models.EmailField(_("e-mail"), blank=True)
    position = models.CharField(_("position"), max_length=80)
    site = models.ForeignKey(Site, models.PROTECT, related_name="people", verbose_name=_("site"))
    joined_on = models.DateField(_("joined on"))
    last_working_day = models.DateField(_("last working day"), null=True, blank=True)
    leaving_reason = models.CharField(_("reason"), max_length=20, choices=LeavingReason, blank=True)
    left_announced = models.BooleanField(default=False, editable=False)

    objects = PersonQuerySet.as_manager()
    if TYPE_CHECKING:
        memberships: RelatedManager[TeamMembership]

    class Meta:
        ordering = ["name", "pk"]
        verbose_name = _("person")
        verbose_name_plural = _("people")
        constraints = [
            models.CheckConstraint(
                condition=Q(last_working_day__isnull=True) | Q(last_working_day__gte=F("joined_on")),
                name="person_leaves_after_joining",
            ),
            models.CheckConstraint(
                condition=Q(joined_on__gte=date(FIRST_YEAR - 60, 1, 1))
                & (Q(last_working_day=None) | Q(last_working_day__lte=date(LAST_YEAR, 12, 31))),
                name="person_days_possible",
            ),
        ]
        indexes = [
            models.Index(fields=["last_working_day"], name="person_last_day"),
            models.Index(fields=["name", "id"], name="person_order"),
        ]

    def __str__(self) -> str:
        return self.name

    def team_on(self, day: date) -> Team | None:
        membership = self.memberships.filter(in_force(day)).select_related("team").first()
        return membership.team if membership else None


class TeamMembership(models.Model):
    person = models.ForeignKey(Person, models.PROTECT, related_name="memberships")
    team = models.ForeignKey(Team, models.PROTECT, related_name="memberships")
    starts_on = models.DateField(_("from"))
    ends_on = models.DateField(_("to"), null=True, blank=True)

    class Meta:
        constraints = [
            models.CheckConstraint(
                condition=Q(ends_on__isnull=True) | Q(ends_on__gte=F("starts_on")), name="membership_order"
            ),
            ExclusionConstraint(
                name="membership_one_team_at_a_time",
                expressions=[
                    (whole_range("person_id"), RangeOperators.OVERLAPS),
                    (DayRange.inclusive(), RangeOperators.OVERLAPS),
                ],
            ),
        ]
        indexes = [models.Index(fields=["team", "starts_on"], name="membership_team")]

    def __str__(self) -> str:
        return f"{self.person} / {self.team}"


class UserQuerySet(models.QuerySet["User"]):
    def visible_to(self, user: User) -> UserQuerySet:
        """The log-ins that an administrator looks after: all, or those of the own sites' people and roles.

        Who holds a role for all sites is looked after by administrators of all sites only.
        """
        from occ.people.scope import site_ids

        ids = site_ids(user, {Role.ADMINISTRATOR})
        if ids is None:
            return self
        place = RoleAssignment.objects.filter(site_id__in=ids).values("user_id")
        everywhere = RoleAssignment.objects.filter(site=None).values("user_id")
        local = self.filter(Q(person__site_id__in=ids) | Q(pk__in=place))
        return local.exclude(pk__in=everywhere) if ids else self.none()


class UserManager(DjangoUserManager["User"]):
    def get_queryset(self) -> UserQuerySet:
        return UserQuerySet(self.model, using=self._db)

    def visible_to(self, user: User) -> UserQuerySet:
        return self.get_queryset().visible_to(user)

    def get_by_natural_key(self, username: str | None) -> User:
        return self.get(username__iexact=username)


class User(AbstractUser):
    """A log-in. Most belong to a person; the client's and an auditor's need not."""

    person = models.OneToOneField(Person, models.PROTECT, null=True, blank=True, related_name="user")
    language = models.CharField(
        _("language"), max_length=2, choices=[("id", _("Indonesian")), ("en", _("English"))], default="id"
    )

    objects = UserManager()  # type: ignore[misc]
    if TYPE_CHECKING:
        roles: RelatedManager[RoleAssignment]

    class Meta(AbstractUser.Meta):
        constraints = [models.UniqueConstraint(models.functions.Lower("username"), name="user_username_any_case")]

    def __str__(self) -> str:
        return self.get_full_name() or self.username


class RoleAssignment(models.Model):
    """A role, at one site or at all (`site` null), possibly for one team only, from a day to a day."""

    user = models.ForeignKey(User, models.PROTECT, related_name="roles")
    role = models.CharField(_("role"), max_length=20, choices=Role)
    site = models.ForeignKey(Site, models.PROTECT, null=True, blank=True, verbose_name=_("site"), related_name="+")
    team = models.ForeignKey(Team, models.PROTECT, null=True, blank=True, verbose_name=_("team"), related_name="+")
    starts_on = models.DateField(_("from"))
    ends_on = models.DateField(_("to"), null=True, blank=True)

    class Meta:
        constraints = [
            models.CheckConstraint(
                condition=Q(ends_on__isnull=True) | Q(ends_on__gte=F("starts_on")), name="role_order"
            ),
            models.CheckConstraint(condition=Q(role__in=Role.values), name="role_known"),
            models.CheckConstraint(condition=Q(team__isnull=True) | Q(site__isnull=False), name="role_team_has_site"),
        ]
        indexes = [models.Index(fields=["role", "site"], name="role_by_site")]

    def __str__(self) -> str:
        place = str(self.site or _("all sites"))
        return f"{self.user}: {self.get_role_display()} ({place})"


class SavedViewQuerySet(models.QuerySet["SavedView"]):
    def visible_to(self, user: User) -> SavedViewQuerySet:
        return self.filter(user=user)


class Absence(models.Model):
    """While a user is away, what is addressed to them goes to the deputy as well."""

    user = models.ForeignKey(User, models.PROTECT, related_name="absences")
    deputy = models.ForeignKey(User, models.PROTECT, related_name="+", verbose_name=_("deputy"))
    starts_on = models.DateField(_("from"))
    ends_on = models.DateField(_("to"))

    class Meta:
        constraints = [
            models.CheckConstraint(condition=Q(ends_on__gte=F("starts_on")), name="absence_order"),
            models.CheckConstraint(condition=~Q(user=F("deputy")), name="absence_deputy_is_another"),
        ]

    def __str__(self) -> str:
        return f"{self.user} -> {self.deputy}"


class SavedView(models.Model):
    """What a user filters a list by, kept under a name. `page` is the list's address, `query` what stands behind it."""

    user = models.ForeignKey(User, models.PROTECT, related_name="saved_views")
    page = models.CharField(max_length=200)
    name = models.CharField(_("name"), max_length=60)
    query = models.CharField(max_length=1000)

    objects = SavedViewQuerySet.as_manager()

    class Meta:
        constraints = [models.UniqueConstraint(fields=["user", "page", "name"], name="saved_view_once")]

    def __str__(self) -> str:
        return self.name

    @property
    def url(self) -> str:
        return f"{self.page}?{self.query}"


class Attempt(models.Model):
    """A password or a code that was wrong, or is being judged: see occ.people.attempts. Cleared after a day.

    `who` names a user, or a digest of a name that nobody has: people type passwords into the wrong field.
    """

    who = models.CharField(max_length=64)
    place = models.CharField(max_length=64)
    address = models.CharField(max_length=45, blank=True)
    at = models.DateTimeField()

    class Meta:
        indexes = [
            models.Index(fields=["who", "at"], name="attempt_who"),
            models.Index(fields=["address", "at"], name="attempt_address"),
            models.Index(fields=["at"], name="attempt_at"),
        ]

    def __str__(self) -> str:
        return f"{self.who} {self.at:%Y-%m-%d %H:%M}"
