"""Evaluations, reports and schemes that wait for somebody, on "Today"."""

from __future__ import annotations

from collections.abc import Iterable
from typing import Any

from django.db.models import Q

from occ.people.choices import Role
from occ.people.models import User
from occ.people.scope import site_filter
from occ.workflow.turns import Source, register
from sdm.evaluating.choices import EvaluationStatus as E
from sdm.evaluating.workflow import EVALUATION, PERFORMANCE, PERIOD, SCHEME, SCORERS
from sdm.models import Evaluation, EvaluationPeriod, IncentiveScheme


def held(user: User, roles: Iterable[str]) -> Q:
    """Rows of sites for which one of the roles is held; all of them where it is held for all."""
    return site_filter(user, roles) or Q(pk__isnull=False)


def evaluations(user: User) -> Any:
    """The own, to be signed; those of whom one is the superior; and what the performance function verifies."""
    own = Q(person_id=user.person_id) if user.person_id else Q(pk__in=())
    led = Q(pk__in=())
    for role in SCORERS:
        led |= Q(sheet__role=role) & held(user, {role})
    verified = held(user, PERFORMANCE) | (Q(sheet__role__in=PERFORMANCE) & held(user, {Role.COORDINATOR}))
    rows = Evaluation.objects.visible_to(user).filter(
        (Q(status=E.TOLD) & own)
        | (Q(status__in=[E.DUE, E.RETURNED]) & led & ~own)
        | (Q(status=E.SCORED) & verified & ~own & ~Q(scored_by=user))
    )
    return rows.select_related("site", "person", "period").order_by("month", "person__name", "pk")


def periods(user: User) -> Any:
    return EvaluationPeriod.objects.visible_to(user).select_related("site").order_by("month", "pk")


def schemes(user: User) -> Any:
    rows = IncentiveScheme.objects.visible_to(user).exclude(drafted_by=user)
    return rows.select_related("site").order_by("starts_on", "pk")


register(Source(EVALUATION, rows=evaluations, title=lambda row: str(row), due_at=lambda row: None, team="sheet__team"))
register(Source(PERIOD, rows=periods, title=lambda row: str(row), due_at=lambda row: None))
register(Source(SCHEME, rows=schemes, title=lambda row: str(row), due_at=lambda row: None))
