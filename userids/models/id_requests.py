"""A user ID that somebody needs who is taken on (MO 4.1.1, SOP-UID 5.3): asked for by the hiring, ended by
the ID itself.

Invariant: nobody has two open requests; what was given says which ID.
"""

from __future__ import annotations

from django.db import models
from django.db.models import Q
from django.urls import reverse
from django.utils.translation import gettext_lazy as _
from simple_history.models import HistoricalRecords

from occ.obligations.models import still_owed
from occ.people.models import Person, Site, User
from occ.people.scope import site_filter
from userids.choices import IdRequestStatus
from userids.models.logbook import LOGBOOK_READERS, Account


class IdRequestQuerySet(models.QuerySet["IdRequest"]):
    def visible_to(self, user: User) -> IdRequestQuerySet:
        """By site; and those that another site still owes, since somebody moved after it was late."""
        here = site_filter(user, LOGBOOK_READERS)
        return self.filter(here | Q(pk__in=still_owed(IdRequest, here))) if here else self.all()

    def open(self) -> IdRequestQuerySet:
        return self.filter(status=IdRequestStatus.REQUESTED)


class IdRequest(models.Model):
    person = models.ForeignKey(Person, models.PROTECT, related_name="id_requests", verbose_name=_("employee"))
    site = models.ForeignKey(Site, models.PROTECT, related_name="+", verbose_name=_("site"))
    status = models.CharField(_("status"), max_length=20, choices=IdRequestStatus, default=IdRequestStatus.REQUESTED)
    first_day = models.DateField(_("first day"))
    requested_at = models.DateTimeField(_("requested"))
    due_at = models.DateTimeField(_("due"))
    account = models.ForeignKey(
        Account, models.PROTECT, null=True, blank=True, related_name="+", verbose_name=_("user ID")
    )
    ended_at = models.DateTimeField(_("ended"), null=True, blank=True)

    objects = IdRequestQuerySet.as_manager()
    history = HistoricalRecords()

    class Meta:
        verbose_name = _("request for a user ID")
        constraints = [
            models.UniqueConstraint(fields=["person"], name="id_request_one_open", condition=Q(status="requested")),
            models.CheckConstraint(condition=Q(status__in=IdRequestStatus.values), name="id_request_status_known"),
            models.CheckConstraint(
                condition=Q(status="requested", ended_at=None, account=None)
                | Q(status="given", ended_at__isnull=False, account__isnull=False)
                | Q(status="cancelled", ended_at__isnull=False, account=None),
                name="id_request_given_says_which",
            ),
        ]
        indexes = [models.Index(fields=["requested_at", "id"], name="id_request_order")]

    def __str__(self) -> str:
        return f"{self.person} {self.first_day}"

    def get_absolute_url(self) -> str:
        return reverse("userids:id_request", args=[self.pk])
