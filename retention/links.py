from django.db import models
from django.urls import NoReverseMatch


def url_of(row: models.Model) -> str:
    """The row's page, "" where it has none."""
    try:
        return str(row.get_absolute_url())  # type: ignore[attr-defined]
    except NoReverseMatch:
        return ""
