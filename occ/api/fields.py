"""Serializer fields with the same bounds as the pages' (occ.forms)."""

from datetime import date, datetime
from typing import Any

from django.utils.translation import gettext_lazy as _
from rest_framework import serializers

from occ.texts import said
from occ.times import FIRST_YEAR, LAST_YEAR, in_reach

WORDS = _("The year must lie between %(first)s and %(last)s.")


class DayField(serializers.DateField):
    def to_internal_value(self, value: Any) -> date:
        return _reachable(super().to_internal_value(value))


class InstantField(serializers.DateTimeField):
    def to_internal_value(self, value: Any) -> datetime:
        try:
            return _reachable(super().to_internal_value(value))  # type: ignore[return-value]
        except OverflowError:
            return _reachable(date.min)  # type: ignore[return-value]


class SaidField(serializers.CharField):
    """What the system keeps in its own words, in the language of the request (`occ.texts`); to read, not to write."""

    def __init__(self, **kwargs: Any) -> None:
        super().__init__(read_only=True, **kwargs)

    def to_representation(self, value: Any) -> str:
        return said(super().to_representation(value))


def _reachable(value: date) -> date:
    if not in_reach(value):
        raise serializers.ValidationError(WORDS % {"first": str(FIRST_YEAR), "last": str(LAST_YEAR)}, code="year")
    return value
